"""Samples for supervisors: drawn so that nobody chooses them, and anybody can draw them again.

The searches of a client in one ISO week are ordered by SHA-256 over the root of a checkpoint and the number of their
entry in the log. The checkpoint is the first one signed after the week's end, so it was fixed by then and unknown before.
Root, entries and clients stand in the exported log: the draw can be repeated from it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from math import ceil
from uuid import UUID

from countenance.acting.step import Outcome, Step
from countenance.primitives.canonical import LARGEST, Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Organisation, Sample, SampledSearch, Search
from countenance.tlog import store

SHARE = 0.1
LEAST, MOST = 3, 50
EXAMINED_WITHIN = timedelta(days=14)
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


class SampleFinding(StrEnum):
    """What a supervisor finds of a sampled search."""

    IN_ORDER = "in-order"  # case, purpose and probe belong together
    QUESTIONED = "questioned"  # the caseworker has been asked
    NOT_IN_ORDER = "not-in-order"  # to be taken further by an order or a suspension


def week_of(moment: datetime) -> str:
    """The ISO week (UTC) in which a moment lies: `2026-W45`."""
    year, week, _ = moment.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"


def bounds(week: str) -> tuple[datetime, datetime]:
    """First moment of the week, and of the one after it. Raises UsageError."""
    found = _WEEK.fullmatch(week)
    try:
        if found is None:
            raise ValueError(week)
        first = date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError as error:
        raise UsageError(
            N_("{week} is not a week."), remedy=N_("Write 2026-W45."), code="week", week=week
        ) from error
    start = datetime.combine(first, time(0), UTC)
    return start, start + timedelta(days=7)


def draw_entries(root: bytes, entries: Iterable[int]) -> list[int]:
    """The entries that are drawn: a tenth of them, 3 at least and 50 at most, in the order of the draw."""
    held = sorted(set(entries))
    count = min(max(ceil(len(held) * SHARE), LEAST), MOST)
    return sorted(held, key=lambda entry: sha256(root + entry.to_bytes(8, "big")).digest())[:count]


def draw(step: Step) -> Outcome:
    """Draw the sample of a week that has ended. The same week gives the same sample for ever."""
    client = _client(step)
    week = step.params.text("week", week_of(step.now - timedelta(days=7)))
    start, end = bounds(week)
    if end > step.now:
        raise ConflictError(N_("The week {week} has not ended yet."), code="week-runs", week=week)
    held = Sample.objects.filter(client=client, week=week).first()
    if held is not None:
        return Outcome(record=describe(held, step.now))
    size, root = _checkpoint_after(step, end)
    searches = {
        row.log_index: row
        for row in Search.objects.filter(
            case__client=client, made_at__gte=start, made_at__lt=end, log_index__lt=size
        )
    }
    sample = Sample.objects.create(
        client=client,
        week=week,
        checkpoint_size=size,
        checkpoint_root=root.hex(),
        drawn_by=step.caller.account,
        drawn_at=step.now,
    )
    drawn = draw_entries(root, searches)
    for entry in drawn:
        SampledSearch.objects.create(sample=sample, search=searches[entry])
    return Outcome(
        record=describe(sample, step.now),
        event=Event.SAMPLE_DRAWN,
        details={
            "sample": str(sample.pk),
            "week": week,
            "of": len(searches),
            "checkpoint": size,
            "entries": list(drawn),
        },
        jurisdiction=client.jurisdiction,
        client=str(client.pk),
    )


def examine(step: Step) -> Outcome:
    """Record what a supervisor found of one sampled search. A finding stays as it was made."""
    client = _client(step)
    week, entry = step.params.text("week"), step.params.number("entry", default=-1, least=0, most=LARGEST)
    row = (
        SampledSearch.objects.select_for_update(of=("self",))
        .select_related("sample", "search")
        .filter(sample__client=client, sample__week=week, search__log_index=entry)
        .first()
    )
    if row is None:
        raise NotFoundError(
            N_("Entry {entry} is not in the sample of {week}."),
            remedy=N_("See it with: countenance sample list"),
            code="sample-missing",
            entry=entry,
            week=week,
        )
    if row.examined_at is not None:
        raise ConflictError(
            N_("Entry {entry} has been examined already."), code="sample-examined", entry=entry
        )
    finding = step.params.choice("finding", SampleFinding)
    row.finding, row.note = finding.value, step.params.text("note", "")
    row.examined_by, row.examined_at = step.caller.account, step.now
    row.save(update_fields=["finding", "note", "examined_by", "examined_at"])
    return Outcome(
        record=describe(row.sample, step.now),
        event=Event.SAMPLE_EXAMINED,
        details={"sample": str(row.sample_id), "entry": entry, "finding": finding.value},
        jurisdiction=client.jurisdiction,
        client=str(client.pk),
    )


def listing(own: UUID | None, now: datetime) -> list[Json]:
    """Samples, those that are overdue among them: weeks with searches that nobody drew, and findings not made."""
    rows = Sample.objects.select_related("client").order_by("week")
    rows = rows.filter(client=own) if own else rows
    return [*(describe(row, now) for row in rows), *_not_drawn(own, now)]


def describe(sample: Sample, now: datetime) -> dict[str, Json]:
    """One sample with its searches."""
    due = bounds(sample.week)[1] + EXAMINED_WITHIN
    rows = sample.searches.select_related("search__case", "search__account", "examined_by").order_by(
        "search__log_index"
    )
    left = sum(row.examined_at is None for row in rows)
    return {
        "client": sample.client.name,
        "week": sample.week,
        "checkpoint": sample.checkpoint_size,
        "root": sample.checkpoint_root,
        "due": iso(due),
        "left": left,
        "overdue": left > 0 and now >= due,
        "searches": [_searched(row) for row in rows],
    }


def _searched(row: SampledSearch) -> dict[str, Json]:
    search = row.search
    return {
        "entry": search.log_index,
        "case": search.case.code if search.case else None,
        "reference": search.case.reference if search.case else None,
        "account": search.account.name,
        "purpose": search.purpose,
        "made_at": iso(search.made_at),
        "finding": row.finding or None,
        "note": row.note,
        "examined_by": row.examined_by.name if row.examined_by else None,
    }


def _not_drawn(own: UUID | None, now: datetime) -> Sequence[Json]:
    """Weeks of the last quarter that ended too long ago and have searches, but no sample."""
    since, until = now - timedelta(days=92), now - EXAMINED_WITHIN
    searches = Search.objects.filter(made_at__gte=since, made_at__lt=until, case__isnull=False)
    searches = searches.filter(case__client=own) if own else searches
    drawn = set(Sample.objects.values_list("client__name", "week"))
    weeks = {
        (name, week_of(made))
        for name, made in searches.values_list("case__client__name", "made_at")
        if bounds(week_of(made))[1] + EXAMINED_WITHIN <= now
    }
    return [
        {
            "client": name,
            "week": week,
            "due": iso(bounds(week)[1] + EXAMINED_WITHIN),
            "left": None,
            "overdue": True,
            "searches": [],
        }
        for name, week in sorted(weeks - drawn)
    ]


def _client(step: Step) -> Organisation:
    client = step.caller.account.organisation
    if client is None:
        raise UsageError(N_("A sample is drawn by a supervisor of the client."), code="sample-client")
    return client


def _checkpoint_after(step: Step, end: datetime) -> tuple[int, bytes]:
    """The first checkpoint signed at or after `end`; one is signed now where there is none."""
    step.workspace.log.sign_checkpoint(step.tx, step.now)
    for row in store.read_checkpoints(step.tx):
        if row.signed_at >= end.timestamp():
            return row.size, row.root
    raise ConflictError(
        N_("No checkpoint has been signed since the end of that week."),
        remedy=N_("Sign one with: countenance log checkpoint"),
        code="sample-checkpoint",
    )
