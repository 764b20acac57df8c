"""Locks and orders in force, asked of every list that a review or a report would use or hand on."""

from __future__ import annotations

from countenance.acting.step import Step
from countenance.policy.decisions import Refused
from countenance.policy.restrictions import Effect
from countenance.records.models import Examination, Review, Search
from countenance.records.named import find_case
from countenance.records.restrictions import result_refusal
from countenance.review.listed import search_entry


def refused(step: Step, search: Search, *effects: Effect) -> Refused | None:
    """What speaks against using (SEARCH) or handing on (EXPORT) what this search found."""
    for effect in effects:
        found = result_refusal(step.workspace, step.caller.account, search, effect, step.now)
        if found is not None:
            return found
    return None


def case_closed(step: Step) -> Refused | None:
    """For opening reviews: the first refusal of one of the case's searches."""
    return _of_case(step, Effect.SEARCH)


def report_closed(step: Step) -> Refused | None:
    """For a report, which carries faces out of the house."""
    return _of_case(step, Effect.SEARCH, Effect.EXPORT)


def in_hand_closed(step: Step) -> Refused | None:
    """For the next pair and for sealing: the review that is named, or in the caller's hands."""
    mine = Review.objects.filter(
        pk__in=Examination.objects.filter(
            account=step.caller.account, finished_at=None, set_aside_at=None, review__concluded_at=None
        ).values("review_id")
    ).select_related("search__case", "search__gallery")
    for review in mine:
        found = refused(step, review.search, Effect.SEARCH)
        if found is not None:
            return found
    return None


def candidate_closed(step: Step) -> Refused | None:
    """For one candidate: locks and orders on its search. Whether it is on a list, only those learn whom the rules let look."""
    made = find_case(step.params.text("case")).searches.select_related("case", "gallery")
    search = made.filter(log_index=search_entry(step)).first()
    return None if search is None else refused(step, search, Effect.SEARCH)


def _of_case(step: Step, *effects: Effect) -> Refused | None:
    case = find_case(step.params.text("case"))
    for search in case.searches.select_related("case", "gallery").order_by("made_at"):
        found = refused(step, search, *effects)
        if found is not None:
            return found
    return None
