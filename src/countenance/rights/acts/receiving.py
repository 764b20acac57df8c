"""A request comes in, and whoever makes it is verified. Nothing of what is held is looked at before that."""

from __future__ import annotations

import hmac

from countenance.acting.step import Outcome, Step
from countenance.policy.places import check_place
from countenance.policy.terms import RequestKind
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.ids import new_code, new_id, read_code
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Account, ConsentReceipt, RequestRecord
from countenance.records.params import Params
from countenance.rights.desk import At, describe, open_request, outcome, receipt_for, seal_details
from countenance.rights.values import OptOutForm, Pointer, RequestState, RequestStep, Tier, tier_needed

MOST_TRIES = 5
_RANK = {tier: rank for rank, tier in enumerate(Tier)}
LANGUAGES = ("en", "fr")


def open_(step: Step) -> Outcome:
    """Take a request in, at the desk."""
    return take_in(step, step.params, entered_by=step.caller.account)


def take_in(step: At, params: Params, *, entered_by: Account | None) -> Outcome:
    """Take a request in. The answer is the same whoever asks: what is held is not looked at, so it cannot show.

    The secret is told once, here; the records keep its SHA-256. `entered_by`: None for the public portal.
    """
    kind = params.choice("kind", RequestKind)
    pointer = params.choice("pointer", Pointer)
    value = params.line("value", "") if pointer is Pointer.OWN_FACE else params.line("value")
    form = params.choice("form", OptOutForm, OptOutForm.ERASE) if kind is RequestKind.OPT_OUT else None
    if form is None and "form" in params.json:
        raise UsageError(N_("Only an opt-out has a form."), code="request-form")
    received = params.moment("received_at") or step.now
    if received > step.now:
        raise UsageError(N_("A request cannot have come in the future."), code="request-future")
    language = params.text("language", LANGUAGES[0])
    if language not in LANGUAGES:
        raise UsageError(N_("A request is answered in English or French."), code="request-language")
    secret = new_code("S", groups=4)
    place = params.line("place", "")
    row = RequestRecord(
        id=new_id(),
        number=new_code("Q"),
        secret_sha256=sha256_hex(secret.encode()),
        kind=kind.value,
        opt_out=form.value if form else "",
        pointer=pointer.value,
        language=language,
        place=check_place(place) if place else "",
        state=RequestState.RECEIVED.value,
        entered_by=entered_by,
        received_at=received,
    )
    said = {"name": params.line("name"), "contact": params.line("contact"), "value": value}
    row.details = seal_details(step.workspace, row, said)
    row.save(force_insert=True)
    receipt = receipt_for(step, row, RequestStep.RECEIVED)
    return outcome(step, row, Event.REQUEST_RECEIVED, receipt, show={"secret": secret})


def verify(step: Step) -> Outcome:
    """Say how the requester was verified, or check the code they hold. A wrong code and an unknown one are answered alike."""
    request = open_request(step.workspace, step.params.text("request"))
    row = request.row
    if row.state != RequestState.RECEIVED.value:
        raise ConflictError(
            N_("Whoever makes the request {request} is verified already."),
            code="request-verified",
            request=row.number,
        )
    tier = step.params.choice("tier", Tier)
    needed = tier_needed(request.kind, request.pointer, request.opt_out)
    if _RANK[tier] < _RANK[needed]:
        raise UsageError(
            N_("A request for {kind} by {pointer} needs more: {needed}."),
            code="request-tier",
            kind=request.kind.value,
            pointer=request.pointer.value,
            needed=needed.value,
        )
    if row.tries >= MOST_TRIES:
        raise ConflictError(
            N_("The code given with {request} was wrong {most} times."),
            remedy=N_("Verify by a document instead, or refuse the request."),
            code="request-tries",
            request=row.number,
            most=MOST_TRIES,
        )
    # Asked in either case, so that the time an answer takes says nothing.
    held = ConsentReceipt.objects.filter(code=read_code(request.said["value"]) or "").first()
    if tier is Tier.RECEIPT_HOLDER:
        shown = read_code(step.params.text("code", request.said["value"])) or ""
        if held is None or not hmac.compare_digest(shown.encode(), held.code.encode()):
            row.tries += 1
            row.save(update_fields=["tries"])
            return Outcome(
                record={**describe(step.workspace, row, step), "verified": False},
                event=Event.REQUEST_NOT_VERIFIED,
                details={"request": str(row.pk), "tries": row.tries},
            )
        seen = ""
    else:
        seen = step.params.line("seen")
    said = {**request.said, "seen": seen}
    row.details = seal_details(step.workspace, row, said)
    row.tier, row.state = tier.value, RequestState.VERIFIED.value
    row.verified_at, row.verified_by = step.now, step.caller.account
    row.person_id = held.person_id if held is not None and request.pointer is Pointer.RECEIPT else None
    row.save()
    receipt = receipt_for(step, row, RequestStep.VERIFIED, tier=tier.value, verified_at=iso(step.now))
    return outcome(step, row, Event.REQUEST_VERIFIED, receipt, show={"verified": True}, tier=tier.value)
