"""The index of one process: loads what the database says is enrolled, follows its changes, and searches under a grant."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from countenance.biometrics.templates import SpaceId, Template, Vector, check_vector
from countenance.index import changes, head
from countenance.index.answers import (
    Answer,
    Coverage,
    NotSearchable,
    ScoredRow,
    SpaceStatistics,
    Statistics,
)
from countenance.index.changes import Change
from countenance.index.head import NewRow, template_part
from countenance.index.lock import SharedLock
from countenance.index.scan import best_rows
from countenance.index.store import Matrix, Store
from countenance.policy.grants import Grant, verify_grant
from countenance.primitives.errors import IntegrityError, UsageError
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_

type Unseal = Callable[[Sequence[tuple[str, str, bytes]]], list[bytes | None]]
"""Opens (face id, part, sealed bytes); None where the key is destroyed. Raises IntegrityError for damaged bytes."""

DEFAULT_LIMIT = 320  # 20 candidates by person, sixteen references each
_PAGE = 8_192  # changes read at once
_PROBES = 64  # compared at once


@dataclass(frozen=True, kw_only=True)
class _Position:
    """How far the changes are applied: up to number `seq`, in what the mark at `mark_seq` began."""

    seq: int = 0
    mark_seq: int = 0
    mark: str | None = None


class Index:
    """Templates in memory, searched exhaustively under a grant. Safe for threads.

    Every search first applies what was committed since the last one, by whichever process: an erased reference is
    in no answer after the transaction that erases it, and an enrolled one is found after the one that enrols it (in
    either transaction itself, too).
    """

    def __init__(self, *, mac_key: bytes, unseal: Unseal) -> None:
        """`mac_key`: the 32 bytes under which policy mints grants. `unseal`: opens sealed templates."""
        self._mac_key = mac_key
        self._unseal = unseal
        self._syncing = threading.Lock()
        self._lock = SharedLock()
        self._store = Store()
        self._position = _Position()

    def enrol(self, tx: Transaction, rows: Sequence[NewRow]) -> None:
        """Add references in the caller's transaction. Raises UsageError, ConflictError (see `head.enrol`)."""
        head.enrol(tx, rows)

    def remove(self, tx: Transaction, reference_ids: Sequence[str]) -> int:
        """Take references out in the caller's transaction; returns how many were there."""
        return head.remove(tx, reference_ids)

    def trim(self, tx: Transaction, *, keep: int = 100_000) -> int:
        """Forget removals older than the last `keep` changes (see `head.trim`); returns the lines deleted."""
        return head.trim(tx, keep=keep)

    def sync(self, tx: Transaction) -> int:
        """Apply what changed since the last call, as `tx` sees it; returns the number of changes applied.

        1. Nothing new: nothing to do.
        2. The mark we stand at is there: go on from it.
        3. It is not there, because `tx` began before it was written: what we have is newer, and stays.
        4. It is not there for another reason (rolled back, trimmed, a restored database): load afresh.
        """
        with self._syncing:
            at = self._position
            clock, mark = changes.read_clock(tx, at.mark_seq)
            if mark == at.mark:
                return self._follow(tx) if clock > at.seq else 0
            assert at.mark is not None
            # What another process wrote was committed when we saw it, so only an older view can lack it.
            if clock < at.seq and not changes.is_own(at.mark):
                return 0
            return self._load(tx)

    def search(
        self,
        tx: Transaction,
        grant: Grant,
        probe: Template,
        *,
        floor: float,
        now: datetime,
        epoch: int,
        limit: int = DEFAULT_LIMIT,
    ) -> Answer:
        """Compare `probe` with every permitted reference: the best `limit` rows of score `floor` and more.

        Raises IntegrityError (`grant-forged`) or RefusedError (`grant-expired`, `grant-revoked`) for a bad grant,
        UsageError for a bad probe. A space in which nothing is enrolled is no error: the coverage says so.
        """
        return self.search_many(tx, grant, [probe], floor=floor, now=now, epoch=epoch, limit=limit)[0]

    def search_many(
        self,
        tx: Transaction,
        grant: Grant,
        probes: Sequence[Template],
        *,
        floor: float,
        now: datetime,
        epoch: int,
        limit: int = DEFAULT_LIMIT,
    ) -> list[Answer]:
        """As `search`, for several probes of one space: one answer each, in order."""
        verify_grant(grant, self._mac_key, now=now, epoch=epoch)
        if not probes:
            return []
        _check_request(probes, floor=floor, limit=limit)
        self.sync(tx)
        answers: list[Answer] = []
        for start in range(0, len(probes), _PROBES):
            answers += self._scan(grant, probes[start : start + _PROBES], floor=floor, limit=limit)
        return answers

    def statistics(self) -> Statistics:
        """What is loaded, as of the last `sync`."""
        with self._lock.reading():
            spaces: dict[SpaceId, SpaceStatistics] = {}
            for space_id, shelf in self._store.shelves():
                before = spaces.get(space_id)
                spaces[space_id] = SpaceStatistics(
                    space_id=space_id,
                    dimension=shelf.dimension,
                    rows=len(shelf.references) + (before.rows if before else 0),
                    resident_bytes=shelf.resident_bytes + (before.resident_bytes if before else 0),
                )
            return Statistics(
                references=self._store.references(),
                spaces=tuple(spaces[space_id] for space_id in sorted(spaces)),
                not_searchable=dict(self._store.not_searchable()),
                seq=self._position.seq,
            )

    def _scan(self, grant: Grant, probes: Sequence[Template], *, floor: float, limit: int) -> list[Answer]:
        space_id = probes[0].space_id
        stacked: Matrix = np.stack([probe.vector for probe in probes])
        with self._lock.reading():
            _check_dimension(self._store.dimension(space_id), probes[0])
            groups = self._store.permitted(grant.gallery_id, grant.permission_classes)
            shelves = [group.shelves[space_id] for group in groups if space_id in group.shelves]
            found = best_rows(
                [(shelf.matrix, shelf.references) for shelf in shelves], stacked, floor=floor, limit=limit
            )
            permitted = sum(group.references for group in groups)
            searched = sum(len(shelf.references) for shelf in shelves)
        coverage = Coverage(searched=searched, permitted=permitted, not_searchable=permitted - searched)
        return [
            Answer(
                rows=tuple(ScoredRow(reference_id=reference, score=score) for reference, score in rows),
                coverage=coverage,
                space_id=space_id,
                grant_id=grant.id,
            )
            for rows in found
        ]

    def _follow(self, tx: Transaction) -> int:
        applied = 0
        while page := changes.read_changes(tx, after=self._position.seq, limit=_PAGE):
            contents = self._open(page)
            with self._lock.writing():
                _apply(self._store, page, contents)
                self._position = _moved(self._position, page)
            applied += sum(change.op != "mark" for change in page)
        return applied

    def _load(self, tx: Transaction) -> int:
        # Beside the old store, which goes on answering; one swap.
        store, position, applied = Store(), _Position(), 0
        while page := changes.read_changes(tx, after=position.seq, limit=_PAGE):
            _apply(store, page, self._open(page))
            position = _moved(position, page)
            applied += sum(change.op != "mark" for change in page)
        with self._lock.writing():
            self._store, self._position = store, position
        return applied

    def _open(self, page: Sequence[Change]) -> dict[int, Vector | NotSearchable]:
        """What each added reference's template opens to, by number of the change."""
        contents: dict[int, Vector | NotSearchable] = {}
        sealed: list[tuple[Change, tuple[str, str, bytes]]] = []
        for change in page:
            if change.op == "add" and change.sealed is None:
                contents[change.seq] = NotSearchable.MISSING
            elif change.op == "add" and change.sealed is not None:
                sealed.append((change, (change.face_id, template_part(change.space_id), change.sealed)))
        opened = self._unseal_each([item for _, item in sealed])
        for (change, _), plain in zip(sealed, opened, strict=True):
            contents[change.seq] = (
                plain if isinstance(plain, NotSearchable) else _decode(plain, change.dimension)
            )
        return contents

    def _unseal_each(self, items: Sequence[tuple[str, str, bytes]]) -> list[bytes | NotSearchable]:
        """All of `items`, halving the batch around those that do not open, so that one cannot close the others."""
        if not items:
            return []
        try:
            opened = self._unseal(items)
        except IntegrityError as error:
            if len(items) == 1:
                lost = error.code == NotSearchable.KEY_DESTROYED.value
                return [NotSearchable.KEY_DESTROYED if lost else NotSearchable.DAMAGED]
            half = len(items) // 2
            return self._unseal_each(items[:half]) + self._unseal_each(items[half:])
        return [NotSearchable.KEY_DESTROYED if plain is None else plain for plain in opened]


