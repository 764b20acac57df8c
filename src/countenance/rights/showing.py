"""Faces that were found for a request, with their crops, as the desk and the requester are shown them."""

from __future__ import annotations

from dataclasses import dataclass, field

from countenance.records import models
from countenance.records.photographs import open_crop
from countenance.records.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class FoundFace:
    """A face that may be the requester's: where it is, and its crop (JPEG). Not whose it is said to be."""

    number: int
    source: str
    photograph: str
    face: int
    confirmed: bool
    crop: bytes = field(repr=False)


def show_faces(workspace: Workspace, rows: list[models.RequestFaceRecord]) -> list[FoundFace]:
    """Found faces with their crops; one whose key is destroyed is left out."""
    faces = models.Face.objects.select_related("photograph__source").in_bulk([row.face_id for row in rows])
    shown = []
    for row in rows:
        face = faces.get(row.face_id)
        crop = open_crop(workspace, face) if face is not None else None
        if face is not None and crop is not None:
            shown.append(
                FoundFace(
                    number=row.number,
                    source=face.photograph.source.name,
                    photograph=face.photograph.path,
                    face=face.number,
                    confirmed=row.confirmed_at is not None,
                    crop=crop,
                )
            )
    return shown
