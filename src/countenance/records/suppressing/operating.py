"""At which comparison score the suppression list holds a face, and what that means for who is on it.

The longer the list, the more innocent enrolments it would hold. So the threshold follows its length: expected false holds
of one enrolment stay at or below `MOST_FALSE_HOLDS`, by the non-mated scores that the model pack has published. The price is
told to who joins: how often the list misses a person at that threshold, by the pack's mated scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from countenance.extraction.pack import ModelPack
from countenance.primitives.errors import UnavailableError
from countenance.primitives.text import N_

MOST_FALSE_HOLDS = 1e-3
"""Expected false holds of one innocent enrolment, whatever the length of the list."""

_BOUND = 3.0
"""Rule of three: where none of n comparisons was seen, 3/n is the upper end of the rate's 95 % interval."""


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """How a list of `length` entries is held against a face.

    `threshold`: comparison score (cosine) from which a face is held. `false_holds`: expected share of innocent enrolments
    that are held, 0..1. `misses`: share of comparisons of one person's two photographs that score below, 0..1. `bound`: so
    few such comparisons were measured that `false_holds` is an upper bound, not a rate.
    """

    length: int
    threshold: float
    false_holds: float
    misses: float
    bound: bool


def operating_point(pack: ModelPack, length: int) -> OperatingPoint:
    """The lowest threshold at which false holds stay within the limit for a list of `length` entries (at least one).

    Raises UnavailableError where the pack has no histograms for its templates: without them nobody can be told anything.
    """
    calibration: dict[str, Any] = pack.calibration()
    measured = calibration.get("variants", {}).get("flip_centred" if pack.mirrored else "single_centred")
    if measured is None:
        raise UnavailableError(
            N_(
                "The model pack {pack} has no published comparison scores, so no suppression list can be kept with it."
            ),
            code="suppression-uncalibrated",
            pack=pack.name,
        )
    start, step = float(calibration["bin_edges"]["start"]), float(calibration["bin_edges"]["step"])
    others: list[int] = measured["non_mated_histogram"]
    mates: list[int] = measured["mated_histogram"]
    at_or_above = list(accumulate(reversed(others)))[::-1]
    total, entries = sum(others), max(length, 1)
    for place, seen in enumerate(at_or_above):
        rate = max(float(seen), _BOUND) / total
        false_holds = 1.0 - (1.0 - rate) ** entries
        if false_holds <= MOST_FALSE_HOLDS:
            return OperatingPoint(
                length=entries,
                threshold=round(start + place * step, 6),
                false_holds=false_holds,
                misses=sum(mates[:place]) / sum(mates),
                bound=seen < _BOUND,
            )
    raise UnavailableError(
        N_("A suppression list of {length} entries is longer than this model pack's measurements reach."),
        remedy=N_("Let entries run out, or use a pack that was measured with more comparisons."),
        code="suppression-too-long",
        length=entries,
    )
