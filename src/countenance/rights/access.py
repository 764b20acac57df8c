"""The pictures of an access package: the requester's own face as it is held, and each photograph with everybody else destroyed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from countenance.biometrics.geometry import Box
from countenance.biometrics.vocabulary import Detail
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import EmbedRule, PhotographExtraction
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.files import text_to_name
from countenance.records.cropping import open_crop
from countenance.records.models import Face, Photograph
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
        photograph, destroyed = _photograph(face, pool)
        shown.append(
            Shown(
                face=str(key),
                crop=open_crop(workspace, face),
                photograph=photograph,
                destroyed=destroyed,
            )
        )
    return shown


def _photograph(face: Face, pool: ExtractionPool) -> tuple[bytes | None, int]:
    data = read_photograph(face.photograph, most=pool.limits.max_bytes)
    if data is None:
        return None, 0
    box = Box(x=face.x, y=face.y, width=face.width, height=face.height)
    rule = EmbedRule(unlabelled=False, labels=(), show=(face.photograph.page, box))
    result = pool.submit(data, detail=Detail.FULL, rule=rule).result()
    if not isinstance(result, PhotographExtraction):
        return None, 0
    for page in result.pages:
        if page.shown:
            return page.shown, page.destroyed
    return None, 0


def read_photograph(photograph: Photograph, *, most: int) -> bytes | None:
    """The holder's file, if it is there and is the very one that was taken in; else None."""
    path = os.path.join(  # noqa: PTH118 - names in a source are bytes, and pathlib has none
        text_to_name(photograph.source.location), text_to_name(photograph.path)
    )
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - as above
            data = stream.read(most + 1)
    except OSError:
        return None
    return data if len(data) <= most and sha256_hex(data) == photograph.sha256 else None
