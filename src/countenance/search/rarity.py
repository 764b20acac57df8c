"""What a score means as far as the pack's own calibration can say: how rare it is between different people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from countenance.extraction.pack import ModelPack

_LEAST_SEEN = 30  # below this many observations a rate is no estimate any more, only a bound


@dataclass(frozen=True, kw_only=True)
class Rarity:
    """About one in `one_in` comparisons of two different people scores as high or higher.

    `bound`: the calibration holds too few such comparisons for a rate; it is rarer than that.
    """

    one_in: int
    bound: bool


def rarity_of(pack: ModelPack) -> Callable[[float], Rarity | None]:
    """How rare a score is, by the histogram of non-mated scores that the pack carries.

    For the default pack: news photographs of public figures, which says little about other photographs. Gives None
    where the pack carries no histogram for its own definition of a template.
    """
    calibration = pack.calibration()
    measured: dict[str, Any] | None = calibration.get("variants", {}).get(
        "flip_centred" if pack.mirrored else "single_centred"
    )
    if measured is None:
        return lambda _: None
    bins = calibration["bin_edges"]
    histogram: list[int] = measured["non_mated_histogram"]
    at_or_above = list(accumulate(reversed(histogram)))[::-1]
    total = at_or_above[0]

    def rarity(score: float) -> Rarity:
        place = min(max(int((score - bins["start"]) // bins["step"]), 0), len(histogram) - 1)
        seen = at_or_above[place]
        return Rarity(one_in=round(total / max(seen, _LEAST_SEEN)), bound=seen < _LEAST_SEEN)

    return rarity
