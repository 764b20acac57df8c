"""The steps of an erasure, in the one order in which a crash can do no harm.

1. unfindable   in one transaction (for a whole source, client or place: in batches): rows leave the records and the
                index, tombstones are written, what is still to be destroyed is noted, the log has its entry
2. keys         data keys are destroyed, so that what is left of it cannot be read
3. bytes        files are deleted, segments rewritten, payloads of the log and rows of the ingest ledger forgotten, the
                write-ahead log emptied
4. completion   the log says so, and the certificate is made from what it says

`begin` is called inside the transaction of an act; `finish` after it, and at every start. An erasure that stopped in
between goes on at its step; until the last one it is listed as incomplete.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from countenance.primitives.canonical import Json
from countenance.primitives.errors import UnavailableError
from countenance.primitives.ids import new_code
from countenance.records.database import DjangoTransaction, open_reading, truncate_wal, vacuum
from countenance.records.erasing.certificate import Certificate, certificate_of, document
from countenance.records.erasing.ledger import forget_labels
from countenance.records.erasing.payloads import positions_naming
from countenance.records.erasing.residency import residency
from countenance.records.erasing.scope import ErasureScope, scope_again_of
from countenance.records.erasing.selecting import ids_of, select
from countenance.records.erasing.stores import ERASED
from countenance.records.erasing.unfindable import erase_batch, log_erasure
from countenance.records.erasing.vocabulary import (
    ErasureState,
    ResidencyRule,
    ScopeKind,
    Store,
    WorkKind,
)
from countenance.records.events import Event
from countenance.records.holding import hold_on, kept_back, spared
from countenance.records.models import Account, Basis, Erasure, ErasureWork, Gallery, Source
from countenance.records.workspace import Workspace

BULK = frozenset(
    {ScopeKind.SOURCE, ScopeKind.GALLERY, ScopeKind.CLIENT, ScopeKind.JURISDICTION, ScopeKind.LIMIT}
)
"""What may be too much for one transaction, and takes two persons."""

_KEYS_AT_ONCE = 8_192
_log_line = logging.getLogger(__name__)
_ROUNDS = 5
_TABLES = (
    "records_person",
    "records_face",
    "records_reference",
    "records_candidate",
    "records_fusedreference",
    "records_consentreceipt",
    "records_photograph",
    "records_ingestitem",
    "records_probe",
    "records_residencyclaim",
    "records_reviewitem",
    "records_verdict",
    "records_firstverdict",
    "records_requestrecord",
    "records_requeststeprecord",
    "index_template",
    "index_change",
    "tlog_payload",
)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an erasure has come. `state`: the step it has reached; `done`: persons and photographs so far."""

    code: str
    state: ErasureState
    done: int


type Report = Callable[[Progress], None]


def begin(
    workspace: Workspace,
    tx: DjangoTransaction,
    scope: ErasureScope,
    *,
    now: datetime,
    ground: str,
    account: Account | None = None,
) -> Erasure:
    """Start an erasure in the caller's transaction; after its commit call `finish`.

    One person, photograph or face is in no answer from this transaction on. A source or gallery neither: it is withdrawn or
    suspended with it. Of a client or a place the rows go in batches, by `finish`. Every grant that is out dies.

    `ground`: the request or order that it rests on, in words without a name. Raises RefusedError where a hold is on it.
    """
    place = ids_of(scope).get("jurisdiction", "")
    spare = spared(now)
    held = hold_on(scope, spare)
    if held is not None:
        raise held
    erasure = Erasure.objects.create(
        code=new_code("E", groups=3),
        scope=scope.kind.value,
        target=scope.target,
        rule=scope.rule.value if scope.rule else "",
        ground=ground,
        jurisdiction=place,
        account=account,
        state=ErasureState.STARTED.value,
        started_at=now,
    )
    details: dict[str, Json] = {
        "erasure": erasure.code,
        "scope": scope.kind.value,
        "target": scope.target,
        "rule": erasure.rule,
        "ground": ground,
        "account": str(account.pk) if account else None,
    }
    log_erasure(workspace, tx, erasure, Event.ERASURE_STARTED, now, details)
    close_scope(scope, now)
    if scope.kind not in BULK:
        for batch in select(scope, spare=spare):
            erase_batch(workspace, tx, erasure, batch(), now)
        reach(erasure, ErasureState.UNFINDABLE, now)
    workspace.revoke_grants()
    return erasure


