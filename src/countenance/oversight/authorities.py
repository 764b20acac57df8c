"""Authorities: registered by two operators, with accounts of their own, which no operator can close."""

from __future__ import annotations

from countenance.acting.step import Outcome, Step
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError
from countenance.primitives.text import N_
from countenance.records.closing import authority_fields
from countenance.records.events import Event
from countenance.records.models import Organisation
from countenance.records.naming import namesake


def add(step: Step) -> Outcome:
    """Register an authority: where it stands is as far as its orders reach."""
    name = step.params.line("name")
    if namesake(Organisation, name) is not None:
        raise ConflictError(
            N_("There is an organisation {name} already."), code="organisation-exists", name=name
        )
    place = step.params.place("jurisdiction")
    authority = Organisation.objects.create(**authority_fields(name, place, step.now))
    return Outcome(
        record=describe(authority),
        event=Event.AUTHORITY_ADDED,
        details={"authority": str(authority.pk)},
        jurisdiction=place,
    )


def own(step: Step) -> Organisation | None:
    """The authority that the caller works for."""
    organisation = step.caller.account.organisation
    return organisation if organisation is not None and organisation.is_authority else None


def client_of_own(step: Step) -> str | None:
    """The caller's own authority, for policy."""
    return step.caller.facts.authority


def describe(authority: Organisation) -> dict[str, Json]:
    """What is shown of an authority."""
    return {
        "authority": authority.name,
        "jurisdiction": authority.jurisdiction,
        "registered": iso(authority.created_at),
        "accounts": authority.accounts.filter(suspended_at=None).count(),
        "orders": authority.orders.filter(lifted_at=None).count(),
        "inquiries": authority.inquiries.filter(closed_at=None).count(),
    }
