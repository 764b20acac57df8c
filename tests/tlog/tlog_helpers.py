"""Entries and transactions that the log's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countenance.primitives.sql import Dialect, Row, Transaction, Value, open_sqlite, sqlite_transaction
from countenance.tlog.leaf import NewEntry
from countenance.tlog.log import Log
from countenance.tlog.schema import schema

ORIGIN = "archive.example.org/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

type Open = Callable[[], AbstractContextManager[Transaction]]


class PostgresTransaction:
    """A transaction on a psycopg connection."""

    dialect: Dialect = "postgresql"

    def __init__(self, connection) -> None:  # type: ignore[no-untyped-def]
        self._connection = connection

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        cursor = self._connection.execute(sql, params or None)
        return cursor.fetchall() if cursor.description else []

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(sql, list(rows))


def entry(number: int, **changes: object) -> NewEntry:
    values: dict[str, object] = {
        "event": "search",
        "at": START + timedelta(seconds=number),
        "purpose": "missing-person",
        "jurisdiction": "CA-QC",
        "client": "tracing-service",
        "pack": "CA@1",
        "details": {"case": f"C-{number}", "person": number},
    }
    return NewEntry(**{**values, **changes})  # type: ignore[arg-type]


def entries(start: int, end: int) -> list[NewEntry]:
    return [entry(number) for number in range(start, end)]


def later(number: int) -> datetime:
    return START + timedelta(seconds=number)


@dataclass(frozen=True, kw_only=True)
class Exported:
    """An export, what its log signed on the way, and a proof of entry 17 if there is one."""

    path: Path
    vkey: str
    checkpoints: dict[int, str]
    proof: str


def export_of(folder: Path, size: int, *, checkpoints: list[int]) -> Exported:
    """A log of `size` entries in `folder`, signed at each size of `checkpoints`, exported with its payloads."""
    connection = open_sqlite(folder / "log.db")
    log = Log(ORIGIN, KEY)
    notes: dict[int, str] = {}
    done = 0
    with sqlite_transaction(connection) as tx:
        for statement in schema("sqlite"):
            tx.execute(statement)
        for end in checkpoints:
            log.append(tx, entries(done, end))
            notes[end] = log.sign_checkpoint(tx, later(end))
            done = end
        log.export(tx, folder / "export", payloads=True)
        proof = log.prove(tx, 17) if size > 17 else ""
    connection.close()
    return Exported(path=folder / "export", vkey=log.vkey, checkpoints=notes, proof=proof)


def flip_entry(bundle: Path, number: int) -> None:
    """Change one letter of entry `number` of a bundle."""
    data, at = bytearray(bundle.read_bytes()), 0
    for _ in range(number):
        at += 2 + int.from_bytes(data[at : at + 2], "big")
    data[at + 10] ^= 1
    bundle.write_bytes(data)
