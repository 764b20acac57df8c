"""What the searcher found of a candidate before anybody else looked: sealed, and with it the review is opened."""

from __future__ import annotations

from collections.abc import Sequence

from countenance.acting.step import Outcome, Step
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError
from countenance.primitives.ids import new_id
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import FirstVerdict, Review
from countenance.review.listed import find_candidate
from countenance.review.path import open_review
from countenance.review.sealing import seal_verdict
from countenance.review.values import Assessment
from countenance.tlog.leaf import NewEntry


def judge(step: Step) -> Outcome:
    """Seal the searcher's own verdict, and open the review of the search where there is none.

    No examiner is shown it; the report tells it once the review is concluded. A change of mind is a further verdict,
    until then. Raises ConflictError once verdicts are revealed: nobody judges first who has read what others found.
    """
    candidate = find_candidate(step)
    review = Review.objects.filter(search=candidate.search).first()
    if review is not None and review.concluded_at is not None:
        raise ConflictError(
            N_("The review {review} is concluded: its verdicts are revealed, and none is added."),
            code="review-concluded",
            review=review.code,
        )
    found = Assessment.read(step.params)
    key = new_id()
    commitment, sealed = seal_verdict(step.workspace, key, candidate.pk, found)
    FirstVerdict.objects.create(
        id=key,
        candidate=candidate,
        account=step.caller.account,
        commitment=commitment,
        sealed=sealed,
        sealed_at=step.now,
    )
    further: Sequence[NewEntry] = []
    if review is None:
        review, further = open_review(step, candidate.search)
    case = candidate.search.case
    assert case is not None
    record: dict[str, Json] = {
        "case": case.code,
        "rank": candidate.rank,
        "commitment": commitment,
        "review": review.code,
    }
    return Outcome(
        record=record,
        event=Event.CANDIDATE_JUDGED,
        details={
            "case": str(case.pk),
            "candidate": str(candidate.pk),
            "verdict": str(key),
            "commitment": commitment,
        },
        jurisdiction=case.on_behalf_of_jurisdiction,
        purpose=case.purpose,
        client=str(case.client_id),
        further=further,
    )
