"""How templates are coded: a secret rotation, 4 bits for each pair of coordinates, and int8 for the exact stage.

::

    template  float32, centred unit vector (what the vault seals)
    rotated   R x template, R a random orthogonal matrix, secret and the gallery's own
    code      for each two coordinates the nearest of 16 constant points (`codebook.py`): dimension / 4 bytes
    int8      round(rotated * 127 / largest), dimension bytes, and 1 / its length as float32

The rotation makes coordinates Gaussian, which is what the constant points are made for; and codes of two galleries
cannot be told to be of one person without it. It hides nothing from somebody who knows enough pairs.

**Scores** are cosines of the int8 rows and the probe, itself rounded to integers small enough that every product sum
stays below 2**24, where float32 arithmetic on integers is exact. So a score depends on row and probe alone, never on
where a row stands or how many are scored at once.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from countenance.biometrics.templates import Vector
from countenance.index.codebook import POINTS
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

type Matrix = npt.NDArray[np.float32]
"""float32, shape (rows, dimension), C order."""

type Bytes8 = npt.NDArray[np.uint8]
"""uint8, one- or two-dimensional."""

type Int8 = npt.NDArray[np.int8]
"""int8, shape (rows, dimension)."""

SEED_BYTES = 32
BLOCK = 32  # rows that FastScan packs together
_EXACT = 2.0**24  # integers up to here are exact in float32
_LARGEST_DIMENSION = 4_096
_LARGE_PAGE = 1 << 21
_MADV_HUGEPAGE = 14
_AT_ONCE = 256  # blocks packed in one go: what lies between stays in the processor's cache


@dataclass(frozen=True, kw_only=True, eq=False)
class Exact:
    """The exact stage's form of rows. `values`: int8 (rows, dimension); `scales`: float32 (rows,), 1 / their length."""

    values: Int8
    scales: npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class CodedProbe:
    """A probe, ready to compare. `rotated`: float32 (1, dimension) for the scan; `integers`: float32 (dimension,), whole
    numbers, for exact scores; `length`: of `integers`.
    """

    rotated: Matrix
    integers: Vector
    length: float


