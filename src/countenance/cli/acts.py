"""Acts and lists as commands show them: one way for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from countenance.cli.door import Door
from countenance.cli.language import _, say
from countenance.cli.screen import Column
from countenance.primitives.canonical import Json
from countenance.primitives.text import N_

pass_door = click.make_pass_decorator(Door)

LABELS = {
    "acts": N_("Acts"),
    "failures": N_("Failures in a row"),
    "events": N_("Events"),
    "webhook": N_("Webhook"),
    "added_at": N_("Added on"),
    "provider": N_("Identity provider"),
    "issuer": N_("Issuer"),
    "client_id": N_("What the provider calls this application"),
    "url": N_("Address"),
    "name": N_("Name"),
    "token": N_("Token"),
    "account": N_("Account"),
    "activated_at": N_("In force since"),
    "accounts": N_("Accounts"),
    "assessment": N_("Assessment"),
    "authorities": N_("Authorities"),
    "authority": N_("Authority"),
    "basis": N_("Basis"),
    "case": N_("Case"),
    "certified_until": N_("Confirmed until"),
    "client": N_("Client"),
    "contact": N_("Contact"),
    "commitment": N_("Commitment"),
    "concluded_at": N_("Concluded"),
    "dated": N_("Dated"),
    "day": N_("Day"),
    "declared_minor": N_("Declared minor"),
    "destroy_from": N_("Destroys from"),
    "ends_at": N_("Ends"),
    "ended_reason": N_("Ended because"),
    "evaluation": N_("Evaluation"),
    "entries": N_("Log entries"),
    "erasure": N_("Erasure"),
    "evidence": N_("Evidence"),
    "expires_at": N_("Ends"),
    "fillers": N_("Fillers"),
    "fillers_taken_for_leads": N_("Taken for leads"),
    "finding": N_("Finding"),
    "findings": N_("Findings"),
    "flag": N_("Flag"),
    "gallery": N_("Gallery"),
    "given_at": N_("Given"),
    "guardian": N_("Guardian"),
    "hash": N_("Hash"),
    "hold": N_("Hold"),
    "holder": N_("Holder"),
    "inquiries": N_("Inquiries"),
    "inquiry": N_("Inquiry"),
    "issued_at": N_("Issued"),
    "issued_by": N_("Issued by"),
    "jurisdiction": N_("Jurisdiction"),
    "kind": N_("Kind"),
    "data": N_("Data"),
    "days": N_("Days"),
    "language": N_("Language"),
    "licensed_from": N_("Licensed from"),
    "licensed_until": N_("Licensed until"),
    "location": N_("Folder"),
    "lock": N_("Lock"),
    "measured_at": N_("Measured"),
    "method": N_("Method"),
    "notice": N_("Notice"),
    "notice_exemption": N_("Exempt from notice"),
    "notice_text": N_("Words agreed to"),
    "notice_version": N_("Version of them"),
    "number": N_("Number"),
    "on_behalf_of": N_("On behalf of"),
    "on_behalf_of_jurisdiction": N_("Standing in"),
    "opened_at": N_("Opened"),
    "lifted_at": N_("Lifted"),
    "operating_point": N_("Operating point"),
    "order": N_("Order"),
    "owner": N_("Owner"),
    "placed_at": N_("Placed"),
    "orders": N_("Orders"),
    "outcome": N_("Outcome"),
    "pack": N_("Pack"),
    "permits_unlabelled": N_("Unlabelled faces"),
    "people": N_("People"),
    "person": N_("Person"),
    "pii_controller": N_("Controller"),
    "public_key": N_("Public key"),
    "purpose": N_("Purpose"),
    "purposes": N_("Purposes"),
    "rate": N_("Rate"),
    "rate_interval": N_("95 % interval"),
    "receipt": N_("Receipt"),
    "reason": N_("Reason"),
    "reference": N_("File number"),
    "references": N_("References"),
    "request": N_("Request"),
    "secret": N_("Secret, told once"),
    "due": N_("Answer due by"),
    "references_ended": N_("References ended"),
    "recorded_at": N_("Recorded"),
    "registered": N_("Registered"),
    "removed": N_("Removed"),
    "review": N_("Review"),
    "role": N_("Role"),
    "rule": N_("Rule"),
    "scope": N_("About"),
    "search_entry": N_("Search, log entry"),
    "searches_left": N_("Searches left"),
    "searches_made": N_("Searches made"),
    "set_at": N_("Set"),
    "set_by": N_("Set by"),
    "sought_is_minor": N_("Sought is a minor"),
    "source": N_("Source"),
    "sponsor": N_("Sponsor"),
    "state": N_("State"),
    "strangers": N_("Strangers"),
    "mates": N_("Searched for, enrolled"),
    "report_sha256": N_("SHA-256 of the report"),
    "FPIR": "FPIR",
    "FNIR": "FNIR",
    "target_name": N_("About"),
    "text": N_("Text"),
    "threshold": N_("Threshold"),
    "title": N_("Title"),
    "touches": N_("Touches"),
    "training": N_("Training"),
    "until": N_("Until"),
    "valid_for_people": N_("Valid up to, people"),
    "valid_from": N_("Valid from"),
    "valid_until": N_("Valid until"),
    "verdicts": N_("Verdicts"),
    "version": N_("Version"),
    "withdrawn": N_("Withdrawn"),
    "withdrawn_at": N_("Withdrawn"),
}
"""What a field of a record is called before people."""

STATES = {
    "active": N_("active"),
    "cancelled": N_("cancelled"),
    "closed": N_("closed"),
    "denied": N_("authorisation refused"),
    "destroyed": N_("destroyed"),
    "ended": N_("ended"),
    "expired": N_("expired"),
    "in-force": N_("in force"),
    "lifted": N_("lifted"),
    "inconclusive": N_("inconclusive"),
    "lead": N_("lead"),
    "live": N_("live"),
    "not-live": N_("not live: no notice"),
    "no-candidate": N_("no candidate"),
    "open": N_("open"),
    "reopened": N_("reopened: needs an addendum"),
    "retired": N_("retired"),
    "suspended": N_("suspended"),
    "waiting": N_("waiting"),
    "withdrawn": N_("withdrawn"),
}

COUNTED = {
    "clients": N_("clients"),
    "accounts": N_("accounts"),
    "cases_open": N_("open cases"),
    "galleries": N_("galleries"),
    "sources": N_("sources"),
    "references": N_("references"),
    "ingests_open": N_("ingests under way"),
    "searches_saved": N_("saved searches"),
    "searches": N_("searches"),
    "candidates": N_("candidates"),
    "probes": N_("probes"),
}
"""What is counted in a record of oversight."""

_MOMENTS = {
    "activated_at", "concluded_at", "expires_at", "given_at", "issued_at", "opened_at", "registered", "set_at", "withdrawn_at",
    "placed_at", "until", "lifted_at", "recorded_at", "measured_at",
}  # fmt: skip
_DAYS = {
    "certified_until",
    "dated",
    "destroy_from",
    "licensed_from",
    "licensed_until",
    "valid_from",
    "valid_until",
}


def show(name: str, value: Json) -> object:
    """A field as people read it."""
    if name in {"state", "outcome"} and isinstance(value, str):
        return _(STATES.get(value, value))
    if name in {"FPIR", "FNIR"} and isinstance(value, Mapping):
        return _rate(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{_(COUNTED[key])}: {number}" for key, number in value.items() if key in COUNTED)
    if isinstance(value, str) and name in _DAYS:
        return value[:10]
    if isinstance(value, str) and name in _MOMENTS:
        return moment(value)
    return value


def _rate(value: Mapping[str, Json]) -> str:
    """A rate in per cent with the upper end of its interval."""
    from countenance.cli.sheet.words import decimal

    share, high = (decimal(100 * float(str(value[key])), 2) for key in ("value", "high"))
    return say(N_("{share} % (at most {high} %)"), share=share, high=high)


def _in_table(name: str, value: Json) -> object:
    """As `show`, shorter: the day of a moment, the beginning of a hash. `--json` has them whole."""
    if isinstance(value, str) and (name == "hash" or name in _MOMENTS):
        return value[:12] if name == "hash" else value[:10]
    return show(name, value)


def moment(text: str) -> str:
    """An RFC 3339 moment as `2026-01-31 12:00 UTC`."""
    return f"{text[:10]} {text[11:16]} UTC"


def given(**params: Json) -> dict[str, Json]:
    """The parameters that were given; what was not is left to the act's own default."""
    return {name: value for name, value in params.items() if value not in (None, "", (), False)}


