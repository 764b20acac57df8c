"""Finding a person who has no live basis: by labels, by grounds that linger, by rows of another class, by expiry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from house import PURPOSE, House, photograph
from ingest_setup import Desk, face_states, live_references

from countenance.biometrics.geometry import Box
from countenance.extraction.selection import select
from countenance.extraction.values import EmbedRule, Label
from countenance.primitives.errors import ConflictError, UsageError
from countenance.records import models
from countenance.records.database import open_reading
from countenance.search.values import LoggedCandidates

_CELL = Box(x=0, y=0, width=100, height=100)


def _found(answer: object) -> list[str | None]:
    assert isinstance(answer, LoggedCandidates), answer
    return [candidate.person for candidate in answer.candidates]


@pytest.mark.parametrize(
    "spelling", ["Zoe\u0301", "ZO\u00c9", "Zo\u00e9\u200b", " Zo\u00e9\u00a0", "\uff3ao\u00e9"]
)
def test_another_spelling_of_a_label_is_not_another_person(
    archive: Desk, portraits: dict[str, bytes], spelling: str
) -> None:
    """Who withdrew stays withdrawn when the next manifest spells the name in other code points."""
    (code,) = archive.person("Zo\u00e9", PURPOSE)
    archive.do("consent-withdraw", receipt=code)
    archive.put("zoe.jpg", portraits["P001"])
    archive.ingest(manifest=archive.manifest(f'path,person\nzoe.jpg,"{spelling}"\n'))
    assert live_references() == []
    assert face_states() == [("zoe.jpg", 0, "refused", "consent-withdrawn")]
    with pytest.raises((ConflictError, UsageError)):
        archive.do("person-add", label=spelling)


@pytest.mark.parametrize("label", ["Ann\x1b[2J", "Ann\nBob", "Ann\u202eboB", "Ann\x00"])
def test_a_label_is_one_line_of_plain_text(archive: Desk, portraits: dict[str, bytes], label: str) -> None:
    with pytest.raises(UsageError):
        archive.do("person-add", label=label)
    archive.put("ann.jpg", portraits["P001"])
    with pytest.raises(Exception, match="person"):
        archive.ingest(manifest=archive.manifest(f'path,person\nann.jpg,"{label}"\n'))
    assert live_references() == []


def test_a_withdrawal_is_heard_by_references_on_another_basis(
    archive: Desk, portraits: dict[str, bytes]
) -> None:
    """A person's own no is heard under every basis, and at once: not only when the source is ingested again."""
    codes = archive.person("Ann", PURPOSE)
    archive.put("ann.jpg", portraits["P001"])
    archive.ingest(manifest=archive.manifest("path,person\nann.jpg,Ann\n"))
    assert [reference.basis_id is not None for reference in live_references()] == [True]
    record = archive.do("consent-withdraw", receipt=codes[0])
    assert live_references() == []
    assert record["references_ended"] == 1
    archive.ingest(manifest=archive.manifest("path,person\nann.jpg,Ann\n"))
    assert live_references() == []


def test_a_row_moved_to_another_permission_class_is_not_shown(sqlite_house: House) -> None:
    """The index names a class that the grant covers; the records say that the reference is of another."""
    house = sqlite_house
    reference = house.enrol(house.person("P001"), photograph("P001"))
    gallery = models.Gallery.objects.get()
    models.PermissionClass.objects.filter().first()
    other = models.PermissionClass.objects.create(
        gallery=gallery, basis_kind="consent", purposes=frozenset({"family-tracing"}), jurisdiction="CA"
    )
    models.Reference.objects.filter(pk=reference).update(permission_class=other)
    assert _found(house.search(photograph("P001", "amateur_selfie"))) == []
    assert not models.Candidate.objects.exists()


def test_a_receipt_of_somebody_else_carries_no_reference(sqlite_house: House) -> None:
    house = sqlite_house
    reference = house.enrol(house.person("P001"), photograph("P001"))
    house.person("P002")
    other = models.ConsentReceipt.objects.get(person__label="P002")
    models.Reference.objects.filter(pk=reference).update(receipt=other)
    assert _found(house.search(photograph("P001", "amateur_selfie"))) == []


def test_an_expired_consent_is_in_no_count(sqlite_house: House) -> None:
    """Neither in the coverage nor in the number of a person's references; its key goes too."""
    house = sqlite_house
    house.enrol(house.person("P001", expires_at="2026-11-10"), photograph("P001"))
    house.enrol(house.person("P002"), photograph("P002"))
    house.clock.move(timedelta(days=8))
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    assert (answer.coverage.searched, answer.coverage.permitted, answer.coverage.not_searchable) == (1, 1, 0)
    assert models.Face.objects.get(person__label="P001").crop == ""
    with open_reading() as tx:
        assert tx.execute("select count(*) from index_template") == [(1,)]


def test_who_is_named_but_not_found_holds_the_faces_nobody_named() -> None:
    """A box beside the face must not turn a person who may not be enrolled into a face that nobody named."""
    away = Box(x=900, y=900, width=10, height=10)
    rule = EmbedRule(unlabelled=True, labels=(Label(key="0", box=away, permitted=False),))
    placed = select({(0, 0): _CELL}, rule).placements[0, 0]
    assert not placed.may_embed
    permitted = EmbedRule(unlabelled=True, labels=(Label(key="0", box=away, permitted=True),))
    assert select({(0, 0): _CELL}, permitted).placements[0, 0].may_embed
