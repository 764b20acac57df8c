"""SCRFD's inputs and outputs: how its numbers become boxes and points.

J. Guo, J. Deng, A. Lattas, S. Zafeiriou, "Sample and Computation Redistribution for Efficient Face Detection", ICLR 2022. Per stride
8, 16, 32 and two anchors a cell: a score (after the sigmoid), four distances to the sides of the box and five points, in units of
the stride, from the cell's corner. Outputs come as three of each kind, strides ascending, with or without a batch dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

STRIDES = (8, 16, 32)
ANCHORS = 2
SCORE_FLOOR = 0.5
"""The publisher's own; other scores than YuNet's, so another floor."""
_MEAN, _SCALE = np.float32(127.5), np.float32(128.0)


def tensor(picture: Image.Image, size: Sequence[int | None]) -> tuple[npt.NDArray[np.float32], float]:
    """float32 (1, 3, h, w), RGB, (x - 127.5) / 128, and how far the picture was scaled down to fit.

    `size`: height and width that the network takes, None where it is free; then multiples of 32, padded right and below
    with what was black.
    """
    height, width = size
    scale = 1.0
    if height is not None and width is not None:
        scale = min(1.0, width / picture.width, height / picture.height)
        if scale < 1.0:
            reduced = (max(1, int(picture.width * scale)), max(1, int(picture.height * scale)))
            picture = picture.resize(reduced, Image.Resampling.BILINEAR)
    else:
        height, width = -(-picture.height // 32) * 32, -(-picture.width // 32) * 32
    made = np.full((1, 3, height, width), -_MEAN / _SCALE, dtype=np.float32)
    pixels = np.asarray(picture, dtype=np.float32).transpose(2, 0, 1)
    made[0, :, : picture.height, : picture.width] = (pixels - _MEAN) / _SCALE
    return made, scale


def decode(outputs: Sequence[npt.NDArray[Any]], width: int) -> npt.NDArray[np.float32]:
    """float32 (n, 15): x, y, width, height, five points, score; in pixels of the tensor. `width`: of the tensor."""
    parts: list[npt.NDArray[np.float32]] = []
    for level, stride in enumerate(STRIDES):
        score = outputs[level].reshape(-1)
        index = np.flatnonzero(score >= SCORE_FLOOR)
        if not index.size:
            continue
        distance = outputs[3 + level].reshape(-1, 4)[index] * stride
        points = outputs[6 + level].reshape(-1, 10)[index] * stride
        cell = index // ANCHORS
        columns = width // stride
        corner = np.stack([cell % columns, cell // columns], axis=1).astype(np.float32) * stride
        rows = np.empty((index.size, 15), dtype=np.float32)
        rows[:, 0:2] = corner - distance[:, 0:2]
        rows[:, 2:4] = distance[:, 0:2] + distance[:, 2:4]
        rows[:, 4:14] = points + np.tile(corner, 5)
        rows[:, 14] = score[index]
        parts.append(rows)
    return np.concatenate(parts) if parts else np.empty((0, 15), dtype=np.float32)
