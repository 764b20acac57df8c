"""Backups for callers of the searcher: made in the folder that the settings name, and read again where they were made.

Who asks in a page names no folder: keys and records leave the workspace together, and where to is for the machine's owner to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from countenance.acting.path import ActResult
from countenance.acting.path import perform as perform_with
from countenance.acting.step import Outcome, Step
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, UnavailableError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.identity import SignedRequest
from countenance.records.models import BackupRecord
from countenance.records.named import find_account
from countenance.records.workspace import Workspace
from countenance.registry.backup import backup
from countenance.registry.restore import verify
from countenance.service.acts import HANDLERS, perform
from countenance.service.background import Background
from countenance.tlog.leaf import NewEntry


def _no_folder(_: Step) -> Outcome:
    raise ConflictError(
        N_("The settings name no folder for backups."),
        remedy=N_(
            'Write backups = "/mnt/backup" into workspace.toml and start again, or make one on the machine itself: countenance backup DIR'
        ),
        code="backup-folder",
    )


_NO_FOLDER = {Act.BACKUP: replace(HANDLERS[Act.BACKUP], carry_out=_no_folder)}

_PATIENCE_SECONDS = 20.0
"""A copy that takes longer goes on; the list of backups shows it when it is whole."""


class Copies:
    """At most one copy is written or read at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._background = Background(
            "backup",
            busy=lambda: ConflictError(
                N_("Another backup is being written or read."),
                remedy=N_("Wait until it is in the list, and ask again."),
                code="backup-runs",
            ),
            crashed=lambda: UnavailableError(
                N_("The backup ended by a fault of the program."), code="backup-crash"
            ),
            patience=_PATIENCE_SECONDS,
        )

    def make(self, signed: SignedRequest) -> ActResult:
        """Write a backup. Raises ConflictError where no folder is named, and what `registry.backup.backup` does."""
        folder = self._workspace.settings.backups
        if not folder:  # which is told to those who may make one
            return perform_with(self._workspace, signed, _NO_FOLDER)
        directory = Path(folder) / f"{self._workspace.clock():%Y-%m-%dT%H%M%SZ}"
        entries: list[int | None] = []
        record: dict[str, Json] = {"location": str(directory)}

        def work(_: Callable[[], None]) -> None:
            manifest, entry = backup(self._workspace, signed, directory)
            entries.append(entry)
            record.update(backup=manifest.made_at, bytes=manifest.bytes)

        goes_on = self._background.begin(work)
        return ActResult(
            act=Act.BACKUP.value,
            record={**record, "state": "under-way" if goes_on else "done"},
            log_entry=entries[0] if entries else None,
        )

    def check(self, signed: SignedRequest) -> ActResult:
        """Permitted first; then every file of the copy is read and held against its manifest, and that is noted in the log.

        Raises what `registry.restore.verify` does: IntegrityError for the first file that differs.
        """
        asked = perform(self._workspace, signed)
        record = asked.record
        if not isinstance(record, Mapping) or "location" not in record:
            return asked  # read by whoever asked
        entries: list[int] = []

        def work(_: Callable[[], None]) -> None:
            manifest = verify(self._workspace, Path(str(record["location"])))
            entries.append(self._note(manifest.made_at, signed.account))

        goes_on = self._background.begin(work)
        return ActResult(
            act=asked.act,
            record={**record, "state": "under-way" if goes_on else "whole"},
            log_entry=entries[0] if entries else None,
        )

    def close(self) -> None:
        """Wait for the copy in hand: half of one is none."""
        self._background.join()

    def _note(self, made_at: str, account: str) -> int:
        with self._workspace.transaction() as (tx, now):
            rows = BackupRecord.objects.filter(made_at=made_at)
            rows.update(verified_at=now)
            entry = NewEntry(
                event=Event.BACKUP_VERIFIED.value,
                at=now,
                purpose=None,
                jurisdiction=None,
                client=None,
                pack=None,
                details={"account": str(find_account(account).pk), "made_at": iso(rows[0].made_at)},
            )
            (appended,) = self._workspace.record(tx, [entry])
        return appended.index
