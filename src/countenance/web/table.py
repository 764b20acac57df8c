"""What somebody has on the table: photographs that wait for a choice, a list of candidates, a pair to examine, a picture.

What shows people of a gallery bears the revocation epoch in which it was told. Once that has moved, somebody may have
withdrawn or a lock may be on: no picture of it is shown until the searcher was asked anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from countenance.search.values import LoggedCandidates, WhichFace


@runtime_checkable
class Pictured(Protocol):
    """Something with pictures that the browser asks for one by one. `epoch`: as told above; None shows nobody of a gallery."""

    @property
    def epoch(self) -> int | None: ...

    def picture(self, kind: str, number: int) -> bytes | None: ...


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Photographs that wait for the face to be chosen. `faces`: as chosen so far, one for each."""

    case: str
    gallery: str
    photographs: tuple[bytes, ...] = field(repr=False)
    faces: tuple[int | None, ...]
    which: WhichFace
    epoch: None = None  # one's own photographs

    def picture(self, kind: str, number: int) -> bytes | None:
        """`face`: by its number in the photograph."""
        crops = {face.number: face.crop for face in self.which.faces}
        return crops.get(number) if kind == "face" else None

    @property
    def size(self) -> int:
        return sum(map(len, self.photographs))


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Candidates as they were logged, and of those the ones that still stood in `epoch`."""

    answer: LoggedCandidates = field(repr=False)
    epoch: int

    def standing(self, ranks: Collection[int], epoch: int) -> Listed:
        """The same list, of which those of `ranks` are left."""
        left = tuple(each for each in self.answer.candidates if each.rank in ranks)
        return Listed(answer=replace(self.answer, candidates=left), epoch=epoch)

    def picture(self, kind: str, number: int) -> bytes | None:
        """`candidate`: by rank; `probe`: by place."""
        if kind == "candidate":
            return {each.rank: each.crop for each in self.answer.candidates}.get(number)
        return (
            dict(enumerate(face.crop for face in self.answer.probe)).get(number) if kind == "probe" else None
        )

    @property
    def size(self) -> int:
        candidates = sum(len(each.crop) for each in self.answer.candidates)
        return candidates + sum(len(face.crop) for face in self.answer.probe)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A pair to examine blind. `pictures`: by kind (`probe`, `face`) and place, each with the share of its eyes."""

    pair: str
    review: str
    left: int
    epoch: int
    pictures: Mapping[tuple[str, int], tuple[bytes, float]] = field(repr=False)

    def picture(self, kind: str, number: int) -> bytes | None:
        """`probe` or `face`, by place."""
        found = self.pictures.get((kind, number))
        return None if found is None else found[0]

    @property
    def size(self) -> int:
        return sum(len(jpeg) for jpeg, _share in self.pictures.values())


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of an answer."""

    jpeg: bytes = field(repr=False)
    epoch: int

    @property
    def size(self) -> int:
        return len(self.jpeg)
