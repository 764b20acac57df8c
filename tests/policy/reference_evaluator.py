"""The rules of the shipped packs once more, in plain Python, written from their text and not from the Cedar.

It answers every question with all reasons that speak against it, in the order in which they are named, or with
none. It exists to disagree with the engine; nothing but tests may use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from countenance.policy.purposes import BasisKind, Purpose, Role
from countenance.policy.questions import (
    TWO_PERSON_ACTS,
    Act,
    ActQuestion,
    CallerFacts,
    ConsentState,
    EnrolQuestion,
    GalleryFacts,
    OwnFaceQuestion,
    Question,
    SearchQuestion,
)

EVERYBODYS_ACTS = {Act.RECORDS_READ, Act.REVIEW_READ, Act.TOKEN_MAKE, Act.TOKEN_REVOKE}
CASEWORKER_ACTS = {
    *EVERYBODYS_ACTS,
    Act.CASE_OPEN,
    Act.CASE_CLOSE,
    Act.SEARCH_EXPORT,
    Act.REVIEW_OPEN,
    Act.REPORT_MAKE,
    Act.CANDIDATE_SHOW,
    Act.CANDIDATE_JUDGE,
}
SUPERVISOR_ACTS = {
    *EVERYBODYS_ACTS,
    Act.CASE_CLOSE,
    Act.CASE_DENY,
    Act.SEARCH_EXPORT,
    Act.REVIEW_OPEN,
    Act.REPORT_MAKE,
    Act.CANDIDATE_SHOW,
    Act.COMPETENCE_RECORD,
    Act.SAMPLE_DRAW,
    Act.SAMPLE_EXAMINE,
    Act.WATCH_READ,
    Act.FLAG_REVIEW,
}
REVIEWER_ACTS = {*EVERYBODYS_ACTS, Act.REVIEW_NEXT, Act.REVIEW_SEAL, Act.REVIEW_WITHDRAW}
AUDITOR_ACTS = {
    *EVERYBODYS_ACTS,
    Act.LOG_EXPORT,
    Act.LOG_PROVE,
    Act.OVERSIGHT_READ,
    Act.ORDER_CERTIFY,
    Act.WATCH_READ,
    Act.FLAG_REVIEW,
    Act.YEAR_COUNT,
}
DESK_ACTS = {act for act in Act if act.value.startswith("request-")} | EVERYBODYS_ACTS
INSPECTOR_ACTS = {
    *EVERYBODYS_ACTS,
    Act.OVERSIGHT_READ,
    Act.ORDER_CERTIFY,
    Act.ORDER_PREVIEW,
    Act.ORDER_DESTROY,
    Act.INSPECT,
    Act.INSPECT_FACES,
    Act.INSPECT_SAME_FACE,
    Act.INQUIRY_REPORT,
    Act.LOG_PROVE,
}
OF_COMMISSIONERS = {
    Act.ORDER_ISSUE,
    Act.ORDER_LIFT,
    Act.INQUIRY_OPEN,
    Act.INQUIRY_JOIN,
    Act.INQUIRY_ATTACH,
    Act.INQUIRY_CLOSE,
}
OWN_ACCOUNTS = {Act.ACCOUNT_SUSPEND, Act.ACCOUNT_REINSTATE, Act.PROPOSAL_CANCEL}
COMMISSIONER_ACTS = INSPECTOR_ACTS | OF_COMMISSIONERS | OWN_ACCOUNTS | {Act.ACCOUNT_CERTIFY, Act.CASE_DENY}
OPERATOR_ACTS = (
    set(Act)
    - OF_COMMISSIONERS
    - (INSPECTOR_ACTS - {*EVERYBODYS_ACTS, Act.OVERSIGHT_READ, Act.ORDER_CERTIFY, Act.LOG_PROVE})
    - {
        Act.CASE_OPEN,
        Act.CASE_CLOSE,
        Act.SEARCH_EXPORT,
        Act.REVIEW_OPEN,
        Act.REVIEW_NEXT,
        Act.REVIEW_SEAL,
        Act.REVIEW_WITHDRAW,
        Act.REPORT_MAKE,
        Act.CANDIDATE_SHOW,
        Act.CANDIDATE_JUDGE,
        Act.SAMPLE_DRAW,
        Act.SAMPLE_EXAMINE,
    }
)

EMERGENCY_PURPOSES = frozenset(
    {Purpose.VICTIM_IDENTIFICATION, Purpose.MISSING_PERSON, Purpose.FAMILY_TRACING}
)


EU = {
    "AT",
    "BE",
    "BG",
    "HR",
    "CY",
    "CZ",
    "DK",
    "EE",
    "FI",
    "FR",
    "DE",
    "GR",
    "HU",
    "IE",
    "IT",
    "LV",
    "LT",
    "LU",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SK",
    "SI",
    "ES",
    "SE",
}
EU_TERRITORIES = {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}
EXPRESS = {"CA-QC": "express-consent-needed", "US-IL": "written-release-needed"}
"""Laws under which only a person's own consent will do, and the reason they give."""
ASKED = {
    "CA-QC": {"contact", "assessment", "filing-reference", "filing-date"},
    "EU": {"controller", "representative", "processors", "contact", "assessment"},
    "GB": {"controller", "representative", "processors", "contact", "assessment"},
    "US-IL": {"written-release", "retention-schedule"},
}
"""What must be on record of a gallery under the law of its place, or of its keeper's."""


