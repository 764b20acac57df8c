from __future__ import annotations

import contextlib
import io
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import (
    BLUE,
    GREEN,
    GREY,
    RED,
    corners,
    encode,
    exif,
    png,
    png_bomb,
    png_header,
    stored_for,
    tiff_rgb16,
)
from PIL import Image, ImageCms

from countenance.extraction.decode import UnreadableError, decode
from countenance.extraction.page import Page
from countenance.extraction.values import ExtractionLimits, PictureFormat, UnreadableReason

LIMITS = ExtractionLimits()


def pages(data: bytes, limits: ExtractionLimits = LIMITS) -> list[Page]:
    read = [decoded.page for decoded in decode(data, limits)[1]]
    assert all(page is not None for page in read)
    return [page for page in read if page is not None]


def shown(page: Page) -> np.ndarray[Any, Any]:
    return np.asarray(page.region(0, 0, page.width, page.height)).astype(int)


def assert_corners(page: Page, size: tuple[int, int] = (96, 64), tolerance: int = 12) -> None:
    assert (page.width, page.height) == size
    pixels = shown(page)
    height, width = pixels.shape[:2]
    quarter = [(height // 4, width // 4), (height // 4, width * 3 // 4)]
    quarter += [(height * 3 // 4, width // 4), (height * 3 // 4, width * 3 // 4)]
    for (y, x), colour in zip(quarter, (RED, GREEN, BLUE, GREY), strict=True):
        assert np.abs(pixels[y, x] - np.array(colour)).max() <= tolerance, (y, x, pixels[y, x], colour)


FORMATS = [
    ("JPEG", PictureFormat.JPEG, {"quality": 95}),
    ("JPEG", PictureFormat.JPEG, {"quality": 95, "progressive": True}),
    ("PNG", PictureFormat.PNG, {}),
    ("WEBP", PictureFormat.WEBP, {"lossless": True}),
    ("TIFF", PictureFormat.TIFF, {}),
    ("TIFF", PictureFormat.TIFF, {"compression": "tiff_lzw"}),
    ("AVIF", PictureFormat.AVIF, {"quality": 95}),
    ("JPEG2000", PictureFormat.JPEG_2000, {}),
]


@pytest.mark.parametrize(("kind", "expected", "options"), FORMATS)
def test_format_is_decoded(kind: str, expected: PictureFormat, options: dict[str, Any]) -> None:
    data = encode(corners(), kind, **options)
    assert decode(data, LIMITS)[0] is expected
    (page,) = pages(data)
    assert_corners(page)


def test_gif_shows_its_first_frame() -> None:
    second = Image.new("RGB", (96, 64), (255, 0, 255))
    data = encode(corners(), "GIF", save_all=True, append_images=[second])
    assert_corners(pages(data)[0])


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "AVIF"])
def test_animation_shows_its_first_frame(kind: str) -> None:
    second = Image.new("RGB", (96, 64), (255, 0, 255))
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(corners(), kind, save_all=True, append_images=[second], duration=100, **options)
    (page,) = pages(data)
    assert_corners(page)


@pytest.mark.parametrize("name", ["corners.heic", "corners-orientation-6.heic"])
def test_heic_is_decoded_as_displayed(name: str) -> None:
    """The files were encoded elsewhere (the decoder of the extra `heic` cannot encode) from the picture of `corners`."""
    pytest.importorskip("pi_heif")
    (page,) = pages((Path(__file__).parent / "data" / name).read_bytes())
    assert_corners(page, tolerance=24)


def test_a_heic_header_without_a_picture_is_named() -> None:
    pytest.importorskip("pi_heif")
    data = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 64
    with pytest.raises(UnreadableError):
        decode(data, LIMITS)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_orientation(kind: str, orientation: int) -> None:
    stored = stored_for(corners(), orientation)
    options: dict[str, Any] = {"quality": 95} if kind in ("JPEG", "WEBP", "AVIF") else {}
    (page,) = pages(encode(stored, kind, exif=exif(orientation), **options))
    assert_corners(page, tolerance=20)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_regions_are_cut_in_displayed_coordinates(orientation: int) -> None:
    rng = np.random.default_rng(orientation)
    upright = Image.fromarray(rng.integers(0, 256, (61, 83, 3), dtype=np.uint8))
    (page,) = pages(encode(stored_for(upright, orientation), "PNG", exif=exif(orientation)))
    whole = np.asarray(upright)
    assert np.array_equal(np.asarray(page.region(10, 7, 40, 52)), whole[7:52, 10:40])
    reduced = np.asarray(page.region(10, 7, 40, 52, factor=4)).astype(float)
    blocks = whole[7:51, 10:38].reshape(11, 4, 7, 4, 3).mean(axis=(1, 3))
    assert np.abs(reduced - blocks).max() <= 1.0


def test_nonsense_orientation_is_upright() -> None:
    assert_corners(pages(encode(corners(), "JPEG", quality=95, exif=exif(77)))[0])


def test_multi_page_tiff_page_by_page() -> None:
    others = [corners(40, 30), Image.new("L", (10, 12), 99)]
    read = pages(encode(corners(), "TIFF", save_all=True, append_images=others))
    assert [(page.width, page.height) for page in read] == [(96, 64), (40, 30), (10, 12)]
    assert_corners(read[0])
    assert_corners(read[1], (40, 30))


def test_multi_page_tiff_with_a_damaged_page_keeps_the_others() -> None:
    data = encode(corners(), "TIFF", save_all=True, append_images=[corners(40, 30)], compression="tiff_lzw")
    with Image.open(io.BytesIO(data)) as opened:
        opened.seek(0)
        offset, length = opened.tag_v2[273][0], opened.tag_v2[279][0]
    broken = data[:offset] + b"\xff" * length + data[offset + length :]
    read = list(decode(broken, LIMITS)[1])
    assert read[0].page is None
    assert read[0].unreadable is not None
    assert read[1].page is not None
    assert_corners(read[1].page, (40, 30))


def test_too_many_pages() -> None:
    data = encode(corners(8, 8), "TIFF", save_all=True, append_images=[corners(8, 8)] * 4)
    with pytest.raises(UnreadableError) as raised:
        pages(data, ExtractionLimits(max_pages=3))
    assert raised.value.reason is UnreadableReason.TOO_MANY_PAGES


def test_cmyk_jpeg() -> None:
    assert_corners(pages(encode(corners().convert("CMYK"), "JPEG", quality=95))[0], tolerance=25)


def test_cmyk_tiff() -> None:
    assert_corners(pages(encode(corners().convert("CMYK"), "TIFF"))[0], tolerance=25)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "JPEG2000"])
