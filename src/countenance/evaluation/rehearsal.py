"""A gallery of any size rehearsed on drawn templates, before machines are bought: the rates to be expected, at best.

The gallery is drawn, searched and forgotten piece by piece, so memory does not grow with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from countenance.evaluation.identification import Identification, identify
from countenance.evaluation.searches import Searches
from countenance.evaluation.trials import Vectors
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

_AT_ONCE = 50_000
_LEAST = 100

type Progress = Callable[[int, int], None]
"""Called with persons searched and persons in all."""


class Drawing(Protocol):
    """Draws persons, and a photograph of each: float32 (count, dimension), photographs of unit length."""

    def people(self, count: int) -> Vectors: ...

    def photographs(self, people: Vectors) -> Vectors: ...


def rehearse(
    people: int, drawing: Drawing, *, seed: int, searches: int = 2_000, progress: Progress | None = None
) -> Identification:
    """Enrol `people` drawn persons with one photograph each; search for `searches` of them (or for all, if they are
    fewer) and for as many strangers. Raises UsageError for fewer than 100 people."""
    if people < _LEAST:
        raise UsageError(
            N_("A gallery of {count} people needs no rehearsal; give {least} or more."),
            count=people,
            least=_LEAST,
            code="bench-people",
        )
    sought = min(searches, people, _AT_ONCE)
    first = drawing.people(min(people, _AT_ONCE))
    own = drawing.photographs(first[:sought])
    strangers = drawing.photographs(drawing.people(searches))
    mate: npt.NDArray[np.float32] | None = None
    rank = np.ones(sought, np.int32)
    top = np.full(searches, -np.inf, np.float32)
    done = 0
    while done < people:
        persons = first if not done else drawing.people(min(_AT_ONCE, people - done))
        gallery = drawing.photographs(persons)
        if mate is None:
            mate = np.einsum("ij,ij->i", own, gallery[:sought]).astype(np.float32)
        for at in range(0, len(gallery), 5_000):
            piece = gallery[at : at + 5_000].T
            # Its own reference scores the same up to rounding, and must not count as somebody above it.
            rank += ((own @ piece) > mate[:, None] + 1e-6).sum(axis=1, dtype=np.int32)
            np.maximum(top, (strangers @ piece).max(axis=1), out=top)
        done += len(gallery)
        if progress is not None:
            progress(done, people)
    assert mate is not None
    found = Searches(
        sizes=np.array([people], np.int64),
        mate_score=mate,
        mate_rank=rank[:, None],
        mate_person=np.arange(sought, dtype=np.int32),
        mate_quality=np.full(sought, np.nan),
        top=top[:, None],
        tail=top[:, None],
        stranger=np.arange(sought, sought + searches, dtype=np.int32),
    )
    return identify([found], sought + searches, seed=seed)
