"""What the quality of a probe says: FNIR when the weakest are turned away; and whether a statement keeps its word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from countenance.evaluation.bootstrap import rate_over_persons
from countenance.evaluation.identification import missed
from countenance.evaluation.searches import Searches
from countenance.evaluation.values import Rate

SHARES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
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
