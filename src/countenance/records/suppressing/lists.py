"""The suppression list: templates of people who chose that only so they can be kept out.

A database of its own, in a folder of its own; each entry sealed under a key of its own. It answers one question, whether a
face is on it, and only under a grant for a suppression check. It has no listing, no search and no export.

Methods that change it take the transaction of the act they belong to, which logs the change. The list is another database,
so each change is written down first, takes effect when that transaction is committed, and is dropped where it is undone:
the log knows which, also after a crash (`settle`).
"""

from __future__ import annotations

import hmac
import logging
import os
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

import numpy as np
from django.db import transaction

from countenance.biometrics.templates import Template, Vector
from countenance.policy.grants import AuthorityKind, Grant, verify_grant
from countenance.primitives.errors import NotFoundError, RefusedError, UnavailableError
from countenance.primitives.files import make_private_directory
from countenance.primitives.ids import new_code, read_code
from countenance.primitives.text import N_
from countenance.records.database import DjangoTransaction
from countenance.records.erasing.payloads import positions_naming
from countenance.records.events import Event
from countenance.records.models import Photograph, WorkspaceState
from countenance.records.suppressing.elsewhere import pack_of
from countenance.records.suppressing.operating import OperatingPoint, operating_point
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry
from countenance.vault.vault import Plain, Sealed

FOLDER, FILE = "suppression", "list.sqlite3"
SECRET = "suppression"  # noqa: S105 - a name; key of the hashes of codes and photographs
LIFE = timedelta(days=365)
"""An entry ends then unless it is renewed."""
HOLD = timedelta(days=30)
"""A held face is not enrolled unless it is released within this time."""

_SCHEMA = """
create table entry (
    id blob primary key check (length(id) = 16),
    code text not null unique,       -- keyed hash of the code that the person keeps
    space text not null,
    sealed blob not null,
    expires integer not null,        -- seconds since 1970, UTC
    answers integer not null         -- 1: asked about candidates too, by the person's choice
);
create table release (
    entry blob not null references entry (id) on delete cascade,
    photograph text not null,        -- keyed hash of its bytes
    primary key (entry, photograph)
);
"""
_CHANGES = """
create table if not exists change (  -- written down, and not yet in effect
    id blob primary key check (length(id) = 16),
    kind text not null,
    entry blob not null,
    code text, space text, sealed blob, expires integer, answers integer, photograph text
);
"""


class _Kind(StrEnum):
    """What a change does to an entry."""

    JOIN = "join"
    RENEW = "renew"
    RELEASE = "release"
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class Joined:
    """What somebody who joined is told. `code`: theirs to keep; whoever shows it may renew, release or leave."""

    code: str
    expires_at: datetime
    terms: OperatingPoint


