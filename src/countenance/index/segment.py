"""A segment: sealed, immutable references of one gallery and space, in one encrypted file.

::

    file    magic (8) | length of the wrapped key (4) | length of the description (4) | wrapped key | areas
    area    chunks of 1 MiB or a little less (whole rows), each with its tag (16)
    areas   0 description (canonical JSON, one chunk)   3 int8 rows, padded to 16 bytes
            1 packed codes                              4 reference ids, padded to 16 bytes
            2 float32 scales

Numbers are little-endian. Each file has an AES-256 key of its own, which the vault holds under the segment's id; what
stands in the file is that key wrapped. Chunks are AES-256-GCM (NIST SP 800-38D); area and number of the chunk are its
nonce, which is safe because a key writes one file once. The segment's id is bound in.

Codes and scales are in memory while a segment is served. int8 rows and ids stay on disk, mapped and encrypted. Every
chunk's tag is checked when the segment is opened; after that single rows are read through the counter mode inside GCM
(SP 800-38D, 6.5), hundreds at once in one call, since a tag covers a whole chunk.

Rows are in order of class, then of reference id, so that an order of enrolment cannot be read from a file.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from countenance.biometrics.templates import SpaceId
from countenance.index.answers import NotSearchable
from countenance.index.codes import Bytes8, Exact, blank_scanner, pack, packed_bytes
from countenance.index.naming import Ids, decode_ids
from countenance.primitives.canonical import canonical_json
from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_

_MAGIC = b"CNTSEG1\n"
_CHUNK = 1 << 20
_TAG = 16
FENCE = 64
"""Rows between two ids that are kept in memory, beginning anew with each class: 0.25 bytes a row."""

_DESCRIPTION, _CODES, _SCALES, _EXACT, _IDS = range(5)
_FORMAT = "countenance-segment/1"


class SegmentFiles(Protocol):
    """Where segment files lie."""

    def put_stream(self, name: str, parts: Iterator[bytes]) -> None:
        """Store a file piece by piece, durable when it returns. Raises UnavailableError (`disk-full`)."""
        ...

    def map(self, name: str) -> mmap.mmap:
        """A read-only map of a file. Raises NotFoundError."""
        ...

    def delete_many(self, names: Sequence[str]) -> int: ...


class KeyReader(Protocol):
    """Opens a segment's key: all that reading one needs."""

    def unwrap(self, segment_id: str, wrapped: bytes) -> bytes | None:
        """None where it is destroyed. Raises IntegrityError for damaged bytes."""
        ...


class SegmentKeys(KeyReader, Protocol):
    """Wraps a segment's key under a key that is kept apart and can be destroyed."""

    def wrap(self, segment_id: str, key: bytes) -> bytes: ...

    def destroy(self, segment_ids: Sequence[str]) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SegmentRows:
    """What goes into a segment, in order of (class, id). `codes`: unpacked. `exact`: int8 and scales."""

    ids: Ids
    classes: npt.NDArray[np.int64]
    codes: Bytes8
    exact: Exact


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """What a segment says of itself. `runs`: (class, rows), in order. `closed`: references that cannot be searched.

    `turn`: tells one rotation from another. `width`: bytes of an id; 0 stands for UUIDs.
    """

    segment_id: str
    gallery_id: str
    space_id: SpaceId
    dimension: int
    rows: int
    runs: tuple[tuple[int, int], ...]
    closed: tuple[tuple[str, int, NotSearchable], ...]
    turn: str
    width: int


def file_name(segment_id: str) -> str:
    """The name of a segment's file in the store."""
    return f"segment-{segment_id}"


def read_wrapped_key(read: Callable[[str, int, int], bytes], segment_id: str) -> bytes:
    """The wrapped key at the beginning of a segment's file. `read`: bytes of a file from a place, so many.

    Raises NotFoundError, IntegrityError (`segment-damaged`).
    """
    head = read(file_name(segment_id), 0, 4096)
    length = int.from_bytes(head[8:12], "little")
    if head[:8] != _MAGIC or len(_MAGIC) + 8 + length > len(head):
        raise IntegrityError(
            N_("Segment {segment} of the index is damaged ({where})."),
            remedy=N_("Nothing is lost: upkeep of the index makes it again from the encrypted records."),
            segment=segment_id,
            where="beginning",
            code="segment-damaged",
        )
    return head[len(_MAGIC) + 8 : len(_MAGIC) + 8 + length]


