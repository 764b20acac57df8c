"""Questions that policy permits, to be spoilt one fact at a time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from countenance.policy.book import PolicyBook, load_book
from countenance.policy.pack import pack_from_files, shipped_pack_files
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


OPERATOR_PLACE = "CA-ON"
HOUSE_TEXT = {"sources": ["house"], "authority_fr": "Essai", "en": "Test.", "fr": "Essai."}
NOTES = '@id("{id}") @reason("{reason}") @authority("Test") @since("2026-11-01")\n'


def planted(name: str, rule: str, rule_id: str, **changes: object) -> dict[str, str]:
    """The shipped pack of that name and one more rule (Cedar text with its annotations)."""
    files = shipped_pack_files(name)
    manifest = {**json.loads(files["pack.json"]), **changes}
    manifest["rules"] = {**manifest["rules"], rule_id: HOUSE_TEXT}
    return {**files, "pack.json": json.dumps(manifest), "policy.cedar": files["policy.cedar"] + rule}


def book_with(rule: str) -> PolicyBook:
    """CA on HOUSE, and one more rule CA-90 (Cedar text without annotations)."""
    files = planted("CA", NOTES.format(id="CA-90", reason="planted") + rule, "CA-90")
    house = load_book("HOUSE", operator=OPERATOR_PLACE).house
    return PolicyBook([house, pack_from_files(files)], operator=OPERATOR_PLACE)


def stripped(name: str, cedar: str, *ids: str) -> dict[str, str]:
    """The shipped pack of that name with `cedar` for its rules, which are `ids`, and no grounds."""
    files = shipped_pack_files(name)
    manifest = json.loads(files["pack.json"])
    keep = {*ids, *(manifest[verdict]["id"] for verdict in ("default", "error") if verdict in manifest)}
    manifest["rules"] = {
        **dict.fromkeys(ids, HOUSE_TEXT),
        **{rule: text for rule, text in manifest["rules"].items() if rule in keep},
    }
    return {**files, "pack.json": json.dumps({**manifest, "grounds": []}), "policy.cedar": cedar}


def weak_book(permit: str) -> PolicyBook:
    """A book that forbids nothing; `permit` is CA's only rule (Cedar text without annotations)."""
    quiet = (
        NOTES.format(id="HOUSE-01", reason="never") + "forbid (principal, action, resource) when { false };"
    )
    house = stripped("HOUSE", quiet, "HOUSE-01")
    canada = stripped("CA", NOTES.format(id="CA-80", reason="all") + permit, "CA-80")
    return PolicyBook([pack_from_files(house), pack_from_files(canada)], operator=OPERATOR_PLACE)


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
