"""Upkeep of the segments: seal the head, merge small ones, rewrite those with dead rows, remake those that are broken.

One round (`keep`) does this, each step committed on its own and none of them holding up a search:

1. destroy    keys and files of segments that left the set, and of work that was cut short
2. seal       where enough references are in the head, all of it becomes segments
3. rewrite    a segment with dead rows is written anew without them, a broken one from the encrypted records,
              small ones of a gallery are merged
4. note       removals that no segment holds any more need not be kept in mind
5. destroy    keys and files of what was replaced

New files are written before the set names them and old keys destroyed after it no longer does, so a crash at any moment
leaves the old set or the new one, and `index_file` names what is still to be destroyed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from countenance.biometrics.templates import SpaceId
from countenance.index import changes, live
from countenance.index.answers import NotSearchable
from countenance.index.blocks import HeadBlock, Rows, packed_codes
from countenance.index.codes import Bytes8, Codec, Exact, unpack
from countenance.index.held import HeldSegment, Part
from countenance.index.index import Index
from countenance.index.live import LiveSegment
from countenance.index.naming import Ids, joined_ids
from countenance.index.opening import Shelf, open_templates
from countenance.index.segment import SegmentRows, file_name, write_segment
from countenance.primitives.errors import ConflictError, UnavailableError
from countenance.primitives.sql import Transaction

type Begin = Callable[[], AbstractContextManager[Transaction]]
"""Opens a transaction of its own, committed when the block ends."""

SEAL_ROWS = 50_000
MOST_ROWS = 1 << 20  # in a segment: 34 MB of codes at 128 values, rewritten in a second, scanned by one core
_MERGE_AT = 4  # segments of one size class
_SIZE_STEP = 8
_PAGE = 8_192

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class UpkeepReport:
    """What a round did. `given_up`: steps that somebody else's work made void; the next round does them."""

    sealed_rows: int = 0
    rewritten: int = 0
    merged: int = 0
    remade: int = 0
    destroyed: int = 0
    given_up: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class _Piece:
    """Some rows. `codes`: None where they are still to be made."""

    ids: Ids | Sequence[str]
    classes: npt.NDArray[np.int64]
    exact: Exact
    codes: Bytes8 | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Task:
    """Segments to write in the place of `inputs`. `pieces`: hand over the rows as they were when the work was planned.

    `as_of`: removals up to this number are carried out in them.
    """

    gallery_id: str
    space_id: SpaceId
    codec: Codec
    as_of: int
    inputs: tuple[str, ...] = ()
    pieces: tuple[Callable[[], _Piece], ...] = ()
    closed: tuple[tuple[str, int, NotSearchable], ...] = ()


def is_due(tx: Transaction, *, seal_rows: int = SEAL_ROWS) -> bool:
    """Would a round find something to do? Cheap enough to be asked every second; opens no segment and no key."""
    if live.has_files_to_end(tx):
        return True
    there = live.read_live(tx)
    if changes.count_additions(tx, after=there.through, most=seal_rows) >= seal_rows:
        return True
    return any(
        changes.has_removals(tx, after=one.as_of, of=(one.gallery_id, one.space_id)) for one in there.segments
    )


def keep(
    index: Index, begin: Begin, *, now: datetime, seal_rows: int = SEAL_ROWS, most_rows: int = MOST_ROWS
) -> UpkeepReport:
    """One round of upkeep. Raises UnavailableError where the disk is full; then nothing is lost and nothing half done."""
    report = UpkeepReport()
    shelf = index.shelf
    if shelf is None:
        return report
    with index.upkeep:
        work = _Work(index=index, shelf=shelf, begin=begin, now=now, most_rows=most_rows, report=report)
        work.destroy(own=True)
        work.seal(seal_rows)
        for task in work.due():
            if work.carry_out([task]):
                report.merged += len(task.inputs) if len(task.inputs) > 1 else 0
                report.rewritten += len(task.inputs) == 1
        work.remake()
        work.mark_clean()
        work.destroy()
    return report


