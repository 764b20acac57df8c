"""How a reference ends: unfindable first, in the transaction; then the key of its face; then the crop.

Erasing in this order means that a crash leaves a face that cannot be found and whose bytes are still to go, never
the reverse. Start-up finishes what a crash left (`destroy_ended_keys`).

A consent may also run out, with nobody there to end it: `end_expired` does what its withdrawal would have done.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from countenance.biometrics.vocabulary import FaceState
from countenance.primitives.canonical import Json
from countenance.records.database import DjangoTransaction, truncate_wal
from countenance.records.events import Event
from countenance.records.models import ConsentReceipt, Face, Hold, PermissionClass, Reference
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry


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


def withdraw_receipts(
    workspace: Workspace, tx: DjangoTransaction, receipts: Collection[ConsentReceipt], now: datetime
) -> int:
    """Withdraw these receipts, and end what rests on them. Returns how many references ended."""
    ConsentReceipt.objects.filter(pk__in=[receipt.pk for receipt in receipts]).update(withdrawn_at=now)
    return end_references(workspace, tx, rests_on(receipts), now)


def rests_on(receipts: Collection[ConsentReceipt]) -> QuerySet[Reference]:
    """What ends when these receipts are withdrawn: the references under them, and those of the same person, gallery and
    purpose on any other basis, for a person's own no is heard under every basis.

    A reference serves all purposes of its class, so one that serves a withdrawn purpose among others ends whole; the
    next ingest enrols the face again for what is left.
    """
    ended = Q(receipt__in=[receipt.pk for receipt in receipts])
    for gallery in {receipt.gallery_id for receipt in receipts}:
        for person in {receipt.person_id for receipt in receipts if receipt.gallery_id == gallery}:
            own = {
                each.purpose for each in receipts if (each.gallery_id, each.person_id) == (gallery, person)
            }
            classes = [
                row.pk for row in PermissionClass.objects.filter(gallery=gallery) if own & set(row.purposes)
            ]
            ended |= Q(face__person=person, gallery=gallery, permission_class__in=classes, receipt=None)
    return Reference.objects.filter(ended)


def end_expired(workspace: Workspace) -> int:
    """End the references whose consent has run out: in no answer, no count and no coverage; then their keys go.

    Returns how many. One entry in the log where there are any; nothing is written where there are none.
    """
    if not _expired(workspace.clock()).exists():
        return 0
    with workspace.transaction() as (tx, now):
        receipts = list(_expired(now).values_list("id", flat=True))
        ended = sum(
            end_references(
                workspace, tx, Reference.objects.filter(receipt__in=receipts[start : start + 500]), now
            )
            for start in range(0, len(receipts), 500)
        )
        if ended:
            details: Json = {"receipts": [str(receipt) for receipt in receipts], "references_ended": ended}
            entry = NewEntry(
                event=Event.CONSENT_EXPIRED.value,
                at=now,
                purpose=None,
                jurisdiction=None,
                client=None,
                pack=None,
                details=details,
            )
            workspace.record(tx, [entry])
    destroy_ended_keys(workspace)
    return ended


def _expired(now: datetime) -> QuerySet[ConsentReceipt]:
    """Receipts that have run out and still have an open reference."""
    still_open = Reference.objects.filter(receipt=OuterRef("pk"), ended_at__isnull=True)
    return ConsentReceipt.objects.filter(Exists(still_open), withdrawn_at__isnull=True, expires_at__lte=now)


def destroy_ended_keys(workspace: Workspace) -> int:
    """Destroy keys and crops of withdrawn faces that still have them. Returns how many; safe to run at any time.

    Whatever withdraws a face moves the revocation epoch (`end_references`): where nothing was left in this one, nothing is
    looked for, since it is looked for after every act.
    """
    epoch: int | None = workspace.epoch()
    if workspace.nothing_ended_in == epoch:
        return 0
    rows = Face.objects.filter(state=FaceState.WITHDRAWN.value).exclude(crop="")
    due = list(rows.values_list("id", "crop", "photograph_id"))
    if due and Hold.objects.filter(lifted_at__isnull=True).exists():
        from countenance.records.holding import spared

        kept = spared(workspace.clock()).photographs
        due, held = [row for row in due if row[2] not in kept], len(due)
        epoch = epoch if len(due) == held else None  # a hold may end at any time
    if not due:
        workspace.nothing_ended_in = epoch
        return 0
    workspace.vault.destroy([face for face, _, _ in due])
    for _, crop, _ in due:
        workspace.media.delete(crop)
    with workspace.transaction():
        for start in range(0, len(due), 500):
            Face.objects.filter(id__in=[face for face, _, _ in due[start : start + 500]]).update(crop="")
    truncate_wal()
    workspace.nothing_ended_in = epoch
    return len(due)
