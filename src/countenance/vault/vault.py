"""The vault: a folder of keys outside the database, and the only code that opens what they seal.

::

    root.key        32 random bytes; wrapping keys are derived from it
    keys.sqlite3    one wrapped data key per record
    secrets/        named secrets and signing keys, wrapped

The folder is 0700, its files 0600, and it belongs in no backup that also holds the sealed records: destroying a
data key is what makes a record unreadable everywhere. Whoever holds root.key and the sealed bytes can read them.
"""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from countenance.primitives.clock import Clock, system_clock
from countenance.primitives.errors import ConflictError, IntegrityError, NotFoundError, UnavailableError
from countenance.primitives.files import make_private_directory, sync_directory, write_atomically
from countenance.primitives.text import N_
from countenance.vault.errors import KeyDestroyedError, damaged, named_os_errors
from countenance.vault.keys import KeyFile
from countenance.vault.named import Kind, NamedSecrets
from countenance.vault.seals import (
    KEY_BYTES,
    BrokenSealError,
    derive_key,
    random_keys,
    record_context,
    seal,
    unseal,
    unwrap_key,
    wrap_keys,
)

GRANT_SECRET: Final = "grants"  # noqa: S105 - a name; key of the MAC that policy puts on a grant
LOG_SIGNING_KEY: Final = "log"  # signs the log's checkpoints
ERASURE_SECRET: Final = "erasures"  # noqa: S105 - a name; key of the hashes by which what was erased is known again

_ROOT, _KEYS, _SECRETS = "root.key", "keys.sqlite3", "secrets"
_CHECK = b"countenance vault"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plain:
    """Something to seal. `part`: what it is of the record (`template:<space>`, `crop`); bound into the seal."""

    record_id: UUID
    part: str
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """Sealed bytes and the context under which they open."""

    record_id: UUID
    part: str
    data: bytes


