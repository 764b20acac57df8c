"""What a score means as far as the pack's own calibration can say: how rare it is between different people."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any

from countenance.extraction.pack import ModelPack


def rarity_of(pack: ModelPack) -> Callable[[float], int | None]:
    """Score -> n, where about one in n comparisons of two different people scores as high or higher.

    From the histogram of non-mated scores that the pack carries (for the default pack: news photographs of public
    figures, which says little about other photographs). Beyond its end n is the number of comparisons measured.
    None where the pack carries no histogram for its own definition of a template.
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

    def rarity(score: float) -> int:
        place = min(max(int((score - bins["start"]) // bins["step"]), 0), len(histogram) - 1)
        return round(total / max(at_or_above[place], 1))

    return rarity
