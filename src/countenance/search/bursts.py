"""Frames of one burst, and copies of one photograph, take one place on the list where nobody has said whose face it is.

Somebody who is labelled is one candidate anyway (`search.fusing`). Of an unlabelled face the best frame stands for
the others: those of the same source and the same recorded date, whose template is nearly the same. No two
photographs become one person by that: at `NEARLY_THE_SAME` lie pictures of one moment (docs/adr/0013).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import batched

from countenance.biometrics.templates import Vector
from countenance.records import models
from countenance.records.references import face_templates
from countenance.records.workspace import Workspace
from countenance.search.values import CandidateList, Lead

NEARLY_THE_SAME = 0.9
"""Cosine of two templates. Measured: copies of a photograph made smaller, brighter, turned by two degrees or compressed anew lie
at 0.98 in the median, different photographs of one synthetic person at 0.77 at most (docs/figures.md)."""

_BATCH = 500  # below SQLite's limit of bound parameters


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """Where and when, as the holder recorded it."""

    photograph: uuid.UUID
    source: uuid.UUID
    date: str


def collapse_bursts(workspace: Workspace, found: CandidateList) -> CandidateList:
    """The list with one lead for each burst, which says how many frames it stands for. The order of the others stays."""
    unlabelled = [lead.face_id for lead in found.leads if lead.person_id is None]
    if len(unlabelled) < 2:
        return found
    taken = _taken(unlabelled)
    templates = face_templates(workspace, unlabelled, found.space_id)
    kept: dict[uuid.UUID, Lead] = {}
    for lead in found.leads:  # best first
        frame = lead.face_id
        of = next((each for each in kept if _is_burst(each, frame, taken, templates)), None)
        if lead.person_id is not None or of is None:
            kept[frame] = lead
        else:
            kept[of] = replace(kept[of], frames=kept[of].frames + 1)
    return replace(found, leads=tuple(kept.values()))


def _is_burst(
    one: uuid.UUID,
    other: uuid.UUID,
    taken: dict[uuid.UUID, _Taken],
    templates: dict[uuid.UUID, Vector],
) -> bool:
    """Two faces of one photograph are two people."""
    if not {one, other} <= taken.keys() & templates.keys():
        return False
    here, there = taken[one], taken[other]
    return (
        here.photograph != there.photograph
        and (here.source, here.date) == (there.source, there.date)
        and float(templates[one] @ templates[other]) >= NEARLY_THE_SAME
    )


def _taken(faces: Iterable[uuid.UUID]) -> dict[uuid.UUID, _Taken]:
    taken: dict[uuid.UUID, _Taken] = {}
    for part in batched(faces, _BATCH):
        rows = models.Face.objects.filter(id__in=part)
        for face, photograph, source, date in rows.values_list(
            "id", "photograph_id", "photograph__source_id", "photograph__captured_at"
        ):
            taken[face] = _Taken(photograph=photograph, source=source, date=date)
    return taken
