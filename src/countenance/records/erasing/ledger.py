"""The ingest ledger: rows of a manifest that still name who was erased.

The label gives way to its keyed hash, not to nothing: a face whose label were missing might be enrolled as nobody's.
"""

from __future__ import annotations

from collections.abc import Collection

from countenance.primitives.canonical import Json
from countenance.records.erasing.tombstones import ERASED_LABEL, Hashing
from countenance.records.models import IngestItem
from countenance.records.workspace import Workspace

_PAGE = 2_000


def forget_labels(workspace: Workspace, digests: Collection[str]) -> int:
    """Replace labels whose keyed hash is one of `digests` in every item. Returns how many items; safe to repeat."""
    if not digests:
        return 0
    hashing = Hashing(workspace.vault)
    known: dict[str, str] = {}
    changed, last = 0, 0
    while True:
        page = list(
            IngestItem.objects.filter(pk__gt=last)
            .exclude(rows=[])
            .order_by("pk")
            .values_list("pk", "rows")[:_PAGE]
        )
        if not page:
            return changed
        last = page[-1][0]
        fresh = [
            IngestItem(pk=key, rows=[_without(row, hashing, digests, known) for row in rows])
            for key, rows in page
            if any(_named(row, hashing, digests, known) for row in rows)
        ]
        if fresh:
            with workspace.transaction():
                IngestItem.objects.bulk_update(fresh, ["rows"], batch_size=200)
            changed += len(fresh)


def _named(
    row: dict[str, Json], hashing: Hashing, digests: Collection[str], known: dict[str, str]
) -> str | None:
    """The keyed hash of the row's label, where it is one of `digests`."""
    label = row.get("person")
    if not isinstance(label, str) or not label or label.startswith(ERASED_LABEL):
        return None
    if label not in known:
        known[label] = hashing.of_label(label)
    return known[label] if known[label] in digests else None


def _without(
    row: dict[str, Json], hashing: Hashing, digests: Collection[str], known: dict[str, str]
) -> dict[str, Json]:
    digest = _named(row, hashing, digests, known)
    return row if digest is None else {**row, "person": ERASED_LABEL + digest}
