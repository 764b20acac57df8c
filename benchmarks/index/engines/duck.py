"""DuckDB: a table, ordered by the inner product."""

from __future__ import annotations

import numpy as np

from engines.base import Engine, Numbers, Rows


class Duck(Engine):
    """One thread, a database file."""

    def build(self, rows: Rows) -> None:
        import duckdb

        self._db = duckdb.connect(str(self.folder / "db"))
        self._db.execute("set threads = 1")
        self._db.execute(f"create table t (id bigint, v float[{self.dimension}])")
        self.add(np.arange(len(rows)), rows)

    def search(self, probes: Rows, count: int) -> Numbers:
        text = (
            f"select id from t order by array_inner_product(v, ?::float[{self.dimension}]) desc limit {count}"
        )
        return np.array([self._db.execute(text, [probe.tolist()]).fetchnumpy()["id"] for probe in probes])

    def add(self, numbers: Numbers, rows: Rows) -> None:
        import pyarrow as pa

        for start in range(0, len(rows), 100_000):
            part = np.array(rows[start : start + 100_000])
            table = pa.table(
                {
                    "id": numbers[start : start + 100_000],
                    "v": pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), self.dimension),
                }
            )
            self._db.register("part", table)
            self._db.execute("insert into t select * from part")
            self._db.unregister("part")

    def delete(self, numbers: Numbers) -> None:
        self._db.execute("delete from t where id in (select unnest(?))", [numbers.tolist()])

    def save(self) -> None:
        self._db.execute("checkpoint")

    def clean(self) -> None:
        self._db.execute("vacuum")
        self._db.execute("checkpoint")
