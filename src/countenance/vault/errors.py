"""The vault's own errors, and how foreign ones (operating system, SQLite) become ours where they enter."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from countenance.primitives.errors import IntegrityError, UnavailableError
from countenance.primitives.files import NO_ROOM, why_unwritable
from countenance.primitives.text import N_


class KeyDestroyedError(IntegrityError):
    """The data key of a record is not in the vault: it was destroyed, or never made here. No one can read it."""

    code = "key-destroyed"


@contextmanager
def named_os_errors(path: Path) -> Iterator[None]:
    """Turn an OSError about `path` into UnavailableError: `disk-full`, or `storage-failed` with the system's words."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise disk_full(path) from error
        raise UnavailableError(
            N_("The file system refused: {path}: {problem}."),
            remedy=N_(
                "Check that the folder is mounted, writable and owned by this account, then try again."
            ),
            path=str(path),
            problem=error.strerror or type(error).__name__,
            code="storage-failed",
        ) from error


@contextmanager
def named_sqlite_errors(path: Path) -> Iterator[None]:
    """Turn an sqlite3 error about the file `path` into ours: damaged, full, locked or read-only."""
    try:
        yield
    except sqlite3.OperationalError as error:
        cause = why_unwritable(path.parent)
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL or (cause is not None and cause.errno in NO_ROOM):
            raise disk_full(path) from error
        raise UnavailableError(
            N_("The key file cannot be used now: {path}: {problem}."),
            remedy=N_("Check that it is writable and that no other process holds it, then try again."),
            path=str(path),
            problem=str(error) if cause is None else (cause.strerror or str(error)),
            code="keys-unavailable",
        ) from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error


def disk_full(path: Path) -> UnavailableError:
    """The error for a disk, quota or limit that is used up. Nothing half-written has been left behind."""
    return UnavailableError(
        N_("There is no room left to write {path}."),
        remedy=N_("Free some space, then try again; nothing was half-written."),
        path=str(path),
        code="disk-full",
    )


def damaged(path: Path, problem: str) -> IntegrityError:
    """The error for a file of the vault that is not what it must be."""
    return IntegrityError(
        N_("A file of the vault is damaged: {path}: {problem}."),
        remedy=N_("Restore the vault's folder from its own backup."),
        path=str(path),
        problem=problem,
        code="vault-damaged",
    )
