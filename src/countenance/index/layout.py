"""The form of a segment's file, for who writes it and who reads it.

::

    file    magic (8) | length of the wrapped key (4) | length of the description (4) | wrapped key | areas
    area    chunks of 1 MiB or a little less (whole rows), each with its tag (16)
    areas   0 description (canonical JSON, one chunk)   3 int8 rows, padded to 16 bytes
            1 packed codes                              4 reference ids, padded to 16 bytes
            2 float32 scales

Numbers are little-endian. Each file has an AES-256 key of its own, which the vault holds under the segment's id; what
stands in the file is that key wrapped. Chunks are AES-256-GCM (NIST SP 800-38D); area and number of the chunk are its
nonce, which is safe because a key writes one file once. The segment's id is bound in.

Rows are in order of class, then of reference id, so that an order of enrolment cannot be read from a file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from countenance.biometrics.templates import SpaceId
from countenance.index.answers import NotSearchable
from countenance.index.codes import packed_bytes
from countenance.primitives.canonical import canonical_json
from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_

MAGIC = b"CNTSEG1\n"
HEAD = len(MAGIC) + 8
"""Bytes before the wrapped key."""
TAG = 16
_CHUNK = 1 << 20
_FORMAT = "countenance-segment/1"


class Area(IntEnum):
    """Parts of a file, by the number that their nonces begin with."""

    DESCRIPTION = 0
    CODES = 1
    SCALES = 2
    EXACT = 3
    IDS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Extent:
    """How an area lies in the file. `size`: bytes without tags. `chunk`: bytes of a chunk, but the last, without its tag."""

    area: Area
    size: int
    chunk: int

    @property
    def sealed(self) -> int:
        """Bytes with all tags."""
        return self.size + TAG * -(-self.size // self.chunk)

    def chunks(self) -> Iterator[tuple[int, int, int]]:
        """(number, first byte of the area, bytes) of each chunk."""
        for number, start in enumerate(range(0, self.size, self.chunk)):
            yield number, start, min(self.chunk, self.size - start)


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

    @property
    def id_stride(self) -> int:
        """Bytes of an id in the file."""
        return self.width or 16

    def extents(self) -> tuple[Extent, Extent, Extent, Extent]:
        """Codes, scales, int8 rows and ids, as they follow the description."""
        exact = stride(self.dimension)
        return (
            Extent(area=Area.CODES, size=packed_bytes(self.rows, self.dimension), chunk=_CHUNK),
            Extent(area=Area.SCALES, size=4 * self.rows, chunk=_CHUNK),
            Extent(area=Area.EXACT, size=exact * self.rows, chunk=rows_a_chunk(exact) * exact),
            Extent(
                area=Area.IDS,
                size=self.id_stride * self.rows,
                chunk=rows_a_chunk(self.id_stride) * self.id_stride,
            ),
        )

    def encoded(self) -> bytes:
        """As it stands in the file."""
        return canonical_json(
            {
                "format": _FORMAT,
                "segment": self.segment_id,
                "gallery": self.gallery_id,
                "space": self.space_id,
                "dimension": self.dimension,
                "rows": self.rows,
                "runs": [list(run) for run in self.runs],
                "closed": [
                    [reference, class_id, reason.value] for reference, class_id, reason in self.closed
                ],
                "turn": self.turn,
                "width": self.width,
            }
        )

    @classmethod
    def decoded(cls, plain: bytes, segment_id: str) -> Description:
        """From what stands in the file. Raises IntegrityError for a form of another version."""
        told: dict[str, Any] = json.loads(plain)
        if told["format"] != _FORMAT:
            raise IntegrityError(
                N_("Segment {segment} of the index has a form that this version does not know."),
                segment=segment_id,
                code="segment-damaged",
            )
        return cls(
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


def file_name(segment_id: str) -> str:
    """The name of a segment's file in the store."""
    return f"segment-{segment_id}"


def turn_of(segment_id: str, seed: bytes) -> str:
    """Tells whether a segment was made with this seed, and nothing of the seed: 16 bytes of SHA-256 with the id."""
    return hashlib.sha256(b"countenance/turn/" + segment_id.encode() + seed).hexdigest()[:32]


def stride(dimension: int) -> int:
    """Bytes of an int8 row with its padding."""
    return -(-dimension // 16) * 16


def rows_a_chunk(wide: int) -> int:
    """Whole rows of `wide` bytes in a chunk."""
    return max(1, _CHUNK // wide)


def nonce(area: Area, chunk: int) -> bytes:
    """12 bytes: area (4) and chunk (8), big-endian."""
    return area.to_bytes(4, "big") + chunk.to_bytes(8, "big")


def bound(segment_id: str) -> bytes:
    """What the tags cover besides."""
    return b"countenance/segment/1/" + segment_id.encode()


@cache
def counters(area: Area) -> npt.NDArray[np.void]:
    """What AES turns into the key stream of an area's first chunk (NIST SP 800-38D, 7.1), numbers big-endian: blocks of 16.

    The nonce, then the counter in the last 4 bytes: 2 for the first block.
    """
    made = np.zeros((_CHUNK // 16, 4), ">u4")
    made[:, 0], made[:, 3] = area, np.arange(2, len(made) + 2)
    return made.view("V16").reshape(-1)


def damaged(segment_id: str, where: str) -> IntegrityError:
    """A file that is not as it was written (`segment-damaged`)."""
    return IntegrityError(
        N_("Segment {segment} of the index is damaged ({where})."),
        remedy=N_("Nothing is lost: upkeep of the index makes it again from the encrypted records."),
        segment=segment_id,
        where=where,
        code="segment-damaged",
    )
