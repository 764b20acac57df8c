"""NumPy: the product with every row."""

from __future__ import annotations

import numpy as np

from engines.base import Engine, Numbers, Rows


class Numpy(Engine):
    """All rows as float32 in memory."""

    def build(self, rows: Rows) -> None:
        self._rows = np.array(rows)
        self._numbers = np.arange(len(rows))

    def search(self, probes: Rows, count: int) -> Numbers:
        best = []
        for start in range(0, len(probes), 8):  # eight at once: more scores would not fit beside the rows
            for scores in probes[start : start + 8] @ self._rows.T:
                top = np.argpartition(scores, -count)[-count:]
                best.append(self._numbers[top[np.argsort(-scores[top])]])
        return np.array(best)

    def add(self, numbers: Numbers, rows: Rows) -> None:
        self._rows = np.concatenate([self._rows, rows])
        self._numbers = np.concatenate([self._numbers, numbers])

    def delete(self, numbers: Numbers) -> None:
        stay = ~np.isin(self._numbers, numbers)
        self._rows, self._numbers = self._rows[stay], self._numbers[stay]

    def save(self) -> None:
        np.save(self.folder / "rows.npy", self._rows)
