"""Addresses that something may be told, or asked: encrypted on the way, or not leaving this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit


def is_private_on_the_way(url: str) -> bool:
    """Whether `url` is `https://` anywhere, or `http://` on this machine; with no name or password in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username or any(char.isspace() or not char.isprintable() for char in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_here(host))


def is_here(host: str) -> bool:
    """Whether `host` names this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an address answered."""

    status: int  # of HTTP
    media_type: str  # the header as it came
    body: bytes  # empty where it was not asked for


def exchange(
    method: str,
    url: str,
    *,
    seconds: float,
    longest: int | None,
    body: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Answer:
    """One request and its answer, over http or https: the only way in which anything here speaks HTTP to an address.

    Over https the system's certificates decide. No redirection is followed, and no proxy asked. `longest`: of the
    answer's body, bytes; None leaves it unread. Raises ValueError (no http or https address), OSError (no answer within
    `seconds`, none that is HTTP, or a longer one).
    """
    import ssl
    from http.client import HTTPConnection, HTTPException, HTTPSConnection  # not at start-up

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(url)
    connection: HTTPConnection = (
        HTTPSConnection(parts.hostname, parts.port, timeout=seconds, context=ssl.create_default_context())
        if parts.scheme == "https"
        else HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        data = b"" if longest is None else answer.read(longest + 1)
    except HTTPException as error:
        raise OSError(type(error).__name__) from error
    finally:
        connection.close()
    if longest is not None and len(data) > longest:
        raise OSError(f"more than {longest} bytes")
    return Answer(status=answer.status, media_type=answer.getheader("Content-Type", ""), body=data)
