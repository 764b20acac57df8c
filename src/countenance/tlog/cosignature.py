"""Cosignatures of witnesses: C2SP tlog-cosignature, the Ed25519 form (`cosignature/v1`).

A cosignature says: at this time, the largest consistent tree that I have seen of the log of this origin has this root.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.primitives.errors import FormatError, IntegrityError
from countenance.primitives.text import N_
from countenance.tlog.note import SignatureLine, b64, format_signature, key_id, read_vkey

COSIGNATURE = b"\x04"  # signature type byte of an Ed25519 cosignature
_BODY = struct.Struct(">Q64s")  # timestamped_signature: POSIX time, signature
_TIME_MAX = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class WitnessKey:
    """A witness's public key with its name. `key_id`: 4 bytes. `public`: 32 bytes, Ed25519."""

    name: str
    key_id: bytes
    public: bytes

    @property
    def vkey(self) -> str:
        """The key as one line: `name+hex key id+base64(0x04 || public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{b64(COSIGNATURE + self.public)}"


def witness_key(name: str, key: Ed25519PublicKey) -> WitnessKey:
    """The verifier key of a witness; its id is SHA-256(name, newline, 0x04, public key), first 4 bytes."""
    public = key.public_bytes_raw()
    return WitnessKey(name=name, key_id=key_id(name, COSIGNATURE, public), public=public)


def parse_witness_key(text: str) -> WitnessKey:
    """Read a witness's verifier key. Raises FormatError where it is not one, or its id does not belong to it."""
    read = read_vkey(text, COSIGNATURE)
    if read is not None:
        return witness_key(*read)
    raise FormatError(
        N_("This is not the verifier key of a witness, or a character of it is wrong."),
        remedy=N_("Copy the whole line again; the witness prints it with: countenance-witness key."),
        code="witness-key",
    )


def cosign(text: str, name: str, signer: Ed25519PrivateKey, now: datetime) -> str:
    """One signature line over the note text `text` (ending in a newline), dated `now`."""
    moment = int(now.timestamp())
    key = witness_key(name, signer.public_key())
    body = _BODY.pack(moment, signer.sign(_message(text, moment)))
    return format_signature(SignatureLine(name=name, key_id=key.key_id, signature=body))


def verify_cosignature(text: str, line: SignatureLine, key: WitnessKey) -> datetime:
    """When `key` cosigned `text`. Raises IntegrityError unless `line` is its good signature."""
    try:
        if (line.name, line.key_id) != (key.name, key.key_id):
            raise ValueError
        moment, signature = _BODY.unpack(line.signature)
        if moment > _TIME_MAX:
            raise ValueError
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, _message(text, moment))
        return datetime.fromtimestamp(moment, UTC)
    except (ValueError, OverflowError, OSError, struct.error, InvalidSignature):
        raise IntegrityError(
            N_("The cosignature by {name} is not good."), name=key.name, code="cosignature"
        ) from None


def _message(text: str, moment: int) -> bytes:
    return f"cosignature/v1\ntime {moment}\n{text}".encode()
