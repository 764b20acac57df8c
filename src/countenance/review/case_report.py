"""The report of a case: each search, who examined what and what each found, contrary findings included."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from countenance.acting.step import Outcome, Step
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.records.events import Event
from countenance.records.models import Competence, Review, ReviewItem, Search
from countenance.records.named import find_case
from countenance.records.verdicts import OpenedVerdict, open_first, open_verdicts
from countenance.review.concluding import counting
from countenance.review.pictures import face_picture, is_live, probe_pictures
from countenance.review.values import ReviewOutcome


def make(step: Step) -> Outcome:
    """Everything a report says, and its entry in the log: a report carries faces out of the house.

    Shown are the probe and the pairs that are leads; of all others their place on the list and their outcome. Whoever
    has withdrawn since is in no report.
    """
    case = find_case(step.params.text("case"))
    searches = case.searches.select_related("gallery", "account").order_by("made_at")
    parts = [_search(step, search) for search in searches]
    record: dict[str, Json] = {
        "case": case.code,
        "client": case.client.name,
        "purpose": case.purpose,
        "reference": case.reference,
        "on_behalf_of": case.on_behalf_of,
        "on_behalf_of_jurisdiction": case.on_behalf_of_jurisdiction,
        "made_at": iso(step.now),
        "searches": parts,
    }
    return Outcome(
        record=record,
        event=Event.REPORT_MADE,
        details={"case": str(case.pk), "searches": [str(search.pk) for search in searches]},
        jurisdiction=case.on_behalf_of_jurisdiction,
        purpose=case.purpose,
        client=str(case.client_id),
    )


def _search(step: Step, search: Search) -> dict[str, Json]:
    review = Review.objects.filter(search=search).first()
    part: dict[str, Json] = {
        "made_at": iso(search.made_at),
        "made_by": search.account.name,
        "log_entry": search.log_index,
        "gallery": search.gallery.name,
        "pack": search.pack_hash,
        "space": search.space_id,
        "grant": search.grant_id,
        "searched": search.searched,
        "of": search.permitted,
        "not_searchable": search.not_searchable,
        "review": review.code if review else None,
        "outcome": review.outcome or None if review else None,
    }
    if review is None or review.concluded_at is None:
        return part  # before it is concluded nothing of a review is told
    done = counting(review)
    part["examiners"] = [
        {
            "account": each.account.name,
            "training": _training(each.account_id, review),
            "finished_at": iso(each.finished_at) if each.finished_at else None,
        }
        for each in done
    ]
    part["set_aside"] = review.examinations.filter(set_aside_at__isnull=False).count()
    part["probe"] = probe_pictures(step.workspace, review)
    places = {each.pk: number for number, each in enumerate(done, start=1)}
    items = review.items.filter(candidate__isnull=False).select_related(
        "candidate__reference", "candidate__person", "candidate__face__photograph__source"
    )
    live = [item for item in items.order_by("candidate__rank") if is_live(item, step.now)]
    part["pairs"] = [_pair(step, item, places) for item in live]
    return part


def _training(account: UUID, review: Review) -> str | None:
    row = (
        Competence.objects.filter(account=account, recorded_at__lte=review.concluded_at)
        .order_by("-recorded_at")
        .first()
    )
    if row is None:
        return None
    return f"{row.training} ({row.evidence}), {row.valid_from:%Y-%m-%d} - {row.valid_until:%Y-%m-%d}"


def _pair(step: Step, item: ReviewItem, places: dict[UUID, int]) -> dict[str, Json]:
    candidate = item.candidate
    assert candidate is not None
    rows = item.verdicts.standing().filter(examination_id__in=list(places)).select_related("examination")
    pair: dict[str, Json] = {
        "rank": candidate.rank,
        "score": round(candidate.score, 4),
        "outcome": item.outcome or ReviewOutcome.INCONCLUSIVE.value,
        "verdicts": _verdicts(open_verdicts(step.workspace, rows), places),
    }
    first = open_first(
        step.workspace, candidate.first_verdicts.select_related("account").order_by("-sealed_at")[:1]
    )
    if first:
        pair["first"] = {"account": first[0].row.account.name, **first[0].said}
    if item.outcome != ReviewOutcome.LEAD:
        return pair
    photograph = candidate.face.photograph
    pair["lead"] = {
        "label": candidate.person.label if candidate.person else None,
        "photograph": photograph.path,
        "face": candidate.face.number,
        "captured_at": photograph.captured_at,
        "source": photograph.source.name,
        "source_ref": photograph.source_ref,
        "holder": photograph.source.holder,
        "contact": photograph.source.contact,
        "picture": face_picture(step.workspace, item),
    }
    return pair


def _verdicts(opened: Sequence[OpenedVerdict], places: dict[UUID, int]) -> list[Json]:
    in_order = sorted(opened, key=lambda each: places[each.row.examination_id])
    return [
        {"examiner": places[each.row.examination_id], "commitment": each.row.commitment, **each.said}
        for each in in_order
    ]