class SuppressionList:
    """The list of one workspace. Made when the first person joins."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folder = workspace.directory / FOLDER

    def join(
        self, tx: DjangoTransaction, template: Template, *, life: timedelta = LIFE, every_answer: bool = False
    ) -> Joined:
        """Put a template on the list, in the open transaction that logs it. The code is shown once and kept as a keyed
        hash only.

        `every_answer`: also left out of lists of candidates, where it was enrolled elsewhere or before.
        """
        entry, code = uuid.uuid4(), new_code("S", groups=4)
        terms = self.terms(more=1)
        expires = (self._workspace.clock() + life).replace(microsecond=0)
        (sealed,) = self._workspace.vault.seal(
            [Plain(record_id=entry, part=_part(template.space_id), data=template.to_bytes())]
        )
        try:
            self._change(
                tx,
                Event.SUPPRESSION_JOINED,
                _Kind.JOIN,
                entry,
                code=self._hash(code),
                space=template.space_id,
                sealed=sealed,
                expires=int(expires.timestamp()),
                answers=int(every_answer),
            )
        except BaseException:
            self._workspace.vault.destroy([entry])
            raise
        return Joined(code=code, expires_at=expires, terms=terms)

    def renew(self, tx: DjangoTransaction, code: str, *, life: timedelta = LIFE) -> datetime:
        """Let an entry run on from now. Raises NotFoundError."""
        expires = (self._workspace.clock() + life).replace(microsecond=0)
        self._change(
            tx, Event.SUPPRESSION_RENEWED, _Kind.RENEW, self._find(code), expires=int(expires.timestamp())
        )
        return expires

    def leave(self, tx: DjangoTransaction, code: str) -> None:
        """Take an entry off: its key is destroyed and its row overwritten. Raises NotFoundError."""
        self._change(tx, Event.SUPPRESSION_ENDED, _Kind.LEAVE, self._find(code))

    def release(self, tx: DjangoTransaction, code: str, sha256: str) -> None:
        """Let the face of who holds this code in, in one photograph, by its SHA-256. Raises NotFoundError.

        Another person's code does not help: it silences that person's entry, not the one that held the face.
        """
        photograph = self._hash(f"photograph/{sha256}")
        self._change(tx, Event.SUPPRESSION_RELEASED, _Kind.RELEASE, self._find(code), photograph=photograph)
        Photograph.objects.filter(sha256=sha256).update(fingerprint="")  # the next ingest looks again

    def settle(self) -> int:
        """Give effect to changes whose transaction was committed, and drop those of one that was undone. Returns how many.

        For start-up and upkeep, after a crash. Inside a transaction of its own, so that no act is half-way meanwhile.
        """
        if not self._there() or not self._pending():
            return 0
        with self._workspace.transaction() as (tx, _):
            left = self._pending()
            logged = {change: any(positions_naming(tx, {str(change)})) for change, _ in left}
        for change, entry in left:
            if logged[change]:
                self._take_effect(change)
            else:
                self._drop(change, entry)
        return len(left)

    def end_expired(self) -> int:
        """Take off what has run out, after finishing what a crash left (`settle`). Returns how many."""
        if not self._there():
            return 0
        self.settle()
        now = int(self._workspace.clock().timestamp())
        with self._open() as held:
            due = [
                uuid.UUID(bytes=row[0])
                for row in held.execute("select id from entry where expires <= ?", (now,))
            ]
        if due:
            with self._workspace.transaction() as (tx, _):
                self._log(tx, Event.SUPPRESSION_ENDED, due)
            self.remove(due)
        return len(due)

    def terms(self, *, more: int = 0) -> OperatingPoint:
        """Threshold, false holds and misses at the list's length, with `more` entries."""
        return operating_point(self._workspace.models, self.length() + more)

    def is_suppressed(
        self,
        grant: Grant,
        faces: Sequence[tuple[Template, str]],
        *,
        in_answers: bool = False,
        elsewhere: Sequence[Mapping[str, Template]] = (),
    ) -> list[bool]:
        """Which of these faces (template, SHA-256 of its photograph) are on the list. Says nothing else of anybody.

        `in_answers`: the faces are candidates of a search, so only entries count whose people chose that. `elsewhere`: for each
        face its templates in `other_spaces`; a face that an entry cannot be compared with counts as on the list.
        Raises RefusedError for a grant of another kind, and what `verify_grant` raises.
        """
        workspace = self._workspace
        now = workspace.clock()
        verify_grant(grant, workspace.grant_key, now=now, epoch=workspace.epoch())
        if grant.authority_kind is not AuthorityKind.SUPPRESSION_CHECK:
            raise RefusedError(
                N_("This permission is not for the suppression list."),
                reason="grant-kind",
                rule="GRANT-03",
                authority="Rule of the house: the suppression list keeps out, and finds nobody",
                since="2026-11-01",
            )
        answers = [False] * len(faces)
        if not faces or not self._there():
            return answers
        with self._open() as held:
            rows = held.execute(
                "select id, space, sealed from entry where expires > ? and answers >= ?",
                (int(now.timestamp()), int(in_answers)),
            ).fetchall()
            released = set(held.execute("select entry, photograph from release").fetchall())
        if not rows:
            return answers
        thresholds = {space: _threshold(workspace, space, len(rows)) for space in {row[1] for row in rows}}
        opened = workspace.vault.unseal_existing(
            [
                Sealed(record_id=uuid.UUID(bytes=key), part=_part(space), data=sealed)
                for key, space, sealed in rows
            ]
        )
        for place, (template, sha256) in enumerate(faces):
            photograph = self._hash(f"photograph/{sha256}")
            mine: dict[str, Template] = {str(template.space_id): template}
            if elsewhere:
                mine.update(elsewhere[place])
            answers[place] = any(
                _alike(mine.get(space), np.frombuffer(data, dtype="<f4"), thresholds[space])
                for (key, space, _), data in zip(rows, opened, strict=True)
                if data is not None and (key, photograph) not in released
            )
        return answers

    def other_spaces(self, *, in_answers: bool = False) -> frozenset[str]:
        """Template spaces, besides the one in use, that entries in force are of."""
        return self.spaces(in_answers=in_answers) - {str(self._workspace.models.space_id)}

    def spaces(self, *, in_answers: bool = False) -> frozenset[str]:
        """Template spaces that entries in force are of. `in_answers`: of those whose people chose that."""
        if not self._there():
            return frozenset()
        now = int(self._workspace.clock().timestamp())
        with self._open() as held:
            rows = held.execute(
                "select distinct space from entry where expires > ? and answers >= ?", (now, int(in_answers))
            ).fetchall()
        return frozenset(str(row[0]) for row in rows)

    def watches_answers(self) -> bool:
        """Has anybody chosen to be left out of lists of candidates as well?"""
        if not self._there():
            return False
        now = int(self._workspace.clock().timestamp())
        with self._open() as held:
            row = held.execute("select 1 from entry where answers = 1 and expires > ? limit 1", (now,))
            return row.fetchone() is not None

    def exists(self) -> bool:
        """Has anybody ever joined?"""
        return self._there()

    def _find(self, typed: str) -> uuid.UUID:
        code = read_code(typed)
        if code is not None and self._there():
            with self._open() as held:
                row = held.execute("select id from entry where code = ?", (self._hash(code),)).fetchone()
            if row is not None:
                return uuid.UUID(bytes=row[0])
        raise NotFoundError(N_("No entry of the suppression list has this code."), code="suppression-missing")

    def remove(self, entries: Sequence[uuid.UUID]) -> None:
        """Destroy the keys and overwrite the rows of entries that ended; again, where a restored list has them still."""
        self._workspace.vault.destroy(entries)
        if self._there():
            with self._open() as held:
                for table in ("entry where id", "change where entry"):
                    held.executemany(f"delete from {table} = ?", [(entry.bytes,) for entry in entries])  # noqa: S608 - ours

    def _change(
        self, tx: DjangoTransaction, event: Event, kind: _Kind, entry: uuid.UUID, **values: str | bytes | int
    ) -> None:
        """Write a change down and log it; it takes effect when the caller's transaction is committed."""
        change = uuid.uuid4()
        columns = ["id", "kind", "entry", *values]
        with self._open() as held:
            held.execute(
                f"insert into change ({', '.join(columns)}) values ({', '.join('?' * len(columns))})",  # noqa: S608 - columns are ours
                (change.bytes, kind.value, entry.bytes, *values.values()),
            )
        self._log(tx, event, [entry], change)
        transaction.on_commit(partial(self._after_commit, change))

    def _after_commit(self, change: uuid.UUID) -> None:
        """What led here is committed, so it must not fail for this; `settle` finishes what cannot be written now."""
        try:
            self._take_effect(change)
        except UnavailableError as error:
            _log_line.warning("a change of the suppression list waits: %s", error.code)

    def _take_effect(self, change: uuid.UUID) -> None:
        """Do what was written down, once; another process may have done it."""
        with self._open() as held:
            row = held.execute(
                "select kind, entry, code, space, sealed, expires, answers, photograph from change where id = ?",
                (change.bytes,),
            ).fetchone()
            if row is None:
                return
            kind, entry, code, space, sealed, expires, answers, photograph = row
            match _Kind(kind):
                case _Kind.JOIN:
                    held.execute(
                        "insert or ignore into entry values (?, ?, ?, ?, ?, ?)",
                        (entry, code, space, sealed, expires, answers),
                    )
                case _Kind.RENEW:
                    held.execute("update entry set expires = ? where id = ?", (expires, entry))
                case _Kind.RELEASE:
                    held.execute(
                        "insert or ignore into release select id, ? from entry where id = ?",
                        (photograph, entry),
                    )
                case _Kind.LEAVE:
                    self._workspace.vault.destroy([uuid.UUID(bytes=entry)])
                    held.execute("delete from entry where id = ?", (entry,))
            held.execute("delete from change where id = ?", (change.bytes,))

    def _drop(self, change: uuid.UUID, entry: uuid.UUID) -> None:
        """Forget a change whose transaction was undone; of who would have joined, the key goes first."""
        with self._open() as held:
            known = held.execute("select 1 from entry where id = ?", (entry.bytes,)).fetchone()
        if known is None:
            self._workspace.vault.destroy([entry])
        with self._open() as held:
            held.execute("delete from change where id = ?", (change.bytes,))

    def _pending(self) -> list[tuple[uuid.UUID, uuid.UUID]]:
        """Changes not in effect, and whose entry each concerns."""
        with self._open() as held:
            rows = held.execute("select id, entry from change order by rowid").fetchall()
        return [(uuid.UUID(bytes=change), uuid.UUID(bytes=entry)) for change, entry in rows]

    def _log(
        self,
        tx: DjangoTransaction,
        event: Event,
        entries: Sequence[uuid.UUID],
        change: uuid.UUID | None = None,
    ) -> None:
        """One entry of the log, by ids that mean something to the list alone."""
        entry = NewEntry(
            event=event.value,
            at=WorkspaceState.objects.values_list("last_seen_at", flat=True).get(pk=1),
            purpose=None,
            jurisdiction=None,
            client=None,
            pack=None,
            details={
                "entries": [str(key) for key in entries],
                **({} if change is None else {"change": str(change)}),
            },
        )
        self._workspace.record(tx, [entry])

    def length(self) -> int:
        """How many entries there are."""
        if not self._there():
            return 0
        with self._open() as held:
            return int(held.execute("select count(*) from entry").fetchone()[0])

    def _hash(self, text: str) -> str:
        return hmac.new(self._workspace.vault.ensure_secret(SECRET), text.encode(), "sha256").hexdigest()

    def _there(self) -> bool:
        return (self._folder / FILE).exists()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction. No write-ahead log, so that deleted bytes are overwritten where they lie."""
        try:
            new = not self._there()
            if new:
                make_private_directory(self._folder)
                os.close(os.open(self._folder / FILE, os.O_WRONLY | os.O_CREAT, 0o600))
            with closing(sqlite3.connect(self._folder / FILE, timeout=30.0)) as connection:
                for pragma in ("secure_delete=on", "foreign_keys=on", "temp_store=memory"):
                    connection.execute(f"pragma {pragma}")
                if not connection.execute("select 1 from sqlite_master where name = 'entry'").fetchone():
                    connection.executescript(_SCHEMA)
                if not connection.execute("select 1 from sqlite_master where name = 'change'").fetchone():
                    connection.executescript(_CHANGES)
                with connection:
                    yield connection
        except (OSError, sqlite3.Error) as error:
            raise UnavailableError(
                N_("The suppression list cannot be read or written: {problem}."),
                code="suppression-list",
                problem=type(error).__name__,
            ) from error


_log_line = logging.getLogger(__name__)


def _threshold(workspace: Workspace, space: str, length: int) -> float | None:
    """The score from which a face is held in a space; None where its pack is not here any more."""
    pack = workspace.models if space == workspace.models.space_id else pack_of(space)
    return None if pack is None else operating_point(pack, length).threshold


def _alike(template: Template | None, entry: Vector, threshold: float | None) -> bool:
    """Whether an entry holds a face; so it does where the two cannot be compared."""
    if template is None or threshold is None:
        return True
    return bool(entry @ template.vector >= threshold)


def _part(space_id: str) -> str:
    return f"suppressed:{space_id}"