def test_grey(kind: str) -> None:
    pixels = shown(pages(encode(corners().convert("L"), kind))[0])
    assert np.abs(pixels - np.asarray(corners().convert("L").convert("RGB")).astype(int)).max() <= 8


def test_sixteen_bit_grey() -> None:
    ramp = np.linspace(0, 65535, 64 * 96).astype(np.uint16).reshape(64, 96)
    for kind in ("PNG", "TIFF"):
        pixels = shown(pages(encode(Image.fromarray(ramp), kind))[0])
        assert np.abs(pixels[:, :, 0] - (ramp >> 8)).max() <= 1, kind


def test_sixteen_bit_colour_tiff() -> None:
    wide = np.asarray(corners()).astype(np.uint16) * 257
    assert_corners(pages(tiff_rgb16(wide))[0], tolerance=1)


@pytest.mark.parametrize(
    ("channels", "colour"), [(3, 2), (4, 6), (2, 4)], ids=["RGB", "RGBA", "grey and alpha"]
)
def test_sixteen_bit_png(channels: int, colour: int) -> None:
    """Alpha is full: its meaning is tested below, here the depth is."""
    eight = np.asarray(corners().convert("L") if channels == 2 else corners())
    wide = np.full((64, 96, channels), 65535, dtype=">u2")
    wide[:, :, : 1 if channels == 2 else 3] = eight.reshape(64, 96, -1).astype(np.uint16) * 257
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    pixels = shown(pages(png(rows, (96, 64), bits=16, colour=colour))[0])
    assert np.abs(pixels - eight.reshape(64, 96, -1).astype(int)).max() <= 1


def test_float_tiff() -> None:
    ramp = np.linspace(0.0, 1.0, 64 * 96, dtype=np.float32).reshape(64, 96)
    pixels = shown(pages(encode(Image.fromarray(ramp), "TIFF"))[0])
    assert np.abs(pixels[:, :, 1] - ramp * 255).max() <= 1


def test_one_bit_and_palette() -> None:
    assert shown(pages(encode(corners().convert("1"), "PNG"))[0]).shape == (64, 96, 3)
    assert_corners(pages(encode(corners().quantize(16), "PNG"))[0])


def test_alpha_goes_over_white() -> None:
    image = Image.new("RGBA", (20, 20), (200, 0, 0, 0))
    image.paste((0, 0, 200, 255), (0, 0, 10, 20))
    for kind in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True} if kind == "WEBP" else {}
        pixels = shown(pages(encode(image, kind, **options))[0])
        assert pixels[5, 15].tolist() == [255, 255, 255], kind
        assert np.abs(pixels[5, 5] - [0, 0, 200]).max() <= 2, kind


def test_profile_is_converted_to_srgb() -> None:
    """A picture in a profile with red and blue exchanged looks different, and comes out as it should look."""
    profile = swapped_profile()
    red, green, blue = corners().split()
    data = encode(Image.merge("RGB", (blue, green, red)), "JPEG", quality=98, icc_profile=profile)
    assert_corners(pages(data)[0], tolerance=20)


def test_broken_profile_does_not_lose_the_photograph() -> None:
    assert_corners(pages(encode(corners(), "JPEG", quality=95, icc_profile=b"no profile at all"))[0])


