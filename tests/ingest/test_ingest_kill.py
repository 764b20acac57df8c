"""kill -9 at any moment, then resume: the same rows, the same templates byte for byte, and a sound log throughout."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ingest_setup import Desk, collage
from PIL import Image

from countenance.index.head import template_part
from countenance.records.identity import AccountKey
from countenance.records.models import Face, IngestItem, IngestRun, IngestShard, Photograph, Reference
from countenance.records.workspace import Workspace
from countenance.vault.vault import Sealed

SCRIPT = Path(__file__).with_name("ingest_once.py")


@pytest.fixture
def album(archive: Desk, portraits: dict[str, bytes]) -> Desk:
    """Twenty-odd files: faces, several faces, none, duplicates, and no pictures at all."""
    for number in range(12):
        picture = Image.open(io.BytesIO(portraits[f"P{1 + number % 6:03}"])).convert("RGB")
        stream = io.BytesIO()
        picture.resize((200 + number, 200)).save(stream, "JPEG", quality=85)
        archive.put(f"{number:02}.jpg", stream.getvalue())
    archive.put("20.jpg", (archive.photos / "03.jpg").read_bytes())
    archive.put("21.jpg", collage(portraits, "P001", "P005", "P006"))
    archive.put("22.jpg", b"text, renamed")
    archive.put("23.jpg", (archive.photos / "21.jpg").read_bytes())
    archive.put("24.jpg", portraits["P002"][:3000])
    stream = io.BytesIO()
    Image.new("RGB", (80, 80), "blue").save(stream, "PNG")
    archive.put("25.png", stream.getvalue())
    archive.workspace.close()
    return archive


def start(directory: Path, *, workers: int = 2) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), str(directory), "archive", str(workers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finish(directory: Path) -> float:
    """Run to the end; returns its seconds."""
    begun = time.monotonic()
    process = start(directory)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return time.monotonic() - begun


def contents(directory: Path) -> dict[str, Any]:
    """All that an ingest makes, without the ids that are random."""
    with Workspace.open(directory) as workspace:
        with workspace.transaction() as (tx, _):
            assert not workspace.log.verify(tx).findings
            rows = tx.execute("select face_id, space_id, sealed from index_template")
        faces = {face.pk: face for face in Face.objects.select_related("photograph")}
        sealed = [
            Sealed(record_id=face, part=template_part(space), data=data)
            for face, space, data in ((_uuid(face), str(space), data) for face, space, data in rows)
            if isinstance(data, bytes)
        ]
        templates = {
            (faces[item.record_id].photograph.sha256, faces[item.record_id].number): data
            for item, data in zip(sealed, workspace.vault.unseal(sealed), strict=True)
        }
        crops = {
            (face.photograph.sha256, face.number): workspace.vault.unseal(
                [Sealed(record_id=face.pk, part="crop", data=workspace.media.get(face.crop))]
            )[0]
            for face in faces.values()
            if face.crop
        }
        assert set(workspace.vault.record_ids()) == {face.pk for face in faces.values() if face.crop}
        assert sorted(workspace.media.names()) == sorted(face.crop for face in faces.values() if face.crop)
        names = [
            field.name
            for field in Photograph._meta.concrete_fields
            if field.name not in {"id", "ingested_at"}
        ]
        values = [
            field.name
            for field in Face._meta.concrete_fields
            if field.name not in {"id", "photograph", "crop"}
        ]
        return {
            "photographs": sorted(Photograph.objects.values_list(*names), key=str),
            "faces": sorted(Face.objects.values_list("photograph__path", *values), key=str),
            "references": sorted(
                Reference.objects.values_list(
                    "face__photograph__path", "face__number", "basis", "permission_class", "ended_at"
                ),
                key=str,
            ),
            "items": list(
                IngestItem.objects.filter(run=IngestRun.objects.latest("started_at"))
                .order_by("position")
                .values_list("path", "state", "reason", "photograph__path")
            ),
            "templates": templates,
            "crops": crops,
        }


def _uuid(text: object) -> Any:
    import uuid

    return uuid.UUID(str(text))


def kill_and_resume(
    album: Desk, undisturbed: dict[str, Any], seconds: float, draw: random.Random, at: int
) -> None:
    directory = album.directory.with_name(f"copy-{at}")
    shutil.copytree(album.directory, directory)
    for _ in range(draw.choice([1, 1, 2])):
        process = start(directory)
        time.sleep(draw.uniform(0.0, seconds))
        process.kill()
        process.communicate()
        with Workspace.open(directory) as workspace, workspace.transaction() as (tx, _):
            assert not workspace.log.verify(tx).findings
            keys = set(workspace.vault.record_ids())
            assert set(Face.objects.exclude(crop="").values_list("id", flat=True)) <= keys
    finish(directory)
    assert contents(directory) == undisturbed
    with Workspace.open(directory):
        assert not IngestShard.objects.filter(finished_at__isnull=True).exists()
    shutil.rmtree(directory)


def undisturbed_run(album: Desk) -> tuple[dict[str, Any], float]:
    directory = album.directory.with_name("undisturbed")
    shutil.copytree(album.directory, directory)
    seconds = finish(directory)
    return contents(directory), seconds


def test_killed_at_a_few_moments(album: Desk) -> None:
    undisturbed, seconds = undisturbed_run(album)
    assert len(undisturbed["templates"]) == 15
    assert {state for _, state, _, _ in undisturbed["items"]} == {
        "done",
        "duplicate",
        "unreadable",
        "no-face",
    }
    draw = random.Random(20261101)
    for at in range(4):
        kill_and_resume(album, undisturbed, seconds, draw, at)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_a_hundred_moments(album: Desk) -> None:
    undisturbed, seconds = undisturbed_run(album)
    draw = random.Random(1)
    for at in range(100):
        kill_and_resume(album, undisturbed, seconds, draw, at)


def test_two_processes_at_once_do_nothing_twice(album: Desk) -> None:
    undisturbed, _ = undisturbed_run(album)
    directory = album.directory.with_name("shared")
    shutil.copytree(album.directory, directory)
    first, second = start(directory, workers=1), start(directory, workers=1)
    outputs = [process.communicate(timeout=120)[0] for process in (first, second)]
    assert first.returncode == second.returncode == 0, outputs
    shared = contents(directory)
    # Which of two equal files is the photograph depends here on who was quicker; nothing else does.
    assert shared["templates"] == undisturbed["templates"]
    assert shared["crops"] == undisturbed["crops"]
    assert len(shared["references"]) == len(undisturbed["references"])
    assert sorted(state for _, state, _, _ in shared["items"]) == sorted(
        state for _, state, _, _ in undisturbed["items"]
    )
    assert all("batch" in output for output in outputs)


def test_what_a_killed_process_left_is_swept(album: Desk) -> None:
    from countenance.ingest.journal import Journal, crop_name, sweep_orphans
    from countenance.primitives.ids import new_id
    from countenance.vault.vault import Plain

    with Workspace.open(album.directory) as workspace:
        face = new_id()
        living = Journal(workspace)
        living.begin([face])
        workspace.vault.seal([Plain(record_id=face, part="crop", data=b"x")])
        workspace.media.put(crop_name(face), b"sealed")
        assert sweep_orphans(workspace) == 0  # its owner lives
        assert list(workspace.vault.record_ids()) == [face]
        import os

        os.close(living._descriptor)  # as the system does for a process that is killed
        assert sweep_orphans(workspace) == 1
        assert list(workspace.vault.record_ids()) == []
        assert list(workspace.media.names()) == []
        assert list((album.directory / "run").glob("*.journal")) == []
        key = AccountKey.read(album.directory / "accounts" / "operator.key")
        assert key.account == "operator"
