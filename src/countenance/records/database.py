"""The database of a workspace: Django pointed at it at run time, and the transaction that paths hand to engines.

One workspace per process is the rule; a test may point Django at one after another. Nothing is configured at import.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import DatabaseError, OperationalError, connections, transaction
from django.db.backends.utils import CursorWrapper

from countenance.primitives import sql
from countenance.primitives.errors import UnavailableError, UsageError
from countenance.primitives.files import NO_ROOM, NOT_WRITABLE, why_unwritable
from countenance.primitives.sql import Dialect, Row, Value
from countenance.primitives.text import N_

_ALIAS = "default"


def database_settings(url: str, *, base: Path) -> dict[str, Any]:
    """Django's description of `url`: `sqlite:///file` (relative to `base`) or `postgresql://user:pw@host:port/name`.

    Raises UsageError for any other scheme.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(base / unquote(parts.path.lstrip("/")))
            if not parts.path.startswith("//")
            else parts.path[1:],
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                # Deleted rows are overwritten; readers never block the one writer; a commit survives a power cut.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
            },
        }
    if parts.scheme in {"postgresql", "postgres"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or dict(parse_qsl(parts.query)).get("host", "")),
            "PORT": str(parts.port or ""),
        }
    raise UsageError(
        N_("The database address {scheme}:// is not one we know."),
        remedy=N_("Use sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME."),
        code="database-address",
        scheme=parts.scheme,
    )


def connect(url: str, *, base: Path) -> None:
    """Point Django at a database; the one before it, if any, is let go."""
    description = database_settings(url, base=base)
    connections.close_all()
    held = cast(Any, connections)
    held.settings[_ALIAS] = held.configure_settings({_ALIAS: description})[_ALIAS]
    if hasattr(held._connections, _ALIAS):  # noqa: SLF001 - Django has no public way to forget a connection
        delattr(held._connections, _ALIAS)  # noqa: SLF001


def disconnect() -> None:
    """Close this thread's connection; the next query opens another."""
    connections[_ALIAS].close()


class DjangoTransaction:
    """Django's open transaction, as engines see it (`primitives.sql.Transaction`)."""

    def __init__(self, cursor: CursorWrapper, dialect: Dialect) -> None:
        self._cursor = cursor
        self.dialect: Dialect = dialect

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        self._cursor.execute(sql, list(params))
        if self._cursor.description is None:
            return []
        rows = self._cursor.fetchall()
        return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows]

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        self._cursor.executemany(sql, [list(row) for row in rows])


@contextmanager
def open_transaction() -> Iterator[DjangoTransaction]:
    """One durable transaction: committed when the block ends, undone when it raises.

    Raises UnavailableError where the database cannot be written (locked by another process, disk full, read-only).
    """
    connection = connections[_ALIAS]
    try:
        with transaction.atomic(using=_ALIAS, durable=True), connection.cursor() as cursor:
            yield DjangoTransaction(cursor, "sqlite" if connection.vendor == "sqlite" else "postgresql")
    except OperationalError as error:
        raise unavailable(error) from error
    except DatabaseError as error:
        if "readonly" in str(error) or "read-only" in str(error):
            raise unavailable(error) from error
        raise


@contextmanager
def open_reading() -> Iterator[DjangoTransaction]:
    """A cursor for reads only, each statement on its own: takes no lock, waits for no writer."""
    connection = connections[_ALIAS]
    try:
        with connection.cursor() as cursor:
            yield DjangoTransaction(cursor, "sqlite" if connection.vendor == "sqlite" else "postgresql")
    except OperationalError as error:
        raise unavailable(error) from error


def unavailable(error: Exception) -> UnavailableError:
    """A database error as one of ours: the disk is full, or read-only, somebody else writes, or it does not answer."""
    text = str(error).lower()
    cause = _cause(text)
    if "full" in text or "no space" in text or cause in NO_ROOM:
        return UnavailableError(
            N_("The disk under the database is full; nothing was changed."),
            remedy=N_("Free some space, then give the same command again."),
            code="disk-full",
        )
    if "readonly" in text or "read-only" in text or cause in NOT_WRITABLE:
        return UnavailableError(
            N_("The workspace's database cannot be written; nothing was changed."),
            remedy=N_(
                "Check the owner and the permissions of the workspace's folder, and that its disk is not mounted read-only."
            ),
            code="read-only",
        )
    if "locked" in text or "busy" in text:
        return UnavailableError(
            N_("Another process has been writing to this workspace for too long; nothing was changed."),
            remedy=N_("Wait for it, or stop it, then give the same command again."),
            code="database-locked",
        )
    return UnavailableError(
        N_("The database did not answer ({problem}); nothing was changed."),
        remedy=N_("Look at the database server and at the address in workspace.toml."),
        code="database",
        problem=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
    )


def _cause(text: str) -> int | None:
    """The system's error number behind SQLite's vague words for it, if there is one."""
    connection = connections[_ALIAS]
    if connection.vendor != "sqlite" or not ("disk i/o" in text or "unable to open" in text):
        return None
    refused = why_unwritable(Path(connection.settings_dict["NAME"]).parent)
    return None if refused is None else refused.errno


def as_stored(key: uuid.UUID, dialect: Dialect) -> str:
    """A UUID as Django stores it: 32 digits on SQLite, the type uuid on PostgreSQL."""
    return key.hex if dialect == "sqlite" else str(key)


def truncate_wal() -> bool:
    """On SQLite: move the write-ahead log into the database and empty it, so that deleted bytes are gone from both.

    False where a reader stood in the way, so that the bytes are there still.
    """
    connection = connections[_ALIAS]
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        return sql.truncate_wal(lambda statement: cursor.execute(statement).fetchone())


def vacuum(tables: Sequence[str]) -> None:
    """On PostgreSQL: take deleted rows out of the pages of `tables`, so that nothing but free space holds their bytes."""
    connection = connections[_ALIAS]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"vacuum {connection.ops.quote_name(table)}")


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a SQLite file that may be in use, by SQLite's own backup."""
    with closing(sqlite3.connect(source)) as held, closing(sqlite3.connect(target)) as copy:
        held.backup(copy)
