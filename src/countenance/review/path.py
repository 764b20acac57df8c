"""The path of a review. Each step is an act of its own, signed, decided by policy and logged (`acting.path`).

1. open        each search of a case gets a review: a pair for every candidate, fillers among them, a committed seed
2. take        a reviewer with valid training, who neither made the search nor has examined it, takes the next pair
3. look        probe beside face, in an order of the reviewer's own; no score, rank, name, nor what the other found
4. seal        the verdict is committed to in the log (salted hash) and kept under a key of its own; until it is revealed
               its examiner may withdraw it, by a record that stands beside it
5. reveal      once two have sealed all pairs, or three where the two differ, all verdicts are opened together
6. conclude    by the written rule of `review.rule`: lead, no-candidate or inconclusive, and nothing more

A pair whose basis has ended meanwhile is shown to nobody and counts for nothing, without a word.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from countenance.acting.step import Outcome, Step
from countenance.policy.restrictions import Effect
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError, NotFoundError
from countenance.primitives.ids import bound_code, new_code, new_id, read_code
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Examination, Review, ReviewItem, Search, Verdict
from countenance.records.named import find_case
from countenance.records.restrictions import result_refusal
from countenance.review.concluding import conclude_where_due, examiners_needed
from countenance.review.fillers import FILLERS_PER_REVIEW, draw
from countenance.review.pictures import is_live, pair_pictures
from countenance.review.sealing import open_seed, seal_seed, seal_verdict
from countenance.review.values import Assessment
from countenance.tlog.leaf import NewEntry

LAPSE = timedelta(hours=72)
"""An examination that was begun and left lying this long is set aside, so that somebody else can take it."""


# ---- 1. open ------------------------------------------------------------------------------------------------------


def open_reviews(step: Step) -> Outcome:
    """Open a review of each search of the case that has none."""
    case = find_case(step.params.text("case"))
    if case.closed_at is not None:
        raise ConflictError(N_("The case {case} is closed already."), code="case-closed", case=case.code)
    opened = [open_review(step, search) for search in case.searches.filter(review=None).order_by("made_at")]
    further = [entry for _, entries in opened for entry in entries]
    reviews: list[Json] = [
        {"review": review.code, "search_entry": review.search.log_index, "state": state_of(review)}
        for review in Review.objects.filter(search__case=case).select_related("search").order_by("opened_at")
    ]
    return Outcome(
        record={"case": case.code, "opened": len(opened), "reviews": reviews},
        event=Event.REVIEW_OPENED,
        details={
            "case": str(case.pk),
            "reviews": [
                {
                    "review": str(review.pk),
                    "search": str(review.search_id),
                    "seed_sha256": review.seed_sha256,
                    "pairs": review.items.count(),
                }
                for review, _ in opened
            ],
        },
        jurisdiction=case.on_behalf_of_jurisdiction,
        purpose=case.purpose,
        client=str(case.client_id),
        further=further,
    )


def open_review(step: Step, search: Search) -> tuple[Review, Sequence[NewEntry]]:
    """Open the review of one search that has none."""
    key, seed = new_id(), os.urandom(32)
    review = Review.objects.create(
        id=key,
        code=new_code("V"),
        search=search,
        opened_by=step.caller.account,
        opened_at=step.now,
        seed_sha256=sha256(seed).hexdigest(),
        seed=seal_seed(step.workspace, key, seed),
    )
    candidates = list(search.candidates.all())
    items = [ReviewItem(review=review, candidate=candidate) for candidate in candidates]
    if candidates:
        items += [ReviewItem(review=review, filler=name) for name in draw(FILLERS_PER_REVIEW)]
    ReviewItem.objects.bulk_create(items)
    # Where nobody was listed there is nobody to examine: that is an outcome too, and it says so at once.
    return review, conclude_where_due(step, review)


def state_of(review: Review) -> str:
    """`waiting`, or the outcome."""
    return review.outcome or "waiting"


# ---- 2. take, 3. look ---------------------------------------------------------------------------------------------


def take_next(step: Step) -> Outcome:
    """Show the caller the next pair of the review in hand, or of the oldest that waits for somebody else's eyes."""
    now = step.now
    lapsed = Examination.objects.filter(
        finished_at=None, set_aside_at=None, begun_at__lt=now - LAPSE, review__concluded_at=None
    )
    lapsed.update(set_aside_at=now, set_aside_reason="left-lying")
    further = _settle(step)
    for examination in _in_hand(step):
        left = _left(step, examination)
        if left:
            return _show(step, examination, left, further)
        further += finish(step, examination)  # what was left of it has ended meanwhile
    return Outcome(record={"pair": None, "left": 0}, further=further)


