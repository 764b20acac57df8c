"""zvec: a collection on disk, flat or as a graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engines.base import Engine, Numbers, Rows


class Zvec(Engine):
    """One thread. Flat in int8 (the quicker of its two flat forms), or HNSW over float32."""

    def __init__(self, folder: Path, dimension: int, *, graph: bool = False) -> None:
        super().__init__(folder, dimension)
        self._graph = graph
        self.depth = 0 if graph else 200

    def build(self, rows: Rows) -> None:
        import zvec

        zvec.init(query_threads=1, optimize_threads=1, log_dir=str(self.folder / "logs"))
        if self._graph:
            kind = zvec.HnswIndexParam(metric_type=zvec.MetricType.IP, m=32, ef_construction=200)
        else:
            kind = zvec.FlatIndexParam(metric_type=zvec.MetricType.IP, quantize_type=zvec.QuantizeType.INT8)
        schema = zvec.CollectionSchema(
            name="templates",
            vectors=zvec.VectorSchema("v", zvec.DataType.VECTOR_FP32, self.dimension, index_param=kind),
        )
        self._table = zvec.create_and_open(str(self.folder / "templates"), schema)
        self.add(np.arange(len(rows)), rows)
        self._table.optimize(zvec.OptimizeOption(concurrency=1))

    def search(self, probes: Rows, count: int) -> Numbers:
        import zvec

        out = np.full((len(probes), count), -1)
        for row, probe in zip(out, probes, strict=True):
            more = {"param": zvec.HnswQueryParam(ef=512)} if self._graph else {}
            found = self._table.query(
                zvec.Query("v", vector=probe.tolist(), **more), topk=count, output_fields=[]
            )
            row[: len(found)] = [int(one.id) for one in found]
        return out

    def add(self, numbers: Numbers, rows: Rows) -> None:
        import zvec

        for start in range(0, len(rows), 1_000):
            part = rows[start : start + 1_000].tolist()
            docs = [
                zvec.Doc(id=str(number), vectors={"v": row})
                for number, row in zip(numbers[start : start + 1_000], part, strict=True)
            ]
            self._table.insert(docs)

    def delete(self, numbers: Numbers) -> None:
        self._table.delete([str(one) for one in numbers])

    def save(self) -> None:
        self._table.flush()

    def clean(self) -> None:
        import zvec

        self._table.optimize(zvec.OptimizeOption(concurrency=1))
        self._table.flush()

    def close(self) -> None:
        self._table.close()
