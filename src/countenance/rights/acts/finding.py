"""Which faces are the requester's: found by what they gave, confirmed by a person who has looked. Only after verification."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import Q

from countenance.acting.step import Outcome, Step
from countenance.primitives.canonical import Json
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Face, RequestFaceRecord, RequestRecord
from countenance.rights.desk import verified_request
from countenance.rights.values import Pointer, VerifiedRequest

MOST_FACES = 500


def find(step: Step) -> Outcome:
    """Look up what the requester pointed at. Faces under their own receipt are theirs; those of a photograph are to be looked at."""
    verified = verified_request(step.workspace, step.params.text("request"))
    request = verified.request
    if request.pointer is Pointer.OWN_FACE:
        raise UsageError(
            N_("This request is to be found by the requester's own face."),
            remedy=N_("Search with the picture: countenance request search {request} PHOTO"),
            code="request-own-face",
            request=request.row.number,
        )
    faces = list(_pointed_at(verified).select_related("photograph__source", "person")[: MOST_FACES + 1])
    if len(faces) > MOST_FACES:
        raise UsageError(
            N_("That points at more than {most} faces."),
            remedy=N_("Ask for something narrower, such as the id of the photograph."),
            code="request-too-many",
            most=MOST_FACES,
        )
    own = request.pointer is Pointer.RECEIPT
    rows = note_faces(request.row, [(face.pk, None) for face in faces])
    if own:
        request.row.faces.update(confirmed_at=step.now, confirmed_by=step.caller.account)
    shown = {face.pk: face for face in faces}
    return Outcome(
        record={
            "request": request.row.number,
            "faces": [_describe(row, shown[row.face_id], confirmed=own) for row in rows],
        },
        event=Event.REQUEST_SEARCHED,
        details={"request": str(request.id), "by": request.pointer.value, "faces": len(rows)},
    )


def note_faces(
    row: RequestRecord, found: Iterable[tuple[uuid.UUID, float | None]]
) -> list[RequestFaceRecord]:
    """Keep which faces are to be looked at, in place of what was to be looked at before. Confirmed ones stay."""
    row.faces.filter(confirmed_at__isnull=True).delete()
    held = {face.face_id: face for face in row.faces.all()}
    last = max((face.number for face in held.values()), default=0)
    rows = []
    for face_id, score in found:
        if face_id not in held:
            last += 1
            held[face_id] = RequestFaceRecord.objects.create(
                request=row, number=last, face_id=face_id, score=score
            )
        rows.append(held[face_id])
    return rows


def confirm(step: Step) -> Outcome:
    """Say which of the faces are the requester's, by their numbers. All others are forgotten at once."""
    verified = verified_request(step.workspace, step.params.text("request"))
    row = verified.request.row
    numbers = step.params.json.get("faces")
    if not isinstance(numbers, list | tuple) or not all(type(each) is int for each in numbers):
        raise UsageError(N_("A face is named by its number: 0, 1, 2 ..."), code="faces")
    wanted = {int(each) for each in numbers if isinstance(each, int)}
    known = set(row.faces.values_list("number", flat=True))
    if wanted - known:
        raise NotFoundError(
            N_("There is no face {face} to confirm."),
            remedy=N_("Look again: countenance request search, or find"),
            code="request-face-missing",
            face=min(wanted - known),
        )
    row.faces.filter(number__in=wanted, confirmed_at__isnull=True).update(
        confirmed_at=step.now, confirmed_by=step.caller.account
    )
    dropped, _ = row.faces.exclude(number__in=wanted).delete()
    return Outcome(
        record={"request": row.number, "confirmed": len(wanted), "forgotten": dropped},
        event=Event.REQUEST_CONFIRMED,
        details={"request": str(row.pk), "confirmed": len(wanted), "forgotten": dropped},
    )


def _pointed_at(verified: VerifiedRequest):  # type: ignore[no-untyped-def]
    request = verified.request
    value = request.said["value"]
    faces = Face.objects.order_by("photograph__path", "number")
    if request.pointer is Pointer.RECEIPT:
        return faces.filter(person_id=verified.person_id) if verified.person_id else faces.none()
    if request.pointer is Pointer.PHOTOGRAPH:
        try:
            return faces.filter(photograph_id=uuid.UUID(value))
        except ValueError:
            return faces.none()
    return faces.filter(Q(photograph__source_ref=value) | Q(photograph__path=value))


def _describe(row: RequestFaceRecord, face: Face, *, confirmed: bool) -> dict[str, Json]:
    return {
        "number": row.number,
        "photograph": face.photograph.path,
        "source": face.photograph.source.name,
        "face": face.number,
        "box": [round(each) for each in (face.x, face.y, face.width, face.height)],
        "state": face.state,
        "confirmed": confirmed or row.confirmed_at is not None,
    }
