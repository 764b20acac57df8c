"""Questions that policy permits, to be spoilt one fact at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
    RequesterFacts,
    SearchQuestion,
    SoughtFacts,
)

NOW = datetime(2026, 12, 1, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
ALL = frozenset(Purpose)
MISSING = Purpose.MISSING_PERSON

CLIENT = ClientFacts(
    id="tracing-service",
    jurisdiction="CA-ON",
    licensed_purposes=ALL,
    licensed_from=NOW - DAY,
    licensed_until=NOW + 30 * DAY,
    suspended=False,
)
CASEWORKER = CallerFacts(
    id="account-1",
    role=Role.CASEWORKER,
    client=CLIENT,
    suspended=False,
    sponsored=True,
    certified_until=NOW + 60 * DAY,
)
OPERATOR = replace(CASEWORKER, id="account-2", role=Role.OPERATOR, client=None)
CASE = CaseFacts(
    id="case-1",
    client_id=CLIENT.id,
    purpose=MISSING,
    open=True,
    expires_at=NOW + 10 * DAY,
    searches_left=5,
)
GALLERY = GalleryFacts(
    id="gallery-1",
    purposes=ALL,
    jurisdiction="CA",
    live=True,
    suspended=False,
    search_locked=False,
    ingest_locked=False,
)
ROWS = PermissionClass(id=1, gallery_id=GALLERY.id, basis=BasisKind.CONSENT, purposes=ALL, jurisdiction="CA")
SEARCH = SearchQuestion(
    caller=CASEWORKER,
    case=CASE,
    purpose="missing-person",
    requester=RequesterFacts(jurisdiction="CA", suspended=False),
    gallery=GALLERY,
    permission_class=None,
    sought=SoughtFacts(),
    now=NOW,
)
CONSENTED = PersonFacts(consent=ConsentState.LIVE, declared_minor=False, guardian_consent=False)
BASIS = BasisFacts(
    kind=BasisKind.CONSENT, purposes=ALL, jurisdiction="CA", live=True, permits_unlabelled=False
)
ENROL = EnrolQuestion(basis=BASIS, gallery=GALLERY, purpose=MISSING, person=CONSENTED, now=NOW)
ACT = ActQuestion(caller=OPERATOR, act=Act.SOURCE_ADD, client_id=None, approvals=1, now=NOW)


def rows(number: int, **changes: object) -> PermissionClass:
    """A permission class of the gallery."""
    return replace(ROWS, id=number, **changes)  # type: ignore[arg-type]


def search(**changes: object) -> SearchQuestion:
    """The permitted search, changed. `caller__role=...` reaches into a part, `caller__client__id=...` deeper."""
    return _changed(SEARCH, changes)


def enrol(**changes: object) -> EnrolQuestion:
    """The permitted enrolment, changed likewise."""
    return _changed(ENROL, changes)


def act(**changes: object) -> ActQuestion:
    """The permitted act, changed likewise."""
    return _changed(ACT, changes)


def _changed[T](value: T, changes: dict[str, object]) -> T:
    # Short paths first, so that a part is put in place before something is changed inside it. What is changed inside
    # a part that is absent has nothing to change.
    for path, new in sorted(changes.items(), key=lambda item: item[0].count("__")):
        value = _set(value, path.split("__"), new)
    return value


def _set[T](value: T, path: list[str], new: object) -> T:
    if value is None:
        return value
    head, *rest = path
    inner = _set(getattr(value, head), rest, new) if rest else new
    return replace(value, **{head: inner})  # type: ignore[type-var]
