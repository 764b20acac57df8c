"""What reviewers found of a search on which a requester stood; what speaks against is told as fully as what speaks for."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from django.db.models import Q

from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.records.models import Competence, Examination, Review, ReviewItem, Search
from countenance.records.verdicts import open_verdicts
from countenance.records.workspace import Workspace

LEAD = "lead"


def review_of(search: Search) -> Json:
    """The review of a search: its outcome, and each examiner by number with their training. None where there was none."""
    review = Review.objects.filter(search=search).first()
    if review is None:
        return None
    done = _counting(review)
    return {
        "concluded_at": iso(review.concluded_at) if review.concluded_at else None,
        "outcome": review.outcome or None,
        "examiners": [
            {
                "examiner": number,
                "training": _training(each),
                "finished_at": iso(each.finished_at) if each.finished_at else None,
            }
            for number, each in enumerate(done, start=1)
        ],
        "set_aside": review.examinations.filter(set_aside_at__isnull=False).count(),
    }


def pairs_of(
    workspace: Workspace, search: Search, own: Collection[uuid.UUID]
) -> dict[uuid.UUID, dict[str, Json]]:
    """By candidate: the outcome of its pair and each verdict. Features and notes are told of the requester's own pair alone."""
    review = Review.objects.filter(search=search, concluded_at__isnull=False).first()
    if review is None:
        return {}
    numbers = {each.pk: number for number, each in enumerate(_counting(review), start=1)}
    found: dict[uuid.UUID, dict[str, Json]] = {}
    for item in review.items.filter(candidate__isnull=False).order_by("candidate__rank"):
        assert item.candidate_id is not None
        found[item.candidate_id] = {
            "outcome": item.outcome or None,
            "verdicts": _verdicts(workspace, item, numbers, whole=item.candidate_id in own),
        }
    return found


def contrary(
    search: Search,
    own: Collection[uuid.UUID],
    mine: Q,
    pairs: Mapping[uuid.UUID, Mapping[str, Json]],
) -> dict[str, Json]:
    """What speaks against: verdicts against the requester's pair or without an answer, others above or leads as well, and
    searches of the same case on whose lists the requester did not stand.
    """
    scales: list[Json] = []
    for key in own:
        verdicts = pairs.get(key, {}).get("verdicts", [])
        assert isinstance(verdicts, list)
        scales += [each["scale"] for each in verdicts if isinstance(each, dict)]
    best = min(search.candidates.filter(pk__in=own).values_list("rank", flat=True), default=0)
    of_case = Search.objects.filter(case=search.case) if search.case_id else Search.objects.none()
    others = of_case.exclude(pk=search.pk)
    with_me = {each.pk for each in others if each.candidates.filter(mine).exists()}
    return {
        "verdicts_against": sum(isinstance(scale, int) and scale < 0 for scale in scales),
        "verdicts_without_answer": sum(scale is None or scale == 0 for scale in scales),
        "ranked_above": max(0, best - 1),
        "other_leads": sum(pair.get("outcome") == LEAD for key, pair in pairs.items() if key not in own),
        "searches_of_the_case": others.count() + 1,
        "searches_without_you": others.count() - len(with_me),
    }


def _counting(review: Review) -> list[Examination]:
    """The finished examinations that count, in the order in which they ended."""
    rows = review.examinations.filter(finished_at__isnull=False, set_aside_at=None)
    return list(rows.order_by("finished_at"))


def _training(examination: Examination) -> str | None:
    """The training on record when the examination ended. Not whose it is."""
    row = (
        Competence.objects.filter(account=examination.account_id, recorded_at__lte=examination.finished_at)
        .order_by("-recorded_at")
        .first()
    )
    return None if row is None else f"{row.training}, {row.valid_from:%Y-%m-%d} - {row.valid_until:%Y-%m-%d}"


def _verdicts(
    workspace: Workspace, item: ReviewItem, numbers: Mapping[uuid.UUID, int], *, whole: bool
) -> list[Json]:
    rows = item.verdicts.standing().filter(examination_id__in=list(numbers)).select_related("examination")
    opened = sorted(open_verdicts(workspace, rows), key=lambda each: numbers[each.row.examination_id])
    return [
        {
            "examiner": numbers[each.row.examination_id],
            "scale": each.scale,
            "commitment": each.row.commitment,
            **({"features": each.said["features"], "note": each.said["note"]} if whole else {}),
        }
        for each in opened
    ]
