"""Differential performance by declared groups, after ISO/IEC 19795-10:2024. False positives first: they harm a stranger.

Groups are declared by whoever gives the data; nothing is estimated from a face. FMR is that of two different persons of one
group, at a threshold for all; FNMR that of the group's own mated comparisons at the same threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from countenance.evaluation.bootstrap import interval, rate_over_persons, weights
from countenance.evaluation.pairs import PairCounts
from countenance.evaluation.trials import Samples
from countenance.evaluation.values import Rate
from countenance.evaluation.verification import LEAST_SEEN, fnmr_at

LEAST_PERSONS = 30


@dataclass(frozen=True, kw_only=True)
class GroupRates:
    """One group. `enough`: at least 30 persons, and either 30 errors or so many comparisons that 30 were to be expected."""

    group: str
    persons: int
    samples: int
    not_acquired: int
    enough: bool
    fmr: Rate
    fnmr: Rate


@dataclass(frozen=True, kw_only=True)
class Worst:
    """The group with the highest rate, as a multiple of the lowest among groups that are large enough."""

    group: str
    least: str
    ratio: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Differential:
    """All groups of one declared dimension, at one threshold. `worst_*`: None where fewer than two are large enough."""

    dimension: str
    threshold: float
    overall_fmr: float
    groups: tuple[GroupRates, ...]
    undeclared: int
    worst_fmr: Worst | None
    worst_fnmr: Worst | None


def differential(
    samples: Samples, counts: PairCounts, dimension: str, threshold: float, *, seed: int
) -> Differential:
    """Rates of each group of `dimension` at `threshold`; `counts.high_from` must not lie above it."""
    labels = np.array(samples.groups[dimension])
    here = counts.bins.place(counts.high_score) >= counts.bins.place(np.array([threshold], np.float32))[0]
    first, second = counts.high_first[here], counts.high_second[here]
    each = samples.per_person()
    failed = np.bincount(samples.person, ~samples.acquired, samples.persons)
    overall = len(first) / max(counts.all_non_mated, 1)
    groups = []
    series: dict[str, tuple[list[float], list[float]]] = {}
    for label in sorted(set(labels[labels != ""])):
        inside = labels == label
        persons, own = int(inside.sum()), each * inside
        both = inside[first] & inside[second]
        errors = np.bincount(first[both], minlength=len(labels)) + np.bincount(
            second[both], minlength=len(labels)
        )
        tried = own * (own.sum() - own)
        fmr = rate_over_persons(errors, tried, seed=seed, twice=True)
        fnmr = fnmr_at(counts, threshold, inside, seed=seed)
        expected = max(overall * tried.sum() / 2, errors.sum() / 2)
        groups.append(
            GroupRates(
                group=str(label),
                persons=persons,
                samples=int(own.sum()),
                not_acquired=int((failed * inside).sum()),
                enough=bool(persons >= LEAST_PERSONS and expected >= LEAST_SEEN),
                fmr=fmr,
                fnmr=fnmr,
            )
        )
        series[str(label)] = _replicates(errors[inside], tried[inside], counts, threshold, inside, seed)
    return Differential(
        dimension=dimension,
        threshold=threshold,
        overall_fmr=overall,
        groups=tuple(groups),
        undeclared=int((labels == "").sum()),
        worst_fmr=_worst(groups, {name: both[0] for name, both in series.items()}, "fmr"),
        worst_fnmr=_worst(groups, {name: both[1] for name, both in series.items()}, "fnmr"),
    )


def _replicates(
    errors: np.ndarray[tuple[int], np.dtype[np.int64]],
    tried: np.ndarray[tuple[int], np.dtype[np.int64]],
    counts: PairCounts,
    threshold: float,
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]],
    seed: int,
) -> tuple[list[float], list[float]]:
    """FMR and FNMR of one group in each replicate of its persons."""
    place = counts.bins.place(np.array([threshold], np.float32))[0]
    wrong = (counts.bins.place(counts.mated_score) < place) | ~np.isfinite(counts.mated_score)
    persons = len(inside)
    kept = np.bincount(counts.mated_person, minlength=persons)
    share = np.bincount(counts.mated_person, wrong, persons) / np.maximum(kept, 1)
    attempts = counts.mated_attempts[inside].astype(np.float64)
    lost = share[inside] * attempts
    fmr: list[float] = []
    fnmr: list[float] = []
    for drawn in weights(len(errors), seed=seed, replicates=400):
        below = tried.sum() / 2 + (drawn - 1.0) @ tried
        above = float(errors.sum() / 2 + (drawn - 1.0) @ errors)
        fmr.append(max(above / float(below), 0.0) if below > 0 else 0.0)
        mated = drawn @ attempts
        fnmr.append(float(drawn @ lost / mated) if mated > 0 else 0.0)
    return fmr, fnmr


def _worst(groups: list[GroupRates], series: dict[str, list[float]], which: str) -> Worst | None:
    usable = [
        (rate.value, one.group)
        for one in groups
        if one.enough and (rate := one.fmr if which == "fmr" else one.fnmr).value is not None
    ]
    if len(usable) < 2:
        return None
    (least_value, least), (worst_value, worst) = min(usable), max(usable)
    if not least_value:
        return Worst(group=worst, least=least, ratio=None, low=None, high=None)
    ratio = worst_value / least_value
    # Groups share no person: their replicates are independent and may be paired as they come.
    found = [
        above / below
        for above, below in zip(series[worst], reversed(series[least]), strict=True)
        if below > 0
    ]
    return Worst(group=worst, least=least, ratio=ratio, **interval(found, ratio))
