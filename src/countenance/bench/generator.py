"""Draws realistic templates from aggregate statistics (recipe and provenance: data/README.md).

For a length other than 128 the two spectra are stretched over it and their sums kept, with the persons' directions
turned at random against the photographs': the same spread over more directions, as a longer template of the same
family has it. A stand-in: nothing was measured on a 512-d recogniser.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

type Templates = npt.NDArray[np.float32]
"""float32 (count, dimension), unit length, centred."""

_DATA = Path(__file__).parent / "data" / "sface-generator.npz"
_SPREAD = 0.35  # how much photographs differ in difficulty
_AT_ONCE = 100_000


class TemplateGenerator:
    """People, and photographs of them, by seed."""

    def __init__(self, seed: int, dimension: int = 128) -> None:
        self._rng = np.random.default_rng(seed)
        with np.load(_DATA, allow_pickle=False) as data:
            self._mean = data["mu"]
            self._between = _root(data["between"])
            self._within = _root(data["within"])
        if dimension != len(self._mean):
            basis = np.random.default_rng(dimension)
            direction = basis.standard_normal(dimension)
            self._mean = (direction * np.linalg.norm(self._mean) / np.linalg.norm(direction)).astype(
                np.float32
            )
            self._between = _stretched(self._between, dimension, basis)
            self._within = _stretched(self._within, dimension, basis)

    def people(self, count: int) -> Templates:
        """float32 (count, dimension): the latent mean of each person."""
        out = np.empty((count, len(self._mean)), dtype=np.float32)
        for start in range(0, count, _AT_ONCE):
            part = out[start : start + _AT_ONCE]
            part[:] = self._mean + self._normal(len(part)) @ self._between.T
        return out

    def photographs(self, people: Templates) -> Templates:
        """One template of each person."""
        out = np.empty_like(people)
        for start in range(0, len(people), _AT_ONCE):
            part = people[start : start + _AT_ONCE]
            noise = self._rng.standard_normal((len(part), 1), dtype=np.float32)
            scale = np.exp(_SPREAD * noise - _SPREAD**2)
            raw = part + scale * (self._normal(len(part)) @ self._within.T)
            raw /= np.linalg.norm(raw, axis=1, keepdims=True)
            raw -= self._mean
            out[start : start + _AT_ONCE] = raw / np.linalg.norm(raw, axis=1, keepdims=True)
        return out

    def _normal(self, count: int) -> Templates:
        drawn: Templates = self._rng.standard_normal((count, len(self._mean)), dtype=np.float32)
        return drawn


def _root(covariance: npt.NDArray[np.float32]) -> Templates:
    # By eigenvalues: rounding has left a covariance of 128 dimensions with some a little below zero.
    values, vectors = np.linalg.eigh(covariance.astype(np.float64))
    root: Templates = (vectors * np.sqrt(np.clip(values, 0, None))).astype(np.float32)
    return root


def _stretched(root: Templates, dimension: int, basis: np.random.Generator) -> Templates:
    """The root of a covariance of `dimension` values with the spectrum of `root`, in random directions."""
    old = np.sort((root.astype(np.float64) ** 2).sum(axis=0))[::-1]
    values = np.interp(np.linspace(0, len(old) - 1, dimension), np.arange(len(old)), old)
    values *= old.sum() / values.sum()
    directions, _ = np.linalg.qr(basis.standard_normal((dimension, dimension)))
    stretched: Templates = (directions * np.sqrt(values)).astype(np.float32)
    return stretched
