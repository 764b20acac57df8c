"""The geometry with which a face's crop was cut, from what its record holds."""

from __future__ import annotations

from countenance.biometrics.geometry import Box, Landmarks
from countenance.extraction.align import crop_bounds, points_in_crop
from countenance.extraction.values import GivenFace
from countenance.records.models import Face


def eye_share(face: Face) -> float:
    """Distance of the eyes as a share of the crop's width, by the geometry the crop was cut with."""
    left, _, right, _ = _bounds(face)
    return face.eye_distance / (right - left)


def given(face: Face) -> GivenFace:
    """Where the face is on its photograph, as it was detected."""
    return GivenFace(
        box=Box(x=face.x, y=face.y, width=face.width, height=face.height),
        landmarks=_landmarks(face),
        score=face.detector_score,
    )


def given_in_crop(face: Face, size: tuple[int, int]) -> GivenFace:
    """Where the face is on its crop, which is `size` (width, height) pixels large: nothing need be detected again."""
    width, height = size
    return GivenFace(
        box=Box(x=0.0, y=0.0, width=float(width), height=float(height)),
        landmarks=points_in_crop(_landmarks(face), _bounds(face), size),
        score=face.detector_score,
    )


def _bounds(face: Face) -> tuple[int, int, int, int]:
    box = Box(x=face.x, y=face.y, width=face.width, height=face.height)
    page = face.photograph
    return crop_bounds(box, page.width or 1 << 30, page.height or 1 << 30)


def _landmarks(face: Face) -> Landmarks:
    right_eye, left_eye, nose, right_mouth, left_mouth = ((float(x), float(y)) for x, y in face.landmarks)
    return Landmarks(
        right_eye=right_eye, left_eye=left_eye, nose=nose, right_mouth=right_mouth, left_mouth=left_mouth
    )
