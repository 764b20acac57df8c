"""One-time codes by the clock: RFC 6238 with its defaults (HMAC-SHA-1, 30 seconds, 6 digits), which every app knows."""

from __future__ import annotations

import base64
import hmac
import struct
from datetime import datetime
from urllib.parse import quote

SECRET_BYTES = 20
_STEP_SECONDS = 30
_DIGITS = 6
_DRIFT = 1  # steps that a phone's clock may be early or late (RFC 6238, section 5.2)


def code_at(secret: bytes, step: int) -> str:
    """The code of one time step (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def step_of(now: datetime) -> int:
    """The number of the time step at `now`."""
    return int(now.timestamp()) // _STEP_SECONDS


def check(secret: bytes, code: str, now: datetime, *, after: int) -> int | None:
    """The step that `code` belongs to, or None. Codes of step `after` and before are spent (RFC 6238, section 5.2)."""
    given = "".join(code.split())
    if not secret or len(given) != _DIGITS or not given.isascii():
        return None
    for step in range(step_of(now) - _DRIFT, step_of(now) + _DRIFT + 1):
        if step > after and hmac.compare_digest(code_at(secret, step), given):
            return step
    return None


def address_of(secret: bytes, account: str, issuer: str) -> str:
    """What an authenticator app scans (the key URI format that they share)."""
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?secret={spelled(secret)}&issuer={quote(issuer)}"


def spelled(secret: bytes) -> str:
    """The secret in base 32 (RFC 4648), as people type it."""
    return base64.b32encode(secret).decode().rstrip("=")
