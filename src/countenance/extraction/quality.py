"""What makes a sample weak, after the component measures of ISO/IEC 29794-5:2025. Nothing is inferred of the person.

Measured on the page and on the aligned 112 x 112 sample; thresholds are the pack's advice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from countenance.biometrics.geometry import Box, Landmarks
from countenance.biometrics.vocabulary import QualityComponent, QualityReason
from countenance.extraction.align import Chip


@dataclass(frozen=True, kw_only=True)
class QualityAdvice:
    """Thresholds of a pack. Beyond one of them a sample is called weak in that respect.

    `eye_distance`: pixels. `sharpness`: variance of the Laplacian of luma (0..255). `dark`, `bright`: mean luma 0..255.
    `contrast`: standard deviation of luma. `yaw`: landmark asymmetry, 0 frontal .. about 1 profile. `roll`: degrees.
    `outside`: share of the box beyond the page. `norm`: raw norm of the embedding. `detector_score`: 0..1.
    """

    eye_distance: float
    sharpness: float
    dark: float
    bright: float
    contrast: float
    yaw: float
    roll: float
    outside: float
    norm: float
    detector_score: float


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The measures of one sample, in the units of `QualityAdvice`."""

    eye_distance: float
    sharpness: float
    brightness: float
    contrast: float
    yaw: float
    roll: float
    outside: float
    detector_score: float


def measure(
    chip: Chip, box: Box, landmarks: Landmarks, *, page_size: tuple[int, int], detector_score: float
) -> Quality:
    """Measure a sample. `chip`: uint8 (112, 112, 3), RGB. `page_size`: width, height."""
    # ITU-R BT.601 luma of the inner face: hair, background and black borders say little about it.
    inner = chip[28:108, 20:92].astype(np.float32)
    luma = inner @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4.0 * luma[1:-1, 1:-1]
    (rx, ry), (lx, ly) = landmarks.right_eye, landmarks.left_eye
    across = (lx - rx, ly - ry)
    distance = math.hypot(*across)
    nose = (landmarks.nose[0] - (rx + lx) / 2, landmarks.nose[1] - (ry + ly) / 2)
    yaw = 0.0 if distance == 0 else abs(nose[0] * across[0] + nose[1] * across[1]) / distance**2 * 2
    return Quality(
        eye_distance=distance,
        sharpness=float(laplacian.var()),
        brightness=float(luma.mean()),
        contrast=float(luma.std()),
        yaw=yaw,
        roll=abs(math.degrees(math.atan2(across[1], across[0]))),
        outside=_outside(box, page_size),
        detector_score=detector_score,
    )


def reasons(quality: Quality, advice: QualityAdvice, *, norm: float | None) -> tuple[QualityReason, ...]:
    """What is beyond the advice, in the vocabulary's order. `norm`: None where no template was made."""
    beyond = {
        QualityReason.SMALL: quality.eye_distance < advice.eye_distance,
        QualityReason.BLURRED: quality.sharpness < advice.sharpness,
        QualityReason.DARK: quality.brightness < advice.dark,
        QualityReason.BRIGHT: quality.brightness > advice.bright,
        QualityReason.LOW_CONTRAST: quality.contrast < advice.contrast,
        QualityReason.TURNED: quality.yaw > advice.yaw,
        QualityReason.TILTED: quality.roll > advice.roll,
        QualityReason.AT_EDGE: quality.outside > advice.outside,
        QualityReason.WEAK_TEMPLATE: norm is not None and norm < advice.norm,
        QualityReason.UNCERTAIN_DETECTION: quality.detector_score < advice.detector_score,
    }
    return tuple(reason for reason in QualityReason if beyond[reason])


def components(quality: Quality, advice: QualityAdvice, *, norm: float | None) -> dict[QualityComponent, int]:
    """Component scores, 0 to 100: 50 where a measure is as the advice has it, more where it is better.

    m / (m + advice) for what is better when it is more, advice / (m + advice) for what is better when it is less. `norm`: None
    where no template was made.
    """
    more = {
        QualityComponent.INTER_EYE_DISTANCE: (quality.eye_distance, advice.eye_distance),
        QualityComponent.SHARPNESS: (quality.sharpness, advice.sharpness),
        QualityComponent.UNDER_EXPOSURE: (quality.brightness, advice.dark),
        QualityComponent.OVER_EXPOSURE: (255.0 - quality.brightness, 255.0 - advice.bright),
        QualityComponent.DYNAMIC_RANGE: (quality.contrast, advice.contrast),
        QualityComponent.YAW: (advice.yaw, quality.yaw),
        QualityComponent.ROLL: (advice.roll, quality.roll),
        QualityComponent.FACE_IN_FRAME: (advice.outside, quality.outside),
        QualityComponent.DETECTION: (quality.detector_score, advice.detector_score),
    }
    if norm is not None:
        more[QualityComponent.TEMPLATE] = (norm, advice.norm)
    return {name: _score(one, other) for name, (one, other) in more.items()}


def _score(one: float, other: float) -> int:
    """round(100 one / (one + other)); 50 where both are nothing."""
    held, against = max(one, 0.0), max(other, 0.0)
    return 50 if held + against == 0 else round(100 * held / (held + against))


def _outside(box: Box, page_size: tuple[int, int]) -> float:
    wide = min(box.x + box.width, page_size[0]) - max(box.x, 0.0)
    high = min(box.y + box.height, page_size[1]) - max(box.y, 0.0)
    inside = max(wide, 0.0) * max(high, 0.0)
    return 0.0 if box.area == 0 else 1.0 - min(inside / box.area, 1.0)
