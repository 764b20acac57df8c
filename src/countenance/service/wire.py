"""Messages on the searcher's socket: one JSON header and some blobs, each with its length. No pickle, no types by name.

Frame: 4 bytes (big-endian) length of the header, the header (UTF-8 JSON, its `blobs` a list of lengths), the blobs.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Sequence
from typing import Any

from countenance.primitives.errors import FormatError, UnavailableError
from countenance.primitives.text import N_

_LENGTH = struct.Struct(">I")
MOST_HEADER = 1 << 20
MOST_BLOBS = 64
MOST_BYTES = 2 << 30


def send(connection: socket.socket, header: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Send one message. Raises UnavailableError where the other side has gone."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    try:
        connection.sendall(_LENGTH.pack(len(text)) + text)
        for blob in blobs:
            connection.sendall(blob)
    except OSError as error:
        raise _gone() from error


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[bytes]] | None:
    """Receive one message; None at the end. Raises FormatError for what is no message, UnavailableError when cut off."""
    start = _read(connection, _LENGTH.size, at_start=True)
    if start is None:
        return None
    (length,) = _LENGTH.unpack(start)
    if length > MOST_HEADER:
        raise _malformed()
    try:
        header = json.loads(_exactly(connection, length))
        lengths = header.pop("blobs")
        if not isinstance(header, dict) or not all(type(n) is int and n >= 0 for n in lengths):
            raise _malformed()
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise _malformed() from error
    if len(lengths) > MOST_BLOBS or sum(lengths) > MOST_BYTES:
        raise _malformed()
    return header, [_exactly(connection, length) for length in lengths]


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = _read(connection, count, at_start=False)
    return b"" if data is None else data


def _read(connection: socket.socket, count: int, *, at_start: bool) -> bytes | None:
    data = bytearray(count)
    view = memoryview(data)
    done = 0
    while done < count:
        try:
            got = connection.recv_into(view[done:])
        except OSError as error:
            raise _gone() from error
        if got == 0:
            if at_start and done == 0:
                return None
            raise _gone()
        done += got
    return bytes(data)


def _gone() -> UnavailableError:
    return UnavailableError(
        N_("The searcher of this workspace went away before it had answered."),
        remedy=N_("See whether it runs with: countenance status. Then give the same command again."),
        code="searcher-gone",
    )


def _malformed() -> FormatError:
    return FormatError(N_("The message on the searcher's socket is malformed."), code="searcher-message")
