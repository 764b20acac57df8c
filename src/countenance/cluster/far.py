"""A segment that is held elsewhere, as the searcher's own process knows it: a name, and the file itself where upkeep asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from countenance.index.answers import NotSearchable
from countenance.index.held import HeldSegment
from countenance.index.live import LiveSegment
from countenance.index.opening import Seeds, Shelf
from countenance.index.segment import Segment
from countenance.index.stores import SegmentFiles, SegmentKeys


class FarSegment(HeldSegment):
    """Opened here only where upkeep writes it anew: whatever needs its rows opens it first."""

    def __init__(
        self,
        live: LiveSegment,
        open_here: Callable[[LiveSegment], tuple[Segment, list[str]]],
        dead: Callable[[str], bool],
    ) -> None:
        """`open_here`: the open file and what was removed from it since. `dead`: whether its holder knows of dead rows."""
        self.live = live
        self._open_here = open_here
        self._dead = dead
        self._near = False
        self.closed = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self.__dict__.get("_near", True):
            raise AttributeError(name)
        self._approach()
        return getattr(self, name)

    def _approach(self) -> None:
        segment, removed = self._open_here(self.live)
        self._near = True
        super().__init__(self.live, segment)
        for reference in removed:
            super().kill(reference)

    def __len__(self) -> int:
        return self.live.rows

    @property
    def dead(self) -> int:
        return super().dead if self._near else 0

    @property
    def has_dead(self) -> bool:
        """As its holder says, which is brought up to date for it. Raises UnavailableError where nobody holds it."""
        return self._dead(self.live.id)

    @property
    def resident_bytes(self) -> int:
        return super().resident_bytes if self._near else 0

    def kill(self, reference: str) -> bool:
        return super().kill(reference) if self._near else False

    def alive(self) -> Any:
        if not self._near:
            self._approach()
        return super().alive()


class FarShelf(Shelf):
    """The files for upkeep; and of segments that do not open at their holders, why not."""

    def __init__(
        self,
        files: SegmentFiles,
        keys: SegmentKeys,
        seeds: Seeds,
        broken: Callable[[], dict[str, NotSearchable]],
    ) -> None:
        super().__init__(files, keys, seeds)
        self._broken_far = broken

    def broken(self) -> dict[str, NotSearchable]:
        return {**super().broken(), **self._broken_far()}
