"""Backup: a consistent copy of records and media, and apart from them, in a folder of their own, the keys.

::

    manifest.json               what is in it: SHA-256 of each file, when, the log's checkpoint then; and a MAC over it
                                under a secret of the vault, so that records cannot be changed by who has no keys
    records/workspace.toml
    records/database.sqlite3    or database.pgdump (PostgreSQL, pg_dump's custom format)
    records/suppression.sqlite3 the suppression list, where there is one
    records/media/..            sealed crops and pictures
    keys/..                     the vault: opens all of the above (without keys of index segments, which are derived)

Whoever holds `keys/` and `records/` can read everything, also what was erased after the backup was made. So keep the
two apart, and give `keys/` a short life: when it is gone, what was erased is gone from the backup as well. The log is
not in it: it is exported apart (`countenance log export --payloads`), and restoring needs it.

1. log the backup and sign a checkpoint
2. copy the database first, then the keys, then the media: each was written before what refers to it, so a copy that
   is taken while others work holds no row without its key and its file
3. write the manifest last; the folder appears under its name when it is whole
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from countenance.acting.path import perform
from countenance.policy.questions import Act
from countenance.primitives.canonical import canonical_json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UnavailableError
from countenance.primitives.files import make_private_directory, sync_directory, write_atomically
from countenance.primitives.text import N_
from countenance.records.database import copy_sqlite, database_settings
from countenance.records.identity import SignedRequest, require_act
from countenance.records.models import BackupRecord
from countenance.records.settings import FILE_NAME
from countenance.records.suppressing.lists import FILE, FOLDER
from countenance.records.workspace import Workspace
from countenance.registry.acts import HANDLERS
from countenance.vault.media import FolderMediaStore
from countenance.vault.vault import ERASURE_SECRET

FORMAT = "countenance-backup/1"
MANIFEST = "manifest.json"
SUPPRESSION_FILE = "suppression.sqlite3"
RECORDS, KEYS, MEDIA = "records", "keys", "media"
SQLITE_FILE, POSTGRES_FILE = "database.sqlite3", "database.pgdump"
BACKUP_SECRET = "backups"  # noqa: S105 - a name; key of the MAC over manifests
_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class BackupFile:
    """One file of a backup. `path`: within it, with `/`. `sha256`: 64 hexadecimal digits."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class BackupManifest:
    """What a backup holds. `log_size`, `checkpoint`: the log as it was signed just before the copy. `mac`: hexadecimal."""

    format: str
    workspace: str
    database: str
    made_at: str
    log_size: int
    checkpoint: str
    files: tuple[BackupFile, ...]
    mac: str = ""

    def compute_mac(self, key: bytes) -> str:
        """HMAC-SHA-256 (RFC 2104, hexadecimal) of all but the MAC itself."""
        return hmac.new(key, canonical_json(asdict(replace(self, mac=""))), "sha256").hexdigest()

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def backup(
    workspace: Workspace, request: SignedRequest, directory: Path
) -> tuple[BackupManifest, int | None]:
    """Make a backup in `directory`, which must not exist or be empty. Returns its manifest and the log entry.

    Raises RefusedError, ConflictError (something is there), UnavailableError (disk full, no pg_dump).
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConflictError(
            N_("{directory} is not empty."),
            remedy=N_("Name a new folder for the backup."),
            code="backup-exists",
            directory=str(directory),
        )
    require_act(request, Act.BACKUP.value)
    entry = perform(workspace, request, HANDLERS).log_entry
    checkpoint = workspace.checkpoint()
    workspace.vault.ensure_secret(
        ERASURE_SECRET
    )  # so that what was erased is known again where this is restored
    secret = workspace.vault.ensure_secret(BACKUP_SECRET)  # before the keys are copied: it must be among them
    building = directory.with_name(f".{directory.name}.{secrets.token_hex(4)}.new")
    try:
        make_private_directory(building)
        kind = _copy_database(workspace, make_private_directory(building / RECORDS))
        _copy_keys(workspace.directory / "keys", building / KEYS)
        _copy_media(workspace, building / RECORDS / MEDIA)
        listed = workspace.directory / FOLDER / FILE
        if listed.exists():
            copy_sqlite(listed, building / RECORDS / SUPPRESSION_FILE)
            (building / RECORDS / SUPPRESSION_FILE).chmod(0o600)
        shutil.copyfile(workspace.directory / FILE_NAME, building / RECORDS / FILE_NAME)
        manifest = BackupManifest(
            format=FORMAT,
            workspace=str(workspace.settings.id),
            database=kind,
            made_at=iso(workspace.clock()),
            log_size=int(checkpoint.splitlines()[1]),  # C2SP tlog-checkpoint: the second line
            checkpoint=checkpoint,
            files=tuple(_listing(building)),
        )
        manifest = replace(manifest, mac=manifest.compute_mac(secret))
        write_atomically(building / MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
        if directory.exists():
            directory.rmdir()
        building.replace(directory)
        sync_directory(directory.parent)
        with workspace.transaction():
            BackupRecord.objects.create(
                made_at=datetime.fromisoformat(manifest.made_at),
                directory=str(directory),
                bytes=manifest.bytes,
                log_entry=-1 if entry is None else entry,
            )
    except (OSError, sqlite3.Error) as error:
        raise UnavailableError(
            N_("The backup could not be written to {directory}: {problem}. Nothing is left of it."),
            remedy=N_("Choose a disk with room that you may write to."),
            code="backup-not-written",
            directory=str(directory),
            problem=getattr(error, "strerror", None) or str(error),
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return manifest, entry


def read_block_hash(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def postgres_tool(name: str, database: dict[str, Any], *arguments: str) -> None:
    """Run pg_dump or pg_restore on a database. Raises UnavailableError where it is missing or fails.

    The password goes through the environment, never the command line that other users can list.
    """
    program = shutil.which(name)
    if program is None:
        raise UnavailableError(
            N_("The program {program} is not installed, and a PostgreSQL database needs it."),
            remedy=N_("Install the client programs of your PostgreSQL release."),
            code="postgres-tool",
            program=name,
        )
    where = [
        f"--{option}={database[field]}"
        for option, field in (("host", "HOST"), ("port", "PORT"), ("username", "USER"), ("dbname", "NAME"))
        if database.get(field)
    ]
    secret = {"PGPASSWORD": database["PASSWORD"]} if database.get("PASSWORD") else {}
    done = subprocess.run(  # noqa: S603 - a program of the machine's owner, by list
        [program, *where, "--no-password", *arguments],
        env={**os.environ, **secret},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [str(done.returncode)]
        raise UnavailableError(
            N_("{program} failed: {problem}"), code="postgres-tool", program=name, problem=lines[-1][:300]
        )


def _copy_database(workspace: Workspace, records: Path) -> str:
    """Copy the database as one moment of it; returns its kind."""
    held = database_settings(workspace.settings.database, base=workspace.directory)
    if held["ENGINE"].endswith("sqlite3"):
        target = records / SQLITE_FILE
        copy_sqlite(Path(held["NAME"]), target)
        target.chmod(0o600)
        return "sqlite"
    target = records / POSTGRES_FILE
    postgres_tool("pg_dump", held, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    target.chmod(0o600)
    return "postgresql"


def _copy_keys(vault: Path, target: Path) -> None:
    """Copy the vault: its database by SQLite's own backup, the rest as files."""
    make_private_directory(target)
    for path in sorted(vault.rglob("*")):
        place = target / path.relative_to(vault)
        if path.is_dir():
            make_private_directory(place)
        elif path.suffix == ".sqlite3":
            copy_sqlite(path, place)
            place.chmod(0o600)
            _drop_segment_keys(place)
        elif not path.name.endswith(("-wal", "-shm")) and not path.name.startswith("."):
            _copy_file(path, place)


