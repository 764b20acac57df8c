"""What an adapter gives: build, search, add, delete, save; and where to look for what was deleted."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

type Rows = npt.NDArray[np.float32]
"""float32 (count, dimension), unit length."""

type Numbers = npt.NDArray[np.int64]
"""int64: row numbers; -1 where there is none."""

_MARK = 32  # bytes looked for: a piece short enough not to run over the pages of most files


class CannotError(Exception):
    """The engine has no such act; the text says so in the table."""


class Engine:
    """One engine in a process of its own. Row numbers are given by the caller and stay."""

    depth = 0
    """Rows that are handed over to be scored again from float32, within the time of the search; 0: none."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.folder, self.dimension = folder, dimension

    def build(self, rows: Rows) -> None:
        """Take all rows, numbered from 0, up to the moment where they can be searched."""
        raise NotImplementedError

    def search(self, probes: Rows, count: int) -> Numbers:
        """(n, count) row numbers, best first."""
        raise NotImplementedError

    def add(self, numbers: Numbers, rows: Rows) -> None:
        raise CannotError("cannot add")

    def delete(self, numbers: Numbers) -> None:
        raise CannotError("cannot delete")

    def save(self) -> None:
        """Everything that it holds is in the files of its folder."""

    def clean(self) -> None:
        """What its makers advise to be rid of deleted rows: compaction, vacuum, upkeep."""

    def close(self) -> None:
        """End what it started."""

    def processes(self) -> Sequence[int]:
        """Servers of its own, whose memory counts."""
        return ()

    def marks(self, numbers: Numbers, rows: Rows) -> list[dict[str, bytes]]:
        """For each row the pieces of bytes that would betray it, by their form."""
        return [{"float32": row.tobytes()[:_MARK]} for row in rows]

    def notes(self) -> dict[str, float]:
        """Further figures of its own, in the unit that their name says."""
        return {}

    def kept(self, marks: Sequence[dict[str, bytes]]) -> dict[str, int]:
        """How many of the rows are in the files, by form. `marks`: as `marks` gave them when the rows were there."""
        found: dict[str, int] = dict.fromkeys((form for one in marks for form in one), 0)
        left = {(form, mark) for one in marks for form, mark in one.items()}
        for path in self.files():
            try:
                with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                    seen = {(form, mark) for form, mark in left if view.find(mark) >= 0}
            except (
                FileNotFoundError,
                ValueError,
            ):  # given up by the engine since it was listed, or empty now
                continue
            for form, _ in seen:
                found[form] += 1
            left -= seen
        return found

    def files(self) -> list[Path]:
        return sorted(path for path, size in self.sizes().items() if size)

    def sizes(self) -> dict[Path, int]:
        """Bytes that each file takes on the disk; an engine may be ending some while they are listed."""
        out = {}
        for path in self.folder.rglob("*"):
            try:
                if path.is_file() and not path.is_symlink():
                    out[path] = min(path.stat().st_size, path.stat().st_blocks * 512)
            except FileNotFoundError:
                continue
        return out


def int8_of(rows: Rows, scale: float) -> npt.NDArray[np.int8]:
    return np.clip(np.rint(rows * scale), -127, 127).astype(np.int8)
