"""Lists, and acts that copy records out (each of which is logged)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from countenance.acting.step import Outcome, Step
from countenance.policy.purposes import OrganisationKind
from countenance.policy.terms import DataKind
from countenance.primitives.canonical import LARGEST, Json, sha256_hex
from countenance.primitives.clock import iso
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.erasing.describing import describe
from countenance.records.events import Event
from countenance.records.measuring import describe_evaluation, describe_point
from countenance.registry.acts import (
    accounts,
    assessments,
    cases,
    collection,
    ingests,
    keeping,
    organisations,
    people,
    policies,
    providers,
    standing,
    status,
    tokens,
)


class Listing(StrEnum):
    """What can be listed."""

    CLIENTS = "clients"
    ACCOUNTS = "accounts"
    GALLERIES = "galleries"
    SOURCES = "sources"
    PERSONS = "persons"
    CONSENTS = "consents"
    CASES = "cases"
    POLICIES = "policies"
    PROPOSALS = "proposals"
    ERASURES = "erasures"
    RETENTION = "retention"
    HOLDS = "holds"
    ASSESSMENTS = "assessments"
    EVALUATIONS = "evaluations"
    OPERATING_POINTS = "operating-points"
    STATUS = "status"
    MODELS = "models"
    KEYS = "keys"
    BACKUPS = "backups"
    INDEX = "index"
    TOKENS = "tokens"
    WEBHOOKS = "webhooks"
    PROVIDERS = "providers"
    INGESTS = "ingests"


def client_of_reader(step: Step) -> str | None:
    """A client's account reads as its client; staff of the operator as the operator."""
    organisation = step.caller.account.organisation
    return str(organisation.pk) if organisation else None


def read(step: Step) -> Outcome:
    """One listing. A client's account sees its own client, accounts and cases, and the public register."""
    listing = step.params.choice("listing", Listing)
    own = step.caller.account.organisation_id
    if listing is Listing.STATUS:
        return Outcome(record={listing.value: [status.describe(step)]})
    if listing in _STANDING:
        return Outcome(record={listing.value: [] if own else _STANDING[listing](step)})
    if listing is Listing.ASSESSMENTS:
        rows = models.Assessment.objects.select_related("gallery", "adds_to").order_by("recorded_at")
        return Outcome(
            record={listing.value: [] if own else [assessments.describe(step.workspace, row) for row in rows]}
        )
    if listing is Listing.EVALUATIONS:
        adopted = models.AdoptedEvaluation.objects.select_related("gallery", "adopted_by").order_by(
            "adopted_at"
        )
        return Outcome(record={listing.value: [describe_evaluation(row, step.now) for row in adopted]})
    if (
        listing is Listing.OPERATING_POINTS
    ):  # with every earlier one: the change log is for everybody who has an account
        points = models.OperatingPoint.objects.select_related("gallery", "evaluation", "set_by").order_by(
            "set_at"
        )
        return Outcome(record={listing.value: [describe_point(row, step.now) for row in points]})
    if listing is Listing.PROPOSALS:
        return Outcome(record={listing.value: [] if own else _proposals(step)})
    if listing is Listing.RETENTION:
        return Outcome(record={listing.value: [] if own else _retention(step)})
    if listing is Listing.INGESTS:
        return Outcome(record={listing.value: ingests.listing(step)})
    if listing in _PEOPLE:  # the operator's records, not a client's; `count`: of all that were found
        found, count = ([], 0) if own else _PEOPLE[listing](people.Turn.of(step.params))
        return Outcome(record={listing.value: found, "count": count})
    if listing is Listing.TOKENS:
        return Outcome(record={listing.value: tokens.listing(step)})
    return Outcome(record={listing.value: _LISTINGS[listing](own)})


def export_log(_: Step) -> Outcome:
    """Only the entry; the files are written by the door from the committed log."""
    return Outcome(record={}, event=Event.LOG_EXPORTED)


