"""The geometry with which a face's crop was cut, from what its record holds."""

from __future__ import annotations

from countenance.biometrics.geometry import Box
from countenance.extraction.align import crop_bounds
from countenance.records.models import Face


def eye_share(face: Face) -> float:
    """Distance of the eyes as a share of the crop's width, by the geometry the crop was cut with."""
    box = Box(x=face.x, y=face.y, width=face.width, height=face.height)
    page = face.photograph
    width, height = page.width or 1 << 30, page.height or 1 << 30
    left, _, right, _ = crop_bounds(box, width, height)
    return face.eye_distance / (right - left)
