"""What a requester may see without an account: where the request stands, for its number and secret. One answer for all else."""

from __future__ import annotations

import hmac

from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.clock import iso
from countenance.primitives.errors import NotFoundError
from countenance.primitives.ids import read_code
from countenance.primitives.text import N_
from countenance.records.models import RequestRecord, RequestStepRecord
from countenance.records.workspace import Workspace
from countenance.rights.clocks import read_clock

_NOBODY = RequestRecord(number="", secret_sha256="0" * 64)


def standing(workspace: Workspace, number: str, secret: str) -> dict[str, Json]:
    """State, due date and steps of a request.

    An unknown number and a wrong secret are answered alike, after the same work. Says nothing of what is held, before
    verification or after it. Raises NotFoundError.
    """
    row = RequestRecord.objects.filter(number=read_code(number) or "").first() or _NOBODY
    digest = sha256_hex((read_code(secret) or secret).encode())
    if not hmac.compare_digest(digest, row.secret_sha256):
        raise NotFoundError(
            N_("No request has this number and this secret."),
            remedy=N_("Check both for a slip."),
            code="request-unknown",
        )
    steps = RequestStepRecord.objects.filter(request=row).values_list("step", "at")
    return {
        "request": row.number,
        "kind": row.kind,
        "form": row.opt_out or None,
        "state": row.state,
        "due": None if row.closed_at else read_clock(workspace, row, workspace.clock()).due.isoformat(),
        "steps": [{"step": name, "at": iso(at)} for name, at in steps],
    }
