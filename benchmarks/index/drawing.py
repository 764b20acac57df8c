"""Draws what the engines are compared on: references, probes with mates by band of their true score, probes without.

Files in a folder, float32 (count, dimension) and int64 row numbers: `rows`, `banded` (equal numbers of each band) and
`mated` (as they come) with `..-mates`, `banded-brute` (whether brute
force has the mate among the first 50), `nonmated` (people who are not enrolled), `added` (people who will be).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from generator import TemplateGenerator

BANDS = {"0.3-0.4": (0.3, 0.4), "0.4-0.5": (0.4, 0.5), ">0.5": (0.5, 1.01)}
PER_BAND, AS_THEY_COME, ADDED = 200, 1_000, 1_000
_PIECE = 100_000


def draw_data(folder: Path, count: int, dimension: int, seed: int) -> None:
    """Draw once; a folder that is complete is left as it is. Rows are written piece by piece."""
    if (folder / "drawn.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    draw_from = TemplateGenerator(seed, dimension)
    rows = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float32, (count, dimension))
    # Mates are in the first piece, so that an engine that is given fewer rows has them too.
    people = draw_from.people(min(count, _PIECE))
    rows[: len(people)] = draw_from.photographs(people)
    probes = draw_from.photographs(people)
    true = np.einsum("ij,ij->i", probes, rows[: len(people)])
    chosen = [np.flatnonzero((true >= low) & (true < high))[:PER_BAND] for low, high in BANDS.values()]
    each = min(map(len, chosen))
    _save(folder, "banded", probes, np.concatenate([one[:each] for one in chosen]))
    asked = min(AS_THEY_COME, len(people))
    _save(
        folder, "mated", draw_from.photographs(people[-asked:]), np.arange(len(people) - asked, len(people))
    )
    np.save(folder / "nonmated.npy", draw_from.photographs(draw_from.people(AS_THEY_COME)))
    np.save(folder / "added.npy", draw_from.photographs(draw_from.people(ADDED)))
    for start in range(len(people), count, _PIECE):
        piece = draw_from.people(min(_PIECE, count - start))
        rows[start : start + len(piece)] = draw_from.photographs(piece)
    rows.flush()
    np.save(folder / "banded-brute.npy", in_brute_force(rows, folder))
    told = {"templates": count, "dim": dimension, "seed": seed, "probes_a_band": each}
    (folder / "drawn.json").write_text(json.dumps(told))


def in_brute_force(rows: np.ndarray, folder: Path) -> np.ndarray:
    """Whether the mate of each banded probe is among the first 50 by float32 over all rows."""
    probes, mates = np.load(folder / "banded.npy"), np.load(folder / "banded-mates.npy")
    own = np.einsum("ij,ij->i", probes, rows[mates])
    above = np.zeros(len(probes), np.int64)
    for start in range(0, len(rows), _PIECE):
        # A hair more than its own score keeps the mate from counting itself.
        above += (probes @ rows[start : start + _PIECE].T > own[:, None] + 1e-6).sum(axis=1)
    there: np.ndarray = above < 50
    return there


def _save(folder: Path, name: str, probes: np.ndarray, mates: np.ndarray) -> None:
    np.save(folder / f"{name}.npy", probes if len(probes) == len(mates) else probes[mates])
    np.save(folder / f"{name}-mates.npy", mates)