@dataclass(frozen=True, kw_only=True, eq=False)
class _Work:
    """One round, with what it works on."""

    index: Index
    shelf: Shelf
    begin: Begin
    now: datetime
    most_rows: int
    report: UpkeepReport

    def seal(self, seal_rows: int) -> None:
        """The head becomes segments, all of it or nothing."""
        with self.begin() as tx, self.index.syncing:
            self.index.sync(tx)
            held = self.index.held()
            there = live.read_live(tx)
            rows = sum(len(part.head) for part in held.parts.values())
            # Not before the set is held whole: a broken or half-loaded one comes first.
            if held.position.version != there.version or rows < max(1, seal_rows):
                return
            tasks = [
                _Task(
                    gallery_id=gallery,
                    space_id=space,
                    codec=part.codec,
                    as_of=held.position.seq,
                    pieces=tuple(_copied(block, rows) for block, rows in part.head.living() if len(rows)),
                    closed=tuple((name, told[0], told[2]) for name, told in part.closed.items()),
                )
                for (gallery, space), part in held.parts.items()
                if len(part.head) or part.closed
            ]
            sealed = (there.through, held.position.seq)
        if self.carry_out(tasks, sealed=sealed):
            self.report.sealed_rows += rows

    def due(self) -> Iterator[_Task]:
        """Rewrites and merges, each planned when its turn comes."""
        tried: set[str] = set()
        while True:
            task = None
            with self.begin() as tx, self.index.syncing:
                self.index.sync(tx)
                held = self.index.held()
                for (gallery, space), part in held.parts.items():
                    chosen = [one for one in _choose(part, self.most_rows) if one.live.id not in tried]
                    if chosen:
                        task = _rewriting(gallery, space, part, chosen, held.position.seq)
                        break
            if task is None:
                return
            tried.update(task.inputs)
            yield task

    def remake(self) -> None:
        """Where a segment of the set does not open: all of its gallery and space anew, from the encrypted records."""
        broken = self.shelf.broken()
        if not broken:
            return
        with self.begin() as tx:
            there = live.read_live(tx)
        for gallery, space in sorted(
            {(one.gallery_id, one.space_id) for one in there.segments if one.id in broken}
        ):
            inputs = [one for one in there.segments if (one.gallery_id, one.space_id) == (gallery, space)]
            codec = self.index.codec(gallery, inputs[0].dimension)
            with self.begin() as tx:
                as_of, _ = live.read_counts(tx)
                piece, closed = _from_records(self.index, tx, codec, gallery, space, there.through)
            task = _Task(
                gallery_id=gallery,
                space_id=space,
                codec=codec,
                as_of=as_of,
                inputs=tuple(one.id for one in inputs),
                pieces=(lambda piece=piece: piece,) if len(piece.ids) else (),  # type: ignore[misc]
                closed=closed,
            )
            if self.carry_out([task]):
                _log.warning("segments made again from the records: %d", len(inputs))
                self.report.remade += len(inputs)

    def mark_clean(self) -> None:
        """Note of segments without dead rows that all removals so far are carried out in them, and forget old ones."""
        with self.begin() as tx, self.index.syncing:
            if not changes.has_removals(tx, after=live.read_live(tx).applied_through):
                return
            self.index.sync(tx)
            held = self.index.held()
            clean = [one.live.id for part in held.parts.values() for one in part.segments if not one.has_dead]
            live.raise_as_of(tx, clean, held.position.seq)
            self.index.trim(tx)

    def carry_out(self, tasks: Sequence[_Task], *, sealed: tuple[int, int] | None = None) -> bool:
        """Write the segments of `tasks`, put them in the place of their inputs, and take them over here."""
        written: list[LiveSegment] = []
        names: list[str] = []
        done = False
        try:
            for task in tasks:
                self._write(task, written, names)
            self.shelf.open(written)  # reads back what was written, before anybody relies on it
            if all(self.shelf.segment(one.id) is not None for one in written):
                inputs = [segment for task in tasks for segment in task.inputs]
                with self.begin() as tx:
                    live.replace(tx, inputs=inputs, outputs=written, sealed=sealed, now=self.now)
                done = True
        except ConflictError:
            _log.info("segments changed meanwhile")
        finally:
            if not done:
                self.report.given_up += 1
        if not done:
            self.destroy(mine=names)
            return False
        with self.begin() as tx:
            self.index.sync(tx)
        self.destroy()
        return True

    def _write(self, task: _Task, written: list[LiveSegment], names: list[str]) -> None:
        rows = _collect(task)
        for start in range(0, max(len(rows.ids), 1), self.most_rows):
            part = _cut(rows, start, start + self.most_rows)
            closed = task.closed if start == 0 else ()
            if not len(part.ids) and not closed:
                continue
            made = LiveSegment(
                id=live.new_segment_id(),
                gallery_id=task.gallery_id,
                space_id=task.space_id,
                dimension=task.codec.dimension,
                rows=len(part.ids),
                as_of=task.as_of,
            )
            with self.begin() as tx:
                live.note_building(tx, [made.id], self.now)
            names.append(made.id)
            write_segment(
                self.shelf.files,
                self.shelf.keys,
                segment_id=made.id,
                gallery_id=made.gallery_id,
                space_id=made.space_id,
                dimension=made.dimension,
                seed=self.index.seeds(made.gallery_id),
                rows=part,
                closed=closed,
            )
            written.append(made)

    def destroy(self, *, mine: Sequence[str] = (), own: bool = False) -> None:
        """Destroy keys, then files, then forget their names; what of it a crash leaves is done the next time."""
        with self.begin() as tx:
            due = live.end_files(tx, self.now, mine=mine, own=own)
        if not due:
            return
        try:
            self.shelf.keys.destroy(due)
        except UnavailableError as error:
            if error.code != "erasure-incomplete":
                raise
            # Another process reads the keys just now. Their files stay in the books, so the next round ends them.
            _log.info("%s", error)
            return
        self.shelf.files.delete_many([file_name(segment) for segment in due])
        with self.begin() as tx:
            live.forget_files(tx, due)
        self.report.destroyed += len(due)


