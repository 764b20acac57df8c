"""Bytes -> pages as displayed. The one owner of orientation, of colour, and of the pixel cap.

Every header is read and judged before a pixel is decoded. JPEG goes through simplejpeg (libjpeg-turbo, strict: a
truncated file raises, where other decoders hand back half a picture), everything else through Pillow, HEIC through
pi-heif where it is installed. Orientation is EXIF 2.32, tag 0x0112.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import simplejpeg
from PIL import Image, UnidentifiedImageError

from countenance.extraction.page import Page, colour_transform, to_rgb
from countenance.extraction.values import ExtractionLimits, PictureFormat, UnreadableReason

_PILLOW_NAMES = {
    PictureFormat.JPEG: ("JPEG", "MPO"),
    PictureFormat.PNG: ("PNG",),
    PictureFormat.WEBP: ("WEBP",),
    PictureFormat.TIFF: ("TIFF",),
    PictureFormat.AVIF: ("AVIF",),
    PictureFormat.GIF: ("GIF",),
    PictureFormat.JPEG_2000: ("JPEG2000",),
}
_FIRST_BYTES = (
    (b"\xff\xd8\xff", PictureFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", PictureFormat.PNG),
    (b"II*\0", PictureFormat.TIFF),
    (b"MM\0*", PictureFormat.TIFF),
    (b"II+\0", PictureFormat.TIFF),
    (b"MM\0+", PictureFormat.TIFF),
    (b"GIF87a", PictureFormat.GIF),
    (b"GIF89a", PictureFormat.GIF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", PictureFormat.JPEG_2000),
    (b"\xff\x4f\xff\x51", PictureFormat.JPEG_2000),
)
_BRANDS = (
    (frozenset({b"avif", b"avis"}), PictureFormat.AVIF),
    (frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}), PictureFormat.HEIC),
)
_ORIENTATION_TAG = 0x0112
# What Pillow's decoders raise on bad bytes; MemoryError is ours to report and passes through.
_DECODER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    ZeroDivisionError,
    AttributeError,
    RuntimeError,
    struct.error,
    Image.DecompressionBombError,
)


class UnreadableError(Exception):
    """Inside the engine only: unwinds to `extract`, which answers `Unreadable(reason)`."""

    def __init__(self, reason: UnreadableReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class DecodedPage:
    """One page, or why it could not be read."""

    number: int
    page: Page | None
    unreadable: UnreadableReason | None


def load_decoders() -> None:
    """Load every decoder now, for a process that will not be able to open a file later."""
    Image.init()
    with suppress(ImportError):
        import pi_heif

        pi_heif.libheif_info()


def recognise_format(data: bytes) -> PictureFormat:
    """The format by its first bytes; names are not believed. Raises UnreadableError."""
    if not data:
        raise UnreadableError(UnreadableReason.EMPTY)
    head = data[:64]
    for start, kind in _FIRST_BYTES:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return PictureFormat.WEBP
    if head[4:8] == b"ftyp":  # ISO/IEC 14496-12: major brand, then compatible brands
        brands = {head[8:12], *(head[i : i + 4] for i in range(16, len(head) - 3, 4))}
        for known, kind in _BRANDS:
            if brands & known:
                return kind
    if data[:1024].lstrip().startswith(b"%PDF-"):
        raise UnreadableError(UnreadableReason.DOCUMENT)
    if b"<svg" in data[:4096].lower():
        raise UnreadableError(UnreadableReason.VECTOR)
    raise UnreadableError(UnreadableReason.NOT_A_PICTURE)


def decode(data: bytes, limits: ExtractionLimits) -> tuple[PictureFormat, Iterator[DecodedPage]]:
    """The format, and the pages one after another (only one is in memory at a time).

    A photograph that cannot be read at all raises UnreadableError here or at the first page; a damaged page of a
    multi-page TIFF comes as a page that says why, and the others are read.
    """
    if len(data) > limits.max_bytes:
        raise UnreadableError(UnreadableReason.TOO_MANY_BYTES)
    kind = recognise_format(data)
    # Pillow's own cap is fixed and only warns at first; ours is checked on the header instead.
    Image.MAX_IMAGE_PIXELS = None
    if kind is PictureFormat.TIFF:
        return kind, _tiff_pages(data, limits)
    return kind, iter([DecodedPage(number=0, page=_only_page(kind, data, limits), unreadable=None)])


def _only_page(kind: PictureFormat, data: bytes, limits: ExtractionLimits) -> Page:
    if kind is PictureFormat.HEIC:
        return _heic_page(data, limits)
    with _quiet():
        try:
            image = Image.open(io.BytesIO(data), formats=_PILLOW_NAMES[kind])
        except UnidentifiedImageError as error:
            raise UnreadableError(_cut_or_damaged(kind, data)) from error
        except _DECODER_ERRORS as error:
            raise UnreadableError(_reason(error, kind, data)) from error
        _check_pixels(image.size, limits)
        if kind is PictureFormat.JPEG:
            page = _jpeg_page(image, data)
            if page is not None:
                return page
        try:
            image.load()  # the first frame, where there are several
        except _DECODER_ERRORS as error:
            raise UnreadableError(_reason(error, kind, data)) from error
        # Pillow opens a JPEG 2000 by a first header and may find another size in the codestream.
        _check_pixels(image.size, limits)
        return _page(image)


def _jpeg_page(header: Image.Image, data: bytes) -> Page | None:
    """The fast way, for grey and YCbCr; None where Pillow must do it (CMYK) or must judge (a recoverable oddity)."""
    if header.mode not in ("RGB", "L"):
        return None
    try:
        # Four bytes a pixel, so that Pillow can use the array as it is instead of copying it.
        pixels = simplejpeg.decode_jpeg(data, "RGBX", strict=True)
    except ValueError:
        return None
    height, width = pixels.shape[:2]
    if (width, height) != header.size:
        return None
    # Mode L has a grey profile, which says nothing about three equal channels.
    profile = header.info.get("icc_profile") if header.mode == "RGB" else None
    stored = Image.frombuffer("RGBX", (width, height), pixels, "raw", "RGBX", 0, 1)
    return Page(stored=stored, orientation=_orientation(header), transform=colour_transform(profile))


def _tiff_pages(data: bytes, limits: ExtractionLimits) -> Iterator[DecodedPage]:
    kind = PictureFormat.TIFF
    with _quiet():
        try:
            image: Any = Image.open(io.BytesIO(data), formats=_PILLOW_NAMES[kind])
            count = _count_frames(image, limits.max_pages)
        except UnreadableError:
            raise
        except _DECODER_ERRORS as error:
            raise UnreadableError(_reason(error, kind, data)) from error
    for number in range(count):
        page, reason = None, None
        with _quiet():
            try:
                image.seek(number)
                _check_pixels(image.size, limits)
                image.load()
                page = _page(image)
                if count > 1:  # seeking on would change the picture under the page
                    page = replace(page, stored=page.stored.copy())
            except UnreadableError as error:
                reason = error.reason
            except _DECODER_ERRORS as error:
                reason = _reason(error, kind, data)
        if count == 1 and reason is not None:
            raise UnreadableError(reason)
        yield DecodedPage(number=number, page=page, unreadable=reason)


def _count_frames(image: Any, most: int) -> int:
    """Count page by page, so that a chain of a million directories is not walked to its end."""
    count = 1
    while True:
        try:
            image.seek(count)
        except EOFError:
            break
        except _DECODER_ERRORS:
            count += 1  # the page exists and is broken; it is reported when its turn comes
            break
        count += 1
        if count > most:
            raise UnreadableError(UnreadableReason.TOO_MANY_PAGES)
    return count


def _heic_page(data: bytes, limits: ExtractionLimits) -> Page:
    try:
        import pi_heif
    except ImportError as error:
        raise UnreadableError(UnreadableReason.HEIC_NOT_INSTALLED) from error
    try:
        # The limit inside libheif is fixed; the header is checked against ours instead.
        opened = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
        _check_pixels(opened.size, limits)
        image = opened.to_pillow()
    except UnreadableError:
        raise
    except _DECODER_ERRORS as error:
        raise UnreadableError(_reason(error, PictureFormat.HEIC, data)) from error
    # libheif has turned the picture already, by the container's own `irot`/`imir`; EXIF must not turn it again.
    return _page(image, turned=True)


def _page(image: Image.Image, *, turned: bool = False) -> Page:
    orientation = 1 if turned else _orientation(image)
    stored, profile = to_rgb(image)
    return Page(stored=stored, orientation=orientation, transform=colour_transform(profile))


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1..8; 1 where there is none or it is nonsense."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except _DECODER_ERRORS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _check_pixels(size: tuple[int, int], limits: ExtractionLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise UnreadableError(UnreadableReason.TOO_MANY_PIXELS)
    if width < 1 or height < 1:
        raise UnreadableError(UnreadableReason.DAMAGED)


def _reason(error: Exception, kind: PictureFormat, data: bytes) -> UnreadableReason:
    text = str(error).lower()
    if "truncated" in text or "end of" in text or "not enough" in text or isinstance(error, EOFError):
        return UnreadableReason.TRUNCATED
    return _cut_or_damaged(kind, data)


def _cut_or_damaged(kind: PictureFormat, data: bytes) -> UnreadableReason:
    """Truncated where the format states its own length or end, and the bytes fall short of it; else damaged."""
    cut = False
    if kind is PictureFormat.JPEG:
        cut = b"\xff\xd9" not in data[-64:]
    elif kind is PictureFormat.PNG:
        cut = b"IEND" not in data[-64:]
    elif kind is PictureFormat.WEBP:
        cut = len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 > len(data)
    elif kind is PictureFormat.GIF:
        cut = data[-1:] != b"\x3b"
    elif kind is PictureFormat.JPEG_2000:
        cut = data[-2:] != b"\xff\xd9"
    elif kind in (PictureFormat.AVIF, PictureFormat.HEIC):
        cut = _boxes_fall_short(data)
    return UnreadableReason.TRUNCATED if cut else UnreadableReason.DAMAGED


def _boxes_fall_short(data: bytes) -> bool:
    """Whether the last top-level box of an ISO base media file claims more bytes than there are."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1 and at + 16 <= len(data):
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0:
            return False
        if size < 8:
            return False
        at += size
    return at != len(data)


@contextmanager
def _quiet() -> Iterator[None]:
    """Decoders warn about odd metadata; the outcome says what matters, and tests treat warnings as errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