def law_of(place: str) -> str | None:
    """The law of a place, by name; None where there is none."""
    if place in {"CA-QC", "CA-BC", "CA-AB", "US-IL"}:
        return place
    country = place.partition("-")[0]
    if country in EU | EU_TERRITORIES:
        return "EU"
    return country if country in {"CA", "GB"} else None


def reasons(question: Question, operator: str = "CA-ON") -> list[str]:
    """Every reason code that refuses, first the one to be named. Empty: permitted."""
    if isinstance(question, SearchQuestion):
        found = [*_against_caller(question.caller, question.now), *_against_search(question, operator)]
    elif isinstance(question, EnrolQuestion):
        found = list(_against_enrolment(question, operator))
    else:
        found = [*_against_caller(question.caller, question.now)]
        if law_of(operator) is None:
            found.append("operator-place-not-permitted")
        found += (
            _against_own_face(question) if isinstance(question, OwnFaceQuestion) else _against_act(question)
        )
    return found


def _nations(places: list[str]) -> list[str]:
    """The countries' laws (CA, EU, GB) among those of `places`, each once, in order."""
    laws = [law_of(place) for place in places]
    return list(dict.fromkeys("CA" if law.startswith("CA") else law for law in laws if law is not None))


def _against_caller(caller: CallerFacts, now: datetime) -> Iterator[str]:
    if caller.suspended:
        yield "account-suspended"
    if not caller.sponsored:
        yield "account-without-sponsor"
    if not _before(now, caller.certified_until):
        yield "account-not-certified"
    serves_client = caller.role in {Role.CASEWORKER, Role.REVIEWER, Role.SUPERVISOR}
    serves_authority = caller.role in {Role.COMMISSIONER, Role.INSPECTOR}
    if serves_client != (caller.client is not None) or serves_authority != (caller.authority is not None):
        yield "role-not-of-organisation"
    if caller.client is not None and caller.client.suspended:
        yield "client-suspended"


def _against_search(question: SearchQuestion, operator: str) -> Iterator[str]:
    yield from _against_licence(question)
    if law_of(operator) is None:
        yield "operator-place-not-permitted"
    yield from _against_case(question)
    yield from _against_purpose(question)
    yield from _against_requester(question)
    sought = question.sought
    if sought.declared_minor:
        backed = sought.guardian_consent or sought.recorded_authority
        if not (question.purpose == "missing-person" and backed):
            yield "minor-needs-guardian-or-authority"
    gallery = question.gallery
    yield from _against_gallery(
        gallery, question.purpose, locked=gallery.search_locked, lock="gallery-search-locked"
    )
    yield from _against_record(gallery, operator, question.now, search=True)
    yield from _against_rows(question, operator)


def _concerned(question: SearchQuestion, operator: str) -> list[str]:
    client, requester = question.caller.client, question.requester
    places = [operator, question.gallery.jurisdiction]
    if client is not None:
        places.append(client.jurisdiction)
    if requester is not None:
        places.append(requester.jurisdiction)
    return places