def finish(workspace: Workspace, *, bulk: bool = True, report: Report = lambda _: None) -> list[Certificate]:
    """Carry every open erasure on to its end; returns the certificates of those that are done now.

    `bulk`: also those of whole sources, galleries, clients and places, which may take minutes.

    Safe to call at any time and from several processes. One that cannot be finished now (a reader stands in the way, a
    disk is full) stays incomplete and listed as such, and the next call goes on with it.
    """
    done: list[Certificate] = []
    for erasure in incomplete():
        if ScopeKind(erasure.scope) in BULK and not bulk:
            continue
        certificate = _carry_on(workspace, erasure, report)
        if certificate is not None:
            done.append(certificate)
    return done


def carry_out(
    workspace: Workspace,
    scope: ErasureScope,
    *,
    ground: str,
    account: Account | None = None,
    report: Report = lambda _: None,
) -> Certificate:
    """`begin` and `finish` in one call, for a caller without a transaction of its own.

    Raises UnavailableError `erasure-incomplete` where it could not be finished now.
    """
    with workspace.transaction() as (tx, now):
        erasure = begin(workspace, tx, scope, now=now, ground=ground, account=account)
    finish(workspace, report=report)
    return certificate_of(workspace, erasure.code)


def incomplete() -> list[Erasure]:
    """Erasures that are not done, oldest first."""
    return list(Erasure.objects.exclude(state=ErasureState.DONE.value).order_by("started_at"))


def _carry_on(workspace: Workspace, erasure: Erasure, report: Report) -> Certificate | None:
    """One erasure through its remaining steps; None where it stays incomplete."""
    steps: dict[ErasureState, Callable[[Workspace, Erasure, Report], bool]] = {
        ErasureState.STARTED: _make_unfindable,
        ErasureState.UNFINDABLE: _destroy_keys,
        ErasureState.KEYS_DESTROYED: _remove_bytes,
        ErasureState.BYTES_GONE: _complete,
    }
    while True:
        erasure.refresh_from_db()
        state = ErasureState(erasure.state)
        report(Progress(code=erasure.code, state=state, done=_subjects(erasure.counts)))
        if state is ErasureState.DONE:
            return certificate_of(workspace, erasure.code)
        try:
            if not steps[state](workspace, erasure, report):
                return None
        except UnavailableError as error:
            # What led here is committed already; the act that began it is not to fail for what comes later.
            _log_line.warning("erasure %s stays at %s: %s", erasure.code, state.value, error.code)
            return None


# ---- 1. Unfindable


def _make_unfindable(workspace: Workspace, erasure: Erasure, report: Report) -> bool:
    scope = scope_again_of(erasure)
    spare = spared(workspace.clock())
    for batch in select(scope, spare=spare):
        with workspace.transaction() as (tx, now):
            held = Erasure.objects.select_for_update().get(pk=erasure.pk)
            if held.state != ErasureState.STARTED.value:
                return True  # another process has gone on with it
            chosen = batch()
            if chosen:
                erase_batch(workspace, tx, held, chosen, now)
                workspace.revoke_grants()
        report(Progress(code=erasure.code, state=ErasureState.STARTED, done=_subjects(held.counts)))
    with workspace.transaction() as (_, now):
        held = Erasure.objects.select_for_update().get(pk=erasure.pk)
        if held.state == ErasureState.STARTED.value:
            held.kept_back = kept_back(scope, spare)
            held.save(update_fields=["kept_back"])
            if scope.kind is ScopeKind.JURISDICTION and scope.rule is not ResidencyRule.PRECAUTIONARY:
                held.uncertain = len(residency(scope.target).uncertain)
                held.save(update_fields=["uncertain"])
            reach(held, ErasureState.UNFINDABLE, now)
    return True


# ---- 2. Keys


def _destroy_keys(workspace: Workspace, erasure: Erasure, _: Report) -> bool:
    keys = [uuid.UUID(ref) for ref in _work(erasure, WorkKind.KEY)]
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        workspace.vault.destroy(keys[start : start + _KEYS_AT_ONCE])
    _settle(workspace, erasure, ErasureState.UNFINDABLE, ErasureState.KEYS_DESTROYED)
    return True


# ---- 3. Bytes


