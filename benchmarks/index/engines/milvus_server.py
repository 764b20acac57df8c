"""Milvus: the 2.3 server of the `milvus` wheel in a process of its own, and Milvus Lite within this one.

The server listens on every interface and asks nobody for a password. It is started only where this process has a network
of its own (a Linux namespace with nothing but the loopback device), which the trial makes before it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from engines.base import CannotError, Engine, Numbers, Rows

_AT_ONCE = 20_000


class _Collection(Engine):
    """What both have in common: a collection with one FLAT index."""

    _client: Any
    _wait = True

    def _connect(self) -> Any:
        raise NotImplementedError

    def build(self, rows: Rows) -> None:
        from pymilvus import DataType

        self._client = self._connect()
        schema = self._client.create_schema(auto_id=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("v", DataType.FLOAT_VECTOR, dim=self.dimension)
        index = self._client.prepare_index_params()
        index.add_index("v", index_type="FLAT", metric_type="IP")
        self._client.create_collection("templates", schema=schema)
        self.add(np.arange(len(rows)), rows)
        self.save()
        self._client.create_index("templates", index)
        self._client.load_collection("templates")

    def search(self, probes: Rows, count: int) -> Numbers:
        found = self._client.search(
            "templates",
            data=list(probes),
            limit=count,
            anns_field="v",
            search_params={"metric_type": "IP"},
            # Strong consistency waits for the next tick of its clock, 200 ms.
            consistency_level="Eventually",
        )
        out = np.full((len(probes), count), -1)
        for row, one in zip(out, found, strict=True):
            row[: len(one)] = [item["id"] for item in one]
        return out

    def add(self, numbers: Numbers, rows: Rows) -> None:
        for start in range(0, len(rows), _AT_ONCE):
            self._client.insert(
                "templates",
                [
                    {"id": number, "v": row}
                    for number, row in zip(
                        numbers[start : start + _AT_ONCE].tolist(),
                        np.array(rows[start : start + _AT_ONCE]),
                        strict=True,
                    )
                ],
            )

    def delete(self, numbers: Numbers) -> None:
        self._client.delete("templates", ids=numbers.tolist())

    def save(self) -> None:
        self._client.flush("templates")

    def clean(self) -> None:
        job = self._client.compact("templates")
        for _ in range(60):
            if self._client.get_compaction_state(job) in {"Completed", "UndefiedState"}:
                break
            time.sleep(1)
        self.save()


class Server(_Collection):
    """The server, reached over the loopback device."""

    _server: Any = None

    def _connect(self) -> Any:
        if os.environ.get("COMPARE_OWN_NETWORK") != "1":
            raise CannotError(
                "not started: it listens on all interfaces, and this process has no network of its own"
            )
        from milvus import MilvusServer
        from pymilvus import MilvusClient

        self._server = MilvusServer()
        self._server.set_base_dir(str(self.folder))
        self._server.config.set("proxy_port", 19_530)
        self._server.start()
        return MilvusClient(uri=f"http://127.0.0.1:{self._server.listen_port}", timeout=120)

    def processes(self) -> list[int]:
        return [self._server.server_proc.pid]

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()


class Lite(_Collection):
    """Milvus Lite, a file."""

    def _connect(self) -> Any:
        from pymilvus import MilvusClient

        return MilvusClient(str(self.folder / "lite.db"))

    def processes(self) -> list[int]:
        own = os.getpid()
        children = Path(f"/proc/self/task/{own}/children").read_text().split()
        return [int(one) for one in children]

    def close(self) -> None:
        self._client.close()
