"""Declared age, the status feed of a source, and assessments bound to what runs."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from erasing_scan import Planted, everything
from house import House, photograph

from countenance.policy.decisions import Refused
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.records import models
from countenance.records.erasing.steps import finish
from countenance.service.upkeep import by_clock

SELFIE = photograph("P001", "amateur_selfie")


def found(house: House) -> list[str | None]:
    answer = house.search(SELFIE)
    assert not isinstance(answer, Refused)
    return [each.person for each in answer.candidates]  # type: ignore[union-attr]


class TestComingOfAge:
    """By a declared day; nothing is estimated."""

    @pytest.fixture
    def minor(self, sqlite_house: House) -> House:
        house = sqlite_house
        house.act("person-add", label="Zoé", declared_minor=True, majority_on="2026-12-01")
        receipt = house.act(
            "consent-record", person="Zoé", gallery="people", purposes=["missing-person"],
            notice_text="x", guardian="Her mother",
        )["receipts"][0]["receipt"]  # fmt: skip
        house.enrol(receipt, photograph("P001"))
        return house

    def test_a_day_is_for_minors_and_lies_ahead(self, sqlite_house: House) -> None:
        for given in ({"majority_on": "2027-01-01"}, {"declared_minor": True, "majority_on": "2026-01-01"}):
            with pytest.raises(UsageError):
                sqlite_house.act("person-add", label="x", **given)

    def test_the_day_before_and_the_day(self, minor: House) -> None:
        minor.clock.move(timedelta(days=28))  # 30 November
        by_clock(minor.workspace)
        assert found(minor) == ["Zoé"]
        face = models.Face.objects.get().pk
        minor.clock.move(timedelta(days=1))
        by_clock(minor.workspace)
        assert found(minor) == []
        assert face not in set(minor.workspace.vault.record_ids())
        person = models.Person.objects.get()
        assert (person.declared_minor, person.receipts.get().withdrawn_at is not None) == (False, True)
        (row,) = minor.act("records-read", listing="persons")["persons"]
        assert row["to_be_asked"]
        before = len(minor.events())
        by_clock(minor.workspace)
        assert len(minor.events()) == before

    def test_asked_in_time(self, minor: House) -> None:
        with pytest.raises(NotFoundError):
            minor.act("majority-review", person="Zoé", outcome="own-consent")
        minor.clock.move(timedelta(days=30))
        by_clock(minor.workspace)
        with pytest.raises(UsageError):
            minor.act("majority-review", person="Zoé", outcome="own-consent")
        minor.act(
            "consent-record", person="Zoé", gallery="people", purposes=["missing-person"], notice_text="x"
        )
        minor.act("majority-review", person="Zoé", outcome="own-consent")
        minor.clock.move(timedelta(days=80))
        by_clock(minor.workspace)
        assert models.Person.objects.filter(label="Zoé").exists()

    @pytest.mark.parametrize("asked", [True, False], ids=["said no", "not asked"])
    def test_who_says_no_or_is_not_asked_is_erased(self, minor: House, asked: bool) -> None:
        planted = Planted(minor, models.Person.objects.get().pk)
        assert planted.missing(everything(minor)) == set()
        minor.clock.move(timedelta(days=30))
        by_clock(minor.workspace)
        if asked:
            minor.act("majority-review", person="Zoé", outcome="erase")
            finish(minor.workspace)
        else:
            minor.clock.move(timedelta(days=89))
            by_clock(minor.workspace)
            assert models.Person.objects.exists()
            minor.clock.move(timedelta(days=1))
            by_clock(minor.workspace)
        assert not models.Person.objects.exists()
        assert planted.found(everything(minor)) == set()


class TestStatusFeed:
    """What the holder takes back is gone at the next cycle."""

    def test_a_flip_is_gone_at_the_next_cycle(self, sqlite_house: House) -> None:
        house = sqlite_house
        feed = house.workspace.directory.parent / "status.csv"
        models.StatusFeed.objects.create(source=models.Source.objects.get(), file=str(feed))
        house.enrol(house.person("one"), photograph("P001"))
        house.enrol(house.person("two"), photograph("P002"))
        house.enrol(house.person("three"), photograph("P003"))
        by_clock(house.workspace)  # a feed that is not there says nothing
        rows = [
            ("path", "sha256", "person", "status"),
            ("one.jpg", "", "", "live"),
            ("two.jpg", "", "", "live"),
        ]
        write(feed, rows)
        by_clock(house.workspace)
        assert found(house)[:1] == ["one"]
        planted = Planted(house, models.Person.objects.get(label="one").pk)
        planted.marks = {
            name: mark for name, mark in planted.marks.items() if name.split()[0] not in {"label", "receipt"}
        }
        assert planted.missing(everything(house)) == set()
        rows[1] = ("one.jpg", "", "", "acquitted")
        rows.append(("", "", "THREE", "sealed"))
        write(feed, rows)
        by_clock(house.workspace)
        assert "one" not in found(house)
        assert planted.found(everything(house)) == set()
        assert set(models.Face.objects.values_list("person__label", flat=True)) == {"two"}
        before = len(house.events())
        by_clock(house.workspace)
        assert len(house.events()) == before

    @pytest.mark.parametrize("content", [b"\xff\xfe", b"path\none.jpg\n", b"", b"status\ngone\n"])
    def test_a_feed_out_of_form_says_nothing(self, sqlite_house: House, content: bytes) -> None:
        feed = sqlite_house.workspace.directory.parent / "status.csv"
        feed.write_bytes(content)
        models.StatusFeed.objects.create(source=models.Source.objects.get(), file=str(feed))
        sqlite_house.enrol(sqlite_house.person("one"), photograph("P001"))
        by_clock(sqlite_house.workspace)
        assert found(sqlite_house) == ["one"]


def write(path: Any, rows: list[tuple[str, ...]]) -> None:
    path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")


class TestAssessment:
    """What runs is what was assessed."""

    def record(self, house: House, **more: Any) -> str:
        made = house.act(
            "assessment-record", gallery="people", title="DPIA", document_sha256=sha256_hex(b"x"), **more
        )
        assert made["waits_for"] == "second-person"
        return str(house.act("approve", house.deputy, proposal=made["proposal"])["assessment"])

    @pytest.mark.parametrize("change", ["threshold", "model"])
    def test_a_change_is_refused_until_there_is_an_addendum(self, sqlite_house: House, change: str) -> None:
        house = sqlite_house
        house.enrol(house.person("one"), photograph("P001"))
        code = self.record(house)
        assert found(house) == ["one"]
        pack = house.workspace.models
        if change == "threshold":
            house.workspace.models = dataclasses.replace(pack, candidate_floor=pack.candidate_floor + 0.01)
        else:
            house.workspace.models = dataclasses.replace(pack, space_id=type(pack.space_id)("f" * 64))
        answer = house.search(SELFIE)
        assert isinstance(answer, Refused)
        assert (answer.reason, answer.rule) == ("assessment-reopened", "ASSESS-01")
        assert house.events()[-1] == "search-refused"
        (row,) = house.act("records-read", listing="assessments")["assessments"]
        assert row["state"] == "reopened"
        with pytest.raises(NotFoundError):
            self.record(house, adds_to="D-0000-0000")
        self.record(house, adds_to=code)
        if change == "threshold":
            assert found(house) == ["one"]
        assert house.act("records-read", listing="assessments")["assessments"][0]["state"] == "in-force"

    def test_a_purpose_that_was_not_assessed_is_refused(self, sqlite_house: House) -> None:
        house = sqlite_house
        models.Gallery.objects.update(purposes=frozenset({"missing-person", "family-tracing"}))
        self.record(house, purposes=["family-tracing"])
        answer = house.search(SELFIE)
        assert isinstance(answer, Refused)
        assert answer.reason == "assessment-reopened"
