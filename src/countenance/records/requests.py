"""How a person's request ends: its key is destroyed, and with it all that was sealed under it. No crash leaves half of it.

What is sealed: who asks and how to reach them, the picture of an own face, the probe of a sweep. The row stays, with dates and
steps: that a request was answered must be shown, not by whom it was made.
"""

from __future__ import annotations

from countenance.records.database import truncate_wal
from countenance.records.models import RequestRecord, SweepRecord
from countenance.records.workspace import Workspace

PICTURE_PREFIX = "request-"
"""Media of requests: the prefix and the request's id."""


def picture_name(row: RequestRecord) -> str:
    """The name in the media store of the picture that a requester handed in."""
    return PICTURE_PREFIX + row.pk.hex


def destroy_closed_requests(workspace: Workspace) -> int:
    """Destroy key, picture and probes of every closed request that still has them. Returns how many; safe at any time."""
    due = list(RequestRecord.objects.filter(closed_at__isnull=False, destroyed_at__isnull=True)[:500])
    if not due:
        return 0
    keys = [row.pk for row in due]
    workspace.vault.destroy(keys)
    workspace.media.delete_many([picture_name(row) for row in due])
    with workspace.transaction() as (_, now):
        SweepRecord.objects.filter(request__in=keys).update(probe=b"")
        RequestRecord.objects.filter(pk__in=keys).update(details=b"", destroyed_at=now)
    truncate_wal()
    return len(due)
