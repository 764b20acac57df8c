"""Secrets with a name (MAC keys, signing keys): one small file each, wrapped by a key derived from the root."""

from __future__ import annotations

import os
import re
import secrets
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.files import sync_directory
from countenance.primitives.text import N_
from countenance.vault.errors import damaged, named_os_errors
from countenance.vault.seals import KEY_BYTES, BrokenSealError, seal, unseal

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


class Kind(StrEnum):
    """What the 32 bytes are for. The value is the file's ending and is bound into its seal."""

    SECRET = "secret"  # noqa: S105 - a kind of file; key of an HMAC or of another symmetric use
    SIGNING = "signing"  # seed of an Ed25519 key (RFC 8032, 5.1.5)


class NamedSecrets:
    """A folder of named secrets of 32 bytes. Making one is safe against another process that makes it too."""

    def __init__(self, directory: Path, *, key: bytes) -> None:
        self._directory = directory
        self._cipher = AESGCM(key)

    def read(self, kind: Kind, name: str) -> bytes:
        """The secret. Raises NotFoundError where none was made, IntegrityError where the file is damaged."""
        path = self._path(kind, name)
        with named_os_errors(path):
            try:
                sealed = path.read_bytes()
            except FileNotFoundError as error:
                raise NotFoundError(
                    N_("The vault holds no {kind} named {name}."),
                    remedy=N_("If it was there before, restore the vault's folder from its own backup."),
                    kind=kind.value,
                    name=name,
                    code="secret-missing",
                ) from error
        try:
            return unseal(self._cipher, sealed, _context(kind, name))
        except BrokenSealError as error:
            raise damaged(path, str(error)) from error

    def ensure(self, kind: Kind, name: str) -> bytes:
        """The secret, made at random where there is none yet. Of two makers at once, both get the first one's."""
        path = self._path(kind, name)
        if not path.exists():
            with named_os_errors(path):
                self._make(path, seal(self._cipher, os.urandom(KEY_BYTES), _context(kind, name)))
        return self.read(kind, name)

    def renew(self, kind: Kind, name: str) -> None:
        """Put a new secret, made at random, in the place of the old one, whose bytes are overwritten.

        Cut short, there is the old one, the new one, or none, which `ensure` makes anew.
        """
        path = self._path(kind, name)
        old = path.with_name(f".{path.name}.{secrets.token_hex(6)}.old")
        with named_os_errors(path):
            if path.exists():
                path.rename(old)
            self._make(path, seal(self._cipher, os.urandom(KEY_BYTES), _context(kind, name)))
            if old.exists():
                with old.open("r+b") as stream:
                    stream.write(bytes(old.stat().st_size))
                    stream.flush()
                    os.fsync(stream.fileno())
                old.unlink()
                sync_directory(path.parent)

    def names(self, kind: Kind) -> list[str]:
        """Names of that kind, sorted."""
        return sorted(
            path.stem for path in self._directory.glob(f"*.{kind.value}") if _NAME.fullmatch(path.stem)
        )

    def _make(self, path: Path, sealed: bytes) -> None:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(sealed)
                stream.flush()
                os.fsync(stream.fileno())
            try:
                # A link, not a rename: it fails where the name exists, so the first maker wins.
                os.link(temporary, path)
            except FileExistsError:
                return
            sync_directory(path.parent)
        finally:
            temporary.unlink(missing_ok=True)

    def _path(self, kind: Kind, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UsageError(
                N_(
                    "A secret's name has 1 to 63 lower-case letters, digits and hyphens, a letter first: not {name}."
                ),
                name=repr(name[:80]),
                code="secret-name",
            )
        return self._directory / f"{name}.{kind.value}"


def _context(kind: Kind, name: str) -> bytes:
    return f"named/{kind.value}/{name}".encode()
