"""What `countenance doctor` looks at, one function each, in the order in which one thing rests on another.

A check returns what it saw, or raises a CountenanceError, which says what is wrong and what to do. A check that
cannot be made because an earlier one failed is left out.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from countenance.cli.door import Door
from countenance.cli.language import _, say, spoken, tell
from countenance.primitives.errors import ConflictError, CountenanceError, IntegrityError, UnavailableError
from countenance.primitives.text import N_

LEAST_SQLITE = (3, 35, 0)  # RETURNING, which the log's statements use
LEAST_FREE = 1 << 30  # bytes


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor. `problem` None: in order, and `seen` says what there is."""

    check: str
    title: str
    seen: str
    problem: CountenanceError | None = None


def examine(door: Door, *, upgrade: bool) -> Iterator[Finding]:
    """Run every check that can be run."""
    yield _made("python", N_("Python"), lambda: sys.version.split()[0])
    yield _made("sqlite", N_("SQLite"), _sqlite)
    models = _made("models", N_("Models"), _models)
    settings = _made("workspace", N_("Workspace"), lambda: _settings(door))
    yield settings
    if settings.problem is not None:
        yield models
        return
    yield _made("permissions", N_("Permissions"), lambda: _permissions(door.directory()))
    yield _made("disk", N_("Room on the disk"), lambda: _disk(door.directory()))
    database = _made("database", N_("Database"), lambda: _database(door, upgrade=upgrade))
    yield database
    vault = _made("keys", N_("Keys"), lambda: _vault(door)) if database.problem is None else None
    if vault is not None:
        yield vault
        yield _made("media", N_("Media store"), lambda: _media(door))
    if vault is not None and vault.problem is None:
        yield _made("clock", N_("Clock"), lambda: _clock(door))
        yield _made("policy", N_("Policy pack"), lambda: _policy(door))
        yield _made("log", N_("Log"), lambda: _log(door))
        yield _made("erasure", N_("Erasure"), lambda: _erasure(door))
        yield _made("index", N_("Index"), lambda: _index(door))
    yield models


def _made(check: str, title: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(check=check, title=title, seen=look())
    except CountenanceError as error:
        return Finding(check=check, title=title, seen=tell(error.message), problem=error)


def _sqlite() -> str:
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        raise UnavailableError(
            N_("SQLite {found} is too old; {least} is needed."),
            remedy=N_("Install a newer Python, which brings a newer SQLite."),
            code="sqlite-old",
            found=sqlite3.sqlite_version,
            least=".".join(map(str, LEAST_SQLITE)),
        )
    return sqlite3.sqlite_version


def _settings(door: Door) -> str:
    from countenance.records.settings import read_settings

    settings = read_settings(door.directory())
    return say(N_("format {format}, {directory}"), format=settings.format, directory=str(door.directory()))


def _permissions(directory: Path) -> str:
    """Nobody but the owner may read the folder, the keys, the media or the accounts' private keys."""
    paths = [directory, *(directory / name for name in ("keys", "media", "accounts", "run"))]
    paths += [*(directory / "accounts").glob("*.key"), *(directory / "keys").glob("*")]
    for path in paths:
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise UnavailableError(
                N_("Others than its owner may read {path} (mode {mode})."),
                remedy=N_("Run: chmod go-rwx {path}; and ask who has read it meanwhile."),
                code="modes",
                path=str(path),
                mode=f"{mode:04o}",
            )
        if not os.access(path, os.R_OK | os.W_OK):
            raise UnavailableError(
                N_("{path} cannot be read and written by you."),
                remedy=N_("Run as the owner of the workspace."),
                code="modes",
                path=str(path),
            )
    return _(N_("only the owner may read folders and keys"))


def _disk(directory: Path) -> str:
    free = shutil.disk_usage(directory).free
    if free < LEAST_FREE:
        raise UnavailableError(
            N_("Only {free} MB are free on the disk of {directory}."),
            remedy=N_("Make room: an ingest stops cleanly on a full disk, but it stops."),
            code="disk-low",
            free=free // 1_000_000,
            directory=str(directory),
        )
    return say(N_("{free} GB free"), free=f"{free / 1e9:.1f}")


def _database(door: Door, *, upgrade: bool) -> str:
    if upgrade:
        _upgrade(door)
    workspace = door.workspace()
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(1)")
            answer = str(cursor.fetchone()[0])
        if answer != "ok":
            raise IntegrityError(
                N_("The database file is damaged: {problem}."),
                remedy=N_("Restore it from a backup: countenance restore."),
                code="database-damaged",
                problem=answer[:200],
            )
    kind = "SQLite" if workspace.settings.database.startswith("sqlite") else "PostgreSQL"
    return say(N_("{kind}, opens, of this release"), kind=kind)


def _upgrade(door: Door) -> None:
    """Bring the tables to this release; a newer database is left alone, and named by the check after it."""
    from countenance.records.workspace import Workspace

    try:
        Workspace.open(door.directory().absolute()).close()
    except UnavailableError as error:
        if error.code != "workspace-older":
            raise
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)


