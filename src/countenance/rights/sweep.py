"""Looking through a source that has no index, for one verified requester; nothing of anybody is kept.

1. authorise   the request is signed by an account of the desk, fresh and new
2. policy      the requester was seen to be the person on the picture, and a pack permits sweeps and cites its authority;
               asked again as soon as anything is revoked, locked or ordered
3. metadata    photographs whose name or path says the requester's name are noted without looking at a face
4. sweep       every other photograph: its templates live in memory, are compared with the one probe, and are dropped
5. check       a person looks at the list before anything of it is released (`rights.acts.sweeping`)
6. certificate one statement that nothing was kept but what it names

Templates of bystanders exist for milliseconds, in this process and its worker: no swap, no core dump (`secrecy`). To stop and
go on needs the sealed probe, the last path looked at and the photographs found; nothing else is written.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from countenance.biometrics.templates import Template
from countenance.biometrics.vocabulary import Detail
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import PROBE_RULE, EmbedRule, ExtractionResult, PhotographExtraction
from countenance.policy.decisions import Refused
from countenance.policy.questions import Act, SweepQuestion
from countenance.policy.replay import question_json
from countenance.policy.restrictions import Effect, Touched
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.errors import UsageError
from countenance.primitives.files import name_to_text, text_to_name
from countenance.primitives.text import N_
from countenance.records.database import DjangoTransaction
from countenance.records.events import Event
from countenance.records.facts import basis_facts
from countenance.records.identity import Caller, SignedRequest, caller_facts, require_act, spend, verify
from countenance.records.models import Account, Source, SweepFindingRecord, SweepRecord
from countenance.records.named import find_source
from countenance.records.params import Params
from countenance.records.refusing import log_refusal
from countenance.records.restrictions import refusal
from countenance.records.workspace import Workspace
from countenance.rights.desk import verified_request
from countenance.rights.facts import request_facts
from countenance.rights.own_face import NoProbe, choose_face
from countenance.rights.secrecy import MemoryOnly
from countenance.rights.sweep_files import read, says, walk
from countenance.rights.values import VerifiedRequest
from countenance.tlog.leaf import NewEntry
from countenance.vault.vault import Plain, Sealed

PROBE_PART = "sweep-probe"
_SAVE_EVERY = 64  # photographs between two writes of the cursor
_AHEAD = 2  # photographs in hand at once, for each worker
_SAMPLE = 8


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """What a sweep will cost. `seconds`: by what a few photographs took to be looked at without any template, and by what a
    template takes on this machine, tried on patterns.
    """

    photographs: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class FoundPhotograph:
    """A photograph to be checked by a person. `path`: within the source."""

    number: int
    path: str


@dataclass(frozen=True, kw_only=True)
class SweepState:
    """How far a sweep has come. `done`: every photograph was looked at. `findings`: to be checked by a person."""

    request: str
    source: str
    looked_at: int
    failed: int
    findings: tuple[FoundPhotograph, ...]
    done: bool
    memory: MemoryOnly


type Report = Callable[[int, int], None]
"""Told how many were looked at, and how many there are."""


def plan_sweep(workspace: Workspace, name: str, pool: ExtractionPool) -> SweepPlan:
    """Count, and time a few photographs. Makes no template. Raises UnavailableError where the source is not there."""
    from countenance.extraction.timing import embedding_ms

    source = find_source(name)
    paths = list(walk(source))
    step = max(1, len(paths) // _SAMPLE)
    sample = paths[::step][:_SAMPLE]
    none = EmbedRule(unlabelled=False, labels=())
    spent, faces = 0.0, 0
    for number, path in enumerate(
        [*sample[:1], *sample]
    ):  # the first one wakes the worker and is not counted
        started = time.perf_counter()
        data = read(source, path, pool.limits.max_bytes)
        result = data and pool.submit(data, detail=Detail.STANDARD, rule=none).result()
        if number:
            spent += time.perf_counter() - started
            if isinstance(result, PhotographExtraction):
                faces += sum(len(page.faces) for page in result.pages)
    each = (spent + faces * embedding_ms(workspace.models) / 1000) / max(1, len(sample))
    return SweepPlan(photographs=len(paths), seconds=each * len(paths) / pool.workers)


def sweep(
    workspace: Workspace,
    signed: SignedRequest,
    picture: bytes | None,
    pool: ExtractionPool,
    held: MemoryOnly,
    *,
    report: Report = lambda *_: None,
    stop: threading.Event | None = None,
) -> SweepState | NoProbe | Refused:
    """Begin a sweep, or go on with it. Params: `request`, `source`, and `picture` (SHA-256) for the first time.

    `held`: that nothing of this process reaches a disk; `memory_only` makes it, before the pool is. A refusal is a value,
    and logged. Raises ConflictError where the request is not verified, UsageError where the first call brings no picture,
    UnavailableError where the source is not there.
    """
    require_act(signed, Act.REQUEST_SWEEP.value)
    params = Params(signed.params)
    source = find_source(params.text("source"))
    begun = _begin(workspace, signed, params, source, picture, pool)
    if not isinstance(begun, SweepRecord):
        return begun
    probe = _open_probe(workspace, begun)
    done = begun.finished_at is not None
    if not done:
        looked = _look(workspace, signed, begun, source, probe, pool, report, stop or threading.Event())
        if isinstance(looked, Refused):
            return looked
        done = looked
    if done and begun.finished_at is None:
        _finish(workspace, begun)
    begun.refresh_from_db()
    return SweepState(
        request=begun.request.number,
        source=source.name,
        looked_at=begun.looked_at,
        failed=begun.failed,
        findings=tuple(
            FoundPhotograph(number=each.number, path=each.path) for each in begun.findings.order_by("number")
        ),
        done=done,
        memory=held,
    )


def _begin(
    workspace: Workspace,
    signed: SignedRequest,
    params: Params,
    source: Source,
    picture: bytes | None,
    pool: ExtractionPool,
) -> SweepRecord | NoProbe | Refused:
    """Steps 1 to 3. Policy is asked each time the sweep goes on."""
    asked = _ask(workspace, signed, params.text("request"), source, first=True)
    if isinstance(asked, Refused):
        return asked
    verified, caller, pack = asked
    row = verified.request.row
    known = SweepRecord.objects.filter(request=row, source=source).first()
    if known is not None:
        return known
    if picture is None or params.text("picture") != sha256_hex(picture):
        raise UsageError(N_("A sweep begins with the requester's picture."), code="sweep-picture")
    face = choose_face(pool, picture, params.number("face", default=-1, least=-1, most=10_000))
    if isinstance(face, NoProbe):
        return face
    assert face.template is not None
    plain = Plain(record_id=row.pk, part=PROBE_PART, data=face.template.to_bytes())
    sealed = workspace.vault.seal([plain])[0]
    named = [path for path in walk(source) if says(path, verified.request.said.get("name", ""))]
    with workspace.transaction() as (tx, now):
        made = SweepRecord.objects.create(
            request=row,
            source=source,
            probe=sealed,
            threshold=workspace.models.candidate_floor,
            started_by=caller.account,
            started_at=now,
        )
        for path in named:
            data = read(source, path, pool.limits.max_bytes)
            _note(made, path, "" if data is None else sha256_hex(data))
        _log(workspace, tx, made, Event.SWEEP_STARTED, pack, now)
    return made


def _ask(
    workspace: Workspace, signed: SignedRequest, number: str, source: Source, *, first: bool
) -> tuple[VerifiedRequest, Caller, str] | Refused:
    """Steps 1 and 2: locks and orders on what the source holds, then policy. Returns the request, who asks, and the book's hash.

    `first`: the signed request is used up. A refusal is logged.
    """
    with workspace.transaction() as (tx, now):
        if first:
            caller = verify(signed, workspace_id=str(workspace.settings.id), now=now)
            spend(signed, now)
        else:  # its signature was checked when the sweep began; a sweep may take longer than a signature is fresh
            account = Account.objects.select_related("organisation", "sponsor").get(name=signed.account)
            caller = Caller(account=account, facts=caller_facts(account))
        verified = verified_request(workspace, number)
        source = Source.objects.select_related("basis", "gallery").get(pk=source.pk)
        touched = Touched(
            account=str(caller.account.pk),
            gallery=str(source.gallery_id),
            source=str(source.pk),
            service=frozenset({source.gallery.jurisdiction}),
            holdings=frozenset({source.gallery.jurisdiction, source.basis.jurisdiction}),
        )
        question = SweepQuestion(
            caller=caller.facts,
            request=request_facts(verified),
            basis=basis_facts(source.basis, source, now),
            now=now,
        )
        decision = refusal(workspace, Effect.SEARCH, touched, now) or workspace.policy().decide(question)
        if isinstance(decision, Refused):
            said: dict[str, Json] = {"source": str(source.pk), "question": question_json(question)}
            log_refusal(workspace, tx, caller, Act.REQUEST_SWEEP, decision, now, **said)
            return decision
    return verified, caller, decision.pack


def _look(
    workspace: Workspace,
    signed: SignedRequest,
    row: SweepRecord,
    source: Source,
    probe: Template,
    pool: ExtractionPool,
    report: Report,
    stop: threading.Event,
) -> bool | Refused:
    """Step 4, from the cursor on; True when every photograph was looked at, a refusal where one came meanwhile."""
    epoch = workspace.epoch()
    paths = list(walk(source))
    after = text_to_name(row.cursor) if row.cursor else b""
    known = {text_to_name(path) for path in row.findings.values_list("path", flat=True)}
    window: deque[tuple[bytes, str, Future[ExtractionResult] | None]] = deque()
    waiting = iter([path for path in paths if path > after])
    found: list[tuple[bytes, str]] = []
    looked = failed = 0

    def save(cursor: bytes) -> None:
        nonlocal looked, failed
        with workspace.transaction():
            for path, digest in found:
                _note(row, path, digest)
            row.cursor = name_to_text(cursor)
            row.looked_at += looked
            row.failed += failed
            row.save(update_fields=["cursor", "looked_at", "failed"])
        found.clear()
        looked = failed = 0
        report(row.looked_at, len(paths))

    last = after
    while True:
        while (
            len(window) < _AHEAD * pool.workers
            and not stop.is_set()
            and (path := next(waiting, None)) is not None
        ):
            data = read(source, path, pool.limits.max_bytes)
            future = None if data is None else pool.submit(data, detail=Detail.STANDARD, rule=PROBE_RULE)
            window.append((path, "" if data is None else sha256_hex(data), future))
        if not window:
            break
        path, digest, pending = window.popleft()
        result = None if pending is None else pending.result()
        del pending
        if not isinstance(result, PhotographExtraction):
            failed += 1
        elif path not in known and _shows(result, probe, row.threshold):
            found.append((path, digest))
        del result  # the templates of everybody on it
        looked, last = looked + 1, path
        if looked >= _SAVE_EVERY:
            save(last)
            if (now := workspace.epoch()) != epoch:
                asked = _ask(workspace, signed, row.request.number, source, first=False)
                if isinstance(asked, Refused):
                    return asked
                epoch = now
    if looked:
        save(last)
    return not stop.is_set()


def _shows(result: PhotographExtraction, probe: Template, threshold: float) -> bool:
    """Whether any face of a photograph scores at or above the threshold. What is compared lives no longer than this call."""
    best = -1.0
    for page in result.pages:
        for face in page.faces:
            if face.template is not None:
                best = max(best, float(np.dot(face.template.vector, probe.vector)))
    return best >= threshold


def _finish(workspace: Workspace, row: SweepRecord) -> None:
    with workspace.transaction() as (tx, now):
        SweepRecord.objects.filter(pk=row.pk, finished_at__isnull=True).update(finished_at=now)
        _log(workspace, tx, row, Event.SWEEP_FINISHED, None, now)


def _log(
    workspace: Workspace,
    tx: DjangoTransaction,
    row: SweepRecord,
    event: Event,
    pack: str | None,
    now: datetime,
) -> None:
    entry = NewEntry(
        event=event.value,
        at=now,
        purpose="own-photo-access",
        jurisdiction=None,
        client=None,
        pack=pack,
        details={
            "account": str(row.started_by_id),
            "request": str(row.request_id),
            "source": str(row.source_id),
            "looked_at": row.looked_at,
            "found": row.findings.count(),
        },
    )
    workspace.record(tx, [entry])


def _open_probe(workspace: Workspace, row: SweepRecord) -> Template:
    sealed = Sealed(record_id=row.request_id, part=PROBE_PART, data=bytes(row.probe))
    data = workspace.vault.unseal([sealed])[0]
    return Template(
        vector=np.frombuffer(data, dtype="<f4").astype(np.float32),
        norm=0.0,
        space_id=workspace.models.space_id,
    )


def _note(row: SweepRecord, path: bytes, digest: str) -> None:
    SweepFindingRecord.objects.create(
        sweep=row, number=row.findings.count() + 1, path=name_to_text(path), sha256=digest
    )
