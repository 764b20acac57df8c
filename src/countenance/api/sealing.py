"""An account's private key under the secret of a token, and answers under the same: a stolen database reads neither.

A token is `ctn_ID_SECRET`: 32 hexadecimal digits that name its row, and 32 random bytes (base64url) that are nowhere
but with whoever holds it. Keys are drawn from the secret by HKDF-SHA-256 (RFC 5869), each for one use; since the secret is
random in full, no slow hash is needed (NIST SP 800-63B, 5.1.2: look-up secrets of 112 bits or more). See `web.keyring`.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from countenance.primitives.errors import IntegrityError
from countenance.primitives.ids import new_id
from countenance.primitives.text import N_
from countenance.records.identity import AccountKey
from countenance.web.keyring import Held, Keyring

PREFIX = "ctn"
_SECRET_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True, kw_only=True)
class TokenText:
    """A token as its holder has it. `secret`: 32 bytes."""

    id: UUID
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> TokenText:
        return cls(id=new_id(), secret=os.urandom(_SECRET_BYTES))

    @classmethod
    def read(cls, text: str) -> TokenText | None:
        """The token that `text` is, or None."""
        prefix, _, rest = text.partition("_")
        name, _, secret = rest.partition("_")
        try:
            raw = base64.b64decode(secret + "=" * (-len(secret) % 4), altchars=b"-_", validate=True)
            found = cls(id=UUID(hex=name), secret=raw)
        except (ValueError, binascii.Error):
            return None
        return found if prefix == PREFIX and len(raw) == _SECRET_BYTES and found.text() == text else None

    def text(self) -> str:
        """As it is shown, once."""
        secret = base64.urlsafe_b64encode(self.secret).rstrip(b"=").decode()
        return f"{PREFIX}_{self.id.hex}_{secret}"

    @property
    def digest(self) -> bytes:
        """SHA-256 by which a secret is recognised; 32 bytes."""
        return sha256(b"countenance/api-token/v1" + self.id.bytes + self.secret).digest()

    def seal(self, data: bytes, *, use: str) -> bytes:
        """`data` under this token, for one use (AES-256-GCM, random nonce of 12 bytes in front)."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._key(use)).encrypt(nonce, data, self.id.bytes)

    def unseal(self, sealed: bytes, *, use: str) -> bytes:
        """What `seal` sealed. Raises IntegrityError where it is not that."""
        try:
            return AESGCM(self._key(use)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self.id.bytes)
        except (InvalidTag, ValueError) as error:
            raise IntegrityError(
                N_("What is kept for this token is not what was sealed."), code="token-sealed"
            ) from error

    def seal_key(self, key: AccountKey) -> bytes:
        """The account's private key, sealed. No server's secret takes part: it is sealed where the key is, which may be
        another machine; the token's secret is random in full and needs no help.
        """
        return Keyring(b"").seal(Held(key=key), self.secret, about=self._about)

    def unseal_key(self, sealed: bytes) -> AccountKey:
        """The account's key again. Raises RefusedError where this is not its token."""
        return Keyring(b"").open(sealed, self.secret, about=self._about).key

    @property
    def _about(self) -> str:
        return f"api-token/{self.id.hex}"

    def _key(self, use: str) -> bytes:
        info = b"countenance/api-token/v1/" + use.encode()
        return HKDF(algorithm=SHA256(), length=32, salt=self.id.bytes, info=info).derive(self.secret)
