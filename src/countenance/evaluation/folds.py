"""The LFW protocol: ten sets of pairs; the threshold comes from nine, the accuracy from the tenth.

G. B. Huang et al., "Labeled Faces in the Wild", UMass Amherst 07-49, 2007: mean accuracy of the ten and the standard error
of the mean. A pair of which a sample was not acquired is called different, whatever it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from countenance.evaluation.values import Ints, Scores
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_


@dataclass(frozen=True, kw_only=True)
class Folds:
    """`accuracy`: mean over the folds. `standard_error`: of that mean. `each`: accuracy of each fold. `n`: pairs."""

    accuracy: float
    standard_error: float
    each: tuple[float, ...]
    thresholds: tuple[float, ...]
    n: int
    not_acquired: int


def ten_folds(score: Scores, mated: npt.NDArray[np.bool_], fold: Ints) -> Folds:
    """Accuracy by folds. Raises UsageError for fewer than two folds."""
    numbers = np.unique(fold)
    if len(numbers) < 2:
        raise UsageError(N_("Accuracy by folds needs at least two sets of pairs."), code="folds")
    accuracies, thresholds = [], []
    for number in numbers:
        here = fold == number
        threshold = best_threshold(score[~here], mated[~here])
        thresholds.append(threshold)
        accuracies.append(float(((score[here] >= threshold) == mated[here]).mean()))
    return Folds(
        accuracy=float(np.mean(accuracies)),
        standard_error=float(np.std(accuracies, ddof=1) / np.sqrt(len(accuracies))),
        each=tuple(accuracies),
        thresholds=tuple(thresholds),
        n=len(score),
        not_acquired=int((~np.isfinite(score)).sum()),
    )


def best_threshold(score: Scores, mated: npt.NDArray[np.bool_]) -> float:
    """The threshold with most right answers; in the middle between two scores, and of equals the middle one."""
    order = np.argsort(score, kind="stable")
    ranked, truth = score[order].astype(np.float64), mated[order]
    # With the threshold before place i, all from i on are called the same person.
    right = np.concatenate([[0], np.cumsum(~truth)]) + np.concatenate([np.cumsum(truth[::-1])[::-1], [0]])
    distinct = np.concatenate([[True], ranked[1:] > ranked[:-1], [True]])
    best = np.nonzero(distinct & (right == right[distinct].max()))[0]
    place = int(best[len(best) // 2])
    if place == 0:
        return float(ranked[0])
    if place == len(ranked):
        return float(np.nextafter(ranked[-1], np.inf))
    if not np.isfinite(ranked[place - 1]):
        return float(ranked[place])
    return float((ranked[place - 1] + ranked[place]) / 2)
