"""What a witness remembers, and how it decides (C2SP tlog-witness, "add-checkpoint").

1. known      the checkpoint's origin is a log that this witness was told of
2. signed     by that log's key
3. expected   the request starts from the tree that was cosigned last
4. consistent a proof shows that tree to be a beginning of the new one (RFC 9162 section 2.1.4)
5. kept       the new tree is on disk before anybody sees the cosignature

A request that the log signed and that fails step 3 or 4 is kept as evidence: two trees signed by one log that do not
contain each other prove that somebody was shown another history.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countenance.primitives.clock import Clock, system_clock
from countenance.primitives.errors import (
    ConflictError,
    FormatError,
    IntegrityError,
    NotFoundError,
    UnavailableError,
)
from countenance.primitives.files import make_private_directory, sync_directory, write_atomically
from countenance.primitives.text import N_
from countenance.tlog.cosignature import WitnessKey, cosign, witness_key
from countenance.tlog.merkle import root_of, verify_consistency
from countenance.tlog.note import check_name, open_checkpoint, parse_checkpoint, parse_note, parse_vkey
from countenance.witness.request import AddCheckpoint

_EVIDENCE_MAX = 1_000  # kept of each log; more of the same proves nothing more
_KEY, _STATE, _NAME = "witness.key", "witness.sqlite3", "witness.name"
_TABLES = """
create table log (origin text primary key, vkey text not null, size integer not null default 0 check (size >= 0),
    root blob, note text, cosigned_at integer) strict;
create table evidence (number integer primary key, origin text not null references log, at integer not null,
    why text not null, old_size integer not null, proof blob not null, checkpoint text not null) strict;
