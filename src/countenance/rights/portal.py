"""What anybody may do without an account: see what is held and why, ask, and follow what they asked for.

Nobody signs here, and no policy is asked: these answers are owed to whoever wants them (PIPEDA Principles 4.8 and 4.9;
GDPR Articles 12 to 14; requirement R14 of docs/requirements.md). What is told is the public register and, for a number
and its secret, the state of that request; what is written is one request and its entry in the log.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.clock import iso
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.ids import read_code
from countenance.primitives.text import N_
from countenance.records.models import (
    Gallery,
    Reference,
    RequestRecord,
    RequestStepRecord,
    Source,
    WorkspaceState,
)
from countenance.records.params import Params
from countenance.records.workspace import Workspace
from countenance.rights.acts.reading import issued
from countenance.rights.acts.receiving import take_in
from countenance.rights.clocks import read_clock
from countenance.tlog.leaf import NewEntry

LONGEST = 400
"""Characters of a field: a name, an address, a reference. Whoever has more to say says it when they are answered."""

_NOBODY = RequestRecord(number="", secret_sha256="0" * 64)
_FIELDS = frozenset({"kind", "form", "pointer", "value", "name", "contact", "place", "language"})


@dataclass(frozen=True, kw_only=True)
class _At:
    workspace: Workspace
    now: datetime


def register() -> dict[str, Json]:
    """Galleries and sources as the public may know them: what, what for, on what basis, whose, and how many faces."""
    counts = Reference.objects.filter(ended_at__isnull=True)
    galleries: list[Json] = [
        {
            "gallery": row.name,
            "purposes": sorted(row.purposes),
            "jurisdiction": row.jurisdiction,
            "notice": row.notice or None,
            "notice_exemption": row.notice_exemption or None,
            "suspended": row.suspended_at is not None,
            "references": counts.filter(gallery=row).count(),
            "sources": [_source(source) for source in row.sources.select_related("basis").order_by("name")],
        }
        for row in Gallery.objects.order_by("name")
    ]
    state = WorkspaceState.objects.get(pk=1)
    return {"operator": state.operator, "jurisdiction": state.jurisdiction, "galleries": galleries}


def _source(row: Source) -> Json:
    return {
        "source": row.name,
        "basis": row.basis.kind,
        "purposes": sorted(row.basis.purposes),
        "jurisdiction": row.basis.jurisdiction,
        "holder": row.holder,
        "contact": row.contact,
        "notice": row.notice,
        "registered": iso(row.created_at),
        "withdrawn": iso(row.withdrawn_at) if row.withdrawn_at else None,
    }


def ask(workspace: Workspace, asked: Json) -> dict[str, Json]:
    """Take a request in from whoever makes it; returns its number and, this once, its secret. See `acts.receiving`.

    Raises UsageError for what is out of form.
    """
    params = Params(asked)
    unknown = set(params.json) - _FIELDS
    if unknown:
        raise UsageError(N_("A request has no field {field}."), code="unknown-field", field=min(unknown))
    for name in sorted(params.json):
        if len(str(params.json[name])) > LONGEST:
            raise UsageError(
                N_("{field} has more than {most} characters."), code="field-long", field=name, most=LONGEST
            )
    with workspace.transaction() as (tx, now):
        outcome = take_in(_At(workspace=workspace, now=now), params, entered_by=None)
        assert outcome.event is not None
        entry = NewEntry(
            event=outcome.event.value,
            at=now,
            purpose=None,
            jurisdiction=None,
            client=None,
            pack=None,
            details={"portal": True, **outcome.details},
        )
        (appended,) = workspace.record(tx, [entry])
        outcome.logged(appended.index)
    record = outcome.record
    assert isinstance(record, dict)
    return {**record, "log_entry": appended.index}


def standing(workspace: Workspace, number: str, secret: str) -> dict[str, Json]:
    """State, due date and steps of a request.

    An unknown number and a wrong secret are answered alike, after the same work. Says nothing of what is held, before
    verification or after it. Raises NotFoundError.
    """
    row = _known(number, secret)
    steps = RequestStepRecord.objects.filter(request=row).values_list("step", "at")
    return {
        "request": row.number,
        "kind": row.kind,
        "form": row.opt_out or None,
        "state": row.state,
        "due": None if row.closed_at else read_clock(workspace, row, workspace.clock()).due.isoformat(),
        "steps": [{"step": name, "at": iso(at)} for name, at in steps],
    }


def receipts(workspace: Workspace, number: str, secret: str) -> dict[str, Json]:
    """The receipts of a request, as the desk hands them out. Raises NotFoundError as `standing` does."""
    row = _known(number, secret)
    with workspace.transaction() as (tx, now):
        return issued(workspace, tx, now, row, latest=False)


def _known(number: str, secret: str) -> RequestRecord:
    row = RequestRecord.objects.filter(number=read_code(number) or "").first() or _NOBODY
    digest = sha256_hex((read_code(secret) or secret).encode())
    if not hmac.compare_digest(digest, row.secret_sha256):
        raise NotFoundError(
            N_("No request has this number and this secret."),
            remedy=N_("Check both for a slip."),
            code="request-unknown",
        )
    return row
