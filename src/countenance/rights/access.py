"""The pictures of an access package: the requester's own face as it is held, and each photograph with everybody else destroyed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from countenance.extraction.pool import ExtractionPool
from countenance.records.models import Face
from countenance.records.photographs import open_crop, photograph_of
from countenance.records.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The pictures of one face. `crop`: as held (JPEG), None where its key is destroyed. `photograph`: JPEG, None where the
    holder's file is not there any more, or not the same. `destroyed`: faces of others on it.
    """

    face: str
    crop: bytes | None = field(repr=False)
    photograph: bytes | None = field(repr=False)
    destroyed: int


def pictures_of(workspace: Workspace, faces: Iterable[str], pool: ExtractionPool) -> list[Shown]:
    """The pictures of these faces (ids), in order. Nothing is embedded, and the photograph is decoded by a worker."""
    wanted = [uuid.UUID(face) for face in faces]
    rows = Face.objects.select_related("photograph__source").in_bulk(wanted)
    shown = []
    for key in wanted:
        face = rows.get(key)
        if face is None:
            continue
        photograph, destroyed = photograph_of(face, pool)
        shown.append(
            Shown(
                face=str(key),
                crop=open_crop(workspace, face),
                photograph=photograph,
                destroyed=destroyed,
            )
        )
    return shown
