"""A detector at several scales: where the faces of a page are. The default pack's is YuNet; SCRFD is read as well (`scrfd`).

W. Wu, H. Peng, S. Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 20, 2023.
The network sees faces of some 10 to 400 px. One view of 1280 px finds what is 24 px in it; smaller views find the face that fills the
frame; `Detail.FULL` adds tiles of the picture at full resolution, for groups and scans.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from countenance.biometrics.geometry import Box, Landmarks
from countenance.biometrics.vocabulary import Detail
from countenance.extraction import scrfd
from countenance.extraction.page import Page
from countenance.extraction.runtime import Runtime, open_session, run
from countenance.extraction.vetting import DetectorKind

VIEW = 1280
"""Long side of the main view, pixels."""
VIEW_LEAST, VIEW_MOST = 0.9, 1.2
"""A view between these multiples of VIEW is taken as it is: scaling it to VIEW costs more than it saves."""
SMALL_VIEWS = (320, 128)
"""Long sides of the further views, pixels: 1/16 and 1/100 of the main view's cost."""
TILE, TILE_OVERLAP = 1280, 320
"""Side and overlap of full-resolution tiles, pixels. A face up to the overlap is whole in one tile; a larger one
is large enough in the main view."""
SCORE_FLOOR = 0.6
NMS_OVERLAP = 0.3
NESTED = 0.75
"""A box of which this share lies within a stronger one is a part of that face, not another face."""
_STRIDES = (8, 16, 32)

type _Rows = npt.NDArray[np.float32]
"""float32 (n, 15): x, y, width, height, five points (x, y), score."""


@dataclass(frozen=True, kw_only=True)
class Detection:
    """One face. Displayed pixels; `score` 0..1."""

    box: Box
    landmarks: Landmarks
    score: float


@dataclass(frozen=True, kw_only=True)
class _View:
    """A rectangle of the page, in displayed pixels, and how far it is scaled down."""

    left: int
    top: int
    right: int
    bottom: int
    factor: int  # whole factor of the first reduction
    longest: int  # long side of the view, pixels
    tile: bool


def plan_views(width: int, height: int, detail: Detail) -> tuple[_View, ...]:
    """The views of a page, largest first. Small pictures get one; nothing is ever enlarged."""
    factor, main = _main_view(max(width, height))
    whole: dict[str, Any] = {"left": 0, "top": 0, "right": width, "bottom": height, "tile": False}
    views = [_View(factor=factor, longest=main, **whole)]
    views += [_View(factor=factor, longest=small, **whole) for small in SMALL_VIEWS if small * 1.5 < main]
    if detail is Detail.FULL and max(width, height) > main:
        for top, bottom in _spans(height):
            for left, right in _spans(width):
                views.append(
                    _View(left=left, top=top, right=right, bottom=bottom, factor=1, longest=TILE, tile=True)
                )
    return tuple(views)


