"""Identity providers: an operator registers which may say that it is somebody, and ends it at once.

A client secret is no parameter of an act: where a provider wants one, it lies in a file beside the web's own
secret (`web.provider`), so it is in no record, no backup of records and no log.
"""

from __future__ import annotations

import re

from countenance.acting.step import Outcome, Step
from countenance.primitives.addresses import is_private_on_the_way
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Provider

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def add(step: Step) -> Outcome:
    """Register a provider. Its name stands in addresses, so it is of small letters, digits and hyphens."""
    name, issuer = step.params.line("name"), step.params.line("issuer")
    if not _NAME.fullmatch(name):
        raise UsageError(
            N_("A provider's name has small letters, digits and hyphens, 40 at most."), code="provider-name"
        )
    if not is_private_on_the_way(issuer) or "?" in issuer or "#" in issuer:
        raise UsageError(
            N_("A provider's issuer begins with https://, or lies on this machine."),
            remedy=N_("It is the value of issuer in ISSUER/.well-known/openid-configuration."),
            code="provider-issuer",
        )
    if Provider.objects.filter(name=name, removed_at=None).exists():
        raise ConflictError(N_("There is a provider {name} already."), code="provider-exists", name=name)
    made = Provider.objects.create(
        name=name,
        issuer=issuer,
        client_id=step.params.line("client_id"),
        added_by=step.caller.account,
        added_at=step.now,
    )
    return Outcome(
        record=describe(made), event=Event.PROVIDER_ADDED, details={"provider": name, "issuer": issuer}
    )


def remove(step: Step) -> Outcome:
    """Nobody gets in through it any more; who is in stays in."""
    typed = step.params.line("provider")
    found = Provider.objects.filter(name=typed, removed_at=None).first()
    if found is None:
        raise NotFoundError(N_("There is no provider {provider}."), code="provider-missing", provider=typed)
    found.removed_at = step.now
    found.save(update_fields=["removed_at"])
    return Outcome(record=describe(found), event=Event.PROVIDER_REMOVED, details={"provider": typed})


def describe(row: Provider) -> dict[str, Json]:
    """What is shown of a provider."""
    return {
        "provider": row.name,
        "issuer": row.issuer,
        "client_id": row.client_id,
        "added_at": iso(row.added_at),
        "state": "removed" if row.removed_at else "in-force",
    }
