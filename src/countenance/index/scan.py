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
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from countenance.index.blocks import Block, Rows, packed_codes
from countenance.index.codes import BLOCK, CodedProbe, Exact, Matrix, blank_scanner, scores

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
) -> list[list[tuple[str, float]]]:
    """For each probe: the best `limit` permitted rows of score `floor` and more, best first, ties by reference id."""
    used = [block for block in blocks if block.count(classes)]
    permitted = sum(block.count(classes) for block in used)
    if permitted <= EXACT_ROWS:
        everything = [(block, block.permitted(classes)) for block in used]
        shared = [(block, rows, block.exact(rows)) for block, rows in everything]
        return [_score(shared, probe, floor=floor, limit=limit) for probe in probes]
    sources = [_Source(block, classes) for block in used]
    depth = depth_for(permitted, limit)
    nearest = _nearest(sources, probes, depth)
    return [
        _score(
            [
                (source.block, rows, source.block.exact(rows))
                for source, rows in zip(sources, found, strict=True)
            ],
            probe,
            floor=floor,
            limit=limit,
        )
        for found, probe in zip(nearest, probes, strict=True)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class _List:
    """Permitted rows of one block by descending code score. `complete`: every row above this score is among them."""

    scores: npt.NDArray[np.float32]
    rows: Rows
    complete: float


class _Source:
    """The part of a block that has to be scanned for given classes."""

    def __init__(self, block: Block, classes: AbstractSet[int]) -> None:
        self.block = block
        self._classes = classes
        self._count = block.count(classes)
        self._blocks: Rows | None = None
        self._scanner: Any = block.scanner()
        if self._count * _SPARSE < len(block):
            touched = block.permitted(classes) // BLOCK
            wanted = touched[np.diff(touched, prepend=-1) > 0]
            if len(wanted) * BLOCK * 2 < len(block):
                # A last block that is not full is filled up with code 0: those rows exist nowhere and are dropped.
                self._blocks = wanted
                whole = self._scanner
                packed = packed_codes(whole)
                self._scanner, place = blank_scanner(whole.d, len(wanted) * BLOCK)
                np.take(packed, wanted, axis=0, out=place.reshape(-1, packed.shape[1]))
        self._size = int(self._scanner.ntotal)

    def first_ask(self, depth: int) -> int:
        """How many rows to ask for, so that `depth` and one more are permitted in all likelihood."""
        if self._count == self._size:
            return min(self._size, depth + 1)
        return min(self._size, math.ceil(_SLACK * (depth + 1) * self._size / self._count) + BLOCK)

    def search(self, probes: Matrix, ask: int) -> list[_List]:
        """The best rows for each probe."""
        lists: list[_List] = []
        for start in range(0, len(probes), _TOGETHER):
            found, rows = self._scanner.search(probes[start : start + _TOGETHER], ask)
            lists += [self._list(one, at, ask) for one, at in zip(found, rows, strict=True)]
        return lists

    def _list(self, found: npt.NDArray[np.float32], rows: Rows, ask: int) -> _List:
        complete = float(found[-1]) if ask < self._size else -math.inf
        if self._blocks is not None:
            rows = self._blocks[rows // BLOCK] * BLOCK + rows % BLOCK
        there = rows < len(self.block)
        if not there.all():
            found, rows = found[there], rows[there]
        keep = self.block.keep(rows, self._classes)
        return _List(scores=found[keep], rows=rows[keep], complete=complete)


def _nearest(sources: Sequence[_Source], probes: Sequence[CodedProbe], depth: int) -> list[list[Rows]]:
    """For each probe the rows to score exactly, by source."""
    stacked = np.concatenate([probe.rotated for probe in probes])
    asked = [source.first_ask(depth) for source in sources]
    lists = [source.search(stacked, ask) for source, ask in zip(sources, asked, strict=True)]
    return [
        _settle(sources, stacked[n : n + 1], [one[n] for one in lists], list(asked), depth)
        for n in range(len(probes))
    ]


def _settle(
    sources: Sequence[_Source], probe: Matrix, lists: list[_List], asked: list[int], depth: int
) -> list[Rows]:
    """Ask again where a list ends too early, until the best of all are known."""
    wanted = depth
    while True:
        every = np.concatenate([one.scores for one in lists])
        cut = -math.inf if every.size <= wanted else float(-np.partition(-every, wanted)[wanted])
        short = [n for n, one in enumerate(lists) if one.complete > cut]
        if not short:
            kept = [one.rows[one.scores > cut] for one in lists]
            if sum(rows.size for rows in kept) * 2 >= depth or cut == -math.inf:
                return kept
            wanted *= 2  # very many equal rows at the cut
            continue
        for n in short:
            asked[n] = min(sources[n]._size, asked[n] * 4)  # noqa: SLF001 - one pair of classes
            lists[n] = sources[n].search(probe, asked[n])[0]


def _score(
    found: Sequence[tuple[Block, Rows, Exact]], probe: CodedProbe, *, floor: float, limit: int
) -> list[tuple[str, float]]:
    scored = [scores(exact, probe) for _, _, exact in found]
    every = np.concatenate(scored) if scored else np.zeros(0, np.float32)
    least = np.float32(floor)
    if every.size > limit:
        least = max(least, -np.partition(-every, limit - 1)[limit - 1])
    best: list[tuple[float, str]] = []
    for (block, rows, _), one in zip(found, scored, strict=True):
        good = one >= least
        best += zip((-one[good]).tolist(), block.references(rows[good]), strict=True)
    best.sort()
    return [(reference, -score) for score, reference in best[:limit]]
