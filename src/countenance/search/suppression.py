"""Who chose to be left out of answers as well is on no list, although a reference is searchable.

Asked of the suppression list after the scan and before anything is logged, under a grant that the search's own gives rise
to. Nothing is said of it anywhere: recognising somebody in order to refuse would be recognising.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

import numpy as np

from countenance.biometrics.templates import Template
from countenance.index.head import template_part
from countenance.policy.mint import GrantMint
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.suppressing.lists import SuppressionList
from countenance.records.workspace import Workspace
from countenance.search.values import CandidateList
from countenance.vault.vault import Sealed

_AT_ONCE = 400


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
    templates = _templates(workspace, found)
    asked = [lead for lead in found.leads if str(lead.face_id) in templates]
    hashes = dict(
        models.Face.objects.filter(pk__in=[lead.face_id for lead in asked]).values_list(
            "pk", "photograph__sha256"
        )
    )
    answers = listed.is_suppressed(
        grant,
        [(templates[str(lead.face_id)], hashes.get(lead.face_id, "")) for lead in asked],
        in_answers=True,
    )
    out = {lead.reference_id for lead, answer in zip(asked, answers, strict=True) if answer}
    return replace(found, leads=tuple(lead for lead in found.leads if lead.reference_id not in out))


def _templates(workspace: Workspace, found: CandidateList) -> dict[str, Template]:
    """Templates of the leads' best references, for this one comparison; faces whose key is gone have none."""
    faces = [str(lead.face_id) for lead in found.leads]
    rows: list[tuple[str, bytes]] = []
    with open_reading() as tx:
        for start in range(0, len(faces), _AT_ONCE):
            part = faces[start : start + _AT_ONCE]
            marks = ", ".join(["%s"] * len(part))
            rows += [
                (str(face), bytes(sealed))  # type: ignore[arg-type]  # the column holds bytes
                for face, sealed in tx.execute(
                    f"select face_id, sealed from index_template where space_id = %s and face_id in ({marks})",  # noqa: S608 - marks
                    [str(found.space_id), *part],
                )
            ]
    part_name = template_part(found.space_id)
    opened = workspace.vault.unseal_existing(
        [Sealed(record_id=uuid.UUID(face), part=part_name, data=sealed) for face, sealed in rows]
    )
    return {
        face: Template(vector=np.frombuffer(data, dtype="<f4"), norm=1.0, space_id=found.space_id)
        for (face, _), data in zip(rows, opened, strict=True)
        if data is not None
    }
