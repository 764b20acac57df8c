"""People and their consent: given per purpose, withdrawn as easily."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from countenance.acting.step import Outcome, Step
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.ids import new_code, read_code
from countenance.primitives.text import N_, folded
from countenance.records.ending import end_references, withdraw_receipts
from countenance.records.erasing.scope import ErasureScope
from countenance.records.erasing.steps import begin
from countenance.records.erasing.vocabulary import ScopeKind
from countenance.records.events import Event
from countenance.records.models import ConsentReceipt, Person, Reference, WorkspaceState
from countenance.records.named import find_gallery, find_person


class MajorityOutcome(StrEnum):
    """What came of asking somebody who came of age."""

    OWN_CONSENT = "own-consent"
    ERASE = "erase"


def add(step: Step) -> Outcome:
    """Add a person under the operator's own label."""
    label = step.params.line("label")
    held = Person.objects.filter(folded=folded(label)).first()
    if held is not None:
        raise ConflictError(
            N_("There is a person {person} already."), code="person-exists", person=held.label
        )
    minor, majority = step.params.flag("declared_minor"), step.params.moment("majority_on")
    if majority is not None and (not minor or majority <= step.now):
        raise UsageError(
            N_("The day somebody comes of age is declared for a minor, and lies ahead."),
            remedy=N_("Give --declared-minor with --majority-on, or neither."),
            code="majority-date",
        )
    person = Person.objects.create(
        label=label,
        declared_minor=minor,
        majority_on=majority.date() if majority else None,
        created_at=step.now,
    )
    return Outcome(record=describe(person), event=Event.PERSON_ADDED, details={"person": str(person.pk)})


def review_majority(step: Step) -> Outcome:
    """Somebody who came of age was asked: either their own consent is on record by now, or they are erased."""
    person = find_person(step.params.line("person"))
    if person.majority_reached_at is None or person.majority_reviewed_at is not None:
        raise NotFoundError(
            N_("{person} does not wait for such a review."), code="majority-none", person=person.label
        )
    outcome = step.params.choice("outcome", MajorityOutcome)
    details: dict[str, Json] = {"person": str(person.pk), "outcome": outcome.value}
    if outcome is MajorityOutcome.ERASE:
        scope = ErasureScope(kind=ScopeKind.PERSON, target=str(person.pk))
        ground = "asked on coming of age"
        begin(step.workspace, step.tx, scope, now=step.now, ground=ground, account=step.caller.account)
    else:
        own = ConsentReceipt.objects.filter(
            person=person, withdrawn_at__isnull=True, guardian="", given_at__gte=person.majority_reached_at
        )
        if not own.exists():
            raise UsageError(
                N_("There is no consent of {person}'s own since they came of age."),
                remedy=N_("Record it first: countenance person consent"),
                code="majority-consent",
                person=person.label,
            )
        Person.objects.filter(pk=person.pk).update(majority_reviewed_at=step.now)
    return Outcome(
        record={"person": person.label, "outcome": outcome.value},
        event=Event.MAJORITY_REVIEWED,
        details=details,
    )


def record_consent(step: Step) -> Outcome:
    """One receipt per purpose (ISO/IEC TS 27560). The very words agreed to are kept with it."""
    person = find_person(step.params.line("person"))
    gallery = find_gallery(step.params.line("gallery"))
    purposes = step.params.purposes()
    if purposes - gallery.purposes:
        raise UsageError(
            N_("The gallery {gallery} is not for {purpose}."),
            remedy=N_("Its purposes are: {known}."),
            code="purpose-outside-gallery",
            gallery=gallery.name,
            purpose=", ".join(sorted(purposes - gallery.purposes)),
            known=", ".join(sorted(gallery.purposes)),
        )
    given = step.params.moment("given_at") or step.now
    expires = step.params.moment("expires_at")
    if given > step.now:
        raise UsageError(N_("Consent cannot have been given in the future."), code="consent-future")
    if expires is not None and expires <= given:
        raise UsageError(N_("The consent would end before it begins."), code="consent-dates")
    receipts = []
    for purpose in sorted(purposes):
        held = ConsentReceipt.objects.filter(
            person=person, gallery=gallery, purpose=purpose.value, withdrawn_at__isnull=True
        ).first()
        if held is not None:
            if held.expires_at is None or held.expires_at > step.now:
                raise ConflictError(
                    N_("{person} has a receipt for {purpose} in {gallery} already: {receipt}."),
                    remedy=N_("Withdraw it first if the terms have changed."),
                    code="receipt-exists",
                    person=person.label,
                    purpose=purpose.value,
                    gallery=gallery.name,
                    receipt=held.code,
                )
            held.withdrawn_at = step.now  # it had expired; the new one takes its place
            held.save(update_fields=["withdrawn_at"])
            end_references(step.workspace, step.tx, Reference.objects.filter(receipt=held), step.now)
        receipts.append(
            ConsentReceipt.objects.create(
                code=new_code("R", groups=4),
                person=person,
                gallery=gallery,
                purpose=purpose.value,
                jurisdiction=step.params.place("jurisdiction")
                if "jurisdiction" in step.params.json
                else gallery.jurisdiction,
                controller=step.params.line("controller", WorkspaceState.objects.get(pk=1).operator),
                notice_text=step.params.text("notice_text"),
                notice_version=step.params.text("notice_version", "1"),
                language=step.params.text("language", "en"),
                method=step.params.text("method", "form"),
                evidence=step.params.text("evidence", ""),
                guardian=step.params.line("guardian", ""),
                given_at=given,
                expires_at=expires,
            )
        )
    return Outcome(
        record={"person": person.label, "receipts": [describe_receipt(receipt) for receipt in receipts]},
        event=Event.CONSENT_RECORDED,
        details={"person": str(person.pk), "receipts": [str(receipt.pk) for receipt in receipts]},
        jurisdiction=receipts[0].jurisdiction,
        purpose=receipts[0].purpose if len(receipts) == 1 else None,
    )


