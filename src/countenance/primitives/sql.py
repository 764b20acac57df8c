"""The little of SQL that engines share: an open transaction, whoever opened it.

The log and the index write in the same transaction as the record they belong to. The path opens it
(through Django, on SQLite or PostgreSQL) and hands it down; engines see this protocol and no framework.
Parameters are written `%s` on both databases.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from countenance.primitives.errors import UnavailableError
from countenance.primitives.files import NO_ROOM, why_unwritable
from countenance.primitives.text import N_

type Value = None | int | float | str | bytes
type Row = tuple[Value, ...]
type Dialect = Literal["sqlite", "postgresql"]

WAIT_S = 30.0  # for other processes that use a SQLite file: the busy time-out of a connection


class Transaction(Protocol):
    """An open database transaction. It ends where it was opened, never in an engine."""

    @property
    def dialect(self) -> Dialect: ...

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement (`%s` placeholders); returns its rows, [] where it has none. Bytes come as `bytes`."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for many rows."""
        ...


class SqliteTransaction:
    """A transaction on a plain sqlite3 connection: for engines used as a library, and for their tests."""

    dialect: Dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        return self._connection.execute(sql.replace("%s", "?"), params).fetchall()

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        self._connection.executemany(sql.replace("%s", "?"), rows)


def open_sqlite(path: Path | str) -> sqlite3.Connection:
    """A connection as every database file of ours is opened: WAL, foreign keys, `secure_delete`, durable commits."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=WAIT_S)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")
    return connection


@contextmanager
def sqlite_transaction(connection: sqlite3.Connection) -> Iterator[SqliteTransaction]:
    """`BEGIN IMMEDIATE` .. `COMMIT`, or `ROLLBACK` when the block raises.

    Raises UnavailableError (`disk-full`) where there is no room to write; then nothing was changed.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield SqliteTransaction(connection)
        connection.execute("COMMIT")
    except BaseException as error:
        # SQLite itself has rolled back after some errors, a full disk among them (sqlite.org, lang_transaction, 2.3).
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError) and _no_room(connection, error):
            raise UnavailableError(
                N_("The disk under the database is full; nothing was changed."),
                remedy=N_("Free some space, then give the same command again."),
                code="disk-full",
            ) from error
        raise


def _no_room(connection: sqlite3.Connection, error: sqlite3.OperationalError) -> bool:
    kind = error.sqlite_errorcode & 0xFF  # the rest tells which operation failed
    if kind not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return kind == sqlite3.SQLITE_FULL
    # What the system said has become "disk I/O error"; so it is asked again.
    ((_, _, file), *_) = connection.execute("PRAGMA database_list").fetchall()
    cause = why_unwritable(Path(file).parent) if file else None
    return cause is not None and cause.errno in NO_ROOM


def truncate_wal(fetch_one: Callable[[str], Sequence[int]]) -> bool:
    """Move a database's write-ahead log into its file and empty it: the log keeps deleted bytes until then.

    `fetch_one` runs a statement outside any transaction and returns its one row. False where a reader, or another
    process doing the same, was in the way for as long as the connection's busy time-out. SQLite itself waits for
    readers, but not for another checkpoint (sqlite.org, `sqlite3_wal_checkpoint_v2`: no busy handler is called then).
    """
    until = time.monotonic() + fetch_one("PRAGMA busy_timeout")[0] / 1000
    while fetch_one("PRAGMA wal_checkpoint(TRUNCATE)")[0]:
        if time.monotonic() >= until:
            return False
        time.sleep(0.01)
    return True
