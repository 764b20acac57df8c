"""Signatures under a policy pack: two named keys vouch for it before it is put in force.

A pack's manifest names the keys (`signers`); the workspace holds their public halves, which its founders put there. A
signature is Ed25519 (RFC 8032) over the canonical JSON (RFC 8785) of the pack's name, version and hash, under a type of
its own, so that a key that signs requests too cannot be made to sign a pack by one. `signatures.json` lies beside the
pack's files and is no part of its hash::

    {"format": "countenance-policy-signatures/1", "signatures": [{"key": "founder-1", "signature": "<128 hex digits>"}]}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.policy.manifest import SIGNATURES
from countenance.policy.pack import SIGNATURES_FILE
from countenance.primitives.canonical import Json, canonical_json
from countenance.primitives.errors import FormatError, RefusedError
from countenance.primitives.text import N_

_FORMAT = "countenance-policy-signatures/1"
_TYPE = "countenance/policy-pack/v1"
_AUTHORITY = "Rule of the house: two persons vouch for a policy before it decides"
_SINCE = "2026-11-01"


@dataclass(frozen=True, kw_only=True)
class PackSignature:
    """A signature under a pack. `key`: the key's name. `signature`: 64 bytes."""

    key: str
    signature: bytes


class Signable(Protocol):
    """A pack of rules or of orders. `hash`: 64 hex digits. `signers`: names of the keys that may vouch for it."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def signers(self) -> tuple[str, ...]: ...


def signed_bytes(pack: Signable) -> bytes:
    """The bytes under a signature."""
    return canonical_json({"type": _TYPE, "name": pack.name, "version": pack.version, "hash": pack.hash})


def sign_pack(pack: Signable, key: str, private: Ed25519PrivateKey) -> PackSignature:
    """The signature of the key called `key`."""
    return PackSignature(key=key, signature=private.sign(signed_bytes(pack)))


def check_signatures(
    pack: Signable, signatures: Iterable[PackSignature], trusted: Mapping[str, bytes]
) -> tuple[str, ...]:
    """Names of the keys that vouch for `pack`. `trusted`: the workspace's keys by name, 32 bytes each.

    1. There is a signature: else RefusedError, reason `pack-unsigned`.
    2. Each is by a key that the pack names and the workspace trusts: else `pack-signer-unknown`.
    3. Each fits the pack as it is now: else `pack-altered`.
    4. No key signs twice, under whatever name: else `pack-key-twice`.
    5. There are two at the least: else `pack-signed-once`.
    """
    found = list(signatures)
    if not found:
        raise _refused("pack-unsigned", N_("The policy pack {pack} is not signed."), pack)
    keys: list[bytes] = []
    for signature in found:
        key = trusted.get(signature.key)
        if key is None or signature.key not in pack.signers:
            raise _refused(
                "pack-signer-unknown",
                N_(
                    "The policy pack {pack} is signed by {key}, which it does not name or this workspace does not trust."
                ),
                pack,
                key=signature.key,
            )
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature.signature, signed_bytes(pack))
        except InvalidSignature as error:
            raise _refused(
                "pack-altered",
                N_("The policy pack {pack} is not what {key} has signed."),
                pack,
                key=signature.key,
            ) from error
        keys.append(key)
    if len(set(keys)) != len(keys):
        raise _refused("pack-key-twice", N_("One key has signed the policy pack {pack} twice."), pack)
    if len(keys) < SIGNATURES:
        raise _refused("pack-signed-once", N_("Only one key has signed the policy pack {pack}."), pack)
    return tuple(signature.key for signature in found)


def write_signatures(signatures: Iterable[PackSignature]) -> str:
    """The text of `signatures.json`."""
    listed: list[Json] = [{"key": entry.key, "signature": entry.signature.hex()} for entry in signatures]
    return json.dumps({"format": _FORMAT, "signatures": listed}, indent=2) + "\n"


def read_signatures(text: str) -> tuple[PackSignature, ...]:
    """The signatures in the text of a `signatures.json`. Raises FormatError (code `policy-signatures`)."""
    try:
        top = json.loads(text)
        if set(top) != {"format", "signatures"} or top["format"] != _FORMAT:
            raise ValueError("not that format")
        found = tuple(
            PackSignature(key=str(entry["key"]), signature=bytes.fromhex(entry["signature"]))
            for entry in top["signatures"]
        )
    except (ValueError, TypeError, KeyError) as error:
        raise FormatError(
            N_("{file} does not hold the signatures of a policy pack."),
            code="policy-signatures",
            file=SIGNATURES_FILE,
        ) from error
    return found


def _refused(reason: str, what: str, pack: Signable, **params: object) -> RefusedError:
    return RefusedError(
        what, reason=reason, rule="PACK-01", authority=_AUTHORITY, since=_SINCE, pack=pack.name, **params
    )
