"""Frames of a burst of somebody unlabelled take one place on the list; other photographs, sources and days do not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from house import House, photograph
from PIL import Image, ImageEnhance

from countenance.ingest.path import ingest
from countenance.ingest.values import Tuning
from countenance.records import models
from countenance.search.values import Candidate, LoggedCandidates

FRAMES = {"frame-1.jpg": 1.0, "frame-2.jpg": 1.1, "frame-3.jpg": 0.92}


def _frame(name: str, brightness: float) -> bytes:
    with Image.open(io.BytesIO(photograph("P001", name))) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((500, 500))
    out = io.BytesIO()
    ImageEnhance.Brightness(picture).enhance(brightness).save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture
def archive(sqlite_house: House) -> House:
    """A source of unlabelled faces: three frames of one moment, and another photograph of the same person."""
    folder = sqlite_house.workspace.directory.parent / "unlabelled"
    folder.mkdir()
    for name, brightness in FRAMES.items():
        (folder / name).write_bytes(_frame("studio_portrait", brightness))
    (folder / "other.jpg").write_bytes(_frame("studio_posture", 1.0))
    _take_in(sqlite_house, "unlabelled", folder)
    return sqlite_house


def _take_in(house: House, source: str, folder: Path) -> None:
    house.act(
        "source-add", name=source, gallery="people", basis="public-task", purposes=["missing-person"],
        jurisdiction="CA", evidence="Archives Act", permits_unlabelled=True, location=str(folder),
        holder="The archive", contact="x@example.org", notice="At the door.",
    )  # fmt: skip
    request = house.operator.sign(
        workspace_id=house.id, act="ingest", at=house.clock(), params={"source": source, "workers": 1}
    )
    ingest(house.workspace, request, tuning=Tuning(batch_photographs=4, batch_seconds=0.2, shard_items=4))


def _found(house: House) -> dict[str, Candidate]:
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates), answer
    assert [each.rank for each in answer.candidates] == list(range(1, len(answer.candidates) + 1))
    return {each.photo: each for each in answer.candidates}


def test_the_best_frame_stands_for_the_burst(archive: House) -> None:
    found = _found(archive)
    (frame,) = FRAMES.keys() & found.keys()
    assert found[frame].frames == len(FRAMES)
    assert found["other.jpg"].frames == 1
    assert models.Candidate.objects.count() == len(found) == 2


def test_another_day_is_another_place(archive: House) -> None:
    models.Photograph.objects.filter(path="frame-2.jpg").update(captured_at="1998-07")
    found = _found(archive)
    assert found["frame-2.jpg"].frames == 1
    (frame,) = FRAMES.keys() & found.keys() - {"frame-2.jpg"}
    assert found[frame].frames == 2


def test_another_source_is_another_place(archive: House) -> None:
    folder = archive.workspace.directory.parent / "elsewhere"
    folder.mkdir()
    (folder / "copy.jpg").write_bytes(_frame("studio_portrait", 1.04))
    _take_in(archive, "elsewhere", folder)
    found = _found(archive)
    assert found["copy.jpg"].frames == 1
    assert sum(each.frames for each in found.values()) == len(FRAMES) + 2


def test_who_is_labelled_is_one_candidate_anyway(archive: House) -> None:
    receipt = archive.person("P001")
    for brightness in FRAMES.values():
        archive.enrol(receipt, _frame("studio_portrait", brightness))
    (labelled,) = [each for each in _found(archive).values() if each.person == "P001"]
    assert (labelled.references, labelled.frames) == (len(FRAMES), 1)