def _apply(store: Store, page: Sequence[Change], contents: dict[int, Vector | NotSearchable]) -> None:
    for change in page:
        key = (change.gallery_id, change.class_id)
        if change.op == "add":
            store.put(key, change.reference_id, change.space_id, change.dimension, contents[change.seq])
        elif change.op == "remove":
            store.discard(key, change.reference_id, change.space_id)


def _moved(position: _Position, page: Sequence[Change]) -> _Position:
    mark_seq, mark = position.mark_seq, position.mark
    for change in page:
        if change.op == "mark":
            mark_seq, mark = change.seq, change.reference_id
    return _Position(seq=page[-1].seq, mark_seq=mark_seq, mark=mark)


def _decode(plain: bytes, dimension: int) -> Vector | NotSearchable:
    if len(plain) != 4 * dimension:
        return NotSearchable.DAMAGED
    vector: Vector = np.frombuffer(plain, dtype="<f4").astype(np.float32, copy=False)
    length = float(np.dot(vector, vector))
    return vector if math.isfinite(length) and abs(length - 1.0) <= 2e-3 else NotSearchable.DAMAGED


def _check_request(probes: Sequence[Template], *, floor: float, limit: int) -> None:
    if not math.isfinite(floor) or limit < 1:
        raise UsageError(
            N_("A search needs a finite floor and a limit of at least 1, not {floor} and {limit}."),
            floor=floor,
            limit=limit,
            code="search-bounds",
        )
    for probe in probes:
        check_vector(probe.vector)
        if probe.space_id != probes[0].space_id:
            raise UsageError(
                N_("Probes of one search are of one space, not of {first} and {other}."),
                first=probes[0].space_id,
                other=probe.space_id,
                code="template-space",
            )
        _check_dimension(probes[0].dimension, probe)


def _check_dimension(known: int | None, probe: Template) -> None:
    if known is not None and probe.dimension != known:
        raise UsageError(
            N_("Templates of the space {space} have {known} values, not {given}."),
            space=probe.space_id,
            known=known,
            given=probe.dimension,
            code="template-shape",
        )
