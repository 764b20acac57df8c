"""A leak, person by person: each kind of file says of whom records lay there, and of nobody else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from house import House, photograph

from countenance.oversight.breach import report
from countenance.primitives.errors import NotFoundError, RefusedError, UsageError
from countenance.records import models
from countenance.records.erasing.steps import finish


@pytest.fixture
def filled(sqlite_house: House) -> House:
    sqlite_house.enrol(sqlite_house.person("one"), photograph("P001"))
    sqlite_house.enrol(sqlite_house.person("two"), photograph("P002"))
    sqlite_house.search(photograph("P001", "amateur_selfie"))
    return sqlite_house


def leaked(house: House, *files: Path, key: Any = None) -> Any:
    signed = (key or house.operator).sign(
        workspace_id=house.id, act="breach-report", at=house.clock(), params={"reference": "2026-3"}
    )
    return report(house.workspace, signed, files).record


def people(record: Any) -> dict[str | None, int]:
    return {row["person"]: row["faces"] for row in record["people"]}


def crop_of(house: House, label: str, to: Path) -> Path:
    face = models.Face.objects.get(person__label=label)
    (to / face.crop).write_bytes(house.workspace.media.get(face.crop))
    return to / face.crop


def test_one_sealed_picture_is_one_person(filled: House, tmp_path: Path) -> None:
    record = leaked(filled, crop_of(filled, "one", tmp_path))
    assert people(record) == {"one": 1}
    assert record["people"][0]["readable"] == 1
    assert record["probes"] == 0
    assert filled.events()[-1] == "breach-reported"


def test_an_erased_person_is_unreadable_there(filled: House, tmp_path: Path) -> None:
    """Their ids resolve to nothing any more; those of a withdrawn one do, and the key is gone."""
    crop = crop_of(filled, "one", tmp_path)
    filled.act("consent-withdraw", person="one")
    (row,) = leaked(filled, crop)["people"]
    assert (row["person"], row["readable"]) == ("one", 0)
    filled.act("erase", scope="person", target="one", ground="x")
    finish(filled.workspace)
    assert people(leaked(filled, crop)) == {}


@pytest.mark.parametrize("name", ["keys", "database.sqlite3", "media"])
def test_keys_database_and_media_name_everybody(filled: House, tmp_path: Path, name: str) -> None:
    place = filled.workspace.directory / name
    filled.workspace.checkpoint()
    copy = tmp_path / "leak" / name
    copy.parent.mkdir()
    if place.is_dir():
        shutil.copytree(place, copy)
    else:
        from countenance.records.database import copy_sqlite

        copy_sqlite(place, copy)
    record = leaked(filled, copy.parent)
    assert people(record) == {"one": 1, "two": 1}
    assert (record["probes"], record["cases"]) == (1, [filled.case])


def test_a_segment_counts_for_its_whole_gallery(filled: House, tmp_path: Path) -> None:
    filled.workspace.keep_index(seal_rows=1)
    (segment,) = list(filled.workspace.segments.names())
    (tmp_path / segment).write_bytes(filled.workspace.segments.get(segment))
    record = leaked(filled, tmp_path / segment)
    assert (people(record), record["segments"]) == ({"one": 1, "two": 1}, 1)


def test_other_bytes_are_nobody(filled: House, tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(os.urandom(300_000))
    (tmp_path / "empty").write_bytes(b"")
    assert people(leaked(filled, tmp_path / "noise", tmp_path / "empty")) == {}
    # an id at an odd place is found all the same
    face = models.Face.objects.get(person__label="two").pk
    (tmp_path / "odd").write_bytes(os.urandom(4_099) + face.bytes + os.urandom(77))
    assert people(leaked(filled, tmp_path / "odd")) == {"two": 1}


def test_who_may_and_what_it_takes(filled: House, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        leaked(filled, tmp_path / "none")
    with pytest.raises(RefusedError):
        leaked(filled, crop_of(filled, "one", tmp_path), key=filled.caseworker)
    with pytest.raises(UsageError):
        filled.act("breach-report", reference="x")
