"""An open segment: read whole once, single rows after that. `layout` tells the form of its file, `writing` makes it.

Codes and scales are in memory while a segment is served. int8 rows and ids stay on disk, mapped and encrypted. Every
chunk's tag is checked when the segment is opened; after that single rows are read through the counter mode inside GCM
(NIST SP 800-38D, 6.5), hundreds at once in one call, since a tag covers a whole chunk.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from countenance.index.answers import NotSearchable
from countenance.index.codes import Bytes8, Exact, blank_scanner, packed_bytes
from countenance.index.layout import (
    HEAD,
    MAGIC,
    TAG,
    Area,
    Description,
    Extent,
    bound,
    counters,
    damaged,
    file_name,
    nonce,
    rows_a_chunk,
    stride,
)
from countenance.index.naming import Ids, decode_ids
from countenance.index.stores import KeyReader, SegmentFiles
from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_

FENCE = 64
"""Rows between two ids that are kept in memory, beginning anew with each class: 0.25 bytes a row."""


def read_wrapped_key(read: Callable[[str, int, int], bytes], segment_id: str) -> bytes:
    """The wrapped key at the beginning of a segment's file. `read`: bytes of a file from a place, so many.

    Raises NotFoundError, IntegrityError (`segment-damaged`).
    """
    head = read(file_name(segment_id), 0, 4096)
    length = int.from_bytes(head[8:12], "little")
    if head[:8] != MAGIC or HEAD + length > len(head):
        raise damaged(segment_id, "beginning")
    return head[HEAD : HEAD + length]


class Segment:
    """An open segment: codes and scales in memory, the rest mapped. Immutable, and safe for threads."""

    def __init__(self, files: SegmentFiles, keys: KeyReader, segment_id: str) -> None:
        """Opens and checks the whole file.

        Raises NotFoundError (no file), IntegrityError (`key-destroyed`, `segment-damaged`).
        """
        self.segment_id = segment_id
        self._map = files.map(file_name(segment_id))
        key, at, length = self._unwrap(keys)
        self._cipher = AESGCM(key)
        self._counter = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - the counter mode inside GCM
        self._mine = threading.local()
        self.description = told = Description.decoded(self._open(at, length, Area.DESCRIPTION, 0), segment_id)
        self.dimension, self.rows = told.dimension, told.rows
        codes, scales, exact, ids = told.extents()
        at += length + TAG
        self._starts: dict[Area, int] = {}
        for extent in (codes, scales, exact, ids):
            self._starts[extent.area] = at
            at += extent.sealed
        if at != len(self._map):
            raise damaged(segment_id, "length")
        self.scanner, place = blank_scanner(told.dimension, told.rows)
        self._read(codes, place)
        plain = np.empty(scales.size, np.uint8)
        self._read(scales, plain)
        self.scales = plain.view("<f4").astype(np.float32, copy=False)
        self._check(exact)
        self.fences = self._fences(ids)
        """Every 64th id of each run, in order."""
        # Checking has mapped every page; the system keeps them as long as it has room, and reads ahead for nobody.
        if hasattr(mmap, "MADV_RANDOM"):
            self._map.madvise(mmap.MADV_RANDOM)

    def exact(self, rows: npt.NDArray[np.int64]) -> Exact:
        """Rows for exact scoring, decrypted into memory for as long as they are used."""
        opened = self._rows(Area.EXACT, stride(self.dimension), rows)
        return Exact(values=opened[:, : self.dimension].view(np.int8), scales=self.scales[rows])

    def references(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """Reference ids of rows."""
        return decode_ids(self._rows(Area.IDS, self.description.id_stride, rows), self.description.width)

    def ids(self, rows: npt.NDArray[np.int64]) -> Ids:
        """Encoded ids of rows."""
        return Ids(rows=self._rows(Area.IDS, self.description.id_stride, rows), width=self.description.width)

    @property
    def resident_bytes(self) -> int:
        fences = sum(one.nbytes for one in self.fences)
        return packed_bytes(self.rows, self.dimension) + self.scales.nbytes + fences

    def _rows(self, area: Area, wide: int, rows: npt.NDArray[np.int64]) -> Bytes8:
        """uint8 (n, wide): rows of an area, by GCM's counter mode: block i of a chunk is xored with AES(nonce | i + 2).

        Few calls of NumPy, since after a scan each finds the processor's caches full of codes.
        """
        if not len(rows):
            return np.zeros((0, wide), np.uint8)
        each = rows_a_chunk(wide)
        chunk = rows // each
        offsets = rows * wide + chunk * TAG
        offsets += self._starts[area]
        # A row as one value that may begin at any byte: gathered twice as fast as a window of bytes.
        anywhere = np.ndarray(len(self._map) - wide + 1, f"V{wide}", self._map, strides=(1,))
        opened: npt.NDArray[np.uint64] = anywhere[offsets].view(np.uint64)
        # The counters of a row follow one another in those of the first chunk; of others only the chunk's number differs.
        every = np.ndarray(each, f"V{wide}", counters(area), strides=(wide,))
        numbers = every[rows - chunk * each].view(np.uint32).reshape(len(rows), wide // 16, 4)
        numbers[:, :, 2] = chunk.astype(">u4").view(np.uint32)[:, None]
        stream = np.empty(len(rows) * wide + 15, np.uint8)  # the room that a block cipher asks for
        self._encryptor().update_into(numbers.data.cast("B"), stream.data)
        opened ^= stream[:-15].view(np.uint64)
        return opened.view(np.uint8).reshape(len(rows), wide)

    def _encryptor(self) -> CipherContext:
        """AES for blocks, one a thread: setting it up costs as much as encrypting the counters of hundreds of rows."""
        made: CipherContext | None = getattr(self._mine, "encryptor", None)
        if made is None:
            made = self._mine.encryptor = self._counter.encryptor()
        return made

    def _unwrap(self, keys: KeyReader) -> tuple[bytes, int, int]:
        """The key, and where the description begins and how long it is."""
        wrapped_length = int.from_bytes(self._map[8:12], "little")
        at = HEAD + wrapped_length
        if self._map[:8] != MAGIC or at > len(self._map):
            raise damaged(self.segment_id, "beginning")
        try:
            key = keys.unwrap(self.segment_id, self._map[HEAD:at])
        except IntegrityError as error:
            raise damaged(self.segment_id, "key") from error
        if key is None:
            raise IntegrityError(
                N_("The key of segment {segment} of the index is destroyed."),
                segment=self.segment_id,
                code=NotSearchable.KEY_DESTROYED.value,
            )
        return key, at, int.from_bytes(self._map[12:HEAD], "little")

    def _fences(self, ids: Extent) -> list[npt.NDArray[np.bytes_]]:
        """Checks the tags of the ids on the way."""
        ends = np.cumsum([0, *(number for _, number in self.description.runs)]).tolist()
        chosen = [np.arange(first, last, FENCE) for first, last in pairwise(ends)]
        rows = np.concatenate([np.zeros(0, np.int64), *chosen])
        wide = self.description.id_stride
        kept = np.zeros((len(rows), wide), np.uint8)
        for number, start, length in ids.chunks():
            here = np.frombuffer(self._chunk(ids, number, start, length), np.uint8).reshape(-1, wide)
            first, last = np.searchsorted(rows, (start // wide, (start + length) // wide))
            kept[first:last] = here[rows[first:last] - start // wide]
        bounds = np.cumsum([0, *map(len, chosen)]).tolist()
        return [
            Ids(rows=kept[first:last], width=self.description.width).sortable
            for first, last in pairwise(bounds)
        ]

    def _read(self, extent: Extent, into: Bytes8) -> None:
        for number, start, length in extent.chunks():
            into[start : start + length] = np.frombuffer(self._chunk(extent, number, start, length), np.uint8)

    def _check(self, extent: Extent) -> None:
        for number, start, length in extent.chunks():
            self._chunk(extent, number, start, length)

    def _chunk(self, extent: Extent, number: int, start: int, length: int) -> bytes:
        return self._open(self._starts[extent.area] + start + TAG * number, length, extent.area, number)

    def _open(self, at: int, length: int, area: Area, number: int) -> bytes:
        with memoryview(self._map) as held, held[at : at + length + TAG] as sealed:
            if len(sealed) != length + TAG:
                raise damaged(self.segment_id, "length")
            try:
                return self._cipher.decrypt(nonce(area, number), sealed, bound(self.segment_id))
            except InvalidTag as error:
                raise damaged(self.segment_id, f"area {area}, chunk {number}") from error
