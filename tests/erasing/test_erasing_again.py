"""What was erased does not come back: by another ingest, by other models, or out of a backup."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from house import House, photograph
from PIL import Image

from countenance.ingest.path import ingest
from countenance.ingest.values import IngestResult, Tuning
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.erasing.steps import finish
from countenance.records.workspace import Workspace
from countenance.registry.backup import backup
from countenance.registry.restore import restore
from countenance.tlog.verifier import verify_export


def small(person: str) -> bytes:
    stream = io.BytesIO()
    with Image.open(io.BytesIO(photograph(person))) as picture:
        picture.thumbnail((320, 320))
        picture.convert("RGB").save(stream, "JPEG", quality=90)
    return stream.getvalue()


@pytest.fixture
def taken_in(sqlite_house: House) -> House:
    """A source on a basis that needs nobody's label, and one person's photograph in it, ingested."""
    house = sqlite_house
    folder = house.workspace.directory.parent / "pictures"
    folder.mkdir()
    house.act(
        "source-add", name="pictures", gallery="people", basis="public-task", purposes=["missing-person"],
        jurisdiction="CA", evidence="Archives Act", permits_unlabelled=True, location=str(folder),
        holder="The archive", contact="x@example.org", notice="At the door.",
    )  # fmt: skip
    (folder / "one.jpg").write_bytes(small("P001"))
    (folder / "two.jpg").write_bytes(small("P002"))
    manifest(house, "one.jpg,Ada\ntwo.jpg,\n")
    take_in(house)
    return house


def manifest(house: House, rows: str) -> str:
    path = house.workspace.directory.parent / "manifest.csv"
    path.write_text(f"path,person\n{rows}", encoding="utf-8")
    return str(path)


def take_in(house: House, **params: Any) -> IngestResult:
    path = house.workspace.directory.parent / "manifest.csv"
    request = house.operator.sign(
        workspace_id=house.id, act="ingest", at=house.clock(),
        params={"source": "pictures", "workers": 1, "manifest": str(path), **params},
    )  # fmt: skip
    return ingest(
        house.workspace, request, tuning=Tuning(batch_photographs=4, batch_seconds=0.2, shard_items=4)
    )


def enrolled() -> int:
    return models.Reference.objects.filter(ended_at__isnull=True).count()


@pytest.mark.parametrize("row", ["one.jpg,Ada\n", "one.jpg,ADA\n", "one.jpg,Somebody Else\n", "one.jpg,\n"])
def test_the_same_photograph_again(taken_in: House, row: str) -> None:
    """Under the same label, another spelling, another label, or none: the place in the photograph is known again."""
    assert enrolled() == 2
    taken_in.act("erase", scope="person", target="Ada", ground="request")
    assert enrolled() == 1
    manifest(taken_in, row + "two.jpg,\n")
    take_in(taken_in)
    assert enrolled() == 1
    assert not models.Face.objects.filter(photograph__path="one.jpg").exists()  # not even where it is
    assert not models.Person.objects.filter(label__in=["Ada", "ADA"]).exists()


def test_other_models_find_the_face_a_little_elsewhere(taken_in: House) -> None:
    taken_in.act("erase", scope="person", target="Ada", ground="request")
    stone = models.Tombstone.objects.get(kind="face")
    x, y, width, height = stone.box
    stone.box = [x + width // 10, y - height // 12, width - width // 10, height + height // 10]
    stone.save()
    models.Photograph.objects.update(extraction="other models", fingerprint="")
    take_in(taken_in)
    assert enrolled() == 1


def test_a_photograph_is_not_even_looked_at(taken_in: House) -> None:
    picture = models.Photograph.objects.get(path="one.jpg")
    taken_in.act("erase", scope="photograph", target=str(picture.pk), ground="request")
    take_in(taken_in)
    assert not models.Photograph.objects.filter(sha256=picture.sha256).exists()
    item = models.IngestItem.objects.filter(path="one.jpg").latest("pk")
    assert (item.state, item.reason, item.photograph) == ("refused", "erased", None)


def test_a_consent_given_since_is_the_newer_word(taken_in: House) -> None:
    taken_in.act("erase", scope="person", target="Ada", ground="request")
    taken_in.act(
        "source-add", name="consented", gallery="people", basis="consent", purposes=["missing-person"],
        jurisdiction="CA", evidence="Forms", location=str(taken_in.workspace.directory.parent / "pictures"),
        holder="The archive", contact="x@example.org", notice="At the door.",
    )  # fmt: skip
    taken_in.person("Ada", given_at="2026-11-01")  # dated before the erasure: worth nothing
    take_in(taken_in, source="consented")
    assert models.Reference.objects.filter(face__person__label="Ada").count() == 0
    taken_in.act("consent-withdraw", person="Ada")
    taken_in.clock.move(timedelta(hours=1))
    taken_in.act(
        "consent-record",
        person="Ada",
        gallery="people",
        purposes=["missing-person"],
        notice_text="Again, yes.",
    )
    take_in(taken_in, source="consented")
    assert models.Reference.objects.filter(face__person__label="Ada", ended_at__isnull=True).count() == 1


@pytest.mark.parametrize("scope", ["person", "photograph", "source", "jurisdiction"])
def test_out_of_a_backup(taken_in: House, tmp_path: Path, scope: str) -> None:
    house = taken_in
    request = house.operator.sign(workspace_id=house.id, act="backup", params={}, at=house.clock())
    backup(house.workspace, request, tmp_path / "backup")
    target = {
        "person": "Ada",
        "photograph": str(models.Photograph.objects.get(path="one.jpg").pk),
        "source": "pictures",
        "jurisdiction": "CA",
    }[scope]
    faces = set(models.Face.objects.filter(photograph__path="one.jpg").values_list("pk", flat=True))
    record = house.act("erase", scope=scope, target=target, ground="request")
    if "proposal" in record:
        house.act("approve", house.deputy, proposal=record["proposal"])
    finish(house.workspace)
    left, stones = enrolled(), models.Tombstone.objects.count()
    house.workspace.checkpoint()
    with open_reading() as tx:
        house.workspace.log.export(tx, tmp_path / "log", payloads=True)
    vkey = house.workspace.log.vkey
    restore(tmp_path / "backup", tmp_path / "restored", log=tmp_path / "log", clock=house.clock)
    with Workspace.open(tmp_path / "restored", clock=house.clock) as restored:
        assert enrolled() == left
        assert not faces & set(restored.vault.record_ids())
        assert [row.state for row in models.Erasure.objects.all()] == ["done"]
        assert models.Tombstone.objects.count() == stones
        assert not models.Person.objects.filter(label="Ada").exists() or scope in {"photograph", "source"}
        with open_reading() as tx:
            restored.log.export(tx, tmp_path / "again", payloads=True)
    assert verify_export(tmp_path / "again", vkey, (tmp_path / "log" / "checkpoint").read_bytes()).ok
