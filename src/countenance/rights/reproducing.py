"""A search made again from what was sealed with it: is the probe that was searched with the one that is kept, and are the scores?

Nothing is searched: the gallery has moved on, and no grant stands behind it. The sealed picture becomes a template again, which
must be the sealed one; the probe's templates are fused and compared with the references that made each score, fused in turn.
What was erased or has ended since is not compared, and is counted.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from countenance.biometrics.geometry import Box
from countenance.biometrics.templates import SpaceId, Template, fuse
from countenance.biometrics.vocabulary import Detail
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import PROBE_RULE, PhotographExtraction
from countenance.index.head import template_part
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.errors import NotFoundError
from countenance.records.models import Candidate, Probe, Search
from countenance.records.photographs import open_crop
from countenance.records.references import face_templates, fused_score
from countenance.records.sealing import CROP_PART, PICTURE_PART
from countenance.records.workspace import Workspace
from countenance.vault.vault import Sealed

SCORE_TOLERANCE = 0.01
"""Cosine. The index scores from int8 values, here float32 is compared: their difference stays well below this."""
SAME_TEMPLATE = 0.9999
"""Cosine from which a template is the same: models run in float32, and not bit for bit alike on every processor."""


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What came of it. `probe`: one object per photograph. `scores`: by candidate, `score`, `same`, `order`; none where the
    template is gone. `summary`: `done`, `why` not, and whether all that could be compared was as recorded. `pictures`: JPEG.
    """

    probe: Sequence[Json]
    scores: Mapping[uuid.UUID, Json]
    summary: Mapping[str, Json]
    pictures: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """One photograph of the probe, opened. `again`: the template made anew; None where the picture gives none."""

    said: dict[str, Json]
    sealed: Template | None
    cosine: float | None
    pictures: dict[str, bytes] = field(repr=False)


def reproduce(workspace: Workspace, search: Search, pool: ExtractionPool) -> Reproduction:
    """Make the search's probe and its scores again. Never raises for what is gone: it says so."""
    opened = [_open(workspace, search, row, pool) for row in search.probes.order_by("number")]
    pictures = {name: data for each in opened for name, data in each.pictures.items()}
    probe: list[Json] = [each.said for each in opened]
    why = None
    if search.space_id != workspace.models.space_id:
        why = "other-model"  # what runs now cannot make a template of that space
    elif not opened or any(each.sealed is None for each in opened):
        why = "probe-gone"
    if why is not None:
        return Reproduction(probe=probe, scores={}, summary={"done": False, "why": why}, pictures=pictures)
    fused = fuse([each.sealed for each in opened if each.sealed is not None])
    scores = _scores(workspace, search, fused)
    listed = search.candidates.count()
    made_again = all(each.cosine is not None and each.cosine >= SAME_TEMPLATE for each in opened)
    summary: dict[str, Json] = {
        "done": True,
        "template_made_again": made_again,
        "compared": len(scores),
        "gone": listed - len(scores),
        "same_scores": all(bool(each["same"]) for each in scores.values()),
        "same_order": _ordered(search, scores),
        "tolerance": SCORE_TOLERANCE,
    }
    return Reproduction(probe=probe, scores=dict(scores), summary=summary, pictures=pictures)


def own_faces(workspace: Workspace, candidates: Sequence[Candidate]) -> dict[str, bytes]:
    """The faces of the requester that stood on the list, as they are held (JPEG), by file name."""
    crops = {f"face-{each.rank:02d}.jpg": open_crop(workspace, each.face) for each in candidates}
    return {name: crop for name, crop in crops.items() if crop is not None}


