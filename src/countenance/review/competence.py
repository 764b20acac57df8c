"""Who may examine: training on record, valid today, on somebody else's word, and not in question."""

from __future__ import annotations

from datetime import timedelta

from countenance.acting.step import Outcome, Step
from countenance.policy.decisions import Refused
from countenance.policy.purposes import Role
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.ids import read_code
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Account, Competence, Review
from countenance.review.path import stands_apart

_LIFE = timedelta(days=366)
_LONGEST = timedelta(days=3 * 366)
_AUTHORITY = "Regulation (EU) 2024/1689 (AI Act), art. 14(5); rule of the house: everywhere"
_SINCE = "2026-11-01"


def record(step: Step) -> Outcome:
    """Put a reviewer's training on record. Nobody does it for himself; a supervisor does it for the own client's."""
    account = find_reviewer(step.params.line("account"))
    if account.pk == step.caller.account.pk:
        raise ConflictError(N_("Nobody vouches for his own training."), code="competence-own")
    begins = step.params.moment("valid_from") or step.now
    ends = step.params.moment("valid_until") or begins + _LIFE
    if not begins < ends <= begins + _LONGEST:
        raise UsageError(
            N_("Training counts for at most {days} days, and ends after it began."),
            code="competence-end",
            days=_LONGEST.days,
        )
    row = Competence.objects.create(
        account=account,
        training=step.params.line("training"),
        evidence=step.params.line("evidence"),
        valid_from=begins,
        valid_until=ends,
        recorded_by=step.caller.account,
        recorded_at=step.now,
    )
    organisation = account.organisation
    return Outcome(
        record=describe(row),
        event=Event.COMPETENCE_RECORDED,
        details={"subject": str(account.pk), "competence": str(row.pk)},
        jurisdiction=organisation.jurisdiction if organisation else None,
        client=str(organisation.pk) if organisation else None,
    )


def client_of(step: Step) -> str | None:
    """The client whose reviewer it is about."""
    organisation = find_reviewer(step.params.line("account")).organisation
    return str(organisation.pk) if organisation else None


def find_reviewer(name: str) -> Account:
    """The reviewer of this name. Raises NotFoundError."""
    account = Account.objects.select_related("organisation").filter(name=name, role=Role.REVIEWER).first()
    if account is None:
        raise NotFoundError(
            N_("There is no reviewer {account}."),
            remedy=N_("See them with: countenance account list"),
            code="reviewer-missing",
            account=name,
        )
    return account


def describe(row: Competence) -> dict[str, Json]:
    """What is shown of it."""
    return {
        "account": row.account.name,
        "training": row.training,
        "evidence": row.evidence,
        "valid_from": iso(row.valid_from),
        "valid_until": iso(row.valid_until),
        "questioned_at": iso(row.questioned_at) if row.questioned_at else None,
    }


def against(step: Step) -> Refused | None:
    """Why this account may not examine now; None: it may.

    1. Training is on record, not in question, and valid at this moment.
    2. Where a review is named: the caller neither made its search nor has examined it, under any account of this key.
    """
    rows = Competence.objects.filter(account=step.caller.account)
    if not rows.exists():
        return _refused(
            step,
            "competence-missing",
            "REV-01",
            N_("No training for facial review is on record for this account."),
        )
    standing = rows.filter(questioned_at=None)
    if not standing.exists():
        return _refused(
            step,
            "competence-questioned",
            "REV-02",
            N_(
                "This account took a filler for a lead. It examines again once a supervisor has put training on record."
            ),
        )
    if not standing.filter(valid_from__lte=step.now, valid_until__gt=step.now).exists():
        return _refused(
            step,
            "competence-expired",
            "REV-03",
            N_("The training on record for this account is not valid today."),
        )
    named = step.params.text("review", "")
    if not named:
        return None
    review = Review.objects.select_related("search__account").filter(code=read_code(named) or named).first()
    mine = review is not None and review.examinations.filter(
        account=step.caller.account, finished_at=None, set_aside_at=None
    )
    if review is None or mine or stands_apart(step, review):
        return None
    return _refused(
        step,
        "same-person-twice",
        "REV-04",
        N_("The same person, or the same key, has made this search or has examined it already."),
    )


def _refused(step: Step, reason: str, rule: str, explanation: str) -> Refused:
    return Refused(
        reason=reason,
        rule=rule,
        authority=_AUTHORITY,
        since=_SINCE,
        explanation=explanation,
        pack=step.workspace.policy().book.hash,
    )
