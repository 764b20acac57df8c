"""FAISS, by its index factory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engines.base import CannotError, Engine, Numbers, Rows


class Faiss(Engine):
    """An index with the caller's numbers. Codes of the FastScan kind are unpacked to look for deleted rows."""

    def __init__(
        self, folder: Path, dimension: int, *, text: str, nprobe: int = 0, ef: int = 0, depth: int = 0
    ) -> None:
        super().__init__(folder, dimension)
        self._text, self._nprobe, self._ef, self.depth = text, nprobe, ef, depth

    def build(self, rows: Rows) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        lists = min(2048, max(16, len(rows) // 400))
        text = self._text.format(half=self.dimension // 2).replace("IVF2048", f"IVF{lists}")
        inner = faiss.index_factory(self.dimension, text, faiss.METRIC_INNER_PRODUCT)
        if self._ef:
            inner.hnsw.efConstruction = 100
            inner.hnsw.efSearch = self._ef
        # What is taught by rows is taught by the first of them, so that a build copies no more than it must.
        inner.train(np.array(rows[:100_000]))
        if self._nprobe:
            inner.nprobe = min(self._nprobe, lists)
        self._inner = inner
        self._index = inner if self._nprobe else faiss.IndexIDMap(inner)
        for start in range(0, len(rows), 100_000):
            part = np.array(rows[start : start + 100_000])
            self._index.add_with_ids(part, np.arange(start, start + len(part)))

    def search(self, probes: Rows, count: int) -> Numbers:
        found: Numbers = self._index.search(probes, count)[1]
        return found

    def add(self, numbers: Numbers, rows: Rows) -> None:
        self._index.add_with_ids(rows, numbers)

    def delete(self, numbers: Numbers) -> None:
        try:
            self._index.remove_ids(numbers)
        except RuntimeError as error:
            if "not implemented" in str(error):
                raise CannotError("cannot delete") from error
            raise

    def save(self) -> None:
        import faiss

        faiss.write_index(self._index, str(self.folder / "index"))

    def marks(self, numbers: Numbers, rows: Rows) -> list[dict[str, bytes]]:
        if "Flat" in self._text or self._ef:
            return super().marks(numbers, rows)
        codes = self._inner.sa_encode(np.ascontiguousarray(rows))
        if "fs" not in self._text:
            return [{"8-bit code": code.tobytes()[:32]} for code in codes]
        return [{"code": code.tobytes()[: self._inner.M2 // 2]} for code in codes]

    def kept(self, marks: Sequence[dict[str, bytes]]) -> dict[str, int]:
        if "fs" not in self._text:
            return super().kept(marks)
        there = self._unpacked()
        return {"code": sum(one["code"] in there for one in marks)}

    def _unpacked(self) -> set[bytes]:
        """Every code in the saved file, those in the padding after the last row too."""
        import faiss

        saved: Any = faiss.read_index(str(self.folder / "index"))  # owns what it wraps
        inner: Any = faiss.downcast_index(saved.index)
        from countenance.index.codes import unpack

        # A block holds 32 codes at 4 bits a piece, and after them what the kind needs besides (RaBitQ's factors).
        blocks = faiss.vector_to_array(inner.codes).reshape(-(-inner.ntotal // 32), -1)
        packed = np.ascontiguousarray(blocks[:, : inner.M2 * 16])
        return {code.tobytes() for code in unpack(packed, 32 * len(blocks), 2 * inner.M2)}


make = Faiss
