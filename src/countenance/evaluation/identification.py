"""Identification (1:N): FNIR and FPIR over open-set searches, after ISO/IEC 19795-1:2021 and NIST FRTE 1:N.

FNIR(N, R, T): share of mated searches whose person is not among the first R candidates with a score of at least T.
FPIR(N, T): share of non-mated searches with any candidate at or above T. With T = 0 there is no threshold: investigation,
where a person reads the list. With T > 0: identification by threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from countenance.evaluation.bootstrap import REPLICATES, interval, rate_over_persons
from countenance.evaluation.searches import Searches
from countenance.evaluation.values import Balance, Curve, Floats, Ints, Rate

RANKS = (1, 5, 20)
"""Ranks that are told; 20 is the most candidates a search lists."""
TARGETS = (0.1, 0.01, 0.001)


@dataclass(frozen=True, kw_only=True)
class Investigation:
    """FNIR(N, R, 0)."""

    gallery: int
    rank: int
    fnir: Rate


@dataclass(frozen=True, kw_only=True)
class AtFpir:
    """FNIR(N, R, T) at the least threshold with at most the FPIR asked for. The interval of FNIR holds what the threshold's own
    uncertainty adds: it is set anew in each replicate."""

    target: float
    gallery: int
    rank: int
    threshold: float
    fpir: Rate
    fnir: Rate
    fnir_by_person: Rate


@dataclass(frozen=True, kw_only=True)
class Identification:
    """`by_size`: FNIR at the same FPIR for each gallery size. `curve`: the DET of the whole gallery. `strangers`, `mates`: persons
    with non-mated and with mated searches, in whatever split."""

    gallery: int
    strangers: int
    mates: int
    mated: int
    non_mated: int
    splits: int
    investigation: tuple[Investigation, ...]
    points: tuple[AtFpir, ...]
    by_size: tuple[AtFpir, ...]
    curve: Curve


def identify(
    splits: Sequence[Searches], persons: int, *, seed: int, targets: Sequence[float] = TARGETS
) -> Identification:
    """Rates over all splits. A target FPIR is told where at least ten non-mated searches stand behind it."""
    first = splits[0]
    searches = sum(len(one.top) for one in splits)
    last = len(first.sizes) - 1
    bearable = [target for target in targets if target * searches / len(splits) >= 10] or [max(targets)]
    # Where there are several, growth is told at the middle one; 1 % is the field's custom.
    shown = 0.01 if 0.01 in bearable else bearable[0]
    return Identification(
        gallery=first.gallery,
        strangers=len(np.unique(np.concatenate([one.stranger for one in splits]))),
        mates=len(np.unique(np.concatenate([one.mate_person for one in splits]))),
        mated=sum(len(one.mate_score) for one in splits),
        non_mated=searches,
        splits=len(splits),
        investigation=tuple(
            Investigation(
                gallery=first.gallery, rank=rank, fnir=fnir(splits, persons, last, rank, None, seed=seed)
            )
            for rank in RANKS
        ),
        points=tuple(at_fpir(splits, persons, last, target, seed=seed) for target in bearable),
        by_size=tuple(at_fpir(splits, persons, place, shown, seed=seed) for place in range(last + 1)),
        curve=det(splits, last),
    )


def missed(searches: Searches, place: int, rank: int, threshold: float | None) -> Ints:
    """1 for each mated search that did not bring its person, 0 for the others: int64 (m,)."""
    out = (searches.mate_rank[:, place] > rank) | ~np.isfinite(searches.mate_score)
    if threshold is not None:
        out |= searches.mate_score < threshold
    return out.astype(np.int64)


def fnir(
    splits: Sequence[Searches],
    persons: int,
    place: int,
    rank: int,
    threshold: float | None,
    *,
    seed: int,
    balance: Balance = Balance.TRIALS,
) -> Rate:
    """FNIR with a fixed threshold (None: no threshold) over all splits."""
    errors, trials = np.zeros(persons), np.zeros(persons)
    for one in splits:
        wrong = np.bincount(one.mate_person, missed(one, place, rank, threshold), persons)
        tried = np.bincount(one.mate_person, minlength=persons).astype(np.float64)
        if balance is Balance.PERSONS:
            wrong, tried = wrong / np.maximum(tried, 1), (tried > 0).astype(np.float64)
        errors, trials = errors + wrong, trials + tried
    return rate_over_persons(errors, trials, seed=seed)


def fpir(splits: Sequence[Searches], persons: int, place: int, threshold: float, *, seed: int) -> Rate:
    """FPIR at a threshold over all splits."""
    errors, trials = np.zeros(persons), np.zeros(persons)
    for one in splits:
        errors += np.bincount(one.stranger, one.top[:, place] >= threshold, persons)
        trials += np.bincount(one.stranger, minlength=persons)
    return rate_over_persons(errors, trials, seed=seed)


def threshold_for(tops: Floats, target: float, weight: Floats | None = None) -> float:
    """The least score with at most the share `target` of searches at or above it: just above the first one too many.

    `tops`: descending. `weight`: how often each search counts.
    """
    if not len(tops):
        return float("-inf")
    weighed = np.ones(len(tops)) if weight is None else weight
    reached = np.cumsum(weighed)
    if reached[-1] <= 0:
        return float("inf")
    over = int(np.searchsorted(reached, target * reached[-1] * (1 + 1e-12), side="right"))
    if over >= len(tops):
        return float(tops[-1])
    return float(np.nextafter(np.float32(tops[over]), np.float32(np.inf)))


def at_fpir(
    splits: Sequence[Searches], persons: int, place: int, target: float, *, seed: int, rank: int = RANKS[-1]
) -> AtFpir:
    """The point at an asked-for FPIR, over all splits together."""
    tops = np.concatenate([one.top[:, place] for one in splits]).astype(np.float64)
    threshold = threshold_for(-np.sort(-tops), target)
    by_trial, by_person = (
        fnir(splits, persons, place, rank, threshold, seed=seed, balance=balance) for balance in Balance
    )
    redrawn = _redrawn(splits, persons, place, target, rank, seed)
    return AtFpir(
        target=target,
        gallery=int(splits[0].sizes[place]),
        rank=rank,
        threshold=threshold,
        fpir=fpir(splits, persons, place, threshold, seed=seed),
        fnir=_with(by_trial, redrawn[Balance.TRIALS]),
        fnir_by_person=_with(by_person, redrawn[Balance.PERSONS]),
    )


def _with(rate: Rate, found: list[float]) -> Rate:
    if rate.value is None:
        return rate
    held = interval(found, rate.value)
    if not any(found):
        held["high"] = max(held["high"], rate.high or 0.0)
    return Rate(value=rate.value, n=rate.n, **held)


def _redrawn(
    splits: Sequence[Searches], persons: int, place: int, target: float, rank: int, seed: int
) -> dict[Balance, list[float]]:
    """FNIR of each replicate: a split is drawn, then persons, then the threshold is set by what was drawn."""
    rng = np.random.default_rng((seed, place, round(target * 1e9)))
    ordered = []
    for one in splits:
        order = np.argsort(-one.top[:, place], kind="stable")
        tried = np.bincount(one.mate_person, minlength=persons)
        outside = one.mate_rank[:, place] > rank
        ordered.append((one.top[order, place].astype(np.float64), one.stranger[order], outside, tried))
    found: dict[Balance, list[float]] = {balance: [] for balance in Balance}
    replicates = min(REPLICATES, max(200, 40_000_000 // max(1, sum(len(one.top) for one in splits))))
    for _ in range(replicates):
        number = int(rng.integers(len(splits)))
        tops, strangers, outside, tried = ordered[number]
        one = splits[number]
        drawn = np.bincount(rng.integers(0, persons, persons), minlength=persons).astype(np.float64)
        threshold = threshold_for(tops, target, drawn[strangers])
        wrong = (outside | (one.mate_score < threshold)).astype(np.float64)
        each = drawn[one.mate_person]
        if each.sum() > 0:
            found[Balance.TRIALS].append(float(each @ wrong / each.sum()))
            fair = each / tried[one.mate_person]
            found[Balance.PERSONS].append(float(fair @ wrong / fair.sum()))
    return found


def det(splits: Sequence[Searches], place: int, points: int = 2000) -> Curve:
    """FPIR and FNIR over the threshold, without a limit of rank. Both are monotone, by construction."""
    tops = np.sort(np.concatenate([one.top[:, place] for one in splits]).astype(np.float64))
    mates = np.sort(np.concatenate([one.mate_score for one in splits]).astype(np.float64))
    every = np.unique(np.concatenate([tops, mates]))
    every = every[np.isfinite(every)]
    if len(every) > points:
        # Evenly by rank among the strangers' best: that is where FPIR lives.
        every = np.unique(
            np.concatenate([np.quantile(every, np.linspace(0, 1, points // 2)), tops[-points // 2 :]])
        )
        every = every[np.isfinite(every)]
    return Curve(
        threshold=every,
        false_positive=1 - np.searchsorted(tops, every, side="left") / max(len(tops), 1),
        false_negative=np.searchsorted(mates, every, side="left") / max(len(mates), 1),
    )
