"""Rules against misuse behind a real case number: each looks at one account's day, and names the entries it saw.

The pattern to be seen is that of Evansville, Indiana (police chief's statement of 12 June 2024): from April to December
2023 one officer made very many searches, out of proportion to his work, under the number of an actual case, of people who
had nothing to do with it, mostly with pictures from social media. It was found by accident, when licences were counted.

A flag is not a finding. It is looked at by somebody else than the flagged, and what they found is recorded. No rule
infers anything from a face, and none compares faces.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from statistics import median
from uuid import UUID

from countenance.primitives.ids import new_code
from countenance.primitives.text import folded
from countenance.records.events import Event
from countenance.records.models import Account, Case, MisuseFlag, Probe, Search
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry

_BEFORE = timedelta(days=28)
"""What an account's colleagues did in these days is what is usual."""
_PROXY_WINDOW = timedelta(days=7)


class MisuseRule(StrEnum):
    """What may be behind a case number that is real."""

    CASE_VOLUME = "case-volume"  # many different probes in one case in a day: one case seeks one person
    ACCOUNT_VOLUME = "account-volume"  # far more searches in a day than colleagues make
    PROBE_KIND = "probe-kind"  # posed, flawless probes, where colleagues' are as a case yields them
    ODD_HOURS = "odd-hours"  # at hours at which hardly anybody of the client searches
    PURPOSE_DRIFT = "purpose-drift"  # refused for a purpose again and again
    PROXY_SEARCH = "proxy-search"  # for somebody else after a refusal, or a row of cases for one outside body


CASE_PROBES = 8
ACCOUNT_LEAST, ACCOUNT_TIMES = 15, 4.0
KIND_LEAST, KIND_FLAWLESS, KIND_USUAL = 8, 0.8, 0.5
HOURS_LEAST, HOURS_KNOWN, HOURS_SHARE = 3, 40, 0.02
DRIFT_REFUSALS = 3
PROXY_CASES = 5


@dataclass(frozen=True, kw_only=True)
class Made:
    """One search, as the rules see it. `probes`: SHA-256 of its photographs. `flawless`: no weak point in any."""

    entry: int
    at: datetime
    account: UUID
    client: UUID
    case: UUID
    probes: tuple[str, ...]
    flawless: bool


@dataclass(frozen=True, kw_only=True)
class Denied:
    """One refused search. `reason`: policy's."""

    entry: int
    at: datetime
    account: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class Opened:
    """One case. `outside`: its requester of record (folded) where that is not the client itself."""

    case: UUID
    at: datetime
    account: UUID
    client: UUID
    outside: str | None


@dataclass(frozen=True, kw_only=True)
class Day:
    """What the rules look at: one day, and the four weeks before it."""

    start: datetime
    made: Sequence[Made]
    denied: Sequence[Denied]
    opened: Sequence[Opened]

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=1)

    def today(self, account: UUID) -> list[Made]:
        return self._today[account]

    def usual(self, account: UUID, client: UUID) -> list[Made]:
        """What the client's other accounts did, before today."""
        return [each for each in self.before[client] if each.account != account]

    @cached_property
    def before(self) -> defaultdict[UUID, list[Made]]:
        """What each client's accounts did, before today."""
        found: defaultdict[UUID, list[Made]] = defaultdict(list)
        for each in self.made:
            if each.at < self.start:
                found[each.client].append(each)
        return found

    @cached_property
    def _today(self) -> defaultdict[UUID, list[Made]]:
        found: defaultdict[UUID, list[Made]] = defaultdict(list)
        for each in self.made:
            if each.at >= self.start:
                found[each.account].append(each)
        return found


def case_volume(day: Day, account: UUID) -> list[int]:
    """More than 8 different probes in one case in one day."""
    cases: defaultdict[UUID, list[Made]] = defaultdict(list)
    for each in day.today(account):
        cases[each.case].append(each)
    return [
        each.entry
        for searches in cases.values()
        if len({each.probes for each in searches}) > CASE_PROBES
        for each in searches
    ]


def account_volume(day: Day, account: UUID) -> list[int]:
    """15 searches or more, and over four times the median of colleagues' days with a search (or of its own before)."""
    today = day.today(account)
    if len(today) < ACCOUNT_LEAST:
        return []
    others = day.usual(account, today[0].client)
    others = others or day.before[today[0].client]
    days = Counter((each.account, each.at.date()) for each in others)
    usual = median(days.values()) if days else ACCOUNT_LEAST / ACCOUNT_TIMES
    return [each.entry for each in today] if len(today) > ACCOUNT_TIMES * usual else []


