"""Erasures that a restored database does not know of are carried out again, before anything is served from it.

The log says what was erased by ids, which mean something in the older records, and by the tombstones that were written.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from countenance.records.database import DjangoTransaction
from countenance.records.erasing import tombstones
from countenance.records.erasing.scope import ErasureScope
from countenance.records.erasing.selecting import select_ids, there
from countenance.records.erasing.steps import BULK, close_scope, reach
from countenance.records.erasing.unfindable import erase_batch
from countenance.records.erasing.vocabulary import ErasureState, ResidencyRule, ScopeKind, TombstoneKind
from countenance.records.models import Case, ConsentReceipt, Erasure, Probe, RequestRecord, Review, Search
from countenance.records.workspace import Workspace


def repeat_start(details: Mapping[str, Any], at: datetime, place: str | None) -> None:
    """The row of an erasure that was begun after the backup, as its first entry tells of it."""
    Erasure.objects.get_or_create(
        code=str(details["erasure"]),
        defaults={
            "scope": str(details["scope"]),
            "target": str(details["target"]),
            "rule": str(details["rule"]),
            "ground": str(details["ground"]),
            "jurisdiction": place or "",
            "state": ErasureState.STARTED.value,
            "started_at": at,
        },
    )
    rule = str(details["rule"])
    scope = ErasureScope(
        kind=ScopeKind(str(details["scope"])),
        target=str(details["target"]),
        rule=ResidencyRule(rule) if rule else None,
    )
    close_scope(scope, at)


def repeat_batch(
    workspace: Workspace, tx: DjangoTransaction, details: Mapping[str, Any], entry: int, now: datetime
) -> int:
    """Erase again what an entry names, as far as it is there; returns how many references ended.

    All of it is noted for `finish`, which destroys keys and bytes and says so in the log once more.
    """
    erasure = Erasure.objects.get(code=str(details["erasure"]))
    if entry in erasure.entries:
        return 0
    chosen = select_ids(
        people=_ids(details["people"]), photographs=_ids(details["photographs"]), faces=_ids(details["faces"])
    )
    chosen.receipts = list({*chosen.receipts, *there(ConsentReceipt, _ids(details["receipts"]))})
    chosen.cases = there(Case, _ids(details["cases"]))
    chosen.searches = there(Search, _ids(details.get("searches", ())))
    chosen.probes = there(Probe, _ids(details.get("probes", ())))
    chosen.reviews = there(Review, _ids(details.get("reviews", ())))
    chosen.requests = there(RequestRecord, _ids(details.get("requests", ())))
    if chosen:
        erase_batch(workspace, tx, erasure, chosen, now, logged=False)
    known = {(row.kind, row.digest, row.page, tuple(row.box or ())) for row in erasure.tombstones.all()}
    stones = [
        (TombstoneKind(kind), str(digest), int(page), box)
        for kind, digest, page, box in details["tombstones"]
        if (kind, digest, page, tuple(box or ())) not in known
    ]
    tombstones.write(erasure.pk, stones, now)
    erasure.entries = [*erasure.entries, entry]
    erasure.save(update_fields=["entries"])
    if ScopeKind(erasure.scope) not in BULK:
        reach(erasure, ErasureState.UNFINDABLE, now)
    return len(chosen.references)


def repeat_end(details: Mapping[str, Any], entry: int, now: datetime) -> None:
    """Every batch has been repeated: nothing more is to be chosen, what was noted is to be destroyed."""
    erasure = Erasure.objects.get(code=str(details["erasure"]))
    erasure.entries = [*erasure.entries, entry]
    erasure.save(update_fields=["entries"])
    if erasure.state == ErasureState.STARTED.value:
        reach(erasure, ErasureState.UNFINDABLE, now)


def _ids(texts: Collection[str]) -> list[uuid.UUID]:
    return [uuid.UUID(text) for text in texts]
