"""Exports: whole or resumed, never mixed with another log's, and only what may be shown."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tlog_helpers import KEY, ORIGIN, entries, entry, flip_entry, later

from countenance.primitives.errors import ConflictError, IntegrityError, UnavailableError
from countenance.primitives.sql import open_sqlite, sqlite_transaction
from countenance.tlog import export as module
from countenance.tlog.log import Log
from countenance.tlog.schema import schema
from countenance.tlog.verifier import verify_export


def files(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def grow(log: Log, connection: sqlite3.Connection, start: int, end: int) -> None:
    with sqlite_transaction(connection) as tx:
        log.append(tx, entries(start, end))
        log.sign_checkpoint(tx, later(end))


def test_an_export_grows_with_the_log(log: Log, sqlite: sqlite3.Connection, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    for start, end in ((0, 3), (3, 255), (255, 256), (256, 600), (600, 1100)):
        grow(log, sqlite, start, end)
        with sqlite_transaction(sqlite) as tx:
            report = log.export(tx, folder)
        assert (report.size, report.payloads) == (end, 0)
        verdict = verify_export(folder, log.vkey)
        assert verdict.ok, verdict.text()
        assert verdict.size == end
    assert not (folder / "tile/0/000.p").exists()
    assert not (folder / "payload").exists()
    with sqlite_transaction(sqlite) as tx:
        again = log.export(tx, folder)
        fresh = log.export(tx, tmp_path / "fresh")
    assert (again.written, again.kept) == (0, fresh.written)
    assert files(tmp_path / "fresh").items() <= files(folder).items()


def test_an_export_without_payloads_shows_nothing_of_the_details(
    log: Log, sqlite: sqlite3.Connection, tmp_path: Path
) -> None:
    with sqlite_transaction(sqlite) as tx:
        log.append(tx, [entry(0, details={"person": "planted-person"})])
        log.sign_checkpoint(tx, later(1))
        log.export(tx, tmp_path / "public")
        log.export(tx, tmp_path / "authority", payloads=True)
    assert b"planted" not in b"".join(files(tmp_path / "public").values())
    assert b"planted" in b"".join(files(tmp_path / "authority").values())
    assert (tmp_path / "authority/payload/000.jsonl").stat().st_mode & 0o777 == 0o600


def test_what_is_forgotten_leaves_the_next_export_and_every_file_stays_valid(
    log: Log, sqlite: sqlite3.Connection, tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    grow(log, sqlite, 0, 300)
    with sqlite_transaction(sqlite) as tx:
        log.export(tx, folder, payloads=True)
    before = files(folder)
    with sqlite_transaction(sqlite) as tx:
        log.forget(tx, [5, *range(256, 300)])
        assert log.export(tx, folder, payloads=True).payloads == 255
    after = files(folder)
    assert verify_export(folder, log.vkey).ok
    assert "payload/001.jsonl" not in after
    assert b"C-5\\" not in after["payload/000.jsonl"]
    assert {k: v for k, v in before.items() if "payload" not in k} == {
        k: v for k, v in after.items() if "payload" not in k
    }


def test_an_export_cut_short_still_holds_its_old_checkpoint_and_is_resumed(
    log: Log, sqlite: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "export"
    grow(log, sqlite, 0, 300)
    with sqlite_transaction(sqlite) as tx:
        log.export(tx, folder)
    grow(log, sqlite, 300, 1100)
    real = module.write_atomically
    stop, report = 0, None
    while report is None:
        stop += 1
        calls = itertools.count(1)

        def failing(
            path: Path, data: bytes, *, mode: int = 0o600, stop: int = stop, calls: Iterator[int] = calls
        ) -> None:
            if next(calls) == stop:
                raise OSError(28, "No space left on device")
            real(path, data, mode=mode)

        monkeypatch.setattr(module, "write_atomically", failing)
        with contextlib.suppress(UnavailableError), sqlite_transaction(sqlite) as tx:
            report = log.export(tx, folder)
        verdict = verify_export(folder, log.vkey)
        assert verdict.ok, verdict.text()
        assert verdict.size == (300 if report is None else 1100)
    assert stop > 4  # each attempt wrote some files that the next one kept


def test_a_full_disk_is_named(
    log: Log, sqlite: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    grow(log, sqlite, 0, 3)
    monkeypatch.setattr(module, "write_atomically", full)
    with pytest.raises(UnavailableError, match="No space left") as caught, sqlite_transaction(sqlite) as tx:
        log.export(tx, tmp_path / "export")
    assert caught.value.remedy is not None


def test_no_checkpoint_no_export(log: Log, sqlite: sqlite3.Connection, tmp_path: Path) -> None:
    with sqlite_transaction(sqlite) as tx:
        log.append(tx, entries(0, 3))
        with pytest.raises(ConflictError):
            log.export(tx, tmp_path / "export")


def test_only_what_is_under_the_checkpoint_goes_out(
    log: Log, sqlite: sqlite3.Connection, tmp_path: Path
) -> None:
    grow(log, sqlite, 0, 100)
    with sqlite_transaction(sqlite) as tx:
        log.append(tx, entries(100, 600))
        log.export(tx, tmp_path / "export", payloads=True)
    assert verify_export(tmp_path / "export", log.vkey).size == 100
    assert not (tmp_path / "export/tile/entries/001").exists()


def other_log(tmp_path: Path, name: str, origin: str, size: int) -> Path:
    connection = open_sqlite(tmp_path / f"{name}.db")
    with sqlite_transaction(connection) as tx:
        for statement in schema("sqlite"):
            tx.execute(statement)
        other = Log(origin, KEY)
        other.append(tx, entries(0, size))
        other.sign_checkpoint(tx, later(size))
        other.export(tx, tmp_path / name)
    connection.close()
    return tmp_path / name


def test_a_folder_of_another_log_is_left_alone(log: Log, sqlite: sqlite3.Connection, tmp_path: Path) -> None:
    grow(log, sqlite, 0, 300)
    cases = [
        (other_log(tmp_path, "origin", "other.example/log", 300), ConflictError),
        (other_log(tmp_path, "newer", ORIGIN, 301), IntegrityError),
        (other_log(tmp_path, "fork", ORIGIN, 200), IntegrityError),
    ]
    for folder, error in cases:
        before = files(folder)
        with pytest.raises(error), sqlite_transaction(sqlite) as tx:
            log.export(tx, folder)
        assert files(folder) == before


def test_a_changed_file_in_the_folder_is_named_and_not_mended_in_silence(
    log: Log, sqlite: sqlite3.Connection, tmp_path: Path
) -> None:
    grow(log, sqlite, 0, 300)
    with sqlite_transaction(sqlite) as tx:
        log.export(tx, tmp_path / "export")
    flip_entry(tmp_path / "export/tile/entries/000", 17)
    with pytest.raises(IntegrityError, match="tile/entries/000"), sqlite_transaction(sqlite) as tx:
        log.export(tx, tmp_path / "export")


def test_a_changed_entry_is_not_exported(log: Log, sqlite: sqlite3.Connection, tmp_path: Path) -> None:
    grow(log, sqlite, 0, 300)
    with sqlite_transaction(sqlite) as tx:
        tx.execute("DROP TRIGGER tlog_entry_no_update")
        tx.execute("UPDATE tlog_entry SET leaf = %s WHERE position = 280", (b"{}",))
        with pytest.raises(IntegrityError, match="Entry 280"):
            log.export(tx, tmp_path / "export")
    assert not (tmp_path / "export/checkpoint").exists()