def probe_kind(day: Day, account: UUID) -> list[int]:
    """8 probes or more, four in five of them flawless, where less than half of the colleagues' are."""
    today = day.today(account)
    if len(today) < KIND_LEAST:
        return []
    others = day.usual(account, today[0].client)
    if len(others) < KIND_LEAST:
        return []
    flawless = [each.entry for each in today if each.flawless]
    usual = sum(each.flawless for each in others) / len(others)
    return flawless if len(flawless) >= KIND_FLAWLESS * len(today) and usual < KIND_USUAL else []


def odd_hours(day: Day, account: UUID) -> list[int]:
    """3 searches or more at hours (UTC) that hold less than 2 % of the client's of four weeks, where 40 are known."""
    today = day.today(account)
    if not today:
        return []
    known = day.before[today[0].client]
    if len(known) < HOURS_KNOWN:
        return []
    hours = Counter(each.at.astimezone(UTC).hour for each in known)
    odd = [each.entry for each in today if hours[each.at.astimezone(UTC).hour] < HOURS_SHARE * len(known)]
    return odd if len(odd) >= HOURS_LEAST else []


def purpose_drift(day: Day, account: UUID) -> list[int]:
    """3 refusals in a day for a purpose that is not the case's, the gallery's or the licence's."""
    entries = [
        each.entry
        for each in day.denied
        if each.account == account and each.at >= day.start and each.reason.startswith("purpose-")
    ]
    return entries if len(entries) >= DRIFT_REFUSALS else []


def proxy_search(day: Day, account: UUID) -> list[int]:
    """Searching for a barred body by another name, in one of two forms (Washington Post, 18 May 2024: police forces that
    may not search asked others to).

    a. Within a week of a refusal because the requester of record is barred, the account searches in a case that was
       opened after the refusal for somebody else.
    b. Five cases or more in a week for one outside body, opened by one account, with a search today.
    """
    today = day.today(account)
    opened = {each.case: each for each in day.opened}
    barred = [each for each in day.denied if each.account == account and each.reason.startswith("requester-")]
    recent = [each for each in barred if each.at >= day.end - _PROXY_WINDOW]
    entries: set[int] = set()
    for refusal in recent:
        after = [
            each.entry
            for each in today
            if each.case in opened and refusal.at <= opened[each.case].at and each.at >= refusal.at
        ]
        if after:
            entries |= {refusal.entry, *after}
    bodies = Counter(
        each.outside
        for each in day.opened
        if each.account == account and each.outside and each.at >= day.end - _PROXY_WINDOW
    )
    many = {body for body, count in bodies.items() if count >= PROXY_CASES}
    entries |= {each.entry for each in today if each.case in opened and opened[each.case].outside in many}
    return sorted(entries)


RULES: dict[MisuseRule, Callable[[Day, UUID], list[int]]] = {
    MisuseRule.CASE_VOLUME: case_volume,
    MisuseRule.ACCOUNT_VOLUME: account_volume,
    MisuseRule.PROBE_KIND: probe_kind,
    MisuseRule.ODD_HOURS: odd_hours,
    MisuseRule.PURPOSE_DRIFT: purpose_drift,
    MisuseRule.PROXY_SEARCH: proxy_search,
}


def scan(workspace: Workspace, *, days: int = 2) -> list[MisuseFlag]:
    """Look at today and the days before it; raise what is new. Run daily or oftener: the same day flags once a rule.

    Each flag is a record with its evidence, and an entry in the log.
    """
    start = datetime.combine(workspace.clock().astimezone(UTC).date(), time(0), UTC)
    seen = [
        (day.start.date(), rule, account, entries)
        for day in (read_day(start - timedelta(days=back)) for back in range(days - 1, -1, -1))
        for rule, account, entries in look(day)
    ]
    known = {
        (row.day, row.rule, row.account_id) for row in MisuseFlag.objects.filter(day__gte=start - _BEFORE)
    }
    new = [each for each in seen if (each[0], each[1].value, each[2]) not in known]
    if not new:
        return []
    with workspace.transaction() as (tx, now):
        raised = [_raise(*each, now) for each in new]
        workspace.record(tx, [_entry(flag, now) for flag in raised if flag is not None])
    return [flag for flag in raised if flag is not None]


