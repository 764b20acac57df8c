"""What every act of the desk shares: a request by its number, what is sealed with it, and the receipt of a step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from countenance.acting.step import Outcome, Step
from countenance.policy.terms import RequestKind
from countenance.primitives.canonical import Json, canonical_json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.ids import read_code
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import RequestRecord, RequestStepRecord, WorkspaceState
from countenance.records.workspace import Workspace
from countenance.rights.clocks import read_clock
from countenance.rights.values import (
    FORMAT,
    OPEN,
    OptOutForm,
    Pointer,
    Receipt,
    RequestState,
    RequestStep,
    RightsRequest,
    Tier,
    VerifiedRequest,
)
from countenance.tlog.statement import MEMBER, digest_of
from countenance.vault.vault import Plain, Sealed

DETAILS_PART = "request-details"
PICTURE_PART = "request-picture"


class At(Protocol):
    """Where and when something is done: an act's step, or the portal's, which nobody signs."""

    @property
    def workspace(self) -> Workspace: ...

    @property
    def now(self) -> datetime: ...


def find_request(number: str, *, lock: bool = False) -> RequestRecord:
    """The request of this number. Raises NotFoundError."""
    rows = RequestRecord.objects.select_for_update() if lock else RequestRecord.objects.all()
    row = rows.filter(number=read_code(number) or number).first()
    if row is None:
        raise NotFoundError(
            N_("There is no request {request}."),
            remedy=N_("See them with: countenance request list"),
            code="request-missing",
            request=number,
        )
    return row


def open_request(workspace: Workspace, number: str) -> RightsRequest:
    """The request as it was received. Raises NotFoundError, ConflictError where it is closed."""
    row = find_request(number, lock=True)
    if row.state not in OPEN:
        raise ConflictError(
            N_("The request {request} is closed: {state}."),
            code="request-closed",
            request=row.number,
            state=row.state,
        )
    return RightsRequest(
        row=row,
        kind=RequestKind(row.kind),
        opt_out=OptOutForm(row.opt_out) if row.opt_out else None,
        pointer=Pointer(row.pointer),
        said=unseal_details(workspace, row),
    )


def verified_request(workspace: Workspace, number: str) -> VerifiedRequest:
    """The request, if its requester was verified. Raises ConflictError where that is still to be done."""
    request = open_request(workspace, number)
    row = request.row
    if row.state != RequestState.VERIFIED.value or row.verified_at is None:
        raise ConflictError(
            N_("Whoever makes the request {request} is not verified yet, so nothing is looked up for it."),
            remedy=N_("Verify first: countenance request verify {request} --tier ..."),
            code="request-not-verified",
            request=row.number,
        )
    faces = row.faces.filter(confirmed_at__isnull=False).order_by("number").values_list("face_id", flat=True)
    return VerifiedRequest(
        request=request,
        tier=Tier(row.tier),
        verified_at=row.verified_at,
        person_id=row.person_id,
        faces=tuple(faces),
    )


def seal_details(workspace: Workspace, row: RequestRecord, said: Mapping[str, str]) -> bytes:
    """Who asks and by what they are to be found, under the request's own key."""
    plain = Plain(record_id=row.pk, part=DETAILS_PART, data=canonical_json(dict(said)))
    return workspace.vault.seal([plain])[0]


def unseal_details(workspace: Workspace, row: RequestRecord) -> dict[str, str]:
    """What was sealed with an open request."""
    sealed = Sealed(record_id=row.pk, part=DETAILS_PART, data=bytes(row.details))
    return dict(json.loads(workspace.vault.unseal([sealed])[0]))


def receipt_for(step: At, row: RequestRecord, kind: RequestStep, **more: Json) -> Receipt:
    """The receipt of a step: what happened, to which request, when; with whatever `more` says of it."""
    reading = read_clock(step.workspace, row, step.now)
    statement: dict[str, Json] = {
        "type": FORMAT,
        "operator": WorkspaceState.objects.get(pk=1).operator,
        "request": row.number,
        "kind": row.kind,
        **({"form": row.opt_out} if row.opt_out else {}),
        "step": kind.value,
        "at": iso(step.now),
        "received_at": iso(row.received_at),
        "due": None if row.closed_at else reading.due.isoformat(),
        **more,
    }
    return Receipt(step=kind, statement=statement, digest=digest_of(statement))


def outcome(
    step: At,
    row: RequestRecord,
    event: Event,
    receipt: Receipt,
    *,
    show: Mapping[str, Json] | None = None,
    **details: Json,
) -> Outcome:
    """What an act that gives a receipt ends in: the entry commits to the receipt, and the receipt finds its entry."""
    kept = RequestStepRecord.objects.create(
        request=row, step=receipt.step.value, at=step.now, statement=dict(receipt.statement)
    )

    def logged(index: int) -> None:
        RequestStepRecord.objects.filter(pk=kept.pk).update(log_index=index)

    return Outcome(
        record={**describe(step.workspace, row, step), **(show or {})},
        event=event,
        details={"request": str(row.pk), MEMBER: receipt.digest, **details},
        logged=logged,
    )


def describe(workspace: Workspace, row: RequestRecord, step: At) -> dict[str, Json]:
    """What a list shows of a request: no name, no contact, nothing of what was looked for."""
    reading = read_clock(workspace, row, step.now)
    closed = row.closed_at is not None
    return {
        "request": row.number,
        "kind": row.kind,
        "form": row.opt_out or None,
        "pointer": row.pointer,
        "state": row.state,
        "tier": row.tier or None,
        "place": row.place or None,
        "language": row.language,
        "received_at": iso(row.received_at),
        "due": None if closed else reading.due.isoformat(),
        "paused": reading.paused and not closed,
        "extended": reading.extended,
        "overdue": not closed and reading.overdue(step.now),
        "closed_at": iso(row.closed_at) if row.closed_at else None,
    }


def close(step: Step, row: RequestRecord, state: RequestState) -> None:
    """Close a request. Its key, and all that is sealed under it, goes as soon as this transaction is committed."""
    row.state, row.closed_at = state.value, step.now
    row.save(update_fields=["state", "closed_at"])
    row.faces.all().delete()


def need(condition: bool, what: str, code: str) -> None:
    """Raise UsageError `code` with the sentence `what` unless `condition`."""
    if not condition:
        raise UsageError(what, code=code)
