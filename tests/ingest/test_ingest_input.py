"""Bad files, bad places, bad moments: each has a named outcome, and nothing is lost."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ingest_setup import Desk, collage, live_references, states
from PIL import Image

from countenance.ingest.listing import Listed, Picture, Unread, read_picture, walk
from countenance.primitives.errors import UnavailableError, UsageError
from countenance.records.models import Face, IngestItem, IngestRun, Photograph

ODD_NAMES = [b"new\nline.jpg", b"caf\xe9.jpg", b"100%.jpg", b"%41.jpg", "été.jpg".encode(), b"a b.jpg"]


def listed(root: Path) -> dict[bytes, Listed]:
    return {each.path: each for each in walk(os.fsencode(root))}


def test_names_of_any_bytes(archive: Desk, portraits: dict[str, bytes]) -> None:
    for number, name in enumerate(ODD_NAMES, start=1):
        (archive.photos / os.fsdecode(name)).write_bytes(portraits[f"P{number:03}"])
    assert archive.ingest().photographs == {"done": 6}
    assert set(states()) == {"new%0Aline.jpg", "caf%E9.jpg", "100%25.jpg", "%2541.jpg", "été.jpg", "a b.jpg"}
    rows = "".join(f"{path},Person {number}\n" for number, path in enumerate(states()))
    again = archive.ingest(manifest=archive.manifest(f"path,person\n{rows}"))
    assert again.photographs == {"done": 6}
    assert len(live_references()) == 6


def test_links_and_what_is_no_file(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "inner").mkdir(parents=True)
    outside.mkdir()
    (outside / "x.jpg").write_bytes(b"x")
    (root / "inner" / "y.jpg").write_bytes(b"y")
    (root / "loop").symlink_to(root)
    (root / "inner" / "up").symlink_to("..")
    (root / "out").symlink_to(outside)
    (root / "out.jpg").symlink_to(outside / "x.jpg")
    (root / "in.jpg").symlink_to("inner/y.jpg")
    (root / "dangling.jpg").symlink_to("nowhere.jpg")
    (root / "self.jpg").symlink_to("self.jpg")
    (root / ".DS_Store").write_bytes(b"x")
    (root / "Thumbs.db").write_bytes(b"x")
    os.mkfifo(root / "pipe.jpg")
    found = listed(root)
    ends = {path: (each.state, each.reason, each.skipped) for path, each in found.items()}
    refused = ("refused", "link", False)
    assert ends == {
        b".DS_Store": (None, "", True),
        b"Thumbs.db": (None, "", True),
        b"dangling.jpg": refused,
        b"in.jpg": (None, "", False),
        b"inner/up": refused,
        b"inner/y.jpg": (None, "", False),
        b"loop": refused,
        b"out": refused,
        b"out.jpg": refused,
        b"pipe.jpg": ("unreadable", "not-a-file", False),
        b"self.jpg": refused,
    }
    # And again when it is read: the folder may have changed since it was listed.
    base = os.fsencode(root)
    assert read_picture(base, b"out.jpg", max_bytes=10) == Unread(state=refused[0], reason="link")  # type: ignore[arg-type]
    assert isinstance(read_picture(base, b"in.jpg", max_bytes=10), Picture)
    assert read_picture(base, b"pipe.jpg", max_bytes=10).reason == "not-a-file"  # type: ignore[union-attr]
    assert read_picture(base, b"gone.jpg", max_bytes=10).reason == "missing"  # type: ignore[union-attr]
    assert read_picture(base, b"in.jpg", max_bytes=0).reason == "too-many-bytes"  # type: ignore[union-attr]


def test_what_may_not_be_read_is_listed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "closed").mkdir()
    (root / "closed.jpg").write_bytes(b"x")
    (root / "closed" / "in.jpg").write_bytes(b"x")
    (root / "closed").chmod(0)
    (root / "closed.jpg").chmod(0)
    program = (
        "import os, sys\n"
        "from countenance.ingest.listing import read_picture, walk\n"
        "root = os.fsencode(sys.argv[1])\n"
        "list(walk(root))\n"  # imports what it needs before the privilege is gone
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print([(each.path, str(each.state), str(each.reason)) for each in walk(root)])\n"
        "print(read_picture(root, b'closed.jpg', max_bytes=9).reason)\n"
    )
    for folder in [root, *root.parents]:
        if folder.owner() == "root" and folder != Path("/") and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    run = subprocess.run(
        [sys.executable, "-c", program, str(root)], capture_output=True, text=True, check=False
    )
    (root / "closed").chmod(0o700)
    assert (
        run.stdout == "[(b'closed', 'failed', 'not-readable'), (b'closed.jpg', 'None', '')]\nnot-readable\n"
    ), run


def test_every_kind_of_bad_file_has_its_name(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("empty.jpg", b"")
    archive.put("text.jpg", b"hello, I am a text\n" * 9)
    archive.put("cut.jpg", portraits["P001"][:4000])
    archive.put("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>')
    archive.put("paper.pdf", b"%PDF-1.7\n%...")
    bomb = io.BytesIO()
    Image.new("1", (15000, 15000)).save(bomb, "PNG")
    archive.put("bomb.png", bomb.getvalue())
    archive.put("good.jpg", portraits["P001"])
    result = archive.ingest()
    assert result.failed == 0
    assert states() == {
        "empty.jpg": ("unreadable", "empty"),
        "text.jpg": ("unreadable", "not-a-picture"),
        "cut.jpg": ("unreadable", "truncated"),
        "drawing.svg": ("unreadable", "vector"),
        "paper.pdf": ("unreadable", "document"),
        "bomb.png": ("unreadable", "too-many-pixels"),
        "good.jpg": ("done", ""),
    }
    assert len(archive.items()) == 6


def test_a_source_that_is_not_there_or_suddenly_empty(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.ingest()
    away = archive.photos.with_name("away")
    archive.photos.rename(away)
    with pytest.raises(UnavailableError) as gone:
        archive.ingest()
    assert gone.value.code == "source-gone"
    assert str(archive.photos) in str(gone.value)
    archive.photos.mkdir()
    with pytest.raises(UnavailableError) as empty:
        archive.ingest()
    assert empty.value.code == "source-empty"
    assert len(live_references()) == 1
    archive.photos.rmdir()
    away.rename(archive.photos)
    assert archive.ingest().photographs == {"done": 1}


def test_a_source_that_goes_away_in_the_middle(archive: Desk, portraits: dict[str, bytes]) -> None:
    for number in range(40):
        archive.put(f"{number:02}.jpg", _other(portraits["P001"], number))
    away = archive.photos.with_name("away")

    def unmount(_: object) -> None:
        if not away.exists():
            archive.photos.rename(away)
            archive.photos.mkdir()  # as an empty mount point is

    with pytest.raises(UnavailableError) as gone:
        archive.ingest(progress=unmount)
    assert gone.value.code == "source-gone"
    assert not IngestItem.objects.filter(state="failed").exists()
    assert IngestItem.objects.filter(state="pending").exists()
    archive.photos.rmdir()
    away.rename(archive.photos)
    assert archive.ingest().photographs == {"done": 40}
    assert IngestRun.objects.count() == 1


def test_a_file_that_goes_away_fails_and_is_retried(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.put("b.jpg", portraits["P002"])
    manifest = archive.manifest("path\na.jpg\nb.jpg\nc.jpg\n")
    result = archive.ingest(manifest=manifest)
    assert result.photographs == {"done": 2, "failed": 1}
    assert result.failed == 1
    assert [(report.path, report.state, report.reason) for report in archive.items()] == [
        ("c.jpg", "failed", "missing")
    ]
    archive.put("c.jpg", portraits["P003"])
    retried = archive.ingest(retry_failed=True)
    assert retried.run == result.run
    assert retried.photographs == {"done": 3}
    assert not retried.stopped


def test_a_killed_worker_costs_nothing(archive: Desk, portraits: dict[str, bytes]) -> None:
    for number in range(20):
        archive.put(f"{number:02}.jpg", _other(portraits["P001"], number))
    killed = []

    def kill(_: object) -> None:
        if not killed:
            killed.extend(_children())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    assert archive.ingest(progress=kill).photographs == {"done": 20}
    assert killed


def test_a_photograph_that_kills_its_worker_each_time_fails_by_name(
    archive: Desk, portraits: dict[str, bytes]
) -> None:
    from dataclasses import replace

    settings = archive.workspace.settings
    limits = replace(settings.extraction, timeout_seconds=0.02)
    archive.workspace.settings = replace(settings, extraction=limits)
    archive.put("slow.jpg", collage(portraits, *portraits, *portraits))
    result = archive.ingest()
    assert result.photographs == {"failed": 1}
    assert archive.items()[0].reason in {"timeout", "worker-killed"}
    assert Photograph.objects.count() == 0
    archive.workspace.settings = settings
    assert archive.ingest(retry_failed=True).photographs == {"done": 1}


@pytest.fixture
def small_disk(tmp_path: Path) -> Callable[[str], Path]:
    """Mounts a small file system of its own for the workspace; where that is not allowed the test is skipped."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("mounting is not allowed here")
        mounted.append(folder)
        return folder

    yield mount  # type: ignore[misc]
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def _moved(archive: Desk, disk: Path) -> Path:
    archive.workspace.close()
    target = disk / "workspace"
    shutil.copytree(archive.directory, target)
    return target