def turn_of(segment_id: str, seed: bytes) -> str:
    """Tells whether a segment was made with this seed, and nothing of the seed: 16 bytes of SHA-256 with the id."""
    return hashlib.sha256(b"countenance/turn/" + segment_id.encode() + seed).hexdigest()[:32]


def write_segment(
    files: SegmentFiles,
    keys: SegmentKeys,
    *,
    segment_id: str,
    gallery_id: str,
    space_id: SpaceId,
    dimension: int,
    seed: bytes,
    rows: SegmentRows,
    closed: Sequence[tuple[str, int, NotSearchable]] = (),
) -> None:
    """Write one segment, durable when it returns. Raises UnavailableError where there is no room."""
    key = AESGCM.generate_key(256)
    wrapped = keys.wrap(segment_id, key)
    starts = np.flatnonzero(np.diff(rows.classes, prepend=rows.classes[:1] - 1))
    counts = np.diff(np.append(starts, len(rows.classes)))
    description = canonical_json(
        {
            "format": _FORMAT,
            "segment": segment_id,
            "gallery": gallery_id,
            "space": space_id,
            "dimension": dimension,
            "rows": len(rows.ids),
            "runs": [[int(rows.classes[at]), int(number)] for at, number in zip(starts, counts, strict=True)],
            "closed": [[reference, class_id, reason.value] for reference, class_id, reason in closed],
            "turn": turn_of(segment_id, seed),
            "width": rows.ids.width,
        }
    )
    areas = (
        (_CODES, pack(rows.codes), _CHUNK),
        (_SCALES, rows.exact.scales.astype("<f4").view(np.uint8), _CHUNK),
        (_EXACT, _padded(rows.exact.values.view(np.uint8)), _chunk_bytes(_stride(dimension))),
        (_IDS, rows.ids.rows, _chunk_bytes(rows.ids.width or 16)),
    )

    def parts() -> Iterator[bytes]:
        cipher = AESGCM(key)
        yield _MAGIC + len(wrapped).to_bytes(4, "little") + len(description).to_bytes(4, "little") + wrapped
        yield cipher.encrypt(_nonce(_DESCRIPTION, 0), description, _bound(segment_id))
        for area, data, size in areas:
            flat = memoryview(np.ascontiguousarray(data).reshape(-1))
            for number, start in enumerate(range(0, len(flat), size)):
                yield cipher.encrypt(_nonce(area, number), flat[start : start + size], _bound(segment_id))

    files.put_stream(file_name(segment_id), parts())


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
        self.description = _parse(self._open(at, length, _DESCRIPTION, 0), segment_id)
        told = self.description
        self.dimension, self.rows = told.dimension, told.rows
        self._id_stride = told.width or 16
        sizes = (
            (_CODES, packed_bytes(told.rows, told.dimension), _CHUNK),
            (_SCALES, 4 * told.rows, _CHUNK),
            (_EXACT, _stride(told.dimension) * told.rows, _chunk_bytes(_stride(told.dimension))),
            (_IDS, self._id_stride * told.rows, _chunk_bytes(self._id_stride)),
        )
        at += length + _TAG
        self._starts: dict[int, int] = {}
        for area, size, chunk in sizes:
            self._starts[area] = at
            at += size + _TAG * -(-size // chunk)
        if at != len(self._map):
            raise self._damaged("length")
        self.scanner, place = blank_scanner(told.dimension, told.rows)
        self._read(_CODES, place)
        scales = np.empty(4 * told.rows, np.uint8)
        self._read(_SCALES, scales)
        self.scales = scales.view("<f4").astype(np.float32, copy=False)
        ends = np.cumsum([0, *(number for _, number in told.runs)]).tolist()
        chosen = [np.arange(first, last, FENCE) for first, last in pairwise(ends)]
        self._check(_EXACT, sizes[2][1], sizes[2][2])
        kept = self._check(_IDS, sizes[3][1], sizes[3][2], np.concatenate(chosen) if chosen else None)
        bounds = np.cumsum([0, *map(len, chosen)]).tolist()
        self.fences = [
            Ids(rows=kept[first:last], width=told.width).sortable for first, last in pairwise(bounds)
        ]
        """Every 64th id of each run, in order."""
        # Checking has mapped every page; the system keeps them as long as it has room, and reads ahead for nobody.
        if hasattr(mmap, "MADV_RANDOM"):
            self._map.madvise(mmap.MADV_RANDOM)

    def exact(self, rows: npt.NDArray[np.int64]) -> Exact:
        """Rows for exact scoring, decrypted into memory for as long as they are used."""
        opened = self._rows(_EXACT, _stride(self.dimension), rows)
        return Exact(values=opened[:, : self.dimension].view(np.int8), scales=self.scales[rows])

    def references(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """Reference ids of rows."""
        return decode_ids(self._rows(_IDS, self._id_stride, rows), self.description.width)

    def ids(self, rows: npt.NDArray[np.int64]) -> Ids:
        """Encoded ids of rows."""
        return Ids(rows=self._rows(_IDS, self._id_stride, rows), width=self.description.width)

    @property
    def resident_bytes(self) -> int:
        fences = sum(one.nbytes for one in self.fences)
        return packed_bytes(self.rows, self.dimension) + self.scales.nbytes + fences

    def _rows(self, area: int, stride: int, rows: npt.NDArray[np.int64]) -> Bytes8:
        """uint8 (n, stride): rows of an area, by GCM's counter mode: block i of a chunk is xored with AES(nonce | i + 2).

        Few calls of NumPy, since after a scan each finds the processor's caches full of codes.
        """
        if not len(rows):
            return np.zeros((0, stride), np.uint8)
        each = _chunk_bytes(stride) // stride
        chunk = rows // each
        offsets = rows * stride + chunk * _TAG
        offsets += self._starts[area]
        # A row as one value that may begin at any byte: gathered twice as fast as a window of bytes.
        anywhere = np.ndarray(len(self._map) - stride + 1, f"V{stride}", self._map, strides=(1,))
        opened: npt.NDArray[np.uint64] = anywhere[offsets].view(np.uint64)
        # The counters of a row follow one another in those of the first chunk; of others only the chunk's number differs.
        every = np.ndarray(_CHUNK // stride, f"V{stride}", _counters(area), strides=(stride,))
        counters = every[rows - chunk * each].view(np.uint32).reshape(len(rows), stride // 16, 4)
        counters[:, :, 2] = chunk.astype(">u4").view(np.uint32)[:, None]
        stream = np.empty(len(rows) * stride + 15, np.uint8)  # the room that a block cipher asks for
        self._encryptor().update_into(counters.data.cast("B"), stream.data)
        opened ^= stream[:-15].view(np.uint64)
        return opened.view(np.uint8).reshape(len(rows), stride)

    def _encryptor(self) -> CipherContext:
        """AES for blocks, one a thread: setting it up costs as much as encrypting the counters of hundreds of rows."""
        made: CipherContext | None = getattr(self._mine, "encryptor", None)
        if made is None:
            made = self._mine.encryptor = self._counter.encryptor()
        return made

    def _unwrap(self, keys: KeyReader) -> tuple[bytes, int, int]:
        head = self._map[: len(_MAGIC) + 8]
        wrapped_length = int.from_bytes(head[8:12], "little")
        at = len(head) + wrapped_length
        if head[:8] != _MAGIC or at > len(self._map):
            raise self._damaged("beginning")
        try:
            key = keys.unwrap(self.segment_id, self._map[len(head) : at])
        except IntegrityError as error:
            raise self._damaged("key") from error
        if key is None:
            raise IntegrityError(
                N_("The key of segment {segment} of the index is destroyed."),
                segment=self.segment_id,
                code=NotSearchable.KEY_DESTROYED.value,
            )
        return key, at, int.from_bytes(head[12:16], "little")

    def _read(self, area: int, into: Bytes8) -> None:
        for number, start in enumerate(range(0, len(into), _CHUNK)):
            length = min(_CHUNK, len(into) - start)
            opened = self._open(self._starts[area] + start + _TAG * number, length, area, number)
            into[start : start + length] = np.frombuffer(opened, np.uint8)

    def _check(self, area: int, size: int, chunk: int, rows: npt.NDArray[np.int64] | None = None) -> Bytes8:
        """Check the tags of ids or int8 rows; returns the ids of `rows`, ascending."""
        kept = [np.zeros((0, self._id_stride), np.uint8)]
        for number, start in enumerate(range(0, size, chunk)):
            length = min(chunk, size - start)
            opened = self._open(self._starts[area] + start + _TAG * number, length, area, number)
            if rows is not None:
                first, last = np.searchsorted(rows * self._id_stride, (start, start + length))
                here = np.frombuffer(opened, np.uint8).reshape(-1, self._id_stride)
                kept.append(here[rows[first:last] - start // self._id_stride])
        return np.concatenate(kept)

    def _open(self, at: int, length: int, area: int, number: int) -> bytes:
        with memoryview(self._map) as held, held[at : at + length + _TAG] as sealed:
            if len(sealed) != length + _TAG:
                raise self._damaged("length")
            try:
                return self._cipher.decrypt(_nonce(area, number), sealed, _bound(self.segment_id))
            except InvalidTag as error:
                raise self._damaged(f"area {area}, chunk {number}") from error

    def _damaged(self, where: str) -> IntegrityError:
        return IntegrityError(
            N_("Segment {segment} of the index is damaged ({where})."),
            remedy=N_("Nothing is lost: upkeep of the index makes it again from the encrypted records."),
            segment=self.segment_id,
            where=where,
            code="segment-damaged",
        )


def _parse(plain: bytes, segment_id: str) -> Description:
    told: dict[str, Any] = json.loads(plain)
    if told["format"] != _FORMAT:
        raise IntegrityError(
            N_("Segment {segment} of the index has a form that this version does not know."),
            segment=segment_id,
            code="segment-damaged",
        )
    return Description(
        segment_id=told["segment"],
        gallery_id=told["gallery"],
        space_id=SpaceId(told["space"]),
        dimension=told["dimension"],
        rows=told["rows"],
        runs=tuple((class_id, rows) for class_id, rows in told["runs"]),
        closed=tuple(
            (reference, class_id, NotSearchable(reason)) for reference, class_id, reason in told["closed"]
        ),
        turn=told["turn"],
        width=told["width"],
    )


@cache
def _counters(area: int) -> npt.NDArray[np.void]:
    """What AES turns into the key stream of an area's first chunk (NIST SP 800-38D, 7.1), numbers big-endian: blocks of 16.

    A nonce is area (4 bytes) and chunk (8 bytes), the counter the last 4 bytes and 2 for the first block.
    """
    made = np.zeros((_CHUNK // 16, 4), ">u4")
    made[:, 0], made[:, 3] = area, np.arange(2, len(made) + 2)
    return made.view("V16").reshape(-1)


def _stride(dimension: int) -> int:
    return -(-dimension // 16) * 16


def _chunk_bytes(stride: int) -> int:
    return max(1, _CHUNK // stride) * stride


def _padded(values: Bytes8) -> Bytes8:
    stride = _stride(values.shape[1])
    if stride == values.shape[1]:
        return values
    out = np.zeros((len(values), stride), np.uint8)
    out[:, : values.shape[1]] = values
    return out


def _nonce(area: int, number: int) -> bytes:
    return area.to_bytes(4, "big") + number.to_bytes(8, "big")


def _bound(segment_id: str) -> bytes:
    return b"countenance/segment/1/" + segment_id.encode()
