"""turbovec: 4 bits a value, exhaustive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.base import CannotError, Engine, Numbers, Rows


class Turbovec(Engine):
    """Its codes have no published layout, so deleted rows are not looked for."""

    depth = 1_500

    def build(self, rows: Rows) -> None:
        from turbovec import IdMapIndex

        self._index = IdMapIndex(self.dimension, 4)
        for start in range(0, len(rows), 100_000):
            part = np.array(rows[start : start + 100_000])
            self._index.add_with_ids(part, np.arange(start, start + len(part), dtype=np.uint64))

    def search(self, probes: Rows, count: int) -> Numbers:
        return np.asarray(self._index.search(probes, count)[1]).astype(np.int64)

    def add(self, numbers: Numbers, rows: Rows) -> None:
        self._index.add_with_ids(rows, numbers.astype(np.uint64))

    def delete(self, numbers: Numbers) -> None:
        for number in numbers.tolist():
            self._index.remove(number)

    def save(self) -> None:
        self._index.write(str(self.folder / "index"))

    def kept(self, marks: Sequence[dict[str, bytes]]) -> dict[str, int]:
        raise CannotError("not looked for: layout of its codes unpublished")