def look(day: Day) -> list[tuple[MisuseRule, UUID, list[int]]]:
    """What the rules see of one day: rule, account, entries."""
    accounts = {each.account for each in day.made if each.at >= day.start}
    accounts |= {each.account for each in day.denied if each.at >= day.start}
    found = [
        (rule, account, sorted(seen(day, account)))
        for account in sorted(accounts)
        for rule, seen in RULES.items()
    ]
    return [each for each in found if each[2]]


def read_day(start: datetime) -> Day:
    """The day that begins at `start`, and the four weeks before it, from the records and the log's refusals."""
    since, until = start - _BEFORE, start + timedelta(days=1)
    rows = list(
        Search.objects.filter(made_at__gte=since, made_at__lt=until, case__isnull=False).values_list(
            "pk", "log_index", "made_at", "account", "case__client", "case"
        )
    )
    probes: defaultdict[UUID, list[tuple[str, bool]]] = defaultdict(list)
    held = Probe.objects.filter(search__made_at__gte=since, search__made_at__lt=until)
    for search, digest, quality in held.values_list("search", "sha256", "quality"):
        probes[search].append((digest, not quality))
    made = [
        Made(
            entry=entry,
            at=at,
            account=account,
            client=client,
            case=case,
            probes=tuple(digest for digest, _ in probes[key]),
            flawless=bool(probes[key]) and all(whole for _, whole in probes[key]),
        )
        for key, entry, at, account, client, case in rows
    ]
    opened = [
        Opened(
            case=row.pk,
            at=row.opened_at,
            account=row.opened_by_id,
            client=row.client_id,
            outside=None if folded(row.on_behalf_of) == folded(row.client.name) else folded(row.on_behalf_of),
        )
        for row in Case.objects.select_related("client").filter(opened_at__gte=since, opened_at__lt=until)
    ]
    return Day(start=start, made=made, denied=_refusals(since, until), opened=opened)


def _refusals(since: datetime, until: datetime) -> list[Denied]:
    """Refused searches, from the log: who and why stands in the details, as far as these are not forgotten."""
    import json

    from countenance.records.database import open_reading
    from countenance.tlog import store
    from countenance.tlog.leaf import parse_leaf

    found: list[Denied] = []
    with open_reading() as tx:
        end = store.last_position(tx) + 1
        while end > 0:  # backwards, since only the last four weeks are wanted
            start = max(0, end - _PAGE)
            leaves = [(entry, parse_leaf(raw)) for entry, raw in store.read_entries(tx, start, end)]
            wanted = {
                entry: leaf
                for entry, leaf in leaves
                if leaf.event == Event.SEARCH_REFUSED.value and since <= leaf.at < until
            }
            if wanted:
                for entry, payload in store.read_payloads(tx, start, end):
                    if entry in wanted:
                        said = json.loads(payload.details)
                        found.append(
                            Denied(
                                entry=entry,
                                at=wanted[entry].at,
                                account=UUID(said["account"]),
                                reason=said["reason"],
                            )
                        )
            if leaves and leaves[0][1].at < since:
                break
            end = start
    return sorted(found, key=lambda each: each.entry)


_PAGE = 4_096


def _raise(
    day: date, rule: MisuseRule, account: UUID, entries: list[int], now: datetime
) -> MisuseFlag | None:
    """The flag; None where another process has raised it a moment ago."""
    if MisuseFlag.objects.filter(day=day, rule=rule.value, account=account).exists():
        return None
    return MisuseFlag.objects.create(
        code=new_code("W"),
        rule=rule.value,
        account=Account.objects.select_related("organisation").get(pk=account),
        day=day,
        entries=entries,
        raised_at=now,
    )


def _entry(flag: MisuseFlag, now: datetime) -> NewEntry:
    client = flag.account.organisation
    return NewEntry(
        event=Event.MISUSE_FLAGGED.value,
        at=now,
        purpose=None,
        jurisdiction=client.jurisdiction if client else None,
        client=str(client.pk) if client else None,
        pack=None,
        details={
            "flag": str(flag.pk),
            "rule": flag.rule,
            "subject": str(flag.account_id),
            "entries": list(flag.entries),
        },
    )


def false_flags(days: Iterable[Day], accounts: Sequence[UUID]) -> tuple[int, int]:
    """(account-days with a flag, account-days looked at): the rate at which innocent work is flagged."""
    looked = flagged = 0
    for day in days:
        for account in accounts:
            if day.today(account):
                looked += 1
                flagged += any(seen(day, account) for seen in RULES.values())
    return flagged, looked
