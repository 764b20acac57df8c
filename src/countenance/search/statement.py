"""What a score of this search means: by the gallery's own evaluation, else by the one that is published with the model pack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from countenance.biometrics.statement import Evidence, Histograms, Origin, Statement
from countenance.extraction.pack import ModelPack
from countenance.records.measuring import evaluation_of, measured
from countenance.records.models import Gallery

type Stating = Callable[[float], Statement | None]
"""Comparison score -> what it means among those who were searched, or None: no valid evaluation, no statement."""


def statements_for(
    pack: ModelPack, gallery: Gallery, people: int, references: int, now: datetime
) -> tuple[Stating, Evidence | None]:
    """Statements for a search among `people`, who have so many references; and whose evaluation they rest on.

    The gallery's own comes first. Where it has none that is valid, the pack's is taken and the answer says why; where the
    pack has none either, nothing is said.
    """
    own = evaluation_of(gallery, str(pack.space_id), people, now)
    name = f"{pack.name} {pack.version}"
    if own.row is not None:
        rates, row = measured(own.row), own.row
        evidence = Evidence(
            origin=Origin.WORKSPACE,
            pack=name,
            code=row.code,
            measured_on=row.measured_at.date().isoformat(),
            valid_until=row.expires_at.date().isoformat(),
            people=row.people,
        )
        return lambda score: rates.state(score, people, Origin.WORKSPACE, references=references), evidence
    published = published_with(pack)
    if published is None:
        return lambda _score: None, None
    evidence = Evidence(origin=Origin.PACK, pack=name, passed_over=own.passed_over)
    return lambda score: published.state(score, people, Origin.PACK, references=references), evidence


def published_with(pack: ModelPack) -> Histograms | None:
    """The histograms that the pack carries for its own definition of a template; None where it has none.

    For the default pack: news photographs of public figures (calibration.json), which says little about other photographs. Of each person at
    most three comparisons are in the mated histogram, so three count as one independent one.
    """
    calibration = pack.calibration()
    found: dict[str, Any] | None = calibration.get("variants", {}).get(
        "flip_centred" if pack.mirrored else "single_centred"
    )
    if found is None:
        return None
    bins = calibration["bin_edges"]
    return Histograms(
        mated=found["mated_histogram"],
        non_mated=found["non_mated_histogram"],
        start=bins["start"],
        step=bins["step"],
        people=3.0,
    )
