"""What a gallery stands by: an evaluation that two persons adopted, and a threshold that two persons signed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from evaluation_parts import made_report
from house import START, House, photograph

from countenance.biometrics.statement import FUSED, Measured, Origin, PassedOver
from countenance.extraction.pack import load_pack
from countenance.policy.decisions import Refused
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import CountenanceError, NotFoundError, RefusedError
from countenance.records import models
from countenance.records.counting import PeopleCounter
from countenance.search.values import LoggedCandidates

SELFIE = photograph("P001", "amateur_selfie")


@cache
def report() -> str:
    return made_report(START - timedelta(days=30), str(load_pack().space_id))


def signed(house: House, act: str, /, **params: Any) -> dict[str, Any]:
    """An act of two persons, carried out."""
    made = house.act(act, **params)
    assert made["waits_for"] == "second-person"
    done: dict[str, Any] = house.act("approve", house.deputy, proposal=made["proposal"])
    return done


def adopt(house: House, text: str = "", **more: Any) -> dict[str, Any]:
    return signed(
        house, "evaluation-adopt", gallery="people", files={"report.json": text or report()}, **more
    )


def set_point(house: House, evaluation: str, **more: Any) -> dict[str, Any]:
    asked = {"fpir": "0.2", "people": 500, "reason": "Board of 1 November", **more}
    return signed(house, "operating-point-set", evaluation=evaluation, **asked)


def shown(answer: Any) -> LoggedCandidates:
    assert isinstance(answer, LoggedCandidates), answer
    return answer


def refused(answer: Any) -> tuple[str, str]:
    assert isinstance(answer, Refused), answer
    assert "R24" in answer.authority
    return answer.reason, answer.rule


def enrol_one(house: House) -> None:
    house.enrol(house.person("one"), photograph("P001"))


def changed(text: str, change: Callable[[Any], None]) -> str:
    held = json.loads(text)
    change(held)
    return json.dumps(held)


NO_GROUND: list[tuple[Callable[[str], str], str]] = [
    (lambda text: "{}", "evaluation-report"),
    (lambda text: text[:-20], "evaluation-report"),
    (lambda text: "[" * 5000, "evaluation-report"),
    (lambda text: changed(text, lambda one: one.update(space_id="other-1")), "evaluation-space"),
    (lambda text: changed(text, lambda one: one.update(space_id=None)), "evaluation-foreign"),
    (
        lambda text: changed(text, lambda one: one.update(at="2027-01-01T00:00:00+00:00")),
        "evaluation-future",
    ),
    (
        lambda text: changed(text, lambda one: one.update(at="2024-01-01T00:00:00+00:00")),
        "evaluation-until",
    ),
    (
        lambda text: changed(text, lambda one: one["results"][0].update(definition="single")),
        "evaluation-definition",
    ),
    (
        lambda text: changed(text, lambda one: one["results"][0].update(open_set=None)),
        "evaluation-no-open-set",
    ),
    (
        lambda text: changed(text, lambda one: one["results"][0]["open_set"].update(strangers=29)),
        "evaluation-small",
    ),
    (
        lambda text: changed(text, lambda one: one["results"][0]["open_set"].update(strangers=True)),
        "evaluation-report",
    ),
    (
        lambda text: changed(
            text, lambda one: one["results"][0]["curves"]["identification"]["FPIR"].reverse()
        ),
        "evaluation-report",
    ),
    (
        lambda text: changed(text, lambda one: one["results"][0]["curves"]["identification"]["T"].pop()),
        "evaluation-report",
    ),
    (
        lambda text: changed(
            text,
            lambda one: one["results"][0]["curves"]["identification"]["T"].__setitem__(0, float("nan")),
        ),
        "evaluation-report",
    ),
]
"""What is done to a report, and how it is refused."""


class TestAdopting:
    """Two persons, one report, one gallery, one template space, a time."""

    def test_its_rates_are_told_and_the_pack_s_before(self, house: House) -> None:
        enrol_one(house)
        before = shown(house.search(SELFIE))
        assert before.evidence is not None
        assert (before.evidence.origin, before.evidence.passed_over) == (
            Origin.PACK,
            PassedOver.NONE_ADOPTED,
        )
        row = adopt(house)
        assert row["report_sha256"] == sha256_hex(report().encode())
        assert row["people"] == 160
        assert house.events()[-1] == "evaluation-adopted"
        answer = shown(house.search(SELFIE))
        assert answer.evidence is not None
        assert (answer.evidence.origin, answer.evidence.code) == (Origin.WORKSPACE, row["evaluation"])
        assert answer.evidence.passed_over is None
        (candidate,) = answer.candidates
        assert candidate.statement is not None
        curve = json.loads(report())["results"][0]["curves"]["identification"]
        place = next(at for at, t in enumerate(curve["T"]) if t >= candidate.score)
        assert candidate.statement.missed.value == pytest.approx(curve["FNIR"][place], abs=0.02)
        assert candidate.statement.origin is Origin.WORKSPACE

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ("days", PassedOver.EXPIRED),
            ("end", PassedOver.NONE_ADOPTED),
            ("people", PassedOver.OUTGROWN),
            ("pack", PassedOver.OTHER_PACK),
        ],
    )
    def test_what_is_not_valid_is_passed_over_and_the_answer_says_why(
        self, sqlite_house: House, change: str, reason: PassedOver
    ) -> None:
        house = sqlite_house
        enrol_one(house)
        row = adopt(house, until="2026-12-01")
        held = models.AdoptedEvaluation.objects.filter(code=row["evaluation"])
        if change == "days":
            house.clock.move(timedelta(days=29))
        elif change == "end":
            house.act("evaluation-end", evaluation=row["evaluation"], reason="new cameras")
            assert house.events()[-1] == "evaluation-ended"
        elif change == "people":
            house.enrol(house.person("two"), photograph("P002"))
            house.workspace.counter.people = lambda *_: 1601  # type: ignore[method-assign]
        else:
            held.update(space_id="other-0123456789abcdef")
        answer = shown(house.search(SELFIE))
        assert answer.evidence is not None
        assert (answer.evidence.origin, answer.evidence.passed_over) == (Origin.PACK, reason)
        assert all(each.statement and each.statement.origin is Origin.PACK for each in answer.candidates)

    def test_no_evaluation_at_all_no_statement(self, sqlite_house: House) -> None:
        house = sqlite_house
        enrol_one(house)
        pack = house.workspace.models

        class Uncalibrated(type(pack)):  # type: ignore[misc]
            def calibration(self) -> dict[str, Any]:
                return {"variants": {}}

        fields = {each.name: getattr(pack, each.name) for each in dataclasses.fields(pack)}
        house.workspace.models = Uncalibrated(**fields)
        answer = shown(house.search(SELFIE))
        assert answer.evidence is None
        assert [each.statement for each in answer.candidates] == [None]

    def test_one_person_is_not_enough_and_the_second_sees_the_hash(self, sqlite_house: House) -> None:
        house = sqlite_house
        made = house.act("evaluation-adopt", gallery="people", files={"report.json": report()})
        (waiting,) = house.act("records-read", listing="proposals")["proposals"]
        assert waiting["params"]["files"] == {"report.json": f"sha256:{sha256_hex(report().encode())}"}
        with pytest.raises(RefusedError):
            house.act("approve", proposal=made["proposal"])
        assert not models.AdoptedEvaluation.objects.exists()

    def test_a_report_that_is_no_ground_is_refused_by_name(self, sqlite_house: House) -> None:
        for change, code in NO_GROUND:
            text = change(report())
            made = sqlite_house.act("evaluation-adopt", gallery="people", files={"report.json": text})
            with pytest.raises(CountenanceError) as caught:
                sqlite_house.act("approve", sqlite_house.deputy, proposal=made["proposal"])
            assert caught.value.code == code
        assert not models.AdoptedEvaluation.objects.exists()

    def test_a_new_one_takes_the_place_of_the_old_which_stays_listed(self, sqlite_house: House) -> None:
        first, second = adopt(sqlite_house), adopt(sqlite_house)
        rows = sqlite_house.act("records-read", sqlite_house.caseworker, listing="evaluations")["evaluations"]
        assert [(row["evaluation"], row["state"]) for row in rows] == [
            (first["evaluation"], "ended"),
            (second["evaluation"], "in-force"),
        ]


class TestOperatingPoint:
    """Identification by threshold is locked until two persons have signed a threshold that was measured."""

    def test_locked_without_open_with_and_everything_is_said(self, house: House) -> None:
        enrol_one(house)
        house.enrol(house.person("two"), photograph("P002"))
        assert refused(house.search(SELFIE, identify=True)) == ("no-operating-point", "OPERATE-01")
        assert house.events()[-1] == "search-refused"
        evaluation = adopt(house)
        point = set_point(house, evaluation["evaluation"])
        assert house.events()[-1] == "operating-point-set"
        assert 0 < point["FPIR"]["value"] <= 0.2
        assert point["FPIR"]["value"] <= point["FPIR"]["high"]
        assert [group["group"] for group in point["groups"]] == ["a", "b", "c"]
        answer = shown(house.search(SELFIE, identify=True))
        assert answer.by_threshold is not None
        assert answer.by_threshold.operating_point == point["operating_point"]
        assert [each.person for each in answer.candidates] == ["one"]
        assert all(each.score >= point["threshold"] for each in answer.candidates)
        made = models.Search.objects.get(log_index=answer.log_entry)
        assert (made.threshold, made.operating_point) == (point["threshold"], point["operating_point"])
        # A list by rank goes on down to the floor of the pack.
        assert shown(house.search(SELFIE)).by_threshold is None

    def test_what_lies_below_the_threshold_is_not_listed(self, sqlite_house: House) -> None:
        house = sqlite_house
        enrol_one(house)
        point = set_point(house, adopt(house)["evaluation"])
        assert len(shown(house.search(SELFIE, identify=True)).candidates) == 1
        models.OperatingPoint.objects.filter(code=point["operating_point"]).update(threshold=0.99)
        assert shown(house.search(SELFIE, identify=True)).candidates == ()
        assert len(shown(house.search(SELFIE)).candidates) == 1

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ("end", "no-operating-point"),
            ("days", "operating-point-expired"),
            ("evaluation", "operating-point-expired"),
            ("pack", "operating-point-other-pack"),
            ("people", "operating-point-outgrown"),
        ],
    )
    def test_it_is_bound_to_evaluation_pack_size_and_time(
        self, sqlite_house: House, change: str, reason: str
    ) -> None:
        house = sqlite_house
        enrol_one(house)
        evaluation = adopt(house)
        point = set_point(house, evaluation["evaluation"], until="2026-12-01", people=160)
        shown(house.search(SELFIE, identify=True))
        if change == "end":
            house.act("operating-point-end", operating_point=point["operating_point"], reason="complaint")
        elif change == "days":
            house.clock.move(timedelta(days=29))
        elif change == "evaluation":
            house.act("evaluation-end", evaluation=evaluation["evaluation"], reason="new cameras")
        elif change == "pack":
            models.OperatingPoint.objects.update(space_id="other-0123456789abcdef")
        else:
            house.workspace.counter.people = lambda *_: 161  # type: ignore[method-assign]
        assert refused(house.search(SELFIE, identify=True)) == (reason, "OPERATE-01")
        shown(house.search(SELFIE))  # investigation is not locked

    def test_what_was_not_measured_is_not_set(self, sqlite_house: House) -> None:
        evaluation = adopt(sqlite_house)["evaluation"]
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"fpir": "0"}, "operating-point-fpir"),
            ({"fpir": "one"}, "operating-point-fpir"),
            ({"fpir": "0.000001"}, "operating-point-too-fine"),
            ({"people": 1601}, "number"),
            ({"until": "2029-01-01"}, "operating-point-until"),
            ({"evaluation": "M-0000-0000"}, "measurement-missing"),
            ({"reason": ""}, "missing"),
        ]
        for more, code in wrong:
            with pytest.raises(CountenanceError) as caught:
                set_point(sqlite_house, **{"evaluation": evaluation, **more})
            assert caught.value.code == code
        assert not models.OperatingPoint.objects.exists()

    def test_a_larger_gallery_gets_a_higher_threshold(self, sqlite_house: House) -> None:
        evaluation = adopt(sqlite_house)["evaluation"]
        small, large = (set_point(sqlite_house, evaluation, people=size, fpir="0.6") for size in (160, 1600))
        assert small["threshold"] < large["threshold"]
        assert large["FPIR"]["value"] <= 0.6

    def test_everybody_with_an_account_sees_every_change(self, sqlite_house: House) -> None:
        house = sqlite_house
        evaluation = adopt(house)["evaluation"]
        first = set_point(house, evaluation)
        second = set_point(house, evaluation, fpir="0.3", reason="Board of 2 November")
        house.act("operating-point-end", operating_point=second["operating_point"], reason="complaint 12")
        rows = house.act("records-read", house.caseworker, listing="operating-points")["operating-points"]
        assert [(row["operating_point"], row["state"], row["ended_reason"]) for row in rows] == [
            (first["operating_point"], "ended", "replaced"),
            (second["operating_point"], "ended", "complaint 12"),
        ]
        assert all(row["reason"] and row["set_by"] and row["set_at"] for row in rows)

    def test_an_assessment_must_speak_of_the_threshold(self, sqlite_house: House) -> None:
        house = sqlite_house
        enrol_one(house)
        record = {"gallery": "people", "title": "DPIA", "document_sha256": sha256_hex(b"x")}
        signed(house, "assessment-record", **record)
        evaluation = adopt(house)["evaluation"]
        set_point(house, evaluation)
        answer = house.search(SELFIE, identify=True)
        assert isinstance(answer, Refused)
        assert answer.reason == "assessment-reopened"
        shown(house.search(SELFIE))
        signed(house, "assessment-record", **record)
        shown(house.search(SELFIE, identify=True))
        set_point(house, evaluation, fpir="0.3")
        assert isinstance(house.search(SELFIE, identify=True), Refused)

    def test_a_caseworker_sets_none(self, sqlite_house: House) -> None:
        with pytest.raises(RefusedError):
            sqlite_house.act("operating-point-set", sqlite_house.caseworker, evaluation="M-0000-0000")
        with pytest.raises(NotFoundError):
            sqlite_house.act("operating-point-end", operating_point="T-0000-0000", reason="x")


class TestPeople:
    """N is people, not references."""

    def test_several_photographs_of_one_person_are_one(self, house: House) -> None:
        receipt = house.person("one")
        house.enrol(receipt, photograph("P001"))
        house.enrol(receipt, photograph("P001", "studio_posture"))
        house.enrol(house.person("two"), photograph("P002"))
        answer = shown(house.search(SELFIE))
        assert (answer.coverage.searched, answer.people) == (3, 2)
        stated = [each.statement for each in answer.candidates if each.statement]
        assert {each.gallery for each in stated} == {2}

    def test_a_large_gallery_is_estimated_from_a_sample(self, house: House) -> None:
        receipt = house.person("one")
        for name in ("studio_portrait", "studio_posture", "amateur_posture"):
            house.enrol(receipt, photograph("P001", name))
        for person in ("P002", "P003", "P004"):
            house.enrol(house.person(person), photograph(person))
        gallery = models.Gallery.objects.get()
        classes = list(models.PermissionClass.objects.values_list("pk", flat=True))
        assert PeopleCounter().people(gallery.pk, classes, 6) == 4
        assert PeopleCounter(exact=1, sample=6).people(gallery.pk, classes, 6) == 4
        assert 1 <= PeopleCounter(exact=1, sample=2).people(gallery.pk, classes, 6) <= 6

    def test_more_references_than_were_measured_make_a_stranger_like_somebody_a_little_more_often(
        self,
    ) -> None:
        """They are compared as one: however many, as often as 1.3 references would."""
        curve = {"threshold": (0.1, 0.2, 0.3), "fpir": (0.9, 0.5, 0.1), "fnir": (0.0, 0.1, 0.2)}
        own = Measured(gallery=100, strangers=500, mates=500, references_each=2, **curve)
        few = own.state(0.2, 100, Origin.WORKSPACE, references=200)
        many = own.state(0.2, 100, Origin.WORKSPACE, references=400)
        assert few is not None
        assert many is not None
        assert few.stranger is not None
        assert many.stranger is not None
        assert few.stranger.value == pytest.approx(0.5)
        assert many.stranger.value == pytest.approx(1 - 0.5**FUSED)
        still_more = own.state(0.2, 100, Origin.WORKSPACE, references=4000)
        assert still_more == many
        assert (few.gallery, many.gallery) == (100, 100)
