"""Assessments (DPIA, PIA) bound to what runs: gallery, model, threshold and purposes (requirement R23).

Where a gallery has an assessment, a search runs only as it was assessed. A change of model or threshold, or a purpose that it
does not speak of, reopens it: searches of that gallery are refused until two persons have recorded an addendum.
Source: Regulation (EU) 2016/679, Art. 35(11): a review where the risk of the processing changes.
"""

from __future__ import annotations

from countenance.policy.decisions import Refused
from countenance.primitives.text import N_
from countenance.records.models import Assessment, Gallery
from countenance.records.workspace import Workspace

RULE = "ASSESS-01"


def assessment_refusal(
    workspace: Workspace, gallery: Gallery, purpose: str, *, pack: str, identification: float | None = None
) -> Refused | None:
    """What speaks against a search because it is not what was assessed; None where it is, or nothing was asked for.

    `identification`: the threshold, where the search goes by one; then an assessment must speak of that very threshold.
    """
    columns = ("space_id", "threshold", "purposes", "identification")
    rows = list(Assessment.objects.filter(gallery=gallery).values_list(*columns))
    if not rows:
        return None
    models = workspace.models
    for space, threshold, purposes, by_threshold in rows:
        same = (space, threshold) == (str(models.space_id), models.candidate_floor) and purpose in purposes
        if same and identification in {None, by_threshold}:
            return None
    return Refused(
        reason="assessment-reopened",
        rule=RULE,
        authority="Rule of the house: what runs is what was assessed; Regulation (EU) 2016/679, Art. 35(11)",
        since="2026-11-01",
        explanation=N_("Model, threshold or purpose are not those that were assessed for this gallery."),
        pack=pack,
    )


def is_assessed(workspace: Workspace, gallery: Gallery) -> bool:
    """Whether every purpose of the gallery has an assessment of what runs now."""
    return Assessment.objects.filter(gallery=gallery).exists() and all(
        assessment_refusal(workspace, gallery, purpose, pack="") is None for purpose in gallery.purposes
    )
