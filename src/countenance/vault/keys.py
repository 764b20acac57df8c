"""The file of wrapped data keys: one row per record, in a database of its own with a short backup life.

It is separate from the system of record so that destroying a row here destroys the record everywhere, whatever
copies of the sealed bytes exist.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from countenance.primitives.errors import UnavailableError
from countenance.primitives.sql import WAIT_S, truncate_wal
from countenance.primitives.text import N_
from countenance.vault.errors import damaged, named_sqlite_errors

FORMAT_VERSION = 1
_CHUNK = 8_192  # SQLite takes 32,766 parameters at most
_SCHEMA = """
create table vault (
    id integer primary key check (id = 1),
    version integer not null,
    root_check blob not null        -- a constant, sealed: tells a foreign root key at once
);
create table data_key (
    record_id blob primary key check (length(record_id) = 16),
    wrapped blob not null,
    made_at integer not null        -- seconds since 1970, UTC
) without rowid;
"""


class KeyFile:
    """Wrapped data keys in SQLite. Safe for threads (one connection under a lock) and for several processes."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path, *, root_check: bytes) -> None:
        """Make the file (mode 0600) with its tables. Raises UnavailableError."""
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with named_sqlite_errors(path):
            connection = _connect(path)
            try:
                connection.executescript(_SCHEMA)
                connection.execute("insert into vault values (1, ?, ?)", (FORMAT_VERSION, root_check))
            finally:
                connection.close()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises IntegrityError for a damaged file, UnavailableError for one of a newer version or in use."""
        with named_sqlite_errors(path):
            connection = _connect(path)
        file = cls(path, connection)
        try:
            file._check_version()
        except BaseException:
            connection.close()
            raise
        return file

    def close(self) -> None:
        """End the connection; SQLite then folds the write-ahead log into the file."""
        with self._lock:
            self._connection.close()

    def root_check(self) -> bytes:
        """The sealed constant that only the vault's own root key opens."""
        with self._use() as connection:
            return bytes(connection.execute("select root_check from vault").fetchone()[0])

    def wrapped(self, records: Sequence[bytes]) -> dict[bytes, bytes]:
        """Wrapped keys by record id (16 bytes each); ids without a key are left out."""
        found: dict[bytes, bytes] = {}
        with self._use() as connection:
            for start in range(0, len(records), _CHUNK):
                part = records[start : start + _CHUNK]
                found.update(
                    connection.execute(
                        f"select record_id, wrapped from data_key where record_id in ({_marks(part)})",  # noqa: S608 - only question marks
                        part,
                    )
                )
        return found

    def add(self, rows: Sequence[tuple[bytes, bytes]], *, made_at: int) -> int:
        """Commit (record id, wrapped key) rows, durably, and say how many are new: a key that is there stays."""
        with self._use() as connection, _transaction(connection):
            before = connection.total_changes
            connection.executemany(
                "insert or ignore into data_key values (?, ?, ?)",
                [(record, wrapped, made_at) for record, wrapped in rows],
            )
            return connection.total_changes - before

    def delete(self, records: Sequence[bytes]) -> int:
        """Delete keys and commit; their bytes are overwritten in the file's pages (`secure_delete`)."""
        deleted = 0
        with self._use() as connection, _transaction(connection):
            for start in range(0, len(records), _CHUNK):
                part = records[start : start + _CHUNK]
                deleted += connection.execute(
                    f"delete from data_key where record_id in ({_marks(part)})",  # noqa: S608 - only question marks
                    part,
                ).rowcount
        return deleted

    def scrub(self) -> None:
        """Fold the write-ahead log into the file and empty it: it keeps deleted bytes until then.

        Raises UnavailableError (`erasure-incomplete`) where another process reads for longer than the time limit.
        """
        if not truncate_wal(self._fetch_one):
            raise UnavailableError(
                N_("The keys are destroyed, but their bytes are still in the write-ahead log of {path}."),
                remedy=N_("Another process is reading it. Repeat the erasure when it has ended."),
                path=str(self._path),
                code="erasure-incomplete",
            )

    def _fetch_one(self, statement: str) -> Sequence[int]:
        with self._use() as connection:
            row: Sequence[int] = connection.execute(statement).fetchone()
        return row

    def records(self, *, after: bytes = b"", through: bytes = b"\xff" * 16) -> Iterator[bytes]:
        """Record ids after one up to another in order, in pages, so that no read is held open while the caller works."""
        last = after
        while True:
            with self._use() as connection:
                page = connection.execute(
                    "select record_id from data_key where record_id > ? and record_id <= ?"
                    " order by record_id limit ?",
                    (last, through, _CHUNK),
                ).fetchall()
            if not page:
                return
            for (record,) in page:
                yield record
            last = page[-1][0]

    def _check_version(self) -> None:
        with self._use() as connection:
            row = connection.execute("select version from vault").fetchone()
        if row is None:
            raise damaged(self._path, "no version row")
        if row[0] > FORMAT_VERSION:
            raise UnavailableError(
                N_(
                    "This vault was written by a newer version (format {found}; this one reads up to {known})."
                ),
                remedy=N_("Upgrade Countenance, then try again."),
                found=row[0],
                known=FORMAT_VERSION,
                code="newer-version",
            )

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        with self._lock, named_sqlite_errors(self._path):
            yield self._connection


def _connect(path: Path) -> sqlite3.Connection:
    # As primitives.sql.open_sqlite, but shared by threads (under KeyFile's lock); `mode=rw` makes no new file.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=WAIT_S,
        check_same_thread=False,
    )
    try:
        for pragma in ("journal_mode=wal", "synchronous=full", "secure_delete=on", "temp_store=memory"):
            connection.execute(f"pragma {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _marks(values: Sequence[bytes]) -> str:
    return ",".join("?" * len(values))
