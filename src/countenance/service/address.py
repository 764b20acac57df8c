"""Where the searcher of a workspace listens. Light to import: every command asks."""

from __future__ import annotations

import os
from pathlib import Path

SOCKET_NAME = "searcher.sock"
SOCKET_VARIABLE = "COUNTENANCE_SOCKET"


def socket_of(directory: Path) -> Path:
    """The socket of the workspace in `directory`, or the one `$COUNTENANCE_SOCKET` names."""
    named = os.environ.get(SOCKET_VARIABLE)
    return Path(named) if named else directory / "run" / SOCKET_NAME


def is_left_there(path: Path) -> bool:
    """Whether there is a socket at `path` at all; whether somebody listens shows on connecting."""
    try:
        return path.is_socket()
    except OSError:
        return False