def _choose(part: Part, most_rows: int) -> list[HeldSegment]:
    """A segment with dead rows, or several small ones of one size class."""
    for one in part.segments:
        if one.has_dead:
            return [one]
    by_size: dict[int, list[HeldSegment]] = {}
    for one in part.segments:
        if len(one) * 2 <= most_rows:
            by_size.setdefault(int(np.log(max(1, len(one))) / np.log(_SIZE_STEP)), []).append(one)
    for _, several in sorted(by_size.items()):
        if len(several) >= _MERGE_AT:
            chosen: list[HeldSegment] = []
            for one in several:
                if sum(map(len, chosen)) + len(one) <= most_rows:
                    chosen.append(one)
            if len(chosen) > 1:
                return chosen
    return []


def _rewriting(gallery: str, space: SpaceId, part: Part, chosen: Sequence[HeldSegment], seq: int) -> _Task:
    return _Task(
        gallery_id=gallery,
        space_id=space,
        codec=part.codec,
        as_of=seq,
        inputs=tuple(one.live.id for one in chosen),
        pieces=tuple(_reading(one, rows) for one in chosen if len(rows := one.alive())),
        closed=tuple((name, *told) for one in chosen for name, told in one.closed.items()),
    )


def _copied(block: HeadBlock, rows: Rows) -> Callable[[], _Piece]:
    # Now, since heads change with the next search; order and codes are made later.
    piece = _Piece(ids=block.references(rows), classes=block.classes(rows), exact=block.exact(rows))
    return lambda: piece


def _reading(one: HeldSegment, rows: Rows) -> Callable[[], _Piece]:
    # Later: a segment does not change, and which of its rows were alive is known.
    def read() -> _Piece:
        return _Piece(
            ids=one.segment.ids(rows),
            classes=one.classes(rows),
            exact=one.exact(rows),
            codes=unpack(packed_codes(one.scanner()), len(one), one.segment.dimension)[rows],
        )

    return read


def _from_records(
    index: Index, tx: Transaction, codec: Codec, gallery: str, space: SpaceId, through: int
) -> tuple[_Piece, tuple[tuple[str, int, NotSearchable], ...]]:
    """Every reference of a gallery and space enrolled up to number `through`, from its sealed template."""
    references: list[str] = []
    classes: list[int] = []
    closed: list[tuple[str, int, NotSearchable]] = []
    parts: list[Exact] = []
    last = 0
    while page := changes.read_changes(tx, after=last, limit=_PAGE, through=through):
        last = page[-1].seq
        page = [one for one in page if one.op == "add" and (one.gallery_id, one.space_id) == (gallery, space)]
        contents = open_templates(page, index.unseal)
        vectors = []
        for one in page:
            content = contents[one.seq]
            if isinstance(content, NotSearchable):
                closed.append((one.reference_id, one.class_id, content))
            else:
                vectors.append(content)
                references.append(one.reference_id)
                classes.append(one.class_id)
        if vectors:
            parts.append(codec.exact(codec.rotate(np.stack(vectors))))
    return (
        _Piece(ids=references, classes=np.array(classes, np.int64), exact=_joined(parts, codec.dimension)),
        tuple(closed),
    )


def _collect(task: _Task) -> SegmentRows:
    """The rows of a task, in a segment's order."""
    pieces = [make() for make in task.pieces]
    dimension = task.codec.dimension
    if not pieces:
        return SegmentRows(
            ids=Ids.of([]),
            classes=np.zeros(0, np.int64),
            codes=np.zeros((0, dimension // 4), np.uint8),
            exact=_joined([], dimension),
        )
    ids = joined_ids([one.ids if isinstance(one.ids, Ids) else Ids.of(one.ids) for one in pieces])
    classes = np.concatenate([one.classes for one in pieces])
    exact = _joined([one.exact for one in pieces], dimension)
    codes = np.concatenate(
        [one.codes if one.codes is not None else task.codec.codes(one.exact) for one in pieces]
    )
    order = np.lexsort((ids.sortable, classes))
    if (order[1:] > order[:-1]).all():
        return SegmentRows(ids=ids, classes=classes, codes=codes, exact=exact)
    return SegmentRows(
        ids=ids.take(order),
        classes=classes[order],
        codes=codes[order],
        exact=Exact(values=exact.values[order], scales=exact.scales[order]),
    )


def _joined(parts: Sequence[Exact], dimension: int) -> Exact:
    if not parts:
        return Exact(values=np.zeros((0, dimension), np.int8), scales=np.zeros(0, np.float32))
    return Exact(
        values=np.concatenate([part.values for part in parts]),
        scales=np.concatenate([part.scales for part in parts]),
    )


def _cut(rows: SegmentRows, start: int, end: int) -> SegmentRows:
    part = slice(start, end)
    return SegmentRows(
        ids=rows.ids.take(part),
        classes=rows.classes[part],
        codes=rows.codes[part],
        exact=Exact(values=rows.exact.values[part], scales=rows.exact.scales[part]),
    )
