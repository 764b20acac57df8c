"""The one liveness query: which references may still be shown at this moment.

It is run in the transaction that logs the candidates, so what a person ended a moment ago, in whatever process,
is not on the list.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q

from countenance.records.models import Reference

_BATCH = 500  # below SQLite's limit of bound parameters


def live_condition(now: datetime) -> Q:
    """A reference is live while nothing under it has ended: itself, its receipt or basis, its source, its gallery."""
    consented = Q(
        receipt__withdrawn_at__isnull=True,
        receipt__given_at__lte=now,
        receipt__person=F("face__person"),  # nobody is found by what somebody else agreed to
        receipt__gallery=F("gallery"),
    ) & (Q(receipt__expires_at__isnull=True) | Q(receipt__expires_at__gt=now))
    based = Q(basis__ended_at__isnull=True, basis__valid_from__lte=now)
    return (
        Q(ended_at__isnull=True)
        & (Q(receipt__isnull=False) & consented | Q(basis__isnull=False) & based)
        & Q(
            face__photograph__source__withdrawn_at__isnull=True,
            face__photograph__basis__ended_at__isnull=True,
            gallery__suspended_at__isnull=True,
            gallery__search_locked_at__isnull=True,
        )
    )


def live_references(
    reference_ids: Iterable[uuid.UUID], now: datetime, *, gallery: str, classes: Iterable[int]
) -> set[uuid.UUID]:
    """Those of `reference_ids` that are live at `now` and, by the records, of a permitted gallery and class.

    The index is derived: where its row says another class than the record does, the record is right.
    """
    wanted, permitted = list(reference_ids), {(uuid.UUID(gallery), each) for each in classes}
    live: set[uuid.UUID] = set()
    for start in range(0, len(wanted), _BATCH):
        # Gallery and class are compared here: in the question they would lead SQLite to read the whole gallery.
        rows = Reference.objects.filter(live_condition(now), id__in=wanted[start : start + _BATCH])
        found = rows.values_list("id", "gallery_id", "permission_class_id")
        live.update(key for key, held, of in found if (held, of) in permitted)
    return live
