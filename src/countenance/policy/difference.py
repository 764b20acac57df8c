"""A dry run: what another book would decide differently, over a grid of questions.

The grid is the product of purposes, places, moments at each boundary, suspensions and roles, around questions that are
plain; both books are asked each of them. What comes out is counted by the rule that answered before and after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import batched, product
from typing import Any

from countenance.policy.book import PolicyBook
from countenance.policy.decisions import Decision, Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.manifest import HOUSE
from countenance.policy.purposes import BasisKind, Purpose, Role
from countenance.policy.questions import (
    Act,
    ActQuestion,
    BasisFacts,
    CallerFacts,
    CaseFacts,
    ClientFacts,
    ConsentState,
    EnrolQuestion,
    GalleryFacts,
    PermissionClass,
    PersonFacts,
    Question,
    RequesterFacts,
    SearchQuestion,
    SoughtFacts,
)
from countenance.policy.terms import RequiredField
from countenance.primitives.canonical import Json

NOWHERE = "AQ"
"""A place without law of ours: the Antarctic."""

_NOW = datetime(2027, 1, 15, 18, 0, tzinfo=UTC)
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_ALL = frozenset(Purpose)
_FULL = frozenset(field.value for field in RequiredField)
_BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Change:
    """Questions that are answered otherwise. `before`, `after`: rule ids. `example`: one question, in words."""

    kind: str
    before: str
    before_permits: bool
    after: str
    after_permits: bool
    count: int
    example: str

    @property
    def opens(self) -> bool:
        """Whether what was refused would be permitted: what a reader looks at first."""
        return self.after_permits and not self.before_permits


@dataclass(frozen=True, kw_only=True)
class Differences:
    """What came of a dry run. `asked`: size of the grid. `changes`: those that open something first, then by count."""

    asked: int
    changes: tuple[Change, ...]

    @property
    def changed(self) -> int:
        """How many questions of the grid are answered otherwise."""
        return sum(change.count for change in self.changes)

    def document(self) -> dict[str, Json]:
        """The dry run for machines."""
        return {
            "asked": self.asked,
            "changed": self.changed,
            "changes": [{**change.__dict__, "opens": change.opens} for change in self.changes],
        }


def difference(before: PolicyBook, after: PolicyBook) -> Differences:
    """Ask both books the whole grid over the places that either knows. Takes seconds; asks nobody else."""
    places = sorted({place for book in (before, after) for place in _places(book)} | {NOWHERE})
    old, new = PolicyEngine(before), PolicyEngine(after)
    asked = 0
    counts: Counter[tuple[str, str, bool, str, bool]] = Counter()
    examples: dict[tuple[str, str, bool, str, bool], str] = {}
    for batch in batched(grid(places), _BATCH):
        questions = [question for _, question in batch]
        for (words, question), was, becomes in zip(
            batch, old.decide_many(questions), new.decide_many(questions), strict=True
        ):
            asked += 1
            if _verdict(was) != _verdict(becomes):
                key = (_kind(question), *_verdict(was), *_verdict(becomes))
                counts[key] += 1
                examples.setdefault(key, words)
    changes = [
        Change(
            kind=kind,
            before=was,
            before_permits=was_permits,
            after=becomes,
            after_permits=permits,
            count=count,
            example=examples[kind, was, was_permits, becomes, permits],
        )
        for (kind, was, was_permits, becomes, permits), count in counts.items()
    ]
    return Differences(
        asked=asked,
        changes=tuple(
            sorted(changes, key=lambda change: (not change.opens, -change.count, change.before, change.after))
        ),
    )


def _places(book: PolicyBook) -> Iterator[str]:
    """One place of each law, and one that it leaves to others."""
    yield book.operator
    for pack in book.packs.values():
        if pack.name != HOUSE:
            yield from pack.covers[:1]
            yield from pack.excepted


def _verdict(decision: Decision) -> tuple[str, bool]:
    return decision.rule, not isinstance(decision, Refused)


def _kind(question: Question) -> str:
    return {SearchQuestion: "search", EnrolQuestion: "enrol", ActQuestion: "act"}[type(question)]


def grid(places: Sequence[str]) -> Iterator[tuple[str, Question]]:
    """Every question of the grid, with words that tell it."""
    yield from _searches(places)
    yield from _rows(places)
    yield from _enrolments(places)
    yield from _acts(places)


def _searches(places: Sequence[str]) -> Iterator[tuple[str, Question]]:
    for place, purpose, (when, moved), (what, closed) in product(places, Purpose, _MOMENTS, _SUSPENSIONS):
        yield f"search in {place} for {purpose.value}, {when}, {what}", closed(moved(_search(place, purpose)))
    for gallery, client, requester in product(places, repeat=3):
        asked = _search(gallery, Purpose.MISSING_PERSON, client=client, requester=requester)
        yield f"search in {gallery} by {client} for {requester}", asked
    for place, role in product(places, Role):
        asked = _search(place, Purpose.MISSING_PERSON)
        yield f"search in {place} by a {role.value}", replace(asked, caller=replace(asked.caller, role=role))


def _rows(places: Sequence[str]) -> Iterator[tuple[str, Question]]:
    for place, rows, purpose, basis in product(places, places, Purpose, BasisKind):
        asked = _search(place, purpose)
        found = PermissionClass(
            id=1, gallery_id=asked.gallery.id, basis=basis, purposes=_ALL, jurisdiction=rows
        )
        yield (
            f"rows of {rows} on {basis.value} in {place} for {purpose.value}",
            replace(asked, permission_class=found),
        )


def _enrolments(places: Sequence[str]) -> Iterator[tuple[str, Question]]:
    people: list[PersonFacts | None] = [None]
    people += [
        PersonFacts(consent=consent, declared_minor=minor, guardian_consent=guardian)
        for consent, minor, guardian in product(ConsentState, (False, True), (False, True))
    ]
    for place, purpose, kind, person, live in product(places, Purpose, BasisKind, people, (True, False)):
        basis = BasisFacts(kind=kind, purposes=_ALL, jurisdiction=place, live=live, permits_unlabelled=True)
        who = "nobody named" if person is None else f"consent {person.consent.value}"
        yield (
            f"enrol in {place} on {kind.value} for {purpose.value}, {who}",
            EnrolQuestion(basis=basis, gallery=_gallery(place), purpose=purpose, person=person, now=_NOW),
        )
    for place, (when, filed) in product(places, _FILINGS):
        basis = BasisFacts(
            kind=BasisKind.CONSENT, purposes=_ALL, jurisdiction=place, live=True, permits_unlabelled=True
        )
        person = PersonFacts(consent=ConsentState.LIVE, declared_minor=False, guardian_consent=False)
        gallery = replace(_gallery(place), filed_on=filed)
        purpose = Purpose.MISSING_PERSON
        yield (
            f"enrol in {place}, {when}",
            EnrolQuestion(basis=basis, gallery=gallery, purpose=purpose, person=person, now=_NOW),
        )


def _acts(places: Sequence[str]) -> Iterator[tuple[str, Question]]:
    for place, role, act, approvals in product(places, Role, Act, (1, 2)):
        caller = replace(_caller(place), role=role)
        if role in {Role.OPERATOR, Role.AUDITOR}:
            caller = replace(caller, client=None)
        for organisation in (None, "client"):
            yield (
                f"{act.value} by a {role.value} of {place}, {approvals} signing",
                ActQuestion(caller=caller, act=act, client_id=organisation, approvals=approvals, now=_NOW),
            )


def _caller(place: str) -> CallerFacts:
    client = ClientFacts(
        id="client",
        jurisdiction=place,
        licensed_purposes=_ALL,
        licensed_from=_NOW - _DAY,
        licensed_until=_NOW + _DAY,
        suspended=False,
    )
    return CallerFacts(
        id="account",
        role=Role.CASEWORKER,
        client=client,
        suspended=False,
        sponsored=True,
        certified_until=_NOW + _DAY,
    )


def _gallery(place: str) -> GalleryFacts:
    return GalleryFacts(
        id="gallery",
        purposes=_ALL,
        jurisdiction=place,
        live=True,
        suspended=False,
        search_locked=False,
        ingest_locked=False,
        filed_on=_NOW.date() - timedelta(days=90),
        filled=_FULL,
    )


def _search(place: str, purpose: Purpose, *, client: str = "", requester: str = "") -> SearchQuestion:
    return SearchQuestion(
        caller=_caller(client or place),
        case=CaseFacts(
            id="case", client_id="client", purpose=purpose, open=True, expires_at=_NOW + _DAY, searches_left=1
        ),
        purpose=purpose.value,
        requester=RequesterFacts(jurisdiction=requester or place, suspended=False),
        gallery=_gallery(place),
        permission_class=None,
        sought=SoughtFacts(),
        now=_NOW,
    )


def _client(question: SearchQuestion, **changes: Any) -> SearchQuestion:
    caller = question.caller
    assert caller.client is not None
    client = replace(caller.client, **changes)
    return replace(question, caller=replace(caller, client=client))


def _case(question: SearchQuestion, **changes: Any) -> SearchQuestion:
    assert question.case is not None
    return replace(question, case=replace(question.case, **changes))


def _filed(days: int | None) -> date | None:
    return None if days is None else _NOW.date() - timedelta(days=days)


_FILINGS = tuple(
    (f"filed {days} days ago" if days is not None else "not filed", _filed(days))
    for days in (None, -1, 0, 59, 60)
)
_MOMENTS = (
    ("in time", lambda asked: asked),
    ("licence begins now", lambda asked: _client(asked, licensed_from=_NOW)),
    ("licence begins in a second", lambda asked: _client(asked, licensed_from=_NOW + _SECOND)),
    ("licence ends now", lambda asked: _client(asked, licensed_until=_NOW)),
    ("licence ends in a second", lambda asked: _client(asked, licensed_until=_NOW + _SECOND)),
    ("case ends now", lambda asked: _case(asked, expires_at=_NOW)),
    ("case ends in a second", lambda asked: _case(asked, expires_at=_NOW + _SECOND)),
    ("certified until now", lambda asked: replace(asked, caller=replace(asked.caller, certified_until=_NOW))),
    *(
        (when, lambda asked, day=day: replace(asked, gallery=replace(asked.gallery, filed_on=day)))
        for when, day in _FILINGS
    ),
    ("nothing on record", lambda asked: replace(asked, gallery=replace(asked.gallery, filled=frozenset()))),
)
_SUSPENSIONS = (
    ("nothing suspended", lambda asked: asked),
    ("account suspended", lambda asked: replace(asked, caller=replace(asked.caller, suspended=True))),
    ("client suspended", lambda asked: _client(asked, suspended=True)),
    (
        "requester suspended",
        lambda asked: replace(asked, requester=replace(asked.requester, suspended=True)),
    ),
    ("gallery suspended", lambda asked: replace(asked, gallery=replace(asked.gallery, suspended=True))),
    ("search locked", lambda asked: replace(asked, gallery=replace(asked.gallery, search_locked=True))),
    ("case closed", lambda asked: _case(asked, open=False)),
)