"""


class Refusal(StrEnum):
    """Why a witness does not cosign; the status codes are those of C2SP tlog-witness."""

    UNKNOWN_LOG = "unknown-log"
    NOT_SIGNED = "not-signed"
    BAD_REQUEST = "bad-request"
    OTHER_SIZE = "other-size"
    FORKED = "forked"
    INCONSISTENT = "inconsistent"


@dataclass(frozen=True, kw_only=True)
class Cosigned:
    """`line`: the cosignature, one signature line ending in a newline. `size`: leaves of the tree."""

    origin: str
    size: int
    line: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """`size`: leaves of the tree that this witness cosigned last, where that is the answer."""

    why: Refusal
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class KnownLog:
    """One log. `cosigned_at`: None where no checkpoint was cosigned yet. `evidence`: signed requests that were refused."""

    origin: str
    size: int
    cosigned_at: datetime | None
    evidence: int


class Witness:
    """A witness in a folder of its own: key, name, and what it has cosigned."""

    def __init__(self, folder: Path, *, clock: Clock = system_clock) -> None:
        """Open it. Raises NotFoundError where there is none; a witness whose memory is lost is not made anew."""
        self._state = folder / _STATE
        self._clock = clock
        if not self._state.is_file():
            raise NotFoundError(
                N_("There is no witness in {folder}."),
                remedy=N_(
                    "Make one with: countenance-witness init. A witness that has lost its memory must not go on under "
                    "its old key."
                ),
                code="witness-missing",
                folder=str(folder),
            )
        self._signer = Ed25519PrivateKey.from_private_bytes((folder / _KEY).read_bytes())
        self.key: WitnessKey = witness_key(
            (folder / _NAME).read_text("utf-8").strip(), self._signer.public_key()
        )

    @classmethod
    def create(cls, folder: Path, name: str, *, clock: Clock = system_clock) -> Witness:
        """A new witness called `name` (such as `commissioner.example.org/w1`). Raises ConflictError, UsageError."""
        check_name(name)
        if folder.exists() and any(folder.iterdir()):
            raise ConflictError(
                N_("{directory} is not empty."),
                remedy=N_("Choose a new folder for the witness."),
                code="witness-exists",
                directory=str(folder),
            )
        make_private_directory(folder)
        write_atomically(folder / _KEY, Ed25519PrivateKey.generate().private_bytes_raw())
        write_atomically(folder / _NAME, f"{name}\n".encode())
        os.close(os.open(folder / f"{_STATE}.new", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(folder / f"{_STATE}.new")
        connection.executescript(_TABLES)
        connection.close()
        os.replace(folder / f"{_STATE}.new", folder / _STATE)
        sync_directory(folder)
        return cls(folder, clock=clock)

    def add_log(self, vkey: str) -> str:
        """Know a log by its verifier key; returns its origin. Raises FormatError, ConflictError (another key)."""
        key = parse_vkey(vkey)
        with self._writing() as connection:
            known = connection.execute("select vkey from log where origin = ?", (key.name,)).fetchone()
            if known is not None and known[0] != key.vkey:
                raise ConflictError(
                    N_("The log {origin} is known by another key."),
                    remedy=N_("A log with a new key is a new log and has a new origin."),
                    code="witness-log-key",
                    origin=key.name,
                )
            connection.execute(
                "insert into log (origin, vkey) values (?, ?) on conflict do nothing", (key.name, key.vkey)
            )
        return key.name

    def logs(self) -> list[KnownLog]:
        """Every log this witness knows, by origin."""
        with self._writing() as connection:
            rows = connection.execute(
                "select origin, size, cosigned_at,"
                " (select count(*) from evidence e where e.origin = log.origin) from log order by origin"
            ).fetchall()
        return [
            KnownLog(
                origin=origin,
                size=size,
                cosigned_at=None if at is None else datetime.fromtimestamp(at, UTC),
                evidence=evidence,
            )
            for origin, size, at, evidence in rows
        ]

    def evidence(self, origin: str) -> list[tuple[datetime, Refusal, str]]:
        """When, why, and the signed checkpoint of each refused request that `origin`'s key had signed."""
        with self._writing() as connection:
            rows = connection.execute(
                "select at, why, checkpoint from evidence where origin = ? order by number", (origin,)
            ).fetchall()
        return [(datetime.fromtimestamp(at, UTC), Refusal(why), note) for at, why, note in rows]

    def add_checkpoint(self, request: AddCheckpoint) -> Cosigned | Refused:
        """Decide on one request; what is cosigned is on disk before this returns. Raises UnavailableError (disk)."""
        try:
            claimed = parse_checkpoint(parse_note(request.checkpoint).text)
        except FormatError:
            return Refused(why=Refusal.BAD_REQUEST)
        with self._writing() as connection:  # others wait: what is read here is still true when it is written
            known = connection.execute(
                "select vkey, size, root from log where origin = ?", (claimed.origin,)
            ).fetchone()
            if known is None:
                return Refused(why=Refusal.UNKNOWN_LOG)
            vkey, size, root = known
            try:
                checkpoint = open_checkpoint(request.checkpoint, parse_vkey(vkey))
            except IntegrityError:
                return Refused(why=Refusal.NOT_SIGNED)
            if request.old_size > checkpoint.size or (request.old_size == 0 and request.proof):
                return Refused(why=Refusal.BAD_REQUEST)
            why = None
            if request.old_size != size:
                why = Refusal.OTHER_SIZE
            elif size == checkpoint.size and size and root != checkpoint.root:
                why = Refusal.FORKED
            elif not _continues(size, root, checkpoint.size, checkpoint.root, request.proof):
                why = Refusal.INCONSISTENT
            now = self._clock()
            if why is not None:
                # A question that starts from another size is asked every day; one that contradicts is not.
                if why is not Refusal.OTHER_SIZE or checkpoint.size < size:
                    self._keep_evidence(connection, checkpoint.origin, now, why, request)
                return Refused(why=why, size=None if why is Refusal.INCONSISTENT else size)
            text = parse_note(request.checkpoint).text  # with extension lines, if the log writes any
            line = cosign(text, self.key.name, self._signer, now)
            connection.execute(
                "update log set size = ?, root = ?, note = ?, cosigned_at = ? where origin = ?",
                (
                    checkpoint.size,
                    checkpoint.root,
                    request.checkpoint + line,
                    int(now.timestamp()),
                    checkpoint.origin,
                ),
            )
        return Cosigned(origin=checkpoint.origin, size=checkpoint.size, line=line)

    @staticmethod
    def _keep_evidence(
        connection: sqlite3.Connection, origin: str, now: datetime, why: Refusal, request: AddCheckpoint
    ) -> None:
        connection.execute(
            "insert into evidence (origin, at, why, old_size, proof, checkpoint)"
            " select ?, ?, ?, ?, ?, ? where (select count(*) from evidence where origin = ?) < ?"
            " and not exists (select 1 from evidence where origin = ? and checkpoint = ?)",
            (
                origin,
                int(now.timestamp()),
                why.value,
                request.old_size,
                b"".join(request.proof),
                request.checkpoint,
                origin,
                _EVIDENCE_MAX,
                origin,
                request.checkpoint,
            ),
        )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody else writes beside; durable when it ends."""
        try:
            connection = sqlite3.connect(self._state, timeout=10, isolation_level=None)
            try:
                connection.execute("pragma synchronous = full")
                connection.execute("begin immediate")
                try:
                    yield connection
                    connection.execute("commit")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("rollback")
                    raise
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise UnavailableError(
                N_("The witness cannot keep what it sees: {problem}."),
                remedy=N_("Nothing was cosigned. Make room or mend the disk, then ask again."),
                code="witness-memory",
                problem=str(error),
            ) from error


def _continues(
    size: int, root: bytes | None, new_size: int, new_root: bytes, proof: tuple[bytes, ...]
) -> bool:
    if size == 0:
        return not proof and (new_size > 0 or new_root == root_of([]))
    assert root is not None
    return verify_consistency(size, new_size, root, new_root, proof)
