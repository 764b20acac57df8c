"""Erasing as acts: `erase-plan` shows what would go, `erase` does it, `residency-claim` notes where somebody lives.

The handler of `erase` makes unfindable, in the act's own transaction; keys, bytes and the certificate come after its
commit (`records.erasing.steps.finish`).
"""

from __future__ import annotations

from countenance.acting.step import Handler, Handlers, Outcome, Step
from countenance.policy.questions import Act
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.records.erasing.describing import describe, describe_plan
from countenance.records.erasing.planning import plan
from countenance.records.erasing.scope import ErasureScope, scope_of
from countenance.records.erasing.steps import BULK, begin
from countenance.records.erasing.vocabulary import EvidenceGrade, ResidencyRule, ScopeKind
from countenance.records.events import Event
from countenance.records.models import ResidencyClaim
from countenance.records.named import find_person
from countenance.records.params import Params


def read_scope(params: Params) -> ErasureScope:
    """The scope that an act's params name. Raises UsageError, NotFoundError."""
    kind = params.choice("scope", ScopeKind)
    place = kind is ScopeKind.JURISDICTION
    rule = params.choice("rule", ResidencyRule, ResidencyRule.PRECAUTIONARY) if place else None
    return scope_of(kind, params.line("target"), rule=rule)


def show_plan(step: Step) -> Outcome:
    """Counts by store; nothing is changed and nothing of anybody is told beyond them."""
    return Outcome(record=describe_plan(plan(step.workspace, read_scope(step.params))))


def erase(step: Step) -> Outcome:
    """Make unfindable. What comes after the commit is not this transaction's."""
    erasure = begin(
        step.workspace,
        step.tx,
        read_scope(step.params),
        now=step.now,
        ground=step.params.line("ground"),
        account=step.caller.account,
    )
    return Outcome(record=describe(erasure))  # the erasure wrote its own entries


def takes_two(step: Step) -> bool:
    """Whatever reaches more than one person, photograph or client's face."""
    return step.params.choice("scope", ScopeKind) in BULK


def claim_residency(step: Step) -> Outcome:
    """Note where a person lives, by what was said or seen. An older claim of the same grade ends."""
    person = find_person(step.params.line("person"))
    grade = step.params.choice("grade", EvidenceGrade, EvidenceGrade.DECLARED)
    place = step.params.place("place")
    evidence = step.params.line("evidence", "")
    if grade is EvidenceGrade.SOURCE:
        raise UsageError(
            N_("What follows from a source is read from the source; it is not claimed."),
            remedy=N_("Choose from: {known}."),
            code="residency-grade",
            known=f"{EvidenceGrade.DECLARED}, {EvidenceGrade.DOCUMENT}",
        )
    if grade is EvidenceGrade.DOCUMENT and not evidence:
        raise UsageError(
            N_("Which document was seen?"),
            remedy=N_("Give --evidence, such as: driving licence, seen 2026-11-22."),
            code="residency-document",
        )
    ResidencyClaim.objects.filter(person=person, grade=grade.value, ended_at__isnull=True).update(
        ended_at=step.now
    )
    claim = ResidencyClaim.objects.create(
        person=person, place=place, grade=grade.value, evidence=evidence, claimed_at=step.now
    )
    return Outcome(
        record={"person": person.label, "jurisdiction": place, "grade": grade.value, "evidence": evidence},
        event=Event.RESIDENCY_CLAIMED,
        details={"person": str(person.pk), "claim": str(claim.pk), "grade": grade.value},
        jurisdiction=place,
    )


HANDLERS: Handlers = {
    Act.ERASE_PLAN: Handler(carry_out=show_plan),
    Act.ERASE: Handler(carry_out=erase, needs_two=takes_two),
    Act.RESIDENCY_CLAIM: Handler(carry_out=claim_residency),
}
