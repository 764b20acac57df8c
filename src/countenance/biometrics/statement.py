"""What a comparison score means in a gallery of a given size, from an evaluation; or nothing, where there is none.

In an open-set search two things can go wrong (ISO/IEC 19795-1:2021): a stranger's photograph brings a candidate (FPIR), or the right person is
missed (FNIR). Both are told for a threshold at the very score. From comparisons of two persons FPIR(N) is 1 - (1 - FMR)^N, as if they were
independent; from searches that were measured among N' persons it is 1 - (1 - FPIR(N'))^(N / N'). Both are calculated.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

LEAST_SEEN = 30
"""Below this many observations a rate is no estimate (the rule of 30; ISO/IEC 19795-1:2021, annex B)."""


class Origin(StrEnum):
    """Whose evaluation a statement rests on."""

    PACK = "pack"  # the one that is published with the model pack: other photographs than the workspace's
    WORKSPACE = "workspace"  # the workspace's own


class PassedOver(StrEnum):
    """Why it is not an evaluation of the workspace's own."""

    NONE_ADOPTED = "none-adopted"
    EXPIRED = "expired"
    OTHER_PACK = "other-pack"  # it was measured with templates of another model pack
    OUTGROWN = "outgrown"  # the gallery has more than ten times the people it was measured among


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The evaluation behind the statements of one search, and why it is not a better one.

    `code`, `measured_on`, `valid_until` (ISO dates) and `people` (enrolled when it was measured): of a workspace's own; "" and
    0 for the pack's. `pack`: name and version. `passed_over`: None where it is the workspace's own.
    """

    origin: Origin
    pack: str
    code: str = ""
    measured_on: str = ""
    valid_until: str = ""
    people: int = 0
    passed_over: PassedOver | None = None


@dataclass(frozen=True, kw_only=True)
class Chance:
    """A probability with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What one score means among `gallery` people.

    `stranger`: a stranger's photograph brings a candidate this strong; None where the evaluation saw it too seldom to tell. `missed`: with a
    threshold here the right person, if present, is missed.
    """

    origin: Origin
    gallery: int
    stranger: Chance | None
    missed: Chance


FUSED = 1.3
"""A person's references are compared as one, which is a little more often like a stranger than one reference is: 1.21 to 1.28 times
for two to five on generated templates (`benchmarks/evaluation/bench.py`; best of three: 2.9 times). More references count no further."""


class Histograms:
    """Scores of one person and of two, in bins of equal width; the two counts are of comparisons.

    `people`: comparisons of one person for each independent one. Comparisons share persons, so fewer are independent than
    were counted: half of those of two persons, to first order, since each has two.
    """

    def __init__(
        self,
        *,
        mated: Sequence[int],
        non_mated: Sequence[int],
        start: float,
        step: float,
        people: float = 2.0,
    ) -> None:
        self._start, self._step, self._people = start, step, people
        self._above = list(accumulate(reversed(non_mated)))[::-1]
        self._below = [0, *accumulate(mated)]

    def state(
        self, score: float, gallery: int, origin: Origin, *, references: int | None = None
    ) -> Statement | None:
        """The statement for a score among `gallery` people; None without a gallery or without data.

        `references`: how many were compared, where people have several (`FUSED`).
        """
        chances = max(gallery, min(references or 0, FUSED * gallery))
        if (
            gallery < 1
            or not self._above
            or not self._above[0]
            or not self._below[-1]
            or not math.isfinite(score)
        ):
            return None
        place = min(max(int((score - self._start) / self._step + 1e-6), 0), len(self._above) - 1)
        seen, total = self._above[place], self._above[0]
        stranger = None
        if seen >= LEAST_SEEN:
            low, high = poisson_interval(seen / 2)
            stranger = Chance(
                value=_any_of(seen / total, chances),
                low=_any_of(min(2 * low / total, 1.0), chances),
                high=_any_of(min(2 * high / total, 1.0), chances),
            )
        missed, mated = self._below[place], self._below[-1]
        lower, upper = wilson(missed / mated, mated / self._people)
        return Statement(
            origin=origin,
            gallery=gallery,
            stranger=stranger,
            missed=Chance(value=missed / mated, low=lower, high=upper),
        )


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Searches that were measured among `gallery` persons with `references_each` photographs at most: FPIR and FNIR at ascending thresholds, of so many
    strangers and mates (persons)."""

    gallery: int
    threshold: tuple[float, ...]
    fpir: tuple[float, ...]
    fnir: tuple[float, ...]
    strangers: int
    mates: int
    references_each: int = 1

    def state(
        self, score: float, gallery: int, origin: Origin, *, references: int | None = None
    ) -> Statement | None:
        """The statement for a score among `gallery` people; None without a gallery.

        `references`: as in `Histograms.state`; what each person had in the measurement is in its rates already.
        """
        if gallery < 1 or not self.threshold or not math.isfinite(score):
            return None
        # Between two measured thresholds the lower one tells FPIR and the upper one FNIR: neither is made to look smaller.
        place = max(bisect_left(self.threshold, score + 1e-9) - 1, 0)
        fpir, fnir = self.fpir[place], self.fnir[min(place + 1, len(self.fnir) - 1)]
        stranger = None
        if fpir * self.strangers >= LEAST_SEEN / 3:
            low, high = wilson(fpir, self.strangers)
            ratio = (
                max(gallery, min((references or 0) / self.references_each, FUSED * gallery)) / self.gallery
            )
            stranger = Chance(value=_any_of(fpir, ratio), low=_any_of(low, ratio), high=_any_of(high, ratio))
        lower, upper = wilson(fnir, self.mates)
        return Statement(
            origin=origin,
            gallery=gallery,
            stranger=stranger,
            missed=Chance(value=fnir, low=lower, high=upper),
        )


def _any_of(chance: float, times: float) -> float:
    """Probability that what has `chance` happens at least once in `times`."""
    if chance >= 1:
        return 1.0
    return -math.expm1(times * math.log1p(-chance))


def poisson_interval(seen: float) -> tuple[float, float]:
    """95 % interval of a count (Byar's approximation; N. Breslow, N. Day, Statistical Methods in Cancer Research II, 1987, p. 69)."""
    if seen <= 0:
        return 0.0, 3.0
    low = seen * (1 - 1 / (9 * seen) - 1.96 / (3 * math.sqrt(seen))) ** 3
    more = seen + 1
    high = more * (1 - 1 / (9 * more) + 1.96 / (3 * math.sqrt(more))) ** 3
    return max(low, 0.0), high


def wilson(share: float, n: float) -> tuple[float, float]:
    """95 % interval of a share of `n` (E. B. Wilson, JASA 22, 1927)."""
    if n <= 0:
        return 0.0, 1.0
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))
