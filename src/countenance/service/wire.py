"""Messages on the searcher's socket: one JSON header and some blobs, each with its length. No pickle, no types by name.

Frame: 4 bytes (big-endian) length of the header, the header (UTF-8 JSON, its `blobs` a list of lengths), the blobs.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

from countenance.primitives.errors import FormatError, UnavailableError
from countenance.primitives.text import N_

_LENGTH = struct.Struct(">I")
MOST_HEADER = 1 << 20
MOST_BLOBS = 64
MOST_BYTES = 2 << 30

PATIENCE_SECONDS = 30.0
"""A message that has begun must be whole after this time, and a second more for each MiB of it."""
_AT_ONCE = 1 << 20


def send(connection: socket.socket, header: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Send one message. Raises UnavailableError where the other side has gone."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    try:
        connection.sendall(_LENGTH.pack(len(text)) + text)
        for blob in blobs:
            connection.sendall(blob)
    except OSError as error:
        raise _gone() from error


def receive(
    connection: socket.socket, *, idle: float | None = None
) -> tuple[dict[str, Any], list[bytes]] | None:
    """Receive one message; None at the end. Raises FormatError for what is no message, UnavailableError when cut off.

    `idle`: for a side that does not trust the other, the seconds it waits for a message to begin; it must then come at a
    fair pace. None: wait as long as it takes.
    """
    connection.settimeout(idle)
    start = _read(connection, 1, at_start=True)
    if start is None:
        return None
    pace = None if idle is None else _Pace()
    start += _exactly(connection, _LENGTH.size - 1, pace)
    (length,) = _LENGTH.unpack(start)
    if length > MOST_HEADER:
        raise _malformed()
    try:
        header = json.loads(_exactly(connection, length, pace))
        lengths = header.pop("blobs")
        if not isinstance(header, dict) or not all(type(n) is int and n >= 0 for n in lengths):
            raise _malformed()
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise _malformed() from error
    if len(lengths) > MOST_BLOBS or sum(lengths) > MOST_BYTES:
        raise _malformed()
    return header, [_exactly(connection, length, pace) for length in lengths]


class _Pace:
    """The time by which a message must be whole; grows with what has come."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + PATIENCE_SECONDS

    def left(self) -> float:
        return max(0.001, self._ends - time.monotonic())

    def came(self, count: int) -> None:
        self._ends += count / (1 << 20)


def _exactly(connection: socket.socket, count: int, pace: _Pace | None) -> bytes:
    data = _read(connection, count, at_start=False, pace=pace)
    return b"" if data is None else data


def _read(
    connection: socket.socket, count: int, *, at_start: bool, pace: _Pace | None = None
) -> bytes | None:
    """`count` bytes. Memory is taken as they come: a length that is only promised costs nothing."""
    parts: list[bytes] = []
    done = 0
    while done < count:
        try:
            if pace is not None:
                connection.settimeout(pace.left())
            part = connection.recv(min(count - done, _AT_ONCE))
        except OSError as error:
            raise _gone() from error
        if not part:
            if at_start and done == 0:
                return None
            raise _gone()
        parts.append(part)
        done += len(part)
        if pace is not None:
            pace.came(len(part))
    return b"".join(parts)


def _gone() -> UnavailableError:
    return UnavailableError(
        N_("The searcher of this workspace went away before it had answered."),
        remedy=N_("See whether it runs with: countenance status. Then give the same command again."),
        code="searcher-gone",
    )


def _malformed() -> FormatError:
    return FormatError(N_("The message on the searcher's socket is malformed."), code="searcher-message")
