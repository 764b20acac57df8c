"""The folder of sealed files: whole or not at all, private, inside its own folder."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countenance.primitives.errors import NotFoundError, UnavailableError, UsageError
from countenance.vault.media import FolderMediaStore


@pytest.fixture
def store(tmp_path: Path) -> FolderMediaStore:
    return FolderMediaStore(tmp_path / "media")


def files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


def test_put_get_delete(store: FolderMediaStore) -> None:
    store.put("a-1", b"one")
    store.put("a-1", b"two")
    assert store.get("a-1") == b"two"
    assert store.delete("a-1")
    assert not store.delete("a-1")
    with pytest.raises(NotFoundError) as caught:
        store.get("a-1")
    assert caught.value.code == "no-such-media"


def test_many_at_once(store: FolderMediaStore, tmp_path: Path) -> None:
    items = [(f"crop-{n}", bytes([n % 256]) * n) for n in range(700)]
    store.put_many(items)
    assert sorted(store.names()) == sorted(name for name, _ in items)
    assert all(store.get(name) == data for name, data in items)
    assert store.delete_many([f"crop-{n}" for n in range(699)] + ["not-there"]) == 699
    assert list(store.names()) == ["crop-699"]
    assert len(files(tmp_path)) == 1


def test_files_and_folders_are_private(store: FolderMediaStore, tmp_path: Path) -> None:
    store.put("x", b"data")
    for path in [tmp_path / "media", *(tmp_path / "media").rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "A", "é", "a\x00", "a\n", "x" * 129]
)
def test_bad_names(store: FolderMediaStore, tmp_path: Path, name: str) -> None:
    for act in (lambda: store.put(name, b""), lambda: store.get(name), lambda: store.delete(name)):
        with pytest.raises(UsageError) as caught:
            act()
        assert caught.value.code == "media-name"
    assert files(tmp_path) == []


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=40))
def test_no_name_leaves_the_folder(store: FolderMediaStore, tmp_path: Path, name: str) -> None:
    try:
        path = store._path(name)
    except UsageError:
        return
    assert path.resolve().is_relative_to((tmp_path / "media").resolve())


def test_one_bad_name_keeps_the_whole_batch_out(store: FolderMediaStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        store.put_many([("good", b"x"), ("../bad", b"x")])
    assert files(tmp_path) == []


def test_a_full_disk_leaves_nothing_half_written(store: FolderMediaStore, tmp_path: Path) -> None:
    store.put("kept", b"old")
    # A real limit of the kernel, in a process of its own: writing past it fails as on a full disk.
    script = textwrap.dedent(f"""
        import resource, signal
        from pathlib import Path
        from countenance.vault.media import FolderMediaStore
        from countenance.primitives.errors import UnavailableError
        store = FolderMediaStore(Path({str(tmp_path / "media")!r}))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        try:
            store.put_many([("small", b"x"), ("kept", b"new" * 10_000), ("later", b"x")])
        except UnavailableError as error:
            print(error.code)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "disk-full", done.stderr
    assert [path.name for path in files(tmp_path)] == ["kept"]
    assert store.get("kept") == b"old"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "media").write_bytes(b"a file is in the way")
    with pytest.raises(UnavailableError) as caught:
        FolderMediaStore(tmp_path / "media")
    assert caught.value.code == "storage-failed"


def test_what_a_killed_writer_left_is_swept_when_old(store: FolderMediaStore, tmp_path: Path) -> None:
    store.put("x", b"data")
    (kept,) = files(tmp_path)
    old, young = (kept.with_name(f".y.{n}.tmp") for n in (1, 2))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    assert list(store.names()) == ["x"]
    assert store.sweep_unfinished() == 1
    assert sorted(path.name for path in files(tmp_path)) == sorted(["x", young.name])
