"""What of a block is scanned for given permission classes: the whole, or the packed blocks of 32 that hold permitted rows.

Rows of a segment lie class by class, so what is permitted are a few long runs.

**Nearly all permitted.** The block is scanned where it lies and asked for as many rows more as it holds excluded ones:
however near those are, as many permitted rows as wanted are left.

**Else** the packed blocks with permitted rows are gathered, piece by piece into one small place that stays in the
processor's cache, and scanned there. Excluded rows beside permitted ones (at the ends of runs) are allowed for in the
same way.

In both ways sizes, calls and lengths of lists follow from how many rows are permitted and where they lie. They do not
depend on what the excluded rows are, so the time does not tell of it. A list is cut to the permitted rows wanted before
anybody looks where it ends.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from countenance.index.blocks import Block, Flags, Rows, packed_codes
from countenance.index.codes import BLOCK, Bytes8, Matrix, blank_scanner

type Scores = npt.NDArray[np.float32]
"""float32 (n,)."""

_ALONG = 4_096  # excluded rows of a block that are scanned with it: asking for so many more costs less than gathering
_PLACE_BYTES = 1 << 21  # of codes that are gathered at once: about a processor's second cache
_TOGETHER = 4  # probes that FastScan takes at once: more than four tables of codes do not stay in registers
_gathering = threading.local()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Listed:
    """Permitted rows of one piece by descending code score. `complete`: every row above this score is among them."""

    scores: Scores
    rows: Rows
    complete: float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Piece:
    """A part of a block that is scanned in one call.

    `count`: permitted rows in it. `excluded`: other rows that are scanned with them. `asked`: permitted rows to ask for
    at first. `flags`: of the whole block, which rows are permitted; `packed`: numbers of the packed blocks that are
    gathered; both None where the block is scanned as it lies.
    """

    block: Block
    classes: AbstractSet[int]
    count: int
    excluded: int
    asked: int
    flags: Flags | None
    packed: Rows | None

    def search(self, probes: Matrix, wanted: int) -> list[Listed]:
        """The best `wanted` permitted rows for each probe, or all of them."""
        scanner = (
            self.block.scanner() if self.packed is None else _gathered(self.block.scanner(), self.packed)
        )
        wanted = min(wanted, self.count)
        lists: list[Listed] = []
        for start in range(0, len(probes), _TOGETHER):
            found, rows = scanner.search(probes[start : start + _TOGETHER], wanted + self.excluded)
            lists += [self._listed(one, at, wanted) for one, at in zip(found, rows, strict=True)]
        return lists

    def _listed(self, found: Scores, rows: Rows, wanted: int) -> Listed:
        if self.packed is not None and self.flags is not None:
            rows = self.packed[rows // BLOCK] * BLOCK + rows % BLOCK
            keep = self.flags[rows]
            found, rows = found[keep][:wanted], rows[keep][:wanted]
        elif self.excluded:
            keep = self.block.keep(rows, self.classes)
            found, rows = found[keep][:wanted], rows[keep][:wanted]
        return Listed(
            scores=found, rows=rows, complete=float(found[-1]) if wanted < self.count else -math.inf
        )


def pieces_of(block: Block, classes: AbstractSet[int], depth: int, permitted: int) -> list[Piece]:
    """The pieces of a block that holds permitted rows; `depth` rows are wanted of `permitted` in all blocks."""
    count = block.count(classes)
    excluded = len(block) - count
    if excluded <= _ALONG:
        return [
            Piece(
                block=block,
                classes=classes,
                count=count,
                excluded=excluded,
                asked=_share(count, depth, permitted),
                flags=None,
                packed=None,
            )
        ]
    flags = block.flags(classes)
    counts = np.bitwise_count(np.packbits(flags).view(np.uint32))
    packed = np.flatnonzero(counts)
    most = max(1, _PLACE_BYTES // (BLOCK * block.scanner().code_size))
    pieces = []
    for start in range(0, len(packed), most):
        part = packed[start : start + most]
        here = int(counts[part].sum())
        pieces.append(
            Piece(
                block=block,
                classes=classes,
                count=here,
                excluded=len(part) * BLOCK - here,
                asked=_share(here, depth, permitted),
                flags=flags,
                packed=part,
            )
        )
    return pieces


def _share(count: int, depth: int, permitted: int) -> int:
    """A piece's share of the best and four standard deviations more: what is asked for costs time."""
    share = (depth + 1) * count / permitted
    return math.ceil(min(depth + 1, share + 4 * math.sqrt(share) + 16))


def _gathered(whole: Any, packed: Rows) -> Any:
    """A scanner over copies of some packed blocks of another. One a thread, filled anew each time."""
    places: dict[int, tuple[Any, Bytes8]] = _gathering.__dict__.setdefault("places", {})
    wide = BLOCK * whole.code_size
    rows = len(packed) * BLOCK
    scanner, place = places.get(whole.d, (None, np.zeros(0, np.uint8)))
    if len(place) < len(packed) * wide:
        scanner, place = blank_scanner(whole.d, max(rows, _PLACE_BYTES // wide * BLOCK))
        places[whole.d] = (scanner, place)
    scanner.ntotal = scanner.ntotal2 = rows
    # In this mode NumPy writes where it is told to, without a copy between.
    np.take(
        packed_codes(whole), packed, axis=0, out=place[: len(packed) * wide].reshape(-1, wide), mode="clip"
    )
    return scanner
