"""The enrol step: what becomes of each face, against what was known of it before.

A row that was never enrolled is replaced by what is found now. An enrolled face keeps its row while person and template
stay; grounds that ended take their references with them, new ones add some. A face whose key was destroyed is never
enrolled again under the same id: its row is kept for the candidates that name it, under a negative number, and a new one
takes its place. Only enrolled faces have a crop: of the others the records keep where they are, and nothing to look at.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from countenance.biometrics.templates import SpaceId
from countenance.biometrics.vocabulary import FaceReason, FaceState, PhotographState
from countenance.extraction.values import FaceExtraction, PageExtraction
from countenance.index.head import NewRow
from countenance.ingest.desk import Brief, Desk, Ground, Named, Standing
from countenance.ingest.journal import crop_name
from countenance.ingest.taken import Sealed
from countenance.primitives.text import folded
from countenance.records.database import DjangoTransaction
from countenance.records.ending import end_references
from countenance.records.models import Face, Gallery, PermissionClass, Person, Photograph, Reference
from countenance.records.workspace import Workspace

_KEPT = frozenset({FaceState.ENROLLED.value, FaceState.WITHDRAWN.value})
"""States in which a row is kept for the candidates that name it."""

_HELD = frozenset({FaceReason.WHICH_FACE, FaceReason.LABEL_CONFLICT, FaceReason.NO_SUCH_FACE})


@dataclass(frozen=True, kw_only=True)
class PageEnd:
    """How a page ended. `complete`: nothing permitted had to be left out."""

    state: PhotographState
    reason: str
    complete: bool


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    """What is to become of one face. `grounds`: only where it is to be enrolled. `closed`: by a lock or an order, which
    stops what is new and ends nothing.
    """

    state: FaceState
    reason: str = ""
    rule: str = ""
    named: Named | None = None
    grounds: tuple[Ground, ...] = ()
    complete: bool = True
    closed: bool = False


_SUPPRESSED = _Verdict(state=FaceState.HELD, reason=FaceReason.SUPPRESSED)
"""Held without a name: whoever is on the list is not to be tied to a label by it."""


class FaceWriter:
    """Faces and references of one batch, inside its transaction. `withheld`: no search may reach what is enrolled."""

    def __init__(
        self,
        workspace: Workspace,
        tx: DjangoTransaction,
        desk: Desk,
        gallery: Gallery,
        now: datetime,
        *,
        withheld: bool = False,
    ) -> None:
        self._workspace = workspace
        self._tx = tx
        self._desk = desk
        self._withheld = withheld
        self._gallery = gallery
        self._now = now
        self._before: dict[uuid.UUID, dict[int, Face]] = {}
        self._lowest: dict[uuid.UUID, int] = {}
        self._classes: dict[Ground, int] = {}
        self._new_faces: list[Face] = []
        self._new_references: list[tuple[Reference, NewRow]] = []
        self._places: dict[str, tuple[set[uuid.UUID], int]] = {}
        self.used: set[uuid.UUID] = set()
        self.enrolled = 0
        self.ended = 0

    def load(self, photographs: Iterable[Photograph]) -> None:
        """Read the faces known of these photographs."""
        for face in Face.objects.filter(photograph__in=[photograph.pk for photograph in photographs]):
            if face.number >= 0:
                self._before.setdefault(face.photograph_id, {})[face.number] = face
            lowest = self._lowest.get(face.photograph_id, 0)
            self._lowest[face.photograph_id] = min(lowest, face.number)

    def by_place(self) -> dict[str, tuple[int, int]]:
        """Faces enrolled and references made in this batch, by jurisdiction."""
        return {place: (len(faces), references) for place, (faces, references) in self._places.items()}

    def settle(
        self,
        photograph: Photograph,
        page: PageExtraction,
        brief: Brief,
        sealed: Mapping[int, Sealed | None],
        *,
        looked_alike: bool,
        suppressed: frozenset[int] = frozenset(),
    ) -> PageEnd:
        """Decide and note every face of a page. `suppressed`: numbers of those to be held. `looked_alike`: the same models looked before, so numbers mean the same."""
        before = self._before.pop(photograph.pk, {})
        if not looked_alike:
            for face in before.values():
                self._retire(face)
            before = {}
        verdicts = [
            _SUPPRESSED if face.index in suppressed else self._verdict(face, brief, photograph)
            for face in page.faces
        ]
        for found, verdict in zip(page.faces, verdicts, strict=True):
            self._apply(photograph, found, verdict, before.get(found.index), sealed.get(found.index))
        return _page_end(page, verdicts)

    def flush(self) -> None:
        """Write new faces and references, and enrol them in the index."""
        Face.objects.bulk_create(self._new_faces)
        Reference.objects.bulk_create([reference for reference, _ in self._new_references])
        self._workspace.index.enrol(self._tx, [row for _, row in self._new_references])

    def _verdict(self, face: FaceExtraction, brief: Brief, photograph: Photograph) -> _Verdict:
        named = next((each for each in brief.named if each.key == face.label), None)
        erased = self._desk.barred.face(photograph.sha256, photograph.page, face.box)
        if erased is not None and (face.reason in _HELD or face.template is None):
            return _Verdict(state=FaceState.REFUSED, reason=FaceReason.ERASED, named=named)
        if face.reason in _HELD:
            refused = self._nobody_permitted(brief)
            if refused is None:
                return _Verdict(state=FaceState.HELD, reason=face.reason.value, named=named)
            return _refusal(refused, named)
        standing = self._desk.named(named) if named else self._desk.unlabelled(brief)
        standing = self._desk.unless_erased(standing, erased)
        if not standing.permitted:
            return _refusal(standing, named)
        if face.reason is not None:
            return _Verdict(state=FaceState.REFUSED, reason=face.reason.value, named=named)
        if face.template is None:
            # Permitted by now, but not when the photograph was looked at.
            return _Verdict(state=FaceState.REFUSED, reason=FaceReason.NO_BASIS, named=named, complete=False)
        return _Verdict(state=FaceState.ENROLLED, named=named, grounds=standing.grounds)

    def _nobody_permitted(self, brief: Brief) -> Standing | None:
        """The refusal, where none of the persons named may be enrolled: then there is nothing for a human to decide."""
        standings = [self._desk.named(named) for named in brief.named]
        if not standings or any(standing.permitted for standing in standings):
            return None
        return standings[0]

    def _apply(
        self,
        photograph: Photograph,
        found: FaceExtraction,
        verdict: _Verdict,
        before: Face | None,
        sealed: Sealed | None,
    ) -> None:
        if verdict.reason == FaceReason.ERASED.value and (before is None or before.state not in _KEPT):
            if before is not None:
                before.delete()
            return  # not even where it is
        person = self._person(verdict)
        enrol = verdict.state is FaceState.ENROLLED and sealed is not None
        if before is not None and before.state == FaceState.ENROLLED.value:
            if enrol and before.person_id == (person.pk if person else None):
                self._change_grounds(before, found, verdict.grounds)
                return
            if verdict.closed:
                return
            self._end(Reference.objects.filter(face=before))
            if not enrol:
                return  # withdrawn; its key goes after the commit
            self._move_aside(before)
        elif before is not None and before.state == FaceState.WITHDRAWN.value:
            if not enrol:
                return
            self._move_aside(before)
        elif before is not None:
            before.delete()
        face = _row(photograph, found, verdict, person)
        if enrol and sealed is not None and found.template is not None:
            face.id = sealed.face
            face.crop = crop_name(sealed.face)
            face.norm = found.template.norm
            face.space_id = found.template.space_id
            self.used.add(sealed.face)
            self.enrolled += 1
            for ground in verdict.grounds:
                self._reference(face, ground, found, sealed.template)
        self._new_faces.append(face)

    def _change_grounds(self, face: Face, found: FaceExtraction, grounds: tuple[Ground, ...]) -> None:
        """End what rests on a ground that is none any more, add what rests on a new one; the template stays."""
        held = {
            (reference.receipt_id, reference.basis_id, reference.permission_class_id): reference.pk
            for reference in Reference.objects.filter(face=face, ended_at__isnull=True)
        }
        wanted = {(ground.receipt, ground.basis, self._class(ground)): ground for ground in grounds}
        gone = [pk for key, pk in held.items() if key not in wanted]
        added = [ground for key, ground in wanted.items() if key not in held]
        if not gone and not added:
            return
        rows = self._tx.execute(
            "select sealed from index_template where face_id = %s and space_id = %s",
            (str(face.pk), face.space_id),
        )
        norm = face.norm
        if gone:
            self._end(Reference.objects.filter(pk__in=gone))
            Face.objects.filter(pk=face.pk).update(state=FaceState.ENROLLED.value, reason="", norm=norm)
        for ground in added:
            sealed = rows[0][0] if rows else None
            assert isinstance(sealed, bytes)  # an enrolled face has its template in the index
            self._reference(face, ground, found, sealed)

    def _reference(self, face: Face, ground: Ground, found: FaceExtraction, template: bytes) -> None:
        assert found.template is not None
        reference = Reference(
            face=face,
            gallery=self._gallery,
            permission_class_id=self._class(ground),
            receipt_id=ground.receipt,
            basis_id=ground.basis,
            enrolled_at=self._now,
        )
        row = NewRow(
            reference_id=str(reference.pk),
            face_id=str(face.pk),
            gallery_id=str(self._gallery.pk),
            class_id=self._class(ground),
            space_id=SpaceId(face.space_id),
            dimension=found.template.dimension,
            norm=found.template.norm,
            sealed=template,
        )
        self._new_references.append((reference, row))
        faces, references = self._places.get(ground.jurisdiction, (set(), 0))
        self._places[ground.jurisdiction] = (faces | {face.pk}, references + 1)

    def _class(self, ground: Ground) -> int:
        shape = Ground(
            receipt=None,
            basis=None,
            kind=ground.kind,
            purposes=ground.purposes,
            jurisdiction=ground.jurisdiction,
        )
        if shape not in self._classes:
            row, _ = PermissionClass.objects.get_or_create(
                gallery=self._gallery,
                basis_kind=ground.kind.value,
                purposes=ground.purposes,
                jurisdiction=ground.jurisdiction,
                withheld=self._withheld,
            )
            self._classes[shape] = row.pk
        return self._classes[shape]

    def _person(self, verdict: _Verdict) -> Person | None:
        """The person's row. One is made where a face is enrolled on a basis other than consent; else only found."""
        if verdict.named is None:
            return None
        label = verdict.named.person
        person = self._desk.persons.get(label)
        if person is None and verdict.state is FaceState.ENROLLED:
            person, _ = Person.objects.get_or_create(
                folded=folded(label),
                defaults={
                    "label": label,
                    "declared_minor": verdict.named.minor,
                    "created_at": self._now,
                },
            )
            self._desk.persons[label] = person
        return person

    def _retire(self, face: Face) -> None:
        """Other models look now: what they find is another face, even where it is the same."""
        if face.state == FaceState.ENROLLED.value:
            self._end(Reference.objects.filter(face=face))
        if face.state in {FaceState.ENROLLED.value, FaceState.WITHDRAWN.value}:
            self._move_aside(face)
        else:
            face.delete()

    def _end(self, references: QuerySet[Reference]) -> None:
        self.ended += end_references(self._workspace, self._tx, references, self._now)

    def _move_aside(self, face: Face) -> None:
        number = self._lowest.get(face.photograph_id, 0) - 1
        self._lowest[face.photograph_id] = number
        Face.objects.filter(pk=face.pk).update(number=number)


