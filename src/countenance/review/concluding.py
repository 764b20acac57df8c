"""Steps 5 and 6: when all are sealed, all are opened, and the written rule says what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from countenance.acting.step import Step
from countenance.primitives.canonical import Json
from countenance.records.events import Event
from countenance.records.models import Competence, Examination, Review, ReviewItem, Verdict
from countenance.records.verdicts import OpenedVerdict, open_verdicts
from countenance.records.workspace import Workspace
from countenance.review.pictures import is_live
from countenance.review.rule import (
    EXAMINERS,
    MOST_EXAMINERS,
    Stance,
    conclude_pair,
    conclude_review,
    stance_of,
)
from countenance.review.sealing import open_seed
from countenance.review.values import ReviewOutcome
from countenance.tlog.leaf import NewEntry


def counting(review: Review) -> list[Examination]:
    """The finished examinations that count, in the order in which they ended."""
    return list(
        review.examinations.filter(finished_at__isnull=False, set_aside_at=None).order_by("finished_at")
    )


def examiners_needed(workspace: Workspace, review: Review) -> int:
    """Two; three where the two who have finished differ. Nobody is told which."""
    done = counting(review)
    if len(done) < EXAMINERS:
        return EXAMINERS
    return EXAMINERS if _outcomes(_opened(workspace, done), _pairs(review)) is not None else MOST_EXAMINERS


def conclude_where_due(step: Step, review: Review) -> list[NewEntry]:
    """Reveal and conclude if it is time; entries for the log, to follow that of the act."""
    if review.concluded_at is not None:
        return []
    entries = _set_erring_aside(step, review)
    done = counting(review)
    items = [item for item in _pairs(review) if is_live(item, step.now)]
    if not items and not done:
        return [*entries, _conclude(step, review, [], [], {})]
    if len(done) < EXAMINERS:
        return entries
    opened = _opened(step.workspace, done)
    outcomes = _outcomes(opened, items)
    if outcomes is None:
        return entries
    return [*entries, _conclude(step, review, done, opened, outcomes)]


def _pairs(review: Review) -> list[ReviewItem]:
    """The pairs that count: candidates, not fillers."""
    return list(review.items.filter(candidate__isnull=False).select_related("candidate__reference"))


def _opened(workspace: Workspace, done: Sequence[Examination]) -> list[OpenedVerdict]:
    rows = (
        Verdict.objects.standing().filter(examination__in=[each.pk for each in done]).select_related("item")
    )
    return open_verdicts(workspace, rows.order_by("sealed_at"))


def _outcomes(
    opened: Sequence[OpenedVerdict], items: Sequence[ReviewItem]
) -> dict[ReviewItem, ReviewOutcome] | None:
    """The outcome of each pair; None where a third examiner is needed."""
    outcomes = {}
    for item in items:
        scales = [each.scale for each in opened if each.row.item_id == item.pk]
        if len(scales) < EXAMINERS:
            continue  # live again since: somebody examined it when it was not
        outcome = conclude_pair(scales)
        if outcome is None:
            return None
        outcomes[item] = outcome
    return outcomes


def _set_erring_aside(step: Step, review: Review) -> list[NewEntry]:
    """Who took a filler for a lead does not count here, and examines no more until a supervisor has looked at it."""
    entries = []
    for examination in counting(review):
        sealed = Verdict.objects.standing().filter(examination=examination)
        rows = sealed.exclude(item__filler="").select_related("item")
        erring = [each for each in open_verdicts(step.workspace, rows) if stance_of(each.scale) is Stance.FOR]
        if not erring:
            continue
        Examination.objects.filter(pk=examination.pk).update(
            set_aside_at=step.now, set_aside_reason="filler-taken-for-lead"
        )
        Competence.objects.filter(account=examination.account_id, questioned_at=None).update(
            questioned_at=step.now, reason="filler-taken-for-lead"
        )
        entries.append(
            _entry(
                step,
                review,
                Event.COMPETENCE_QUESTIONED,
                {"subject": str(examination.account_id), "verdicts": [str(each.row.pk) for each in erring]},
            )
        )
    return entries


def _conclude(
    step: Step,
    review: Review,
    done: Sequence[Examination],
    opened: Sequence[OpenedVerdict],
    outcomes: dict[ReviewItem, ReviewOutcome],
) -> NewEntry:
    """All verdicts are opened together, with salts and seed, so that commitments and orders can be checked."""
    outcome = conclude_review(list(outcomes.values()))
    for each in _all_opened(step, review, opened):
        Verdict.objects.filter(pk=each.row.pk).update(revealed_at=step.now, scale=each.scale)
    for item, found in outcomes.items():
        ReviewItem.objects.filter(pk=item.pk).update(outcome=found.value)
    Review.objects.filter(pk=review.pk).update(concluded_at=step.now, outcome=outcome.value)
    review.concluded_at, review.outcome = step.now, outcome.value
    details: dict[str, Json] = {
        "outcome": outcome.value,
        "seed": open_seed(step.workspace, review).hex(),
        "examiners": [str(each.account_id) for each in done],
        "pairs": [
            {"pair": str(item.pk), "candidate": str(item.candidate_id), "outcome": found.value}
            for item, found in outcomes.items()
        ],
        "verdicts": [
            {
                "verdict": str(each.row.pk),
                "pair": str(each.row.item_id),
                "commitment": each.row.commitment,
                "salt": each.salt.hex(),
                "scale": each.scale,
            }
            for each in opened
        ],
    }
    return _entry(step, review, Event.REVIEW_CONCLUDED, details)


def _all_opened(step: Step, review: Review, opened: Sequence[OpenedVerdict]) -> Sequence[OpenedVerdict]:
    """Those that count, and those that were set aside: figures about examiners need them too. What was withdrawn stays sealed."""
    rest = Verdict.objects.standing().filter(examination__review=review)
    rest = rest.exclude(pk__in=[each.row.pk for each in opened])
    return [*opened, *open_verdicts(step.workspace, rest)]


def _entry(step: Step, review: Review, event: Event, details: dict[str, Json]) -> NewEntry:
    case = review.search.case
    assert case is not None
    return NewEntry(
        event=event.value,
        at=step.now,
        purpose=case.purpose,
        jurisdiction=case.on_behalf_of_jurisdiction,
        client=str(case.client_id),
        pack=None,
        details={"review": str(review.pk), "case": str(case.pk), **details},
    )