def withdraw_consent(step: Step) -> Outcome:
    """By receipt code, or all open receipts of a person (or those of one gallery or purpose)."""
    open_receipts = ConsentReceipt.objects.filter(withdrawn_at__isnull=True).select_related(
        "person", "gallery"
    )
    typed = step.params.text("receipt", "")
    if typed:
        code = read_code(typed)
        receipts = list(open_receipts.filter(code=code)) if code else []
        if not receipts:
            raise NotFoundError(
                N_("No open receipt has the code {receipt}."),
                remedy=N_(
                    "Check the code for a slip; a receipt that was withdrawn already needs nothing more."
                ),
                code="receipt-missing",
                receipt=typed,
            )
    else:
        chosen = open_receipts.filter(person=find_person(step.params.line("person")))
        if step.params.line("gallery", ""):
            chosen = chosen.filter(gallery=find_gallery(step.params.line("gallery")))
        if step.params.json.get("purposes"):
            chosen = chosen.filter(purpose__in=[purpose.value for purpose in step.params.purposes()])
        receipts = list(chosen)
        if not receipts:
            raise NotFoundError(N_("This person has no open receipt there."), code="receipt-missing")
    keys = [receipt.pk for receipt in receipts]
    ended = withdraw_receipts(step.workspace, step.tx, receipts, step.now)
    return Outcome(
        record={
            "withdrawn": [receipt.code for receipt in receipts],
            "person": receipts[0].person.label,
            "references_ended": ended,
        },
        event=Event.CONSENT_WITHDRAWN,
        details={"receipts": [str(key) for key in keys], "references_ended": ended},
        jurisdiction=receipts[0].jurisdiction,
        purpose=receipts[0].purpose if len(receipts) == 1 else None,
    )


def describe(person: Person) -> dict[str, Json]:
    """What is shown of a person, as it stands."""
    return describe_person(
        person,
        person.receipts.select_related("gallery", "person").order_by("given_at", "purpose"),
        Reference.objects.filter(face__person=person, ended_at__isnull=True).count(),
    )


def describe_person(person: Person, receipts: Iterable[ConsentReceipt], references: int) -> dict[str, Json]:
    """What is shown of a person with these receipts and so many live references."""
    return {
        "person": person.label,
        "declared_minor": person.declared_minor,
        "majority_on": person.majority_on.isoformat() if person.majority_on else None,
        "to_be_asked": person.majority_reached_at is not None and person.majority_reviewed_at is None,
        "receipts": [describe_receipt(receipt) for receipt in receipts],
        "references": references,
    }


def describe_receipt(receipt: ConsentReceipt) -> dict[str, Json]:
    """A receipt, in the terms of ISO/IEC TS 27560."""
    return {
        "receipt": receipt.code,
        "pii_principal": receipt.person.label,
        "pii_controller": receipt.controller,
        "gallery": receipt.gallery.name,
        "purpose": receipt.purpose,
        "jurisdiction": receipt.jurisdiction,
        "notice_version": receipt.notice_version,
        "notice_text": receipt.notice_text,
        "language": receipt.language,
        "method": receipt.method,
        "guardian": receipt.guardian or None,
        "given_at": iso(receipt.given_at),
        "expires_at": iso(receipt.expires_at) if receipt.expires_at else None,
        "withdrawn_at": iso(receipt.withdrawn_at) if receipt.withdrawn_at else None,
    }
