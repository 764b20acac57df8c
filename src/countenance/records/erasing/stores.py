"""Every store of the database that may hold something of who or what is erased: one function each.

A function counts what is there and, where the erasure is carried out, removes it in the open transaction. Whoever adds
a table that refers to a person, face, photograph, reference, receipt, candidate or probe adds its function to `STORES`;
a test finds tables that no function reaches.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Model, Q

from countenance.biometrics.vocabulary import PhotographState
from countenance.records.database import DjangoTransaction, as_stored
from countenance.records.erasing.selecting import Selection
from countenance.records.erasing.vocabulary import Store
from countenance.records.models import (
    Candidate,
    Case,
    ConsentReceipt,
    Face,
    FirstVerdict,
    FusedReference,
    IngestItem,
    Person,
    Probe,
    Reference,
    ResidencyClaim,
    ReviewItem,
    Search,
    SweepRecord,
    Verdict,
)
from countenance.records.workspace import Workspace

ERASED = "erased"
"""Reason of photographs and items whose content was erased, and what stands in the place of a text that had to go."""

_QUERY = 400


@dataclass(kw_only=True)
class Walk:
    """One walk over the stores. `destroy`: False counts only.

    What has to go outside the database is noted: `keys` (record ids), `media` (names), `mentions` (ids that the log's
    payloads may name).
    """

    workspace: Workspace
    tx: DjangoTransaction
    chosen: Selection
    now: datetime
    destroy: bool
    keys: list[uuid.UUID] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    mentions: list[uuid.UUID] = field(default_factory=list)

    def delete(self, table: str, column: str, keys: Sequence[uuid.UUID]) -> None:
        """Delete the rows of `table` whose `column` is one of `keys`."""
        for part in _parts(keys):
            marks = ", ".join(["%s"] * len(part))
            self.tx.execute(
                f"delete from {table} where {column} in ({marks})",  # noqa: S608 - names from this file
                [as_stored(key, self.tx.dialect) for key in part],
            )


def _index(walk: Walk) -> int:
    """References leave every answer; the segments that hold them are rewritten later."""
    keys = [str(key) for key in walk.chosen.references]
    if walk.destroy:
        return walk.workspace.index.remove(walk.tx, keys)
    return _count(walk, "index_change", "reference_id", keys, " and op = 'add'")


def _templates(walk: Walk) -> int:
    """Sealed templates. Rows whose last reference is removed are gone already; a withdrawn face may have left one."""
    keys = [str(face.id) for face in walk.chosen.faces]
    if walk.destroy:
        for part in _parts(keys):
            marks = ", ".join(["%s"] * len(part))
            walk.tx.execute(f"delete from index_template where face_id in ({marks})", part)  # noqa: S608 - marks
        return sum(face.enrolled for face in walk.chosen.faces)
    return _count(walk, "index_template", "face_id", keys)


def _candidates(walk: Walk) -> int:
    """Saved lists: who is erased leaves them, and those behind move up, so that no gap tells that somebody left."""
    rows = _listed(walk)
    if walk.destroy and rows:
        walk.mentions += rows
        walk.delete("records_fusedreference", "candidate_id", list(rows))
        walk.delete("records_candidate", "id", list(rows))
        walk.mentions += walk.chosen.searches
        _close_ranks(sorted(set(rows.values()) - set(_searches(walk)) - set(walk.chosen.searches)))
    return len(rows)


def _reviews(walk: Walk) -> int:
    """What searcher and reviewers found of a candidate: the pair, the verdicts, and their keys, under which the notes lie."""
    found = _first_verdicts(walk)
    chosen = [
        *(Q(candidate__in=part) for part in _parts(list(_listed(walk)))),
        *(Q(review__in=part) for part in _parts(walk.chosen.reviews)),
    ]
    for which in chosen:
        pairs = list(ReviewItem.objects.filter(which).values_list("pk", flat=True))
        verdicts = list(Verdict.objects.filter(item__in=pairs).values_list("pk", flat=True))
        found += verdicts
        if walk.destroy and pairs:
            walk.keys += verdicts
            walk.mentions += [*pairs, *verdicts]
            walk.delete("records_verdict", "id", verdicts)
            walk.delete("records_reviewitem", "id", pairs)
    if walk.destroy and walk.chosen.reviews:
        walk.keys += walk.chosen.reviews
        walk.mentions += walk.chosen.reviews
        walk.delete("records_examination", "review_id", walk.chosen.reviews)
        walk.delete("records_review", "id", walk.chosen.reviews)
    return len(found) + len(walk.chosen.reviews)


def _first_verdicts(walk: Walk) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    for part in _parts(list(_listed(walk))):
        found += FirstVerdict.objects.filter(candidate__in=part).values_list("pk", flat=True)
    if walk.destroy and found:
        walk.keys += found
        walk.mentions += found
        walk.delete("records_firstverdict", "id", found)
    return found


def _listed(walk: Walk) -> dict[uuid.UUID, uuid.UUID]:
    """Candidates that go, each with its search."""
    rows: dict[uuid.UUID, uuid.UUID] = {}
    for part in _parts([face.id for face in walk.chosen.faces]):
        rows.update(Candidate.objects.filter(face__in=part).values_list("pk", "search_id"))
    for part in _parts(list(walk.chosen.people)):
        rows.update(Candidate.objects.filter(person__in=part).values_list("pk", "search_id"))
    for part in _parts([*_searches(walk), *walk.chosen.searches]):
        rows.update(Candidate.objects.filter(search__in=part).values_list("pk", "search_id"))
    return rows


def _close_ranks(searches: Sequence[uuid.UUID]) -> None:
    for part in _parts(searches):
        ranks: dict[uuid.UUID, int] = {}
        for row in Candidate.objects.filter(search__in=part).order_by("search", "rank"):
            ranks[row.search_id] = ranks.get(row.search_id, 0) + 1
            if row.rank != ranks[row.search_id]:
                Candidate.objects.filter(pk=row.pk).update(rank=ranks[row.search_id])


def _probes(walk: Walk) -> int:
    """Probes of a client's searches: picture and template go with the probe's key."""
    found: list[tuple[uuid.UUID, str]] = []
    for part in _parts(_searches(walk)):
        found += Probe.objects.filter(search__in=part).values_list("pk", "picture")
    for part in _parts(walk.chosen.probes):
        found += Probe.objects.filter(pk__in=part).values_list("pk", "picture")
    if walk.destroy and found:
        walk.keys += [key for key, _ in found]
        walk.mentions += [key for key, _ in found]
        walk.media += [picture for _, picture in found if picture]
        walk.delete("records_probe", "id", [key for key, _ in found])
    return len(found)


def _cases(walk: Walk) -> int:
    """A client's cases are closed, and say no more what they were about; that there was one, and when, stays."""
    if walk.destroy:
        for part in _parts(walk.chosen.cases):
            Case.objects.filter(pk__in=part, closed_at__isnull=True).update(closed_at=walk.now)
            Case.objects.filter(pk__in=part).update(reference=ERASED, recorded_authority="")
        walk.mentions += walk.chosen.cases
    return len(walk.chosen.cases)


