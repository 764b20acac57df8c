"""Identifiers: random ids for rows, short codes for people."""

from __future__ import annotations

import re
import secrets
import uuid

# Crockford's base 32: no I, L, O, U, so a code survives a telephone call.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
_CODE = re.compile(rf"^[A-Z]{{1,3}}-[{_ALPHABET}]{{4}}(-[{_ALPHABET}]{{4}})*$")


def new_id() -> uuid.UUID:
    """A random identifier (UUID version 4) that says nothing about when or where it was made."""
    return uuid.uuid4()


def new_code(prefix: str, *, groups: int = 2) -> str:
    """A random code such as `C-7K3M-9QXA`: `prefix` (1 to 3 capitals), then groups of 20 random bits each.

    Two groups (40 bits) name a thing among a workspace's own; three (60 bits) or more also keep it unguessable.
    """
    body = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(groups))
    return f"{prefix}-{body}"


def bound_code(prefix: str, digest: bytes, *, groups: int = 4) -> str:
    """A code in the same alphabet made from a SHA-256, so that who names the code names what was hashed (80 bits)."""
    number = int.from_bytes(digest, "big")
    letters = [_ALPHABET[number >> (256 - 5 * place) & 31] for place in range(1, 4 * groups + 1)]
    return "-".join([prefix, *("".join(letters[start : start + 4]) for start in range(0, 4 * groups, 4))])


def read_code(text: str) -> str | None:
    """`text` as a code in its one spelling (capitals, I and L read as 1, O as 0), or None if it is not one."""
    prefix, dash, body = text.strip().upper().partition("-")
    code = prefix + dash + body.translate(_MISREAD)
    return code if _CODE.match(code) else None
