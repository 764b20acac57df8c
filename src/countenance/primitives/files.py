"""Files: written whole or not at all, private by default, named in text whatever their bytes."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from pathlib import Path
from urllib.parse import unquote_to_bytes

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Disk, quota or limit of the process used up: for the writer all the same."""
NOT_WRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
"""Mounted read-only, or somebody else's."""

_ROOM = 1 << 16  # what SQLite needs to begin: its shared memory file has 32 KiB


def make_private_directory(path: Path) -> Path:
    """Create `path` (and parents) with mode 0700; an existing directory is narrowed to 0700."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_atomically(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write `data` so that `path` holds either its old bytes or all the new ones, durably, after a crash too."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def why_unwritable(folder: Path) -> OSError | None:
    """What the system says when a little is written in `folder`, or None where nothing speaks against it.

    SQLite says "disk I/O error" or "unable to open" alike for a full disk and for one that is mounted read-only.
    """
    temporary = folder / f".{secrets.token_hex(6)}.tmp"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            left = _ROOM
            while left:
                left -= os.write(descriptor, bytes(left))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            temporary.unlink(missing_ok=True)
    except OSError as error:
        return error
    return None


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def name_to_text(raw: bytes) -> str:
    """A file name of any bytes as one line of text, reversibly: what is not printable UTF-8, and `%`, becomes %XX."""
    out: list[str] = []
    for character in raw.decode("utf-8", "surrogateescape"):
        if character.isprintable() and character != "%" and not 0xD800 <= ord(character) <= 0xDFFF:
            out.append(character)
        else:
            out.extend(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
    return "".join(out)


def text_to_name(text: str) -> bytes:
    """The bytes that `name_to_text` was given."""
    return unquote_to_bytes(text.encode("utf-8"))


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock (flock) on `path`; False where there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
