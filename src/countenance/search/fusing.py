"""The references of a person become one comparison: who was found by one photograph is scored by all that may be searched.

The scan finds references one by one. A person's best one brings the person onto the list; the score is then that of the
mean direction of all their references that are live, and permitted to this very search.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from countenance.biometrics.templates import Vector
from countenance.policy.grants import Grant
from countenance.records import models
from countenance.records.liveness import live_condition
from countenance.records.references import face_templates, fused_score
from countenance.records.workspace import Workspace
from countenance.search.values import CandidateList, Lead

REACH = 0.7
"""A mean can score higher than the best of what it is the mean of: by at most 1 / (length of the mean), which for two templates
of non-negative cosine is 1 / 0.71. So references are fetched from this share of the floor on."""

_BATCH = 500  # below SQLite's limit of bound parameters


def fuse_references(
    workspace: Workspace, found: CandidateList, *, floor: float, now: datetime
) -> CandidateList:
    """The list with one score for each person, best first, without whom the floor then leaves out."""
    several = {
        person: members
        for person, members in _references(found, now).items()
        if len(set(members.values())) > 1
    }
    templates = face_templates(
        workspace, {face for members in several.values() for face in members.values()}, found.space_id
    )
    probe = found.probe.template.vector
    leads = [
        _fused(lead, several[lead.person_id], templates, probe) if lead.person_id in several else lead
        for lead in found.leads
    ]
    kept = (lead for lead in leads if lead.score >= floor)
    return replace(found, leads=tuple(sorted(kept, key=lambda lead: (-lead.score, str(lead.reference_id)))))


def _references(found: CandidateList, now: datetime) -> dict[uuid.UUID, dict[uuid.UUID, uuid.UUID]]:
    """Of each person on the list: reference -> face, of those that are live and permitted under the grant."""
    grant: Grant = found.probe.grant
    permitted = {(uuid.UUID(grant.gallery_id), each) for each in grant.permission_classes}
    persons = [lead.person_id for lead in found.leads if lead.person_id is not None]
    held: dict[uuid.UUID, dict[uuid.UUID, uuid.UUID]] = {}
    for start in range(0, len(persons), _BATCH):
        # Gallery and class are compared here: in the question they would lead SQLite to read the whole gallery.
        rows = models.Reference.objects.filter(
            live_condition(now), face__person__in=persons[start : start + _BATCH]
        )
        for person, reference, face, *place in rows.values_list(
            "face__person_id", "id", "face_id", "gallery_id", "permission_class_id"
        ):
            if tuple(place) in permitted:
                held.setdefault(person, {})[reference] = face
    return held


def _fused(
    lead: Lead,
    members: Mapping[uuid.UUID, uuid.UUID],
    templates: Mapping[uuid.UUID, Vector],
    probe: Vector,
) -> Lead:
    """One lead by all of its references that have a template in the probe's space; as it was where that is one at most."""
    faces = {
        face: reference for reference, face in sorted(members.items(), reverse=True) if face in templates
    }
    if len(faces) < 2:
        return lead
    best = max(faces, key=lambda face: (float(templates[face] @ probe), str(face)))
    return replace(
        lead,
        reference_id=faces[best],
        face_id=best,
        score=fused_score([templates[face] for face in faces], probe),
        fused=tuple(faces.values()),
    )
