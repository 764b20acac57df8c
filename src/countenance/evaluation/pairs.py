"""Every sample against every other, streamed: histograms of all scores, and the highest non-mated ones in full.

Memory does not grow with the number of comparisons. A run can stop and go on: `state` holds all there is of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from countenance.evaluation.trials import Samples
from countenance.evaluation.values import Bins, Ints, Persons, Scores

MOST_HIGH = 4_000_000
"""So many of the highest non-mated comparisons are kept with their persons, at most twice as many for a while."""
MOST_MATED = 2_000
"""Mated comparisons of one person beyond this are left out, evenly: a person photographed daily must not fill the memory."""
_ROWS, _COLUMNS = 1024, 8192
_LEVEL = 1e-2

type Progress = Callable[[int, int], None]
"""Called with comparisons done and comparisons in all."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PairCounts:
    """What is known of all comparisons.

    `mated`, `non_mated`: int64 (bins,), acquired comparisons only. `*_attempts`: per person, int64 (persons,), failures
    to acquire included; a non-mated comparison is counted at both persons. `mated_score`, `mated_person`: the mated
    comparisons, -inf for one that failed. `high_*`: every non-mated comparison at or above `high_from`, with its persons.
    """

    bins: Bins
    mated: Ints
    non_mated: Ints
    mated_attempts: Ints
    non_mated_attempts: Ints
    mated_score: Scores
    mated_person: Persons
    high_score: Scores
    high_first: Persons
    high_second: Persons
    high_from: float

    @property
    def all_mated(self) -> int:
        return int(self.mated_attempts.sum())

    @property
    def all_non_mated(self) -> int:
        return int(self.non_mated_attempts.sum()) // 2


class HighScores:
    """The highest non-mated comparisons; `floor` rises where they become too many."""

    def __init__(self, floor: float, most: int = MOST_HIGH) -> None:
        self.floor, self._most, self._count = floor, most, 0
        self._parts: list[tuple[Scores, Persons, Persons]] = []

    def add(self, score: Scores, first: Persons, second: Persons) -> None:
        kept = score >= self.floor
        self._parts.append(
            (score[kept].astype(np.float32), first[kept].astype(np.int32), second[kept].astype(np.int32))
        )
        self._count += int(kept.sum())
        if self._count > 2 * self._most:
            score, first, second = self.arrays()
            self.floor = float(np.partition(score, -self._most)[-self._most])
            kept = score >= self.floor
            self._parts = [(score[kept], first[kept], second[kept])]
            self._count = int(kept.sum())

    def arrays(self) -> tuple[Scores, Persons, Persons]:
        if not self._parts:
            return np.empty(0, np.float32), np.empty(0, np.int32), np.empty(0, np.int32)
        score, first, second = (np.concatenate([part[place] for part in self._parts]) for place in range(3))
        return score, first, second


