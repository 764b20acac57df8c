"""What is past its storage limit: one kind of data, everything of it that is older than a day.

The target of such an erasure reads `probe/2026-08-24T09:00:00Z`: the kind, and the moment before which it must have begun.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from django.db.models import Model, QuerySet

from countenance.policy.terms import DataKind
from countenance.primitives.clock import iso
from countenance.records.database import open_reading
from countenance.records.erasing.selecting import Selection, Spared, of_faces, of_photographs, parts
from countenance.records.events import Event
from countenance.records.models import (
    Candidate,
    Case,
    Erasure,
    Face,
    Hold,
    IngestItem,
    Photograph,
    Probe,
    RequestRecord,
    Review,
)
from countenance.tlog import store
from countenance.tlog.leaf import Leaf, parse_leaf

_PAGE = 2_000
_REFUSALS = frozenset({Event.ACT_REFUSED.value, Event.SEARCH_REFUSED.value})
type Batches = Iterator[Callable[[], Selection]]


def target_of(kind: DataKind, before: datetime) -> str:
    """The target of an erasure of what is past its limit."""
    return f"{kind.value}/{iso(before)}"


def read_target(target: str) -> tuple[DataKind, datetime]:
    """The kind and the moment that a target names."""
    kind, _, moment = target.partition("/")
    return DataKind(kind), datetime.fromisoformat(moment)


def due(target: str, *, spare: Spared, most: int) -> Batches:
    """The batches of one kind; nothing for kinds that end in another way."""
    kind, before = read_target(target)
    return _KINDS[kind](before, spare, most) if kind in _KINDS else iter(())


def _photographs(before: datetime, spare: Spared, most: int) -> Batches:
    old = _keys(Photograph.objects.filter(ingested_at__lt=before))
    for part in parts([key for key in old if key not in spare.photographs], most):
        yield partial(of_photographs, part)


def _templates(before: datetime, spare: Spared, most: int) -> Batches:
    """Faces that can be found, or could; their rows go with crop and template, the photograph's row stays."""
    old = _keys(Face.objects.filter(photograph__ingested_at__lt=before).exclude(space_id=""))
    for part in parts(old, most):
        yield partial(of_faces, Face.objects.filter(pk__in=part), spare)


def _cases(before: datetime, spare: Spared, most: int) -> Batches:
    """Closed, or run out, before then; what was erased already says so."""
    from django.db.models import Q

    from countenance.records.erasing.stores import ERASED

    old = _keys(
        Case.objects.filter(Q(closed_at__lt=before) | Q(expires_at__lt=before)).exclude(reference=ERASED)
    )
    for part in parts([key for key in old if key not in spare.cases], most):
        yield partial(Selection, cases=part)


def _probes(before: datetime, spare: Spared, most: int) -> Batches:
    old = _keys(Probe.objects.filter(search__made_at__lt=before).exclude(search__case__in=spare.cases))
    for part in parts(old, most):
        yield partial(Selection, probes=part)


def _results(before: datetime, spare: Spared, most: int) -> Batches:
    rows = Candidate.objects.filter(search__made_at__lt=before).exclude(search__case__in=spare.cases)
    old = sorted(set(rows.values_list("search_id", flat=True)))
    for part in parts(old, most):
        yield partial(Selection, searches=part)


def _reviews(before: datetime, spare: Spared, most: int) -> Batches:
    rows = Review.objects.filter(concluded_at__lt=before).exclude(search__case__in=spare.cases)
    for part in parts(_keys(rows), most):
        yield partial(Selection, reviews=part)


def _requests(before: datetime, spare: Spared, most: int) -> Batches:
    """Closed before then, and not of somebody whose record a hold keeps."""
    rows = RequestRecord.objects.filter(closed_at__lt=before, destroyed_at__isnull=False)
    for part in parts(_keys(rows.exclude(person_id__in=spare.people)), most):
        yield partial(Selection, requests=part)


def _ledger(before: datetime, _: Spared, most: int) -> Batches:
    old = sorted(set(IngestItem.objects.filter(run__finished_at__lt=before).values_list("run_id", flat=True)))
    for part in parts(old, most):
        yield partial(Selection, runs=part)


def _payloads(before: datetime, _: Spared, most: int) -> Batches:
    """Details of entries."""
    yield from _of_entries(before, most, lambda _leaf: True)


def _refusals(before: datetime, spare: Spared, most: int) -> Batches:
    """What a refusal rested on; that there was one, and by which packs, stays. Not of a client whom a hold keeps."""
    kept = set(
        Hold.objects.filter(code__in=list(spare.holds), scope="client").values_list("target", flat=True)
    )
    yield from _of_entries(
        before,
        most,
        lambda leaf: leaf.event in _REFUSALS and (leaf.client is None or leaf.client not in kept),
    )


def _of_entries(before: datetime, most: int, wanted: Callable[[Leaf], bool]) -> Batches:
    """Entries of the log whose details go; those of erasures stay, since by them an erasure is repeated after a restore."""
    kept = {entry for entries in Erasure.objects.values_list("entries", flat=True) for entry in entries}
    found: list[int] = []
    with open_reading() as tx:
        head = store.read_head(tx)
        size = head.size if head else 0
        for start in range(0, size, _PAGE):
            leaves = [
                (index, parse_leaf(raw))
                for index, raw in store.read_entries(tx, start, min(start + _PAGE, size))
            ]
            held = {index for index, _ in store.read_payloads(tx, start, start + _PAGE)}
            found += [
                index for index, leaf in leaves if leaf.at < before and index in held - kept and wanted(leaf)
            ]
            if leaves and leaves[-1][1].at >= before:
                break  # entries are in order of time
    for start in range(0, len(found), most):
        yield partial(Selection, payloads=found[start : start + most])


def _keys(rows: QuerySet[Model]) -> list[uuid.UUID]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


_KINDS: dict[DataKind, Callable[[datetime, Spared, int], Batches]] = {
    DataKind.PHOTOGRAPH: _photographs,
    DataKind.TEMPLATE: _templates,
    DataKind.CASE: _cases,
    DataKind.PROBE: _probes,
    DataKind.RESULT: _results,
    DataKind.REVIEW: _reviews,
    DataKind.REQUEST: _requests,
    DataKind.REFUSAL: _refusals,
    DataKind.INGEST_LEDGER: _ledger,
    DataKind.LOG_PAYLOAD: _payloads,
}

PURGED = tuple(_KINDS)
"""Kinds that a purge destroys, in this order: what holds others goes first."""
