"""Photographs -> probe: one face of each, fused. Needs a grant: without permission no template is made."""

from __future__ import annotations

import math
from concurrent.futures import Future
from dataclasses import replace

from countenance.biometrics.templates import Template, fuse
from countenance.biometrics.vocabulary import Detail, QualityReason
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import (
    PROBE_RULE,
    ExtractionFailed,
    ExtractionResult,
    FaceExtraction,
    Unreadable,
)
from countenance.policy.grants import Grant
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.search.values import FailureToAcquire, Probe, ProbeFace, SearchRequest, WhichFace


def make_probe(
    grant: Grant, request: SearchRequest, pool: ExtractionPool, *, weak_below: float = 0.0
) -> Probe | WhichFace | FailureToAcquire:
    """Extract every photograph at once, then take the sought face of each. `weak_below`: norm under which a template is called
    weak, by the gallery's own evaluation, where that is above the pack's.

    Raises UsageError where a face number is named that the photograph does not have.
    """
    pending = [
        pool.submit(photograph, detail=Detail.STANDARD, rule=PROBE_RULE) for photograph in request.photographs
    ]
    parts: list[tuple[ProbeFace, Template]] = []
    for number, future in enumerate(pending):
        taken = _take(number, request.faces[number], future)
        if isinstance(taken, WhichFace | FailureToAcquire):
            return taken
        face, template = taken
        if template.norm < weak_below:
            face = replace(face, quality=_with_weak(face.quality))
        parts.append((face, template))
    return Probe(grant=grant, template=fuse([template for _, template in parts]), parts=tuple(parts))


def _take(
    photograph: int, wanted: int | None, future: Future[ExtractionResult]
) -> tuple[ProbeFace, Template] | WhichFace | FailureToAcquire:
    result = future.result()
    if isinstance(result, Unreadable | ExtractionFailed):
        return FailureToAcquire(photograph=photograph, reason=result.reason.value)
    page = result.pages[0]
    if page.unreadable is not None:
        return FailureToAcquire(photograph=photograph, reason=page.unreadable.value)
    faces = [face for face in page.faces if face.template is not None]
    if not faces:
        return FailureToAcquire(photograph=photograph, reason="no-face")
    if wanted is None:
        if len(faces) > 1:
            return WhichFace(
                photograph=photograph, faces=tuple(_describe(photograph, face) for face in faces)
            )
        chosen = faces[0]
    else:
        named = [face for face in faces if face.index == wanted]
        if not named:
            raise UsageError(
                N_("Photograph {photograph} has no face {face}; its faces are {known}."),
                code="no-such-face",
                photograph=photograph + 1,
                face=wanted,
                known=", ".join(str(face.index) for face in faces),
            )
        chosen = named[0]
    if chosen.template is None:  # excluded above; said again for the type
        return FailureToAcquire(photograph=photograph, reason="no-face")
    return _describe(photograph, chosen), chosen.template


def _with_weak(quality: tuple[QualityReason, ...]) -> tuple[QualityReason, ...]:
    named = {*quality, QualityReason.WEAK_TEMPLATE}
    return tuple(reason for reason in QualityReason if reason in named)


def eye_share(face: FaceExtraction) -> float:
    """The distance of the eyes as a share of the crop's width, so that faces can be shown at one size."""
    import simplejpeg

    _, width, _, _ = simplejpeg.decode_jpeg_header(face.crop)
    (x1, y1), (x2, y2) = face.crop_landmarks.right_eye, face.crop_landmarks.left_eye
    return math.hypot(x2 - x1, y2 - y1) / float(width)


def _describe(photograph: int, face: FaceExtraction) -> ProbeFace:
    return ProbeFace(
        photograph=photograph,
        number=face.index,
        box=face.box,
        eye_distance=face.eye_distance,
        eye_share=eye_share(face),
        norm=face.norm or 0.0,
        quality=face.quality,
        components=face.components,
        crop=face.crop,
    )
