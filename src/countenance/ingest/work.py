"""The coordinator: claims shards, reads files ahead, keeps the workers fed, and writes what they answer in order of listing.

Order of writing is order of listing, so which of two equal files is the photograph and which the duplicate does not
depend on who was quicker. While a batch is written the workers go on: enough is read ahead for that.
"""

# Names in a source are bytes, and pathlib has none:
# ruff: noqa: PTH116

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from dataclasses import dataclass, replace

from countenance.biometrics.vocabulary import Detail, FaceReason, PhotographState
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import PhotographExtraction
from countenance.ingest import ledger
from countenance.ingest.desk import Desk, read_brief
from countenance.ingest.journal import Journal
from countenance.ingest.ledger import Claim
from countenance.ingest.listing import Unread, read_picture
from countenance.ingest.meter import Meter
from countenance.ingest.store import Store
from countenance.ingest.taken import Taken, Unchanged, Written, fingerprint
from countenance.ingest.values import Stage, Tuning
from countenance.primitives.errors import UnavailableError
from countenance.primitives.files import text_to_name
from countenance.primitives.spans import Fact, Spanned, span
from countenance.primitives.text import N_
from countenance.records.erasing.tombstones import Hashing, barred
from countenance.records.measuring import floors_of
from countenance.records.models import IngestItem, IngestRun, Photograph, Source
from countenance.records.models.ingest import PENDING
from countenance.records.workspace import Workspace

_WAIT_SECONDS = 0.25
ERASED = Unread(state=PhotographState.REFUSED, reason=FaceReason.ERASED.value)
"""A photograph that was erased comes in again as this: named in the list of items, and nowhere else."""

_READ_TOGETHER = 16
"""Items whose persons and known photographs are looked up in one go."""


@dataclass(frozen=True, kw_only=True)
class Root:
    """Where a source lies, and how to know it again. `device`, `inode`: of the folder when the run began."""

    path: bytes
    device: int
    inode: int

    @classmethod
    def of(cls, path: bytes) -> Root:
        """Raises OSError."""
        status = os.stat(path)
        return cls(path=path, device=status.st_dev, inode=status.st_ino)

    def there(self) -> bool:
        """Is the same folder still in its place?"""
        try:
            return Root.of(self.path) == self
        except OSError:
            return False