def _drop_segment_keys(copy: Path) -> None:
    """Take keys of index segments out of a copy of the vault's keys: segments are derived and in no backup.

    Their ids are UUIDs of version 8, as nobody else's are (`index.live.new_segment_id`).
    """
    connection = sqlite3.connect(copy, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("delete from data_key where substr(hex(record_id), 13, 1) = '8'")
    finally:
        connection.close()


def _copy_media(workspace: Workspace, target: Path) -> None:
    """Sealed media as a folder, wherever they lie. A file that goes meanwhile belonged to what was erased meanwhile."""
    if not workspace.settings.media:
        _copy_tree(workspace.directory / MEDIA, target)
        return
    copy = FolderMediaStore(target)
    for name in workspace.media.names():
        with suppress(NotFoundError):
            copy.put(name, workspace.media.get(name))


def _copy_tree(source: Path, target: Path) -> None:
    """Copy sealed media. A file that goes meanwhile belonged to what was erased meanwhile."""
    make_private_directory(target)
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        make_private_directory(target / folder.name)
        for path in sorted(folder.iterdir()):
            if not path.name.startswith("."):
                _copy_file(path, target / folder.name / path.name)


def _copy_file(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        return
    target.chmod(0o600)


def _listing(root: Path) -> Iterator[BackupFile]:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            digest, size = read_block_hash(path)
            yield BackupFile(path=path.relative_to(root).as_posix(), sha256=digest, bytes=size)
