"""The use made by one client, reported to an inquiry: accounts, searches, purposes, outcomes, refusals.

Each figure names the entries of the log that it was counted from, so that whoever holds the log counts again. The report is
a statement: an entry of the log commits to it, and it verifies offline.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from countenance.acting.step import Outcome, Step
from countenance.oversight import inquiries
from countenance.oversight.handing import handed
from countenance.oversight.inspecting import accounts, searches
from countenance.oversight.logged import LoggedEntry, entries, ranges
from countenance.policy.places import within
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.records.events import Event
from countenance.records.models import Inquiry
from countenance.tlog.statement import MEMBER, digest_of

_ACCOUNTS = (
    Event.ACCOUNT_ADDED.value,
    Event.ACCOUNT_CERTIFIED.value,
    Event.ACCOUNT_SUSPENDED.value,
    Event.ACCOUNT_REINSTATED.value,
    Event.ACCOUNT_SPONSORED.value,
)
_REFUSED = (Event.SEARCH_REFUSED.value, Event.ACT_REFUSED.value)
_USES = (Event.SEARCH_MADE.value, *_REFUSED, Event.PROBE_NOT_ACQUIRED.value, Event.RESULT_EXPORTED.value)


def report(step: Step) -> Outcome:
    """Make the report of the inquiry's scope, as of this moment."""
    inquiry = inquiries.find_open(step)
    statement = _statement(step, inquiry)
    record, logged = handed(step, statement)
    return Outcome(
        record=record,
        logged=logged,
        event=Event.INQUIRY_REPORTED,
        details={
            "inquiry": inquiry.code,
            "authority": step.caller.facts.authority,
            MEMBER: digest_of(statement),
        },
        client=str(inquiry.client_id) if inquiry.client_id else None,
        jurisdiction=inquiry.jurisdiction or None,
    )


def _statement(step: Step, inquiry: Inquiry) -> dict[str, Json]:
    known = {str(row.pk): row for row in accounts(inquiry)}
    of_account: dict[str, list[int]] = defaultdict(list)
    for entry in entries(step.tx, _ACCOUNTS):
        if entry.details is not None and entry.details.get("subject") in known:
            of_account[str(entry.details["subject"])].append(entry.index)
    uses = [entry for entry in entries(step.tx, _USES) if _within(entry, inquiry)]
    made = [entry for entry in uses if entry.leaf.event == Event.SEARCH_MADE.value]
    held = list(searches(inquiry))
    with_candidates = {row.log_index for row in held if row.candidates.exists()}
    by_account: dict[str, list[int]] = defaultdict(list)
    for entry in made:
        if entry.details is not None:
            by_account[str(entry.details["account"])].append(entry.index)
    return {
        "type": "report-of-use",
        "workspace": str(step.workspace.settings.id),
        "made_at": iso(step.now),
        "inquiry": {name: value for name, value in inquiries.describe(inquiry).items() if value is not None},
        "looked_through_entry": step.workspace.log.head(step.tx).size - 1,
        "accounts": {
            "count": len(known),
            "each": [
                {
                    "account": row.name,
                    "role": row.role,
                    "created_at": iso(row.created_at),
                    "state": "suspended" if row.suspended_at else "active",
                    "entries": ranges(of_account[key]),
                    "searches": _figure(by_account[key]),
                }
                for key, row in sorted(known.items(), key=lambda item: item[1].name)
            ],
        },
        "searches": _figure(entry.index for entry in made),
        "purposes": _by(made, lambda entry: entry.leaf.purpose or "none"),
        "on_behalf_of": _by(made, lambda entry: entry.leaf.jurisdiction or "none"),
        "outcomes": {
            "with-candidates": _figure(index for entry in made if (index := entry.index) in with_candidates),
            "no-candidate": _figure(row.log_index for row in held if row.log_index not in with_candidates),
            "no-longer-held": _figure({entry.index for entry in made} - {row.log_index for row in held}),
        },
        "failures-to-acquire": _figure(_of(uses, Event.PROBE_NOT_ACQUIRED.value)),
        "lists-handed-on": _figure(_of(uses, Event.RESULT_EXPORTED.value)),
        "refused": _by(
            [entry for entry in uses if entry.leaf.event in _REFUSED],
            lambda entry: str((entry.details or {}).get("reason", "forgotten")),
        ),
    }


def _within(entry: LoggedEntry, inquiry: Inquiry) -> bool:
    """Whether an entry lies within the scope, by what its leaf shows."""
    leaf = entry.leaf
    if inquiry.client_id and leaf.client != str(inquiry.client_id):
        return False
    if leaf.client is None:
        return False
    if inquiry.jurisdiction and not _in_place(leaf.jurisdiction, inquiry.jurisdiction):
        return False
    if inquiry.period_from and leaf.at < inquiry.period_from:
        return False
    return not (inquiry.period_until and leaf.at >= inquiry.period_until)


def _in_place(place: str | None, whole: str) -> bool:
    return place is not None and within(place, whole)


def _of(uses: Iterable[LoggedEntry], event: str) -> list[int]:
    return [entry.index for entry in uses if entry.leaf.event == event]


def _by(found: Iterable[LoggedEntry], name: Callable[[LoggedEntry], str]) -> dict[str, Json]:
    groups: dict[str, list[int]] = defaultdict(list)
    for entry in found:
        groups[name(entry)].append(entry.index)
    return {key: _figure(groups[key]) for key in sorted(groups)}


def _figure(indexes: Iterable[int]) -> dict[str, Json]:
    """A figure with the entries that it was counted from."""
    found = sorted(set(indexes))
    return {"count": len(found), "entries": ranges(found)}
