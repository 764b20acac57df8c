"""Canonical JSON (RFC 8785): one value, one sequence of bytes, for hashing, signing and MACs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import rfc8785

type Json = None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]


def canonical_json(value: Json) -> bytes:
    """RFC 8785 bytes of `value`. Raises ValueError for what JSON cannot hold (NaN, integers past 2**53)."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error


def sha256_hex(data: bytes | memoryview) -> str:
    """SHA-256 of `data` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
