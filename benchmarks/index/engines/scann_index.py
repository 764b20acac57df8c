"""ScaNN: asymmetric hashing over everything or over the leaves of a tree, with its own exact scoring."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engines.base import Engine, Numbers, Rows


class Scann(Engine):
    """Keeps the rows as float32 for its exact stage, so it hands over exact scores by itself."""

    def __init__(self, folder: Path, dimension: int, *, leaves: int = 0, looked: int = 0) -> None:
        super().__init__(folder, dimension)
        self._leaves, self._looked = leaves, looked

    def build(self, rows: Rows) -> None:
        from scann.scann_ops.py import scann_ops_pybind

        maker = scann_ops_pybind.builder(np.array(rows), 50, "dot_product").set_n_training_threads(1)
        if self._leaves:
            leaves = min(self._leaves, max(16, len(rows) // 400))
            looked = min(self._looked, leaves)
            maker = maker.tree(leaves, looked, training_sample_size=100_000)
        # Two values a block of 16 centres: the 4 bits a pair of the other engines.
        maker = maker.score_ah(2, training_sample_size=100_000).reorder(1_500)
        self._index = maker.build(docids=[str(n) for n in range(len(rows))])
        self._index.set_num_threads(1)

    def search(self, probes: Rows, count: int) -> Numbers:
        if len(probes) == 1:
            found = [self._index.search(probes[0], final_num_neighbors=count)[0]]
        else:
            found = self._index.search_batched(probes, final_num_neighbors=count)[0]
        return np.array([np.asarray(one).astype(np.int64) for one in found])

    def add(self, numbers: Numbers, rows: Rows) -> None:
        self._index.upsert([str(n) for n in numbers], rows)

    def delete(self, numbers: Numbers) -> None:
        self._index.delete([str(n) for n in numbers])

    def save(self) -> None:
        self._index.serialize(str(self.folder))
