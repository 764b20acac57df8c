"""How a person's request ends: its key is destroyed, and with it all that was sealed under it. No crash leaves half of it.

What is sealed: who asks and how to reach them, the picture of an own face, the probe of a sweep. The row stays, with dates and
steps: that a request was answered must be shown, not by whom it was made.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from countenance.records.database import truncate_wal
from countenance.records.models import RequestRecord, SweepRecord
from countenance.records.workspace import Workspace

PICTURE_PREFIX = "request-"
"""Media of requests: the prefix and the request's id."""


_LONGEST_SEARCH = timedelta(hours=1)


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


def drop_picture(workspace: Workspace, row: RequestRecord) -> None:
    """Remove a picture that no search came of. Where its request ended meanwhile, so does the key it was sealed under."""
    workspace.media.delete_many([picture_name(row)])
    if not RequestRecord.objects.filter(pk=row.pk, closed_at__isnull=True).exists():
        workspace.vault.destroy([row.pk])
        truncate_wal()


def sweep_pictures(workspace: Workspace) -> int:
    """Destroy what a killed search left: pictures and keys of requests that are closed. Returns how many.

    Only what is older than any search may last: another process may be in the middle of one.
    """
    left = {
        uuid.UUID(hex=name.removeprefix(PICTURE_PREFIX))
        for name in workspace.media.names(older_than=_LONGEST_SEARCH)
        if name.startswith(PICTURE_PREFIX)
    }
    left -= set(RequestRecord.objects.filter(closed_at__isnull=True).values_list("pk", flat=True))
    if left:
        workspace.vault.destroy(sorted(left))
        workspace.media.delete_many([PICTURE_PREFIX + key.hex for key in sorted(left)])
        truncate_wal()
    return len(left)
