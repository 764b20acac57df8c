"""The exhaustive scan: codes of every permitted row are compared, the best of all are scored exactly.

**What is scored exactly** depends on the permitted rows alone, neither on how they are cut into blocks nor on what else
is there. Where few rows are permitted, all of them. Else those whose codes come nearest: with `depth` the number wanted,
every row whose code score is better than that of row number depth + 1, over all blocks. Rows equal to that one stay out
together, since which of them a block would hand over first is chance; where that leaves too few, `depth` is doubled.

**Permission.** A block in which most rows are permitted is scanned whole and asked for more rows than wanted; rows that
are not permitted are dropped as they come, and where too few remain more are asked for. Of a block in which few are,
only the packed blocks of 32 with permitted rows are scanned. So time is never much more than that of a whole scan, and
less where less is permitted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from countenance.index.blocks import Block, Rows, packed_codes
from countenance.index.codes import BLOCK, CodedProbe, Matrix, blank_scanner, scores

type Scores = npt.NDArray[np.float32]
"""float32 (n,)."""

EXACT_ROWS = 8_192
"""Up to so many permitted rows are all scored exactly: that takes no longer than a scan of their codes pays for."""

_DEPTH = 1_500  # at a million; then no mate at 0.3 and more that brute force has in its first 50 was lost
_SPARSE = 8  # below one permitted row in so many, parts of a block are scanned
_SLACK = 1.25
_TOGETHER = 4  # probes that FastScan takes at once: more than four tables of codes do not stay in registers


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
) -> list[list[tuple[str, float]]]:
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
            block, rows = one[0], np.sort(one[1])
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
    used = [block for block in blocks if block.count(classes)]
    if not used:
        return [Nearest(above=-math.inf, parts=()) for _ in probes]
    permitted = sum(block.count(classes) for block in used)
    stacked = np.concatenate([probe.rotated for probe in probes])

    def scan(block: Block) -> tuple[_Source, list[_List]]:
        source = _Source(block, classes, depth, permitted)
        return source, source.search(stacked, source.asked)

    scanned = _each(pool, scan, used)
    sources = [source for source, _ in scanned]
    return [
        _settle(sources, stacked[n : n + 1], [lists[n] for _, lists in scanned], depth)
        for n in range(len(probes))
    ]


def _each[T, R](pool: Executor | None, act: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [act(item) for item in items] if pool is None or len(items) < 2 else list(pool.map(act, items))


@dataclass(frozen=True, kw_only=True, slots=True)
class _List:
    """Permitted rows of one block by descending code score. `complete`: every row above this score is among them."""

    scores: npt.NDArray[np.float32]
    rows: Rows
    complete: float


class _Source:
    """The part of a block that has to be scanned for given classes. `asked`: how many rows to ask it for at first."""

    def __init__(self, block: Block, classes: AbstractSet[int], depth: int, permitted: int) -> None:
        """`depth` rows are wanted of `permitted` in all blocks."""
        self.block = block
        self._classes = classes
        count = block.count(classes)
        self._blocks: Rows | None = None
        self._scanner: Any = block.scanner()
        if count * _SPARSE < len(block):
            touched = block.permitted(classes) // BLOCK
            wanted = touched[np.diff(touched, prepend=-1) > 0]
            if len(wanted) * BLOCK * 2 < len(block):
                # A last block that is not full is filled up with code 0: those rows exist nowhere and are dropped.
                self._blocks = wanted
                whole = self._scanner
                packed = packed_codes(whole)
                self._scanner, place = blank_scanner(whole.d, len(wanted) * BLOCK)
                np.take(packed, wanted, axis=0, out=place.reshape(-1, packed.shape[1]))
        self.size = int(self._scanner.ntotal)
        # This block's share of the best, and four standard deviations more; what is asked for costs time. Then, where
        # not every row is permitted, so many more that as many are left in all likelihood.
        share = (depth + 1) * count / permitted
        ask = min(depth + 1, share + 4 * math.sqrt(share) + 16)
        if count < self.size:
            ask = _SLACK * ask * self.size / count + BLOCK
        self.asked = min(self.size, math.ceil(ask))

    def search(self, probes: Matrix, ask: int) -> list[_List]:
        """The best rows for each probe."""
        lists: list[_List] = []
        for start in range(0, len(probes), _TOGETHER):
            found, rows = self._scanner.search(probes[start : start + _TOGETHER], ask)
            lists += [self._list(one, at, ask) for one, at in zip(found, rows, strict=True)]
        return lists

    def _list(self, found: npt.NDArray[np.float32], rows: Rows, ask: int) -> _List:
        complete = float(found[-1]) if ask < self.size else -math.inf
        if self._blocks is not None:
            rows = self._blocks[rows // BLOCK] * BLOCK + rows % BLOCK
        there = rows < len(self.block)
        if not there.all():
            found, rows = found[there], rows[there]
        keep = self.block.keep(rows, self._classes)
        return _List(scores=found[keep], rows=rows[keep], complete=complete)


def _settle(sources: Sequence[_Source], probe: Matrix, lists: list[_List], depth: int) -> Nearest:
    """The rows to score exactly. Ask again where a list ends too early, until the best of all are known."""
    wanted = depth
    asked = [source.asked for source in sources]
    while True:
        every = np.concatenate([one.scores for one in lists])
        cut = -math.inf if every.size <= wanted else float(-np.partition(-every, wanted)[wanted])
        short = [n for n, one in enumerate(lists) if one.complete > cut]
        if not short:
            kept = [one.scores > cut for one in lists]
            if sum(int(flags.sum()) for flags in kept) * 2 >= depth or cut == -math.inf:
                parts = zip(sources, lists, kept, strict=True)
                return Nearest(
                    above=cut,
                    parts=tuple((at.block, one.rows[flags], one.scores[flags]) for at, one, flags in parts),
                )
            wanted *= 2  # very many equal rows at the cut
            continue
        for n in short:
            asked[n] = min(sources[n].size, asked[n] * 4)
            lists[n] = sources[n].search(probe, asked[n])[0]


def _best(found: Sequence[tuple[Block, Rows, Scores]], floor: float, limit: int) -> list[tuple[str, float]]:
    """The best of all, by name; no other name is looked up."""
    if not found:
        return []
    every = np.concatenate([one for _, _, one in found])
    good = np.flatnonzero(every >= np.float32(floor))
    if good.size > limit:
        cut = np.partition(every[good], good.size - limit)[good.size - limit]
        good = good[every[good] >= cut]
    order = good[np.argsort(-every[good], kind="stable")]
    names = np.empty(order.size, object)
    start = 0
    for block, rows, _ in found:
        mine = np.flatnonzero((order >= start) & (order < start + rows.size))
        if mine.size:
            names[mine] = block.references(rows[order[mine] - start])
        start += rows.size
    told = every[order]
    best = list(zip(names.tolist(), told.tolist(), strict=True))
    if (told[1:] == told[:-1]).any():
        best.sort(key=lambda one: (-one[1], one[0]))
    return best[:limit]
