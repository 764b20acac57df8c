"""Who chose to be left out of answers as well is on no list, although a reference is searchable.

Asked of the suppression list after the scan and before anything is logged, under a grant that the search's own gives rise
to. Nothing is said of it anywhere: recognising somebody in order to refuse would be recognising.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import simplejpeg

from countenance.biometrics.templates import Template
from countenance.policy.mint import GrantMint
from countenance.records import models
from countenance.records.cropping import given_in_crop
from countenance.records.photographs import open_crop
from countenance.records.references import face_templates
from countenance.records.suppressing.elsewhere import Seen, templates_elsewhere
from countenance.records.suppressing.lists import SuppressionList
from countenance.records.workspace import Workspace
from countenance.search.values import CandidateList, Lead


def without_suppressed(workspace: Workspace, found: CandidateList) -> CandidateList:
    """The list without the leads whose best reference is of somebody who chose that.

    Raises RefusedError where the search's grant does not stand any more.
    """
    listed = SuppressionList(workspace)
    if not found.leads or not listed.watches_answers():
        return found
    epoch = workspace.epoch()
    mint = GrantMint(workspace.policy(epoch), workspace.grant_key)
    grant = mint.mint_answer_check(found.probe.grant, now=workspace.clock(), epoch=epoch)
    vectors = face_templates(workspace, [lead.face_id for lead in found.leads], found.space_id)
    asked = [lead for lead in found.leads if lead.face_id in vectors]
    hashes = dict(
        models.Face.objects.filter(pk__in=[lead.face_id for lead in asked]).values_list(
            "pk", "photograph__sha256"
        )
    )
    answers = listed.is_suppressed(
        grant,
        [
            (
                Template(vector=vectors[lead.face_id], norm=1.0, space_id=found.space_id),
                hashes.get(lead.face_id, ""),
            )
            for lead in asked
        ],
        in_answers=True,
        elsewhere=_elsewhere(workspace, listed.other_spaces(in_answers=True), asked),
    )
    out = {lead.reference_id for lead, answer in zip(asked, answers, strict=True) if answer}
    return replace(found, leads=tuple(lead for lead in found.leads if lead.reference_id not in out))


def _elsewhere(
    workspace: Workspace, spaces: frozenset[str], leads: Sequence[Lead]
) -> list[dict[str, Template]]:
    """Templates of the leads in spaces of entries made with another pack, from the crops; none for a lead without a crop."""
    if not spaces:
        return [{} for _ in leads]
    faces = models.Face.objects.select_related("photograph").in_bulk([lead.face_id for lead in leads])
    seen = [_seen(workspace, faces[lead.face_id]) if lead.face_id in faces else None for lead in leads]
    return templates_elsewhere(workspace, spaces, seen)


def _seen(workspace: Workspace, face: models.Face) -> Seen | None:
    crop = open_crop(workspace, face)
    if crop is None:
        return None
    height, width, _, _ = simplejpeg.decode_jpeg_header(crop)
    return Seen(crop=crop, landmarks=given_in_crop(face, (width, height)).landmarks)
