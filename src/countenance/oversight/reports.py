"""The annual report and the public transparency report: counts from the log, each with the entries that it counts.

Both read what a leaf shows (event, date, purpose, place, client, pack) and nothing else, so whoever has the exported log
can count again, with `recount.py` and none of our code. They say nothing about persons: no leaf does.

Small counts. A breakdown by purpose, place or month may point at somebody where a cell is small. In the public report a cell
of 1 to 4 is withheld, and where it is the only one of its breakdown the next smallest with it, since the sum would give it
away. The authority's report has every cell.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.workspace import Workspace
from countenance.tlog import store
from countenance.tlog.note import open_checkpoint

SMALL = 5
_PAGE = 16_384
_MOST_RANGES = 64
FORMAT = "countenance-yearly-report/1"


class Edition(StrEnum):
    """For whom a report is."""

    AUTHORITY = "authority"  # every cell
    PUBLIC = "public"  # small cells withheld


class Breakdown(StrEnum):
    """By what a figure is broken down: fields of a leaf."""

    MONTH = "month"
    PURPOSE = "purpose"
    JURISDICTION = "jurisdiction"
    CLIENT = "client"
    PACK = "pack"


FIGURES: tuple[tuple[Event, tuple[Breakdown, ...]], ...] = (
    (Event.SEARCH_MADE, (Breakdown.MONTH, Breakdown.PURPOSE, Breakdown.JURISDICTION, Breakdown.CLIENT)),
    (Event.SEARCH_REFUSED, (Breakdown.MONTH, Breakdown.PURPOSE, Breakdown.JURISDICTION)),
    (Event.ACT_REFUSED, (Breakdown.MONTH,)),
    (Event.CASE_OPENED, (Breakdown.PURPOSE, Breakdown.JURISDICTION)),
    (Event.REVIEW_CONCLUDED, (Breakdown.MONTH,)),
    (Event.COMPETENCE_QUESTIONED, ()),
    (Event.MISUSE_FLAGGED, (Breakdown.MONTH,)),
    (Event.FLAG_REVIEWED, ()),
    (Event.SAMPLE_DRAWN, ()),
    (Event.SAMPLE_EXAMINED, ()),
    (Event.REPORT_MADE, ()),
    (Event.CONSENT_RECORDED, (Breakdown.MONTH,)),
    (Event.CONSENT_WITHDRAWN, (Breakdown.MONTH,)),
    (Event.CONSENT_EXPIRED, ()),
    (Event.CLIENT_SUSPENDED, ()),
    (Event.ACCOUNT_SUSPENDED, ()),
    (Event.GALLERY_SUSPENDED, ()),
    (Event.SOURCE_ADDED, ()),
    (Event.SOURCE_WITHDRAWN, ()),
    (Event.POLICY_ACTIVATED, ()),
    (Event.LOG_EXPORTED, ()),
    (Event.BACKUP_RESTORED, ()),
)
"""What is told first, broken down; every other event that occurred follows with its sum."""

NOT_ABOUT_PEOPLE = frozenset(
    {Event.POLICY_ACTIVATED, Event.SOURCE_ADDED, Event.SOURCE_WITHDRAWN, Event.GALLERY_SUSPENDED,
     Event.GALLERY_ADDED, Event.GALLERY_REINSTATED, Event.CLIENT_ADDED, Event.CLIENT_SUSPENDED,
     Event.CLIENT_REINSTATED, Event.LOG_EXPORTED, Event.BACKUP_MADE, Event.BACKUP_VERIFIED, Event.BACKUP_RESTORED,
     Event.WORKSPACE_MADE, Event.INGEST_STARTED, Event.INGEST_FINISHED, Event.FACES_ENROLLED}
)  # fmt: skip
"""Events about rules, bodies and machines: their sums are told however small they are."""

type Cell = tuple[str, str, str]
"""Event, breakdown ("" for the sum), value."""


@dataclass
class _Counted:
    """One cell while it is counted: the entries are not kept, only their digest, number, first, last and ranges."""

    count: int = 0
    first: int = -1
    last: int = -2
    ranges: list[list[int]] | None = None

    def __post_init__(self) -> None:
        self.ranges = []
        self.digest = sha256()

    def add(self, entries: Sequence[int]) -> None:
        """More entries, in order; a page at a time, since each costs little then."""
        self.digest.update(b"".join([entry.to_bytes(8, "big") for entry in entries]))
        if self.count == 0:
            self.first = entries[0]
        self.count += len(entries)
        for entry in entries if self.ranges is not None else ():
            if self.ranges is None:
                break
            if self.ranges and entry == self.ranges[-1][1] + 1:
                self.ranges[-1][1] = entry
            elif len(self.ranges) < _MOST_RANGES:
                self.ranges.append([entry, entry])
            else:
                self.ranges = None
        self.last = entries[-1]


def make(
    workspace: Workspace,
    tx: Transaction,
    year: int,
    edition: Edition,
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[str, Json]:
    """Count a year from what is under the last signed checkpoint.

    `progress`: called with entries read, and entries in all. Raises ConflictError where nothing is signed, UsageError for a
    year that lies ahead.
    """
    if year > workspace.clock().year or year < 2000:
        raise UsageError(N_("There is no report of {year} yet."), code="report-year", year=year)
    last = store.read_last_checkpoint(tx)
    if last is None:
        raise ConflictError(
            N_("The log has no signed checkpoint yet, so there is nothing that a report could rest on."),
            remedy=N_("Sign a checkpoint first: countenance log checkpoint."),
            code="report-checkpoint",
        )
    signed = open_checkpoint(last.note, workspace.log.key)
    cells = _count(tx, signed.size, str(year), progress)
    return {
        "format": FORMAT,
        "edition": edition.value,
        "year": year,
        "log": workspace.log.origin,
        "vkey": workspace.log.vkey,
        "checkpoint": last.note,
        "size": signed.size,
        "small": SMALL if edition is Edition.PUBLIC else None,
        "figures": _figures(cells, edition),
    }


def _count(
    tx: Transaction, size: int, year: str, progress: Callable[[int, int], None]
) -> Mapping[Cell, _Counted]:
    breakdowns = {event.value: tuple(each.value for each in parts) for event, parts in FIGURES}
    cells: defaultdict[Cell, _Counted] = defaultdict(_Counted)
    loads, wanted = json.loads, f'{{"at":"{year}-'.encode()  # a leaf is canonical: it begins with its date
    for start in range(0, size, _PAGE):
        page: defaultdict[Cell, list[int]] = defaultdict(list)
        for entry, raw in store.read_entries(tx, start, min(start + _PAGE, size)):
            if not raw.startswith(wanted):
                continue
            leaf = loads(raw)
            event = leaf["event"]
            page[event, "", ""].append(entry)
            for breakdown in breakdowns.get(event, ()):
                value = leaf["at"][:7] if breakdown == "month" else leaf[breakdown]
                if value is not None:
                    page[event, breakdown, value].append(entry)
        for cell, entries in page.items():
            cells[cell].add(entries)
        progress(min(start + _PAGE, size), size)
    return cells


def _figures(cells: Mapping[Cell, _Counted], edition: Edition) -> list[Json]:
    figures: list[Json] = []
    told = [(event.value, parts) for event, parts in FIGURES]
    others = sorted({event for event, _, _ in cells} - {event for event, _ in told})
    quiet = {event.value for event in NOT_ABOUT_PEOPLE}
    for event, parts in [*told, *((event, ()) for event in others)]:
        for breakdown in ("", *(part.value for part in parts)):
            group = {
                value: cell for (e, b, value), cell in sorted(cells.items()) if (e, b) == (event, breakdown)
            }
            public = edition is Edition.PUBLIC and not (event in quiet and not breakdown)
            hidden = withheld({value: cell.count for value, cell in group.items()}) if public else set()
            if not breakdown and not group:
                group = {"": _Counted()}
            figures += [
                _figure(event, breakdown, value, cell, value in hidden) for value, cell in group.items()
            ]
    return figures


def withheld(counts: Mapping[str, int]) -> set[str]:
    """The cells of one breakdown that are not told: those of 1 to 4, and one more where there is only one of them."""
    hidden = {value for value, count in counts.items() if 0 < count < SMALL}
    rest = sorted((count, value) for value, count in counts.items() if value not in hidden)
    if len(hidden) == 1 and rest:
        hidden.add(rest[0][1])
    return hidden


def _figure(event: str, breakdown: str, value: str, cell: _Counted, hidden: bool) -> dict[str, Json]:
    figure: dict[str, Json] = {"event": event, "by": breakdown or None, "value": value or None}
    if hidden:
        return {**figure, "count": None, "withheld": True}
    return {
        **figure,
        "count": cell.count,
        "first": cell.first if cell.count else None,
        "last": cell.last if cell.count else None,
        "ranges": cell.ranges,
        "entries_sha256": cell.digest.hexdigest(),
    }


def sums(report: Mapping[str, Json]) -> Iterator[tuple[str, int | None]]:
    """Event and sum, for a page."""
    figures = report["figures"]
    assert isinstance(figures, Sequence)
    for figure in figures:
        assert isinstance(figure, Mapping)
        if figure["by"] is None:
            count = figure["count"]
            yield str(figure["event"]), count if isinstance(count, int) else None


def year_of(moment: datetime) -> int:
    """The year (UTC) that ended last before `moment`."""
    return moment.astimezone(UTC).year - 1
