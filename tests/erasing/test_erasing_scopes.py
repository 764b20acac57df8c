"""Each kind of erasure: what it takes, what it leaves, every byte of it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from erasing_scan import Planted, everything
from house import House, photograph

from countenance.primitives.errors import ConflictError, CountenanceError, RefusedError
from countenance.records import models
from countenance.records.erasing.residency import residency
from countenance.records.erasing.steps import finish, incomplete
from countenance.records.erasing.vocabulary import EvidenceGrade, ResidencyRule
from countenance.search.values import LoggedCandidates


def names(house: House, *pictures: bytes) -> list[str | None]:
    found = house.search(*pictures)
    assert isinstance(found, LoggedCandidates)
    return [each.person for each in found.candidates]


def erase(house: House, **params: Any) -> Any:
    """As one operator, and where it takes two, as the deputy too."""
    record = house.act("erase", ground="test", **params)
    if "proposal" in record:
        assert incomplete() == []  # nothing happens on one signature
        record = house.act("approve", house.deputy, proposal=record["proposal"])
    finish(house.workspace)
    return record


@pytest.fixture
def two(house: House) -> House:
    """Two people in one gallery, enrolled from two photographs."""
    house.enrol(house.person("Quentin-Unique-7"), photograph("P001"))
    house.enrol(house.person("Bystander"), photograph("P002"))
    return house


def planted_in(house: House) -> Planted:
    marks = Planted(house, models.Person.objects.get(label="Quentin-Unique-7").pk)
    house.workspace.keep_index(seal_rows=1)
    assert marks.missing(everything(house)) == set()
    return marks


def test_a_photograph(two: House) -> None:
    marks = planted_in(two)
    picture = models.Photograph.objects.get(path="Quentin-Unique-7.jpg")
    record = erase(two, scope="photograph", target=str(picture.pk))
    assert record["state"] == "unfindable"  # in the act's own transaction
    assert marks.found(everything(two)) == {"label", *(name for name in marks.marks if "receipt" in name)}
    assert not models.Photograph.objects.filter(pk=picture.pk).exists()
    assert models.ConsentReceipt.objects.count() == 2  # the person stays, and what they agreed to
    assert names(two, photograph("P001")) == [] or "Quentin-Unique-7" not in names(two, photograph("P001"))


def test_one_face(two: House) -> None:
    face = models.Face.objects.get(person__label="Quentin-Unique-7")
    marks = planted_in(two)
    erase(two, scope="face", target=str(face.pk))
    left = marks.found(everything(two))
    assert not [
        name for name in left if name.split()[0] in {"sealed", "crop", "wrapped", "float32", "int8", "codes"}
    ]
    assert "Bystander" in names(two, photograph("P002"))


@pytest.mark.parametrize("scope", ["source", "gallery"])
def test_a_whole_source_or_gallery_takes_two_persons(two: House, scope: str) -> None:
    marks = planted_in(two)
    target = "archive" if scope == "source" else "people"
    erase(two, scope=scope, target=target)
    assert incomplete() == []
    assert (
        models.Face.objects.count()
        == models.Reference.objects.count()
        == models.Photograph.objects.count()
        == 0
    )
    left = marks.found(everything(two))
    assert not [name for name in left if name.split()[0] not in {"label", "receipt"}]
    assert models.Source.objects.get().withdrawn_at is not None


def test_a_client(two: House) -> None:
    names(two, photograph("P001", "amateur_selfie"))
    (probe,) = models.Probe.objects.all()
    marks = {
        "wrapped key": two.workspace.vault._keys.wrapped([probe.pk.bytes])[probe.pk.bytes],
        "picture": two.workspace.media.get(probe.picture)[13:200],
        "template": bytes(probe.template)[13:77],
        "file number": b"File 2026-17",
    }
    before = everything(two)
    assert {name for name, mark in marks.items() if mark not in before} == set()
    erase(two, scope="client", target="Tracing")
    after = everything(two)
    assert {name for name, mark in marks.items() if mark in after} == set()
    assert models.Candidate.objects.count() == models.Probe.objects.count() == 0
    assert models.Search.objects.count() == 1  # that there was a search stays, for those who oversee
    assert models.Case.objects.get().closed_at is not None
    assert models.Person.objects.count() == 2


def test_gaps_in_a_saved_list_are_closed(two: House) -> None:
    for _ in range(3):
        names(two, photograph("P001", "amateur_selfie"), photograph("P002"))
    assert models.Candidate.objects.filter(person__label="Quentin-Unique-7").exists()
    erase(two, scope="person", target="Quentin-Unique-7")
    for search in models.Search.objects.all():
        ranks = list(search.candidates.order_by("rank").values_list("rank", flat=True))
        assert ranks == list(range(1, len(ranks) + 1))


class TestByPlace:
    """Residency is claimed, by a document, a declaration, or the source alone; the rule is chosen."""

    @pytest.fixture
    def people(self, house: House) -> House:
        for label, picture in (("Doc", "P001"), ("Said", "P002"), ("Neither", "P003"), ("Both", "P004")):
            house.enrol(house.person(label), photograph(picture))
        house.act("residency-claim", person="Doc", place="CA-BC", grade="document", evidence="Licence, seen")
        house.act("residency-claim", person="Said", place="CA-BC", grade="declared")
        house.act("residency-claim", person="Both", place="CA", grade="declared")
        return house

    def test_grades_and_doubt(self, people: House) -> None:
        lives = residency("CA-BC")
        label = {row.pk: row.label for row in models.Person.objects.all()}
        assert {label[key] for key in lives.by_grade[EvidenceGrade.DOCUMENT]} == {"Doc"}
        assert {label[key] for key in lives.by_grade[EvidenceGrade.DECLARED]} == {"Said"}
        # The source is of CA: it says no more than that they may live in CA-BC.
        assert {label[key] for key in lives.uncertain} == {"Neither", "Both"}
        assert {label[key] for key in residency("CA").under(ResidencyRule.STATED)} == {"Doc", "Said", "Both"}
        assert residency("CA-ON").under(ResidencyRule.STATED) == frozenset()

    def test_better_evidence_silences_lesser(self, people: House) -> None:
        people.act("residency-claim", person="Doc", place="CA-ON", grade="declared")
        key = models.Person.objects.get(label="Doc").pk
        assert key in residency("CA-BC").by_grade[EvidenceGrade.DOCUMENT]
        assert key not in residency("CA-ON").under(ResidencyRule.PRECAUTIONARY)

    @pytest.mark.parametrize(
        ("rule", "left", "uncertain"),
        [
            ("documented", {"Said", "Neither", "Both"}, 2),
            ("stated", {"Neither", "Both"}, 2),
            ("precautionary", set(), 0),
        ],
    )
    def test_by_rule(self, people: House, rule: str, left: set[str], uncertain: int) -> None:
        planned = people.act("erase-plan", scope="jurisdiction", target="CA-BC", rule=rule)
        assert planned["stores"]["persons"] == 4 - len(left)
        assert planned["uncertain"] == 2
        assert planned["two_persons"]
        erase(people, scope="jurisdiction", target="CA-BC", rule=rule)
        done = models.Erasure.objects.get()
        assert (done.state, done.uncertain) == ("done", uncertain)
        assert set(models.Person.objects.values_list("label", flat=True)) == left

    def test_one_key_signs_once(self, people: House) -> None:
        record = people.act("erase", ground="test", scope="jurisdiction", target="CA-BC")
        with pytest.raises((RefusedError, ConflictError)):
            people.act("approve", proposal=record["proposal"])
        assert models.Person.objects.count() == 4


def test_a_caseworker_erases_nothing_and_sees_no_plan(two: House) -> None:
    for act in ("erase", "erase-plan"):
        with pytest.raises(RefusedError):
            two.act(act, two.caseworker, scope="person", target="Bystander", ground="x")
    assert models.Person.objects.count() == 2


def test_what_is_not_there_is_named(two: House) -> None:
    with pytest.raises(CountenanceError) as wrong:
        two.act("erase", scope="face", target=str(uuid.uuid4()), ground="x")
    assert wrong.value.code == "erasure-target-missing"