def _main_view(long_side: int) -> tuple[int, int]:
    """Whole factor and long side of the main view. A whole factor alone where it lands near VIEW: blocks are averaged
    at a fifth of the cost of a finer scaling."""
    if long_side <= VIEW * VIEW_MOST:
        return 1, long_side
    for factor in (-(-long_side // VIEW), long_side // VIEW):
        if VIEW * VIEW_LEAST <= long_side / factor <= VIEW * VIEW_MOST:
            return factor, long_side // factor
    return long_side // VIEW, VIEW


def _spans(length: int) -> list[tuple[int, int]]:
    if length <= TILE:
        return [(0, length)]
    count = math.ceil((length - TILE_OVERLAP) / (TILE - TILE_OVERLAP))
    starts = [round(i * (length - TILE) / (count - 1)) for i in range(count)]
    return [(start, start + TILE) for start in starts]


class Detector:
    """A detector that runs. Not for use by two threads at once."""

    def __init__(
        self, model: bytes, kind: DetectorKind = DetectorKind.YUNET, runtime: Runtime = Runtime.CPU
    ) -> None:
        self._session = open_session(model, runtime)
        self._names = self._session.outputs
        self._kind = kind
        self._input = self._session.inputs[0]

    @property
    def size(self) -> tuple[int | None, ...]:
        """Height and width that the network takes; None where they are free."""
        return self._input.shape[2:]

    def find(self, page: Page, detail: Detail) -> list[Detection]:
        """All faces of a page, strongest first."""
        found: list[_Rows] = []
        main: Image.Image | None = None
        for view in plan_views(page.width, page.height, detail):
            # Small views are reduced from the main one: the page is read once.
            picture, scale_x, scale_y = _cut(page, view, main)
            if main is None:
                main = picture
            rows = self.find_in_view(picture)
            if view.tile:
                rows = _without_cut_off(rows, view, page)
            found.append(_to_page(rows, view, scale_x, scale_y))
        rows = suppress(np.concatenate(found))
        return [_detection(row) for row in rows]

    def find_in_view(self, picture: Image.Image) -> _Rows:
        """Rows of one view, in its own pixels, after suppression. `picture`: RGB."""
        if self._kind is DetectorKind.SCRFD:
            tensor, scale = scrfd.tensor(picture, self._input.shape[2:])
            rows = scrfd.decode(run(self._session, {self._input.name: tensor}), tensor.shape[3])
            rows[:, :14] /= scale
            return suppress(rows)
        return suppress(_decode(self.raw(_tensor(picture)), -(-picture.width // 32) * 32))

    def raw(self, tensor: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[Any]]:
        """The network's own outputs, for golden vectors. `tensor`: float32 (1, 3, h, w), BGR, 0..255."""
        return dict(zip(self._names, run(self._session, {self._input.name: tensor}), strict=True))


def _cut(page: Page, view: _View, main: Image.Image | None) -> tuple[Image.Image, float, float]:
    """The view's picture, and displayed pixels per view pixel in x and y."""
    factor = view.factor
    if main is not None and not view.tile:
        # Small views are whole blocks of the main one: the page is read once.
        step = round(max(main.size) / view.longest)
        width, height = main.width // step * step, main.height // step * step
        across, down = _scale(page.width, factor, main.width), _scale(page.height, factor, main.height)
        if min(width, height) == 0:  # a strip; the main view has seen all of it
            return main, across, down
        return main.reduce(step, (0, 0, width, height)), across * step, down * step
    picture = page.region(view.left, view.top, view.right, view.bottom, factor=factor, longest=view.longest)
    across = _scale(view.right - view.left, factor, picture.width)
    return picture, across, _scale(view.bottom - view.top, factor, picture.height)


def _scale(length: int, factor: int, pixels: int) -> float:
    """Displayed pixels per view pixel; a region keeps whole blocks of its factor only."""
    return length // factor * factor / pixels


def _tensor(picture: Image.Image) -> npt.NDArray[np.float32]:
    """float32 (1, 3, h, w), BGR, 0..255, padded right and below with 0 to multiples of 32."""
    pixels = np.asarray(picture)
    height, width = pixels.shape[:2]
    tensor = np.zeros((1, 3, -(-height // 32) * 32, -(-width // 32) * 32), dtype=np.float32)
    tensor[0, :, :height, :width] = pixels[:, :, ::-1].transpose(2, 0, 1)
    return tensor


def _decode(outputs: dict[str, npt.NDArray[Any]], padded_width: int) -> _Rows:
    """Anchor-free decoding: everything is relative to its cell, sizes are exponentials, in units of the stride."""
    parts: list[_Rows] = []
    for stride in _STRIDES:
        class_score = outputs[f"cls_{stride}"][0, :, 0].clip(0.0, 1.0)
        object_score = outputs[f"obj_{stride}"][0, :, 0].clip(0.0, 1.0)
        score = np.sqrt(class_score * object_score)
        index = np.flatnonzero(score >= SCORE_FLOOR)
        if not index.size:
            continue
        columns = padded_width // stride
        cell = np.stack([index % columns, index // columns], axis=1).astype(np.float32)
        box, points = outputs[f"bbox_{stride}"][0][index], outputs[f"kps_{stride}"][0][index]
        size = np.exp(box[:, 2:4]) * stride
        rows = np.empty((index.size, 15), dtype=np.float32)
        rows[:, 0:2] = (cell + box[:, 0:2]) * stride - size / 2
        rows[:, 2:4] = size
        rows[:, 4:14] = (points + np.tile(cell, 5)) * stride
        rows[:, 14] = score[index]
        parts.append(rows)
    return np.concatenate(parts) if parts else np.empty((0, 15), dtype=np.float32)


def suppress(rows: _Rows) -> _Rows:
    """Greedy non-maximum suppression, strongest first; ties by place, so that the order is one order."""
    order = np.lexsort((rows[:, 0], rows[:, 1], -rows[:, 14]))
    rows = rows[order]
    left, top = rows[:, 0], rows[:, 1]
    right, bottom = left + rows[:, 2], top + rows[:, 3]
    area = rows[:, 2] * rows[:, 3]
    alive = np.ones(len(rows), dtype=bool)
    kept: list[int] = []
    for i in range(len(rows)):
        if not alive[i]:
            continue
        kept.append(i)
        wide = np.minimum(right, right[i]) - np.maximum(left, left[i])
        high = np.minimum(bottom, bottom[i]) - np.maximum(top, top[i])
        shared = wide.clip(0) * high.clip(0)
        union = area + area[i] - shared
        alive &= (shared <= NMS_OVERLAP * union) & (shared <= NESTED * np.minimum(area, area[i]))
    return rows[kept]


def _without_cut_off(rows: _Rows, view: _View, page: Page) -> _Rows:
    """Drop what touches a tile's inner edge: a neighbour, or the main view, sees it whole."""
    margin = 4.0
    keep = np.ones(len(rows), dtype=bool)
    if view.left > 0:
        keep &= rows[:, 0] > margin
    if view.top > 0:
        keep &= rows[:, 1] > margin
    if view.right < page.width:
        keep &= rows[:, 0] + rows[:, 2] < TILE - margin
    if view.bottom < page.height:
        keep &= rows[:, 1] + rows[:, 3] < TILE - margin
    return rows[keep]


def _to_page(rows: _Rows, view: _View, scale_x: float, scale_y: float) -> _Rows:
    """From view pixels to displayed pixels; a view pixel's centre is the centre of the pixels it stands for."""
    moved = rows.copy()
    for start, scale, offset in ((0, scale_x, view.left), (1, scale_y, view.top)):
        moved[:, start:14:2] = (rows[:, start:14:2] + 0.5) * scale - 0.5 + offset
    moved[:, 2] = rows[:, 2] * scale_x
    moved[:, 3] = rows[:, 3] * scale_y
    return moved


def _detection(row: _Rows) -> Detection:
    x, y, width, height = (float(value) for value in row[:4])
    points = [(float(row[i]), float(row[i + 1])) for i in range(4, 14, 2)]
    return Detection(
        box=Box(x=x, y=y, width=width, height=height),
        landmarks=Landmarks(
            right_eye=points[0],
            left_eye=points[1],
            nose=points[2],
            right_mouth=points[3],
            left_mouth=points[4],
        ),
        score=float(row[14]),
    )
