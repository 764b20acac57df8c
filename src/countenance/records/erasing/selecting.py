"""What an erasure reaches, in batches: each small enough for one transaction, and chosen from what is still there.

A batch that was erased is not there to be chosen again, so an erasure that was cut short goes on where it stopped.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from django.db.models import Model, Q, QuerySet

from countenance.records.erasing.residency import faces_of_place, people_of
from countenance.records.erasing.scope import ErasureScope
from countenance.records.erasing.vocabulary import ResidencyRule, ScopeKind
from countenance.records.models import (
    Case,
    ConsentReceipt,
    Face,
    Gallery,
    Person,
    Photograph,
    Reference,
    Source,
)

BATCH = 2_000
"""Persons, photographs or cases of one transaction."""

_QUERY = 500


@dataclass(frozen=True, kw_only=True)
class Spared:
    """What holds keep back, by ids. `holds`: how many persons, photographs and cases each hold keeps, by its code."""

    people: frozenset[uuid.UUID] = frozenset()
    photographs: frozenset[uuid.UUID] = frozenset()
    cases: frozenset[uuid.UUID] = frozenset()
    holds: Mapping[str, int] = field(default_factory=dict)


NOTHING_SPARED = Spared()


@dataclass(frozen=True, kw_only=True)
class FaceRow:
    """A face to erase. `box`: x, y, width, height in displayed pixels. `crop`: name in the media store, or empty."""

    id: uuid.UUID
    photograph: uuid.UUID
    sha256: str
    page: int
    box: list[float]
    crop: str
    enrolled: bool


@dataclass(kw_only=True)
class Selection:
    """Rows of one batch. `photographs`: whole ones, by id with their SHA-256. `people`: id to label.

    `searches`: whose candidate lists go. `runs`: ingest runs whose items go. `payloads`: numbers of log entries.
    """

    people: dict[uuid.UUID, str] = field(default_factory=dict)
    photographs: dict[uuid.UUID, str] = field(default_factory=dict)
    faces: list[FaceRow] = field(default_factory=list)
    references: list[uuid.UUID] = field(default_factory=list)
    receipts: list[uuid.UUID] = field(default_factory=list)
    cases: list[uuid.UUID] = field(default_factory=list)
    searches: list[uuid.UUID] = field(default_factory=list)
    probes: list[uuid.UUID] = field(default_factory=list)
    reviews: list[uuid.UUID] = field(default_factory=list)
    requests: list[uuid.UUID] = field(default_factory=list)
    runs: list[uuid.UUID] = field(default_factory=list)
    payloads: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(
            (
                *(self.people, self.photographs, self.faces, self.references, self.receipts, self.cases),
                *(self.searches, self.probes, self.reviews, self.requests, self.runs, self.payloads),
            )
        )


def select(
    scope: ErasureScope, *, spare: Spared = NOTHING_SPARED, most: int = BATCH
) -> Iterator[Callable[[], Selection]]:
    """The batches of a scope. Each is chosen when it is called for, inside the transaction that erases it.

    `spare`: what a hold keeps back.
    """
    if scope.kind is ScopeKind.LIMIT:
        from countenance.records.erasing.due import due  # it builds on what is here

        yield from due(scope.target, spare=spare, most=most)
    elif scope.kind is ScopeKind.PERSON:
        yield lambda: _of_people({scope.key} - spare.people)
    elif scope.kind is ScopeKind.PHOTOGRAPH:
        yield lambda: of_photographs({scope.key} - spare.photographs)
    elif scope.kind is ScopeKind.FACE:
        yield lambda: of_faces(Face.objects.filter(pk=scope.key), spare)
    elif scope.kind in {ScopeKind.SOURCE, ScopeKind.GALLERY}:
        place = Q(source=scope.key) if scope.kind is ScopeKind.SOURCE else Q(source__gallery=scope.key)
        keys = list(Photograph.objects.filter(place).order_by("pk").values_list("pk", flat=True))
        for part in parts([key for key in keys if key not in spare.photographs], most):
            yield partial(of_photographs, part)
        if scope.kind is ScopeKind.GALLERY:
            yield lambda: _receipts_of(scope.key, spare)
    elif scope.kind is ScopeKind.CLIENT:
        cases = list(Case.objects.filter(client=scope.key).order_by("pk").values_list("pk", flat=True))
        for part in parts([key for key in cases if key not in spare.cases], most):
            yield partial(_of_cases, part)
    else:
        yield from _of_place(scope, spare, most)


def _of_place(scope: ErasureScope, spare: Spared, most: int) -> Iterator[Callable[[], Selection]]:
    rule = scope.rule or ResidencyRule.PRECAUTIONARY
    people = sorted(people_of(scope.target, rule) - spare.people)
    for part in parts(people, most):
        yield partial(_of_people, part)
    if rule is ResidencyRule.PRECAUTIONARY:
        for part in parts(faces_of_place(scope.target), most):
            yield partial(of_faces, Face.objects.filter(pk__in=part), spare)


def select_ids(
    *, people: Collection[uuid.UUID], photographs: Collection[uuid.UUID], faces: Collection[uuid.UUID]
) -> Selection:
    """What is there of these people, photographs and faces, and nothing besides them."""
    chosen = _of_people(people)
    whole = of_photographs(photographs)
    chosen.photographs |= whole.photographs
    held = {face.id for face in chosen.faces}
    chosen.faces += [face for face in whole.faces if face.id not in held]
    held = {face.id for face in chosen.faces}
    single = [key for key in faces if key not in held]
    for part in parts(single, _QUERY):
        _add_faces(chosen, Face.objects.filter(pk__in=part))
    chosen.references = []
    _add_references(chosen)
    return chosen


def ids_of(scope: ErasureScope) -> Mapping[str, str]:
    """What policy and log are told of a scope: its place, where it has one."""
    if scope.kind is ScopeKind.JURISDICTION:
        return {"jurisdiction": scope.target}
    if scope.kind is ScopeKind.SOURCE:
        row = Source.objects.select_related("basis").filter(pk=scope.key).first()
        return {"jurisdiction": row.basis.jurisdiction} if row else {}
    if scope.kind is ScopeKind.GALLERY:
        place = Gallery.objects.filter(pk=scope.key).values_list("jurisdiction", flat=True).first()
        return {"jurisdiction": place} if place else {}
    return {}


def _of_cases(keys: Collection[uuid.UUID]) -> Selection:
    return Selection(cases=there(Case, keys))


def _of_people(keys: Collection[uuid.UUID]) -> Selection:
    chosen = Selection()
    for part in parts(sorted(keys), _QUERY):
        chosen.people.update(Person.objects.filter(pk__in=part).values_list("pk", "label"))
        chosen.receipts += ConsentReceipt.objects.filter(person__in=part).values_list("pk", flat=True)
        _add_faces(chosen, Face.objects.filter(person__in=part))
    _add_references(chosen)
    _add_bare_photographs(chosen)
    return chosen


def of_faces(faces: QuerySet[Face], spare: Spared = NOTHING_SPARED) -> Selection:
    """These faces with their references, but for those in photographs that a hold keeps."""
    chosen = Selection()
    _add_faces(chosen, faces)
    chosen.faces = [face for face in chosen.faces if face.photograph not in spare.photographs]
    _add_references(chosen)
    return chosen


def of_photographs(keys: Collection[uuid.UUID]) -> Selection:
    """These photographs with all their faces."""
    chosen = Selection()
    for part in parts(sorted(keys), _QUERY):
        chosen.photographs.update(Photograph.objects.filter(pk__in=part).values_list("pk", "sha256"))
        _add_faces(chosen, Face.objects.filter(photograph__in=part))
    _add_references(chosen)
    return chosen


def _receipts_of(gallery: uuid.UUID, spare: Spared) -> Selection:
    rows = ConsentReceipt.objects.filter(gallery=gallery).values_list("pk", "person_id")
    return Selection(receipts=[key for key, person in rows if person not in spare.people])


def _add_faces(chosen: Selection, faces: QuerySet[Face]) -> None:
    rows = faces.values_list(
        "pk",
        "photograph_id",
        "photograph__sha256",
        "photograph__page",
        "x",
        "y",
        "width",
        "height",
        "crop",
        "space_id",
    )
    chosen.faces += [
        FaceRow(
            id=key,
            photograph=photograph,
            sha256=sha256,
            page=page,
            box=[x, y, width, height],
            crop=crop,
            enrolled=bool(space),
        )
        for key, photograph, sha256, page, x, y, width, height, crop, space in rows
    ]


def _add_references(chosen: Selection) -> None:
    for part in parts([face.id for face in chosen.faces], _QUERY):
        chosen.references += Reference.objects.filter(face__in=part).values_list("pk", flat=True)


def _add_bare_photographs(chosen: Selection) -> None:
    """Photographs that show nobody else: their rows say where the person was, and go too."""
    going = {face.id for face in chosen.faces}
    pictures = {face.photograph: face.sha256 for face in chosen.faces}
    others: set[uuid.UUID] = set()
    for part in parts(sorted(pictures), _QUERY):
        rows = Face.objects.filter(photograph__in=part).values_list("pk", "photograph_id")
        others.update(photograph for face, photograph in rows if face not in going)
    chosen.photographs.update((key, sha256) for key, sha256 in pictures.items() if key not in others)


def there(kind: type[Model], keys: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """Those of `keys` that have a row."""
    found: list[uuid.UUID] = []
    for part in parts(sorted(keys), _QUERY):
        found += kind._default_manager.filter(pk__in=part).values_list("pk", flat=True)  # noqa: SLF001 - Django's documented name
    return found


def parts(keys: Collection[uuid.UUID], most: int) -> Iterator[list[uuid.UUID]]:
    """`keys`, at most so many at a time."""
    listed = list(keys)
    for start in range(0, len(listed), most):
        yield listed[start : start + most]
