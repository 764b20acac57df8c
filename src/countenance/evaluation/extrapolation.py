"""How often a stranger's search brings a strong candidate in a larger gallery than was measured.

Scores of strangers above a high bar follow a generalised Pareto law (J. Pickands, Annals of Statistics 3, 1975), fitted by probability-weighted
moments (J. Hosking, J. Wallis, Technometrics 29, 1987). Their number grows with the gallery. Candidates of one search come in clusters, for some faces
resemble many: so a search that brings any is rarer than candidates are, by the extremal index (S. Coles, An Introduction to Statistical Modeling of
Extreme Values, 2001, ch. 5), which is measured at the bar.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from countenance.evaluation.searches import Searches
from countenance.evaluation.values import Floats

PER_SEARCH = 0.05
"""The bar is where so many candidates come per search in the known gallery, or where 50 came in all."""
_LEAST = 50


@dataclass(frozen=True, kw_only=True)
class Tail:
    """`bar`: score. `rate`: candidates above it per search among `gallery` persons. `shape`, `scale`: of the excesses. `index`:
    searches with a candidate above the bar, on the scale of rates, per candidate: 1 where they come one by one."""

    gallery: int
    bar: float
    rate: float
    shape: float
    scale: float
    index: float

    def fpir(self, gallery: int, threshold: float) -> float:
        """Expected FPIR at `threshold` among `gallery` persons; at least that of the bar, below the bar."""
        above = max(threshold - self.bar, 0.0) / self.scale
        if abs(self.shape) < 1e-6:
            survival = math.exp(-above)
        else:
            survival = max(1 + self.shape * above, 0.0) ** (-1 / self.shape)
        return -math.expm1(-self.index * self.rate * survival * gallery / self.gallery)


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """FPIR among `gallery` persons, predicted from a gallery of `known`, beside what was measured. `factor`: the larger by the smaller."""

    known: int
    gallery: int
    threshold: float
    predicted: float
    measured: float

    @property
    def factor(self) -> float:
        if min(self.predicted, self.measured) <= 0:
            return float("inf")
        return max(self.predicted / self.measured, self.measured / self.predicted)


def fit(splits: Sequence[Searches]) -> Tail | None:
    """Fit the tail of strangers' scores in the smallest gallery. None where too few are known to go by."""
    gallery, searches = int(splits[0].sizes[0]), sum(len(one.top) for one in splits)
    scores = np.sort(np.concatenate([one.tail.ravel() for one in splits]).astype(np.float64))
    scores = scores[np.isfinite(scores)]
    count = max(_LEAST, round(PER_SEARCH * searches))
    if len(scores) <= count or searches <= count:
        return None
    bar = float(scores[-count - 1])
    above = scores[-count:] - bar
    first = float(above.mean())
    # alpha_1 with plotting positions (i - 0.35) / n, as Hosking and Wallis give them.
    second = float(((1 - (np.arange(1, count + 1) - 0.35) / count) * above).mean())
    if first <= 0 or first - 2 * second <= 0:
        return None
    any_ = float(np.mean(np.concatenate([one.top[:, 0] for one in splits]) > bar))
    return Tail(
        gallery=gallery,
        bar=bar,
        rate=count / searches,
        shape=2 - first / (first - 2 * second),
        scale=2 * first * second / (first - 2 * second),
        index=min(-math.log1p(-min(any_, 0.999)) * searches / count, 1.5),
    )


def check_growth(
    splits: Sequence[Searches], targets: tuple[float, ...] = (0.1, 0.03, 0.01)
) -> tuple[Predicted, ...]:
    """Predict the whole gallery from the smallest, hold it against the measurement."""
    tail = fit(splits)
    if len(splits[0].sizes) < 2 or tail is None:
        return ()
    tops: Floats = -np.sort(-np.concatenate([one.top[:, -1] for one in splits]).astype(np.float64))
    told = []
    for target in targets:
        place = round(target * len(tops)) - 1
        if place < 9 or tops[place] < tail.bar:
            continue  # fewer than ten searches stand behind it; or it lies below the bar, where nothing is predicted
        threshold = float(tops[place])
        told.append(
            Predicted(
                known=tail.gallery,
                gallery=splits[0].gallery,
                threshold=threshold,
                predicted=tail.fpir(splits[0].gallery, threshold),
                measured=(place + 1) / len(tops),
            )
        )
    return tuple(told)
