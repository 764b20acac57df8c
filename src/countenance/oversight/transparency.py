"""The year so far, for everybody: the public edition of the yearly report, counted from the signed log.

It is counted once an hour at most, whoever asks, so that nobody can keep a workspace busy by asking.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from uuid import UUID

from countenance.oversight.reports import Edition, make
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError
from countenance.records.database import open_reading
from countenance.records.workspace import Workspace

FRESH = timedelta(hours=1)
_counting = threading.Lock()
_counted: dict[UUID, tuple[datetime, dict[str, Json]]] = {}


def figures(workspace: Workspace) -> dict[str, Json]:
    """The public edition of this year, as of `counted_at`. Small cells of breakdowns are withheld, as in the file.

    `figures` is empty where no checkpoint has been signed yet.
    """
    now, key = workspace.clock(), workspace.settings.id
    with _counting:
        held = _counted.get(key)
        if held is None or not held[0] <= now < held[0] + FRESH:
            held = (now, _count(workspace, now))
            _counted[key] = held
    return held[1]


def _count(workspace: Workspace, now: datetime) -> dict[str, Json]:
    try:
        with open_reading() as tx:
            report = make(workspace, tx, now.year, Edition.PUBLIC)
    except ConflictError:
        report = {"year": now.year, "figures": [], "size": 0}
    return {**report, "counted_at": iso(now)}
