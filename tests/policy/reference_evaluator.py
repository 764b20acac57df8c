"""The rules of pack CA once more, in plain Python, written from their text and not from the Cedar.

It answers every question with all reasons that speak against it, in the order in which they are named, or with
none. It exists to disagree with the engine; nothing but tests may use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from countenance.policy.purposes import BasisKind, Purpose, Role
from countenance.policy.questions import (
    TWO_PERSON_ACTS,
    Act,
    ActQuestion,
    CallerFacts,
    ConsentState,
    EnrolQuestion,
    GalleryFacts,
    Question,
    SearchQuestion,
)

EVERYBODYS_ACTS = {Act.RECORDS_READ, Act.REVIEW_READ}
CASEWORKER_ACTS = {
    *EVERYBODYS_ACTS,
    Act.CASE_OPEN,
    Act.CASE_CLOSE,
    Act.SEARCH_EXPORT,
    Act.REVIEW_OPEN,
    Act.REPORT_MAKE,
}
SUPERVISOR_ACTS = {
    *EVERYBODYS_ACTS,
    Act.CASE_CLOSE,
    Act.CASE_DENY,
    Act.SEARCH_EXPORT,
    Act.REVIEW_OPEN,
    Act.REPORT_MAKE,
    Act.COMPETENCE_RECORD,
    Act.SAMPLE_DRAW,
    Act.SAMPLE_EXAMINE,
    Act.WATCH_READ,
    Act.FLAG_REVIEW,
}
REVIEWER_ACTS = {*EVERYBODYS_ACTS, Act.REVIEW_NEXT, Act.REVIEW_SEAL}
AUDITOR_ACTS = {
    *EVERYBODYS_ACTS,
    Act.LOG_EXPORT,
    Act.OVERSIGHT_READ,
    Act.ORDER_CERTIFY,
    Act.WATCH_READ,
    Act.FLAG_REVIEW,
    Act.YEAR_COUNT,
}
INSPECTOR_ACTS = {
    *EVERYBODYS_ACTS,
    Act.OVERSIGHT_READ,
    Act.ORDER_CERTIFY,
    Act.ORDER_PREVIEW,
    Act.ORDER_DESTROY,
    Act.INSPECT,
    Act.INSPECT_FACES,
    Act.INQUIRY_REPORT,
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
    - (INSPECTOR_ACTS - {*EVERYBODYS_ACTS, Act.OVERSIGHT_READ, Act.ORDER_CERTIFY})
    - {
        Act.CASE_OPEN,
        Act.CASE_CLOSE,
        Act.SEARCH_EXPORT,
        Act.REVIEW_OPEN,
        Act.REVIEW_NEXT,
        Act.REVIEW_SEAL,
        Act.REPORT_MAKE,
        Act.SAMPLE_DRAW,
        Act.SAMPLE_EXAMINE,
    }
)

EMERGENCY_PURPOSES = frozenset(
    {Purpose.VICTIM_IDENTIFICATION, Purpose.MISSING_PERSON, Purpose.FAMILY_TRACING}
)


def reasons(question: Question) -> list[str]:
    """Every reason code that refuses, first the one to be named. Empty: permitted."""
    if isinstance(question, SearchQuestion):
        return [*_against_caller(question.caller, question.now), *_against_search(question)]
    if isinstance(question, EnrolQuestion):
        return list(_against_enrolment(question))
    return [*_against_caller(question.caller, question.now), *_against_act(question)]


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


def _against_search(question: SearchQuestion) -> Iterator[str]:
    yield from _against_licence(question)
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
    yield from _against_rows(question)


def _against_licence(question: SearchQuestion) -> Iterator[str]:
    client = question.caller.client
    if question.caller.role is not Role.CASEWORKER:
        yield "role-may-not-search"
    if client is None or not _in_canada(client.jurisdiction):
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
    if not _in_canada(requester.jurisdiction):
        yield "requester-place-not-permitted"


def _against_rows(question: SearchQuestion) -> Iterator[str]:
    rows, purpose = question.permission_class, question.purpose
    if rows is None:
        return
    if rows.gallery_id != question.gallery.id:
        yield "class-of-other-gallery"
    yield from _against_basis_kind(rows.basis, purpose)
    if purpose is not None and not _covers(rows.purposes, purpose):
        yield "purpose-outside-class"
    if not _in_canada(rows.jurisdiction):
        yield "basis-place-not-permitted"


def _against_gallery(gallery: GalleryFacts, purpose: str | None, *, locked: bool, lock: str) -> Iterator[str]:
    if gallery.suspended:
        yield "gallery-suspended"
    if not gallery.live:
        yield "gallery-not-live"
    if locked:
        yield lock
    if not _in_canada(gallery.jurisdiction):
        yield "gallery-place-not-permitted"
    if purpose is not None and not _covers(gallery.purposes, purpose):
        yield "purpose-outside-gallery"


def _against_basis_kind(kind: BasisKind, purpose: str | None) -> Iterator[str]:
    if kind is BasisKind.PUBLICLY_AVAILABLE:
        yield "basis-publicly-available"
    elif kind is BasisKind.LEGITIMATE_INTEREST:
        yield "basis-kind-not-permitted"
    elif kind is BasisKind.VITAL_INTEREST and (purpose is None or not _covers(EMERGENCY_PURPOSES, purpose)):
        yield "basis-not-for-purpose"


def _against_enrolment(question: EnrolQuestion) -> Iterator[str]:
    basis, person = question.basis, question.person
    yield from _against_gallery(
        question.gallery,
        question.purpose.value,
        locked=question.gallery.ingest_locked,
        lock="gallery-ingest-locked",
    )
    yield from _against_basis_kind(basis.kind, question.purpose.value)
    if not basis.live:
        yield "basis-not-live"
    if question.purpose not in basis.purposes:
        yield "purpose-outside-basis"
    if not _in_canada(basis.jurisdiction):
        yield "basis-place-not-permitted"

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
    }[caller.role]
    if question.act not in allowed:
        yield "role-may-not"
    if caller.role not in {Role.OPERATOR, Role.AUDITOR}:
        homes = {caller.client.id if caller.client is not None else None, caller.authority} - {None}
        anywhere = caller.role is Role.COMMISSIONER and question.act is Act.CASE_DENY
        if question.client_id not in homes and not anywhere:
            yield "other-organisation"
    if question.act in TWO_PERSON_ACTS and question.approvals < 2:
        yield "second-person-needed"
    looked_after = OWN_ACCOUNTS | {Act.ACCOUNT_SPONSOR}
    if question.act in looked_after and question.client_id is not None and caller.role is Role.OPERATOR:
        yield "authority-looks-after-its-own"


def _covers(purposes: frozenset[Purpose], purpose: str) -> bool:
    return purpose in {known.value for known in purposes}


def _in_canada(place: str) -> bool:
    return place.partition("-")[0] == "CA"


def _before(now: datetime, end: datetime) -> bool:
    """Whole seconds: the moment and the end are both cut down to the second they lie in."""
    return now.replace(microsecond=0) < end.replace(microsecond=0)


def _begun(now: datetime, start: datetime) -> bool:
    """A beginning inside a second counts from the next one."""
    whole = start.replace(microsecond=0)
    if whole != start:
        whole += timedelta(seconds=1)
    return now.replace(microsecond=0) >= whole
