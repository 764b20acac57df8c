"""A refused act in the log: who asked for what, and which rule said no."""

from __future__ import annotations

from datetime import datetime

from countenance.policy.decisions import Refused
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.records.database import DjangoTransaction
from countenance.records.events import Event
from countenance.records.identity import Caller
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry


def log_refusal(
    workspace: Workspace,
    tx: DjangoTransaction,
    caller: Caller,
    act: Act,
    refused: Refused,
    now: datetime,
    **more: Json,
) -> None:
    """One entry, in the open transaction."""
    client = caller.facts.client
    entry = NewEntry(
        event=Event.ACT_REFUSED.value,
        at=now,
        purpose=None,
        jurisdiction=client.jurisdiction if client else None,
        client=client.id if client else None,
        pack=refused.pack,
        details={
            "account": caller.facts.id,
            "act": act.value,
            "reason": refused.reason,
            "rule": refused.rule,
            **more,
        },
    )
    workspace.record(tx, [entry])
