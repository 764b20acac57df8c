"""A workspace: one folder, one database, one log, one set of keys; and the engines that work on them.

Everything a path needs is handed to it as a `Workspace`. Engines are made when first asked for, so a command
that needs no key reads none.
"""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from countenance.primitives.clock import Clock, system_clock
from countenance.primitives.errors import ConflictError, UnavailableError
from countenance.primitives.files import NO_ROOM, make_private_directory
from countenance.primitives.text import N_
from countenance.records.database import (
    DjangoTransaction,
    connect,
    disconnect,
    open_reading,
    open_transaction,
    unavailable,
)
from countenance.records.opening import bucket_of, check_migrations, migrate
from countenance.records.settings import FILE_NAME, FORMAT, Settings, read_settings, write_settings

if TYPE_CHECKING:
    from countenance.extraction.pack import ModelPack
    from countenance.extraction.values import ExtractionLimits
    from countenance.index.index import Index
    from countenance.index.upkeep import UpkeepReport
    from countenance.policy.engine import PolicyEngine
    from countenance.policy.restrictions import Restriction
    from countenance.records.counting import PeopleCounter
    from countenance.tlog.leaf import NewEntry
    from countenance.tlog.log import Appended, Log
    from countenance.vault.media import MediaStore
    from countenance.vault.vault import Vault

SET_BACK_TOLERANCE = timedelta(seconds=10)
"""Clocks are corrected by seconds all the time; more than this is a clock that was set back."""


