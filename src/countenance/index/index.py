"""The index of one process: holds what the database says is enrolled, follows its changes, and searches under a grant."""

from __future__ import annotations

import hmac
import math
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from countenance.biometrics.templates import SpaceId, Template, check_vector
from countenance.index import changes, head, live
from countenance.index.answers import Answer, Coverage, ScoredRow, SpaceStatistics, Statistics
from countenance.index.applying import apply
from countenance.index.codes import Codec, CodedProbe
from countenance.index.head import NewRow
from countenance.index.held import Held, HeldSegment, Part, Position
from countenance.index.live import LiveSegment
from countenance.index.lock import SharedLock
from countenance.index.opening import Seeds, Shelf, Unseal, open_templates
from countenance.index.scan import best_rows
from countenance.index.stores import SegmentFiles, SegmentKeys
from countenance.policy.grants import Grant, verify_grant
from countenance.primitives.errors import UsageError
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_

DEFAULT_LIMIT = 320  # 20 candidates by person, sixteen references each
_PAGE = 8_192  # changes read at once
_PROBES = 64  # compared at once


class Index:
    """References of all galleries, scanned exhaustively under a grant. Safe for threads.

    Every search first applies what was committed since the last one, by whichever process: an erased reference is
    in no answer after the transaction that erases it, and an enrolled one is found after the one that enrols it (in
    either transaction itself, too).
    """

    def __init__(
        self,
        *,
        mac_key: bytes,
        unseal: Unseal,
        seeds: Seeds | None = None,
        files: SegmentFiles | None = None,
        keys: SegmentKeys | None = None,
        background: bool = False,
        threads: int = 1,
    ) -> None:
        """`mac_key`: the 32 bytes under which policy mints grants. `unseal`: opens sealed templates.

        `seeds`: secret of each gallery's rotation; without it, one is derived from `mac_key`. `files` and `keys`: where
        segments lie and what wraps their keys; without them everything stays in the head. `background`: open segments
        in a thread and answer with partial coverage meanwhile; else the first search waits for them. `threads`: that one
        search may use, a segment each; the answer is the same.
        """
        self._mac_key = mac_key
        self.unseal = unseal
        self.seeds: Seeds = seeds or (
            lambda gallery: hmac.digest(mac_key, b"rotation/" + gallery.encode(), "sha256")
        )
        self.shelf = Shelf(files, keys, self.seeds) if files is not None and keys is not None else None
        self._background = background
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="scan") if threads > 1 else None
        self._codecs: dict[tuple[str, int], Codec] = {}
        self.syncing = threading.RLock()
        self.upkeep = threading.Lock()
        self._lock = SharedLock()
        self._held = Held(self.codec)
        self._started = False

    def close(self) -> None:
        """Nothing is searched any more; threads end."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)

    def enrol(self, tx: Transaction, rows: Sequence[NewRow]) -> None:
        """Add references in the caller's transaction. Raises UsageError, ConflictError (see `head.enrol`)."""
        head.enrol(tx, rows)

    def remove(self, tx: Transaction, reference_ids: Sequence[str]) -> int:
        """Take references out in the caller's transaction; returns how many were there."""
        return head.remove(tx, reference_ids)

    def move(self, tx: Transaction, classes: Mapping[str, int]) -> int:
        """Give references another permission class; see `countenance.index.head.move`."""
        return head.move(tx, classes)

    def trim(self, tx: Transaction, *, keep: int = 100_000) -> int:
        """Forget removals older than the last `keep` changes (see `head.trim`); returns the lines deleted."""
        return head.trim(tx, keep=keep)

    def sync(self, tx: Transaction) -> int:
        """Apply what changed since the last call, as `tx` sees it; returns the number of changes applied.

        1. Nothing new: nothing to do.
        2. The mark we stand at is there: go on from it; and if the set of segments changed, take the new set over.
        3. It is not there, because `tx` began before it was written: what we have is newer, and stays.
        4. It is not there for another reason (rolled back, trimmed, a restored database): load afresh.
        """
        with self.syncing:
            if not self._started:
                return self._load(tx)
            at = self._held.position
            clock, mark, version = changes.read_clock(tx, at.mark_seq)
            if mark != at.mark:
                assert at.mark is not None
                # What another process wrote was committed when we saw it, so only an older view can lack it.
                if clock < at.seq and not changes.is_own(at.mark):
                    return 0
                return self._load(tx)
            applied = self._follow(tx, self._held, shared=True) if clock > at.seq else 0
            # An older view may name an older set; its segments are being destroyed.
            newer = at.version < 0 or version > at.version
            if newer:
                applied += self._adopt(tx)
            if clock > at.seq or newer:
                applied += self._count(tx)
            return applied

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
        """What is held, as of the last `sync`."""
        with self._lock.reading():
            held = self._held
            spaces: dict[SpaceId, SpaceStatistics] = {}
            for (_, space_id), part in held.parts.items():
                before = spaces.get(space_id)
                rows = len(part.head) + sum(len(one) - one.dead for one in part.segments)
                resident = sum(one.resident_bytes for one in part.segments)
                resident += sum(one.resident_bytes for one in part.head.blocks)
                spaces[space_id] = SpaceStatistics(
                    space_id=space_id,
                    dimension=part.codec.dimension,
                    rows=rows + (before.rows if before else 0),
                    resident_bytes=resident + (before.resident_bytes if before else 0),
                )
            return Statistics(
                references=sum(number for (_, _, space), number in held.counts.items() if space == ""),
                spaces=tuple(spaces[space_id] for space_id in sorted(spaces)),
                not_searchable=dict(held.not_searchable()),
                seq=held.position.seq,
            )

    def opened(self, tx: Transaction) -> tuple[int, int]:
        """How many sealed references this process has open, and how many there are in all segments."""
        there = live.read_live(tx).segments
        shelf = self.shelf
        open_rows = sum(one.rows for one in there if shelf is not None and shelf.segment(one.id) is not None)
        return open_rows, sum(one.rows for one in there)

    def lacks_segments(self, tx: Transaction) -> bool:
        """Did a segment of the set not open when this process asked for it? Upkeep makes it again."""
        broken = {} if self.shelf is None else self.shelf.broken()
        return bool(broken) and any(one.id in broken for one in live.read_live(tx).segments)

    def held(self) -> Held:
        """What is held now; for upkeep, which calls with `syncing` locked."""
        return self._held

    def codec(self, gallery_id: str, dimension: int) -> Codec:
        """The codec of a gallery for templates of a length."""
        codec = self._codecs.get((gallery_id, dimension))
        if codec is None:
            codec = self._codecs[gallery_id, dimension] = Codec(dimension, self.seeds(gallery_id))
        return codec

    def _scan(self, grant: Grant, probes: Sequence[Template], *, floor: float, limit: int) -> list[Answer]:
        space_id = probes[0].space_id
        classes = frozenset(grant.permission_classes)
        with self._lock.reading():
            held = self._held
            _check_dimension(held.dimension(space_id), probes[0])
            part = held.parts.get((grant.gallery_id, space_id))
            found: list[list[ScoredRow]] = [[] for _ in probes]
            searched = 0
            if part is not None:
                coded = [part.codec.probe(probe.vector) for probe in probes]
                found, searched = self._compare(part, classes, coded, floor=floor, limit=limit)
            permitted = max(searched, held.permitted(grant.gallery_id, classes))
        coverage = Coverage(searched=searched, permitted=permitted, not_searchable=permitted - searched)
        return [
            Answer(
                rows=tuple(rows),
                coverage=coverage,
                space_id=space_id,
                grant_id=grant.id,
            )
            for rows in found
        ]

    def _compare(
        self, part: Part, classes: frozenset[int], probes: Sequence[CodedProbe], *, floor: float, limit: int
    ) -> tuple[list[list[ScoredRow]], int]:
        """For each probe the best rows, and how many rows were compared."""
        blocks = part.blocks()
        found = best_rows(blocks, classes, probes, floor=floor, limit=limit, pool=self._pool)
        return found, sum(block.count(classes) for block in blocks)

    def _follow(self, tx: Transaction, held: Held, *, shared: bool) -> int:
        """Apply the changes that `held` lacks. `shared`: searches may be reading it."""
        applied = 0
        while page := changes.read_changes(tx, after=held.position.seq, limit=_PAGE):
            contents = open_templates(page, self.unseal)
            if shared:
                with self._lock.writing():
                    apply(held, page, contents)
            else:
                apply(held, page, contents)
            applied += sum(change.op != "mark" for change in page)
        return applied

    def _load(self, tx: Transaction) -> int:
        # Beside the old one, which goes on answering; one swap. Open segments are used again.
        fresh = Held(self.codec)
        there = live.read_live(tx)
        # What is sealed is not read one by one.
        mark_seq, mark = changes.read_mark(tx, there.through)
        fresh.position, fresh.through = (
            Position(seq=there.through, mark_seq=mark_seq, mark=mark),
            there.through,
        )
        applied = self._follow(tx, fresh, shared=False)
        with self._lock.writing():
            self._held, self._started = fresh, True
        applied += self._adopt(tx)
        return applied + self._count(tx)

    def _adopt(self, tx: Transaction, *, tries: int = 8) -> int:
        """Take the set of segments over that the database names; in the background, as far as it is open."""
        there = live.read_live(tx)
        held = self._held
        if there.through < held.through:
            return self._load(tx)  # the set was given up: what was sealed is read one by one again
        applied = self._follow(tx, held, shared=True)
        if self.shelf is None:
            if not there.segments:
                held.position = replace(held.position, version=there.version)
            return applied
        self.shelf.keep(one.id for one in there.segments)
        if self._background:
            self.shelf.open_later(there.segments)
        else:
            self.shelf.open(there.segments)
        known = [one for one in there.segments if self.shelf.knows(one.id)]
        whole = len(known) == len(there.segments)
        opened = all(self.shelf.segment(one.id) is not None for one in there.segments)
        if not opened and held.position.version >= 0:
            # What is held answers in full meanwhile: while segments are opened, and where one is gone, since somebody
            # replaced the set again, or does not open. It stays mapped, and every change is followed.
            return applied
        segments = self._held_segments(tx, known)
        # Where each statement sees for itself, the set may have been replaced since it was read, and removals that the
        # old one needs been trimmed. Then the new set is taken.
        if changes.read_clock(tx, 0)[2] != there.version and tries:
            return applied + self._adopt(tx, tries=tries - 1)
        made = held.with_segments(segments, there.through)
        made.position = replace(made.position, version=there.version if whole else -1)
        with self._lock.writing():
            self._held = made
        return applied

    def _held_segments(self, tx: Transaction, wanted: Sequence[LiveSegment]) -> list[HeldSegment]:
        """Open segments with what was removed from them since they were written."""
        assert self.shelf is not None
        before = {one.live.id: one for part in self._held.parts.values() for one in part.segments}
        kept = [before[one.id] for one in wanted if one.id in before]
        new = []
        for one in wanted:
            segment = self.shelf.segment(one.id)
            if one.id not in before and segment is not None:
                new.append(HeldSegment(one, segment))
        if new:
            least = min(one.live.as_of for one in new)
            gone = changes.read_removals(tx, after=least, through=self._held.position.seq)
            for seq, gallery, space, reference in gone:
                for segment_held in new:
                    at = segment_held.live
                    if seq > at.as_of and (gallery, space) == (at.gallery_id, at.space_id):
                        segment_held.kill(reference)
        return [*kept, *new]

    def _count(self, tx: Transaction) -> int:
        """Read the counts as of what is applied; others may be writing, so it may take more than one try."""
        applied, tries = 0, 8
        clock, counts = live.read_counts(tx)
        while clock > self._held.position.seq and tries:
            applied += self._follow(tx, self._held, shared=True)
            clock, counts = live.read_counts(tx)
            tries -= 1
        with self._lock.writing():
            self._held.counts = counts
        return applied


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
