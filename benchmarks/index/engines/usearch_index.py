"""usearch: over all rows, and as a graph."""

from __future__ import annotations

import numpy as np

from engines.base import Engine, Numbers, Rows, int8_of


class Exact(Engine):
    """`usearch.index.search` over int8 rows; the rows are held by the caller."""

    depth = 200

    def build(self, rows: Rows) -> None:
        self._scale = 127 / float(np.abs(rows[:100_000]).max())
        self._rows = np.empty(rows.shape, np.int8)
        for start in range(0, len(rows), 100_000):
            part = rows[start : start + 100_000]
            self._rows[start : start + len(part)] = int8_of(part, self._scale)
        self._numbers = np.arange(len(rows))

    def search(self, probes: Rows, count: int) -> Numbers:
        from usearch.index import search

        coded = int8_of(probes, self._scale)
        found = search(self._rows, coded, count, metric="cos", exact=True, threads=1)
        return self._numbers[np.atleast_2d(found.keys).astype(np.int64)]

    def add(self, numbers: Numbers, rows: Rows) -> None:
        self._rows = np.concatenate([self._rows, int8_of(rows, self._scale)])
        self._numbers = np.concatenate([self._numbers, numbers])

    def delete(self, numbers: Numbers) -> None:
        stay = ~np.isin(self._numbers, numbers)
        self._rows, self._numbers = self._rows[stay], self._numbers[stay]

    def save(self) -> None:
        np.save(self.folder / "rows.npy", self._rows)

    def marks(self, numbers: Numbers, rows: Rows) -> list[dict[str, bytes]]:
        return [{"int8": row.tobytes()[:32]} for row in int8_of(rows, self._scale)]


class Graph(Engine):
    """HNSW over int8."""

    depth = 500

    def build(self, rows: Rows) -> None:
        from usearch.index import Index

        self._index = Index(
            ndim=self.dimension,
            metric="cos",
            dtype="i8",
            connectivity=16,
            expansion_add=128,
            expansion_search=512,
        )
        self._index.add(np.arange(len(rows)), np.asarray(rows), threads=1)

    def search(self, probes: Rows, count: int) -> Numbers:
        return np.atleast_2d(self._index.search(probes, count, threads=1).keys).astype(np.int64)

    def add(self, numbers: Numbers, rows: Rows) -> None:
        self._index.add(numbers, rows, threads=1)

    def delete(self, numbers: Numbers) -> None:
        self._index.remove(numbers, compact=True, threads=1)

    def save(self) -> None:
        self._index.save(str(self.folder / "index"))

    def marks(self, numbers: Numbers, rows: Rows) -> list[dict[str, bytes]]:
        return [{"int8": np.asarray(self._index.get(int(n), "i8")).tobytes()[:32]} for n in numbers]
