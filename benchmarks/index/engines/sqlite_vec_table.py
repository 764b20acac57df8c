"""sqlite-vec: a virtual table. Needs a SQLite that loads extensions, which the stock interpreters do not have."""

from __future__ import annotations

import sqlite3

import numpy as np

from engines.base import CannotError, Engine, Numbers, Rows


class SqliteVec(Engine):
    """Through apsw, whose SQLite loads extensions."""

    def build(self, rows: Rows) -> None:
        import apsw
        import sqlite_vec

        self._db = apsw.Connection(str(self.folder / "db"))
        self._db.enable_load_extension(True)
        self._db.load_extension(sqlite_vec.loadable_path())
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma secure_delete = on")
        self._db.execute("pragma mmap_size = 8589934592")
        self._db.execute(
            f"create virtual table t using vec0(v float[{self.dimension}] distance_metric=cosine)"
        )
        self.add(np.arange(len(rows)), rows)

    def search(self, probes: Rows, count: int) -> Numbers:
        text = "select rowid from t where v match ? and k = ? order by distance"
        return np.array([[one for (one,) in self._db.execute(text, (p.tobytes(), count))] for p in probes])

    def add(self, numbers: Numbers, rows: Rows) -> None:
        for start in range(0, len(rows), 100_000):
            with self._db:
                self._db.executemany(
                    "insert into t (rowid, v) values (?, ?)",
                    (
                        (int(number), row.tobytes())
                        for number, row in zip(
                            numbers[start : start + 100_000], rows[start : start + 100_000], strict=True
                        )
                    ),
                )

    def delete(self, numbers: Numbers) -> None:
        with self._db:
            self._db.executemany("delete from t where rowid = ?", ((int(one),) for one in numbers))

    def save(self) -> None:
        self._db.execute("pragma wal_checkpoint(truncate)").fetchall()

    def clean(self) -> None:
        self._db.execute("vacuum")
        self.save()

    def close(self) -> None:
        self._db.close()


class StockSqliteVec(Engine):
    """The interpreter's own sqlite3: says why it does not load."""

    def build(self, rows: Rows) -> None:
        import sqlite_vec

        connection = sqlite3.connect(":memory:")
        try:
            connection.enable_load_extension(True)
            sqlite_vec.load(connection)
        except (AttributeError, sqlite3.Error) as error:
            raise CannotError(f"does not load: {error}") from error
        raise CannotError("loads here; the row above measures it")
