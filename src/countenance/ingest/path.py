"""The path of photographs into a gallery.

1. authorise   the request is signed by an account, fresh and new
2. policy      the account may ingest; asked again in every batch, with source and gallery as they are then
3. source      the folder is there, its manifest is right to the last row; every file is listed before one is read
4. decode      workers without keys read strangers' bytes: decode, detect, align, measure, embed
5. basis       for each person named, and for faces that nobody named: what may a reference rest on? Nothing is embedded
               where the answer is nothing
6. enrol       in batches: keys, crops, then rows and index in one transaction, after asking step 5 once more
7. log         one entry per batch in the same transaction: how many, where; a checkpoint at the end

A run that stopped, by whatever, is taken up where the last batch left it. Photographs that have not changed since an
earlier run, nor their permissions, are passed over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from countenance.biometrics.vocabulary import Detail, PhotographState
from countenance.extraction.pool import ExtractionPool
from countenance.ingest import ledger
from countenance.ingest.gate import Admitted, admit, refusal_now
from countenance.ingest.heartbeat import Heartbeat
from countenance.ingest.intake import (
    Asked,
    Place,
    check_options,
    extraction_words,
    find_place,
    list_items,
    read_params,
    read_rows,
)
from countenance.ingest.journal import Journal, sweep_orphans
from countenance.ingest.manifest import Manifest
from countenance.ingest.meter import Meter
from countenance.ingest.report import result_of
from countenance.ingest.status import read_statuses
from countenance.ingest.store import Store
from countenance.ingest.suppression import expire_holds
from countenance.ingest.taken import StoppedByPolicyError, Written
from countenance.ingest.values import IngestResult, Progress, Tuning
from countenance.ingest.work import Work
from countenance.primitives.errors import NotFoundError, RefusedError, UnavailableError
from countenance.primitives.spans import Fact, Spanned, span
from countenance.primitives.text import N_
from countenance.records.ending import destroy_ended_keys, end_expired
from countenance.records.erasing.steps import finish
from countenance.records.events import Event
from countenance.records.identity import SignedRequest, spend
from countenance.records.models import IngestItem, IngestRun, IngestShard, Source
from countenance.records.models.ingest import PENDING
from countenance.records.named import find_source
from countenance.records.suppressing.lists import SuppressionList
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry

_POLL_SECONDS = 0.5

type Report = Callable[[Progress], None]


def ingest(
    workspace: Workspace,
    request: SignedRequest,
    *,
    progress: Report = lambda _: None,
    stop: threading.Event | None = None,
    tuning: Tuning | None = None,
) -> IngestResult:
    """Ingest a source. Params: `source`; `manifest`, `detail`, `retry_failed`, `restart`, `workers` where wanted.

    Raises RefusedError (and logs it), UsageError and FormatError (params, manifest: nothing was written), NotFoundError,
    ConflictError (an open run was begun with something else), UnavailableError (source gone, disk full, clock set back:
    what was written stays, and the same command goes on).
    """
    tuning, stop = tuning or Tuning(), stop or threading.Event()
    admitted = admit(workspace, request)
    asked = read_params(request.params, workspace)
    source = find_source(asked.source)
    check_options(source, asked)
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(workspace))
        sweep_orphans(workspace)
        end_expired(workspace)
        destroy_ended_keys(workspace)
        read_statuses(workspace)
        finish(workspace)
        SuppressionList(workspace).end_expired()
        expire_holds(workspace)
        place = find_place(source, asked.manifest)
        manifest = read_rows(place, source)
        run = _begin(workspace, request, admitted, asked, source, manifest)
        stack.enter_context(Heartbeat(workspace, journal.owner, tuning))
        stack.callback(_let_go, workspace, journal)
        meter = Meter(workers=asked.workers)
        store = Store(workspace, admitted.caller, run, source, journal)
        spanned = stack.enter_context(span(Spanned.INGEST))
        try:
            if _list(workspace, run, source, place, manifest, journal, tuning, stop):
                watch = _Watch(run, meter, progress)
                with ExtractionPool(workspace.models, workers=asked.workers, limits=workspace.limits) as pool:
                    work = Work(
                        workspace,
                        run,
                        source,
                        place.root,
                        journal,
                        store,
                        pool,
                        meter,
                        tuning,
                        workers=asked.workers,
                    )
                    while work.go(stop, watch.wrote) and not _finished(workspace, run, store, source):
                        watch.waits()  # for shards that other processes have in hand
                        if stop.wait(_POLL_SECONDS):
                            break
        except StoppedByPolicyError as stopped:
            raise _stopped(workspace, admitted, run, stopped) from stopped
        if meter.bottleneck is not None:
            spanned.tell({Fact.BOTTLENECK: meter.bottleneck.value})
    workspace.checkpoint()
    return result_of(run, source, meter)


def _begin(
    workspace: Workspace,
    request: SignedRequest,
    admitted: Admitted,
    asked: Asked,
    source: Source,
    manifest: Manifest | None,
) -> IngestRun:
    """Take up the open run of the source, or make one; spends the request and logs the beginning."""
    run: IngestRun | None = None
    with workspace.transaction() as (tx, now):
        spend(request, now)
        source = Source.objects.select_related("gallery", "basis").get(pk=source.pk)
        stopped = refusal_now(workspace, admitted.caller, source, now)
        if stopped is not None:
            stopped.log(workspace, tx, admitted.caller, now, source=str(source.pk))
        else:
            run = ledger.open_run_of(source)
            if run is not None and asked.restart:
                ledger.give_up(run, now)
                run = None
            if run is None and asked.retry_failed:
                run = IngestRun.objects.filter(source=source).order_by("-started_at").first()
                if run is None:
                    raise _nothing_to_retry(source)
            detail = asked.detail or (Detail(run.detail) if run else Detail.STANDARD)
            words = extraction_words(workspace, detail, workspace.limits)
            sha256 = manifest.sha256 if manifest else ""
            if run is None:
                run = ledger.start_run(
                    source,
                    admitted.caller.account,
                    detail=detail,
                    extraction=words,
                    manifest_sha256=sha256,
                    now=now,
                )
            else:
                given = sha256 if manifest is not None else None
                ledger.check_resumes(run, detail=asked.detail, manifest_sha256=given, extraction=words)
            retried = ledger.reopen_failed(run) if asked.retry_failed else 0
            entry = NewEntry(
                event=Event.INGEST_STARTED.value,
                at=now,
                purpose=None,
                jurisdiction=source.basis.jurisdiction,
                client=None,
                pack=admitted.pack,
                details={
                    "account": admitted.caller.facts.id,
                    **ledger.run_details(run, source),
                    "detail": run.detail,
                    "retried": retried,
                },
            )
            workspace.record(tx, [entry])
    if stopped is not None:
        raise stopped.refused.error()
    assert run is not None
    return run


def _list(
    workspace: Workspace,
    run: IngestRun,
    source: Source,
    place: Place,
    manifest: Manifest | None,
    journal: Journal,
    tuning: Tuning,
    stop: threading.Event,
) -> bool:
    """List the source, unless it is listed; where another process is at it, wait. False if stopped meanwhile."""
    while not IngestRun.objects.filter(pk=run.pk, listed=True).exists():
        claim = ledger.claim(workspace, run, journal, tuning, listing=True)
        if claim is not None:
            with span(Spanned.INGEST_LIST):
                items = list_items(place, source, manifest)
                ledger.write_listing(
                    workspace, run, claim, journal.owner, items, shard_items=tuning.shard_items, stop=stop
                )
            if stop.is_set():
                return False
        elif stop.wait(_POLL_SECONDS):
            return False
    return not stop.is_set()


def _let_go(workspace: Workspace, journal: Journal) -> None:
    """Give back what was not finished. Where that cannot be written, others see that we are gone."""
    with suppress(UnavailableError):
        ledger.release(workspace, journal.owner)


def _finished(workspace: Workspace, run: IngestRun, store: Store, source: Source) -> bool:
    """Is the whole run done? Whoever finds it so first says so in the log."""
    if IngestRun.objects.filter(pk=run.pk, finished_at__isnull=False).exists():
        return True
    if IngestShard.objects.filter(run=run, finished_at__isnull=True).exists():
        return False
    with workspace.transaction() as (tx, now):
        if ledger.finish_run(run, now):
            store.log_finished(tx, source, now)
    return True


def _stopped(
    workspace: Workspace, admitted: Admitted, run: IngestRun, stopped: StoppedByPolicyError
) -> RefusedError:
    """Log what stopped the run; the batch that met it was undone."""
    with workspace.transaction() as (tx, now):
        stopped.stopped.log(workspace, tx, admitted.caller, now, run=str(run.pk))
    workspace.checkpoint()
    return stopped.stopped.refused.error()


def _nothing_to_retry(source: Source) -> NotFoundError:
    return NotFoundError(
        N_("The source {source} has never been ingested, so there is nothing to retry."),
        remedy=N_("Ingest it first: countenance ingest {source}"),
        code="run-missing",
        source=source.name,
    )


class _Watch:
    """Turns what is written into progress."""

    def __init__(self, run: IngestRun, meter: Meter, report: Report) -> None:
        items = IngestItem.objects.filter(run=run)
        self._run = run
        self._meter = meter
        self._report = report
        self._total = items.count()
        self._finished = self._total - items.filter(state=PENDING).count()
        self._failed = items.filter(state=PhotographState.FAILED.value).count()
        self._enrolled = 0
        self._told = 0.0

    def wrote(self, written: Written) -> None:
        files = written.items.total()
        self._meter.finished(files)
        self._finished += files
        self._failed += written.items[PhotographState.FAILED.value]
        self._enrolled += written.enrolled
        self._tell()

    def waits(self) -> None:
        self._finished = self._total - IngestItem.objects.filter(run=self._run, state=PENDING).count()
        if time.monotonic() - self._told > 1.0:
            self._tell(waiting=True)

    def _tell(self, *, waiting: bool = False) -> None:
        rate, left = self._meter.rate, self._total - self._finished
        self._told = time.monotonic()
        self._report(
            Progress(
                run=self._run.code,
                total=self._total,
                finished=self._finished,
                faces_enrolled=self._enrolled,
                failed=self._failed,
                rate=rate,
                eta_seconds=left / rate if rate > 0 else None,
                bottleneck=self._meter.bottleneck,
                waiting=waiting,
            )
        )
