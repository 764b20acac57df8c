"""The log on both databases: append, sign what was read back, prove, forget; damage is named before it is signed."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_helpers import KEY, ORIGIN, START, Open, entries, entry, later

from countenance.primitives.errors import (
    IntegrityError,
    NotFoundError,
    UnavailableError,
    UsageError,
)
from countenance.primitives.sql import open_sqlite, sqlite_transaction
from countenance.tlog import merkle, verifier
from countenance.tlog.leaf import Payload, commit, parse_leaf
from countenance.tlog.log import Log
from countenance.tlog.note import open_checkpoint
from countenance.tlog.schema import drop_schema, schema


def leaves_of(log: Log, opened: Open, size: int) -> list[bytes]:
    with opened() as tx:
        rows = tx.execute("SELECT leaf FROM tlog_entry ORDER BY position")
    assert len(rows) == size
    return [merkle.leaf_hash(bytes(row[0])) for row in rows]  # type: ignore[arg-type]


def unlock(tx) -> None:  # type: ignore[no-untyped-def]
    """What somebody who owns the database can do."""
    if tx.dialect == "sqlite":
        for act in ("update", "delete"):
            tx.execute(f"DROP TRIGGER tlog_entry_no_{act}")
            tx.execute(f"DROP TRIGGER tlog_checkpoint_no_{act}")
    else:
        tx.execute("DROP TRIGGER tlog_entry_append_only ON tlog_entry")
        tx.execute("DROP TRIGGER tlog_checkpoint_append_only ON tlog_checkpoint")


def test_entries_get_numbers_hashes_and_proofs(log: Log, opened: Open) -> None:
    with opened() as tx:
        assert log.head(tx).root == merkle.EMPTY_ROOT
        assert log.latest_checkpoint(tx) is None
        first = log.append(tx, entries(0, 3))
        assert log.append(tx, []) == []
    with opened() as tx:
        second = log.append(tx, entries(3, 300))
    assert [each.index for each in first + second] == list(range(300))
    hashes = leaves_of(log, opened, 300)
    assert [each.leaf_hash for each in first + second] == hashes
    with opened() as tx:
        head = log.head(tx)
        assert (head.size, head.root, head.latest_at) == (300, merkle.root_of(hashes), later(299))
        for index in (0, 2, 3, 255, 256, 299):
            proof = log.inclusion_proof(tx, index)
            assert merkle.verify_inclusion(hashes[index], index, 300, proof, head.root)
            if index < 257:
                proof = log.inclusion_proof(tx, index, 257)
                assert merkle.verify_inclusion(hashes[index], index, 257, proof, merkle.root_of(hashes[:257]))
        for old in (1, 3, 255, 256, 257, 300):
            proof = log.consistency_proof(tx, old)
            assert merkle.verify_consistency(old, 300, merkle.root_of(hashes[:old]), head.root, proof)


def test_batches_of_any_size_make_the_same_tree(log: Log, opened: Open) -> None:
    sizes = [1, 1, 253, 1, 1, 255, 256, 257, 512, 1]
    with opened() as tx:
        done = 0
        for size in sizes:
            log.append(tx, entries(done, done + size))
            done += size
            log.sign_checkpoint(tx, later(done))
        report = log.verify(tx)
        assert (report.ok, report.size, report.checkpoints) == (True, done, len(sizes))
        root = log.head(tx).root
    assert root == merkle.root_of(leaves_of(log, opened, done))


def test_nothing_is_appended_if_the_transaction_fails(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(0, 5))
    with contextlib.suppress(RuntimeError), opened() as tx:
        log.append(tx, entries(5, 500))
        raise RuntimeError
    with opened() as tx:
        assert log.head(tx).size == 5
        log.append(tx, entries(5, 9))
        assert log.verify(tx).ok


def test_the_database_refuses_to_change_or_remove_an_entry(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(0, 5))
        log.sign_checkpoint(tx, later(9))
    for statement in (
        "UPDATE tlog_entry SET position = 9 WHERE position = 2",
        "DELETE FROM tlog_entry WHERE position = 2",
        "UPDATE tlog_checkpoint SET size = 2",
        "DELETE FROM tlog_checkpoint",
    ):
        with pytest.raises(Exception, match="append-only"), opened() as tx:
            tx.execute(statement)


def test_another_origin_is_refused(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(0, 2))
    with opened() as tx, pytest.raises(IntegrityError, match=ORIGIN):
        Log("other.example/log", KEY).append(tx, entries(2, 3))


def test_the_schema_can_be_undone(opened: Open) -> None:
    with opened() as tx:
        for statement in drop_schema(tx.dialect) + schema(tx.dialect):
            tx.execute(statement)


# --- checkpoints


def test_a_checkpoint_is_signed_once_for_each_size(log: Log, opened: Open) -> None:
    with opened() as tx:
        empty = log.sign_checkpoint(tx, START)
        assert open_checkpoint(empty, log.key).root == merkle.EMPTY_ROOT
        log.append(tx, entries(0, 300))
        first = log.sign_checkpoint(tx, later(300))
        assert log.sign_checkpoint(tx, later(301)) == first == log.latest_checkpoint(tx)
        log.append(tx, entries(301, 302))
        second = log.sign_checkpoint(tx, later(302))
        assert open_checkpoint(second, log.key).size == 301
        assert log.verify(tx).ok


def test_without_a_key_nothing_is_signed(opened: Open) -> None:
    reader = Log(ORIGIN)
    with opened() as tx, pytest.raises(UsageError):
        reader.sign_checkpoint(tx, START)
    with pytest.raises(UsageError):
        _ = reader.vkey
    assert Log(ORIGIN, public_key=KEY.public_key()).vkey == Log(ORIGIN, KEY).vkey


def test_a_clock_set_back_stops_entries_and_checkpoints(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(1000, 1010))
        log.append(tx, [entry(1009 - 60)])  # overlapping transactions are no clock set back
    with opened() as tx, pytest.raises(UnavailableError) as caught:
        log.append(tx, [entry(1009 - 61)])
    assert caught.value.code == "clock-set-back"
    with opened() as tx, pytest.raises(UnavailableError):
        log.append(tx, [entry(2000), entry(1900)])
    with opened() as tx, pytest.raises(UnavailableError):
        log.sign_checkpoint(tx, later(1009 - 61))
    with opened() as tx:
        log.sign_checkpoint(tx, later(1100))
    with opened() as tx, pytest.raises(UnavailableError):
        log.sign_checkpoint(tx, later(1099))
    with opened() as tx:
        assert log.head(tx).size == 11
        assert log.verify(tx).ok


DAMAGES = {
    "a bit of entry 260": ("UPDATE tlog_entry SET leaf = {flip} WHERE position = 260", "260", 260),
    "entry 280 gone": ("DELETE FROM tlog_entry WHERE position = 280", "280", 280),
    "the last entry gone": ("DELETE FROM tlog_entry WHERE position = 599", "599", 599),
    "one entry too many": ("INSERT INTO tlog_entry (position, leaf) VALUES (600, {x})", "601", 600),
    "a tile gone": ("DELETE FROM tlog_tile WHERE level = 0 AND position = 2", "tile/0/002", None),
    "a tile above": ("UPDATE tlog_tile SET hashes = {zeros} WHERE level = 1", "", None),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_since_the_last_checkpoint_is_named_and_not_signed(
    damage: str, log: Log, opened: Open
) -> None:
    statement, says, number = DAMAGES[damage]
    with opened() as tx:
        log.append(tx, entries(0, 250))
        log.sign_checkpoint(tx, later(250))
        log.append(tx, entries(250, 600))
        unlock(tx)
        tx.execute("DELETE FROM tlog_payload WHERE position = 280 OR position = 599")
        blob, flip = ("X'{}'", "CAST(replace(CAST(leaf AS TEXT), 'search', 'seareh') AS BLOB)")
        if tx.dialect == "postgresql":
            blob, flip = "'\\x{}'::bytea", "set_byte(leaf, 5, get_byte(leaf, 5) # 1)"
        tx.execute(statement.format(x=blob.format("61"), zeros=blob.format("00" * 64), flip=flip))
        with pytest.raises(IntegrityError) as caught:
            log.sign_checkpoint(tx, later(600))
        assert says in str(caught.value)
        assert len(tx.execute("SELECT size FROM tlog_checkpoint")) == 1
        report = log.verify(tx)
        assert not report.ok
        assert number is None or report.first_bad_entry == number, report.findings


def test_a_changed_hash_before_the_last_checkpoint_is_not_signed_over(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(0, 250))
        log.sign_checkpoint(tx, later(250))
        tile = bytearray(tx.execute("SELECT hashes FROM tlog_tile WHERE level = 0")[0][0])  # type: ignore[arg-type]
        tile[40] ^= 1
        tx.execute("UPDATE tlog_tile SET hashes = %s WHERE level = 0", (bytes(tile),))
        log.append(tx, entries(250, 300))
        with pytest.raises(IntegrityError, match="first 250"):
            log.sign_checkpoint(tx, later(300))


def test_a_smaller_tree_than_the_last_checkpoint_is_never_signed(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(0, 300))
        log.sign_checkpoint(tx, later(300))
        unlock(tx)
        tx.execute("DELETE FROM tlog_payload WHERE position >= 200")
        tx.execute("DELETE FROM tlog_entry WHERE position >= 200")
        tx.execute("UPDATE tlog_head SET size = 200")
        with pytest.raises(IntegrityError):
            log.sign_checkpoint(tx, later(400))
        report = log.verify(tx)
        assert [finding.kind for finding in report.findings] == ["rolled-back"]
        assert report.first_bad_entry == 200


def test_a_checkpoint_row_that_was_not_signed_is_found(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(0, 30))
        log.sign_checkpoint(tx, later(30))
        unlock(tx)
        tx.execute("UPDATE tlog_checkpoint SET root = %s", (bytes(32),))
        with pytest.raises(IntegrityError):
            log.sign_checkpoint(tx, later(40))
        assert "signature" in {finding.kind for finding in log.verify(tx).findings}
        stranger = Log(ORIGIN, Ed25519PrivateKey.generate())
        assert "signature" in {finding.kind for finding in stranger.verify(tx).findings}


# --- proofs


def test_a_proof_stands_alone(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(0, 700))
        log.sign_checkpoint(tx, later(700))
        log.append(tx, entries(700, 900))
        for index in (0, 255, 256, 511, 699):
            verdict = verifier.verify_proof(log.prove(tx, index), log.vkey)
            assert verdict.ok
            assert verdict.proved is not None
            assert verdict.proved[0] == index
            assert parse_leaf(verdict.proved[1]).at == later(index)
        with pytest.raises(UnavailableError):
            log.prove(tx, 700)
        with pytest.raises(NotFoundError):
            log.prove(tx, 900)
        with pytest.raises(NotFoundError):
            log.prove(tx, -1)
        for call in (
            lambda: log.inclusion_proof(tx, 900),
            lambda: log.inclusion_proof(tx, 5, 901),
            lambda: log.consistency_proof(tx, 0),
            lambda: log.consistency_proof(tx, 901),
        ):
            with pytest.raises(NotFoundError):
                call()


def test_a_changed_entry_cannot_be_proved(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(0, 30))
        log.sign_checkpoint(tx, later(30))
        unlock(tx)
        tx.execute("UPDATE tlog_entry SET leaf = %s WHERE position = 7", (b"{}",))
        with pytest.raises(IntegrityError, match="Entry 7"):
            log.prove(tx, 7)


# --- what may be forgotten


def test_forgetting_leaves_every_proof_as_it_was(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(0, 600))
        log.sign_checkpoint(tx, later(600))
        before = [log.prove(tx, index) for index in range(600)]
        payload = log.payload(tx, 5)
        assert payload is not None
        assert json.loads(payload.details) == {"case": "C-5", "person": 5}
    with opened() as tx:
        assert log.forget(tx, [5, 5, 599, 10_000]) == 2
        assert log.forget(tx, range(100, 590)) == 490
    with opened() as tx:
        assert log.payload(tx, 5) is None
        assert [log.prove(tx, index) for index in range(600)] == before
        assert all(verifier.verify_proof(proof, log.vkey).ok for proof in before[::50])
        report = log.verify(tx)
        assert (report.ok, report.forgotten) == (True, 492)
        log.append(tx, entries(600, 610))
        log.sign_checkpoint(tx, later(610))
        assert log.verify(tx).ok


def test_changed_details_do_not_open_their_commitment(log: Log, opened: Open) -> None:
    with opened() as tx:
        log.append(tx, entries(0, 300))
        payload = log.payload(tx, 270)
        assert payload is not None
        leaf = bytes(tx.execute("SELECT leaf FROM tlog_entry WHERE position = 270")[0][0])  # type: ignore[arg-type]
        assert parse_leaf(leaf).commitment == commit(payload)
        assert parse_leaf(leaf).commitment != commit(Payload(salt=payload.salt, details=b"{}"))
        tx.execute("UPDATE tlog_payload SET details = %s WHERE position = 270", (b"{}",))
        report = log.verify(tx)
        assert [(each.kind, each.entry) for each in report.findings] == [("payload", 270)]
        assert "270" in report.findings[0].sentence("en")
        assert "270" in report.findings[0].sentence("fr")


def test_forgotten_bytes_are_in_no_file(tmp_path: Path, log: Log) -> None:
    connection = open_sqlite(tmp_path / "log.db")
    with sqlite_transaction(connection) as tx:
        for statement in schema("sqlite"):
            tx.execute(statement)
        log.append(tx, [entry(0, details={"note": "planted-in-the-details"}), *entries(1, 50)])
        payload = log.payload(tx, 0)
        assert payload is not None

    def present() -> set[bytes]:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        return {each for each in (b"planted-in-the-details", payload.salt) if each in content}

    assert len(present()) == 2  # the scan does find it
    with sqlite_transaction(connection) as tx:
        log.forget(tx, [0])
    assert not present()
    connection.close()


# --- several writers


def test_writers_at_the_same_time_leave_one_log(tmp_path: Path, log: Log) -> None:
    setup = open_sqlite(tmp_path / "log.db")
    for statement in schema("sqlite"):
        setup.execute(statement)

    def write() -> None:
        connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None, timeout=30)
        for _ in range(20):
            with sqlite_transaction(connection) as tx:
                log.append(tx, entries(0, 7))
        connection.close()

    run_together(write)
    with sqlite_transaction(setup) as tx:
        log.sign_checkpoint(tx, START + timedelta(hours=1))
        assert log.verify(tx).ok
        assert log.head(tx).size == 4 * 20 * 7
    setup.close()


def test_writers_at_the_same_time_leave_one_log_on_postgresql(
    postgres_database: str, log: Log, request: pytest.FixtureRequest
) -> None:
    psycopg = pytest.importorskip("psycopg")
    from tlog_helpers import PostgresTransaction

    with psycopg.connect(postgres_database, autocommit=True) as own:
        for statement in schema("postgresql"):
            own.execute(statement)

    def write() -> None:
        with psycopg.connect(postgres_database) as connection:
            for _ in range(20):
                with connection.transaction():
                    log.append(PostgresTransaction(connection), entries(0, 7))

    run_together(write)
    with psycopg.connect(postgres_database) as connection:
        tx = PostgresTransaction(connection)
        log.sign_checkpoint(tx, START + timedelta(hours=1))
        assert log.verify(tx).ok
        assert log.head(tx).size == 4 * 20 * 7


def run_together(write) -> None:  # type: ignore[no-untyped-def]
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            write()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