def _vault(door: Door) -> str:
    workspace = door.workspace()
    count = sum(1 for _record in workspace.vault.record_ids())
    workspace.grant_key  # noqa: B018 - raises where the secret is gone
    return say(N_("the vault opens; {count} keys of records"), count=count)


def _media(door: Door) -> str:
    """A small file is written, read and deleted again."""
    workspace = door.workspace()
    workspace.media.check()
    where = workspace.settings.media or str(workspace.directory / "media")
    return say(N_("{where}: writes, reads, deletes"), where=where)


def _clock(door: Door) -> str:
    """Not before what has been written."""
    from countenance.records.models import WorkspaceState

    workspace = door.workspace()
    now = workspace.clock()
    seen = WorkspaceState.objects.values_list("last_seen_at", flat=True).get(pk=1)
    if now < seen - timedelta(seconds=10):
        raise UnavailableError(
            N_("This machine's clock says {now}, but this workspace has been written at {seen}."),
            remedy=N_("Set the clock right. Limits and consents depend on it, so nothing was changed."),
            code="clock-set-back",
            now=now.isoformat(timespec="seconds"),
            seen=seen.isoformat(timespec="seconds"),
        )
    return say(N_("{now} UTC"), now=now.strftime("%Y-%m-%d %H:%M"))


def _policy(door: Door) -> str:
    book = door.workspace().policy().book
    if not book.of_this_release:
        raise ConflictError(
            N_(
                "The pack HOUSE in force ({version}) belongs to another release; what it does not know is refused."
            ),
            remedy=N_(
                "Two persons put this release's in force: countenance policy export HOUSE house; countenance policy sign "
                "house --as NAME, by each; countenance policy activate house --as NAME; countenance approve."
            ),
            code="policy-other-release",
            version=book.house.version,
        )
    packs = ", ".join(f"{pack.name} {pack.version}" for pack in book.packs.values())
    return say(N_("{packs}: {count} rules"), packs=packs, count=len(book.rules))


def _log(door: Door) -> str:
    from countenance.records.database import open_reading

    workspace = door.workspace()
    with open_reading() as tx:
        report = workspace.log.verify(tx)
    if not report.ok:
        raise IntegrityError(
            N_("The log does not verify: {finding}"),
            remedy=N_("Stop, keep a copy of everything, and compare with an export: countenance log verify."),
            code="log",
            finding=report.findings[0].sentence(spoken().value),
        )
    return say(N_("{count} entries, each one as it was logged"), count=report.size)


def _erasure(door: Door) -> str:
    """Finish what a crash left between making a face unfindable and destroying its key."""
    from countenance.ingest.journal import sweep_orphans
    from countenance.records.ending import destroy_ended_keys

    workspace = door.workspace()
    left = destroy_ended_keys(workspace)
    swept = workspace.media.sweep_unfinished() + sweep_orphans(workspace)
    if left or swept:
        return say(N_("finished: {keys} keys destroyed, {files} leftovers removed"), keys=left, files=swept)
    return _(N_("nothing is left to be destroyed"))


def _index(door: Door) -> str:
    """Open every segment, unless a searcher has them open; what does not open is made again from the records."""
    from countenance.records.database import open_reading
    from countenance.service.address import is_left_there, socket_of

    if is_left_there(socket_of(door.directory().absolute())):
        return _(N_("the searcher that runs looks after it"))
    workspace = door.workspace()
    with open_reading() as tx:
        workspace.index.sync(tx)
        lacking = workspace.index.lacks_segments(tx)
    if lacking:
        workspace.keep_index_where_due()
        return _(N_("a part that did not open was made again from the records"))
    with open_reading() as tx:
        opened, _sealed = workspace.index.opened(tx)
    return say(N_("{count} references in segments, each of which opens"), count=opened)


def _models() -> str:
    from countenance.extraction.golden import verify
    from countenance.extraction.pack import available_packs

    names = available_packs()
    for name in names:
        verify(name)
    return say(N_("{names}: hashes and golden vectors are as published"), names=", ".join(names))