def _remove_bytes(workspace: Workspace, erasure: Erasure, _: Report) -> bool:
    workspace.media.delete_many(_work(erasure, WorkKind.MEDIA))
    forget_labels(workspace, set(_work(erasure, WorkKind.LABEL)))
    chosen = {int(ref) for ref in _work(erasure, WorkKind.PAYLOAD)}
    _forget_payloads(workspace, erasure, set(_work(erasure, WorkKind.MENTION)), chosen)
    if not _rewrite_index(workspace):
        return False
    with workspace.transaction() as (tx, _now):
        workspace.index.trim(tx, keep=0)
    vacuum(_TABLES)
    if not truncate_wal():
        return False
    _settle(workspace, erasure, ErasureState.KEYS_DESTROYED, ErasureState.BYTES_GONE, clear=True)
    return truncate_wal()


def _forget_payloads(workspace: Workspace, erasure: Erasure, ids: set[str], chosen: set[int]) -> None:
    """Forget, and note in the same transaction which: whoever replays the log knows then why they are missing."""
    with open_reading() as tx:
        naming = [position for page in positions_naming(tx, ids) for position in page] if ids else []
    positions = sorted(chosen.union(naming))
    if not positions:
        return
    with workspace.transaction() as (writing, _):
        held = Erasure.objects.select_for_update().get(pk=erasure.pk)
        counts = Counter(held.counts)
        counts[Store.LOG_PAYLOADS.value] += workspace.log.forget(writing, positions)
        held.counts = dict(counts)
        held.forgotten = sorted({*held.forgotten, *positions})
        held.save(update_fields=["counts", "forgotten"])


def _rewrite_index(workspace: Workspace) -> bool:
    """Write anew what holds removed rows. False where another process is at it, or a file cannot be removed yet."""
    return any(workspace.keep_index_where_due() is None for _ in range(_ROUNDS))


# ---- 4. Completion


def _complete(workspace: Workspace, erasure: Erasure, _: Report) -> bool:
    with workspace.transaction() as (tx, now):
        held = Erasure.objects.select_for_update().get(pk=erasure.pk)
        if held.state != ErasureState.BYTES_GONE.value:
            return True
        held.done_at = now
        held.state = ErasureState.DONE.value
        written = document(workspace, held)
        details: dict[str, Json] = {
            "erasure": held.code,
            "counts": dict(held.counts),
            "forgotten": list(held.forgotten),
            "statement": written.digest,
        }
        held.done_entry = log_erasure(workspace, tx, held, Event.ERASURE_DONE, now, details)
        held.save(update_fields=["done_at", "state", "done_entry"])
    workspace.checkpoint()
    return True


# ---- What the steps share


def close_scope(scope: ErasureScope, now: datetime) -> None:
    """What is erased as a whole takes in and shows nothing more: a source is withdrawn, a gallery suspended."""
    if scope.kind is ScopeKind.SOURCE:
        _close_sources([scope.key], now)
    elif scope.kind is ScopeKind.GALLERY:
        _close_sources(Source.objects.filter(gallery=scope.key).values_list("pk", flat=True), now)
        Gallery.objects.filter(pk=scope.key, suspended_at__isnull=True).update(
            suspended_at=now, suspension_reason=ERASED
        )


def _close_sources(keys: Iterable[uuid.UUID], now: datetime) -> None:
    found = list(keys)
    Source.objects.filter(pk__in=found, withdrawn_at__isnull=True).update(withdrawn_at=now)
    Basis.objects.filter(source__in=found, ended_at__isnull=True).update(ended_at=now)


def _work(erasure: Erasure, kind: WorkKind) -> list[str]:
    rows = ErasureWork.objects.filter(erasure=erasure, kind=kind.value).order_by("pk")
    return list(rows.values_list("ref", flat=True))


def _settle(
    workspace: Workspace, erasure: Erasure, before: ErasureState, after: ErasureState, *, clear: bool = False
) -> None:
    with workspace.transaction() as (_, now):
        held = Erasure.objects.select_for_update().get(pk=erasure.pk)
        if held.state == before.value:
            if clear:
                ErasureWork.objects.filter(erasure=held).delete()
            reach(held, after, now)


def reach(erasure: Erasure, state: ErasureState, now: datetime) -> None:
    """Note that a step is done, and when."""
    erasure.state = state.value
    moment = {
        ErasureState.UNFINDABLE: "unfindable_at",
        ErasureState.KEYS_DESTROYED: "keys_destroyed_at",
        ErasureState.BYTES_GONE: "bytes_gone_at",
    }[state]
    setattr(erasure, moment, now)
    erasure.save(update_fields=["state", moment])


def _subjects(counts: dict[str, int]) -> int:
    return sum(counts.get(store.value, 0) for store in (Store.PERSONS, Store.PHOTOGRAPHS, Store.CASES))
