"""Where segment files lie and their keys are kept: what reading and writing segments ask of both."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from typing import Protocol


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
