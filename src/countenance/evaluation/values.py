"""The words and values of an evaluation, after ISO/IEC 19795-1:2021 and NIST FRTE (1:1 and 1:N).

A failure to acquire is a comparison that reaches no threshold: it counts against FNMR and FNIR, and stays in the number
of comparisons of FMR and FPIR.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

type Scores = npt.NDArray[np.float32]
"""float32 (n,): comparison scores; -inf where one of the two samples was not acquired."""
type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]
type Persons = npt.NDArray[np.int32]
"""int32 (n,): number of the person, 0 .. persons-1."""

NOT_ACQUIRED = float("-inf")


class Definition(StrEnum):
    """What a template is made of. `e`: the recogniser's answer to a sample, `m`: to its mirror image."""

    SINGLE = "single"  # e/|e|
    CENTRED = "centred"  # unit(e/|e| - centre)
    CENTRED_MIRRORED = "centred-mirrored"  # unit(unit(e/|e| + m/|m|) - centre): the default pack's own


class Fusion(StrEnum):
    """How several references of one person become one comparison."""

    MEAN = "mean"  # one template: the mean direction
    BEST = "best"  # the highest of the scores


class Balance(StrEnum):
    """What counts the same: each comparison or search, as the standard has it, or each person."""

    TRIALS = "trials"
    PERSONS = "persons"


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A share of `n` trials with its interval (95 %, bootstrap over persons). None where there was nothing to count.

    At a rate of 0 or 1 a bootstrap knows no interval: there the bound is 1 - 0.05 ** (1 / persons), the rule of three.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Error rates over the threshold, ascending. `false_positive`: FMR or FPIR. `false_negative`: FNMR or FNIR."""

    threshold: Floats
    false_positive: Floats
    false_negative: Floats


@dataclass(frozen=True, kw_only=True)
class Bins:
    """Bins of equal width for scores: bin i holds start + i * step <= score < start + (i + 1) * step."""

    start: float = -1.0
    step: float = 1e-4
    count: int = 20_001

    def edge(self, index: int) -> float:
        """The lower edge of a bin."""
        return round(self.start + index * self.step, 12)

    def edges(self) -> Floats:
        """The lower edges of all bins."""
        return self.start + self.step * np.arange(self.count, dtype=np.float64)

    def place(self, scores: Scores) -> Ints:
        """The bin of each score; what lies beyond the ends goes into the last one there."""
        # Half a thousandth of a bin: a score that is an edge, but for rounding, belongs to the bin above it.
        scaled = (scores.astype(np.float32) - np.float32(self.start)) * np.float32(
            1 / self.step
        ) + np.float32(5e-4)
        placed: Ints = np.clip(scaled, 0, self.count - 1).astype(np.int64)
        return placed