def _open(workspace: Workspace, search: Search, row: Probe, pool: ExtractionPool) -> _Opened:
    box = Box(x=row.box[0], y=row.box[1], width=row.box[2], height=row.box[3])
    said: dict[str, Json] = {
        "number": row.number + 1,
        "sha256": row.sha256,
        "face": row.face_number,
        "box": [round(each) for each in row.box],
        "norm": round(row.norm, 4),
        "quality": list[Json](sorted(row.quality)),
        "components": row.components,
        "edits": list[Json](_edits(workspace, search)),
    }
    parts = ((PICTURE_PART, _media(workspace, row.picture)), (CROP_PART, bytes(row.crop)))
    items = [Sealed(record_id=row.pk, part=part, data=data) for part, data in parts if data]
    items.append(Sealed(record_id=row.pk, part=template_part(search.space_id), data=bytes(row.template)))
    plain = dict(zip([item.part for item in items], workspace.vault.unseal_existing(items), strict=True))
    picture, crop = plain.get(PICTURE_PART), plain.get(CROP_PART)
    template = plain[template_part(search.space_id)]
    said["kept"] = picture is not None
    said["unchanged"] = picture is not None and sha256_hex(picture) == row.sha256
    pictures: dict[str, bytes] = {}
    if crop is not None:
        pictures[f"probe-{row.number + 1:02d}-face.jpg"] = crop
    sealed = None if template is None else _template(template, row.norm, search)
    cosine = None
    if picture is not None:
        rule = replace(PROBE_RULE, show=(0, box))
        result = pool.submit(picture, detail=Detail.STANDARD, rule=rule).result()
        page = result.pages[0] if isinstance(result, PhotographExtraction) else None
        if page is not None and page.shown:
            pictures[f"probe-{row.number + 1:02d}.jpg"] = page.shown
            said["destroyed"] = page.destroyed
        faces = page.faces if page is not None else ()
        made = next((face.template for face in faces if face.index == row.face_number), None)
        if made is not None and sealed is not None and made.space_id == sealed.space_id:
            cosine = float(np.dot(made.vector, sealed.vector))
    said["made_again"] = None if cosine is None else round(cosine, 6)
    return _Opened(said=said, sealed=sealed, cosine=cosine, pictures=pictures)


def _edits(workspace: Workspace, search: Search) -> list[str]:
    """What is done here to a picture between its bytes and its template, in order. Nothing else is."""
    steps = ["orientation-applied", "face-chosen", "aligned", "centre-subtracted"]
    if workspace.models.mirrored:
        steps.append("averaged-with-mirror-image")
    if search.probes.count() > 1:
        steps.append("averaged-with-other-photographs")
    return steps


def _scores(workspace: Workspace, search: Search, probe: Template) -> dict[uuid.UUID, dict[str, Json]]:
    """The score of each candidate whose references are all still there, made again."""
    rows = search.candidates.select_related("reference").prefetch_related("fused__reference")
    behind = {row: [each.reference for each in row.fused.all()] or [row.reference] for row in rows}
    vectors = face_templates(
        workspace, {each.face_id for several in behind.values() for each in several}, search.space_id
    )
    scores: dict[uuid.UUID, dict[str, Json]] = {}
    for row, several in behind.items():
        there = [each for each in several if each.ended_at is None and each.face_id in vectors]
        if len(there) == row.references:
            score = fused_score([vectors[each.face_id] for each in there], probe.vector)
            same = abs(score - row.score) <= SCORE_TOLERANCE
            scores[row.pk] = {"score": round(score, 6), "same": same}
    return scores


def _ordered(search: Search, scores: Mapping[uuid.UUID, Mapping[str, Json]]) -> bool:
    """Whether the scores that were made again fall from rank to rank, but for what the tolerance allows."""
    keys = search.candidates.order_by("rank").values_list("pk", flat=True)
    again = [float(str(scores[key]["score"])) for key in keys if key in scores]
    return all(low <= high + SCORE_TOLERANCE for high, low in pairwise(again))


def _template(data: bytes, norm: float, search: Search) -> Template:
    vector = np.frombuffer(data, dtype="<f4").astype(np.float32)
    return Template(vector=vector, norm=norm, space_id=SpaceId(search.space_id))


def _media(workspace: Workspace, name: str) -> bytes:
    try:
        return workspace.media.get(name)
    except (NotFoundError, FileNotFoundError):
        return b""
