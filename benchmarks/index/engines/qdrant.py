"""Qdrant Edge: Qdrant's engine within a process. (Its server cannot be had from a package registry.)"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engines.base import Engine, Numbers, Rows


class Edge(Engine):
    """Exact search where asked for, else its graph."""

    def __init__(self, folder: Path, dimension: int, *, graph: bool = False) -> None:
        super().__init__(folder, dimension)
        self._graph = graph

    def build(self, rows: Rows) -> None:
        import qdrant_edge as q

        self._count = len(rows)
        vectors = q.EdgeVectorParams(size=self.dimension, distance=q.Distance.Dot, on_disk=False)
        # Without this threshold the exact form would build a graph that it then does not use.
        config = q.EdgeConfig(
            vectors={"v": vectors},
            hnsw_config=q.HnswIndexConfig(
                m=16, ef_construct=100, full_scan_threshold=10_000, max_indexing_threads=1
            ),
            optimizers=q.EdgeOptimizersConfig(
                default_segment_number=1, indexing_threshold=None if self._graph else 0
            ),
            max_search_threads=1,
        )
        self._path = self.folder / "shard"
        self._path.mkdir()
        self._shard = q.EdgeShard.create(str(self._path), config)
        self.add(np.arange(len(rows)), rows)
        self._shard.optimize()

    def search(self, probes: Rows, count: int) -> Numbers:
        import qdrant_edge as q

        params = q.SearchParams(hnsw_ef=512) if self._graph else q.SearchParams(exact=True)
        out = np.full((len(probes), count), -1)
        for row, probe in zip(out, probes, strict=True):
            query = q.Query.Nearest(probe.tolist(), using="v")
            found = self._shard.search(q.SearchRequest(query=query, limit=count, params=params))
            row[: len(found)] = [one.id for one in found]
        return out

    def add(self, numbers: Numbers, rows: Rows) -> None:
        import qdrant_edge as q

        for start in range(0, len(rows), 5_000):
            points = [
                q.Point(number, {"v": row})
                for number, row in zip(
                    numbers[start : start + 5_000].tolist(), rows[start : start + 5_000].tolist(), strict=True
                )
            ]
            self._shard.update(q.UpdateOperation.upsert_points(points))

    def delete(self, numbers: Numbers) -> None:
        import qdrant_edge as q

        self._shard.update(q.UpdateOperation.delete_points(numbers.tolist()))

    def save(self) -> None:
        self._shard.flush()

    def clean(self) -> None:
        self._shard.optimize()
        self._shard.flush()

    def close(self) -> None:
        self._shard.close()
