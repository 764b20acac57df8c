"""What is listed of reviews and of reviewers: states and counts, no face, and no verdict before its time."""

from __future__ import annotations

import math
from enum import StrEnum
from uuid import UUID

from countenance.acting.step import Outcome, Step
from countenance.policy.purposes import Role
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.records.models import Account, Competence, Review, Verdict
from countenance.review.competence import describe
from countenance.review.rule import Stance, stance_of

_Z = 1.959963984540054  # the 97.5 % point of the normal distribution


class ReviewListing(StrEnum):
    """What can be listed."""

    REVIEWS = "reviews"
    REVIEWERS = "reviewers"
    COMPETENCES = "competences"


def client_of_reader(step: Step) -> str | None:
    """A client's account reads as its client; staff of the operator as the operator."""
    organisation = step.caller.account.organisation
    return str(organisation.pk) if organisation else None


def read(step: Step) -> Outcome:
    """One listing, of the caller's own client where there is one. A reviewer sees figures of nobody else."""
    listing = step.params.choice("listing", ReviewListing)
    own = step.caller.account.organisation_id
    alone = step.caller.account.pk if step.caller.account.role == Role.REVIEWER else None
    if listing is ReviewListing.REVIEWS:
        return Outcome(record={listing.value: _reviews(own)})
    accounts = Account.objects.filter(role=Role.REVIEWER).order_by("name")
    accounts = accounts.filter(organisation_id=own) if own else accounts
    accounts = accounts.filter(pk=alone) if alone else accounts
    if listing is ReviewListing.REVIEWERS:
        return Outcome(record={listing.value: [figures_of(account) for account in accounts]})
    rows = Competence.objects.select_related("account").filter(account__in=accounts).order_by("recorded_at")
    return Outcome(record={listing.value: [describe(row) for row in rows]})


def _reviews(own: UUID | None) -> list[Json]:
    rows = Review.objects.select_related("search__case").order_by("opened_at")
    rows = rows.filter(search__case__client_id=own) if own else rows
    return [
        {
            "review": row.code,
            "case": row.search.case.code if row.search.case else None,
            "search_entry": row.search.log_index,
            "opened_at": iso(row.opened_at),
            "concluded_at": iso(row.concluded_at) if row.concluded_at else None,
            "outcome": row.outcome or None,
        }
        for row in rows
    ]


def figures_of(account: Account) -> dict[str, Json]:
    """One reviewer's figures on planted fillers, with the interval that so few observations allow."""
    shown = Verdict.objects.filter(examination__account=account, revealed_at__isnull=False)
    fillers = [row.scale for row in shown.exclude(item__filler="")]
    erring = sum(stance_of(scale) is Stance.FOR for scale in fillers)
    low, high = wilson(erring, len(fillers))
    return {
        "account": account.name,
        "verdicts": shown.count(),
        "fillers": len(fillers),
        "fillers_taken_for_leads": erring,
        "fillers_unsuitable": sum(scale is None for scale in fillers),
        "rate": round(erring / len(fillers), 4) if fillers else None,
        "rate_interval": [low, high] if fillers else None,
    }


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95 % confidence interval of a proportion (E. B. Wilson, JASA 22, 1927), rounded to four places."""
    if of == 0:
        return 0.0, 1.0
    share, z2 = count / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    spread = _Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return round(max(0.0, middle - spread), 4), round(min(1.0, middle + spread), 4)
