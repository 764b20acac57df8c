"""LanceDB: a table on disk, with and without an index."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

from engines.base import Engine, Numbers, Rows


class Lance(Engine):
    """Rows as lists of float32 of a fixed length in a Lance table."""

    def __init__(
        self, folder: Path, dimension: int, *, partitions: int = 0, nprobes: int = 0, refine: int = 0
    ) -> None:
        super().__init__(folder, dimension)
        self._partitions, self._nprobes, self._refine = partitions, nprobes, refine

    def build(self, rows: Rows) -> None:
        import lancedb

        self._table = lancedb.connect(str(self.folder)).create_table(
            "templates", data=iter(self._batches(np.arange(len(rows)), rows)), schema=self._schema()
        )
        if self._partitions:
            from lancedb.index import IvfRq

            self._table.create_index(
                "vector", config=IvfRq(distance_type="dot", num_partitions=self._partitions)
            )
            self._table.wait_for_index(["vector_idx"], timedelta(minutes=20))

    def search(self, probes: Rows, count: int) -> Numbers:
        out = []
        for probe in probes:
            query = self._table.search(probe).distance_type("dot").select(["id"]).limit(count)
            if self._partitions:
                query = query.nprobes(self._nprobes).refine_factor(self._refine)
            out.append(_filled(query.to_arrow()["id"].to_numpy(), count))
        return np.array(out)

    def add(self, numbers: Numbers, rows: Rows) -> None:
        for batch in self._batches(numbers, rows):
            self._table.add(batch)

    def delete(self, numbers: Numbers) -> None:
        self._table.delete(f"id in ({', '.join(map(str, numbers.tolist()))})")

    def clean(self) -> None:
        self._table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)

    def _schema(self):
        import pyarrow as pa

        return pa.schema([("id", pa.int64()), ("vector", pa.list_(pa.float32(), self.dimension))])

    def _batches(self, numbers: Numbers, rows: Rows):
        import pyarrow as pa

        for start in range(0, len(rows), 100_000):
            part = np.array(rows[start : start + 100_000])
            values = pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), self.dimension)
            yield pa.RecordBatch.from_arrays(
                [pa.array(numbers[start : start + 100_000]), values], schema=self._schema()
            )


def _filled(numbers: Numbers, count: int) -> Numbers:
    return np.pad(numbers, (0, count - len(numbers)), constant_values=-1)