def prove(step: Step) -> Outcome:
    """One entry with its proof (C2SP tlog-proof), against a checkpoint that is signed first: a file that verifies without us."""
    entry = step.params.number("entry", default=-1, least=0, most=LARGEST)
    found: dict[str, Json] = {"entry": entry}

    def sign_and_prove() -> None:
        step.workspace.checkpoint()
        with open_reading() as tx:
            found["file"] = step.workspace.log.prove(tx, entry)

    step.afterwards.append(sign_and_prove)
    return Outcome(record=found)


def note_backup(_: Step) -> Outcome:
    """Only the entry; the copy is made by the door from the committed state."""
    return Outcome(record={}, event=Event.BACKUP_MADE)


def _clients(own: UUID | None) -> list[Json]:
    rows = models.Organisation.objects.filter(kind=OrganisationKind.CLIENT.value).order_by("name")
    return [organisations.describe(row) for row in (rows.filter(pk=own) if own else rows)]


def _accounts(own: UUID | None) -> list[Json]:
    rows = models.Account.objects.select_related("organisation", "sponsor").order_by("name")
    return [accounts.describe(row) for row in (rows.filter(organisation_id=own) if own else rows)]


def _galleries(_: UUID | None) -> list[Json]:
    return [collection.describe_gallery(row) for row in models.Gallery.objects.order_by("name")]


def _sources(_: UUID | None) -> list[Json]:
    rows = models.Source.objects.select_related("gallery", "basis").order_by("name")
    return [collection.describe_source(row) for row in rows]


def _cases(own: UUID | None) -> list[Json]:
    rows = models.Case.objects.select_related("client").order_by("opened_at")
    return [cases.describe(row) for row in (rows.filter(client_id=own) if own else rows)]


def _proposals(step: Step) -> list[Json]:
    """What waits for a second signature, in full: nobody signs what they have not seen. Of files only their SHA-256."""
    rows = models.Proposal.objects.filter(carried_out_at__isnull=True, expires_at__gt=step.now)
    return [
        {
            "proposal": row.code,
            "act": row.act,
            "params": {name: _brief(value) for name, value in row.params.items()},
            "signed_by": [approval.account.name for approval in row.approvals.select_related("account")],
            "expires_at": iso(row.expires_at),
        }
        for row in rows.order_by("proposed_at")
    ]


def _brief(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: f"sha256:{sha256_hex(str(text).encode())}" for name, text in value.items()}
    return value


def _policies(_: UUID | None) -> list[Json]:
    return [policies.describe(row) for row in models.PolicyPackRecord.objects.order_by("activated_at")]


def _erasures(own: UUID | None) -> list[Json]:
    return [] if own else [describe(row) for row in models.Erasure.objects.order_by("started_at")]


def _retention(step: Step) -> list[Json]:
    return [keeping.describe_limit(step.workspace, kind) for kind in DataKind]


def _holds(own: UUID | None) -> list[Json]:
    rows = models.Hold.objects.select_related("placed_by").order_by("placed_at")
    return [] if own else [keeping.describe_hold(row) for row in rows]


def _webhooks(own: UUID | None) -> list[Json]:
    rows = models.Webhook.objects.order_by("added_at")
    return [] if own else [tokens.describe_webhook(row) for row in rows]


def _providers(own: UUID | None) -> list[Json]:
    rows = models.Provider.objects.order_by("added_at")
    return [] if own else [providers.describe(row) for row in rows]


_PEOPLE = {Listing.PERSONS: people.persons, Listing.CONSENTS: people.consents}
_STANDING = {
    Listing.MODELS: standing.model_packs,
    Listing.KEYS: standing.keys,
    Listing.BACKUPS: standing.backups,
    Listing.INDEX: standing.index,
}
_LISTINGS = {
    Listing.PROVIDERS: _providers,
    Listing.WEBHOOKS: _webhooks,
    Listing.HOLDS: _holds,
    Listing.ERASURES: _erasures,
    Listing.CLIENTS: _clients,
    Listing.ACCOUNTS: _accounts,
    Listing.GALLERIES: _galleries,
    Listing.SOURCES: _sources,
    Listing.CASES: _cases,
    Listing.POLICIES: _policies,
}
