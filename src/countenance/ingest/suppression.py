"""The suppression step: who chose to be kept out is not enrolled, whoever names them and on whatever basis.

Asked after embedding and before anything of the face is sealed or written: a held face has no key, no crop and no template.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from countenance.biometrics.vocabulary import FaceReason, FaceState, PhotographState
from countenance.extraction.values import PhotographExtraction
from countenance.ingest.desk import Desk
from countenance.ingest.taken import FaceKey, Taken
from countenance.policy.decisions import Refused
from countenance.policy.mint import GrantMint
from countenance.records.events import Event
from countenance.records.models import Face, Photograph
from countenance.records.suppressing.elsewhere import Seen, templates_elsewhere
from countenance.records.suppressing.lists import HOLD, SuppressionList
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry


def suppressed_faces(workspace: Workspace, desk: Desk, batch: Sequence[Taken]) -> frozenset[FaceKey]:
    """Faces of a batch that are on the suppression list. `desk`: opened for this batch.

    Compares nothing unless policy permits the enrolment of somebody in it; then under a grant for this check alone.
    """
    listed = SuppressionList(workspace)
    faces = [
        ((taken.item, page.page, face.index), face, face.template, taken.sha256)
        for taken in batch
        if isinstance(taken.result, PhotographExtraction) and taken.sha256 is not None
        for page in taken.result.pages
        for face in page.faces
        if face.template is not None
    ]
    if not faces or not listed.exists():
        return frozenset()
    epoch = workspace.epoch()
    for taken in batch:
        if taken.brief is not None:
            desk.rule(taken.brief)
    if desk.permitted is None:
        return frozenset()  # nothing of it will be enrolled
    grant = GrantMint(workspace.policy(), workspace.grant_key).mint_check(desk.permitted, epoch=epoch)
    if isinstance(grant, Refused):
        return frozenset(key for key, *_ in faces)
    others = listed.other_spaces()
    seen = [Seen(crop=face.crop, landmarks=face.crop_landmarks) for _, face, _, _ in faces]
    answers = listed.is_suppressed(
        grant,
        [(template, sha256) for _, _, template, sha256 in faces],
        elsewhere=templates_elsewhere(workspace, others, seen) if others else (),
    )
    return frozenset(key for (key, *_), answer in zip(faces, answers, strict=True) if answer)


def expire_holds(workspace: Workspace) -> int:
    """Held faces that nobody released in time are not enrolled. Returns how many."""
    if not _due(workspace.clock()).exists():
        return 0
    with workspace.transaction() as (tx, now):
        due = _due(now)
        photographs = set(due.values_list("photograph_id", flat=True))
        ended = due.update(state=FaceState.REFUSED.value, reason=FaceReason.HOLD_EXPIRED.value)
        Photograph.objects.filter(
            pk__in=photographs, state=PhotographState.HELD.value, reason=FaceReason.SUPPRESSED.value
        ).update(state=PhotographState.REFUSED.value, reason=FaceReason.HOLD_EXPIRED.value)
        entry = NewEntry(
            event=Event.HOLDS_EXPIRED.value,
            at=now,
            purpose=None,
            jurisdiction=None,
            client=None,
            pack=None,
            details={"faces": ended},
        )
        workspace.record(tx, [entry])
    return ended


def _due(now: datetime) -> QuerySet[Face]:
    return Face.objects.filter(
        state=FaceState.HELD.value,
        reason=FaceReason.SUPPRESSED.value,
        photograph__ingested_at__lte=now - HOLD,
    )
