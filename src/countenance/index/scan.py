"""The exhaustive scan: every row is compared, the best are scored exactly.

A float32 product of a whole matrix depends in its last bits on where a row stands. So it only preselects, with a
margin that bounds its error, and what it selects is scored again row by row in double precision: the result is the
same for any order of enrolment, and equal vectors have equal scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from countenance.index.store import Matrix

type Block = tuple[Matrix, Sequence[str]]
"""Rows and their reference ids."""

_CHUNK_ROWS = 16_384
_RESCORED_AT_ONCE = 4_096


def best_rows(
    blocks: Sequence[Block], probes: Matrix, *, floor: float, limit: int
) -> list[list[tuple[str, float]]]:
    """For each probe (row of `probes`): the best `limit` rows of score `floor` and more, best first, ties by id.

    `blocks` and `probes` are float32 unit vectors of one dimension. Scores are cosines in double precision, rounded
    to float32.
    """
    # |float32 dot - exact| <= d 2**-24 |x||y| to first order (Higham, Accuracy and Stability, 3.1); twice that, since
    # lengths are 1 only within 0.1 %.
    margin = probes.shape[1] * 2.0**-23
    best = [_Best(limit=limit, floor=floor, margin=margin) for _ in probes]
    for number, (matrix, _) in enumerate(blocks):
        for start in range(0, len(matrix), _CHUNK_ROWS):
            rows = matrix[start : start + _CHUNK_ROWS]
            rough = (rows @ probes[0])[None] if len(probes) == 1 else probes @ rows.T
            for one, scores in zip(best, rough, strict=True):
                one.offer(number, start, scores)
    return [_score(blocks, probe, one, floor, limit) for probe, one in zip(probes, best, strict=True)]


class _Best:
    """Rows that may be among the best of one probe. `cut`: below it, none can be."""

    def __init__(self, *, limit: int, floor: float, margin: float) -> None:
        self._limit = limit
        self._margin = margin
        self._cut = np.float32(floor - 2 * margin)
        self._kept: list[tuple[int, npt.NDArray[np.intp], npt.NDArray[np.float32]]] = []
        self._count = 0
        self._narrow_at = 4 * limit

    def offer(self, block: int, start: int, scores: npt.NDArray[np.float32]) -> None:
        found = np.flatnonzero(scores >= self._cut)
        if found.size:
            self._kept.append((block, found + start, scores[found]))
            self._count += found.size
            if self._count > self._narrow_at:
                self.narrow()

    def narrow(self) -> None:
        """Raise the cut to what the `limit` best so far leave open, and drop what lies below."""
        if self._count <= self._limit:
            return
        scores = np.concatenate([scores for _, _, scores in self._kept])
        last = np.partition(scores, scores.size - self._limit)[scores.size - self._limit]
        # The exact score of the last of the best is at least `last - margin`, and a better row's rough one may lie
        # another margin below.
        self._cut = max(self._cut, np.float32(float(last) - 2.5 * self._margin))
        kept = [(block, scores >= self._cut, rows, scores) for block, rows, scores in self._kept]
        self._kept = [(block, rows[good], scores[good]) for block, good, rows, scores in kept if good.any()]
        self._count = sum(rows.size for _, rows, _ in self._kept)
        # Many equal scores must not make every chunk narrow again.
        self._narrow_at = max(4 * self._limit, 2 * self._count)

    def rows(self) -> list[tuple[int, npt.NDArray[np.intp]]]:
        self.narrow()
        return [(block, rows) for block, rows, _ in self._kept]


def _score(
    blocks: Sequence[Block], probe: npt.NDArray[np.float32], best: _Best, floor: float, limit: int
) -> list[tuple[str, float]]:
    scored: list[tuple[float, str]] = []
    for block, rows in best.rows():
        matrix, references = blocks[block]
        for start in range(0, rows.size, _RESCORED_AT_ONCE):
            part = rows[start : start + _RESCORED_AT_ONCE]
            scores = exact_scores(matrix[part], probe).tolist()
            scored += [
                (-score, references[row])
                for row, score in zip(part.tolist(), scores, strict=True)
                if score >= floor
            ]
    scored.sort()
    return [(reference, -score) for score, reference in scored[:limit]]


def exact_scores(rows: Matrix, probe: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """float32 (n,): products are exact in double precision, and each row's sum is its own."""
    products = rows.astype(np.float64) * probe.astype(np.float64)
    return products.sum(axis=1).astype(np.float32)