def carry_out(
    door: Door, act: str, params: Mapping[str, Json], done: str, **words: object
) -> dict[str, Json]:
    """Sign and perform `act`; show what came of it under the sentence `done`. Returns the record."""
    result = door.perform(act, dict(params))
    record = dict(result.record) if isinstance(result.record, Mapping) else {}
    screen = door.screen
    if screen.json:
        screen.document({**record, "log_entry": result.log_entry})
    elif record.get("waits_for") == "second-person":
        screen.text(
            N_("This takes two persons. It waits for the second under {code}."), code=record["proposal"]
        )
        screen.text(N_("Another operator signs, with their own key, within seven days:"))
        screen.line(f"  countenance approve {record['proposal']} --as " + _(N_("ACCOUNT")))
    else:
        screen.paragraph(say(done, **words), bold=True)
        show_record(door, record)
        signed(door, result.log_entry)
    return record


def show_record(door: Door, record: Mapping[str, Json]) -> None:
    """The fields of a record that have a name for people."""
    door.screen.facts((LABELS[name], show(name, value)) for name, value in record.items() if name in LABELS)


def signed(door: Door, entry: int | None) -> None:
    """The last line of an act: where it stands in the log, and who signed."""
    if entry is not None:
        door.screen.text(
            N_("Log entry {entry}, signed by {account}."), dim=True, entry=entry, account=door.account()
        )


def show_list(
    door: Door,
    listing: str,
    names: Sequence[str],
    *,
    empty: str,
    numbers: Sequence[str] = (),
    act: str = "records-read",
) -> list[dict[str, Json]]:
    """One listing, read by `act`, as a table of the fields `names`."""
    rows = door.read(listing, act)
    if door.screen.json:
        door.screen.document({listing: rows})
    else:
        show_rows(door, rows, names, empty=empty, numbers=numbers)
    return rows


def show_rows(
    door: Door,
    rows: Sequence[Mapping[str, Json]],
    names: Sequence[str],
    *,
    empty: str,
    numbers: Sequence[str] = (),
) -> None:
    """Rows as a table of the fields `names`."""
    door.screen.table(
        [Column(title=LABELS[name], right=name in numbers) for name in names],
        [[_in_table(name, row.get(name)) for name in names] for row in rows],
        empty=empty,
    )
