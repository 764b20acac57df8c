"""A photograph for one of the people on it: every other face is destroyed, in pixels, before the picture is encoded anew.

A blur can be undone in part (R. McPherson et al., "Defeating Image Obfuscation with Deep Learning", 2016); a rectangle of
one colour holds nothing to undo. What the detector does not find stays: a person looks before the picture is handed out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from countenance.biometrics.geometry import Box
from countenance.extraction.page import Page

LONGEST = 1280
"""Pixels of the long side, at most: enough to know a scene again."""
_MARGIN = 0.45
"""How far around a face box is destroyed, in parts of its size: hair, ears, chin."""
_SAME = 0.3


def redact(page: Page, own: Box, found: Sequence[Box], known: Sequence[Box] = ()) -> tuple[bytes, int]:
    """The page as JPEG (quality 85, no metadata) on which only the face at `own` is left; and how many were destroyed.

    `own`, `found` (by the detector now), `known` (from the records): displayed pixels. Where faces overlap, the others go, even if that takes a part of one's own: the crop of that is
    handed out beside it.
    """
    import simplejpeg

    others = [box for box in found if box.overlap(own) < _SAME]
    others += [box for box in known if all(box.overlap(each) < _SAME for each in (own, *found))]
    picture = page.region(0, 0, page.width, page.height, longest=LONGEST)
    scale_x, scale_y = picture.width / page.width, picture.height / page.height
    draw = ImageDraw.Draw(picture)
    for box in others:
        left = max(0, int((box.x - _MARGIN * box.width) * scale_x))
        top = max(0, int((box.y - _MARGIN * box.height) * scale_y))
        right = min(picture.width, int((box.x + (1 + _MARGIN) * box.width) * scale_x) + 1)
        bottom = min(picture.height, int((box.y + (1 + _MARGIN) * box.height) * scale_y) + 1)
        if right > left and bottom > top:
            draw.rectangle((left, top, right - 1, bottom - 1), fill=_ground(picture))
    encoded: bytes = simplejpeg.encode_jpeg(np.asarray(picture), quality=85, colorspace="RGB")
    return encoded, len(others)


def _ground(picture: Image.Image) -> tuple[int, int, int]:
    """The mean of the whole picture: it says nothing of what lay under the rectangle."""
    red, green, blue = (round(float(value)) for value in np.asarray(picture).reshape(-1, 3).mean(axis=0))
    return red, green, blue
