"""What a score of this search means: by the evaluation that is published with the model pack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from countenance.biometrics.statement import Histograms, Origin, Statement
from countenance.extraction.pack import ModelPack

type Stating = Callable[[float, int], Statement | None]
"""Comparison score and number of references searched -> what that means, or None: no valid evaluation, no statement."""


def statements_of(pack: ModelPack) -> Stating:
    """Statements by the histograms that the pack carries for its own definition of a template.

    For the default pack: news photographs of public figures (calibration.json), which says little about other photographs. Of each person at
    most three comparisons are in the mated histogram, so three count as one independent one.
    """
    calibration = pack.calibration()
    measured: dict[str, Any] | None = calibration.get("variants", {}).get(
        "flip_centred" if pack.mirrored else "single_centred"
    )
    if measured is None:
        return lambda _score, _gallery: None
    bins = calibration["bin_edges"]
    table = Histograms(
        mated=measured["mated_histogram"],
        non_mated=measured["non_mated_histogram"],
        start=bins["start"],
        step=bins["step"],
        people=3.0,
    )
    return lambda score, gallery: table.state(score, gallery, Origin.PACK)
