"""What the recogniser answered, kept for another run: encrypted, with the key somewhere else.

AES-256-GCM (NIST SP 800-38D), a random nonce for each block, the space's name and the block's kind as associated data. The key lies in the
account's configuration folder, not beside the cache: a cache that is copied or thrown away says nothing. To destroy all
caches, delete the key.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from countenance.primitives.errors import UnavailableError
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_

_NONCE = 12


def key_file() -> Path:
    """`$COUNTENANCE_EVALUATION_KEY`, else `evaluation.key` in the configuration folder (XDG Base Directory)."""
    if given := os.environ.get("COUNTENANCE_EVALUATION_KEY"):
        return Path(given)
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "countenance" / "evaluation.key"


class Cache:
    """Named blocks of arrays in one folder. What cannot be read, for whatever reason, is not there."""

    def __init__(self, folder: Path, space_id: str) -> None:
        self._folder, self._space = folder, space_id.encode()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._key = _key(key_file())
        except OSError as error:
            raise UnavailableError(
                N_("The cache {folder} or its key cannot be written: {detail}"),
                code="cache-unwritable",
                folder=str(folder),
                detail=error.strerror or type(error).__name__,
            ) from error

    def put(self, name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep arrays under a name, in place of what was there."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        plain = io.BytesIO()
        np.savez(plain, allow_pickle=False, **dict(arrays))
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(self._key).encrypt(nonce, plain.getvalue(), self._space + b"/" + name.encode())
        write_atomically(self._path(name), nonce + sealed, mode=0o600)

    def get(self, name: str) -> dict[str, npt.NDArray[Any]] | None:
        """The arrays kept under a name, or None."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            sealed = self._path(name).read_bytes()
            plain = AESGCM(self._key).decrypt(
                sealed[:_NONCE], sealed[_NONCE:], self._space + b"/" + name.encode()
            )
            with np.load(io.BytesIO(plain), allow_pickle=False) as data:
                return {key: data[key] for key in data.files}
        except (OSError, InvalidTag, ValueError):
            return None

    def names(self, start: str) -> list[str]:
        """Names that begin with `start`, in order. Only names that hold no secret are used: numbers."""
        return sorted(path.stem for path in self._folder.glob(f"{start}*.sealed"))

    def remove(self, name: str) -> None:
        """Forget a block."""
        self._path(name).unlink(missing_ok=True)

    def mark(self, *parts: bytes) -> str:
        """A name for what `parts` say that tells nothing to who has no key (keyed BLAKE2b, RFC 7693), 32 hex digits."""
        return hashlib.blake2b(b"\0".join(parts), key=self._key, digest_size=16).hexdigest()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.sealed"


def _key(path: Path) -> bytes:
    try:
        held = path.read_bytes()
        if len(held) == 32:
            return held
    except FileNotFoundError:
        pass
    made = secrets.token_bytes(32)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(path, made, mode=0o600)
    return made