def swapped_profile() -> bytes:
    """sRGB with the tags rXYZ and bXYZ exchanged (ICC.1:2022, 9.2)."""
    raw = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(raw[128:132], "big")
    for i in range(count):
        at = 132 + 12 * i
        name = bytes(raw[at : at + 4])
        if name in (b"rXYZ", b"bXYZ"):
            raw[at : at + 4] = b"bXYZ" if name == b"rXYZ" else b"rXYZ"
        if name == b"desc":  # else it would be taken for sRGB by its name
            start = int.from_bytes(raw[at + 4 : at + 8], "big")
            size = int.from_bytes(raw[at + 8 : at + 12], "big")
            text = raw[start : start + size].replace(b"s\0R\0G\0B", b"x\0R\0G\0B").replace(b"sRGB", b"xRGB")
            raw[start : start + size] = text
    return bytes(raw)


def truncated(kind: str) -> bytes:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8))
    data = encode(image, kind)
    return data[: len(data) // 2]


BAD = [
    ("empty", b"", UnreadableReason.EMPTY),
    ("text", b"Dear reader, I am a text.\n" * 40, UnreadableReason.NOT_A_PICTURE),
    ("zeros", b"\0" * 5000, UnreadableReason.NOT_A_PICTURE),
    ("one byte", b"\xff", UnreadableReason.NOT_A_PICTURE),
    ("svg", b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', UnreadableReason.VECTOR),
    ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", UnreadableReason.DOCUMENT),
    ("jpeg start", b"\xff\xd8\xff\xe0", UnreadableReason.TRUNCATED),
    ("png bomb", png_header(50_000, 50_000), UnreadableReason.TOO_MANY_PIXELS),
    ("png wide", png_header(2**31 - 1, 2**31 - 1), UnreadableReason.TOO_MANY_PIXELS),
    ("png short", png_header(400, 400), UnreadableReason.TRUNCATED),
    ("bmp", b"BM" + b"\0" * 200, UnreadableReason.NOT_A_PICTURE),
]


@pytest.mark.parametrize(("data", "reason"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_input_is_named(data: bytes, reason: UnreadableReason) -> None:
    with pytest.raises(UnreadableError) as raised:
        pages(data)
    assert raised.value.reason is reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "JPEG2000", "TIFF"])
def test_truncated_file_is_named(kind: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        pages(truncated(kind))
    assert raised.value.reason in (UnreadableReason.TRUNCATED, UnreadableReason.DAMAGED)
    if kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        assert raised.value.reason is UnreadableReason.TRUNCATED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "JPEG2000", "TIFF"])
def test_damaged_bytes_never_raise_anything_else(kind: str) -> None:
    good = bytearray(encode(corners(), kind))
    rng = np.random.default_rng(7)
    for _ in range(60):
        bad = bytearray(good)
        for at in rng.integers(0, len(bad), 8):
            bad[at] = rng.integers(0, 256)
        with contextlib.suppress(UnreadableError):
            list(decode(bytes(bad), LIMITS)[1])


def test_pixel_cap_is_ours() -> None:
    data = encode(corners(), "PNG")
    with pytest.raises(UnreadableError) as raised:
        pages(data, ExtractionLimits(max_pixels=96 * 64 - 1))
    assert raised.value.reason is UnreadableReason.TOO_MANY_PIXELS
    assert_corners(pages(data, ExtractionLimits(max_pixels=96 * 64))[0])


def test_a_real_bomb_is_refused_by_its_header() -> None:
    """2.5 gigapixels in 300 kB: a whole picture, which decoders that know no cap would unpack to 7.5 GB."""
    bomb = png_bomb()
    assert len(bomb) < 400_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableError) as raised:
        pages(bomb)
    assert raised.value.reason is UnreadableReason.TOO_MANY_PIXELS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB
    # It is the cap that refuses it, not its being broken.
    with Image.open(io.BytesIO(bomb)) as opened:
        assert opened.size == (50_000, 50_000)


def test_heic_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)  # as where it is not installed
    with pytest.raises(UnreadableError) as raised:
        pages((Path(__file__).parent / "data" / "corners.heic").read_bytes())
    assert raised.value.reason is UnreadableReason.HEIC_NOT_INSTALLED


def test_too_many_bytes() -> None:
    with pytest.raises(UnreadableError) as raised:
        pages(encode(corners(), "PNG"), ExtractionLimits(max_bytes=10))
    assert raised.value.reason is UnreadableReason.TOO_MANY_BYTES


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_two_hundred_megapixels(kind: str) -> None:
    image = Image.new("RGB", (20_000, 10_000), (90, 120, 150))
    data = encode(image, kind, **({"compress_level": 1} if kind == "PNG" else {}))
    del image
    (page,) = pages(data, ExtractionLimits(max_pixels=200_000_000))
    view = np.asarray(page.region(0, 0, page.width, page.height, factor=16))
    assert view.shape == (625, 1250, 3)
    assert np.abs(view.astype(int) - [90, 120, 150]).max() <= 2
