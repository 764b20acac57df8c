"""The exhaustive scan: codes of every permitted row are compared, the best of all are scored exactly.

**What is scored exactly** depends on the permitted rows alone, neither on how they are cut into blocks nor on what else
is there. Where few rows are permitted, all of them. Else those whose codes come nearest: with `depth` the number wanted,
every row whose code score is better than that of row number depth + 1, over all blocks. Rows equal to that one stay out
together, since which of them a block would hand over first is chance; where that leaves too few, `depth` is doubled.

**Permission.** What is scanned, and how many rows are asked for, follows from the numbers and places of permitted rows
(`pieces.py`), and whether more has to be asked for from the scores of permitted rows. So the work is the same whether
those who are excluded look like the probe or not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from countenance.index.answers import ScoredRow
from countenance.index.blocks import Block, Rows
from countenance.index.codes import CodedProbe, Matrix, scores
from countenance.index.pieces import Listed, Piece, Scores, pieces_of

EXACT_ROWS = 8_192
"""Up to so many permitted rows are all scored exactly: that takes no longer than a scan of their codes pays for."""

_DEPTH = 1_200  # at a million: as many mates at 0.3 and more are found as with 4,000 (docs/figures.md)
_scored: Callable[[tuple[str, float]], ScoredRow] = partial(
    tuple.__new__, ScoredRow
)  # no call of Python's a row


def depth_for(permitted: int, limit: int) -> int:
    """How many rows are scored exactly: grows with the root of their number, so that the loss stays the same."""
    return max(500, 2 * limit, math.ceil(_DEPTH * math.sqrt(permitted / 1e6)))


def best_rows(
    blocks: Sequence[Block],
    classes: AbstractSet[int],
    probes: Sequence[CodedProbe],
    *,
    floor: float,
    limit: int,
    pool: Executor | None = None,
) -> list[list[ScoredRow]]:
    """For each probe: the best `limit` permitted rows of score `floor` and more, best first, ties by reference id.

    `pool`: threads that take a block each; what is found does not depend on them.
    """
    counts = [(block, block.count(classes)) for block in blocks]
    used = [block for block, count in counts if count]
    permitted = sum(count for _, count in counts)
    if permitted <= EXACT_ROWS:
        everything = [(block, block.permitted(classes)) for block in used]
        shared = [(block, rows, block.exact(rows)) for block, rows in everything]
        return [
            _best([(block, rows, scores(exact, probe)) for block, rows, exact in shared], floor, limit)
            for probe in probes
        ]
    best = []
    near = nearest(used, classes, probes, depth_for(permitted, limit), pool=pool)
    for found, probe in zip(near, probes, strict=True):

        def score(one: tuple[Block, Rows, Scores], probe: CodedProbe = probe) -> tuple[Block, Rows, Scores]:
            # Ascending, as they lie on the disk.
            block, rows = one[0], one[1].copy()
            rows.sort()
            return block, rows, scores(block.exact(rows), probe)

        best.append(_best(_each(pool, score, found.parts), floor, limit))
    return best


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Nearest:
    """The rows of some blocks whose codes come nearest to a probe. `above`: every row of a better code score is here.

    `parts`: block, rows, and their code scores.
    """

    above: float
    parts: tuple[tuple[Block, Rows, Scores], ...]


def nearest(
    blocks: Sequence[Block],
    classes: AbstractSet[int],
    probes: Sequence[CodedProbe],
    depth: int,
    *,
    pool: Executor | None = None,
) -> list[Nearest]:
    """For each probe the permitted rows with a code score better than that of row number `depth` + 1, over all blocks."""
    counts = [(block, block.count(classes)) for block in blocks]
    permitted = sum(count for _, count in counts)
    if not permitted:
        return [Nearest(above=-math.inf, parts=()) for _ in probes]
    stacked = probes[0].rotated if len(probes) == 1 else np.concatenate([probe.rotated for probe in probes])

    def scan(block: Block) -> list[tuple[Piece, list[Listed]]]:
        cut = pieces_of(block, classes, depth, permitted)
        return [(piece, piece.search(stacked, piece.asked)) for piece in cut]

    scanned = [
        one for found in _each(pool, scan, [block for block, count in counts if count]) for one in found
    ]
    pieces = [piece for piece, _ in scanned]
    return [
        _settle(pieces, stacked[n : n + 1], [lists[n] for _, lists in scanned], depth)
        for n in range(len(probes))
    ]


def _each[T, R](pool: Executor | None, act: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [act(item) for item in items] if pool is None or len(items) < 2 else list(pool.map(act, items))


def _settle(pieces: Sequence[Piece], probe: Matrix, lists: list[Listed], depth: int) -> Nearest:
    """The rows to score exactly. Ask again where a list ends too early, until the best of all are known."""
    wanted = depth
    asked = [piece.asked for piece in pieces]
    while True:
        cut = _score_after([one.scores for one in lists], wanted)
        short = [n for n, one in enumerate(lists) if one.complete > cut]
        if not short:
            # Each list is in order, so what is above the cut is its beginning.
            kept = [one.scores.size - int(np.searchsorted(one.scores[::-1], cut, "right")) for one in lists]
            if sum(kept) * 2 >= depth or cut == -math.inf:
                parts = zip(pieces, lists, kept, strict=True)
                return Nearest(
                    above=cut,
                    parts=tuple((at.block, one.rows[:n], one.scores[:n]) for at, one, n in parts if n),
                )
            wanted *= 2  # very many equal rows at the cut
            continue
        for n in short:
            asked[n] *= 4
            lists[n] = pieces[n].search(probe, asked[n])[0]


def _score_after(lists: Sequence[Scores], wanted: int) -> float:
    """The score of row number `wanted` + 1 of some descending lists; -inf where there are no more."""
    if len(lists) == 1:
        return -math.inf if lists[0].size <= wanted else float(lists[0][wanted])
    every = np.concatenate(lists)
    return -math.inf if every.size <= wanted else float(-np.partition(-every, wanted)[wanted])


def _best(found: Sequence[tuple[Block, Rows, Scores]], floor: float, limit: int) -> list[ScoredRow]:
    """The best of all, by name; no other name is looked up."""
    if not found:
        return []
    every = found[0][2] if len(found) == 1 else np.concatenate([one for _, _, one in found])
    falling = np.negative(every)
    order = falling.argsort()
    falling = falling[order]
    # Rows equal to the last are named too, and then go by their names.
    least = -np.float32(floor) if every.size <= limit else min(-np.float32(floor), falling[limit - 1])
    order = order[: falling.searchsorted(least, "right")]
    told = every[order]
    if len(found) == 1:
        names = found[0][0].references(found[0][1][order])
    else:
        placed = np.empty(order.size, object)
        start = 0
        for block, rows, _ in found:
            mine = np.flatnonzero((order >= start) & (order < start + rows.size))
            if mine.size:
                placed[mine] = block.references(rows[order[mine] - start])
            start += rows.size
        names = placed.tolist()
    best = list(map(_scored, zip(names, told.tolist(), strict=True)))
    if np.count_nonzero(told[1:] == told[:-1]):
        best.sort(key=lambda one: (-one.score, one.reference_id))
    return best[:limit]
