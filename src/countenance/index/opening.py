"""From sealed templates of the change list to rows that can be compared; and from segment files to open segments."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from countenance.biometrics.templates import Vector
from countenance.index.answers import NotSearchable
from countenance.index.changes import Change
from countenance.index.head import template_part
from countenance.index.layout import turn_of
from countenance.index.live import LiveSegment
from countenance.index.segment import Segment
from countenance.index.stores import SegmentFiles, SegmentKeys
from countenance.primitives.errors import IntegrityError, NotFoundError

type Unseal = Callable[[Sequence[tuple[str, str, bytes]]], list[bytes | None]]
"""Opens (face id, part, sealed bytes); None where the key is destroyed. Raises IntegrityError for damaged bytes."""

type Seeds = Callable[[str], bytes]
"""The 32 secret bytes of a gallery's rotation, made where there are none yet."""


def open_templates(page: Sequence[Change], unseal: Unseal) -> dict[int, Vector | NotSearchable]:
    """What each added reference's template opens to, by number of the change."""
    contents: dict[int, Vector | NotSearchable] = {}
    sealed: list[tuple[Change, tuple[str, str, bytes]]] = []
    for change in page:
        if change.op == "add" and change.sealed is None:
            contents[change.seq] = NotSearchable.MISSING
        elif change.op == "add" and change.sealed is not None:
            sealed.append((change, (change.face_id, template_part(change.space_id), change.sealed)))
    opened = _unseal_each([item for _, item in sealed], unseal)
    for (change, _), plain in zip(sealed, opened, strict=True):
        contents[change.seq] = plain if isinstance(plain, NotSearchable) else _decode(plain, change.dimension)
    return contents


def _unseal_each(items: Sequence[tuple[str, str, bytes]], unseal: Unseal) -> list[bytes | NotSearchable]:
    """All of `items`, halving the batch around those that do not open, so that one cannot close the others."""
    if not items:
        return []
    try:
        opened = unseal(items)
    except IntegrityError as error:
        if len(items) == 1:
            lost = error.code == NotSearchable.KEY_DESTROYED.value
            return [NotSearchable.KEY_DESTROYED if lost else NotSearchable.DAMAGED]
        half = len(items) // 2
        return _unseal_each(items[:half], unseal) + _unseal_each(items[half:], unseal)
    return [NotSearchable.KEY_DESTROYED if plain is None else plain for plain in opened]


def _decode(plain: bytes, dimension: int) -> Vector | NotSearchable:
    if len(plain) != 4 * dimension:
        return NotSearchable.DAMAGED
    vector: Vector = np.frombuffer(plain, dtype="<f4").astype(np.float32, copy=False)
    length = float(np.dot(vector, vector))
    return vector if math.isfinite(length) and abs(length - 1.0) <= 2e-3 else NotSearchable.DAMAGED


class Shelf:
    """Open segments by id, and why those that do not open do not. Opens them in a thread of its own if asked to."""

    def __init__(self, files: SegmentFiles, keys: SegmentKeys, seeds: Seeds) -> None:
        self.files = files
        self.keys = keys
        self._seeds = seeds
        self._lock = threading.Lock()
        self._open: dict[str, Segment] = {}
        self._broken: dict[str, NotSearchable] = {}
        self._queue: list[LiveSegment] = []
        self._thread: threading.Thread | None = None

    def open(self, wanted: Iterable[LiveSegment]) -> None:
        """Open what is not open yet, now."""
        for live in wanted:
            if not self.knows(live.id):
                self._try(live)

    def open_later(self, wanted: Iterable[LiveSegment]) -> None:
        """Open what is not open yet, in a thread; `segment` says when it is there."""
        with self._lock:
            self._queue = [one for one in wanted if one.id not in self._open and one.id not in self._broken]
            if self._queue and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._work, daemon=True, name="segments")
                self._thread.start()

    def knows(self, segment_id: str) -> bool:
        """Is it open, or known not to open?"""
        with self._lock:
            return segment_id in self._open or segment_id in self._broken

    def segment(self, segment_id: str) -> Segment | None:
        """The open segment; None where it is not open (yet)."""
        with self._lock:
            return self._open.get(segment_id)

    def broken(self) -> dict[str, NotSearchable]:
        """Segments that do not open, and why."""
        with self._lock:
            return dict(self._broken)

    def keep(self, segment_ids: Iterable[str]) -> None:
        """Forget all others."""
        kept = set(segment_ids)
        with self._lock:
            for held in (self._open, self._broken):
                for segment_id in [one for one in held if one not in kept]:
                    del held[segment_id]

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._thread = None
                    return
                live = self._queue.pop(0)
            if not self.knows(live.id):
                self._try(live)

    def _try(self, live: LiveSegment) -> None:
        reason: NotSearchable | None = None
        segment: Segment | None = None
        try:
            segment = Segment(self.files, self.keys, live.id)
            told = segment.description
            same = (live.id, live.gallery_id, live.space_id, live.dimension, live.rows)
            if (told.segment_id, told.gallery_id, told.space_id, told.dimension, told.rows) != same:
                reason = NotSearchable.DAMAGED
            elif told.turn != turn_of(live.id, self._seeds(live.gallery_id)):
                reason = NotSearchable.KEY_DESTROYED  # the gallery's rotation was lost and made anew
        except NotFoundError:
            reason = NotSearchable.MISSING
        except IntegrityError as error:
            lost = error.code == NotSearchable.KEY_DESTROYED.value
            reason = NotSearchable.KEY_DESTROYED if lost else NotSearchable.DAMAGED
        with self._lock:
            if reason is not None:
                self._broken[live.id] = reason
            elif segment is not None:
                self._open[live.id] = segment