def _settle(step: Step) -> list[NewEntry]:
    """Conclude what nobody's eyes are needed for any more, since the pair in dispute has ended or was erased."""
    waiting = Review.objects.select_related("search__case").filter(
        concluded_at=None,
        search__case__client_id=step.caller.account.organisation_id,
        examinations__finished_at__isnull=False,
    )
    return [entry for review in waiting.distinct() for entry in conclude_where_due(step, review)]


def _in_hand(step: Step) -> Sequence[Examination]:
    """The caller's own unfinished examination, or a new one of a review that needs one."""
    mine = Examination.objects.filter(
        account=step.caller.account, finished_at=None, set_aside_at=None, review__concluded_at=None
    ).select_related("review__search__case")
    held = list(mine.filter(review__search__case__closed_at=None).order_by("begun_at"))
    if held:
        return held
    chosen = choose(step)
    if chosen is None:
        return []
    return [
        Examination.objects.create(
            review=chosen,
            account=step.caller.account,
            public_key=bytes(step.caller.account.public_key),
            begun_at=step.now,
        )
    ]


def choose(step: Step) -> Review | None:
    """The oldest review of the caller's client, or the one that is named, which this caller may examine."""
    waiting = (
        Review.objects.select_for_update(of=("self",))
        .select_related("search__case", "search__account")
        .filter(
            concluded_at=None,
            search__case__client_id=step.caller.account.organisation_id,
            search__case__closed_at=None,
        )
        .order_by("opened_at")
    )
    named = step.params.text("review", "")
    if named:
        waiting = waiting.filter(code=read_code(named) or named)
    for review in waiting:
        if not stands_apart(step, review) or _is_closed(step, review):
            continue
        taken = [each for each in review.examinations.all() if each.set_aside_at is None]
        if len(taken) < examiners_needed(step.workspace, review):
            return review
    return None


def _is_closed(step: Step, review: Review) -> bool:
    """Whether a lock or an order keeps its candidates from being used; nobody is given such a pair to look at."""
    found = result_refusal(step.workspace, step.caller.account, review.search, Effect.SEARCH, step.now)
    return found is not None


def stands_apart(step: Step, review: Review) -> bool:
    """Whether the caller is somebody else than the searcher and every examiner so far, by account and by key."""
    account = step.caller.account
    key = bytes(account.public_key)
    searcher = review.search.account
    if account.pk == searcher.pk or key == bytes(searcher.public_key):
        return False
    return not any(
        each.account_id == account.pk or bytes(each.public_key) == key for each in review.examinations.all()
    )


def in_order(step: Step, examination: Examination) -> list[ReviewItem]:
    """The live pairs in this examiner's own order: by HMAC under the committed seed, so that anybody can recompute it
    once the seed is revealed, and nobody can choose it.
    """
    review = examination.review
    seed = open_seed(step.workspace, review)

    def place(item: ReviewItem) -> bytes:
        return hmac.digest(seed, examination.account_id.bytes + item.pk.bytes, "sha256")

    items = review.items.select_related("candidate__reference", "candidate__face__photograph")
    return sorted((item for item in items if is_live(item, step.now)), key=place)


def pair_code(examination: Examination, item: UUID) -> str:
    """What one examiner calls one pair; another examiner's name for it is another one."""
    digest = sha256(b"countenance/pair" + examination.pk.bytes + item.bytes).digest()
    return bound_code("E", digest, groups=2)


def _left(step: Step, examination: Examination) -> list[ReviewItem]:
    """What this examiner has not sealed, in their own order."""
    sealed = set(examination.verdicts.standing().values_list("item_id", flat=True))
    return [each for each in in_order(step, examination) if each.pk not in sealed]


def _show(
    step: Step, examination: Examination, left: Sequence[ReviewItem], further: Sequence[NewEntry]
) -> Outcome:
    """The first of those left; where one is skipped (`after`), the one that follows it, and at the end the first again."""
    review = examination.review
    codes = [pair_code(examination, each.pk) for each in left]
    skipped = read_code(step.params.text("after", ""))
    item = left[(codes.index(skipped) + 1) % len(left)] if skipped in codes else left[0]
    record: dict[str, Json] = {
        "review": review.code,
        "pair": pair_code(examination, item.pk),
        "left": len(left),
        **pair_pictures(step.workspace, review, item),
    }
    return _outcome(review, record, Event.PAIR_SHOWN, {"pair": str(item.pk)}, further)


