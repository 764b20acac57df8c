"""The people of a place by the thousand: stopped in between, gone on with, and timed."""

from __future__ import annotations

import os
import time
import uuid

import numpy as np
import pytest
from house import House

from countenance.index.head import NewRow, template_part
from countenance.records import models
from countenance.records.erasing import steps
from countenance.records.erasing.scope import scope_of
from countenance.records.erasing.steps import begin, finish, incomplete
from countenance.records.erasing.vocabulary import ErasureState, ScopeKind
from countenance.vault.vault import Plain

RNG = np.random.default_rng(7)


def populate(house: House, people: int, *, source: str = "archive") -> None:
    """That many people with a face, a consent and a declared residency each; templates are random, crops a few bytes."""
    workspace = house.workspace
    row = models.Source.objects.select_related("basis", "gallery").get(name=source)
    space = workspace.models.space_id
    kind, _ = models.PermissionClass.objects.get_or_create(
        gallery=row.gallery, basis_kind="consent", purposes=frozenset({"missing-person"}), jurisdiction="CA"
    )
    for start in range(0, people, 2_000):
        size = min(2_000, people - start)
        vectors = RNG.standard_normal((size, 128)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        faces = [uuid.uuid4() for _ in range(size)]
        sealed = workspace.vault.seal(
            [
                Plain(record_id=face, part=template_part(space), data=vector.tobytes())
                for face, vector in zip(faces, vectors, strict=True)
            ]
        )
        workspace.media.put_many([(f"crop-{face.hex}", os.urandom(200)) for face in faces])
        with workspace.transaction() as (tx, now):
            persons = [
                models.Person(label=f"P-{start + number}", folded=f"p-{start + number}", created_at=now)
                for number in range(size)
            ]
            models.Person.objects.bulk_create(persons, batch_size=500)
            receipts = [
                models.ConsentReceipt(
                    code=f"R-{person.pk}", person=person, gallery=row.gallery, purpose="missing-person",
                    jurisdiction="CA", controller="x", notice_text="x", notice_version="1", language="en",
                    method="form", given_at=now,
                )
                for person in persons
            ]  # fmt: skip
            models.ConsentReceipt.objects.bulk_create(receipts, batch_size=500)
            models.ResidencyClaim.objects.bulk_create(
                [
                    models.ResidencyClaim(person=person, place="CA-BC", grade="declared", claimed_at=now)
                    for person in persons
                ],
                batch_size=500,
            )
            pictures = [
                models.Photograph(
                    source=row, basis=row.basis, sha256=f"{start + number:064x}", path=f"{start + number}.jpg",
                    state="done", extraction="x", fingerprint="x", ingested_at=now,
                )
                for number in range(size)
            ]  # fmt: skip
            models.Photograph.objects.bulk_create(pictures, batch_size=500)
            models.Face.objects.bulk_create(
                [
                    models.Face(
                        id=face, photograph=picture, number=0, x=10, y=10, width=50, height=50, landmarks=[],
                        detector_score=0.9, eye_distance=30, norm=9, space_id=space, person=person,
                        state="enrolled", crop=f"crop-{face.hex}",
                    )
                    for face, picture, person in zip(faces, pictures, persons, strict=True)
                ],
                batch_size=500,
            )  # fmt: skip
            references = [
                models.Reference(
                    face_id=face, gallery=row.gallery, permission_class=kind, receipt=receipt, enrolled_at=now
                )
                for face, receipt in zip(faces, receipts, strict=True)
            ]
            models.Reference.objects.bulk_create(references, batch_size=500)
            workspace.index.enrol(
                tx,
                [
                    NewRow(
                        reference_id=str(reference.pk),
                        face_id=str(face),
                        gallery_id=str(row.gallery_id),
                        class_id=kind.pk,
                        space_id=space,
                        dimension=128,
                        norm=9.0,
                        sealed=data,
                    )
                    for reference, face, data in zip(references, faces, sealed, strict=True)
                ],
            )
    workspace.keep_index(seal_rows=1)


def erase_place(house: House, *, people: int, stop_after: int, monkeypatch: pytest.MonkeyPatch) -> float:
    """Begin, break in the middle, go on; returns the seconds of both parts together."""
    scope = scope_of(ScopeKind.JURISDICTION, "CA-BC")
    begun = time.perf_counter()
    with house.workspace.transaction() as (tx, now):
        begin(house.workspace, tx, scope, now=now, ground="order")
    batches = 0
    whole = steps.erase_batch

    def break_off(*args: object, **more: object) -> None:
        nonlocal batches
        batches += 1
        if batches > stop_after:
            raise KeyboardInterrupt
        whole(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(steps, "erase_batch", break_off)
    with pytest.raises(KeyboardInterrupt):
        finish(house.workspace)
    monkeypatch.setattr(steps, "erase_batch", whole)
    assert [erasure.state for erasure in incomplete()] == [ErasureState.STARTED.value]
    assert 0 < models.Person.objects.count() < people
    (certificate,) = finish(house.workspace)
    stores = {row["store"]: row["count"] for row in certificate.document["stores"]}  # type: ignore[union-attr, index, call-overload]
    assert stores["persons"] == stores["faces"] == stores["vault-keys"] == stores["index"] == people
    return time.perf_counter() - begun


def test_goes_on_where_it_stopped(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from countenance.records.erasing import selecting

    monkeypatch.setattr(selecting.select, "__kwdefaults__", {"spare": (), "most": 20})
    populate(sqlite_house, 70)
    erase_place(sqlite_house, people=70, stop_after=2, monkeypatch=monkeypatch)
    assert models.Person.objects.count() == models.Face.objects.count() == 0
    assert list(sqlite_house.workspace.media.names()) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_people(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    people = int(os.environ.get("COUNTENANCE_ERASE_PEOPLE", "10000"))
    populate(house, people)
    seconds = erase_place(house, people=people, stop_after=2, monkeypatch=monkeypatch)
    print(f"\n{people} people of one place erased in {seconds:.1f} s")
    assert models.Person.objects.count() == 0
    assert seconds < 600 * people / 100_000 + 60
