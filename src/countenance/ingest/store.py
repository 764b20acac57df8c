"""One batch, from results to rows: keys first, then crops, then everything else in one transaction."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count

from countenance.extraction.values import (
    PhotographExtraction,
)
from countenance.index.head import template_part
from countenance.ingest.desk import Desk
from countenance.ingest.faces import FaceWriter
from countenance.ingest.gate import refusal_now
from countenance.ingest.journal import Journal, crop_name
from countenance.ingest.ledger import finish_run, finish_shards, run_details, still_held
from countenance.ingest.pages import PageWriter
from countenance.ingest.suppression import suppressed_faces
from countenance.ingest.taken import Ended, FaceKey, Sealed, StoppedByPolicyError, Taken, Written
from countenance.primitives.canonical import Json
from countenance.primitives.spans import Spanned, span
from countenance.records.database import DjangoTransaction, as_stored
from countenance.records.ending import destroy_ended_keys
from countenance.records.erasing.tombstones import Hashing
from countenance.records.events import Event
from countenance.records.identity import Caller
from countenance.records.models import IngestItem, IngestRun, Source
from countenance.records.restrictions import is_withheld
from countenance.records.sealing import CROP_PART
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry
from countenance.vault.vault import Plain


class Store:
    """Writes the batches of one run."""

    def __init__(
        self, workspace: Workspace, caller: Caller, run: IngestRun, source: Source, journal: Journal
    ):
        self._workspace = workspace
        self._caller = caller
        self._run = run
        self._source = source
        self._journal = journal
        self._hashing = Hashing(workspace.vault)

    def write(self, batch: Sequence[Taken]) -> Written:
        """Write a batch, whole or not at all.

        Raises StoppedByPolicyError (account, source or gallery has lost its permission), UnavailableError (disk full,
        locked, clock set back); keys and crops that were made for it are destroyed again.
        """
        with span(Spanned.INGEST_SUPPRESS):
            suppressed = self._suppressed(batch)
        with span(Spanned.INGEST_SEAL):
            sealed = self._seal(batch, suppressed)
        try:
            with span(Spanned.INGEST_ROWS), self._workspace.transaction() as (tx, now):
                writer, written = self._write_rows(tx, batch, sealed, suppressed, now)
        except BaseException:
            if sealed:
                self._journal.undo()
            raise
        if any(each.face not in writer.used for each in sealed.values()):
            self._journal.undo()  # what was made for faces that kept their row, or lost their permission meanwhile
        elif sealed:
            self._journal.done()
        if writer.ended:
            destroy_ended_keys(self._workspace)
        return written

    def _suppressed(self, batch: Sequence[Taken]) -> frozenset[FaceKey]:
        source = Source.objects.select_related("gallery", "basis").get(pk=self._source.pk)
        briefs = [taken.brief for taken in batch if taken.brief is not None]
        desk = Desk(
            self._workspace.policy(),
            source,
            source.gallery,
            briefs,
            self._workspace.clock(),
            hashing=self._hashing,
        )
        return suppressed_faces(self._workspace, desk, batch)

    def _seal(self, batch: Sequence[Taken], suppressed: frozenset[FaceKey]) -> dict[FaceKey, Sealed]:
        """Keys, then crops: all durable before the first row."""
        plain: list[Plain] = []
        keys: list[tuple[FaceKey, uuid.UUID]] = []
        for taken in batch:
            if not isinstance(taken.result, PhotographExtraction):
                continue
            for page in taken.result.pages:
                for face in page.faces:
                    if face.template is None or (taken.item, page.page, face.index) in suppressed:
                        continue
                    new = uuid.uuid4()
                    keys.append(((taken.item, page.page, face.index), new))
                    part = template_part(face.template.space_id)
                    plain.append(Plain(record_id=new, part=part, data=face.template.to_bytes()))
                    plain.append(Plain(record_id=new, part=CROP_PART, data=face.crop))
        if not keys:
            return {}
        self._journal.begin([face for _, face in keys])
        try:
            sealed = self._workspace.vault.seal(plain)
            crops = [(crop_name(face), data) for (_, face), data in zip(keys, sealed[1::2], strict=True)]
            self._workspace.media.put_many(crops)
        except BaseException:
            self._journal.undo()
            raise
        return {
            key: Sealed(face=face, template=template)
            for (key, face), template in zip(keys, sealed[0::2], strict=True)
        }

    def _write_rows(
        self,
        tx: DjangoTransaction,
        batch: Sequence[Taken],
        sealed: dict[FaceKey, Sealed],
        suppressed: frozenset[FaceKey],
        now: datetime,
    ) -> tuple[FaceWriter, Written]:
        source = Source.objects.select_related("gallery", "basis").get(pk=self._source.pk)
        stopped = refusal_now(self._workspace, self._caller, source, now)
        if stopped is not None:
            raise StoppedByPolicyError(stopped)
        restrictions = self._workspace.restrictions()
        claims = {taken.claim.shard: taken.claim for taken in batch}
        held = still_held(claims.values(), self._journal.owner)
        kept = [taken for taken in batch if taken.claim.shard in held]
        desk = Desk(
            self._workspace.policy(),
            source,
            source.gallery,
            [t.brief for t in kept if t.brief is not None],
            now,
            restrictions=restrictions,
            hashing=self._hashing,
            sha256s=[t.sha256 for t in kept if t.sha256],
        )
        withheld = is_withheld(source, restrictions, now)
        writer = FaceWriter(self._workspace, tx, desk, source.gallery, now, withheld=withheld)
        pages = PageWriter(self._run, source, desk, writer, kept, now, suppressed=suppressed)
        ends = [(taken, pages.settle(taken, sealed)) for taken in kept]
        pages.flush()
        writer.flush()
        _update_items(tx, ends)
        self._log(tx, source, writer, now)
        finish_shards([claims[shard] for shard in held], now)
        finished = finish_run(self._run, now)
        if finished:
            self.log_finished(tx, source, now)
        return writer, Written(
            items=Counter(end.state.value for _, end in ends),
            enrolled=writer.enrolled,
            lost=len(batch) - len(kept),
            run_finished=finished,
        )

    def _log(self, tx: DjangoTransaction, source: Source, writer: FaceWriter, now: datetime) -> None:
        """One entry per batch and place; how many, never who."""
        entries = [
            self._entry(
                Event.FACES_ENROLLED,
                place,
                now,
                {**run_details(self._run, source), "faces": faces, "references": references},
            )
            for place, (faces, references) in sorted(writer.by_place().items())
        ]
        if entries:
            self._workspace.record(tx, entries)

    def log_finished(self, tx: DjangoTransaction, source: Source, now: datetime) -> None:
        """The entry that ends a run, with its counts."""
        states = IngestItem.objects.filter(run=self._run).values_list("state").annotate(count=Count("pk"))
        counts: Json = dict(sorted(states))
        details: dict[str, Json] = {**run_details(self._run, source), "photographs": counts}
        entry = self._entry(Event.INGEST_FINISHED, source.basis.jurisdiction, now, details)
        self._workspace.record(tx, [entry])

    def _entry(self, event: Event, place: str, now: datetime, details: dict[str, Json]) -> NewEntry:
        return NewEntry(
            event=event.value,
            at=now,
            purpose=None,
            jurisdiction=place,
            client=None,
            pack=self._workspace.policy().book.hash,
            details={"account": self._caller.facts.id, **details},
        )


def _update_items(tx: DjangoTransaction, ends: Sequence[tuple[Taken, Ended]]) -> None:
    """By hand and at once: a batch's items are many rows of little."""
    tx.executemany(
        "update records_ingestitem set state = %s, reason = %s, photograph_id = %s, attempts = attempts + 1"
        " where id = %s",
        [
            (
                end.state.value,
                end.reason,
                None if end.photograph is None else as_stored(end.photograph, tx.dialect),
                taken.item,
            )
            for taken, end in ends
        ],
    )
