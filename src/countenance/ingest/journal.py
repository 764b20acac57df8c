"""Who is at work, and what a process that died left behind.

A process that ingests holds a lock on a small file in the workspace's `run` folder for as long as it lives; the system
lets go of the lock however it ends. The file names it as the owner of its shards, so that nobody waits for the
lease of a dead process on the same machine. Into it go the ids of the faces of the batch being written, before their
keys are made: keys and crops whose rows never came are found there, exactly, and never taken from a living process.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from countenance.primitives.errors import UnavailableError
from countenance.primitives.files import is_locked
from countenance.primitives.text import N_
from countenance.records.models import Face
from countenance.records.workspace import Workspace

_PREFIX, _SUFFIX = "ingest-", ".journal"
_ID_BYTES = 16
_QUERY = 500


def crop_name(face: uuid.UUID) -> str:
    """Name of a face's crop in the media store."""
    return f"crop-{face.hex}"


class Journal:
    """A process's own file. A context manager; leaving it ends the ownership."""

    def __init__(self, workspace: Workspace) -> None:
        """Raises UnavailableError where the workspace cannot be written."""
        self._workspace = workspace
        self._folder = workspace.directory / "run"
        try:
            self._path, self._descriptor = _create(self._folder)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        self._keep = False
        self.owner = f"{socket.gethostname()}/{self._path.name}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._keep:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def begin(self, faces: Sequence[uuid.UUID]) -> None:
        """Note, durably, the faces whose keys are about to be made."""
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, b"".join(face.bytes for face in faces), 0)
            os.fsync(self._descriptor)
        except OSError as error:
            raise _unwritable(self._folder, error) from error

    def done(self) -> None:
        """The batch is written; every id that still has no row has been seen to."""
        os.ftruncate(self._descriptor, 0)

    def undo(self) -> None:
        """Destroy what a batch left that could not be written. What cannot be destroyed now stays noted."""
        if _destroy_orphans(self._workspace, _read(self._descriptor)):
            self.done()
        else:
            self._keep = True  # left without an owner, the file is found at the next start

    def alive(self, owner: str) -> bool:
        """Is the owner of a shard, on this machine, at work? True for another machine: only its lease tells."""
        host, _, name = owner.partition("/")
        if host != socket.gethostname():
            return True
        return is_locked(self._folder / name)


def sweep_orphans(workspace: Workspace) -> int:
    """Destroy keys and crops that dead processes made and no row ever named. Returns how many faces."""
    swept = 0
    for path in sorted((workspace.directory / "run").glob(f"{_PREFIX}*{_SUFFIX}")):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            faces = _read(descriptor)
            if _destroy_orphans(workspace, faces):
                path.unlink(missing_ok=True)
                swept += len(faces)
        except BlockingIOError:
            continue  # its owner lives
        finally:
            os.close(descriptor)
    return swept


def _create(folder: Path) -> tuple[Path, int]:
    while True:
        path = folder / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # A sweep may have taken the file for a dead one's between the two calls.
        if path.exists():
            return path, descriptor
        os.close(descriptor)


def _read(descriptor: int) -> list[uuid.UUID]:
    data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    whole = len(data) - len(data) % _ID_BYTES
    return [uuid.UUID(bytes=data[start : start + _ID_BYTES]) for start in range(0, whole, _ID_BYTES)]


def _destroy_orphans(workspace: Workspace, faces: Sequence[uuid.UUID]) -> bool:
    """False where they could not be destroyed now."""
    if not faces:
        return True
    try:
        # In a transaction of its own, which waits for any that a dead process's server may still be ending.
        with workspace.transaction():
            known: set[uuid.UUID] = set()
            for start in range(0, len(faces), _QUERY):
                part = faces[start : start + _QUERY]
                known.update(Face.objects.filter(id__in=part).values_list("id", flat=True))
        orphans = [face for face in faces if face not in known]
        if orphans:
            workspace.media.delete_many([crop_name(face) for face in orphans])
            workspace.vault.destroy(orphans)
    except UnavailableError:
        return False
    return True


def _unwritable(folder: Path, error: OSError) -> UnavailableError:
    return UnavailableError(
        N_("The workspace cannot be written ({folder}: {problem}); nothing was changed."),
        remedy=N_(
            "Check its owner, its permissions and the room on its disk, then give the same command again."
        ),
        code="workspace-not-writable",
        folder=str(folder),
        problem=error.strerror or type(error).__name__,
    )
