"""One batch of an erasure becomes unfindable: rows, tombstones, what is still to be destroyed, and the log's entry, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from countenance.policy.terms import DataKind
from countenance.primitives.canonical import Json
from countenance.records.database import DjangoTransaction
from countenance.records.erasing import tombstones
from countenance.records.erasing.selecting import Selection
from countenance.records.erasing.stores import Walk, walk_stores
from countenance.records.erasing.vocabulary import ScopeKind, Store, TombstoneKind, WorkKind
from countenance.records.events import Event
from countenance.records.models import Erasure, ErasureWork, Photograph
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry


def erase_batch(
    workspace: Workspace,
    tx: DjangoTransaction,
    erasure: Erasure,
    chosen: Selection,
    now: datetime,
    *,
    logged: bool = True,
) -> None:
    """Rows, tombstones, what is still to be destroyed, and the entry of the log: in the open transaction.

    `logged`: False where an entry of the log is being repeated.
    """
    hashing = tombstones.Hashing(workspace.vault)
    stones = [
        *((TombstoneKind.PERSON, hashing.of_label(label), 0, None) for label in chosen.people.values()),
        *_photograph_stones(hashing, erasure, chosen),
    ]
    written = tombstones.write(erasure.pk, stones, now)
    walk = Walk(workspace=workspace, tx=tx, chosen=chosen, now=now, destroy=True)
    counts = walk_stores(walk)
    counts[Store.VAULT_KEYS] = len(set(walk.keys))
    labels = [digest for kind, digest, _, _ in stones if kind is TombstoneKind.PERSON]
    _note(
        erasure,
        [
            *((WorkKind.KEY, str(key)) for key in dict.fromkeys(walk.keys)),
            *((WorkKind.MEDIA, name) for name in dict.fromkeys(walk.media)),
            *((WorkKind.MENTION, str(key)) for key in dict.fromkeys(walk.mentions)),
            *((WorkKind.LABEL, digest) for digest in labels),
            *((WorkKind.PAYLOAD, str(position)) for position in chosen.payloads),
        ],
    )
    total = Counter({store: int(number) for store, number in erasure.counts.items()})
    total.update({store.value: number for store, number in counts.items()})
    erasure.counts = dict(total)
    details: dict[str, Json] = {
        "erasure": erasure.code,
        # By these an erasure is repeated in what is restored from a backup. They resolve to nothing here.
        "people": sorted(str(key) for key in chosen.people),
        "photographs": sorted(str(key) for key in chosen.photographs),
        "faces": sorted(str(face.id) for face in chosen.faces),
        "receipts": sorted(str(key) for key in chosen.receipts),
        "cases": sorted(str(key) for key in chosen.cases),
        "searches": sorted(str(key) for key in chosen.searches),
        "probes": sorted(str(key) for key in chosen.probes),
        "reviews": sorted(str(key) for key in chosen.reviews),
        "requests": sorted(str(key) for key in chosen.requests),
        "tombstones": [[kind.value, digest, page, box] for kind, digest, page, box in stones],
        "counts": {store.value: number for store, number in counts.items()},
        "written": written,
    }
    if logged:
        log_erasure(workspace, tx, erasure, Event.ERASURE_UNFINDABLE, now, details)
    else:
        erasure.save(update_fields=["counts"])


def _photograph_stones(
    hashing: tombstones.Hashing, erasure: Erasure, chosen: Selection
) -> Iterable[tuple[TombstoneKind, str, int, list[int] | None]]:
    """One for each photograph that was to go as such, unless another source still holds the same bytes; else one for each
    face in it.
    """
    whole = erasure.scope in {
        ScopeKind.PHOTOGRAPH.value,
        ScopeKind.SOURCE.value,
        ScopeKind.GALLERY.value,
    } or erasure.target.startswith(f"{DataKind.PHOTOGRAPH.value}/")
    if not whole:
        return [
            (TombstoneKind.FACE, hashing.of_bytes(face.sha256), face.page, [round(side) for side in face.box])
            for face in chosen.faces
        ]
    kept: set[str] = set()
    if erasure.scope != ScopeKind.PHOTOGRAPH.value:
        hashes = sorted(set(chosen.photographs.values()))
        for start in range(0, len(hashes), 500):
            elsewhere = Photograph.objects.filter(
                sha256__in=hashes[start : start + 500], source__withdrawn_at__isnull=True
            )
            kept.update(elsewhere.values_list("sha256", flat=True))
    return [
        (TombstoneKind.PHOTOGRAPH, hashing.of_bytes(sha256), 0, None)
        for sha256 in sorted(set(chosen.photographs.values()) - kept)
    ]


def _note(erasure: Erasure, work: Sequence[tuple[WorkKind, str]]) -> None:
    ErasureWork.objects.bulk_create(
        [ErasureWork(erasure=erasure, kind=kind.value, ref=ref) for kind, ref in work], batch_size=500
    )


def log_erasure(
    workspace: Workspace,
    tx: DjangoTransaction,
    erasure: Erasure,
    event: Event,
    now: datetime,
    details: dict[str, Json],
) -> int:
    """One entry of an erasure, in the open transaction; returns its index."""
    entry = NewEntry(
        event=event.value,
        at=now,
        purpose=None,
        jurisdiction=erasure.jurisdiction or None,
        client=erasure.target if erasure.scope == ScopeKind.CLIENT.value else None,
        pack=None,
        details=details,
    )
    (appended,) = workspace.record(tx, [entry])
    erasure.entries = [*erasure.entries, appended.index]
    erasure.save(update_fields=["entries", "counts"])
    return appended.index
