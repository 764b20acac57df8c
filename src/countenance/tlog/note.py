"""Signed notes, verifier keys and checkpoints: C2SP signed-note and tlog-checkpoint, with Ed25519 (RFC 8032).

Signatures by keys that are not ours (witnesses among them) are kept and passed over, as signed-note demands.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.primitives.errors import FormatError, IntegrityError, UsageError
from countenance.primitives.text import N_
from countenance.tlog.merkle import HASH_SIZE

ED25519 = b"\x01"  # signature type byte of signed-note
NOTE_BYTES_MAX = 1 << 20  # far above sixteen post-quantum signatures
_DASH = "\N{EM DASH} "
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class VerifierKey:
    """A public key with the name it signs under. `key_id`: 4 bytes. `public`: 32 bytes, Ed25519."""

    name: str
    key_id: bytes
    public: bytes

    @property
    def vkey(self) -> str:
        """The key as one line: `name+hex key id+base64(type || public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{b64(ED25519 + self.public)}"


@dataclass(frozen=True, kw_only=True)
class SignatureLine:
    """One signature of a note: by whom it says it is, and 4 bytes of key id followed by the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, kw_only=True)
class Note:
    """`text` ends in a newline and is what is signed."""

    text: str
    signatures: tuple[SignatureLine, ...]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A tree head: `size` leaves, `root` 32 bytes."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"


def check_name(name: str) -> str:
    """`name` as a key name and origin. Raises UsageError for an empty one, or one with spaces, plus or
    controls.
    """
    if not name or "+" in name or not name.isprintable() or any(c.isspace() for c in name):
        raise UsageError(
            N_("The origin of a log is one word without spaces and without a plus sign."),
            remedy=N_("Use a host and a path, such as archive.example.org/log."),
        )
    return name


def verifier_key(name: str, key: Ed25519PublicKey) -> VerifierKey:
    """The verifier key of `key` under `name`; its id is SHA-256(name, newline, type, public key), first 4
    bytes.
    """
    public = key.public_bytes_raw()
    return VerifierKey(name=name, key_id=key_id(name, ED25519, public), public=public)


def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key. Raises FormatError where it is not one, or its id does not belong to it."""
    read = read_vkey(text, ED25519)
    if read is not None:
        return verifier_key(*read)
    raise FormatError(
        N_("This is not the verifier key of a log, or a character of it is wrong."),
        remedy=N_("Copy the whole line again, from the operator's published key and not from the export."),
    )


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """SHA-256(name, newline, type, public key), first 4 bytes. `kind`: 1 byte. Raises UsageError for a bad name."""
    return sha256(check_name(name).encode() + b"\n" + kind + public).digest()[:4]


def read_vkey(text: str, kind: bytes) -> tuple[str, Ed25519PublicKey] | None:
    """Name and key of a line `name+hex key id+base64(type || public key)`; None where it is none of this `kind`."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        return None
    name, told, encoded = parts
    material = unb64(encoded)
    if material is None or material[:1] != kind or len(material) != 33:
        return None
    key = Ed25519PublicKey.from_public_bytes(material[1:])
    return (name, key) if key_id(name, kind, material[1:]).hex() == told else None


def sign_note(text: str, name: str, signer: Ed25519PrivateKey) -> str:
    """`text` (ending in a newline) as a note with one signature, checked after it is made."""
    key = verifier_key(name, signer.public_key())
    signature = signer.sign(text.encode())
    note = format_note(text, [SignatureLine(name=name, key_id=key.key_id, signature=signature)])
    verify_note(parse_note(note), key)
    return note


def format_note(text: str, signatures: Sequence[SignatureLine]) -> str:
    """`text` (ending in a newline) with its signature lines."""
    return f"{text}\n" + "".join(map(format_signature, signatures))


def format_signature(line: SignatureLine) -> str:
    """One signature line, with its newline."""
    return f"{_DASH}{line.name} {b64(line.key_id + line.signature)}\n"


def parse_note(raw: str) -> Note:
    """Read a signed note, without trusting it. Raises FormatError."""
    head, blank, tail = raw.rpartition("\n\n")
    clean = all(c == "\n" or ord(c) >= 0x20 for c in raw)
    lines = tail.split("\n")
    if not blank or not clean or len(raw) > NOTE_BYTES_MAX or len(lines) < 2 or lines.pop() != "":
        raise _not_a_note()
    signatures = []
    for line in lines:
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        data = unb64(encoded)
        if not line.startswith(_DASH) or not space or not name or data is None or len(data) < 5:
            raise _not_a_note()
        signatures.append(SignatureLine(name=name, key_id=data[:4], signature=data[4:]))
    return Note(text=head + "\n", signatures=tuple(signatures))


def verify_note(note: Note, key: VerifierKey) -> None:
    """Raises IntegrityError unless the note carries a good signature by `key`, and no bad one by it."""
    own = [line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
    if not own:
        raise IntegrityError(N_("The note carries no signature by {name}."), name=key.name)
    for line in own:
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(line.signature, note.text.encode())
        except InvalidSignature:
            raise IntegrityError(N_("The signature by {name} is not good."), name=key.name) from None


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a note's text as a checkpoint; extension lines are passed over. Raises FormatError."""
    lines = text.split("\n")
    root = unb64(lines[2]) if len(lines) > 3 else None
    if len(lines) < 4 or lines.pop() != "" or not all(lines) or not _DECIMAL.fullmatch(lines[1]):
        raise FormatError(N_("The note is not a checkpoint of a log."))
    if root is None or len(root) != HASH_SIZE:
        raise FormatError(N_("The root hash of the checkpoint is not 32 bytes of base64."))
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def open_checkpoint(raw: str, key: VerifierKey) -> Checkpoint:
    """Read and verify a checkpoint of the log whose origin is the key's name. Raises FormatError,
    IntegrityError.
    """
    note = parse_note(raw)
    verify_note(note, key)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != key.name:
        raise IntegrityError(N_("The checkpoint is of another log, {origin}."), origin=checkpoint.origin)
    return checkpoint


def format_proof(index: int, proof: list[bytes], checkpoint: str, extra: bytes | None = None) -> str:
    """A C2SP tlog-proof (version 1): self-contained but for the entry, which may ride along in `extra`."""
    lines = ["c2sp.org/tlog-proof@v1"]
    if extra is not None:
        lines.append(f"extra {b64(extra)}")
    lines.append(f"index {index}")
    lines.extend(b64(each) for each in proof)
    return "\n".join(lines) + "\n\n" + checkpoint


def _not_a_note() -> FormatError:
    return FormatError(N_("This is not a signed note."))


def b64(data: bytes) -> str:
    """Base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes | None:
    """Strict base64 with padding (RFC 4648 section 4), in its one spelling; None for anything else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64(data) == text else None
