"""Addresses that something may be told, or asked: encrypted on the way, or not leaving this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


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