def _requests(walk: Walk) -> int:
    """Persons' requests that are over: when they came, what was told of each step, what a sweep found. Their keys went before."""
    keys = walk.chosen.requests
    if walk.destroy and keys:
        walk.keys += keys  # gone since they were closed; a crash may have left one
        walk.mentions += keys
        for part in _parts(keys):
            sweeps = list(SweepRecord.objects.filter(request__in=part).values_list("pk", flat=True))
            walk.delete("records_sweepfindingrecord", "sweep_id", sweeps)
            walk.delete("records_sweeprecord", "id", sweeps)
        for table in ("requestclockrecord", "requeststeprecord", "requestfacerecord"):
            walk.delete(f"records_{table}", "request_id", keys)
        walk.delete("records_requestrecord", "id", keys)
    return len(keys)


def _references_and_faces(walk: Walk) -> int:
    """Face rows with their references. Keys and crops are noted for the steps that come after."""
    faces = walk.chosen.faces
    if walk.destroy:
        keys = [face.id for face in faces]
        walk.delete("records_fusedreference", "reference_id", walk.chosen.references)
        walk.delete("records_reference", "id", walk.chosen.references)
        walk.delete("records_face", "id", keys)
        walk.mentions += [*walk.chosen.references, *keys]
        walk.keys += [face.id for face in faces if face.enrolled or face.crop]
        walk.media += [face.crop for face in faces if face.crop]
    return len(faces)


def _crops(walk: Walk) -> int:
    return sum(bool(face.crop) for face in walk.chosen.faces)


