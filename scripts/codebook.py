"""Make the index's codebook: the best 16 points for one two-dimensional standard Gaussian (mean squared error).

    python scripts/codebook.py            print what belongs into src/countenance/index/codebook.py
    python scripts/codebook.py --check    exit 1 unless the file holds that

Lloyd's algorithm (Lloyd, Least squares quantization in PCM, 1982) on the density itself, not on samples: the plane is
cut into a fine grid, so nobody's template is in it and the result is the same every time. Several starts; the best wins.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import numpy.typing as npt

type Points = npt.NDArray[np.float64]

_POINTS = 16
_REACH = 6.0  # beyond it lies 2e-9 of the mass
_CELLS = 601  # a side of the grid
_ROUNDS = 400
_STARTS = 6


def best_codebook() -> tuple[Points, float]:
    """(16, 2) points, sorted by radius and angle, and their mean squared error over both coordinates."""
    axis = np.linspace(-_REACH, _REACH, _CELLS)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    mass = np.exp(-0.5 * (grid**2).sum(axis=1))
    keep = mass > 1e-9
    grid, mass = grid[keep], mass[keep] / mass[keep].sum()
    rng = np.random.default_rng(1)
    found = [_lloyd(grid, mass, rng.standard_normal((_POINTS, 2))) for _ in range(_STARTS)]
    points, error = min(found, key=lambda one: one[1])
    # The density is round, so any turn of the answer is as good: the first point of the outer ring is laid on the axis.
    outer = points[np.argmax((points**2).sum(axis=1))]
    angle = -np.arctan2(outer[1], outer[0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = points @ turn.T
    return points[np.argsort(np.hypot(*points.T))], error


def _lloyd(grid: Points, mass: npt.NDArray[np.float64], points: Points) -> tuple[Points, float]:
    squares = (grid**2).sum(axis=1)
    error = float("inf")
    for _ in range(_ROUNDS):
        distance = (points**2).sum(axis=1) - 2 * grid @ points.T
        nearest = distance.argmin(axis=1)
        last, error = error, float(mass @ (squares + distance[np.arange(len(grid)), nearest]))
        weight = np.bincount(nearest, mass, _POINTS)
        sums = np.stack([np.bincount(nearest, mass * grid[:, i], _POINTS) for i in range(2)], axis=1)
        points = sums / weight[:, None]
        if last - error < 1e-12:
            break
    return points, error


def lines() -> list[str]:
    """The codebook as Python text."""
    points, error = best_codebook()
    return (
        [f"# Mean squared error over both coordinates: {error:.4f}.", "POINTS = ("]
        + [f"    ({x:.4f}, {y:.4f})," for x, y in (points + 0.0)]
        + [")"]
    )


def main() -> int:
    """Print or check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if not arguments.check:
        print("\n".join(lines()))
        return 0
    from countenance.index.codebook import POINTS

    made, _ = best_codebook()
    apart = np.linalg.norm(made[:, None] - np.array(POINTS)[None], axis=2).min(axis=1).max()
    print(f"largest distance between a point made and the nearest in the file: {apart:.1e}")
    return int(apart > 2e-4)


if __name__ == "__main__":
    sys.exit(main())
