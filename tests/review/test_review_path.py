"""Blind, independent, sealed: two people, a third where they differ, and a written rule for what comes of it."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from house import photograph
from review_desk import THREE, Desk

from countenance.primitives.canonical import canonical_json
from countenance.primitives.errors import ConflictError, NotFoundError, RefusedError, UsageError
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.erasing.scope import scope_of
from countenance.records.erasing.steps import carry_out
from countenance.records.erasing.vocabulary import ScopeKind, Store
from countenance.review.fillers import FILLERS_PER_REVIEW, fillers
from countenance.search.values import LoggedCandidates

FILLERS = {base64.b64encode(each.crop).decode() for each in fillers().values()}


def is_filler(shown: dict[str, Any]) -> bool:
    return shown["face"]["jpeg"] in FILLERS


def fair(shown: dict[str, Any]) -> int:
    """Tells a filler, and takes everybody else for the sought person."""
    return -3 if is_filler(shown) else 3


def against_all(_: dict[str, Any]) -> int:
    return -2


def searched(desk: Desk) -> str:
    """One search with one candidate at least, under review."""
    answer = desk.house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    assert answer.candidates
    return desk.open()


def details(desk: Desk, event: str) -> list[dict[str, Any]]:
    """The details of the entries of one kind."""
    log = desk.house.workspace.log
    found = []
    with open_reading() as tx:
        for index, name in enumerate(desk.house.events()):
            if name == event:
                payload = log.payload(tx, index)
                assert payload is not None
                found.append(json.loads(payload.details))
    return found


def test_two_who_agree_make_a_lead_and_all_is_revealed_together(desk: Desk) -> None:
    code = searched(desk)
    desk.examine("ada", fair)
    assert desk.outcome(code) is None
    assert not models.Verdict.objects.filter(revealed_at__isnull=False).exists()
    assert not models.Verdict.objects.exclude(scale=None).exists()
    desk.examine("bob", fair)
    assert desk.outcome(code) == "lead"
    assert not models.Verdict.objects.filter(revealed_at=None).exists()
    events = desk.house.events()
    assert events.index("review-concluded") > max(i for i, e in enumerate(events) if e == "verdict-sealed")
    assert desk.look("cleo")["pair"] is None  # nobody else is asked


def test_a_revealed_verdict_answers_to_the_commitment_that_the_log_held_before(desk: Desk) -> None:
    searched(desk)
    desk.examine("ada", fair)
    desk.examine("bob", fair)
    sealed = {each["verdict"]: each for each in details(desk, "verdict-sealed")}
    (concluded,) = details(desk, "review-concluded")
    assert concluded["verdicts"]
    for each in concluded["verdicts"]:
        before = sealed[each["verdict"]]
        assert "scale" not in before
        assert before["commitment"] == each["commitment"]
        said = {"scale": each["scale"], "features": [{**one, "note": ""} for one in THREE], "note": ""}
        signed = canonical_json({"item": each["pair"], "said": said})
        assert hmac.digest(bytes.fromhex(each["salt"]), signed, "sha256").hex() == each["commitment"]


def test_a_reviewer_is_shown_faces_and_nothing_else(desk: Desk) -> None:
    searched(desk)
    shown = desk.look("ada")
    assert shown.keys() == {"review", "pair", "left", "probe", "face"}
    assert shown["face"].keys() == {"jpeg", "eye_share"}
    assert [each.keys() for each in shown["probe"]] == [{"jpeg", "eye_share"}]
    text = json.dumps({**shown, "probe": [], "face": {}})
    assert "P001" not in text
    assert "archive" not in text
    assert 0.1 < shown["face"]["eye_share"] < 0.5


def test_a_sealed_verdict_is_readable_nowhere_before_the_end(desk: Desk) -> None:
    code = searched(desk)
    shown = desk.look("ada")
    record = desk.seal("ada", shown["pair"], 3, note="scar above the left eyebrow")
    assert record["commitment"]
    for name in ("bob", "ada"):
        listed = desk.house.act("review-read", desk.reviewers[name], listing="reviews")
        assert [row["outcome"] for row in listed["reviews"]] == [None]
    assert "note" not in json.dumps(details(desk, "verdict-sealed"))
    report = desk.house.act("report-make", desk.supervisor, case=desk.house.case)
    assert report["searches"][0]["outcome"] is None
    assert "pairs" not in report["searches"][0]
    (row,) = models.Verdict.objects.all()
    assert b"eyebrow" not in bytes(row.sealed)
    assert desk.outcome(code) is None


def test_a_verdict_cannot_be_changed_or_sealed_for_somebody_else(desk: Desk) -> None:
    searched(desk)
    pair = desk.look("ada")["pair"]
    desk.seal("ada", pair, 0)
    with pytest.raises(ConflictError, match="sealed already"):
        desk.seal("ada", pair, 1)
    desk.look("bob")
    with pytest.raises(NotFoundError):
        desk.seal("bob", pair, 0)


def test_where_two_differ_a_third_decides_as_blindly(desk: Desk) -> None:
    code = searched(desk)
    desk.examine("ada", fair)
    desk.examine("bob", against_all)
    assert desk.outcome(code) is None
    shown = desk.look("cleo")
    assert shown.keys() == {"review", "pair", "left", "probe", "face"}
    desk.examine("cleo", fair)
    # Two for and one firmly against: that voice is not outvoted into a lead.
    assert desk.outcome(code) == "inconclusive"


def test_the_third_may_turn_an_open_verdict_into_a_lead(desk: Desk) -> None:
    code = searched(desk)
    desk.examine("ada", fair)
    desk.examine("bob", lambda _: "unsuitable")
    desk.examine("cleo", fair)
    assert desk.outcome(code) == "lead"


def test_two_against_is_no_candidate(desk: Desk) -> None:
    code = searched(desk)
    desk.examine("ada", against_all)
    desk.examine("bob", against_all)
    assert desk.outcome(code) == "no-candidate"


def test_an_empty_list_is_an_outcome_without_examiners(desk: Desk) -> None:
    for receipt in models.ConsentReceipt.objects.values_list("code", flat=True):
        desk.house.act("consent-withdraw", receipt=receipt)
    answer = desk.house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    assert not answer.candidates
    code = desk.open()
    assert desk.outcome(code) == "no-candidate"
    assert desk.look("ada")["pair"] is None


def test_each_reviewers_order_is_his_own_and_follows_from_the_committed_seed(desk: Desk) -> None:
    searched(desk)
    (opened,) = details(desk, "review-opened")
    for name in ("ada", "bob"):
        desk.examine(name, fair)
    shown = [(each["account"], each["pair"]) for each in details(desk, "pair-shown")]
    (concluded,) = details(desk, "review-concluded")
    seed = bytes.fromhex(concluded["seed"])
    assert sha256(seed).hexdigest() == opened["reviews"][0]["seed_sha256"]
    for account in {account for account, _ in shown}:
        mine = [pair for each, pair in shown if each == account]
        assert len(mine) >= 1 + FILLERS_PER_REVIEW

        def place(pair: str, account: str = account) -> bytes:
            return hmac.digest(seed, UUID(account).bytes + UUID(pair).bytes, "sha256")

        assert mine == sorted(mine, key=place)


def test_two_names_for_one_pair(desk: Desk) -> None:
    searched(desk)
    assert not set(desk.examine("ada", fair)) & set(desk.examine("bob", fair))


def test_the_same_person_twice_is_refused_and_logged(desk: Desk) -> None:
    code = searched(desk)
    desk.examine("ada", fair)
    assert desk.look("ada")["pair"] is None
    with pytest.raises(RefusedError) as refused:
        desk.look("ada", review=code)
    assert refused.value.reason == "same-person-twice"
    assert desk.house.events()[-1] == "act-refused"


def test_the_searcher_and_one_key_under_another_account_do_not_examine(desk: Desk) -> None:
    code = searched(desk)
    with pytest.raises(RefusedError) as refused:
        desk.house.act("review-next", desk.house.caseworker)
    assert refused.value.reason == "role-may-not"
    # Were the searcher's account a reviewer's, or its key in somebody's examination, it would be seen all the same.
    bob = models.Account.objects.get(name="bob")
    models.Search.objects.update(account=bob)
    with pytest.raises(RefusedError) as refused:
        desk.look("bob", review=code)
    assert refused.value.reason == "same-person-twice"
    assert desk.look("bob")["pair"] is None
    cleo = models.Account.objects.get(name="cleo")
    desk.look("ada")
    models.Examination.objects.update(public_key=bytes(cleo.public_key))
    with pytest.raises(RefusedError) as refused:
        desk.look("cleo", review=code)
    assert refused.value.reason == "same-person-twice"


@pytest.mark.parametrize("missing", ["none", "expired", "not-begun"])
def test_without_valid_training_nobody_examines(sqlite_desk: Desk, missing: str) -> None:
    desk = sqlite_desk
    searched(desk)
    rows = models.Competence.objects.filter(account__name="ada")
    now = desk.house.clock()
    if missing == "none":
        rows.delete()
    elif missing == "expired":
        rows.update(valid_from=now - timedelta(days=9), valid_until=now)
    else:
        rows.update(valid_from=now + timedelta(seconds=1))
    with pytest.raises(RefusedError) as refused:
        desk.look("ada")
    assert refused.value.reason == ("competence-missing" if missing == "none" else "competence-expired")
    assert "14(5)" in refused.value.authority
    assert desk.house.events()[-1] == "act-refused"
    assert desk.look("bob")["pair"]


def test_training_that_ends_between_two_pairs_ends_the_examination(sqlite_desk: Desk) -> None:
    searched(sqlite_desk)
    pair = sqlite_desk.look("ada")["pair"]
    models.Competence.objects.filter(account__name="ada").update(
        valid_until=sqlite_desk.house.clock() + timedelta(1)
    )
    sqlite_desk.house.clock.move(timedelta(days=1))
    with pytest.raises(RefusedError):
        sqlite_desk.seal("ada", pair, 0)


def test_who_takes_a_filler_for_a_lead_does_not_count_and_is_looked_at(desk: Desk) -> None:
    code = searched(desk)
    desk.examine("ada", lambda _: 3)
    assert "competence-questioned" in desk.house.events()
    desk.examine("bob", fair)
    assert desk.outcome(code) is None  # one of two counts
    desk.examine("cleo", fair)
    assert desk.outcome(code) == "lead"
    with pytest.raises(RefusedError) as refused:
        desk.look("ada")
    assert refused.value.reason == "competence-questioned"
    figures = desk.house.act("review-read", desk.supervisor, listing="reviewers")["reviewers"]
    found = {row["account"]: row for row in figures}
    assert found["ada"]["fillers_taken_for_leads"] == FILLERS_PER_REVIEW
    assert found["bob"]["fillers_taken_for_leads"] == 0
    assert found["bob"]["rate_interval"][0] == 0
    desk.train("ada")
    assert desk.look("ada")["pair"] is None


def test_figures_of_others_and_one_s_own_word_are_not_a_reviewers(desk: Desk) -> None:
    listed = desk.house.act("review-read", desk.reviewers["ada"], listing="reviewers")["reviewers"]
    assert [row["account"] for row in listed] == ["ada"]
    with pytest.raises(RefusedError):
        desk.house.act("competence-record", desk.reviewers["ada"], account="ada", training="x", evidence="y")


def test_another_clients_reviewer_gets_nothing_and_its_supervisor_opens_nothing(desk: Desk) -> None:
    code = searched(desk)
    desk.house.act(
        "client-add",
        name="Others",
        jurisdiction="CA",
        purposes=["missing-person"],
        **{"from": "2026-01-01", "until": "2028-01-01"},
    )
    stranger = desk.house.account("eve", "reviewer", "Others")
    boss = desk.house.account("max", "supervisor", "Others")
    desk.house.act("competence-record", boss, account="eve", training="x", evidence="y")
    assert desk.house.act("review-next", stranger, review=code)["pair"] is None
    assert desk.house.act("review-read", boss, listing="reviews")["reviews"] == []
    with pytest.raises(RefusedError) as refused:
        desk.house.act("review-open", boss, case=desk.house.case)
    assert refused.value.reason == "other-organisation"


def test_who_withdraws_is_shown_to_no_reviewer_and_in_no_report(desk: Desk) -> None:
    code = searched(desk)
    desk.examine("ada", fair)
    receipts = models.ConsentReceipt.objects.values_list("code", flat=True)
    for receipt in receipts:
        desk.house.act("consent-withdraw", receipt=receipt)
    seen = []
    desk.examine("bob", lambda shown: (seen.append(is_filler(shown)), -3)[1])
    assert seen == [True] * FILLERS_PER_REVIEW
    assert desk.outcome(code) == "no-candidate"
    report = desk.house.act("report-make", desk.supervisor, case=desk.house.case)
    assert report["searches"][0]["pairs"] == []


def test_an_examination_left_lying_is_set_aside_for_somebody_else(desk: Desk) -> None:
    code = searched(desk)
    desk.look("ada")
    desk.look("bob")
    assert desk.look("cleo")["pair"] is None
    desk.house.clock.move(timedelta(hours=73))
    for name in ("cleo", "dan"):
        desk.examine(name, fair)
    assert desk.outcome(code) == "lead"


@pytest.mark.parametrize("verdict", [4, -4, "3.5", "yes", None, True, ""])
def test_off_the_scale_is_no_verdict(sqlite_desk: Desk, verdict: object) -> None:
    searched(sqlite_desk)
    pair = sqlite_desk.look("ada")["pair"]
    with pytest.raises(UsageError):
        sqlite_desk.seal("ada", pair, verdict)


def test_a_firm_verdict_needs_features_that_were_compared(sqlite_desk: Desk) -> None:
    searched(sqlite_desk)
    pair = sqlite_desk.look("ada")["pair"]
    hidden = [{**each, "finding": "not-visible"} for each in THREE]
    for features in ([], THREE[:2], hidden, [*THREE, THREE[0]], [{"feature": "soul", "finding": "alike"}]):
        with pytest.raises(UsageError):
            sqlite_desk.seal("ada", pair, 2, features)
    sqlite_desk.seal("ada", pair, "+1", [])


def test_a_report_says_who_found_what_and_what_it_is_not(desk: Desk) -> None:
    searched(desk)
    desk.examine("ada", fair)
    desk.examine("bob", lambda shown: fair(shown) - 1 if not is_filler(shown) else -2)
    report = desk.house.act("report-make", desk.supervisor, case=desk.house.case)
    (search,) = report["searches"]
    assert search["outcome"] == "lead"
    assert [each["account"] for each in search["examiners"]] == ["ada", "bob"]
    assert all("level 2" in each["training"] for each in search["examiners"])
    pair = search["pairs"][0]
    assert [each["scale"] for each in pair["verdicts"]] == [3, 2]
    assert pair["lead"]["label"] == "P001"
    assert desk.house.events()[-1] == "report-made"


def test_a_changed_verdict_stops_the_review(sqlite_desk: Desk) -> None:
    from countenance.primitives.errors import IntegrityError

    searched(sqlite_desk)
    sqlite_desk.examine("ada", fair)
    models.Verdict.objects.update(commitment="0" * 64)
    with pytest.raises(IntegrityError):
        sqlite_desk.examine("bob", fair)


def test_erasing_somebody_erases_what_was_found_of_them(desk: Desk) -> None:
    code = searched(desk)
    desk.examine("ada", fair)
    desk.examine("bob", against_all)
    candidates = models.Candidate.objects.count()
    sealed = dict(models.Verdict.objects.filter(item__filler="").values_list("pk", "sealed"))
    assert len(sealed) == 2 * candidates
    erased = 0
    for label in models.Person.objects.values_list("label", flat=True):
        made = carry_out(desk.house.workspace, scope_of(ScopeKind.PERSON, label), ground="request Q-1")
        (row,) = models.Erasure.objects.filter(code=made.code)
        erased += row.counts[Store.REVIEWS.value]
    assert erased == 2 * candidates
    assert not models.Verdict.objects.filter(item__filler="").exists()
    assert models.ReviewItem.objects.count() == FILLERS_PER_REVIEW
    assert not set(sealed) & set(desk.house.workspace.vault.record_ids())
    # The pair in dispute is gone: nobody else is asked, and nothing speaks of it.
    assert desk.look("cleo")["pair"] is None
    assert desk.outcome(code) == "no-candidate"
