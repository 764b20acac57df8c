"""One handler per act of watching: samples, flags, and leave to count a year."""

from __future__ import annotations

from countenance.acting.step import Handler, Handlers, Outcome, Step
from countenance.oversight import sampling
from countenance.oversight.findings import FlagFinding, WatchListing
from countenance.oversight.reports import Edition
from countenance.policy.decisions import Refused
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError
from countenance.primitives.ids import read_code
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import MisuseFlag


def _client_of_caller(step: Step) -> str | None:
    organisation = step.caller.account.organisation
    return str(organisation.pk) if organisation else None


def read(step: Step) -> Outcome:
    """Samples or flags: a client's supervisor sees the client's own; operator and auditor see all."""
    listing = step.params.choice("listing", WatchListing)
    own = step.caller.account.organisation_id
    if listing is WatchListing.SAMPLES:
        return Outcome(record={listing.value: sampling.listing(own, step.now)})
    rows = MisuseFlag.objects.select_related("account__organisation", "reviewed_by").order_by("raised_at")
    rows = rows.filter(account__organisation_id=own) if own else rows
    # Who is flagged does not read of it here: what is being looked into is not told to whom it concerns first.
    rows = rows.exclude(account=step.caller.account)
    return Outcome(record={listing.value: [describe_flag(row) for row in rows]})


def describe_flag(row: MisuseFlag) -> dict[str, Json]:
    """What is shown of a flag."""
    client = row.account.organisation
    return {
        "flag": row.code,
        "rule": row.rule,
        "account": row.account.name,
        "client": client.name if client else None,
        "day": row.day.isoformat(),
        "entries": list(row.entries),
        "raised_at": iso(row.raised_at),
        "finding": row.finding or None,
        "note": row.note,
        "reviewed_by": row.reviewed_by.name if row.reviewed_by else None,
    }


def _find_flag(step: Step) -> MisuseFlag:
    code = step.params.text("flag")
    row = (
        MisuseFlag.objects.select_related("account__organisation")
        .filter(code=read_code(code) or code)
        .first()
    )
    if row is None:
        raise NotFoundError(
            N_("There is no flag {flag}."),
            remedy=N_("See them with: countenance misuse list"),
            code="flag-missing",
            flag=code,
        )
    return row


def _client_of_flag(step: Step) -> str | None:
    organisation = _find_flag(step).account.organisation
    return str(organisation.pk) if organisation else None


def not_ones_own(step: Step) -> Refused | None:
    """A flag is looked at by somebody else than the flagged, under another key."""
    flag = _find_flag(step)
    mine = step.caller.account
    if flag.account_id != mine.pk and bytes(flag.account.public_key) != bytes(mine.public_key):
        return None
    return Refused(
        reason="flag-own",
        rule="MISUSE-01",
        authority="PIPEDA, Sch. 1, cl. 4.1 (accountability); rule of the house: nobody looks into himself",
        since="2026-11-01",
        explanation=N_("A flag is looked at by somebody else than the one it is about."),
        pack=step.workspace.policy().book.hash,
    )


def review_flag(step: Step) -> Outcome:
    """Record what came of a flag; it stays as it was found."""
    row = _find_flag(step)
    if row.reviewed_at is not None:
        raise ConflictError(
            N_("The flag {flag} has been looked at already."), code="flag-reviewed", flag=row.code
        )
    finding = step.params.choice("finding", FlagFinding)
    row.finding, row.note = finding.value, step.params.text("note", "")
    row.reviewed_by, row.reviewed_at = step.caller.account, step.now
    row.save(update_fields=["finding", "note", "reviewed_by", "reviewed_at"])
    client = row.account.organisation
    return Outcome(
        record=describe_flag(row),
        event=Event.FLAG_REVIEWED,
        details={"flag": str(row.pk), "subject": str(row.account_id), "finding": finding.value},
        jurisdiction=client.jurisdiction if client else None,
        client=str(client.pk) if client else None,
    )


def count_year(step: Step) -> Outcome:
    """Only the entry; the door counts from the committed log."""
    step.params.choice("edition", Edition)
    return Outcome(record={}, event=Event.YEAR_COUNTED)


HANDLERS: Handlers = {
    Act.SAMPLE_DRAW: Handler(carry_out=sampling.draw, client_of=_client_of_caller),
    Act.SAMPLE_EXAMINE: Handler(carry_out=sampling.examine, client_of=_client_of_caller),
    Act.WATCH_READ: Handler(carry_out=read, client_of=_client_of_caller),
    Act.FLAG_REVIEW: Handler(carry_out=review_flag, client_of=_client_of_flag, against=not_ones_own),
    Act.YEAR_COUNT: Handler(carry_out=count_year),
}