class Work:
    """One process's part of a run."""

    def __init__(
        self,
        workspace: Workspace,
        run: IngestRun,
        source: Source,
        root: Root,
        journal: Journal,
        store: Store,
        pool: ExtractionPool,
        meter: Meter,
        tuning: Tuning,
        *,
        workers: int,
    ) -> None:
        self._workspace = workspace
        self._run = run
        self._source = source
        self._root = root
        self._journal = journal
        self._store = store
        self._pool = pool
        self._meter = meter
        self._tuning = tuning
        self._most = workers * tuning.window_per_worker
        self._window: deque[Taken] = deque()
        self._window_bytes = 0
        self._batch: list[Taken] = []
        self._batch_since = 0.0
        self._detail = Detail(run.detail)
        self._hashing = Hashing(workspace.vault)
        space = str(workspace.models.space_id)
        self._least_norm = floors_of(source.gallery, space, workspace.clock()).enrol

    def go(self, stop: threading.Event, progressed: Callable[[Written], None]) -> bool:
        """Work until no shard is left to take or `stop` is set; False if it was stopped.

        Raises StoppedByPolicyError, UnavailableError (source gone, disk full, ...). What had been answered in order by
        then is written where it can be.
        """
        items = self._items()
        more = True
        while True:
            if stop.is_set():
                self._write(progressed)
                return False
            try:
                more = more and self._fill(items)
            except UnavailableError:
                self._drain()
                self._write(progressed)
                raise
            if not self._window:
                self._write(progressed)
                return True
            self._collect()
            if self._due():
                self._write(progressed)

    def _fill(self, items: Iterator[Taken]) -> bool:
        """Read ahead; False when there is nothing left to read."""
        while len(self._window) < self._most and self._window_bytes < self._tuning.window_bytes:
            taken = next(items, None)
            if taken is None:
                return False
            self._window.append(taken)
            self._window_bytes += taken.size
        return True

    def _collect(self) -> None:
        """Move what is answered, in order, into the batch; waits a moment for the first."""
        head = self._window[0]
        if head.future is not None and not head.future.done():
            wait([head.future], timeout=_WAIT_SECONDS)
        while self._window and len(self._batch) < self._tuning.batch_photographs:
            head = self._window[0]
            if head.future is not None:
                if not head.future.done():
                    return
                head.result = head.future.result()
                head.future = None
                if isinstance(head.result, PhotographExtraction):
                    self._meter.add_times(head.result.times)
            self._window.popleft()
            self._window_bytes -= head.size
            if not self._batch:
                self._batch_since = time.monotonic()
            self._batch.append(head)

    def _due(self) -> bool:
        if not self._batch:
            return False
        full = len(self._batch) >= self._tuning.batch_photographs
        return full or time.monotonic() - self._batch_since >= self._tuning.batch_seconds

    def _drain(self) -> None:
        """Wait for what the workers have in hand, and take it."""
        while self._window and len(self._batch) < self._tuning.batch_photographs:
            self._collect()

    def _write(self, progressed: Callable[[Written], None]) -> None:
        if not self._batch:
            return
        batch, self._batch = self._batch, []
        with (
            self._meter.time(Stage.STORE),
            span(Spanned.INGEST_BATCH, {Fact.PHOTOGRAPHS: len(batch)}) as told,
        ):
            written = self._store.write(batch)
            told.tell({Fact.ENROLLED: written.enrolled})
        progressed(written)

    def _items(self) -> Iterator[Taken]:
        """All pending items of all shards that can be had, read and submitted."""
        while (claim := ledger.claim(self._workspace, self._run, self._journal, self._tuning)) is not None:
            pending = IngestItem.objects.filter(shard=claim.shard, state=PENDING).order_by("position")
            rows = list(pending)
            if not rows:
                with self._workspace.transaction() as (_, now):
                    ledger.finish_shards([claim], now)
            for start in range(0, len(rows), _READ_TOGETHER):
                yield from self._together(rows[start : start + _READ_TOGETHER], claim)

    def _together(self, items: list[IngestItem], claim: Claim) -> Iterator[Taken]:
        briefs = [read_brief(item.rows, self._source) for item in items]
        source = Source.objects.select_related("gallery", "basis").get(pk=self._source.pk)
        desk = Desk(
            self._workspace.policy(),
            source,
            source.gallery,
            briefs,
            self._workspace.clock(),
            restrictions=self._workspace.restrictions(),
            hashing=self._hashing,
        )
        for item, brief in zip(items, briefs, strict=True):
            taken = Taken(item=item.pk, path=item.path, claim=claim, brief=brief)
            with self._meter.time(Stage.READ):
                picture = read_picture(
                    self._root.path, text_to_name(item.path), max_bytes=self._pool.limits.max_bytes
                )
            if isinstance(picture, Unread):
                if picture.sign and not self._root.there():
                    raise source_gone(self._source)
                taken.result = picture
            else:
                taken.sha256, taken.size = picture.sha256, len(picture.data)
                if barred(self._hashing, sha256s=[picture.sha256]).photographs:
                    taken.result, taken.size = ERASED, 0  # not looked at again
                elif self._known(picture.sha256, fingerprint(self._run.extraction, desk.words(brief))):
                    taken.result, taken.size = Unchanged(), 0
                else:
                    rule = replace(desk.rule(brief), least_norm=self._least_norm)
                    taken.future = self._pool.submit(picture.data, detail=self._detail, rule=rule)
            yield taken

    def _known(self, sha256: str, print_: str) -> bool:
        pages = Photograph.objects.filter(source=self._source, sha256=sha256).values_list(
            "fingerprint", flat=True
        )
        return set(pages) == {print_}


def source_gone(source: Source) -> UnavailableError:
    """The error for a source whose folder is not there. What is known of it stays as it is."""
    return UnavailableError(
        N_("The source {source} is not there: {location}. Nothing was changed: missing is not deleted."),
        remedy=N_("Mount or connect it, then give the same command again; the run goes on where it stopped."),
        code="source-gone",
        source=source.name,
        location=source.location,
    )