def _run(directory: Path) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).with_name("ingest_once.py")
    command = [sys.executable, str(script), str(directory), "archive", "1"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_full_disk_stops_cleanly(
    archive: Desk, portraits: dict[str, bytes], small_disk: Callable[[str], Path]
) -> None:
    from countenance.records.workspace import Workspace

    for number in range(60):
        archive.put(f"{number:02}.jpg", _other(portraits["P001"], number))
    disk = small_disk("size=64m")
    directory = _moved(archive, disk)
    filler = disk / "filler"
    room = shutil.disk_usage(disk).free
    filler.write_bytes(b"\0" * (room - 700_000))
    stopped = _run(directory)
    assert stopped.returncode == 5, stopped
    assert '"disk-full"' in stopped.stdout
    filler.unlink()
    with Workspace.open(directory) as workspace:
        with workspace.transaction() as (tx, _):
            assert not workspace.log.verify(tx).findings
        faces = set(Face.objects.exclude(crop="").values_list("id", flat=True))
        assert faces <= set(workspace.vault.record_ids())
        assert 0 < Photograph.objects.count() < 60
    assert _run(directory).returncode == 0
    with Workspace.open(directory) as workspace:
        assert Photograph.objects.filter(state="done").count() == 60
        faces = set(Face.objects.values_list("id", flat=True))
        assert set(workspace.vault.record_ids()) == faces


def test_a_read_only_workspace(
    archive: Desk, portraits: dict[str, bytes], small_disk: Callable[[str], Path]
) -> None:
    archive.put("a.jpg", portraits["P001"])
    disk = small_disk("size=64m")
    directory = _moved(archive, disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    stopped = _run(directory)
    assert "Traceback" not in stopped.stderr, stopped.stderr
    assert stopped.returncode == 5
    assert '"error"' in stopped.stdout


def test_a_damaged_model_cache_is_mended(
    archive: Desk, portraits: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from countenance.extraction.pack import default_cache

    cache = tmp_path / "cache"
    shutil.copytree(default_cache() / "models", cache / "models")
    for file in cache.rglob("*.onnx"):
        file.write_bytes(file.read_bytes()[:-10] + b"0123456789")
    monkeypatch.setenv("COUNTENANCE_CACHE", str(cache))
    archive.put("a.jpg", portraits["P001"])
    assert archive.ingest().photographs == {"done": 1}


def test_options_that_contradict_each_other(archive: Desk) -> None:
    with pytest.raises(UsageError):
        archive.ingest(retry_failed=True, restart=True)
    with pytest.raises(UsageError):
        archive.ingest(workers=0)
    with pytest.raises(UsageError):
        archive.ingest(detail="extreme")


def _children() -> list[int]:
    """Extraction workers that this process started."""
    own = os.getpid()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(status[1]) == own and b"extraction.worker" in command:
                found.append(int(entry.name))
    return found


def _other(data: bytes, number: int) -> bytes:
    """The same face in other bytes."""
    picture = Image.open(io.BytesIO(data)).convert("RGB").resize((160, 160))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85, comment=str(number).encode())
    return stream.getvalue()
