"""What the quality of a probe says: FNIR when the weakest are turned away; and whether a statement keeps its word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

import numpy as np

from countenance.evaluation.bootstrap import rate_over_persons
from countenance.evaluation.identification import missed
from countenance.evaluation.searches import Searches
from countenance.evaluation.values import Rate

SHARES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
LEAST_STEP = 30
LEVELS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """FNIR of what is left when the share `rejected` of the probes, the lowest in quality, is turned away. `floor`: that quality."""

    rejected: float
    floor: float
    fnir: Rate


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Of strangers' searches, the share whose best candidate was called as strong as once in 1/`said` or stronger."""

    said: float
    seen: Rate


def rejection(
    splits: Sequence[Searches], persons: int, threshold: float, rank: int, *, seed: int
) -> tuple[Rejected, ...]:
    """FNIR at a fixed threshold against the share of probes turned away (ISO/IEC 29794-1:2024: error versus discard).

    Empty where no quality is known. A probe that was not acquired has the lowest quality of all.
    """
    quality = np.concatenate([one.mate_quality for one in splits])
    acquired = np.concatenate([np.isfinite(one.mate_score) for one in splits])
    wrong = np.concatenate([missed(one, len(one.sizes) - 1, rank, threshold) for one in splits])
    person = np.concatenate([one.mate_person for one in splits])
    if not np.isfinite(quality[acquired]).any():
        return ()
    ranked = np.where(np.isfinite(quality), quality, -np.inf)
    order = np.argsort(ranked, kind="stable")
    told = []
    for share in SHARES:
        left = order[round(share * len(order)) :]
        if len(left) < 30:
            break
        errors = np.bincount(person[left], wrong[left], persons)
        tried = np.bincount(person[left], minlength=persons)
        lowest = float(ranked[left[0]])
        told.append(
            Rejected(
                rejected=share,
                floor=lowest if np.isfinite(lowest) else 0.0,
                fnir=rate_over_persons(errors, tried, seed=seed),
            )
        )
    return tuple(told)


@dataclass(frozen=True, kw_only=True)
class Floors:
    """Norms that a rejection curve bears out. `enrol`: below it more than half of the mated searches missed. `weak`: below it
    more than twice as many missed as over all. None where the curve bears out none.
    """

    enrol: float | None
    weak: float | None


def floors(curve: Sequence[Rejected]) -> Floors:
    """The floors that a rejection curve bears out, from its lowest step up, each step by its own FNIR.

    A step counts where at least `LEAST_STEP` searches lie in it.
    """
    steps: list[tuple[float, float]] = []  # (FNIR of the probes of this step, norm at its upper end)
    for low, high in pairwise(curve):
        tried = low.fnir.n - high.fnir.n
        if tried < LEAST_STEP:
            break
        missed_there = (low.fnir.value or 0.0) * low.fnir.n - (high.fnir.value or 0.0) * high.fnir.n
        steps.append((missed_there / tried, high.floor))
    overall = (curve[0].fnir.value or 0.0) if curve else 0.0
    return Floors(enrol=_last(steps, 0.5), weak=_last(steps, 2 * overall) if overall else None)


def _last(steps: Sequence[tuple[float, float]], rate: float) -> float | None:
    """The norm up to which every step misses more than `rate`."""
    found = [norm for _, norm in takewhile(lambda step: step[0] > rate, steps)]
    return found[-1] if found and found[-1] > 0 else None


def reliability(splits: Sequence[Searches], persons: int, *, seed: int) -> tuple[Kept, ...]:
    """Say from one half of the strangers how rare a best score is; see in the other half how often it comes."""
    rng = np.random.default_rng(seed)
    half = rng.permutation(persons) < persons // 2
    known = -np.sort(-np.concatenate([one.top[half[one.stranger], -1] for one in splits]))
    tops = np.concatenate([one.top[~half[one.stranger], -1] for one in splits])
    person = np.concatenate([one.stranger[~half[one.stranger]] for one in splits])
    if not len(known) or not len(tops):
        return ()
    told = []
    for level in LEVELS:
        if level * len(known) < 10 * len(splits):
            continue
        threshold = known[round(level * len(known)) - 1]
        errors = np.bincount(person, tops >= threshold, persons)
        told.append(
            Kept(
                said=level, seen=rate_over_persons(errors, np.bincount(person, minlength=persons), seed=seed)
            )
        )
    return tuple(told)
