"""How a reference ends: unfindable first, in the transaction; then the key of its face; then the crop.

Erasing in this order means that a crash leaves a face that cannot be found and whose bytes are still to go, never
the reverse. Start-up finishes what a crash left (`destroy_ended_keys`).
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from countenance.biometrics.vocabulary import FaceState
from countenance.records.database import DjangoTransaction, truncate_wal
from countenance.records.models import Face, Reference
from countenance.records.workspace import Workspace


def end_references(
    workspace: Workspace, tx: DjangoTransaction, references: QuerySet[Reference], now: datetime
) -> int:
    """End the open ones of `references`; they are in no answer from this transaction on. Returns how many.

    A face with no open reference left is withdrawn. Every grant that is out dies.
    """
    ended = list(references.filter(ended_at__isnull=True).values_list("id", "face_id"))
    identifiers = [reference for reference, _ in ended]
    faces = {face for _, face in ended}
    for start in range(0, len(identifiers), 500):
        Reference.objects.filter(id__in=identifiers[start : start + 500]).update(ended_at=now)
    workspace.index.remove(tx, [str(identifier) for identifier in identifiers])
    still_open = Reference.objects.filter(face=OuterRef("pk"), ended_at__isnull=True)
    for start in range(0, len(faces), 500):
        part = sorted(faces)[start : start + 500]
        Face.objects.filter(~Exists(still_open), id__in=part).update(
            state=FaceState.WITHDRAWN.value, reason="basis-ended", norm=None
        )
    workspace.revoke_grants()
    return len(ended)


def destroy_ended_keys(workspace: Workspace) -> int:
    """Destroy keys and crops of withdrawn faces that still have them. Returns how many; safe to run at any time."""
    due = list(
        Face.objects.filter(state=FaceState.WITHDRAWN.value).exclude(crop="").values_list("id", "crop")
    )
    if not due:
        return 0
    workspace.vault.destroy([face for face, _ in due])
    for _, crop in due:
        workspace.media.delete(crop)
    with workspace.transaction():
        for start in range(0, len(due), 500):
            Face.objects.filter(id__in=[face for face, _ in due[start : start + 500]]).update(crop="")
    truncate_wal()
    return len(due)
