"""Rows in memory as the scan sees them, and the growing kind: the head, references that are in no segment yet.

A block holds rows of one gallery and space in any number of permission classes. The scan asks it which rows are
permitted and alive; it learns nothing of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from countenance.index.codes import BLOCK, Bytes8, Codec, Exact, new_scanner

type Rows = npt.NDArray[np.int64]
"""int64 (n,): positions in a block."""

type Flags = npt.NDArray[np.bool_]
"""bool (n,)."""

_FIRST_ROWS = 64
_GROWTH = 1.5
_MOST_ROWS = 65_536


class Block(Protocol):
    """What the scan needs of rows, whether they are in the head or in a segment."""

    def __len__(self) -> int:
        """All rows, those that are not alive too."""
        ...

    def count(self, classes: AbstractSet[int]) -> int:
        """How many rows are alive and of one of `classes`."""
        ...

    def permitted(self, classes: AbstractSet[int]) -> Rows:
        """Those rows, ascending."""
        ...

    def keep(self, rows: Rows, classes: AbstractSet[int]) -> Flags:
        """Which of `rows` are among them."""
        ...

    def flags(self, classes: AbstractSet[int]) -> Flags:
        """The same of every row, and False up to a multiple of 32."""
        ...

    def scanner(self) -> Any:
        """A FAISS FastScan index over all rows."""
        ...

    def exact(self, rows: Rows) -> Exact:
        """Rows for exact scoring."""
        ...

    def references(self, rows: Rows) -> list[str]:
        """Their reference ids."""
        ...


def packed_codes(scanner: Any) -> Bytes8:
    """The packed codes of a scanner, uint8 (blocks of 32 rows, bytes of each): a view, good while the scanner is held."""
    import faiss

    blocks = -(-int(scanner.ntotal) // BLOCK)
    wide = BLOCK * (scanner.M2 // 2)
    if not blocks:
        return np.zeros((0, wide), np.uint8)
    view: Bytes8 = faiss.rev_swig_ptr(scanner.codes.get(), blocks * wide)
    return view.reshape(blocks, wide)


class HeadBlock:
    """Up to 65,536 rows that came one after another. Dead rows stay in place, overwritten with zeros."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._references: list[str] = []
        self._values = np.zeros((_FIRST_ROWS, codec.dimension), np.int8)
        self._scales = np.zeros(_FIRST_ROWS, np.float32)
        self._classes = np.zeros(_FIRST_ROWS, np.int64)
        self._seqs = np.zeros(_FIRST_ROWS, np.int64)
        self._alive = np.zeros(_FIRST_ROWS, np.bool_)
        self._counts: Counter[int] = Counter()
        self._scanner: Any = None

    def __len__(self) -> int:
        return len(self._references)

    @property
    def full(self) -> bool:
        return len(self) >= _MOST_ROWS

    @property
    def alive(self) -> int:
        return sum(self._counts.values())

    @property
    def resident_bytes(self) -> int:
        """Of the arrays and codes; ids are Python's."""
        codes = 0 if self._scanner is None else self._scanner.ntotal2 * self._codec.dimension // 4
        arrays = (self._values, self._scales, self._classes, self._seqs, self._alive)
        return codes + sum(array.nbytes for array in arrays)

    def append(self, reference: str, class_id: int, seq: int, exact: Exact, row: int) -> int:
        """Add row `row` of `exact`; returns its position here."""
        at = len(self)
        if at == len(self._values):
            self._grow(min(_MOST_ROWS, int(at * _GROWTH)))
        self._values[at], self._scales[at] = exact.values[row], exact.scales[row]
        self._classes[at], self._seqs[at], self._alive[at] = class_id, seq, True
        self._counts[class_id] += 1
        self._references.append(reference)
        return at

    def kill(self, row: int) -> None:
        """Take one row out: it is in no answer any more, and its values are overwritten."""
        if not self._alive[row]:
            return
        self._alive[row] = False
        self._counts[int(self._classes[row])] -= 1
        self._values[row] = 0
        self._scales[row] = 0
        self._references[row] = ""

    def living(self, *, after: int = -1) -> Rows:
        """Rows alive that were enrolled after number `after`."""
        n = len(self)
        return np.flatnonzero(self._alive[:n] & (self._seqs[:n] > after))

    def classes(self, rows: Rows) -> npt.NDArray[np.int64]:
        return self._classes[rows]

    def seqs(self, rows: Rows) -> npt.NDArray[np.int64]:
        return self._seqs[rows]

    def count(self, classes: AbstractSet[int]) -> int:
        return sum(self._counts[class_id] for class_id in classes if class_id in self._counts)

    def permitted(self, classes: AbstractSet[int]) -> Rows:
        n = len(self)
        return np.flatnonzero(self._alive[:n] & np.isin(self._classes[:n], list(classes)))

    def keep(self, rows: Rows, classes: AbstractSet[int]) -> Flags:
        return self._alive[rows] & np.isin(self._classes[rows], list(classes))

    def flags(self, classes: AbstractSet[int]) -> Flags:
        flags = np.zeros(-(-len(self) // BLOCK) * BLOCK, np.bool_)
        flags[self.permitted(classes)] = True
        return flags

    def scanner(self) -> Any:
        """Codes are made when a scan first asks for them; searches that score few rows exactly never do."""
        scanner = self._scanner
        done = 0 if scanner is None else int(scanner.ntotal)
        if scanner is not None and done == len(self):
            return scanner
        # A new object, since other searches may be scanning the old one.
        made = new_scanner(self._codec.dimension)
        if scanner is not None:
            import faiss

            faiss.copy_array_to_AlignedTable(faiss.AlignedTable_to_array(scanner.codes), made.codes)
            made.ntotal, made.ntotal2 = scanner.ntotal, scanner.ntotal2
        values = self._values[done : len(self)].astype(np.float32) * self._scales[done : len(self), None]
        made.add(values)
        self._scanner = made
        return made

    def exact(self, rows: Rows) -> Exact:
        return Exact(values=self._values[rows], scales=self._scales[rows])

    def references(self, rows: Rows) -> list[str]:
        return [self._references[row] for row in rows.tolist()]

    def _grow(self, rows: int) -> None:
        for name in ("_values", "_scales", "_classes", "_seqs", "_alive"):
            old = getattr(self, name)
            new = np.zeros((rows, *old.shape[1:]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)
            if name == "_values":
                old[:] = 0


class Head:
    """References of one gallery and space that are in no segment yet."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.blocks: list[HeadBlock] = []
        self._where: dict[str, tuple[HeadBlock, int]] = {}

    def __len__(self) -> int:
        return len(self._where)

    def __contains__(self, reference: str) -> bool:
        return reference in self._where

    def add(
        self, references: Sequence[str], classes: Sequence[int], seqs: Sequence[int], exact: Exact
    ) -> None:
        """Add rows; a reference that is there already is replaced."""
        for n, (reference, class_id, seq) in enumerate(zip(references, classes, seqs, strict=True)):
            self.discard(reference)
            if not self.blocks or self.blocks[-1].full:
                self.blocks.append(HeadBlock(self.codec))
            block = self.blocks[-1]
            self._where[reference] = (block, block.append(reference, class_id, seq, exact, n))

    def discard(self, reference: str) -> bool:
        """Take one reference out; False where there was none."""
        found = self._where.pop(reference, None)
        if found is None:
            return False
        block, row = found
        block.kill(row)
        if block.alive < len(block) // 4 and len(block) > _FIRST_ROWS:
            self._rewrite(block)
        return True

    def after(self, seq: int) -> Head:
        """A head of the references enrolled after number `seq`."""
        if all(len(block.living(after=seq)) == len(block) for block in self.blocks):
            return self
        kept = Head(self.codec)
        for block in self.blocks:
            kept.take(block, block.living(after=seq))
        return kept

    def take(self, block: HeadBlock, rows: Rows) -> None:
        """Add rows of another head's block."""
        self.add(
            block.references(rows), block.classes(rows).tolist(), block.seqs(rows).tolist(), block.exact(rows)
        )

    def living(self) -> Iterator[tuple[HeadBlock, Rows]]:
        """Every block with the rows of it that are alive."""
        for block in self.blocks:
            yield block, block.living()

    def _rewrite(self, block: HeadBlock) -> None:
        fresh = HeadBlock(self.codec)
        rows = block.living()
        exact = block.exact(rows)
        parts = zip(
            block.references(rows), block.classes(rows).tolist(), block.seqs(rows).tolist(), strict=True
        )
        for n, (reference, class_id, seq) in enumerate(parts):
            self._where[reference] = (fresh, fresh.append(reference, class_id, seq, exact, n))
        at = self.blocks.index(block)
        self.blocks[at : at + 1] = [fresh] if len(fresh) else []
