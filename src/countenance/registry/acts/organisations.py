"""Clients: added with a licence, suspended at once, reinstated by two persons."""

from __future__ import annotations

from datetime import timedelta

from countenance.acting.step import Outcome, Step
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Organisation
from countenance.records.named import find_client
from countenance.records.naming import namesake

LICENCE = timedelta(days=365)


def add(step: Step) -> Outcome:
    """Add a client with its licence."""
    name = step.params.line("name")
    if namesake(Organisation, name) is not None:
        raise ConflictError(N_("There is a client {client} already."), code="client-exists", client=name)
    # Policy reckons in whole seconds, rounded against the asker: a licence from now must not begin a second from now.
    start = step.params.moment("from") or step.now.replace(microsecond=0)
    end = step.params.moment("until") or start + LICENCE
    if end <= start:
        raise UsageError(N_("The licence would end before it begins."), code="licence-dates")
    organisation = Organisation.objects.create(
        name=name,
        jurisdiction=step.params.place("jurisdiction"),
        licensed_purposes=step.params.purposes(),
        licensed_from=start,
        licensed_until=end,
        created_at=step.now,
    )
    return _outcome(organisation, Event.CLIENT_ADDED)


def suspend(step: Step) -> Outcome:
    """Suspend a client at once: all its accounts with it."""
    organisation = find_client(step.params.line("name"))
    organisation.suspended_at = step.now
    organisation.suspension_reason = step.params.text("reason")
    organisation.save(update_fields=["suspended_at", "suspension_reason"])
    step.workspace.revoke_grants()
    return _outcome(organisation, Event.CLIENT_SUSPENDED)


def reinstate(step: Step) -> Outcome:
    """Lift a suspension; takes two persons."""
    organisation = find_client(step.params.line("name"))
    organisation.suspended_at = None
    organisation.suspension_reason = ""
    organisation.save(update_fields=["suspended_at", "suspension_reason"])
    return _outcome(organisation, Event.CLIENT_REINSTATED)


def describe(organisation: Organisation) -> dict[str, Json]:
    """What is shown of a client."""
    return {
        "client": organisation.name,
        "jurisdiction": organisation.jurisdiction,
        "purposes": sorted(organisation.licensed_purposes),
        "licensed_from": iso(organisation.licensed_from),
        "licensed_until": iso(organisation.licensed_until),
        "state": "suspended" if organisation.suspended_at else "active",
    }


def _outcome(organisation: Organisation, event: Event) -> Outcome:
    return Outcome(
        record=describe(organisation),
        event=event,
        details={"reason": organisation.suspension_reason},
        jurisdiction=organisation.jurisdiction,
        client=str(organisation.pk),
    )
