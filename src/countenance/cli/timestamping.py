"""Having a checkpoint stamped by a time-stamping authority: over the network, or by files that somebody carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from countenance.primitives.errors import IntegrityError, UnavailableError
from countenance.primitives.text import N_
from countenance.records.database import open_reading
from countenance.records.workspace import Workspace
from countenance.tlog import store
from countenance.tlog.note import open_checkpoint
from countenance.tlog.timestamp import Stamp, read_stamp, request_for
from countenance.witness.stamping import ask_stamp

_ANSWER_MAX = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Stamped:
    """A checkpoint of `size` entries existed at `at`, says the authority (aware)."""

    size: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class StampsFound:
    """The time stamps that are kept: how many are good, and the sizes of checkpoints whose stamp is not."""

    good: int
    bad: tuple[int, ...]


def write_request(workspace: Workspace) -> tuple[bytes, str]:
    """The request for the log as it stands, and the note that it is about."""
    workspace.checkpoint()
    with open_reading() as tx:
        row = store.read_last_checkpoint(tx)
    assert row is not None
    return request_for(row.note), row.note


def ask(workspace: Workspace, url: str, roots: Path) -> Stamped:
    """Sign the log as it stands, have it stamped, keep the stamp."""
    request, _ = write_request(workspace)
    return take(workspace, ask_stamp(url, request), _read(roots))


def take_file(workspace: Workspace, response: Path, roots: Path) -> Stamped:
    """Keep the response of an authority, which may be about an earlier checkpoint."""
    return take(workspace, _read(response), _read(roots))


def take(workspace: Workspace, response: bytes, roots: bytes) -> Stamped:
    """Keep a response with the newest checkpoint that it is good for. Raises FormatError, IntegrityError."""
    with workspace.transaction() as (tx, _):
        rows = list(store.read_checkpoints(tx))
        failure: IntegrityError | None = None
        for row in reversed(rows):
            open_checkpoint(row.note, workspace.log.key)
            try:
                stamp: Stamp = read_stamp(response, row.note, roots)
            except IntegrityError as error:
                failure = error
                continue
            store.put_timestamp(tx, row.size, int(stamp.at.timestamp()), roots, response)
            return Stamped(size=row.size, at=stamp.at)
    raise failure or IntegrityError(N_("No checkpoint was signed yet."), code="checkpoint-missing")


def check() -> StampsFound:
    """Every stamp that the open workspace keeps, again, against the checkpoint that it lies beside. Raises UnavailableError without the extra."""
    good, bad = 0, []
    with open_reading() as tx:
        for size, roots, response in store.read_timestamps(tx):
            row = store.read_checkpoint(tx, size)
            try:
                read_stamp(response, row.note if row else "", roots)
                good += 1
            except IntegrityError:
                bad.append(size)
    return StampsFound(good=good, bad=tuple(bad))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_ANSWER_MAX)
    except OSError as error:
        raise UnavailableError(
            N_("{path} cannot be read: {problem}."),
            code="timestamp-file",
            path=str(path),
            problem=error.strerror or type(error).__name__,
        ) from error
