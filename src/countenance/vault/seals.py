"""The bytes of a seal: AES-256-GCM (NIST SP 800-38D) with the context bound as associated data.

::

    sealed      version (1 byte, 0x01) | nonce (12, random) | ciphertext | tag (16)
    data key    the same, over 32 bytes, under a key derived from the root key

A data key seals a handful of parts, far below the 2**32 random nonces that one key may see (SP 800-38D, 8.3);
so do the keys that wrap, up to four thousand million records.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = b"\x01"
_HEADER = 1 + NONCE_BYTES
_SMALLEST = _HEADER + 16


class BrokenSealError(ValueError):
    """The bytes do not open under this key and context. Never leaves the vault: callers name record or file."""


def derive_key(root: bytes, use: str) -> bytes:
    """A 32-byte key for one `use` from the root key: HKDF-SHA-256 (RFC 5869), so that uses never share a key."""
    return HKDF(
        algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"countenance/vault/" + use.encode()
    ).derive(root)


def random_keys(count: int) -> list[bytes]:
    """`count` random 256-bit keys."""
    pool = os.urandom(KEY_BYTES * count)
    return [pool[start : start + KEY_BYTES] for start in range(0, len(pool), KEY_BYTES)]


def seal(cipher: AESGCM, data: bytes, context: bytes) -> bytes:
    """Encrypt `data` under a fresh nonce, with `context` bound."""
    nonce = os.urandom(NONCE_BYTES)
    return _VERSION + nonce + cipher.encrypt(nonce, data, context)


def unseal(cipher: AESGCM, sealed: bytes, context: bytes) -> bytes:
    """What `seal` was given. Raises BrokenSealError for other bytes, another key or another context."""
    if len(sealed) < _SMALLEST or sealed[:1] != _VERSION:
        raise BrokenSealError("not a seal of this version")
    try:
        return cipher.decrypt(sealed[1:_HEADER], sealed[_HEADER:], context)
    except InvalidTag as error:
        raise BrokenSealError("tag does not fit") from error


def wrap_keys(cipher: AESGCM, keys: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """(record id, data key) pairs as (record id, wrapped key): a wrapped key opens for its own record only."""
    return [(record, seal(cipher, key, b"data-key/" + record)) for record, key in keys]


def unwrap_key(cipher: AESGCM, record: bytes, wrapped: bytes) -> bytes:
    """The data key of `record` (16 bytes). Raises BrokenSealError."""
    return unseal(cipher, wrapped, b"data-key/" + record)


def record_context(record: bytes, part: str) -> bytes:
    """What is bound into a sealed part: the use, the record's id (16 bytes, so nothing can shift) and the part."""
    return b"record/" + record + part.encode()