# ---- 4. seal ------------------------------------------------------------------------------------------------------


def seal(step: Step) -> Outcome:
    """Seal the caller's verdict on a pair; the last one of the last examiner opens all."""
    examination, item = _find_pair(step)
    found = Assessment.read(step.params)
    key = new_id()
    commitment, sealed = seal_verdict(step.workspace, key, item.pk, found)
    Verdict.objects.create(
        id=key, item=item, examination=examination, commitment=commitment, sealed=sealed, sealed_at=step.now
    )
    left = _left(step, examination)
    further = [] if left else finish(step, examination)
    review = Review.objects.get(pk=examination.review_id)
    record: dict[str, Json] = {
        "review": review.code,
        "pair": pair_code(examination, item.pk),
        "commitment": commitment,
        "left": len(left),
    }
    details: dict[str, Json] = {"pair": str(item.pk), "verdict": str(key), "commitment": commitment}
    return _outcome(review, record, Event.VERDICT_SEALED, details, further)


def withdraw(step: Step) -> Outcome:
    """Withdraw the caller's verdict on a pair, or the last one they sealed. It stays as it was sealed, and never counts."""
    verdict = _sealed_by(step)
    examination, item = verdict.examination, verdict.item
    Verdict.objects.filter(pk=verdict.pk).update(withdrawn_at=step.now)
    Examination.objects.filter(pk=examination.pk).update(finished_at=None)  # there is a pair to examine again
    review = examination.review
    pair = pair_code(examination, item.pk)
    record: dict[str, Json] = {"review": review.code, "pair": pair, "commitment": verdict.commitment}
    details: dict[str, Json] = {"pair": str(item.pk), "verdict": str(verdict.pk)}
    return _outcome(review, record, Event.VERDICT_WITHDRAWN, details)


def _sealed_by(step: Step) -> Verdict:
    """The caller's standing verdict that is meant, while nothing of its review is revealed."""
    code = read_code(step.params.text("pair", ""))
    mine = Verdict.objects.standing().filter(
        examination__account=step.caller.account,
        examination__set_aside_at=None,
        examination__review__concluded_at=None,
        examination__review__search__case__closed_at=None,
    )
    rows = mine.select_related("item", "examination__review__search__case").order_by("-sealed_at")
    for row in rows:
        if code in {None, pair_code(row.examination, row.item_id)}:
            Review.objects.select_for_update(of=("self",)).get(pk=row.examination.review_id)
            return row
    raise NotFoundError(
        N_("There is no sealed verdict of yours that could still be withdrawn."),
        remedy=N_("Once all have sealed, verdicts are revealed together; after that they stand."),
        code="verdict-missing",
    )


def finish(step: Step, examination: Examination) -> Sequence[NewEntry]:
    """Every pair is sealed: the examination ends, and with it perhaps the review (steps 5 and 6)."""
    Examination.objects.filter(pk=examination.pk).update(finished_at=step.now)
    review = Review.objects.select_for_update(of=("self",)).get(pk=examination.review_id)
    return conclude_where_due(step, review)


def _find_pair(step: Step) -> tuple[Examination, ReviewItem]:
    code = read_code(step.params.text("pair"))
    mine = Examination.objects.filter(
        account=step.caller.account, finished_at=None, set_aside_at=None, review__concluded_at=None
    ).select_related("review__search__case")
    for examination in mine:
        for item in in_order(step, examination):
            if pair_code(examination, item.pk) != code:
                continue
            if examination.verdicts.standing().filter(item=item).exists():
                raise ConflictError(
                    N_("Your verdict on {pair} is sealed already; it cannot be changed."),
                    remedy=N_("Until verdicts are revealed you can withdraw it: countenance review withdraw"),
                    code="verdict-sealed",
                    pair=code,
                )
            return examination, item
    raise NotFoundError(
        N_("There is no pair {pair} in your hands."),
        remedy=N_("Take the next one with: countenance review next"),
        code="pair-missing",
        pair=step.params.text("pair"),
    )


def _outcome(
    review: Review,
    record: Json,
    event: Event,
    details: dict[str, Json],
    further: Sequence[NewEntry] = (),
) -> Outcome:
    case = review.search.case
    assert case is not None
    return Outcome(
        record=record,
        event=event,
        details={"review": str(review.pk), "case": str(case.pk), **details},
        jurisdiction=case.on_behalf_of_jurisdiction,
        purpose=case.purpose,
        client=str(case.client_id),
        further=further,
    )
