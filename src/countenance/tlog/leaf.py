"""What a leaf of the log shows, and what it hides.

A leaf is canonical JSON (RFC 8785) with exactly these keys, in version 1::

    at            RFC 3339, UTC, whole seconds
    client        id of the organisation that searches, or null
    commitment    HMAC-SHA-256 (64 hexadecimal digits) under a random salt over the canonical JSON of the
    details event         dotted or hyphenated words
    jurisdiction  ISO 3166-1 or -2 code, or null
    pack          id or hash of the jurisdiction pack that decided, or null
    purpose       hyphenated words, or null
    v             1

Persons, photographs, cases and accounts stand in the details only. Without the salt a commitment says
nothing, not even to one who guesses the details, so forgetting salt and details leaves a leaf that says
nothing about anybody.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from countenance.primitives.canonical import Json, canonical_json
from countenance.primitives.clock import iso
from countenance.primitives.errors import FormatError, UsageError
from countenance.primitives.text import N_

VERSION = 1
SALT_SIZE = 32  # bytes
KEYS = frozenset({"at", "client", "commitment", "event", "jurisdiction", "pack", "purpose", "v"})

# Letters only, so that no number, code or id slips into a field that everybody may read.
_WORDS = re.compile(r"[a-z]{1,24}(?:[.-][a-z]{1,24}){0,7}", re.ASCII)
_PLACE = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}", re.ASCII)
_COMMITMENT = re.compile("[0-9a-f]{64}", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_COMPACT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_SHAPES: dict[str, tuple[re.Pattern[str], str]] = {
    "event": (_WORDS, N_("The event of a log entry is lower-case words joined by dots or hyphens.")),
    "purpose": (_WORDS, N_("The purpose of a log entry is lower-case words joined by hyphens.")),
    "jurisdiction": (_PLACE, N_("The jurisdiction of a log entry is an ISO 3166 code, such as CA or CA-QC.")),
    "client": (_NAME, N_("The client of a log entry is the id of an organisation, without spaces.")),
    "pack": (_NAME, N_("The pack of a log entry is an id or a hash, without spaces.")),
}


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """An entry to append. All but `details` is public for ever.

    `at`: aware. `details`: what may be forgotten later: ids of persons, photographs, cases, accounts.
    """

    event: str
    at: datetime
    purpose: str | None
    jurisdiction: str | None
    client: str | None
    pack: str | None
    details: Json


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """What a leaf shows. `commitment`: 32 bytes."""

    event: str
    at: datetime
    purpose: str | None
    jurisdiction: str | None
    client: str | None
    pack: str | None
    commitment: bytes


@dataclass(frozen=True, kw_only=True)
class Payload:
    """What a leaf hides. `salt`: 32 random bytes. `details`: canonical JSON."""

    salt: bytes
    details: bytes


def make_leaf(entry: NewEntry) -> tuple[bytes, Payload]:
    """The bytes of the leaf and, apart from it, the payload with a new salt.

    Raises UsageError where a field does not have its shape (the message never repeats the value, which may be
    somebody's name), or the details are not JSON.
    """
    try:
        details = canonical_json(entry.details)
        at = iso(entry.at)
    except ValueError as error:
        raise UsageError(N_("The details of a log entry are not JSON, or its time has no zone.")) from error
    payload = Payload(salt=secrets.token_bytes(SALT_SIZE), details=details)
    shown: dict[str, str | int | None] = {
        "at": at,
        "client": entry.client,
        "commitment": commit(payload).hex(),
        "event": entry.event,
        "jurisdiction": entry.jurisdiction,
        "pack": entry.pack,
        "purpose": entry.purpose,
        "v": VERSION,
    }
    _check(shown)
    return _encode(shown), payload


def commit(payload: Payload) -> bytes:
    """The commitment to a payload: HMAC-SHA-256 (RFC 2104) keyed by the salt, 32 bytes."""
    return hmac.digest(payload.salt, payload.details, "sha256")


def parse_leaf(raw: bytes) -> Leaf:
    """Read a leaf. Raises FormatError for other keys, other values, another spelling or another version."""
    try:
        shown = _read(raw)
        at = datetime.fromisoformat(shown["at"])
    except (ValueError, TypeError, KeyError, RecursionError, UsageError) as error:
        raise FormatError(N_("The entry is not a leaf of version 1 of this log.")) from error
    return Leaf(
        event=shown["event"],
        at=at,
        purpose=shown["purpose"],
        jurisdiction=shown["jurisdiction"],
        client=shown["client"],
        pack=shown["pack"],
        commitment=bytes.fromhex(shown["commitment"]),
    )


def _read(raw: bytes) -> dict[str, Any]:
    """The fields of a leaf. Raises ValueError, or what reading such bytes raises."""
    shown: dict[str, Any] = json.loads(raw)
    if type(shown) is not dict or shown.keys() != KEYS or type(shown["v"]) is not int:
        raise ValueError("other keys")
    if shown["v"] != VERSION or not _COMMITMENT.fullmatch(shown["commitment"]):
        raise ValueError("another version, or no commitment")
    if not _MOMENT.fullmatch(shown["at"]) or _encode(shown) != raw:
        raise ValueError("another spelling")
    _check(shown)
    return shown


def _check(shown: dict[str, str | int | None]) -> None:
    for field, (shape, rule) in _SHAPES.items():
        value = shown[field]
        if value is None and field != "event":
            continue
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise UsageError(rule)


def _encode(shown: dict[str, str | int | None]) -> bytes:
    return _COMPACT.encode(shown).encode()  # `_check` has left nothing but plain values
