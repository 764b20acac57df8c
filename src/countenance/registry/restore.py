"""Restore: a workspace from a backup, in which everything that ended since then has ended.

1. hashes      every file of the backup is the one that was written, by the manifest and its MAC
2. log         the exported log is signed by the log's key, and continues the checkpoint of the backup
3. build       records and keys are copied to a folder of another name, which nobody serves
4. continue    the log takes over what was logged after the backup
5. replay      what was ended then is ended again, what was erased is erased again; keys are destroyed; nobody is
               logged in, no browser is bound, and no one-time link is out
6. appear      the restoring is logged, a checkpoint is signed, and the folder gets its name

Without step 2 a backup is a time machine: a person who withdrew last week would be findable again.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from django.apps import apps

from countenance.index.live import forget_segments
from countenance.policy.pack import pack_from_files, read_pack_files
from countenance.primitives.clock import Clock, system_clock
from countenance.primitives.errors import (
    ConflictError,
    FormatError,
    IntegrityError,
    NotFoundError,
    UnavailableError,
    UsageError,
)
from countenance.primitives.files import make_private_directory, sync_directory
from countenance.primitives.text import N_
from countenance.records.database import database_settings
from countenance.records.ending import destroy_ended_keys
from countenance.records.erasing.steps import finish
from countenance.records.events import Event
from countenance.records.opening import bucket_of
from countenance.records.settings import DATABASE_VARIABLE, FILE_NAME, Settings, read_settings, write_settings
from countenance.records.suppressing.lists import FILE, FOLDER
from countenance.records.workspace import Workspace
from countenance.registry.backup import (
    BACKUP_SECRET,
    FORMAT,
    KEYS,
    MANIFEST,
    MEDIA,
    POSTGRES_FILE,
    RECORDS,
    SQLITE_FILE,
    SUPPRESSION_FILE,
    BackupFile,
    BackupManifest,
    postgres_tool,
    read_block_hash,
)
from countenance.registry.continuing import continue_log
from countenance.registry.replay import Replayed, refused, replay
from countenance.tlog.leaf import NewEntry
from countenance.tlog.verifier import verify_export
from countenance.vault.media import FolderMediaStore
from countenance.vault.s3 import S3MediaStore
from countenance.vault.vault import Vault

_RECORDS = frozenset((RECORDS, name) for name in (FILE_NAME, SQLITE_FILE, POSTGRES_FILE, SUPPRESSION_FILE))
"""Besides keys and media, all that a backup holds."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """`log_until`: RFC 3339 moment of the last entry that was taken over; what ended after it is not known here."""

    directory: Path
    made_at: str
    entries_taken_over: int
    log_until: str | None
    replayed: Replayed
    keys_destroyed: int
    log_entry: int


def restore(
    backup: Path,
    to: Path,
    *,
    log: Path | None,
    key: str | None = None,
    keys: Path | None = None,
    policies: tuple[Path, ...] = (),
    database: str | None = None,
    clock: Clock = system_clock,
) -> Restored:
    """Restore `backup` to the new folder `to`.

    `log`: folder of a log export with payloads, as late as can be had. `key`: the log's verifier key as published; else
    the one of the backup's own vault. `keys`: where the backup's `keys/` is, if it was kept apart. `policies`: folders
    of packs that were put in force after the backup. `database`: an empty PostgreSQL database.

    Raises RefusedError (reasons `log-missing`, `log-does-not-continue`, `log-without-details`, `policy-pack-missing`),
    IntegrityError (a changed file), NotFoundError, ConflictError, UnavailableError.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ConflictError(
            N_("{directory} is not empty."),
            remedy=N_("Name a new folder for the restored workspace."),
            code="restore-exists",
            directory=str(to),
        )
    manifest = read_manifest(backup)
    vault = keys if keys is not None else backup / KEYS
    check_files(backup, manifest, vault)
    if log is None:
        raise refused(
            "log-missing",
            N_(
                "A backup without the log after it would bring back what was ended since. Give the exported log."
            ),
        )
    settings = _settings(backup, manifest, database)
    packs = _packs(policies)
    building = to.with_name(f".{to.name}.{secrets.token_hex(4)}.new")
    try:
        _build(backup, manifest, vault, building, settings)
        with Workspace.open(building, clock=clock) as workspace:
            _check_log(workspace, manifest, log, key)
            restored = _take_over(workspace, manifest, log, to, packs)
        if to.exists():
            to.rmdir()
        building.replace(to)
        sync_directory(to.absolute().parent)
    except OSError as error:
        raise UnavailableError(
            N_("The workspace could not be restored to {directory}: {problem}. Nothing is left of it."),
            remedy=N_("Choose a disk with room that you may write to."),
            code="restore-not-written",
            directory=str(to),
            problem=error.strerror or str(error),
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return restored


def verify(workspace: Workspace, backup: Path, *, keys: Path | None = None) -> BackupManifest:
    """Hold every file of a backup against its manifest, and the manifest against this workspace's secret.

    `keys`: as for `restore`. Raises IntegrityError (a changed file), NotFoundError.
    """
    manifest = read_manifest(backup)
    check_files(backup, manifest, keys if keys is not None else backup / KEYS)
    _check_mac(workspace.vault, manifest)
    return manifest


def read_manifest(backup: Path) -> BackupManifest:
    """The manifest of a backup. Raises NotFoundError, FormatError."""
    try:
        data = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
        manifest = BackupManifest(**{**data, "files": tuple(BackupFile(**file) for file in data["files"])})
    except FileNotFoundError as error:
        raise NotFoundError(
            N_("There is no backup in {directory}."), code="backup-missing", directory=str(backup)
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise FormatError(
            N_("{path} is not the manifest of a backup."), code="backup-manifest", path=str(backup / MANIFEST)
        ) from error
    if manifest.format != FORMAT:
        raise UnavailableError(
            N_("This backup has the format {found}; this release reads {known}."),
            remedy=N_("Install the release that made it."),
            code="backup-newer",
            found=manifest.format,
            known=FORMAT,
        )
    return manifest


def check_files(backup: Path, manifest: BackupManifest, vault: Path) -> None:
    """Check every file against the manifest. Raises NotFoundError, IntegrityError naming the first that differs."""
    for file in manifest.files:
        path = place_of(file, backup, vault)
        root = vault if Path(file.path).parts[0] == KEYS else backup
        if path.resolve() != root.resolve() / path.relative_to(root):
            raise IntegrityError(
                N_("{path} of the backup is a link, or lies behind one."),
                remedy=N_("Use another copy of the backup."),
                code="backup-link",
                path=str(path),
            )
        try:
            found = read_block_hash(path)
        except FileNotFoundError as error:
            raise NotFoundError(
                N_("{path} of the backup is not there."),
                remedy=N_("If the keys are kept apart, name their folder: --backup-keys DIR."),
                code="backup-file-missing",
                path=str(path),
            ) from error
        if found != (file.sha256, file.bytes):
            raise IntegrityError(
                N_("{path} of the backup is not the file that was written."),
                remedy=N_("Use another copy of the backup."),
                code="backup-file-changed",
                path=str(path),
            )


def place_of(file: BackupFile, backup: Path, vault: Path) -> Path:
    """Where a file of the manifest lies. A path that would lead out of the backup is an IntegrityError."""
    parts = Path(file.path).parts
    inside = parts[:1] == (KEYS,) or parts[:2] == (RECORDS, MEDIA) or parts in _RECORDS
    if not inside or len(parts) < 2 or ".." in parts or "\0" in file.path:
        raise IntegrityError(N_("The manifest names a file outside the backup."), code="backup-manifest")
    return vault.joinpath(*parts[1:]) if parts[0] == KEYS else backup / file.path


def _settings(backup: Path, manifest: BackupManifest, database: str | None) -> Settings:
    """The settings of the restored workspace; never the address of a database that is in use elsewhere."""
    held = read_settings(backup / RECORDS)
    if manifest.database == "sqlite":
        if database is not None or os.environ.get(DATABASE_VARIABLE):
            raise UsageError(
                N_("This backup is of an SQLite database, which is restored into the workspace."),
                remedy=N_("Leave out --database, and unset {variable}."),
                code="restore-database",
                variable=DATABASE_VARIABLE,
            )
        return replace(held, database=f"sqlite:///{SQLITE_FILE}")
    if database is None:
        raise UsageError(
            N_("This backup is of a PostgreSQL database; it needs an empty one to go into."),
            remedy=N_("Make one, and give --database postgresql://USER@HOST/NAME."),
            code="restore-database",
        )
    return replace(held, database=database)


def _build(backup: Path, manifest: BackupManifest, vault: Path, building: Path, settings: Settings) -> None:
    make_private_directory(building)
    for name in (MEDIA, "run", "accounts", "keys"):
        make_private_directory(building / name)
    for file in manifest.files:
        parts = Path(file.path).parts
        if parts[:2] in {(RECORDS, "workspace.toml"), (RECORDS, POSTGRES_FILE)}:
            continue
        target = building.joinpath(*(parts if parts[0] == KEYS else parts[1:]))
        if parts == (RECORDS, SUPPRESSION_FILE):
            target = building / FOLDER / FILE
        make_private_directory(target.parent)
        shutil.copyfile(place_of(file, backup, vault), target)
        target.chmod(0o600)
    (building / KEYS / "secrets").mkdir(mode=0o700, exist_ok=True)
    with Vault.open(building / KEYS) as held:
        _check_mac(held, manifest)  # before a database that strangers may have written is opened
    write_settings(building, settings)
    _return_media(building, settings)
    if manifest.database == "postgresql":
        where = database_settings(settings.database, base=building)
        dump = backup / RECORDS / POSTGRES_FILE
        postgres_tool("pg_restore", where, "--no-owner", "--exit-on-error", "--single-transaction", str(dump))


def _return_media(building: Path, settings: Settings) -> None:
    """Where the media lie in a bucket: put back what is not there any more, and keep no second copy."""
    place = bucket_of(settings)
    if place is None:
        return
    bucket = S3MediaStore(place.below(MEDIA), building / "cache")
    folder = FolderMediaStore(building / MEDIA)
    for name in list(folder.names()):
        with suppress(ConflictError):  # it is there still
            bucket.put_new(name, folder.get(name))
        folder.delete(name)


def _check_mac(vault: Vault, manifest: BackupManifest) -> None:
    """Step 1, with the vault's copy: the manifest is the one that was written by who held these keys."""
    try:
        genuine = manifest.compute_mac(vault.named_secret(BACKUP_SECRET))
    except NotFoundError:
        genuine = ""
    if not genuine or not hmac.compare_digest(genuine, manifest.mac):
        raise IntegrityError(
            N_("The manifest of the backup is not the one that was written: somebody has changed it."),
            remedy=N_("Use another copy of the backup."),
            code="backup-manifest-changed",
        )


_LETS_IN = ("WebSession", "WebBrowser", "WebInvitation")
"""Rows of the web application that open somebody's key: whether they ended after the backup, the log does not say."""


def _check_log(workspace: Workspace, manifest: BackupManifest, log: Path, key: str | None) -> None:
    """Step 2: the log is genuine, and goes on from the checkpoint that the backup names."""
    own = workspace.log.vkey
    if key is not None and key.strip() != own:
        raise refused("log-key-differs", N_("The key that was given is not that of this backup's log."))
    try:
        verdict = verify_export(log, own, manifest.checkpoint)
    except FileNotFoundError as error:
        raise NotFoundError(
            N_("There is no exported log in {directory}."), code="export-missing", directory=str(log)
        ) from error
    if not verdict.ok:
        raise refused(
            "log-does-not-continue",
            N_("The exported log does not continue this backup's. {finding}"),
            finding=verdict.findings[0].sentence(),
        )


def _take_over(
    workspace: Workspace,
    manifest: BackupManifest,
    log: Path,
    to: Path,
    packs: Mapping[str, dict[str, str]],
) -> Restored:
    """Steps 4 to 6, up to the name; the transaction is one, so that there is no moment in between."""
    with workspace.transaction() as (tx, now):
        try:
            entries = continue_log(tx, workspace.log, log)
        except IntegrityError as error:
            raise refused("log-does-not-continue", error.message.template, **error.message.params) from error
        forget_segments(tx, now)
        done = replay(workspace, tx, entries, now=now, packs=packs)
        for name in _LETS_IN:
            apps.get_model("web", name).objects.all().delete()
        (appended,) = workspace.record(
            tx,
            [
                NewEntry(
                    event=Event.BACKUP_RESTORED.value,
                    at=now,
                    purpose=None,
                    jurisdiction=None,
                    client=None,
                    pack=None,
                    details={
                        "made_at": manifest.made_at,
                        "entries_taken_over": len(entries),
                        "ended": dict(done.ended),
                        "lost": dict(done.lost),
                    },
                )
            ],
        )
    destroyed = destroy_ended_keys(workspace)
    finish(workspace)
    workspace.checkpoint()
    return Restored(
        directory=to,
        made_at=manifest.made_at,
        entries_taken_over=len(entries),
        log_until=entries[-1].leaf.at.isoformat().replace("+00:00", "Z") if entries else None,
        replayed=done,
        keys_destroyed=destroyed,
        log_entry=appended.index,
    )


def _packs(folders: tuple[Path, ...]) -> dict[str, dict[str, str]]:
    packs: dict[str, dict[str, str]] = {}
    for folder in folders:
        files = read_pack_files(folder)
        packs[pack_from_files(files).hash] = files
    return packs