def _against_record(gallery: GalleryFacts, operator: str, now: datetime, *, search: bool) -> Iterator[str]:
    keepers = {law_of(operator), law_of(gallery.jurisdiction)}
    asked = set().union(*(ASKED.get(law, set()) for law in keepers if law is not None))
    if asked - gallery.filled:
        yield "required-field-missing"
    if "CA-QC" not in {gallery.jurisdiction, operator}:
        return
    if gallery.filed_on is None:
        yield "biometric-database-not-declared"
        return
    # Noon of UTC: by then the day has begun everywhere.
    filed = datetime(gallery.filed_on.year, gallery.filed_on.month, gallery.filed_on.day, 12, tzinfo=UTC)
    if now.replace(microsecond=0) < filed:
        yield "biometric-database-not-declared"
    elif search and now.replace(microsecond=0) < filed + timedelta(days=60):
        yield "sixty-days-not-over"


def _against_licence(question: SearchQuestion) -> Iterator[str]:
    client = question.caller.client
    if question.caller.role is not Role.CASEWORKER:
        yield "role-may-not-search"
    if client is None or law_of(client.jurisdiction) is None:
        yield "client-place-not-permitted"
    licensed = (
        client is not None
        and _begun(question.now, client.licensed_from)
        and _before(question.now, client.licensed_until)
    )
    if not licensed:
        yield "licence-not-in-force"


def _against_case(question: SearchQuestion) -> Iterator[str]:
    case, client = question.case, question.caller.client
    if case is None:
        yield "no-case"
        return
    if client is None or case.client_id != client.id:
        yield "case-not-yours"
    if not case.open:
        yield "case-closed"
    if not _before(question.now, case.expires_at):
        yield "case-expired"
    if case.searches_left < 1:
        yield "case-spent"


def _against_purpose(question: SearchQuestion) -> Iterator[str]:
    purpose, case, client = question.purpose, question.case, question.caller.client
    if purpose is None:
        yield "no-purpose"
        return
    if purpose not in {known.value for known in Purpose}:
        yield "purpose-unknown"
    if case is not None and case.purpose.value != purpose:
        yield "purpose-not-of-case"
    if client is not None and not _covers(client.licensed_purposes, purpose):
        yield "purpose-not-licensed"


def _against_requester(question: SearchQuestion) -> Iterator[str]:
    requester = question.requester
    if requester is None:
        yield "no-on-behalf-of"
        return
    if requester.suspended:
        yield "requester-suspended"
    if law_of(requester.jurisdiction) is None:
        yield "requester-place-not-permitted"


def _against_rows(question: SearchQuestion, operator: str) -> Iterator[str]:
    rows, purpose = question.permission_class, question.purpose
    if rows is None:
        return
    if rows.gallery_id != question.gallery.id:
        yield "class-of-other-gallery"
    places = [*_concerned(question, operator), rows.jurisdiction]
    yield from _against_basis_kind(rows.basis, purpose, places)
    if purpose is not None and not _covers(rows.purposes, purpose):
        yield "purpose-outside-class"
    if law_of(rows.jurisdiction) is None:
        yield "basis-place-not-permitted"
    yield from _against_other_than_consent(rows.basis, places)


def _against_other_than_consent(kind: BasisKind, places: list[str]) -> Iterator[str]:
    if kind is BasisKind.CONSENT:
        return
    for law in dict.fromkeys(law_of(place) for place in places):
        if law in EXPRESS:
            yield EXPRESS[law]


def _against_gallery(gallery: GalleryFacts, purpose: str | None, *, locked: bool, lock: str) -> Iterator[str]:
    if gallery.suspended:
        yield "gallery-suspended"
    if not gallery.live:
        yield "gallery-not-live"
    if locked:
        yield lock
    if law_of(gallery.jurisdiction) is None:
        yield "gallery-place-not-permitted"
    if purpose is not None and not _covers(gallery.purposes, purpose):
        yield "purpose-outside-gallery"


