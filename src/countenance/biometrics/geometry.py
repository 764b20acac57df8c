"""Where a face is. All coordinates are pixels of the picture as displayed (EXIF orientation applied)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Box:
    """Upright rectangle: left, top, width, height in displayed pixels (may reach past the picture's edge)."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    def overlap(self, other: Box) -> float:
        """Intersection over union with `other`, 0..1."""
        wide = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        high = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if wide <= 0 or high <= 0:
            return 0.0
        shared = wide * high
        return shared / (self.area + other.area - shared)

    def contains(self, point: tuple[float, float]) -> bool:
        return self.x <= point[0] <= self.x + self.width and self.y <= point[1] <= self.y + self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, kw_only=True)
class Landmarks:
    """Five points in displayed pixels, (x, y): the subject's right eye, left eye, nose tip, right and left mouth
    corner (the order of YuNet and of the ArcFace template)."""

    right_eye: tuple[float, float]
    left_eye: tuple[float, float]
    nose: tuple[float, float]
    right_mouth: tuple[float, float]
    left_mouth: tuple[float, float]

    def points(self) -> tuple[tuple[float, float], ...]:
        return (self.right_eye, self.left_eye, self.nose, self.right_mouth, self.left_mouth)
