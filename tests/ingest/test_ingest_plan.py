"""A plan is worth something: what it says is near what the ingest then takes. And the progress says when it ends."""

from __future__ import annotations

import io

import pytest
from ingest_setup import PEOPLE, Desk, collage, face_states, live_references
from PIL import Image

from countenance.ingest.planning import plan
from countenance.ingest.values import Plan, Stage


def _fill(desk: Desk, people: int) -> None:
    for person in sorted(PEOPLE.iterdir())[:people]:
        for picture in sorted(person.glob("assets/*.jpg")):
            desk.put(f"{person.name}-{picture.name}", picture.read_bytes())


def _used(desk: Desk) -> int:
    with desk.workspace.transaction() as (tx, _):
        del tx
    from countenance.records.database import truncate_wal

    truncate_wal()
    return sum(path.stat().st_size for path in desk.directory.rglob("*") if path.is_file())


def _planned(desk: Desk, **params: object) -> Plan:
    return plan(desk.workspace, desk.sign("ingest", **{"source": "archive", "workers": 1, **params}))


def test_faces_and_disk_are_as_planned(archive: Desk) -> None:
    _fill(archive, 3)
    planned = _planned(archive)
    before = _used(archive)
    result = archive.ingest()
    faces = sum(result.faces.values())
    assert faces / 1.5 <= planned.faces <= faces * 1.5
    assert planned.files == sum(result.photographs.values())
    grown = _used(archive) - before
    assert planned.disk_bytes / 2 <= grown <= planned.disk_bytes * 2


@pytest.mark.slow
def test_time_is_as_planned(archive: Desk) -> None:
    """Slow because it means nothing on a machine that is busy with other tests."""
    _fill(archive, 10)
    planned = _planned(archive, workers=2)
    result = archive.ingest(workers=2)
    assert planned.seconds / 2 <= result.seconds <= planned.seconds * 2


def test_full_detail_is_priced_higher_where_pictures_are_large(archive: Desk) -> None:
    picture = Image.new("RGB", (5000, 4000), "grey")
    with Image.open(PEOPLE / "P001" / "assets" / "studio_portrait.jpg") as face:
        picture.paste(face.resize((300, 400)), (2000, 1500))
    stream = io.BytesIO()
    picture.save(stream, "JPEG")
    archive.put("group.jpg", stream.getvalue())
    standard, full = _planned(archive), _planned(archive, detail="full")
    assert standard.seconds_full > 1.5 * standard.seconds
    assert full.seconds == pytest.approx(full.seconds_full)


def test_progress_says_rate_rest_and_bottleneck(archive: Desk, portraits: dict[str, bytes]) -> None:
    for number in range(24):
        archive.put(f"{number:02}.jpg", portraits["P001"][:-2] + bytes([number, 0xFF, 0xD9]))
    archive.ingest()
    under_way = [each for each in archive.progress if 0 < each.finished < each.total]
    assert under_way
    for each in under_way:
        assert each.total == 24
        assert each.rate > 0
        assert each.eta_seconds is not None
        assert each.eta_seconds == pytest.approx((each.total - each.finished) / each.rate, rel=0.01)
        assert each.bottleneck in set(Stage)
    assert archive.progress[-1].finished == 24


def test_the_largest_face_is_never_taken_by_guess(archive: Desk, portraits: dict[str, bytes]) -> None:
    """One face fills the picture, another stands small beside it: the label belongs to neither."""
    canvas = Image.new("RGB", (900, 640), (128, 128, 128))
    canvas.paste(Image.open(io.BytesIO(portraits["P004"])).resize((640, 640)), (0, 0))
    canvas.paste(Image.open(io.BytesIO(portraits["P005"])).resize((128, 128)), (720, 300))
    stream = io.BytesIO()
    canvas.save(stream, "JPEG", quality=92)
    archive.put("two.jpg", stream.getvalue())
    archive.put("one.jpg", portraits["P006"])
    archive.put("three.jpg", collage(portraits, "P001", "P002", "P003"))
    archive.ingest(manifest=archive.manifest("path,person\ntwo.jpg,Ada\none.jpg,Ben\nthree.jpg,\n"))
    ends = {(path, state, reason) for path, _, state, reason in face_states()}
    assert ends == {
        ("two.jpg", "held", "which-face"),
        ("one.jpg", "enrolled", ""),
        ("three.jpg", "enrolled", ""),
    }
    assert len([face for face in face_states() if face[0] == "two.jpg"]) == 2
    labels = {
        reference.face.person.label if reference.face.person else None for reference in live_references()
    }
    assert labels == {"Ben", None}
