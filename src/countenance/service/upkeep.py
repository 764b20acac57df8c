"""What a running searcher does by the clock, whoever asks for what: everything with a day on which it ends, ends."""

from __future__ import annotations

from countenance.ingest.status import read_statuses
from countenance.ingest.suppression import expire_holds
from countenance.records.erasing.steps import finish
from countenance.records.majority import come_of_age
from countenance.records.retaining.purging import begin_purge, is_due
from countenance.records.suppressing.lists import SuppressionList
from countenance.records.workspace import Workspace


def by_clock(workspace: Workspace) -> None:
    """Do all that is due at this moment; safe to call at any time, and again."""
    SuppressionList(workspace).end_expired()
    expire_holds(workspace)
    come_of_age(workspace)
    read_statuses(workspace)
    if is_due(workspace):
        with workspace.transaction() as (tx, now):
            begin_purge(workspace, tx, now=now, account=None)
    finish(workspace)
