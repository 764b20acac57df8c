"""What a reviewer sees of a pair: faces, and nothing else."""

from __future__ import annotations

import base64
from datetime import datetime

from countenance.primitives.canonical import Json
from countenance.records.cropping import eye_share
from countenance.records.liveness import live_references
from countenance.records.models import Candidate, Probe, Review, ReviewItem
from countenance.records.photographs import open_crop
from countenance.records.sealing import CROP_PART
from countenance.records.workspace import Workspace
from countenance.review.fillers import fillers
from countenance.vault.vault import Sealed

_ANY = 0.26
"""About what the share of the eyes is; for the probes of an older release, of which it is not known."""


def is_live(item: ReviewItem, now: datetime) -> bool:
    """Whether the pair may still be shown: the candidate's basis is live at this moment. A filler always may."""
    return item.candidate is None or is_live_candidate(item.candidate, now)


def is_live_candidate(candidate: Candidate, now: datetime) -> bool:
    """Whether the candidate's basis is live at this moment."""
    reference = candidate.reference
    return bool(
        live_references(
            [reference.pk], now, gallery=str(reference.gallery_id), classes=[reference.permission_class_id]
        )
    )


def pair_pictures(workspace: Workspace, review: Review, item: ReviewItem) -> dict[str, Json]:
    """`probe`: a list of pictures, `face`: one. A picture is its JPEG (base64) and its `eye_share`."""
    return {"probe": probe_pictures(workspace, review), "face": face_picture(workspace, item)}


def probe_pictures(workspace: Workspace, review: Review) -> list[Json]:
    """The faces that were searched with; those whose key is destroyed are left out."""
    probes = [row for row in Probe.objects.filter(search_id=review.search_id).order_by("number") if row.crop]
    plain = workspace.vault.unseal_existing(
        [Sealed(record_id=row.pk, part=CROP_PART, data=bytes(row.crop)) for row in probes]
    )
    return [picture(crop, row.eye_share) for row, crop in zip(probes, plain, strict=True) if crop is not None]


def face_picture(workspace: Workspace, item: ReviewItem) -> Json:
    """The candidate's face, or the filler's: nothing tells one from the other. None where the key has gone."""
    if item.candidate is None:
        filler = fillers()[item.filler]
        return picture(filler.crop, filler.eye_share)
    face = item.candidate.face
    crop = open_crop(workspace, face)
    return None if crop is None else picture(crop, eye_share(face))


def picture(crop: bytes, share: float) -> dict[str, Json]:
    """One picture as it is handed out."""
    return {"jpeg": base64.b64encode(crop).decode("ascii"), "eye_share": round(share or _ANY, 6)}