def _refusal(standing: Standing, named: Named | None) -> _Verdict:
    refused = standing.refused
    if refused is None:
        return _Verdict(state=FaceState.REFUSED, reason=FaceReason.NO_BASIS, named=named)
    return _Verdict(
        state=FaceState.REFUSED,
        reason=refused.reason,
        rule=refused.rule,
        named=named,
        closed=standing.closed,
    )


def _page_end(page: PageExtraction, verdicts: list[_Verdict]) -> PageEnd:
    complete = all(verdict.complete for verdict in verdicts)
    unplaced = page.unplaced[0][1].value if page.unplaced else ""
    for state, end in (
        (FaceState.ENROLLED, PhotographState.DONE),
        (FaceState.HELD, PhotographState.HELD),
        (FaceState.REFUSED, PhotographState.REFUSED),
    ):
        first = next((verdict for verdict in verdicts if verdict.state is state), None)
        if first is not None:
            return PageEnd(state=end, reason=first.reason or unplaced, complete=complete)
    return PageEnd(state=PhotographState.NO_FACE, reason=unplaced, complete=complete)


def _row(photograph: Photograph, found: FaceExtraction, verdict: _Verdict, person: Person | None) -> Face:
    return Face(
        photograph=photograph,
        number=found.index,
        x=found.box.x,
        y=found.box.y,
        width=found.box.width,
        height=found.box.height,
        landmarks=[list(point) for point in found.landmarks.points()],
        detector_score=found.detector_score,
        eye_distance=found.eye_distance,
        quality=frozenset(reason.value for reason in found.quality),
        components=dict(found.components),
        person=person,
        state=verdict.state.value,
        reason=verdict.reason,
        rule=verdict.rule,
    )