def _consents(walk: Walk) -> int:
    """Receipts, and the references that rest on them alone (there are none left whose face was not chosen)."""
    if walk.destroy and walk.chosen.receipts:
        walk.mentions += walk.chosen.receipts
        for part in _parts(walk.chosen.receipts):
            marks = ", ".join(["%s"] * len(part))
            rows = walk.tx.execute(
                f"select id from records_reference where receipt_id in ({marks})",  # noqa: S608 - marks
                [as_stored(key, walk.tx.dialect) for key in part],
            )
            left = [uuid.UUID(str(row[0])) for row in rows]
            walk.workspace.index.remove(walk.tx, [str(key) for key in left])
            walk.delete("records_fusedreference", "reference_id", left)
            walk.delete("records_candidate", "reference_id", left)
            walk.delete("records_reference", "id", left)
        walk.delete("records_consentreceipt", "id", walk.chosen.receipts)
    return len(walk.chosen.receipts)


def _residency(walk: Walk) -> int:
    keys = list(walk.chosen.people)
    number = sum(ResidencyClaim.objects.filter(person__in=part).count() for part in _parts(keys))
    if walk.destroy and number:
        walk.delete("records_residencyclaim", "person_id", keys)
    return number


def _ledger(walk: Walk) -> int:
    """Items of the ingest ledger that name an erased photograph: where it was and what its rows said goes."""
    number = 0
    for part in _parts(list(walk.chosen.photographs)):
        items = IngestItem.objects.filter(photograph__in=part)
        if walk.destroy:
            number += items.update(
                photograph=None,
                path=ERASED,
                rows=[],
                state=PhotographState.REFUSED.value,
                reason=ERASED,
            )
        else:
            number += items.count()
    for part in _parts(walk.chosen.runs):
        number += IngestItem.objects.filter(run__in=part).count()
        if walk.destroy:
            walk.delete("records_ingestitem", "run_id", part)
    return number


def _photographs(walk: Walk) -> int:
    if walk.destroy:
        walk.mentions += walk.chosen.photographs
        walk.delete("records_photograph", "id", list(walk.chosen.photographs))
    return len(walk.chosen.photographs)


def _persons(walk: Walk) -> int:
    """The chosen people, and those of whom nothing is left once the chosen photographs are gone."""
    keys = list(walk.chosen.people)
    if walk.destroy:
        walk.mentions += keys
        walk.delete("records_person", "id", keys)
    return len(keys)


def _searches(walk: Walk) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    for part in _parts(walk.chosen.cases):
        found += Search.objects.filter(case__in=part).values_list("pk", flat=True)
    if walk.destroy:
        walk.mentions += found
    return found


STORES: tuple[tuple[Store, Callable[[Walk], int]], ...] = (
    (Store.INDEX, _index),
    (Store.TEMPLATES, _templates),
    (Store.CROPS, _crops),
    (Store.REVIEWS, _reviews),
    (Store.CANDIDATES, _candidates),
    (Store.PROBES, _probes),
    (Store.CASES, _cases),
    (Store.REQUESTS, _requests),
    (Store.FACES, _references_and_faces),
    (Store.CONSENTS, _consents),
    (Store.RESIDENCY, _residency),
    (Store.INGEST_LEDGER, _ledger),
    (Store.PHOTOGRAPHS, _photographs),
    (Store.PERSONS, _persons),
)
"""In the order in which rows may go: what refers to a row goes before it."""

REACHED: frozenset[type[Model]] = frozenset(
    {
        Candidate,
        ConsentReceipt,
        Face,
        FirstVerdict,
        FusedReference,
        IngestItem,
        Person,
        Probe,
        Reference,
        ResidencyClaim,
        ReviewItem,
    }
)
"""Models with a column for a person, face, photograph, reference, receipt, candidate or probe that `STORES` reaches."""


def walk_stores(walk: Walk) -> dict[Store, int]:
    """Walk all stores; returns what was there, store by store."""
    return {store: function(walk) for store, function in STORES}


def _count(walk: Walk, table: str, column: str, keys: Sequence[str], more: str = "") -> int:
    number = 0
    for part in _parts(keys):
        marks = ", ".join(["%s"] * len(part))
        ((found,),) = walk.tx.execute(
            f"select count(*) from {table} where {column} in ({marks}){more}",  # noqa: S608 - names from this file
            list(part),
        )
        assert isinstance(found, int)
        number += found
    return number


def _parts[T](keys: Iterable[T]) -> Iterator[list[T]]:
    listed = list(keys)
    for start in range(0, len(listed), _QUERY):
        yield listed[start : start + _QUERY]
