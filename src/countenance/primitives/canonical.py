"""Canonical JSON (RFC 8785): one value, one sequence of bytes, for hashing, signing and MACs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import rfc8785

type Json = None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]


LARGEST = 2**53 - 1  # RFC 8785, appendix D: larger integers are not JSON numbers that everybody reads alike
_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
).encode


def canonical_json(value: Json) -> bytes:
    """RFC 8785 bytes of `value`. Raises ValueError for what JSON cannot hold (NaN, integers past 2**53)."""
    if _is_plain(value):
        try:
            return _encode(value).encode()
        except UnicodeEncodeError as error:
            raise ValueError("half of a surrogate pair is no character") from error
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error


def _is_plain(value: object) -> bool:
    """Does the standard library write `value` as RFC 8785 has it? It is three times as fast; each search verifies a grant.

    It does without fractions (3.2.2.3), with keys whose order by code point is that by UTF-16 unit (3.2.3); of strings both
    escape the same characters in the same way (3.2.2.2).
    """
    if type(value) is str or type(value) is bool or value is None:
        return True
    if type(value) is int:
        return -LARGEST <= value <= LARGEST
    if type(value) is dict:
        return all(type(key) is str and key.isascii() and _is_plain(one) for key, one in value.items())
    return type(value) is list and all(map(_is_plain, value))


def sha256_hex(data: bytes | memoryview) -> str:
    """SHA-256 of `data` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
