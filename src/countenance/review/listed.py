"""The candidates of a list that was logged, found again for whoever may work in its case."""

from __future__ import annotations

from django.db.models import QuerySet

from countenance.acting.step import Step
from countenance.policy.grants import MAX_CANDIDATES
from countenance.primitives.canonical import LARGEST
from countenance.primitives.errors import ConflictError, NotFoundError
from countenance.primitives.text import N_
from countenance.records.models import Candidate
from countenance.records.named import find_case
from countenance.review.pictures import is_live_candidate


def candidates_left(step: Step) -> list[Candidate]:
    """Of parameters `case` and `search` (its log entry): the candidates on a live basis, by rank. Raises as `find_candidate`."""
    rows = _candidates(step).select_related("reference").order_by("rank")
    return [each for each in rows if is_live_candidate(each, step.now)]


def find_candidate(step: Step) -> Candidate:
    """The candidate of parameters `case`, `search` (its log entry) and `rank`, in a case that is open, on a live basis.

    Raises ConflictError for a case that is over, NotFoundError where there is no such candidate, or none any more:
    the two are not told apart, so nobody learns that somebody left.
    """
    rank = step.params.number("rank", default=-1, least=1, most=MAX_CANDIDATES)
    rows = _candidates(step).filter(rank=rank)
    row = rows.select_related(
        "reference", "face__photograph__source", "search__gallery", "search__case__client"
    ).first()
    if row is None or not is_live_candidate(row, step.now):
        raise NotFoundError(
            N_(
                "There is no candidate {rank} of the search of log entry {entry} in this case, or not any more."
            ),
            code="candidate-missing",
            rank=rank,
            entry=search_entry(step),
        )
    return row


def _candidates(step: Step) -> QuerySet[Candidate]:
    case = find_case(step.params.text("case"))
    if case.closed_at is not None or case.expires_at <= step.now:
        raise ConflictError(
            N_("The case {case} is over: what was found in it is not looked at any more."),
            code="case-over",
            case=case.code,
        )
    return Candidate.objects.filter(search__case=case, search__log_index=search_entry(step))


def search_entry(step: Step) -> int:
    """Parameter `search`: the log entry of a search. Raises UsageError."""
    return step.params.number("search", default=-1, least=0, most=LARGEST)
