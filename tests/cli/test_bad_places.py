"""A disk that is full or may not be written, under every command: a named outcome, and nothing lost or half-written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpeople
import pytest
from cli_program import Program, Run

from countenance.cli.table import TABLE

SELFIE = Path(openpeople.__file__).parent / "data" / "curated" / "P001" / "assets" / "amateur_selfie.jpg"
CHLOE = ("--as", "chloe", "--keys", "keys")
BODY = ("--on-behalf-of", "P", "--on-behalf-of-jurisdiction", "CA-ON")
CASE = "CASE"  # stands for the code of the open case

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("init", "--workspace", "other", "--operator", "x", "--jurisdiction", "CA"),
    ("status",),
    ("client", "add", "x", "--jurisdiction", "CA", "--purpose", "missing-person"),
    ("client", "list"),
    ("account", "add", "zoe", "--role", "auditor", "--key-to", "keys"),
    ("gallery", "suspend", "missing", "--reason", "x"),
    ("source", "list"),
    ("person", "add", "x"),
    ("plan", "albums"),
    ("ingest", "albums"),
    (*("case", "open", "--purpose", "missing-person", "--reference", "2"), *BODY, *CHLOE),
    ("search", CASE, "probe.jpg", *CHLOE),
    ("search", CASE, "probe.jpg", "--sheet", "sheet.html", *CHLOE),
    ("log", "checkpoint"),
    ("log", "verify"),
    ("log", "prove", "2", "--out", "two.proof"),
    ("log", "export", "export"),
    ("policy", "trust", "counsel", "0f" * 32),
    ("gallery", "describe", "missing", "--field", "contact", "x"),
    ("approve", "P-0000-0000"),
    ("backup", "backup"),
    ("searcher",),
    ("lock", "set", "--kind", "search", "--place", "CA-QC", "--reason", "x"),
    ("authority", "list"),
    ("inquiry", "list"),
    ("order", "list"),
    ("sample", "list"),
    ("misuse", "list"),
    ("request", "list"),
    ("yearly", "--year", "2026", "--to", "yearly"),
    ("erase", "--plan", "--jurisdiction", "CA-QC"),
    ("review", "list"),
    ("report", CASE, *CHLOE),
    ("suppression", "status"),
    ("retention", "list"),
    ("hold", "list"),
    ("purge", "--plan"),
    ("assessment", "list"),
    ("evaluation", "list"),
    ("operating-point", "list"),
    ("breach", "probe.jpg", "--reference", "x"),
    ("token", "make", "x", "--purpose", "missing-person"),
    ("webhook", "list"),
    ("provider", "list"),
)
ELSEWHERE = {
    "demo": "makes a folder of its own",
    "doctor": "reports, and has a test below",
    "models": "does not look at the workspace",
    "restore": "makes a new workspace, as init does",
    "completion": "writes nothing",
    "bench": "measures in a folder of its own",
    "cluster": "keeps a folder of its own, outside the workspace",
    "evaluate": "opens no workspace",
    "serve": "runs until it is stopped; tests/web",
    "invite": "writes a row of its own tables; tests/web",
}


class Disk:
    """A small file system of its own with a founded workspace on it; the program runs in its root."""

    def __init__(self, folder: Path, program: Program) -> None:
        self.folder, self.program = folder, program
        self.case = str(program.good("case", "list")["cases"][0]["case"])

    def __call__(self, *words: str) -> Run:
        return self.program(*(self.case if word == CASE else word for word in words), "--json")

    def read_only(self, on: bool) -> None:
        subprocess.run(["mount", "-o", f"remount,{'ro' if on else 'rw'}", str(self.folder)], check=True)

    def fill(self, room: int) -> None:
        """Leave `room` bytes, in whole pages."""
        self.free()
        with (self.folder / "filler").open("wb") as stream:
            left = shutil.disk_usage(self.folder).free - room
            os.posix_fallocate(stream.fileno(), 0, left - left % 4096)

    def free(self) -> None:
        (self.folder / "filler").unlink(missing_ok=True)

    def files(self) -> set[str]:
        """Without those that SQLite makes and removes as it goes, and the lock that a searcher leaves."""
        names = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}
        return {name for name in names if not name.endswith(("-wal", "-shm", "searcher.lock"))}

    def keys(self) -> int:
        """Records that the vault holds a key for."""
        return self._count("keys/keys.sqlite3", "data_key")

    def probes(self) -> int:
        return self._count("database.sqlite3", "records_probe")

    def _count(self, database: str, table: str) -> int:
        connection = sqlite3.connect(self.folder / "countenance-workspace" / database)
        try:
            return int(connection.execute(f"select count(*) from {table}").fetchone()[0])
        finally:
            connection.close()


@pytest.fixture
def disk(founded: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    shutil.copy(SELFIE, tmp_path / "pictures" / "a.jpg")
    founded.good(
        *("case", "open", "--purpose", "missing-person", "--reference", "1", "--on-behalf-of", "P"),
        *("--on-behalf-of-jurisdiction", "CA-ON", *CHLOE),
    )
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        for name in ("countenance-workspace", "keys"):
            shutil.copytree(tmp_path / name, folder / name)
        shutil.copy(SELFIE, folder / "probe.jpg")
        monkeypatch.chdir(folder)
        yield Disk(folder, Program(folder, founded._capsys))
    finally:
        monkeypatch.chdir(tmp_path)
        subprocess.run(["umount", "-l", str(folder)], check=False)


def error_of(run: Run) -> Any:
    assert run.code == 5, run
    error = run.json["error"]
    assert error["message"]
    assert error["remedy"]
    return error


def test_every_command_is_tried() -> None:
    assert {words[0] for words in COMMANDS} | set(ELSEWHERE) == set(TABLE)


def test_a_read_only_workspace(disk: Disk) -> None:
    before = disk.files()
    disk.read_only(True)
    said = {" ".join(words): error_of(disk(*words))["code"] for words in COMMANDS}
    wrong = {
        words: code
        for words, code in said.items()
        if code not in {"read-only", "storage-failed", "workspace-not-writable", "account-key-not-written"}
    }
    assert wrong == {}
    doctor = disk("doctor")
    assert doctor.code == 1
    assert "read-only" in {check["code"] for check in doctor.json["checks"]}
    disk.read_only(False)
    assert disk.files() == before
    assert disk("search", CASE, "probe.jpg", *CHLOE).code == 0
    assert disk("doctor").code in {0, 1}
    assert disk("log", "verify").json["verified"]


def test_a_disk_without_any_room(disk: Disk) -> None:
    before, size = disk.files(), disk("log", "verify").json["size"]
    disk.fill(0)
    said = {" ".join(words): error_of(disk(*words))["code"] for words in COMMANDS}
    assert {words: code for words, code in said.items() if code != "disk-full"} == {}
    doctor = disk("doctor")
    assert doctor.code == 1
    assert "disk-full" in {check["code"] for check in doctor.json["checks"]}
    disk.free()
    assert disk.files() == before
    verified = disk("log", "verify").json
    assert (verified["verified"], verified["size"]) == (True, size)


@pytest.mark.parametrize("words", [COMMANDS[11], COMMANDS[2], COMMANDS[4], COMMANDS[0]], ids=" ".join)
def test_a_disk_that_becomes_full_on_the_way(disk: Disk, words: tuple[str, ...]) -> None:
    """From no room to plenty in small steps: each time it is done whole, or refused by name and nothing is left."""
    ends = set()
    failed = 0
    for room in range(0, 4000, 200):
        before = disk.files()
        entries = disk("log", "verify").json["size"]
        disk.fill(room << 10)
        run = disk(*words)
        disk.free()
        if run.code:
            assert error_of(run)["code"] == "disk-full", (room, run)
            assert disk.files() == before, room
            failed += 1
        verified = disk("log", "verify").json
        assert verified["verified"], (room, verified)
        # A key for each probe that is kept. Destroying a key takes room too: one that opens nothing may stay behind.
        assert 0 <= disk.keys() - disk.probes() <= failed, room
        assert (verified["size"] == entries) == (run.code != 0 or words[0] == "init"), (room, run)
        ends.add(run.code)
        if run.code == 0 and words[0] != "search":
            break
    assert ends == {0, 5}
