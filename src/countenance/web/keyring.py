"""Private keys of accounts, kept where a stolen database signs nothing.

An account's Ed25519 key is kept sealed (AES-256-GCM) under two secrets at once: the server's own, a file beside the
workspace's database and in no table, and one that the server does not keep: a password, or the random token of a
session, of a one-time link, or of an API token. So neither the database alone, nor the database and the server's file,
opens a key; a password must be guessed on top, one Argon2id (RFC 9106) at a time.

::

    sealed   = kind (1 byte: P, T) | salt (16) | nonce (12) | AES-256-GCM(held)         associated data: `about`
    P        = HKDF-SHA-256(Argon2id(password, salt) | server's secret)                 RFC 9106, second recommended option
    T        = HKDF-SHA-256(token | server's secret, salt)                              RFC 5869
"""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from countenance.primitives.errors import FormatError, RefusedError
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_
from countenance.records.identity import AccountKey

SECRET_FILE = "web.key"  # noqa: S105 - a name
TOKEN_BYTES = 32
_SALT, _NONCE = 16, 12
_PASSWORD, _TOKEN = b"P", b"T"
_MEMORY_KIB, _PASSES, _LANES = 64 * 1024, 3, 4
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each Argon2id takes 64 MiB: a crowd at the door waits in line."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What is sealed. `key`: signs for the account. `totp`: secret of its one-time codes, 20 bytes, or empty."""

    key: AccountKey
    totp: bytes = b""

    def to_bytes(self) -> bytes:
        document = {
            "account": self.key.account,
            "key": self.key.private.private_bytes_raw().hex(),
            "totp": self.totp.hex(),
        }
        return json.dumps(document).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Held:
        document = json.loads(data)
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(document["key"]))
        return cls(
            key=AccountKey(account=document["account"], private=private), totp=bytes.fromhex(document["totp"])
        )


class Keyring:
    """Seals and opens. `server_secret`: 32 bytes, in no database."""

    def __init__(self, server_secret: bytes) -> None:
        self._server = server_secret

    @classmethod
    def of(cls, directory: Path) -> Keyring:
        """The keyring of the workspace in `directory`; its secret is made when first asked for.

        Raises FormatError where the file is not what was written.
        """
        path = directory / SECRET_FILE
        try:
            secret = path.read_bytes()
        except FileNotFoundError:
            secret = secrets.token_bytes(TOKEN_BYTES)
            write_atomically(path, secret)
        if len(secret) != TOKEN_BYTES:
            raise FormatError(
                N_("{path} is not the secret of the web application."), path=str(path), code="web-key"
            )
        return cls(secret)

    def seal_by_password(self, held: Held, password: str, *, about: str) -> bytes:
        """Seal under a password (any text; compared in its NFC spelling by whoever asks)."""
        return self._seal(_PASSWORD, held, password.encode(), about)

    def seal(self, held: Held, token: bytes, *, about: str) -> bytes:
        """Seal under a random token of 32 bytes. `about`: what the row is of, so that no row opens in another's place."""
        if len(token) != TOKEN_BYTES:
            raise ValueError("a token has 32 bytes")
        return self._seal(_TOKEN, held, token, about)

    def open_by_password(self, sealed: bytes, password: str, *, about: str) -> Held:
        """Raises RefusedError (reason `not-authenticated`) for the wrong password."""
        return self._open(_PASSWORD, sealed, password.encode(), about)

    def open(self, sealed: bytes, token: bytes, *, about: str) -> Held:
        """Raises RefusedError (reason `not-authenticated`) for the wrong token, or a row that was changed."""
        return self._open(_TOKEN, sealed, token, about)

    def spend_time(self, password: str) -> None:
        """As long as a wrong password takes, where there is no such account: names cannot be told by the time."""
        self._key(_PASSWORD, password.encode(), bytes(_SALT))

    def derive(self, token: bytes, purpose: str, length: int) -> bytes:
        """Bytes that belong to a token and to nothing else, so that they need not be kept."""
        return HKDF(SHA256(), length, self._server, b"countenance/web/derive/" + purpose.encode()).derive(
            token
        )

    def _seal(self, kind: bytes, held: Held, secret: bytes, about: str) -> bytes:
        salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
        key = self._key(kind, secret, salt)
        return kind + salt + nonce + AESGCM(key).encrypt(nonce, held.to_bytes(), about.encode())

    def _open(self, kind: bytes, sealed: bytes, secret: bytes, about: str) -> Held:
        salt, nonce, text = sealed[1:][:_SALT], sealed[1 + _SALT :][:_NONCE], sealed[1 + _SALT + _NONCE :]
        key = self._key(kind, secret, salt)
        if sealed[:1] != kind:
            raise not_in()
        try:
            return Held.from_bytes(AESGCM(key).decrypt(nonce, text, about.encode()))
        except InvalidTag as error:
            raise not_in() from error

    def _key(self, kind: bytes, secret: bytes, salt: bytes) -> bytes:
        if kind == _PASSWORD:
            with _AT_ONCE:
                kdf = Argon2id(
                    salt=salt, length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB
                )
                secret = kdf.derive(secret)
        return HKDF(SHA256(), 32, salt, b"countenance/web/" + kind).derive(secret + self._server)


def new_token() -> bytes:
    """A random token, 256 bits."""
    return secrets.token_bytes(TOKEN_BYTES)


def hash_of(token: bytes) -> bytes:
    """How a token is found again: SHA-256, 32 bytes."""
    return sha256(b"countenance/web/token/" + token).digest()


def not_in() -> RefusedError:
    """The refusal at the door; says nothing about which part was wrong."""
    return RefusedError(
        N_("Name, password or code is not right, or the account is closed for now."),
        reason="not-authenticated",
        rule="ID-03",
        authority="PIPEDA Principle 4.7 (Safeguards)",
        since="2001-01-01",
    )
