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
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from countenance.index import changes, live
from countenance.index.held import HeldSegment, Part
from countenance.index.index import Index
from countenance.index.layout import file_name
from countenance.index.live import LiveSegment
from countenance.index.opening import Shelf
from countenance.index.tasks import Task, as_it_is, collect, copied, cut, from_records, rewriting
from countenance.index.writing import write_segment
from countenance.primitives.errors import ConflictError, UnavailableError
from countenance.primitives.sql import Transaction

type Begin = Callable[[], AbstractContextManager[Transaction]]
"""Opens a transaction of its own, committed when the block ends."""

SEAL_ROWS = 50_000
MOST_ROWS = 1 << 20  # in a segment: 34 MB of codes at 128 values, rewritten in a second, scanned by one core
_MERGE_AT = 4  # segments of one size class
_SIZE_STEP = 8
_TURN_SECONDS = 0.0005  # that upkeep may keep the interpreter while a search wants it

_log = logging.getLogger(__name__)
_rounds: list[
    float
] = []  # rounds under way in this process; first, how often threads took turns before the first of them
_rounds_lock = threading.Lock()
_writing: set[str] = set()  # segments that this process is writing, whichever of its indexes


@dataclass(kw_only=True)
class UpkeepReport:
    """What a round did. `given_up`: steps that somebody else's work made void; the next round does them."""

    sealed_rows: int = 0
    rewritten: int = 0
    merged: int = 0
    remade: int = 0
    destroyed: int = 0
    given_up: int = 0


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
    with index.upkeep, _giving_way():
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
                Task(
                    gallery_id=gallery,
                    space_id=space,
                    codec=part.codec,
                    as_of=held.position.seq,
                    pieces=tuple(copied(block, rows) for block, rows in part.head.living() if len(rows)),
                    closed=tuple((name, told[0], told[2]) for name, told in part.closed.items()),
                )
                for (gallery, space), part in held.parts.items()
                if len(part.head) or part.closed
            ]
            sealed = (there.through, held.position.seq)
        if self.carry_out(tasks, sealed=sealed):
            self.report.sealed_rows += rows

    def due(self) -> Iterator[Task]:
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
                        task = rewriting(gallery, space, part, chosen, held.position.seq)
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
                piece, closed = from_records(self.index.unseal, tx, codec, gallery, space, there.through)
            task = Task(
                gallery_id=gallery,
                space_id=space,
                codec=codec,
                as_of=as_of,
                inputs=tuple(one.id for one in inputs),
                pieces=(as_it_is(piece),) if len(piece.ids) else (),
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

    def carry_out(self, tasks: Sequence[Task], *, sealed: tuple[int, int] | None = None) -> bool:
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
            _writing.difference_update(names)
            if not done:
                self.report.given_up += 1
        if not done:
            self.destroy(mine=names)
            return False
        with self.begin() as tx:
            self.index.sync(tx)
        self.destroy()
        return True

    def _write(self, task: Task, written: list[LiveSegment], names: list[str]) -> None:
        rows = collect(task)
        for start in range(0, max(len(rows.ids), 1), self.most_rows):
            part = cut(rows, start, start + self.most_rows)
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
            names.append(made.id)
            _writing.add(made.id)
            with self.begin() as tx:
                live.note_building(tx, [made.id], self.now)
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
        """Destroy keys, then files, then forget their names; what of it a crash leaves is done the next time.

        `own`: what this process began and writes no more is of work that was cut short.
        """
        with self.begin() as tx:
            due = live.end_files(tx, self.now, mine=mine, writing=_writing if own else None)
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


@contextmanager
def _giving_way() -> Iterator[None]:
    """Let other threads have the interpreter ten times as often as usual: a search asks for it a dozen times, each time
    after working without it, and would wait 5 ms for it every time.
    """
    with _rounds_lock:
        _rounds.append(sys.getswitchinterval())
        sys.setswitchinterval(min(_rounds[0], _TURN_SECONDS))
    try:
        yield
    finally:
        with _rounds_lock:
            usual = _rounds[0]
            _rounds.pop()
            if not _rounds:
                sys.setswitchinterval(usual)


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
