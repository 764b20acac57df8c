"""Rows of photographs, and how a file ended.

How a photograph ends follows from its faces: `done` if one is enrolled, else `held` if one is held, else `refused`;
`no-face` if there is none. A label that found no face is told in the reason, whatever the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from countenance.biometrics.vocabulary import PhotographState
from countenance.extraction.values import (
    ExtractionFailed,
    PageExtraction,
    PhotographExtraction,
    Unreadable,
    UnreadableReason,
)
from countenance.ingest.desk import Brief, Desk
from countenance.ingest.faces import FaceWriter
from countenance.ingest.listing import Unread
from countenance.ingest.taken import Ended, FaceKey, Sealed, Taken, Unchanged, fingerprint
from countenance.records.models import IngestItem, IngestRun, Photograph, Source

_ORDER = [
    PhotographState.DONE,
    PhotographState.HELD,
    PhotographState.REFUSED,
    PhotographState.NO_FACE,
    PhotographState.UNREADABLE,
]
"""A file of several pages ends as the first of these that one of its pages ended in."""


class PageWriter:
    """Rows of photographs, one per page; what exists already is changed, not made again."""

    def __init__(
        self,
        run: IngestRun,
        source: Source,
        desk: Desk,
        faces: FaceWriter,
        batch: Sequence[Taken],
        now: datetime,
        *,
        suppressed: frozenset[FaceKey] = frozenset(),
    ) -> None:
        self._suppressed = suppressed
        self._run = run
        self._source = source
        self._desk = desk
        self._faces = faces
        self._now = now
        self._known: dict[tuple[str, int], Photograph] = {}
        self._new: list[Photograph] = []
        self._changed: list[Photograph] = []
        hashes = {taken.sha256 for taken in batch if taken.sha256}
        for photograph in Photograph.objects.filter(source=source, sha256__in=hashes):
            self._known[photograph.sha256, photograph.page] = photograph
        faces.load(self._known.values())
        self._claimed = _claimed_by_others(run, self._known.values(), [taken.item for taken in batch])

    def settle(self, taken: Taken, sealed: dict[FaceKey, Sealed]) -> Ended:
        """Decide how one file ended, and note the rows to write."""
        result = taken.result
        if isinstance(result, Unread):
            return Ended(state=result.state, reason=result.reason)
        if isinstance(result, ExtractionFailed):
            return Ended(state=PhotographState.FAILED, reason=result.reason)
        assert taken.sha256 is not None
        assert taken.brief is not None
        if taken.sha256 in self._claimed:
            first = self._known[taken.sha256, 0]
            return Ended(state=PhotographState.DUPLICATE, photograph=first.pk)
        self._claimed.add(taken.sha256)
        if isinstance(result, Unchanged):
            return self._unchanged(taken)
        if isinstance(result, Unreadable):
            pages = [PageExtraction(page=0, width=0, height=0, faces=(), unreadable=result.reason)]
            return self._pages(taken, taken.brief, pages, "", sealed)
        assert isinstance(result, PhotographExtraction)
        return self._pages(taken, taken.brief, result.pages, result.format.value, sealed)

    def flush(self) -> None:
        """Write the photographs; their faces come after."""
        Photograph.objects.bulk_create(self._new)
        for photograph in self._changed:
            photograph.save()

    def _unchanged(self, taken: Taken) -> Ended:
        pages = sorted(
            (page for (sha256, _), page in self._known.items() if sha256 == taken.sha256),
            key=lambda page: page.page,
        )
        for photograph in pages:
            if photograph.path != taken.path:  # the file was moved
                photograph.path = taken.path
                self._changed.append(photograph)
        return _best(pages)

    def _pages(
        self,
        taken: Taken,
        brief: Brief,
        pages: Sequence[PageExtraction],
        kind: str,
        sealed: dict[FaceKey, Sealed],
    ) -> Ended:
        print_ = fingerprint(self._run.extraction, self._desk.words(brief))
        written: list[Photograph] = []
        for page in pages:
            photograph = self._photograph(taken, page.page)
            looked_alike = photograph.extraction == self._run.extraction
            photograph.path = taken.path
            photograph.basis_id = brief.basis
            photograph.source_ref = brief.source_ref
            photograph.captured_at = brief.captured_at
            photograph.format = kind
            photograph.width, photograph.height = page.width, page.height
            photograph.extraction = self._run.extraction
            photograph.ingested_at = self._now
            end = self._faces.settle(
                photograph,
                page,
                brief,
                {face.index: sealed.get((taken.item, page.page, face.index)) for face in page.faces},
                looked_alike=looked_alike,
                suppressed=frozenset(
                    index
                    for item, number, index in self._suppressed
                    if (item, number) == (taken.item, page.page)
                ),
            )
            if page.unreadable is not None:
                photograph.state, photograph.reason = PhotographState.UNREADABLE.value, page.unreadable.value
            else:
                photograph.state, photograph.reason = end.state.value, end.reason
            # A permission that came while the photograph was looked at, or a decoder that may come yet: look again
            # next time.
            final = end.complete and page.unreadable is not UnreadableReason.HEIC_NOT_INSTALLED
            photograph.fingerprint = print_ if final else ""
            written.append(photograph)
        return _best(written)

    def _photograph(self, taken: Taken, page: int) -> Photograph:
        assert taken.sha256 is not None
        key = (taken.sha256, page)
        held = self._known.get(key)
        if held is None:
            held = Photograph(source=self._source, sha256=taken.sha256, page=page)
            self._known[key] = held
            self._new.append(held)
        else:
            self._changed.append(held)
        return held


def _best(pages: Sequence[Photograph]) -> Ended:
    first = min(pages, key=lambda page: (_ORDER.index(PhotographState(page.state)), page.page))
    return Ended(state=PhotographState(first.state), reason=first.reason, photograph=pages[0].pk)


def _claimed_by_others(run: IngestRun, known: Iterable[Photograph], items: Sequence[int]) -> set[str]:
    """Hashes that another file of this run is the photograph of already: the same bytes again are a duplicate."""
    by_id = {photograph.pk: photograph.sha256 for photograph in known}
    mine = set(items)
    # Only the photograph is asked for: with the run as well, SQLite would read all items of the run for every batch.
    rows = IngestItem.objects.filter(photograph__in=list(by_id)).values_list(
        "photograph_id", "run_id", "state", "pk"
    )
    return {
        by_id[photograph]
        for photograph, of_run, state, item in rows
        if of_run == run.pk and state != PhotographState.DUPLICATE.value and item not in mine
    }