class PairStream:
    """All comparisons of `samples` with one another, block by block."""

    def __init__(self, samples: Samples, *, seed: int, bins: Bins | None = None) -> None:
        self._all = samples
        kept = samples.sorted_by_person()
        self._vectors = np.ascontiguousarray(kept.vectors[kept.acquired])
        self._person = kept.person[kept.acquired]
        self._bins = bins or Bins()
        self._mated = np.zeros(self._bins.count, np.int64)
        self._non_mated = np.zeros(self._bins.count, np.int64)
        self._mated_parts: list[tuple[Scores, Persons]] = []
        self._high = HighScores(self._first_floor(seed))
        self._row = 0

    @property
    def total(self) -> int:
        n = len(self._vectors)
        return n * (n - 1) // 2

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """All there is of an unfinished run: counts, scores and numbers of persons; no template."""
        high = self._high.arrays()
        mated = self._mated_arrays()
        return {
            "row": np.array([self._row]),
            "floor": np.array([self._high.floor]),
            "mated": self._mated,
            "non_mated": self._non_mated,
            "high_score": high[0],
            "high_first": high[1],
            "high_second": high[2],
            "mated_score": mated[0],
            "mated_person": mated[1],
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on where a run with the same samples and the same seed stopped."""
        self._row = int(state["row"][0])
        self._mated, self._non_mated = state["mated"].copy(), state["non_mated"].copy()
        self._high = HighScores(float(state["floor"][0]))
        self._high.add(state["high_score"], state["high_first"], state["high_second"])
        self._mated_parts = [(state["mated_score"], state["mated_person"])]

    def run(self, progress: Progress | None = None, pause: Callable[[], None] | None = None) -> PairCounts:
        """Compare what is left. `pause` is called between blocks of rows: the place to keep `state`."""
        n = len(self._vectors)
        while self._row < n:
            end = min(self._row + _ROWS, n)
            for column in range(self._row, n, _COLUMNS):
                self._block(self._row, end, column, min(column + _COLUMNS, n))
            self._row = end
            if progress is not None:
                progress(self.total - (n - end) * (n - end - 1) // 2, self.total)
            if pause is not None:
                pause()
        return self._counts()

    def _block(self, top: int, bottom: int, left: int, right: int) -> None:
        score = self._vectors[top:bottom] @ self._vectors[left:right].T
        wanted = None
        if left < bottom:  # on the diagonal: each pair once, and no sample against itself
            wanted = np.arange(left, right)[None, :] > np.arange(top, bottom)[:, None]
        if (
            self._person[left] <= self._person[bottom - 1]
        ):  # sorted: only here can one person be on both sides
            same = self._person[top:bottom, None] == self._person[None, left:right]
            own = same if wanted is None else same & wanted
            self._keep_mated(score, own, top)
            other = ~same if wanted is None else wanted & ~same
            flat = score[other]
        else:
            other = wanted
            flat = score.ravel() if wanted is None else score[wanted]
        self._non_mated += np.bincount(self._bins.place(flat), minlength=self._bins.count)
        above = score >= self._high.floor
        if other is not None:
            above &= other
        rows, columns = np.nonzero(above)
        if len(rows):
            self._high.add(score[rows, columns], self._person[top + rows], self._person[left + columns])

    def _keep_mated(self, score: Scores, own: npt.NDArray[np.bool_], top: int) -> None:
        rows, _ = np.nonzero(own)
        found = score[own]
        self._mated += np.bincount(self._bins.place(found), minlength=self._bins.count)
        person = self._person[top + rows]
        # Of a person with very many comparisons every so-many-th is kept in full; the histogram holds all of them.
        pairs = np.bincount(self._person, minlength=self._all.persons).astype(np.int64)
        each = np.maximum(1, (pairs * (pairs - 1) // 2 + MOST_MATED - 1) // MOST_MATED)[person]
        kept = np.arange(len(found)) % each == 0
        self._mated_parts.append((found[kept].astype(np.float32), person[kept].astype(np.int32)))

    def _mated_arrays(self) -> tuple[Scores, Persons]:
        if not self._mated_parts:
            return np.empty(0, np.float32), np.empty(0, np.int32)
        return (
            np.concatenate([part[0] for part in self._mated_parts]),
            np.concatenate([part[1] for part in self._mated_parts]),
        )

    def _first_floor(self, seed: int) -> float:
        """About the score that one non-mated comparison in a hundred reaches, or fewer where they are too many."""
        n = len(self._vectors)
        if n < 2:
            return -1.0
        rng = np.random.default_rng(seed)
        first, second = rng.integers(0, n, (2, 200_000))
        other = self._person[first] != self._person[second]
        first, second = first[other], second[other]
        if not len(first):
            return -1.0
        drawn = np.concatenate(
            [
                np.einsum(
                    "ij,ij->i",
                    self._vectors[first[at : at + 20_000]],
                    self._vectors[second[at : at + 20_000]],
                )
                for at in range(0, len(first), 20_000)
            ]
        )
        level = min(1.25 * _LEVEL, MOST_HIGH / max(self.total, 1))
        return float(np.quantile(drawn, 1 - level)) if self.total > MOST_HIGH else -1.0

    def _counts(self) -> PairCounts:
        each = self._all.per_person()
        got = np.bincount(self._person, minlength=len(each)).astype(np.int64)
        everyone = int(each.sum())
        failed = each * (each - 1) // 2 - got * (got - 1) // 2
        score, person = self._mated_arrays()
        lost = np.repeat(np.arange(len(each), dtype=np.int32), np.minimum(failed, MOST_MATED))
        high = self._high.arrays()
        return PairCounts(
            bins=self._bins,
            mated=self._mated,
            non_mated=self._non_mated,
            mated_attempts=each * (each - 1) // 2,
            non_mated_attempts=each * (everyone - each),
            mated_score=np.concatenate([score, np.full(len(lost), -np.inf, np.float32)]),
            mated_person=np.concatenate([person, lost]),
            high_score=high[0],
            high_first=high[1],
            high_second=high[2],
            high_from=self._high.floor,
        )