class Vault:
    """An open vault. Safe for threads; several processes may have the same folder open."""

    def __init__(self, directory: Path, root: bytes, keys: KeyFile, clock: Clock) -> None:
        self._directory = directory
        self._keys = keys
        self._clock = clock
        self._wrapping = AESGCM(derive_key(root, "data-keys"))
        self._named = NamedSecrets(directory / _SECRETS, key=derive_key(root, "named-secrets"))

    @classmethod
    def create(
        cls,
        directory: Path,
        *,
        named: Iterable[str] = (GRANT_SECRET, ERASURE_SECRET),
        signing: Iterable[str] = (LOG_SIGNING_KEY,),
        clock: Clock = system_clock,
    ) -> Self:
        """Make a vault with its named secrets and signing keys, whole or not at all, and open it.

        Raises ConflictError where `directory` holds anything, UnavailableError where it cannot be written.
        """
        building = directory.with_name(f".{directory.name}.{secrets.token_hex(6)}.tmp")
        with named_os_errors(directory):
            if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
                raise ConflictError(
                    N_("There is something at {path} already; a vault is made in a new folder."),
                    remedy=N_("Choose another folder. Never delete a vault whose records you still need."),
                    path=str(directory),
                    code="vault-exists",
                )
            try:
                make_private_directory(building)
                root = os.urandom(KEY_BYTES)
                write_atomically(building / _ROOT, root)
                KeyFile.create(
                    building / _KEYS,
                    root_check=seal(AESGCM(derive_key(root, "root-check")), _CHECK, b"root-check"),
                )
                store = NamedSecrets(
                    make_private_directory(building / _SECRETS), key=derive_key(root, "named-secrets")
                )
                for name in named:
                    store.ensure(Kind.SECRET, name)
                for name in signing:
                    store.ensure(Kind.SIGNING, name)
                sync_directory(building)
                building.replace(directory)
                sync_directory(directory.parent)
            finally:
                shutil.rmtree(building, ignore_errors=True)
        return cls.open(directory, clock=clock)

    @classmethod
    def open(cls, directory: Path, *, clock: Clock = system_clock) -> Self:
        """Open a vault. Checks, in this order:

        1. the folder, the root key and the key file are there: else NotFoundError;
        2. nobody but their owner may read them: else UnavailableError `vault-modes`;
        3. the root key has its length and is the one of this key file: else IntegrityError `vault-damaged`.
        """
        _leave_no_core_dump()
        for path in (directory, directory / _ROOT, directory / _KEYS, directory / _SECRETS):
            _require_private(path)
        with named_os_errors(directory / _ROOT):
            root = (directory / _ROOT).read_bytes()
        if len(root) != KEY_BYTES:
            raise damaged(directory / _ROOT, f"{len(root)} bytes instead of {KEY_BYTES}")
        keys = KeyFile.open(directory / _KEYS)
        try:
            unseal(AESGCM(derive_key(root, "root-check")), keys.root_check(), b"root-check")
        except BrokenSealError as error:
            keys.close()
            raise damaged(directory / _ROOT, "it is not the root key of this key file") from error
        except BaseException:
            keys.close()
            raise
        return cls(directory, root, keys, clock)

    def close(self) -> None:
        self._keys.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def named_secret(self, name: str) -> bytes:
        """A secret of 32 bytes made before. Raises NotFoundError: a lost secret is never replaced in silence."""
        return self._named.read(Kind.SECRET, name)

    def ensure_secret(self, name: str) -> bytes:
        """A secret of 32 bytes, made at random on first use."""
        return self._named.ensure(Kind.SECRET, name)

    def renew_secret(self, name: str) -> None:
        """A new secret of this name in the place of the old one, which is destroyed."""
        self._named.renew(Kind.SECRET, name)

    def signing_key(self, name: str) -> Ed25519PrivateKey:
        """A signing key made before. Raises NotFoundError."""
        return Ed25519PrivateKey.from_private_bytes(self._named.read(Kind.SIGNING, name))

    def ensure_signing_key(self, name: str) -> Ed25519PrivateKey:
        """A signing key, made on first use."""
        return Ed25519PrivateKey.from_private_bytes(self._named.ensure(Kind.SIGNING, name))

    def seal(self, items: Sequence[Plain]) -> list[bytes]:
        """Seal each item under its record's data key, in order.

        New data keys are committed in the key file before this returns, so a key is durable before the row that
        needs it. A key whose row never came is an orphan: the sweep at start-up finds it by `record_ids`.
        """
        records = list(dict.fromkeys(item.record_id.bytes for item in items))
        opened = self._data_keys(records)
        missing = [record for record in records if record not in opened]
        if missing:
            made = dict(zip(missing, random_keys(len(missing)), strict=True))
            rows = wrap_keys(self._wrapping, made.items())
            if self._keys.add(rows, made_at=int(self._clock().timestamp())) < len(rows):
                # Another process made some of them in between; theirs count.
                made = self._data_keys(missing)
            opened |= made
        ciphers = {record: AESGCM(key) for record, key in opened.items()}
        return [
            seal(ciphers[item.record_id.bytes], item.data, record_context(item.record_id.bytes, item.part))
            for item in items
        ]

    def unseal(self, items: Sequence[Sealed]) -> list[bytes]:
        """The data of each item, in order. Raises KeyDestroyedError, or IntegrityError (`seal-broken`)."""
        opened: list[bytes] = []
        for item, data in zip(items, self.unseal_existing(items), strict=True):
            if data is None:
                raise KeyDestroyedError(
                    N_("Record {record} cannot be read: its key was destroyed."), record=item.record_id
                )
            opened.append(data)
        return opened

    def unseal_existing(self, items: Sequence[Sealed]) -> list[bytes | None]:
        """As `unseal`, with None for each item whose key is destroyed. Raises IntegrityError (`seal-broken`)."""
        keys = self._data_keys(list(dict.fromkeys(item.record_id.bytes for item in items)))
        ciphers = {record: AESGCM(key) for record, key in keys.items()}
        return [self._open(ciphers.get(item.record_id.bytes), item) for item in items]

    def destroy(self, record_ids: Iterable[UUID]) -> int:
        """Destroy the data keys of records, now and in the file's bytes; returns how many there were.

        Ids without a key are passed over, so an erasure that was cut short can be repeated. Raises
        UnavailableError `erasure-incomplete` where the keys are gone but their bytes are not yet: repeat it.
        """
        destroyed = self._keys.delete([record.bytes for record in record_ids])
        self._keys.scrub()
        return destroyed

    def record_ids(self, *, through: UUID | None = None) -> Iterator[UUID]:
        """Ids of all records with a key, in order of their bytes; `through`: up to this one."""
        last = b"\xff" * 16 if through is None else through.bytes
        for record in self._keys.records(through=last):
            yield UUID(bytes=bytes(record))

    def _data_keys(self, records: Sequence[bytes]) -> dict[bytes, bytes]:
        opened: dict[bytes, bytes] = {}
        for record, wrapped in self._keys.wrapped(records).items():
            try:
                opened[record] = unwrap_key(self._wrapping, record, wrapped)
            except BrokenSealError as error:
                raise damaged(self._directory / _KEYS, f"the key of record {UUID(bytes=record)}") from error
        return opened

    def _open(self, cipher: AESGCM | None, item: Sealed) -> bytes | None:
        if cipher is None:
            return None
        try:
            return unseal(cipher, item.data, record_context(item.record_id.bytes, item.part))
        except BrokenSealError as error:
            raise IntegrityError(
                N_("Stored bytes of record {record} ({part}) are damaged or were altered."),
                remedy=N_("Restore them from a backup, or ingest the photograph again."),
                record=item.record_id,
                part=item.part,
                code="seal-broken",
            ) from error


def _leave_no_core_dump() -> None:
    """From here on keys are in this process's memory: a crash must not write it to a disk."""
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _require_private(path: Path) -> None:
    with named_os_errors(path):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError as error:
            raise NotFoundError(
                N_("The vault is not complete: {path} is missing."),
                remedy=N_(
                    "Restore the vault's folder from its own backup; without it, sealed records stay closed."
                ),
                path=str(path),
                code="vault-missing",
            ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise UnavailableError(
            N_("Others than its owner may read {path} (mode {mode})."),
            remedy=N_("Run: chmod go-rwx {path}; and ask who has read it meanwhile."),
            path=str(path),
            mode=f"{stat.S_IMODE(mode):04o}",
            code="vault-modes",
        )
