"""Sealed files (crops, probes, segments): written whole or not at all, durable when the call returns.

A store neither encrypts nor decrypts: what it is given is sealed already. There are two, one in a folder (here) and one
in a bucket (`s3.py`); one suite of tests holds both to `MediaStore`.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.files import make_private_directory, sync_directory
from countenance.primitives.text import N_
from countenance.vault.errors import named_os_errors

# Lower case only: two names must never be one file where the file system ignores case. No separator, no leading dot.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
_UNFINISHED_SECONDS = 3_600
_BATCH = 256  # files open at once; many systems allow 1,024


class MediaStore(Protocol):
    """Named sealed bytes. Names have 1 to 128 of `a-z 0-9 . _ -`, no leading dot; another one raises UsageError."""

    def put(self, name: str, data: bytes) -> None:
        """Store `data` under `name`, in the place of what was there. Raises UnavailableError."""
        ...

    def put_new(self, name: str, data: bytes) -> None:
        """Store `data` unless something has that name: then ConflictError (`media-exists`)."""
        ...

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Store pairs; durable when it returns, and after an error each name holds its old bytes or all of its new ones."""
        ...

    def put_stream(self, name: str, parts: Iterable[bytes]) -> None:
        """Store one large file piece by piece; not there before it returns."""
        ...

    def get(self, name: str) -> bytes:
        """The bytes under `name`. Raises NotFoundError (`no-such-media`)."""
        ...

    def read(self, name: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`, fewer at the end of the file. Raises NotFoundError."""
        ...

    def map(self, name: str) -> mmap.mmap:
        """A read-only map; it stays good when the file is deleted. Raises NotFoundError."""
        ...

    def delete(self, name: str) -> bool:
        """Delete one file; False where there was none."""
        ...

    def delete_many(self, names: Iterable[str]) -> int:
        """Delete files; returns how many there were."""
        ...

    def names(self, *, older_than: timedelta = ...) -> Iterator[str]:
        """All names; with `older_than` only files written that long ago."""
        ...

    def sweep_unfinished(self) -> int:
        """Delete what a killed process left half-written long ago; returns how many files."""
        ...

    def check(self) -> None:
        """Write, read and delete a small file. Raises UnavailableError with what is wrong."""
        ...


class FolderMediaStore:
    """Named bytes in 256 sub-folders of `directory` (mode 0700, files 0600).

    Names have 1 to 128 of `a-z 0-9 . _ -`, no leading dot. A name is written once and for all in practice (ids
    are random), but a second `put` replaces the first whole.
    """

    def __init__(self, directory: Path) -> None:
        with named_os_errors(directory):
            self._directory = make_private_directory(directory)

    @property
    def directory(self) -> Path:
        """The folder."""
        return self._directory

    def put(self, name: str, data: bytes) -> None:
        """Store `data` under `name`. Raises UnavailableError (`disk-full`, `storage-failed`)."""
        self.put_many([(name, data)])

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Store (name, data) pairs; durable when it returns.

        Batch by batch, all bytes are written before the first is made durable, and all are durable before the
        first is named, so the disk is waited for about once a batch. After an error each name holds its old bytes
        or all of its new ones.
        """
        targets = [(self._path(name), data) for name, data in items]
        for start in range(0, len(targets), _BATCH):
            self._put_batch(targets[start : start + _BATCH])

    def _put_batch(self, targets: Sequence[tuple[Path, bytes]]) -> None:
        folders = {target.parent for target, _ in targets}
        written: list[tuple[Path, int]] = []
        try:
            with named_os_errors(self._directory):
                for folder in folders:
                    if not folder.exists():
                        make_private_directory(folder)
                written.extend(_write_unfinished(target, data) for target, data in targets)
                for _, descriptor in written:
                    os.fsync(descriptor)
                for (target, _), (temporary, _) in zip(targets, written, strict=True):
                    os.replace(temporary, target)
                _sync_all(folders | {self._directory})
        finally:
            for temporary, descriptor in written:
                os.close(descriptor)
                temporary.unlink(missing_ok=True)

    def get(self, name: str) -> bytes:
        """The bytes under `name`. Raises NotFoundError."""
        path = self._path(name)
        with named_os_errors(path):
            try:
                return path.read_bytes()
            except FileNotFoundError as error:
                raise NotFoundError(
                    N_("No stored file is named {name}."), name=name, code="no-such-media"
                ) from error

    def put_new(self, name: str, data: bytes) -> None:
        """Store `data` unless something has that name. Raises ConflictError (`media-exists`)."""
        target = self._path(name)
        with named_os_errors(target):
            make_private_directory(target.parent)
            temporary, descriptor = _write_unfinished(target, data)
            try:
                os.fsync(descriptor)
                os.link(temporary, target)  # unlike a rename, it does not replace
            except FileExistsError as error:
                raise ConflictError(
                    N_("A stored file is named {name} already."), name=name, code="media-exists"
                ) from error
            finally:
                os.close(descriptor)
                temporary.unlink(missing_ok=True)
            _sync_all([target.parent, self._directory])

    def read(self, name: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`, fewer at the end of the file. Raises NotFoundError."""
        path = self._path(name)
        with named_os_errors(path):
            try:
                with path.open("rb") as stream:
                    stream.seek(start)
                    return stream.read(length)
            except FileNotFoundError as error:
                raise NotFoundError(
                    N_("No stored file is named {name}."), name=name, code="no-such-media"
                ) from error

    def put_stream(self, name: str, parts: Iterable[bytes]) -> None:
        """Store one large file piece by piece; durable when it returns, and not there before.

        Raises UnavailableError (`disk-full`, `storage-failed`), and whatever `parts` raises; then nothing is left.
        """
        target = self._path(name)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
        with named_os_errors(target):
            make_private_directory(target.parent)
            try:
                with temporary.open("xb", buffering=0) as stream:
                    os.fchmod(stream.fileno(), 0o600)
                    for part in parts:
                        rest = memoryview(part)
                        while rest:
                            rest = rest[stream.write(rest) :]
                    os.fsync(stream.fileno())
                os.replace(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)
            _sync_all([target.parent, self._directory])

    def map(self, name: str) -> mmap.mmap:
        """A read-only map of one file; it stays good when the file is deleted. Raises NotFoundError."""
        path = self._path(name)
        with named_os_errors(path):
            try:
                with path.open("rb") as stream:
                    if not os.fstat(stream.fileno()).st_size:
                        return mmap.mmap(
                            -1, 1
                        )  # an empty file cannot be mapped, and one zero is nobody's content
                    return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            except FileNotFoundError as error:
                raise NotFoundError(
                    N_("No stored file is named {name}."), name=name, code="no-such-media"
                ) from error

    def delete(self, name: str) -> bool:
        """Delete one file, durably; False where there was none."""
        return self.delete_many([name]) == 1

    def delete_many(self, names: Iterable[str]) -> int:
        """Delete files, durably; returns how many there were. Names that are not there are passed over."""
        deleted = 0
        touched: set[Path] = set()
        for path in [self._path(name) for name in names]:
            with named_os_errors(path):
                try:
                    path.unlink()
                except FileNotFoundError:
                    continue
            deleted += 1
            touched.add(path.parent)
        with named_os_errors(self._directory):
            _sync_all(touched)
        return deleted

    def names(self, *, older_than: timedelta = timedelta(0)) -> Iterator[str]:
        """All names, sorted within each sub-folder; with `older_than` only files written that long ago."""
        latest = time.time() - older_than.total_seconds()
        for folder in sorted(self._directory.iterdir()):
            for path in sorted(folder.iterdir()):
                if path.name.startswith("."):
                    continue
                with suppress(FileNotFoundError):  # deleted meanwhile
                    if not older_than or path.stat().st_mtime <= latest:
                        yield path.name

    def sweep_unfinished(self) -> int:
        """Delete what a killed process left half-written more than an hour ago; returns how many files."""
        before = time.time() - _UNFINISHED_SECONDS
        swept = 0
        with named_os_errors(self._directory):
            for path in self._directory.glob("*/.*.tmp"):
                if path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)
                    swept += 1
        return swept

    def check(self) -> None:
        """Write, read and delete a small file. Raises UnavailableError with what is wrong."""
        name = f"check-{secrets.token_hex(8)}"
        self.put(name, b"countenance")
        self.get(name)
        self.delete(name)

    def _path(self, name: str) -> Path:
        check_name(name)
        # Names may share a beginning; their hashes do not, so the sub-folders fill evenly.
        return self._directory / hashlib.sha256(name.encode()).hexdigest()[:2] / name


def check_name(name: str) -> str:
    """`name`, or UsageError where it cannot be a stored file's."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            N_("A stored file's name has 1 to 128 of a-z, 0-9, dot, hyphen and underscore: not {name}."),
            name=repr(name[:80]),
            code="media-name",
        )
    return name


def _write_unfinished(target: Path, data: bytes) -> tuple[Path, int]:
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        os.close(descriptor)
        temporary.unlink(missing_ok=True)
        raise
    return temporary, descriptor


def _sync_all(directories: Iterable[Path]) -> None:
    for directory in directories:
        sync_directory(directory)
