"""Verification (1:1): FMR, FNMR and TAR over the threshold, after ISO/IEC 19795-1:2021, clauses on error rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from countenance.evaluation.bootstrap import rate_over_persons
from countenance.evaluation.pairs import PairCounts
from countenance.evaluation.values import Balance, Curve, Floats, Ints, Rate

TARGETS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
LEAST_SEEN = 30
"""A rate rests on at least this many errors (G. Doddington's rule of 30; ISO/IEC 19795-1:2021, annex B), or it is not asked for."""


@dataclass(frozen=True, kw_only=True)
class AtFmr:
    """The point at an asked-for FMR. `threshold`: the least score with at most that FMR. TAR is 1 - FNMR."""

    target: float
    threshold: float
    fmr: Rate
    fnmr: Rate
    fnmr_by_person: Rate

    @property
    def tar(self) -> Rate:
        """True accept rate, 1 - FNMR with failures to acquire counted in."""
        return complement(self.fnmr)


@dataclass(frozen=True, kw_only=True)
class Verification:
    """`points`: one for each FMR that the data can bear. `curve`: the DET, one point for each bin."""

    points: tuple[AtFmr, ...]
    curve: Curve
    mated: int
    non_mated: int


def complement(rate: Rate) -> Rate:
    """1 - rate."""
    if rate.value is None or rate.low is None or rate.high is None:
        return rate
    return Rate(value=1 - rate.value, low=1 - rate.high, high=1 - rate.low, n=rate.n)


def det(counts: PairCounts) -> Curve:
    """FMR and FNMR at the lower edge of each bin: FMR falls and FNMR rises, by construction."""
    above = counts.non_mated[::-1].cumsum()[::-1].astype(np.float64)
    reached = counts.mated[::-1].cumsum()[::-1].astype(np.float64)
    return Curve(
        threshold=counts.bins.edges(),
        false_positive=above / max(counts.all_non_mated, 1),
        false_negative=1 - reached / max(counts.all_mated, 1),
    )


def threshold_at(curve: Curve, target: float) -> float:
    """The least threshold of the curve at which the false positive rate is at most `target`."""
    reached = np.nonzero(curve.false_positive <= target)[0]
    return float(curve.threshold[reached[0] if len(reached) else -1])


def verify(counts: PairCounts, *, seed: int, targets: tuple[float, ...] = TARGETS) -> Verification:
    """Rates at each FMR of `targets` for which at least 30 non-mated comparisons reach the threshold."""
    curve = det(counts)
    points = tuple(
        at_threshold(counts, target, threshold_at(curve, target), seed=seed)
        for target in targets
        if target * counts.all_non_mated >= LEAST_SEEN
    )
    return Verification(points=points, curve=curve, mated=counts.all_mated, non_mated=counts.all_non_mated)


def at_threshold(counts: PairCounts, target: float, threshold: float, *, seed: int) -> AtFmr:
    """FMR and FNMR at a threshold, with intervals over persons."""
    persons = len(counts.mated_attempts)
    return AtFmr(
        target=target,
        threshold=threshold,
        fmr=fmr_at(counts, threshold, seed=seed),
        fnmr=fnmr_at(counts, threshold, np.ones(persons, bool), seed=seed),
        fnmr_by_person=fnmr_at(counts, threshold, np.ones(persons, bool), seed=seed, balance=Balance.PERSONS),
    )


def fmr_at(counts: PairCounts, threshold: float, *, seed: int) -> Rate:
    """FMR with its interval; below `high_from` the persons of the comparisons are not known, and the interval is None."""
    place = int(counts.bins.place(np.array([threshold], np.float32))[0])
    seen = int(counts.non_mated[place:].sum())
    attempts = counts.all_non_mated
    if threshold < counts.high_from or not attempts:
        return Rate(value=seen / attempts if attempts else None, low=None, high=None, n=attempts)
    above = counts.bins.place(counts.high_score) >= place
    persons = len(counts.non_mated_attempts)
    errors: Ints = np.bincount(counts.high_first[above], minlength=persons) + np.bincount(
        counts.high_second[above], minlength=persons
    )
    return rate_over_persons(errors, counts.non_mated_attempts, seed=seed, twice=True)


def fnmr_at(
    counts: PairCounts,
    threshold: float,
    chosen: np.ndarray[tuple[int], np.dtype[np.bool_]],
    *,
    seed: int,
    balance: Balance = Balance.TRIALS,
) -> Rate:
    """FNMR of the persons `chosen` (bool (persons,)), with its interval."""
    place = int(counts.bins.place(np.array([threshold], np.float32))[0])
    persons = len(counts.mated_attempts)
    # -inf falls into the first bin: below every threshold but the lowest, at which nothing is rejected by its score.
    missed = (counts.bins.place(counts.mated_score) < place) | ~np.isfinite(counts.mated_score)
    kept = np.bincount(counts.mated_person, minlength=persons).astype(np.float64)
    share: Floats = np.bincount(counts.mated_person, missed, persons) / np.maximum(kept, 1)
    tried = (counts.mated_attempts * chosen).astype(np.float64)
    if balance is Balance.PERSONS:
        tried = (tried > 0).astype(np.float64)
    return rate_over_persons(share * tried, tried, seed=seed)
