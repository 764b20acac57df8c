"""Pictures of a face on record: its crop as it is held, and the holder's photograph with every other face on it destroyed."""

from __future__ import annotations

import os

from countenance.biometrics.geometry import Box
from countenance.biometrics.vocabulary import Detail
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import EmbedRule, PhotographExtraction
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import NotFoundError
from countenance.primitives.files import text_to_name
from countenance.records.models import Face, Photograph
from countenance.records.sealing import CROP_PART
from countenance.records.workspace import Workspace
from countenance.vault.vault import Sealed


def open_crop(workspace: Workspace, face: Face) -> bytes | None:
    """The crop of a face (JPEG), or None where none is kept or its key is destroyed."""
    if not face.crop:
        return None
    try:
        sealed = workspace.media.get(face.crop)
    except NotFoundError:
        return None
    return workspace.vault.unseal_existing([Sealed(record_id=face.pk, part=CROP_PART, data=sealed)])[0]


def photograph_of(face: Face, pool: ExtractionPool) -> tuple[bytes | None, int]:
    """The photograph on which only this face is left (JPEG), and how many others were destroyed in its pixels.

    None where the holder's file is not there any more, or not the same. Nothing is embedded; a worker decodes it.
    """
    data = read_photograph(face.photograph, most=pool.limits.max_bytes)
    if data is None:
        return None, 0
    box = Box(x=face.x, y=face.y, width=face.width, height=face.height)
    others = Face.objects.filter(photograph=face.photograph).exclude(pk=face.pk)
    known = (
        Box(x=x, y=y, width=w, height=h) for x, y, w, h in others.values_list("x", "y", "width", "height")
    )
    rule = EmbedRule(unlabelled=False, labels=(), show=(face.photograph.page, box), hide=tuple(known))
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