class Codec:
    """Codes templates of one gallery and length."""

    def __init__(self, dimension: int, seed: bytes) -> None:
        """`seed`: 32 secret bytes of the gallery. Raises UsageError for a length that is no multiple of 8."""
        if dimension <= 0 or dimension % 8 or dimension > _LARGEST_DIMENSION:
            raise UsageError(
                N_("The index codes templates whose length is a multiple of 8 up to {most}, not {length}."),
                most=_LARGEST_DIMENSION,
                length=dimension,
                code="template-shape",
            )
        self.dimension = dimension
        self._rotation = rotation(dimension, seed)
        # |integers . row| <= |integers| * |row| <= (step + sqrt(d)/2) * 127 sqrt(d) < 2**24: exact in any order.
        root = math.sqrt(dimension)
        self._step = math.floor(_EXACT / (127 * root)) - root
        self._coder = new_scanner(dimension)

    def rotate(self, vectors: Matrix) -> Matrix:
        """float32 (rows, dimension): each row turned. Sums run in double precision, so a row's company hardly shows."""
        turned = vectors.astype(np.float64) @ self._rotation.T
        return np.ascontiguousarray(turned, dtype=np.float32)

    def exact(self, rotated: Matrix) -> Exact:
        """Rotated rows as int8."""
        largest = np.abs(rotated).max(axis=1, keepdims=True)
        values = np.rint(rotated * (np.float32(127) / largest)).astype(np.int8)
        squares = (values.astype(np.float32) ** 2).sum(axis=1, dtype=np.float64)
        return Exact(values=values, scales=(1 / np.sqrt(squares)).astype(np.float32))

    def codes(self, exact: Exact) -> Bytes8:
        """uint8 (rows, dimension / 4): two 4-bit codes in a byte, the pair of the lower coordinates in the low bits.

        Made from the int8 form, so that whoever holds that can make them again.
        """
        if not len(exact.values):
            return np.zeros((0, self.dimension // 4), np.uint8)
        coded: Bytes8 = self._coder.sa_encode(exact.values.astype(np.float32) * exact.scales[:, None])
        return coded

    def probe(self, vector: Vector) -> CodedProbe:
        """A probe as it is compared."""
        rotated = self.rotate(vector[None])
        integers = np.rint(rotated[0].astype(np.float64) * self._step)
        return CodedProbe(
            rotated=rotated,
            integers=integers.astype(np.float32),
            length=math.sqrt(integers @ integers),
        )


def rotation(dimension: int, seed: bytes) -> npt.NDArray[np.float64]:
    """A random orthogonal matrix (Haar) from 32 secret bytes: QR of Gaussian numbers drawn from SHAKE-256 (FIPS 202).

    Signs are fixed by R's diagonal (Mezzadri, How to generate random matrices from the classical compact groups, 2007).
    """
    if len(seed) != SEED_BYTES:
        raise UsageError(
            N_("The seed of a rotation has {expected} bytes; this one has {length}."),
            expected=SEED_BYTES,
            length=len(seed),
            code="rotation-seed",
        )
    count = dimension * dimension
    drawn = hashlib.shake_256(b"countenance/rotation/1/" + dimension.to_bytes(4, "big") + seed).digest(
        16 * count
    )
    # Box and Muller, from 53-bit fractions in (0, 1].
    fractions = ((np.frombuffer(drawn, dtype="<u8") >> np.uint64(11)).astype(np.float64) + 1) / 2.0**53
    normal = np.sqrt(-2 * np.log(fractions[:count])) * np.cos(2 * np.pi * fractions[count:])
    orthogonal, upper = np.linalg.qr(normal.reshape(dimension, dimension))
    return np.asarray(orthogonal * np.sign(np.diagonal(upper)), dtype=np.float64)


def new_scanner(dimension: int) -> Any:
    """An empty `faiss.IndexPQFastScan` with the constant points: nothing is trained."""
    import faiss

    scanner = faiss.IndexPQFastScan(dimension, dimension // 2, 4, faiss.METRIC_INNER_PRODUCT, BLOCK)
    points = np.asarray(POINTS, dtype=np.float64) / np.sqrt(dimension)
    centroids = np.tile(points.astype(np.float32), (dimension // 2, 1)).ravel()
    faiss.copy_array_to_vector(np.ascontiguousarray(centroids), scanner.pq.centroids)
    scanner.is_trained = True
    return scanner


def blank_scanner(dimension: int, rows: int) -> tuple[Any, Bytes8]:
    """A scanner over `rows` rows and the place for their packed codes (`pack`), uint8, to be filled by the caller."""
    import faiss

    scanner = new_scanner(dimension)
    size = packed_bytes(rows, dimension)
    scanner.codes.resize(size)
    scanner.ntotal = rows
    scanner.ntotal2 = -(-rows // BLOCK) * BLOCK
    place: Bytes8 = faiss.rev_swig_ptr(scanner.codes.get(), size) if size else np.zeros(0, np.uint8)
    _ask_for_large_pages(place)
    return scanner, place


def _ask_for_large_pages(place: Bytes8) -> None:
    """Let Linux back a large array, not yet written, with pages of 2 MiB (madvise(2)): a scan looks up fewer of them."""
    if not sys.platform.startswith("linux") or place.size < 4 * _LARGE_PAGE:
        return
    start = -(-place.ctypes.data // _LARGE_PAGE) * _LARGE_PAGE
    length = (place.ctypes.data + place.size - start) // _LARGE_PAGE * _LARGE_PAGE
    # A hint: a system that does not take it answers with an error, and all is as before.
    ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), _MADV_HUGEPAGE)


def scanner_of(dimension: int, packed: Bytes8, rows: int) -> Any:
    """A scanner over rows that are packed already."""
    scanner, place = blank_scanner(dimension, rows)
    place[:] = packed
    return scanner


def pack(codes: Bytes8) -> Bytes8:
    """Codes as FastScan reads them: 32 rows together, for each byte of code 32 bytes that a shuffle can look up.

    The layout is FAISS's (`pq4_pack_codes`, blocks of 32): the first 16 of them hold the low codes of rows
    0, 8, 1, 9 .. in their low and of rows 16, 24, 17, 25 .. in their high halves, the last 16 the high codes.
    """
    rows, width = codes.shape
    blocks = -(-rows // BLOCK)
    packed = np.empty((blocks, width, 2, 16), np.uint8)
    for first in range(0, blocks, _AT_ONCE):
        here = codes[first * BLOCK : (first + _AT_ONCE) * BLOCK]
        into = packed[first : first + _AT_ONCE]
        if len(here) < len(into) * BLOCK:
            here = np.concatenate([here, np.zeros((len(into) * BLOCK - len(here), width), np.uint8)])
        halves = here.reshape(-1, 2, 16, width)[:, :, _ORDER]  # (block, half, place, byte)
        into[:, :, 0] = ((halves[:, 0] & 15) | ((halves[:, 1] & 15) << 4)).transpose(0, 2, 1)
        into[:, :, 1] = ((halves[:, 0] >> 4) | (halves[:, 1] & 0xF0)).transpose(0, 2, 1)
    return packed.reshape(-1)


def unpack(packed: Bytes8, rows: int, dimension: int) -> Bytes8:
    """What `pack` was given."""
    width = dimension // 4
    parts = packed.reshape(-1, width, 2, 16).transpose(0, 2, 3, 1)  # (block, low or high code, place, byte)
    low, high = parts[:, 0], parts[:, 1]
    codes = np.empty((len(parts), 2, 16, width), np.uint8)
    codes[:, 0, _ORDER] = (low & 15) | ((high & 15) << 4)
    codes[:, 1, _ORDER] = (low >> 4) | (high & 0xF0)
    return codes.reshape(-1, width)[:rows]


def packed_bytes(rows: int, dimension: int) -> int:
    """How many bytes `pack` makes of so many rows."""
    return -(-rows // BLOCK) * BLOCK * (dimension // 4)


def scores(exact: Exact, probe: CodedProbe) -> npt.NDArray[np.float32]:
    """float32 (rows,): cosines, exact for what the int8 rows stand for, whatever the order and the number of rows."""
    dots = exact.values.astype(np.float32) @ probe.integers
    cosines: npt.NDArray[np.float64] = np.multiply(dots, exact.scales, dtype=np.float64)
    cosines /= probe.length
    # Rounding may put the cosine of a row with itself above 1; and np.clip takes three times as long.
    np.minimum(cosines, 1, out=cosines)
    np.maximum(cosines, -1, out=cosines)
    return cosines.astype(np.float32)


_ORDER = [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15]
