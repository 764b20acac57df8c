"""Opting out in its third form: a protected template is kept only so that its person is kept out (R13).

Erasing and keeping nothing is the first form and the default, blocking one picture the second; both are erasures. The third
is chosen by who accepts that a template of theirs is kept for it: in a database of its own, under a key of its own, until a
day that can be moved. Whoever joins is told at which rate the list misses, and how many others it would hold by mistake.

One joins by a request for it, in that request's transaction (`rights.opting_out`). The acts here are for whoever has joined.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from countenance.acting.step import Handler, Handlers, Outcome, Step
from countenance.biometrics.templates import Template
from countenance.biometrics.vocabulary import FaceReason, FaceState
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_
from countenance.records.database import DjangoTransaction
from countenance.records.models import Face
from countenance.records.params import Params
from countenance.records.suppressing.lists import HOLD, LIFE, Joined, SuppressionList
from countenance.records.workspace import Workspace

MOST_DAYS = 1_826
"""Five years: for longer, one renews."""


def suppress(
    workspace: Workspace,
    tx: DjangoTransaction,
    template: Template,
    *,
    life: timedelta = LIFE,
    every_answer: bool = False,
) -> Joined:
    """Keep the person of `template` out of every enrolment from now on, and with `every_answer` out of lists of
    candidates too.

    In the caller's open transaction, which logs it. The answer holds the code, shown this once, and what to tell: the day
    it ends, the rate of misses and of false holds. Raises UnavailableError where the model pack has no published scores.
    """
    return SuppressionList(workspace).join(tx, template, life=life, every_answer=every_answer)


def release(workspace: Workspace, tx: DjangoTransaction, code: str, photograph: str) -> None:
    """Let one's own held face in, in one photograph (its id), by the code that one keeps. Any other code changes nothing.

    In the caller's open transaction. Raises NotFoundError where there is no such code, or nothing is held there.
    """
    SuppressionList(workspace).release(tx, code, _held_photograph(photograph))


def described(joined: Joined) -> dict[str, Json]:
    """What somebody who joined is told, besides their code. Rates are shares, 0..1, the threshold is a comparison score: written out,
    for a receipt holds whole numbers and texts only.
    """
    return {
        "expires_at": iso(joined.expires_at),
        "threshold": f"{joined.terms.threshold:.4f}",
        "misses": f"{joined.terms.misses:.4f}",
        "false_holds": f"{joined.terms.false_holds:.6f}",
        "false_holds_is_bound": joined.terms.bound,
    }


def _renew(step: Step) -> Outcome:
    expires = SuppressionList(step.workspace).renew(
        step.tx, step.params.text("code"), life=life_of(step.params)
    )
    return Outcome(record={"expires_at": iso(expires)})


def _leave(step: Step) -> Outcome:
    SuppressionList(step.workspace).leave(step.tx, step.params.text("code"))
    return Outcome(record={"removed": True})


def _release(step: Step) -> Outcome:
    release(step.workspace, step.tx, step.params.text("code"), step.params.text("photograph"))
    return Outcome(record={"photograph": step.params.text("photograph")})


def life_of(params: Params) -> timedelta:
    """How long an entry is to stand: `days` from now, a year unless given."""
    return timedelta(days=params.number("days", default=LIFE.days, least=1, most=MOST_DAYS))


def _held_photograph(key: str) -> str:
    """SHA-256 of a photograph in which a face is held, by its id."""
    held = Face.objects.filter(state=FaceState.HELD.value, reason=FaceReason.SUPPRESSED.value)
    known = {str(row) for row in held.values_list("photograph_id", flat=True)}
    if key.lower() not in known:
        raise NotFoundError(
            N_("No face is held in the photograph {photograph}."),
            remedy=N_("See what is held with: countenance suppression status"),
            code="hold-missing",
            photograph=key,
        )
    return str(held.filter(photograph=UUID(key)).values_list("photograph__sha256", flat=True)[0])


def _status(step: Step) -> Outcome:
    """How the list stands, and what waits because of it: numbers, and photographs; of nobody on it anything."""
    listed = SuppressionList(step.workspace)
    terms = listed.terms()
    rows = Face.objects.filter(state=FaceState.HELD.value, reason=FaceReason.SUPPRESSED.value)
    held: list[Json] = [
        {
            "photograph": str(key),
            "source": source,
            "path": path,
            "until": iso(ingested + HOLD),
        }
        for key, source, path, ingested in rows.order_by("photograph__ingested_at", "pk").values_list(
            "photograph_id", "photograph__source__name", "photograph__path", "photograph__ingested_at"
        )
    ]
    record: dict[str, Json] = {
        "entries": listed.length(),
        "threshold": terms.threshold,
        "misses": round(terms.misses, 4),
        "false_holds": round(terms.false_holds, 6),
        "held": held,
    }
    return Outcome(record=record)


HANDLERS: Handlers = {
    Act.SUPPRESSION_RENEW: Handler(carry_out=_renew),
    Act.SUPPRESSION_LEAVE: Handler(carry_out=_leave),
    Act.SUPPRESSION_RELEASE: Handler(carry_out=_release),
    Act.SUPPRESSION_STATUS: Handler(carry_out=_status),
}
