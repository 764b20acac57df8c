"""Pictures for the decoding tests, made here: corners of known colours, and files of every format."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import Image

RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 180, 30), (30, 30, 200), (128, 128, 128)


def corners(width: int = 96, height: int = 64) -> Image.Image:
    """Upright: red top left, green top right, blue bottom left, grey bottom right."""
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = GREY
    return Image.fromarray(pixels)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def stored_for(upright: Image.Image, orientation: int) -> Image.Image:
    """How a camera with that EXIF orientation would have stored `upright` (EXIF 2.32, tag 0x0112), by array indexing."""
    a = np.asarray(upright)
    stored = {
        1: a,
        2: a[:, ::-1],  # 0th row top, 0th column right
        3: a[::-1, ::-1],  # bottom, right
        4: a[::-1],  # bottom, left
        5: a.transpose(1, 0, 2),  # 0th row is the left side, 0th column the top
        6: a[:, ::-1].transpose(1, 0, 2)[:, :],  # 0th row right, 0th column top
        7: a[::-1, ::-1].transpose(1, 0, 2),  # 0th row right, 0th column bottom
        8: a[::-1].transpose(1, 0, 2),  # 0th row left, 0th column bottom
    }[orientation]
    return Image.fromarray(np.ascontiguousarray(stored))


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def tiff_rgb16(values: np.ndarray[Any, np.dtype[np.uint16]]) -> bytes:
    """A baseline TIFF 6.0 of 16 bits a sample, written by hand: Pillow reads such files and writes none."""
    height, width, _ = values.shape
    data = values.astype("<u2").tobytes()
    bits_at, data_at = 8, 14
    entries = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, 3, bits_at),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, data_at),
        (277, 3, 1, 3),
        (278, 3, 1, height),
        (279, 4, 1, len(data)),
        (284, 3, 1, 1),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, kind, count, value) for tag, kind, count, value in entries
    )
    head = b"II*\0" + struct.pack("<I", data_at + len(data)) + struct.pack("<3H", 16, 16, 16)
    return head + data + directory + struct.pack("<I", 0)


def png(rows: bytes, size: tuple[int, int], *, bits: int, colour: int) -> bytes:
    """A PNG (ISO/IEC 15948, clause 11) of these rows, each begun by its filter byte; Pillow writes no 16-bit colour."""
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 6)), chunk(b"IEND", b"")]
    )


def png_bomb() -> bytes:
    """A whole and valid PNG of 50,000 x 50,000 pixels, one bit each, in some 300 kB."""
    return png(b"\0" * (50_000 * (1 + 6250)), (50_000, 50_000), bits=1, colour=0)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing: a bomb's header."""
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )
