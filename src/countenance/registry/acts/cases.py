"""Cases: opened by a client's caseworker, for one purpose and one requester of record, with an end."""

from __future__ import annotations

from datetime import timedelta

from countenance.acting.step import Outcome, Step
from countenance.policy.purposes import Purpose
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.ids import new_code
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Case
from countenance.records.named import find_case, find_client

_LIFE = timedelta(days=90)
_LONGEST = timedelta(days=366)
_SEARCHES = 50
_MOST_SEARCHES = 10_000


def client_of_new(step: Step) -> str:
    """A case belongs to the caller's client, or to the one an operator names."""
    named = step.params.line("client", "")
    if named:
        return str(find_client(named).pk)
    organisation = step.caller.account.organisation
    if organisation is None:
        raise UsageError(
            N_("A case belongs to a client; name it."), remedy=N_("Give --client."), code="case-client"
        )
    return str(organisation.pk)


def client_of_existing(step: Step) -> str:
    """The client whose case it is."""
    return str(find_case(step.params.text("case")).client_id)


def open_case(step: Step) -> Outcome:
    """Open a case: it names purpose, requester of record, end and number of searches."""
    requester = step.params.line("on_behalf_of", "")
    if not requester:
        raise UsageError(
            N_("A case says on whose behalf it is made."),
            remedy=N_("Give --on-behalf-of NAME and --on-behalf-of-jurisdiction PLACE."),
            code="on-behalf-of-missing",
        )
    expires = step.params.moment("expires_at") or step.now + _LIFE
    if not step.now < expires <= step.now + _LONGEST:
        raise UsageError(
            N_("A case ends between now and {days} days from now."), code="case-end", days=_LONGEST.days
        )
    case = Case.objects.create(
        code=new_code("C"),
        client_id=client_of_new(step),
        purpose=step.params.choice("purpose", Purpose).value,
        reference=step.params.line("reference"),
        on_behalf_of=requester,
        on_behalf_of_jurisdiction=step.params.place("on_behalf_of_jurisdiction"),
        sought_is_minor=step.params.flag("sought_is_minor"),
        guardian_consent=step.params.flag("guardian_consent"),
        recorded_authority=step.params.text("recorded_authority", ""),
        searches_allowed=step.params.number("searches", default=_SEARCHES, least=1, most=_MOST_SEARCHES),
        opened_by=step.caller.account,
        opened_at=step.now,
        expires_at=expires,
    )
    return _outcome(case, Event.CASE_OPENED)


def close_case(step: Step) -> Outcome:
    """Close a case at once."""
    case = find_case(step.params.text("case"))
    if case.closed_at is not None:
        raise ConflictError(N_("The case {case} is closed already."), code="case-closed", case=case.code)
    case.closed_at = step.now
    case.save(update_fields=["closed_at"])
    step.workspace.revoke_grants()
    return _outcome(case, Event.CASE_CLOSED)


def describe(case: Case) -> dict[str, Json]:
    """What is shown of a case."""
    used = case.searches.count()
    return {
        "case": case.code,
        "client": case.client.name,
        "purpose": case.purpose,
        "reference": case.reference,
        "on_behalf_of": case.on_behalf_of,
        "on_behalf_of_jurisdiction": case.on_behalf_of_jurisdiction,
        "sought_is_minor": case.sought_is_minor,
        "searches_made": used,
        "searches_left": max(case.searches_allowed - used, 0),
        "opened_at": iso(case.opened_at),
        "expires_at": iso(case.expires_at),
        "state": _state(case),
    }


def _state(case: Case) -> str:
    if case.denied_at:
        return "denied"
    return "closed" if case.closed_at else "open"


def _outcome(case: Case, event: Event) -> Outcome:
    return Outcome(
        record=describe(case),
        event=event,
        details={"case": str(case.pk), "on_behalf_of": case.on_behalf_of, "reference": case.reference},
        jurisdiction=case.on_behalf_of_jurisdiction,
        purpose=case.purpose,
        client=str(case.client_id),
    )