def _against_basis_kind(kind: BasisKind, purpose: str | None, places: list[str]) -> Iterator[str]:
    if kind is BasisKind.PUBLICLY_AVAILABLE:
        yield "basis-publicly-available"
        return
    outside = purpose is None or not _covers(EMERGENCY_PURPOSES, purpose)
    # Illinois names no kinds of basis: there only consent will do, by a rule of its own.
    for _ in [law for law in _nations(places) if law in {"CA", "EU", "GB"}]:
        if kind is BasisKind.LEGITIMATE_INTEREST:
            yield "basis-kind-not-permitted"
        elif kind is BasisKind.VITAL_INTEREST and outside:
            yield "basis-not-for-purpose"


def _against_enrolment(question: EnrolQuestion, operator: str) -> Iterator[str]:
    basis, person = question.basis, question.person
    places = [operator, question.gallery.jurisdiction, basis.jurisdiction]
    if law_of(operator) is None:
        yield "operator-place-not-permitted"
    yield from _against_gallery(
        question.gallery,
        question.purpose.value,
        locked=question.gallery.ingest_locked,
        lock="gallery-ingest-locked",
    )
    yield from _against_record(question.gallery, operator, question.now, search=False)
    yield from _against_basis_kind(basis.kind, question.purpose.value, places)
    if not basis.live:
        yield "basis-not-live"
    if question.purpose not in basis.purposes:
        yield "purpose-outside-basis"
    if law_of(basis.jurisdiction) is None:
        yield "basis-place-not-permitted"
    yield from _against_other_than_consent(basis.kind, places)

    by_consent = basis.kind is BasisKind.CONSENT
    if person is None:
        if by_consent:
            yield "no-consent"
        elif not basis.permits_unlabelled:
            yield "unlabelled-not-permitted"
        return
    if person.consent is ConsentState.WITHDRAWN:
        yield "consent-withdrawn"
    if by_consent and person.consent is ConsentState.NONE:
        yield "no-consent"
    if by_consent and person.consent is ConsentState.EXPIRED:
        yield "consent-expired"
    if person.declared_minor and not person.guardian_consent:
        yield "minor-needs-guardian-consent"


def _against_act(question: ActQuestion) -> Iterator[str]:
    caller = question.caller
    allowed = {
        Role.OPERATOR: OPERATOR_ACTS,
        Role.CASEWORKER: CASEWORKER_ACTS,
        Role.SUPERVISOR: SUPERVISOR_ACTS,
        Role.AUDITOR: AUDITOR_ACTS,
        Role.REVIEWER: REVIEWER_ACTS,
        Role.COMMISSIONER: COMMISSIONER_ACTS,
        Role.INSPECTOR: INSPECTOR_ACTS,
        Role.REQUEST_DESK: DESK_ACTS,
    }[caller.role]
    if question.act not in allowed:
        yield "role-may-not"
    if caller.role not in {Role.OPERATOR, Role.AUDITOR, Role.REQUEST_DESK}:
        homes = {caller.client.id if caller.client is not None else None, caller.authority} - {None}
        anywhere = caller.role is Role.COMMISSIONER and question.act is Act.CASE_DENY
        if question.client_id not in homes and not anywhere:
            yield "other-organisation"
    if question.act in TWO_PERSON_ACTS and question.approvals < 2:
        yield "second-person-needed"
    looked_after = OWN_ACCOUNTS | {Act.ACCOUNT_SPONSOR}
    if question.act in looked_after and question.client_id is not None and caller.role is Role.OPERATOR:
        yield "authority-looks-after-its-own"


def _against_own_face(question: OwnFaceQuestion) -> Iterator[str]:
    if question.caller.role not in {Role.OPERATOR, Role.REQUEST_DESK}:
        yield "role-may-not-look"
    if not question.request.open:
        yield "request-closed"
    if not question.request.own_face_seen:
        yield "requester-not-seen"


def _covers(purposes: frozenset[Purpose], purpose: str) -> bool:
    return purpose in {known.value for known in purposes}


def _before(now: datetime, end: datetime) -> bool:
    """Whole seconds: the moment and the end are both cut down to the second they lie in."""
    return now.replace(microsecond=0) < end.replace(microsecond=0)


def _begun(now: datetime, start: datetime) -> bool:
    """A beginning inside a second counts from the next one."""
    whole = start.replace(microsecond=0)
    if whole != start:
        whole += timedelta(seconds=1)
    return now.replace(microsecond=0) >= whole
