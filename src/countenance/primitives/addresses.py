"""Addresses that something may be told, or asked: encrypted on the way, or not leaving this machine."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from http.client import HTTPConnection


def is_private_on_the_way(url: str) -> bool:
    """Whether `url` is `https://` anywhere, or `http://` on this machine; with no name or password in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_here(host))


def is_here(host: str) -> bool:
    """Whether `host` names this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def connection_to(url: str, *, seconds: float) -> tuple[HTTPConnection, str]:
    """A connection to an http or https address, not opened yet, and what to ask of it: path and query.

    Over https the system's certificates decide. No redirection is followed, and no proxy asked. Raises ValueError.
    """
    import ssl
    from http.client import HTTPConnection, HTTPSConnection  # not at start-up

    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: HTTPConnection = (
        HTTPSConnection(host, parts.port, timeout=seconds, context=ssl.create_default_context())
        if parts.scheme == "https"
        else HTTPConnection(host, parts.port, timeout=seconds)
    )
    query = f"?{parts.query}" if parts.query else ""
    return connection, (parts.path or "/") + query
