"""Intervals by bootstrap over persons: what one person contributes comes or stays away together.

B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13 (percentile interval); ISO/IEC 19795-1:2021,
annex B, on trials that depend on one another. Comparisons of two persons depend on both, so both are drawn: A. Owen, "The pigeonhole bootstrap", Annals of
Applied Statistics 1, 2007, to first order.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from countenance.evaluation.values import Floats, Ints, Rate

REPLICATES = 1000
_TAILS = (2.5, 97.5)


def weights(persons: int, *, seed: int, replicates: int = REPLICATES) -> Iterator[Ints]:
    """For each replicate how often each person was drawn, int64 (persons,); the same for the same seed."""
    rng = np.random.default_rng(seed)
    for _ in range(replicates):
        yield np.bincount(rng.integers(0, persons, persons), minlength=persons).astype(np.int64)


def rate_over_persons(
    errors: Floats | Ints, trials: Floats | Ints, *, seed: int, twice: bool = False
) -> Rate:
    """sum(errors) / sum(trials), both given per person, with its interval.

    `twice`: each comparison has two persons and is counted at both; then the weight of a comparison is the product of
    the two persons' weights, to first order, and the totals are halved.
    """
    total, count = float(errors.sum()), float(trials.sum())
    if count <= 0:
        return Rate(value=None, low=None, high=None, n=0)
    here = trials > 0
    kept, tried = errors[here].astype(np.float64), trials[here].astype(np.float64)
    half = 0.5 if twice else 1.0
    value = total / count
    n = round(count * half)
    if total in (0.0, count):
        bound = rule_of_three(len(kept))
        return Rate(value=value, low=max(0.0, 1 - bound) if total else 0.0, high=1.0 if total else bound, n=n)
    found = []
    for drawn in weights(len(kept), seed=seed):
        extra = drawn - 1.0 if twice else drawn.astype(np.float64)
        above = total * half + float(extra @ kept) if twice else float(extra @ kept)
        below = count * half + float(extra @ tried) if twice else float(extra @ tried)
        if below > 0:
            found.append(min(max(above / below, 0.0), 1.0))
    return Rate(value=value, **interval(found, value), n=n)


def interval(found: list[float], value: float) -> dict[str, float]:
    """The percentile interval of replicates; it always holds the estimate itself."""
    if not found:
        return {"low": value, "high": value}
    low, high = np.percentile(found, _TAILS)
    return {"low": min(float(low), value), "high": max(float(high), value)}


def rule_of_three(persons: int) -> float:
    """Upper bound (95 %) of a rate of which nothing was seen at `persons` independent persons."""
    return 1.0 if persons <= 0 else float(1 - 0.05 ** (1 / persons))
