"""Five landmarks -> the 112 x 112 picture that recognisers of the ArcFace family were trained on.

J. Deng et al., "ArcFace", CVPR 2019: the template of five points. The similarity is S. Umeyama's least-squares
estimate (IEEE PAMI 13, 1991), which in the plane is one division of complex numbers.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from countenance.biometrics.geometry import Box, Landmarks
from countenance.extraction.page import Page

SIDE = 112
TEMPLATE = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
"""Pixel indices in the chip: the subject's right eye, left eye, nose tip, right and left mouth corner."""

type Chip = npt.NDArray[np.uint8]
"""uint8 (112, 112, 3), RGB."""


def similarity(landmarks: Landmarks) -> tuple[float, float, float, float]:
    """(a, b, tx, ty): the chip's point (u, v) lies at (a u - b v + tx, b u + a v + ty) of the page.

    The estimate is made from page to chip, as recognisers were trained, and then inverted.
    """
    source = np.array([complex(x, y) for x, y in landmarks.points()])
    target = np.array([complex(x, y) for x, y in TEMPLATE])
    spread = source - source.mean()
    power = float(np.sum(np.abs(spread) ** 2))
    if power == 0.0:
        return 1.0, 0.0, source[0].real, source[0].imag
    turn = complex(np.sum((target - target.mean()) * spread.conj())) / power
    if turn == 0:
        return 1.0, 0.0, source[0].real, source[0].imag
    back = 1 / turn
    shift = complex(source.mean()) - back * complex(target.mean())
    return back.real, back.imag, shift.real, shift.imag


type Similarity = tuple[float, float, float, float]
"""(a, b, tx, ty) as `similarity` gives it."""


def align(page: Page, landmarks: Landmarks) -> Chip:
    """The chip of a face. What lies outside the page is black."""
    return np.asarray(cut_similar(page, similarity(landmarks), SIDE))


def cut_similar(page: Page, mapping: Similarity, side: int) -> Image.Image:
    """A square of `side` pixels, RGB, whose point (u, v) shows the page's point (a u - b v + tx, b u + a v + ty).

    A face several times larger than the square is first reduced by a whole factor: a bilinear sample of every fifth
    pixel would be aliased, and aliasing looks like texture to a recogniser.
    """
    a, b, tx, ty = mapping
    corners = [
        (a * u - b * v + tx, b * u + a * v + ty)
        for u, v in ((-1, -1), (side + 1, -1), (-1, side + 1), (side + 1, side + 1))
    ]
    left = max(0, math.floor(min(x for x, _ in corners)) - 2)
    top = max(0, math.floor(min(y for _, y in corners)) - 2)
    right = min(page.width, math.ceil(max(x for x, _ in corners)) + 3)
    bottom = min(page.height, math.ceil(max(y for _, y in corners)) + 3)
    if right <= left or bottom <= top:
        return Image.new("RGB", (side, side))
    factor = max(1, min(int(math.hypot(a, b)), right - left, bottom - top))
    region = page.region(left, top, right, bottom, factor=factor)
    # Landmarks count pixel indices, Pillow counts edges: index u has its centre at u + 0.5 on both sides.
    edge_x = tx + 0.5 - (a - b) * 0.5 - left
    edge_y = ty + 0.5 - (b + a) * 0.5 - top
    inverse = (a / factor, -b / factor, edge_x / factor, b / factor, a / factor, edge_y / factor)
    return region.transform((side, side), Image.Transform.AFFINE, inverse, Image.Resampling.BILINEAR)


def crop_bounds(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the crop of a face in a page of `width` x `height` displayed pixels."""
    margin_x, margin_y = box.width * 0.4, box.height * 0.4
    left = min(max(0, math.floor(box.x - margin_x)), width - 1)
    top = min(max(0, math.floor(box.y - margin_y)), height - 1)
    right = max(left + 1, min(width, math.ceil(box.x + box.width + margin_x)))
    bottom = max(top + 1, min(height, math.ceil(box.y + box.height + margin_y)))
    return left, top, right, bottom


LONGEST = 224
"""Long side of a crop, in pixels, at most."""


def points_in_crop(
    landmarks: Landmarks, bounds: tuple[int, int, int, int], size: tuple[int, int]
) -> Landmarks:
    """Landmarks of a page in pixels of its crop. `bounds`: of the crop on the page (`crop_bounds`). `size`: width and height of the
    crop as it was cut.
    """
    left, top, right, bottom = bounds
    factor = _crop_factor(bounds)
    # region() may drop the last few pixels, so the scale is that of the whole blocks it kept.
    scale_x = size[0] / ((right - left) // factor * factor)
    scale_y = size[1] / ((bottom - top) // factor * factor)
    moved = [
        ((x - left + 0.5) * scale_x - 0.5, (y - top + 0.5) * scale_y - 0.5) for x, y in landmarks.points()
    ]
    return Landmarks(
        right_eye=moved[0], left_eye=moved[1], nose=moved[2], right_mouth=moved[3], left_mouth=moved[4]
    )


def _crop_factor(bounds: tuple[int, int, int, int]) -> int:
    """The whole factor by which a large crop is reduced before it is scaled."""
    left, top, right, bottom = bounds
    wide, high = right - left, bottom - top
    return max(1, min(max(wide, high) // LONGEST, wide, high))


def cut_crop(page: Page, box: Box, landmarks: Landmarks) -> tuple[bytes, Landmarks]:
    """The face with a margin of half its size as JPEG (quality 90), and the landmarks in pixels of the crop."""
    import simplejpeg

    bounds = crop_bounds(box, page.width, page.height)
    crop = page.region(*bounds, factor=_crop_factor(bounds))
    if max(crop.size) > LONGEST:
        scale = LONGEST / max(crop.size)
        crop = crop.resize(
            (max(1, round(crop.width * scale)), max(1, round(crop.height * scale))), Image.Resampling.BILINEAR
        )
    encoded: bytes = simplejpeg.encode_jpeg(
        np.asarray(crop), quality=90, colorspace="RGB", colorsubsampling="444"
    )
    return encoded, points_in_crop(landmarks, bounds, crop.size)
