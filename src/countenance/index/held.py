"""What one process holds of the index: segments with their dead rows, the head, and the counts; by gallery and space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from countenance.biometrics.templates import SpaceId
from countenance.index.answers import NotSearchable
from countenance.index.blocks import Block, Flags, Head, Rows
from countenance.index.codes import BLOCK, Codec, Exact
from countenance.index.live import CountKey, LiveSegment
from countenance.index.naming import encode_one
from countenance.index.segment import FENCE, Segment

type PartKey = tuple[str, SpaceId]
"""(gallery, space)."""


class HeldSegment:
    """A segment and which of its rows are alive. The file never changes; rows die here until it is rewritten."""

    def __init__(self, live: LiveSegment, segment: Segment) -> None:
        self.live = live
        self.segment = segment
        runs = segment.description.runs
        self._ends = np.cumsum([rows for _, rows in runs], dtype=np.int64)
        self._classes = np.array([class_id for class_id, _ in runs], dtype=np.int64)
        self._counts = Counter(dict(runs))
        self._alive = np.ones(segment.rows, np.bool_)
        self.closed = {
            reference: (class_id, reason) for reference, class_id, reason in segment.description.closed
        }

    def __len__(self) -> int:
        return self.segment.rows

    @property
    def dead(self) -> int:
        return len(self) - sum(self._counts.values())

    @property
    def has_dead(self) -> bool:
        """Does the file hold anything, searchable or not, that was removed?"""
        return self.dead > 0 or len(self.closed) < len(self.segment.description.closed)

    @property
    def resident_bytes(self) -> int:
        return self.segment.resident_bytes + self._alive.nbytes

    def kill(self, reference: str) -> bool:
        """Take one reference out; False where it is not here (any more)."""
        if self.closed.pop(reference, None) is not None:
            return True
        wanted = encode_one(reference, self.segment.description.width)
        if wanted is None:
            return False
        for run, (start, end) in enumerate(self._runs()):
            row = self._find(run, start, end, wanted)
            if row is not None and self._alive[row]:
                self._alive[row] = False
                self._counts[int(self._classes[run])] -= 1
                return True
        return False

    def alive(self) -> Rows:
        """Rows alive, ascending, as of now."""
        return np.flatnonzero(self._alive)

    def classes(self, rows: Rows) -> npt.NDArray[np.int64]:
        return self._classes[np.searchsorted(self._ends, rows, side="right")]

    def count(self, classes: AbstractSet[int]) -> int:
        return sum(self._counts[class_id] for class_id in classes if class_id in self._counts)

    def permitted(self, classes: AbstractSet[int]) -> Rows:
        parts = [
            np.flatnonzero(self._alive[start:end]) + start
            for class_id, (start, end) in zip(self._classes.tolist(), self._runs(), strict=True)
            if class_id in classes
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def keep(self, rows: Rows, classes: AbstractSet[int]) -> Flags:
        alive = self._alive[rows]
        if classes >= set(self._classes.tolist()):
            return alive
        return alive & np.isin(self.classes(rows), list(classes))

    def flags(self, classes: AbstractSet[int]) -> Flags:
        flags = np.zeros(-(-len(self) // BLOCK) * BLOCK, np.bool_)
        for class_id, (start, end) in zip(self._classes.tolist(), self._runs(), strict=True):
            if class_id in classes:
                flags[start:end] = self._alive[start:end]
        return flags

    def scanner(self) -> Any:
        return self.segment.scanner

    def exact(self, rows: Rows) -> Exact:
        return self.segment.exact(rows)

    def references(self, rows: Rows) -> list[str]:
        return self.segment.references(rows)

    def _runs(self) -> Iterable[tuple[int, int]]:
        ends = self._ends.tolist()
        return zip([0, *ends[:-1]], ends, strict=True)

    def _find(self, run: int, start: int, end: int, wanted: bytes) -> int | None:
        """Where `wanted` stands between two rows: first among every 64th id, which stay in memory, then on disk."""
        key = np.array([wanted], dtype=f"S{len(wanted)}")
        place = int(np.searchsorted(self.segment.fences[run], key, side="right")[0]) - 1
        if place < 0:
            return None
        low = start + place * FENCE
        rows = np.arange(low, min(low + FENCE, end), dtype=np.int64)
        found = np.flatnonzero(self.segment.ids(rows).sortable == key)
        return int(rows[found[0]]) if found.size else None


@dataclass(kw_only=True, eq=False)
class Part:
    """One gallery in one space. `closed`: references that cannot be searched, with class, number and reason."""

    codec: Codec
    head: Head
    segments: list[HeldSegment] = field(default_factory=list)
    closed: dict[str, tuple[int, int, NotSearchable]] = field(default_factory=dict)

    def blocks(self) -> list[Block]:
        return [*self.segments, *self.head.blocks]

    def discard(self, reference: str) -> None:
        """Take a reference out, wherever it is. It is alive in one place at most."""
        if self.closed.pop(reference, None) is not None or self.head.discard(reference):
            return
        for segment in self.segments:
            if segment.kill(reference):
                return


@dataclass(frozen=True, kw_only=True)
class Position:
    """How far changes are applied: up to number `seq`, in what the mark at `mark_seq` began.

    `version`: of the set of segments that is held; -1 where it is not held whole.
    """

    seq: int = 0
    mark_seq: int = 0
    mark: str | None = None
    version: int = -1


class Held:
    """All that is held. Callers hold the lock."""

    def __init__(self, codec_of: Callable[[str, int], Codec]) -> None:
        """`codec_of`: of a gallery and a template length."""
        self._codec_of = codec_of
        self.parts: dict[PartKey, Part] = {}
        self.position = Position()
        self.through = 0  # additions up to this number are in segments
        self.counts: Mapping[CountKey, int] = {}

    def part(self, gallery_id: str, space_id: SpaceId, dimension: int) -> Part:
        """The part of a gallery and space, made where it is not there."""
        part = self.parts.get((gallery_id, space_id))
        if part is None:
            codec = self._codec_of(gallery_id, dimension)
            part = self.parts[gallery_id, space_id] = Part(codec=codec, head=Head(codec))
        return part

    def discard(self, gallery_id: str, space_id: SpaceId, reference: str) -> None:
        part = self.parts.get((gallery_id, space_id))
        if part is not None:
            part.discard(reference)
            if not (part.segments or part.closed or len(part.head)):
                del self.parts[gallery_id, space_id]

    def dimension(self, space_id: SpaceId) -> int | None:
        """Template length of a space, None where nothing of it is held."""
        for (_, space), part in self.parts.items():
            if space == space_id:
                return part.codec.dimension
        return None

    def permitted(self, gallery_id: str, classes: AbstractSet[int]) -> int:
        """How many references of a gallery are of the given classes, in whichever space, as the database counts them."""
        return sum(self.counts.get((gallery_id, class_id, ""), 0) for class_id in classes)

    def with_segments(self, segments: Sequence[HeldSegment], through: int) -> Held:
        """The same with these segments in place of those held, and a head of what was enrolled after `through`."""
        made = Held(self._codec_of)
        made.position, made.counts, made.through = self.position, self.counts, through
        for (gallery, space), old in self.parts.items():
            head = old.head.after(through)
            closed = {name: one for name, one in old.closed.items() if one[1] > through}
            if len(head) or closed:
                made.parts[gallery, space] = Part(codec=old.codec, head=head, closed=closed)
        for segment in segments:
            live = segment.live
            made.part(live.gallery_id, live.space_id, live.dimension).segments.append(segment)
        return made

    def not_searchable(self) -> Counter[NotSearchable]:
        """How many references cannot be searched, by reason."""
        found: Counter[NotSearchable] = Counter()
        for part in self.parts.values():
            found.update(reason for _, _, reason in part.closed.values())
            for segment in part.segments:
                found.update(reason for _, reason in segment.closed.values())
        return found
