"""Which files a source holds: every one of them is named, whatever its name, and nothing outside is reached.

- Names are bytes; they become text by `name_to_text` where they enter a record.
- A link to a folder is not followed (its target, if it is inside, is listed in its own place), so no loop can form. A
  link to a file is read if its target lies within the source. Any other link is listed as refused(link).
- Hidden names (`.DS_Store`, `.thumbnails/`) and droppings of file managers are skipped, not listed: nobody put them
  there as photographs. A manifest that names one gets it read.
"""

# Names in a source are bytes, and pathlib has none:
# ruff: noqa: PTH110, PTH113, PTH114, PTH116, PTH118

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from countenance.biometrics.vocabulary import PhotographState
from countenance.ingest.values import ItemReason
from countenance.primitives.canonical import sha256_hex

_DROPPINGS = frozenset({b"thumbs.db", b"desktop.ini", b"__macosx", b"@eadir", b"$recycle.bin"})


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One name in the source. `path`: bytes, relative. `state` and `reason`: set where it will not be read."""

    path: bytes
    size: int = 0
    state: PhotographState | None = None
    reason: str = ""
    skipped: bool = False


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A file's bytes and their SHA-256 (hexadecimal)."""

    data: bytes
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A file that was not read, and why. `sign`: it may be a sign that the source itself is gone."""

    state: PhotographState
    reason: str
    sign: bool = False


def walk(root: bytes) -> Iterator[Listed]:
    """All files below `root`, folders in order of name. Raises OSError where `root` itself cannot be listed."""
    yield from _folder(root, b"", os.path.realpath(root), depth=0)


def _folder(root: bytes, relative: bytes, real_root: bytes, *, depth: int) -> Iterator[Listed]:
    try:
        with os.scandir(os.path.join(root, relative) if relative else root) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        if depth == 0:
            raise
        yield Listed(path=relative, state=PhotographState.FAILED, reason=ItemReason.NOT_READABLE)
        return
    for entry in entries:
        path = os.path.join(relative, entry.name)
        if entry.name.startswith(b".") or entry.name.lower() in _DROPPINGS:
            yield Listed(path=path, skipped=True)
        elif entry.is_symlink():
            yield _link(root, path, real_root)
        elif entry.is_dir(follow_symlinks=False):
            yield from _folder(root, path, real_root, depth=depth + 1)
        elif entry.is_file(follow_symlinks=False):
            yield Listed(path=path, size=_size(entry))
        else:
            yield Listed(path=path, state=PhotographState.UNREADABLE, reason=ItemReason.NOT_A_FILE)


def _size(entry: os.DirEntry[bytes]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0  # gone since, or hidden from us; reading it will say


def _link(root: bytes, path: bytes, real_root: bytes) -> Listed:
    full = os.path.join(root, path)
    if within(real_root, full) and os.path.isfile(full):
        return Listed(path=path, size=os.stat(full).st_size)
    return Listed(path=path, state=PhotographState.REFUSED, reason=ItemReason.LINK)


def within(real_root: bytes, full: bytes) -> bool:
    """Does `full`, all links followed, lie below `real_root`?"""
    try:
        real = os.path.realpath(full)
    except (OSError, ValueError):
        return False
    return real.startswith(real_root.rstrip(b"/") + b"/")


def read_picture(root: bytes, path: bytes, *, max_bytes: int) -> Picture | Unread:
    """The bytes of one file of the source; checks once more that it is a file and lies within."""
    full = os.path.join(root, path)
    if os.path.lexists(full) and not within(os.path.realpath(root), full):
        return Unread(state=PhotographState.REFUSED, reason=ItemReason.LINK)
    try:
        # Non-blocking, so that a pipe in the place of a picture cannot hold the run.
        descriptor = os.open(full, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return _unread(error, full)
    try:
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not _still(status, root, full):
                return Unread(state=PhotographState.REFUSED, reason=ItemReason.LINK)
            if not stat.S_ISREG(status.st_mode):
                return Unread(state=PhotographState.UNREADABLE, reason=ItemReason.NOT_A_FILE)
            if status.st_size > max_bytes:
                return Unread(state=PhotographState.UNREADABLE, reason="too-many-bytes")
            data = stream.read()
    except OSError as error:
        return _unread(error, full)
    return Picture(data=data, sha256=sha256_hex(data))


def _still(opened: os.stat_result, root: bytes, full: bytes) -> bool:
    """Is what was opened what lies in the source now? A link may have been put in its place after the first look."""
    real = os.path.realpath(full)
    try:
        there = os.lstat(real)
    except OSError:
        return False
    return within(os.path.realpath(root), full) and os.path.samestat(opened, there)


def _unread(error: OSError, full: bytes) -> Unread:
    if error.errno == errno.ELOOP or (os.path.islink(full) and not os.path.exists(full)):
        return Unread(state=PhotographState.REFUSED, reason=ItemReason.LINK)
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return Unread(state=PhotographState.FAILED, reason=ItemReason.MISSING, sign=True)
    return Unread(
        state=PhotographState.FAILED, reason=ItemReason.NOT_READABLE, sign=error.errno != errno.EACCES
    )
