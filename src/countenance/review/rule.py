"""The written rule by which verdicts become an outcome. Pure: the same verdicts always give the same.

1. A verdict of +2 or +3 speaks for a lead, one of -2 or -3 against it; the others, and `unsuitable`, leave it open.
2. Two examiners of one stance decide the pair: for, `lead`; against, `no-candidate`; open, `inconclusive`.
3. Where they differ a third examines, as blindly as they did. Then two for and none against: `lead`; two against and
   none for: `no-candidate`; anything else: `inconclusive`. One firm voice against is never outvoted into a lead.
4. The review: `lead` where a pair is one; `no-candidate` where every pair is that, or there is none; else
   `inconclusive`. Fillers count for nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from countenance.review.values import FIRM, ReviewOutcome

EXAMINERS = 2
MOST_EXAMINERS = 3


class Stance(StrEnum):
    """Where a verdict stands."""

    FOR = "for"
    AGAINST = "against"
    OPEN = "open"


def stance_of(scale: int | None) -> Stance:
    """The stance of one verdict; None is `unsuitable`."""
    if scale is None or abs(scale) < FIRM:
        return Stance.OPEN
    return Stance.FOR if scale > 0 else Stance.AGAINST


def conclude_pair(scales: Sequence[int | None]) -> ReviewOutcome | None:
    """The outcome of one pair by the verdicts of two or three examiners; None: a third is needed.

    Raises ValueError for any other number of them.
    """
    if len(scales) not in {EXAMINERS, MOST_EXAMINERS}:
        raise ValueError("a pair is examined by two people or three")
    stances = [stance_of(scale) for scale in scales]
    if len(stances) == EXAMINERS and stances[0] is not stances[1]:
        return None
    fors, againsts = stances.count(Stance.FOR), stances.count(Stance.AGAINST)
    if fors >= EXAMINERS and not againsts:
        return ReviewOutcome.LEAD
    if againsts >= EXAMINERS and not fors:
        return ReviewOutcome.NO_CANDIDATE
    return ReviewOutcome.INCONCLUSIVE


def conclude_review(pairs: Sequence[ReviewOutcome]) -> ReviewOutcome:
    """The outcome of the whole by those of its pairs."""
    if ReviewOutcome.LEAD in pairs:
        return ReviewOutcome.LEAD
    if all(pair is ReviewOutcome.NO_CANDIDATE for pair in pairs):
        return ReviewOutcome.NO_CANDIDATE
    return ReviewOutcome.INCONCLUSIVE