class Workspace:
    """An open workspace. `open` and `create` are the ways in; `close` (or `with`) the way out."""

    def __init__(self, directory: Path, settings: Settings, clock: Clock) -> None:
        self.directory = directory
        self.settings = settings
        self.clock = clock
        self._policy: PolicyEngine | None = None
        self._policy_epoch: int | None = None
        self._policy_lock = threading.Lock()
        self.cluster: tuple[str, Path] | None = None
        """Address and folder of a cluster that holds the segments; set before the first search (see `cluster.ring`)."""
        self._restrictions: tuple[Restriction, ...] = ()
        self._restrictions_epoch: int | None = None
        self.nothing_ended_in: int | None = None  # revocation epoch (`ending.destroy_ended_keys`)
        self.background_index = False
        """Set by a process that serves, before its first search: it answers in part while segments are still opened,
        and one search uses every core."""

    @classmethod
    def create(
        cls,
        directory: Path,
        *,
        database: str | None = None,
        media: str = "",
        s3_endpoint: str = "",
        s3_allow_http: bool = False,
        models: str = Settings.models,
        clock: Clock = system_clock,
        begin: Callable[[Self], None] | None = None,
    ) -> Self:
        """Make a workspace in `directory`, which must not exist or be empty; whole or not at all.

        `media`, `s3_endpoint`, `s3_allow_http`, `models`: see `Settings`. `begin`: writes its first records, before anybody can see it. Where that fails nothing is left either.

        Raises ConflictError where something is there already, UnavailableError where it cannot be written.
        """
        if (directory / FILE_NAME).exists() or (directory.exists() and any(directory.iterdir())):
            raise ConflictError(
                N_("{directory} is not empty."),
                remedy=N_("Choose a new folder for the workspace."),
                code="workspace-exists",
                directory=str(directory),
            )
        from django.db import DatabaseError

        settings = Settings(
            format=FORMAT,
            id=uuid.uuid4(),
            database=database or Settings.database,
            media=media,
            s3_endpoint=s3_endpoint,
            s3_allow_http=s3_allow_http,
            models=models,
        )
        bucket_of(settings)  # before anything is made
        building = directory.with_name(f".{directory.name}.{secrets.token_hex(4)}.new")
        try:
            directory.parent.mkdir(parents=True, exist_ok=True)
            make_private_directory(building)
            for name in ("media", "run", "accounts"):
                make_private_directory(building / name)
            from countenance.vault.vault import Vault

            Vault.create(building / "keys").close()
            write_settings(building, settings)
            connect(read_settings(building).database, base=building)
            try:
                migrate()
            finally:
                disconnect()
            for made in building.glob("*.sqlite3*"):
                made.chmod(0o600)  # SQLite gives its side files the mode of the database
            if begin is not None:
                with cls.open(building, clock=clock) as made_workspace:
                    begin(made_workspace)
            os.replace(building, directory)
        except DatabaseError as error:
            raise unavailable(error) from error
        except OSError as error:
            raise UnavailableError(
                N_("The workspace cannot be made in {directory}: {problem}."),
                remedy=N_("Choose a folder that you may write to, on a disk with room."),
                code="disk-full" if error.errno in NO_ROOM else "workspace-not-writable",
                directory=str(directory),
                problem=error.strerror or str(error),
            ) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return cls.open(directory, clock=clock)

    @classmethod
    def open(cls, directory: Path, *, clock: Clock = system_clock) -> Self:
        """Open the workspace in `directory`.

        Raises NotFoundError, FormatError, and UnavailableError where it is newer, locked away or half-migrated.
        """
        settings = read_settings(directory)
        connect(settings.database, base=directory)
        try:
            check_migrations()
        except BaseException:
            disconnect()
            raise
        return cls(directory, settings, clock)

    def close(self) -> None:
        """Close keys and database; the workspace object is of no use afterwards."""
        if "index" in self.__dict__:
            self.index.close()
        if "vault" in self.__dict__:
            self.vault.close()
        disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Engines, made when first asked for.

    @cached_property
    def vault(self) -> Vault:
        from countenance.vault.vault import Vault

        return Vault.open(self.directory / "keys")

    @cached_property
    def media(self) -> MediaStore:
        """Sealed crops and probes."""
        return self._files("media")

    @cached_property
    def segments(self) -> MediaStore:
        """Segments of the index: beside the other media, not among them, since they are derived and no backup holds them."""
        return self._files("segments")

    def _files(self, folder: str) -> MediaStore:
        place = bucket_of(self.settings)
        if place is not None:
            from countenance.vault.s3 import S3MediaStore

            return S3MediaStore(place.below(folder), self.directory / "cache")
        from countenance.vault.media import FolderMediaStore

        return FolderMediaStore(self.directory / folder)

    @cached_property
    def log(self) -> Log:
        from countenance.tlog.log import Log
        from countenance.vault.vault import LOG_SIGNING_KEY

        return Log(self.settings.origin, self.vault.signing_key(LOG_SIGNING_KEY))

    @property
    def limits(self) -> ExtractionLimits:
        """What one photograph may cost, as this workspace sets it."""
        from countenance.extraction.values import ExtractionLimits

        chosen = self.settings.extraction
        return ExtractionLimits(
            max_pixels=chosen.max_pixels,
            max_bytes=chosen.max_bytes,
            max_memory_bytes=chosen.max_memory_bytes,
            timeout_seconds=chosen.timeout_seconds,
        )

    @cached_property
    def models(self) -> ModelPack:
        from countenance.extraction.pack import load_pack

        return load_pack(self.models_in_use())

    def models_in_use(self) -> str:
        """Name of the model pack that makes templates now; another process may have switched it a moment ago."""
        from countenance.records.models import WorkspaceState

        chosen = WorkspaceState.objects.filter(pk=1).values_list("model_pack", flat=True).first()
        return chosen or self.settings.models

    def reload_models(self) -> None:
        """Use the pack that is in use now, where it was switched since it was loaded."""
        held: ModelPack | None = self.__dict__.get("models")
        if held is not None and held.name != self.models_in_use():
            del self.__dict__["models"]

    @cached_property
    def index(self) -> Index:
        from countenance.index.index import Index
        from countenance.records.sealing import VaultSegmentKeys, rotation_seeds, unseal_templates

        if self.cluster is not None:
            from countenance.cluster.fleet import Fleet
            from countenance.cluster.index import ClusterIndex

            return ClusterIndex(
                fleet=Fleet(*self.cluster),
                mac_key=self.grant_key,
                unseal=unseal_templates(self.vault),
                seeds=rotation_seeds(self.vault),
                files=self.segments,
                keys=VaultSegmentKeys(self.vault),
                background=self.background_index,
            )
        return Index(
            mac_key=self.grant_key,
            unseal=unseal_templates(self.vault),
            seeds=rotation_seeds(self.vault),
            files=self.segments,
            keys=VaultSegmentKeys(self.vault),
            background=self.background_index,
            threads=(os.cpu_count() or 1) if self.background_index else 1,
        )

    @property
    def grant_key(self) -> bytes:
        """The secret that policy signs grants with and the index checks them with."""
        from countenance.vault.vault import GRANT_SECRET

        return self.vault.named_secret(GRANT_SECRET)

    @cached_property
    def counter(self) -> PeopleCounter:
        """How many people stand behind references."""
        from countenance.records.counting import PeopleCounter

        return PeopleCounter()

    def policy(self, epoch: int | None = None) -> PolicyEngine:
        """The engine of the packs in force now; another process may have changed them a moment ago.

        `epoch`: the revocation epoch, where the caller has just read it. Packs are only replaced together with it, so
        while it stands they need not be looked up again.
        """
        from countenance.policy.engine import PolicyEngine
        from countenance.records.policies import book_in_force, hashes_in_force

        with self._policy_lock:
            if self._policy is not None and epoch is not None and epoch == self._policy_epoch:
                return self._policy
            if self._policy is None or hashes_in_force() != self._policy.book.hashes:
                self._policy = PolicyEngine(book_in_force())
            self._policy_epoch = epoch
            return self._policy

    def restrictions(self, epoch: int | None = None) -> tuple[Restriction, ...]:
        """Locks and orders that are not lifted; another process may have set one a moment ago.

        `epoch`: as in `policy`. To be given only where the caller's transaction has set and lifted none itself.
        """
        from countenance.records.restrictions import in_force

        if epoch is None:
            return in_force()
        with self._policy_lock:
            if epoch != self._restrictions_epoch:
                self._restrictions = in_force()
                self._restrictions_epoch = epoch
            return self._restrictions

    # Transactions and the log.

    @contextmanager
    def transaction(self) -> Iterator[tuple[DjangoTransaction, datetime]]:
        """An open transaction and its moment. Refuses to write where the clock has been set back.

        The moment never runs backwards within a workspace, so entries of the log are in order of time.
        """
        from countenance.records.models import WorkspaceState

        with open_transaction() as tx:
            now = self.clock()
            state = WorkspaceState.objects.select_for_update().filter(pk=1).first()
            if state is not None:
                if now < state.last_seen_at - SET_BACK_TOLERANCE:
                    raise UnavailableError(
                        N_("This machine's clock says {now}, but this workspace has been written at {seen}."),
                        remedy=N_(
                            "Set the clock right. Limits and consents depend on it, so nothing was changed."
                        ),
                        code="clock-set-back",
                        now=now.isoformat(timespec="seconds"),
                        seen=state.last_seen_at.isoformat(timespec="seconds"),
                    )
                now = max(now, state.last_seen_at)
                WorkspaceState.objects.filter(pk=1).update(last_seen_at=now)
            yield tx, now

    def record(self, tx: DjangoTransaction, entries: Sequence[NewEntry]) -> Sequence[Appended]:
        """Append to the log in the transaction of what is recorded."""
        return self.log.append(tx, entries)

    def checkpoint(self) -> str:
        """Sign the log as it stands, after reading back what was written; returns the signed note."""
        with self.transaction() as (tx, now):
            return self.log.sign_checkpoint(tx, now)

    def keep_index(self, *, seal_rows: int | None = None) -> UpkeepReport:
        """One round of upkeep of the index: seal, merge, rewrite what holds erased rows, destroy old keys.

        To be called now and then by whoever serves, and after an erasure; searches go on meanwhile.
        """
        from countenance.index.upkeep import SEAL_ROWS, keep

        return keep(
            self.index,
            open_transaction,
            now=self.clock(),
            seal_rows=SEAL_ROWS if seal_rows is None else seal_rows,
        )

    def renew_rotation(self, gallery_id: str) -> None:
        """Give a gallery a new secret rotation: what was stored under the old one cannot be linked with what will be.

        Only where no searcher runs. Segments under the old rotation do not open any more; `keep_index` makes them again from
        the sealed templates and destroys the old ones. Cut short, the next upkeep does that.
        """
        from countenance.records.sealing import rotation_secret

        self.vault.renew_secret(rotation_secret(gallery_id))
        held: Index | None = self.__dict__.pop("index", None)
        if held is not None:
            held.close()

    def keep_index_where_due(self) -> UpkeepReport | None:
        """`keep_index` if there is something to do; else None. Asked of the database, and of segments that did not open."""
        from countenance.index.upkeep import is_due

        held: Index | None = self.__dict__.get("index")
        with open_reading() as tx:
            due = is_due(tx) or (held is not None and held.lacks_segments(tx))
        return self.keep_index() if due else None

    def revoke_grants(self) -> None:
        """Kill every grant that is out: called in the transaction that ends a permission."""
        from django.db.models import F

        from countenance.records.models import WorkspaceState

        WorkspaceState.objects.filter(pk=1).update(revocation_epoch=F("revocation_epoch") + 1)

    def epoch(self) -> int:
        """The revocation epoch now."""
        from countenance.records.models import WorkspaceState

        return WorkspaceState.objects.values_list("revocation_epoch", flat=True).get(pk=1)
