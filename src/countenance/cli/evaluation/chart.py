"""A chart as SVG with presentation attributes alone: no style, no script, so that it stands under any content policy.

Blue and vermilion of Okabe and Ito's palette (Color Universal Design, 2008) are told apart by everybody, and in grey print by
dash and shape. The ground is drawn, so that a chart reads the same in a dark scheme and on paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from countenance.cli.sheet.html import Html, element, text

BLUE, VERMILION, INK, SOFT, LINE, GROUND = "#0072B2", "#C04A00", "#1c1f24", "#565a61", "#d9d6cc", "#fffefb"
WIDTH, HEIGHT = 560, 350
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 30, 34, 56
SANS = "Source Sans 3, Segoe UI, Liberation Sans, Helvetica, Arial, sans-serif"

type Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """`title`: with its unit. `ticks`: values that are marked. `label`: how a value is written. `log`: by powers of ten."""

    title: str
    low: float
    high: float
    ticks: Sequence[float]
    label: Callable[[float], str]
    log: bool = False

    def part(self, value: float) -> float:
        """0 at the low end, 1 at the high end; what lies beyond stays at the end."""
        low, high = self.low, self.high
        if self.log:
            value, low, high = (math.log10(max(each, 1e-12)) for each in (value, low, high))
        return min(max((value - low) / (high - low), 0.0), 1.0)


@dataclass(kw_only=True)
class Chart:
    """`alt`: what it shows, in a sentence, for who does not see it. `font`: family of all its text."""

    x: Axis
    y: Axis
    alt: str
    font: str = SANS
    height: int = HEIGHT
    _parts: list[Html] = field(default_factory=list)
    _legend: list[tuple[str, str, str]] = field(default_factory=list)

    def at(self, point: Point) -> Point:
        """Pixels of a point."""
        across, down = WIDTH - _LEFT - _RIGHT, self.height - _TOP - _BOTTOM
        return _LEFT + across * self.x.part(point[0]), _TOP + down * (1 - self.y.part(point[1]))

    def line(
        self, points: Sequence[Point], colour: str, *, name: str = "", dash: str = "", width: float = 2
    ) -> None:
        """A line through points."""
        if name:
            self._legend.append((name, colour, dash))
        given = {"stroke_dasharray": dash} if dash else {}
        self._parts.append(
            element(
                "polyline",
                points=_path(self.at(point) for point in points),
                fill="none",
                stroke=colour,
                stroke_width=f"{width:g}",
                stroke_linejoin="round",
                **given,
            )
        )

    def area(self, points: Sequence[Point], colour: str, *, opacity: float = 0.18) -> None:
        """The ground under a line, down to the axis."""
        shape = [(points[0][0], self.y.low), *points, (points[-1][0], self.y.low)]
        self.band(shape, colour, opacity=opacity)

    def band(self, shape: Sequence[Point], colour: str, *, opacity: float = 0.18) -> None:
        """A filled shape."""
        self._parts.append(
            element(
                "polygon",
                points=_path(self.at(point) for point in shape),
                fill=colour,
                fill_opacity=f"{opacity:g}",
                stroke="none",
            )
        )

    def whisker(self, x: tuple[float, float], y: tuple[float, float], colour: str) -> None:
        """An interval, along one axis."""
        (left, top), (right, bottom) = self.at((x[0], y[1])), self.at((x[1], y[0]))
        self._parts.append(_rule(left, top, right, bottom, colour, 1.6))

    def dot(self, point: Point, colour: str, *, square: bool = False) -> None:
        """A measured value."""
        x, y = self.at(point)
        if square:
            mark = element("rect", x=f"{x - 4:.1f}", y=f"{y - 4:.1f}", width="8", height="8", fill=colour)
        else:
            mark = element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="4.2", fill=colour)
        self._parts.append(mark)

    def mark(self, value: float, words: str) -> None:
        """A threshold: an upright line with its name."""
        x, top = self.at((value, self.y.high))
        _, bottom = self.at((value, self.y.low))
        right = x > WIDTH * 0.68
        self._parts.append(_rule(x, top, x, bottom, INK, 1.2, "5 3"))
        self._parts.append(
            self._text(words, x + (-6 if right else 6), top + 13, anchor="end" if right else "start", size=12)
        )

    def note(self, point: Point, words: str, *, anchor: str = "start", dx: float = 8, dy: float = 4) -> None:
        """Words beside a point."""
        x, y = self.at(point)
        self._parts.append(self._text(words, x + dx, y + dy, anchor=anchor, size=12))

    def svg(self) -> Html:
        """The whole picture."""
        ground = element("rect", x="0", y="0", width=str(WIDTH), height=str(self.height), fill=GROUND)
        children = [element("title", text(self.alt)), ground, *self._grid(), *self._parts, *self._keys()]
        return element(
            "svg",
            *children,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {WIDTH} {self.height}",
            width=str(WIDTH),
            height=str(self.height),
            role="img",
            font_family=self.font,
        )

    def _grid(self) -> list[Html]:
        left, bottom = self.at((self.x.low, self.y.low))
        right, top = self.at((self.x.high, self.y.high))
        parts = []
        for value in self.y.ticks:
            _, y = self.at((self.x.low, value))
            parts.append(_rule(left, y, right, y, LINE, 1))
            parts.append(self._text(self.y.label(value), left - 8, y + 4, anchor="end", colour=SOFT))
        for value in self.x.ticks:
            x, _ = self.at((value, self.y.low))
            parts.append(_rule(x, top, x, bottom, LINE, 1))
            parts.append(self._text(self.x.label(value), x, bottom + 18, anchor="middle", colour=SOFT))
        parts.append(_rule(left, bottom, right, bottom, INK, 1.2))
        parts.append(self._text(self.x.title, (left + right) / 2, self.height - 12, anchor="middle"))
        parts.append(self._text(self.y.title, 10, 18, anchor="start"))
        return parts

    def _keys(self) -> list[Html]:
        parts, x = [], float(WIDTH - _RIGHT)
        for name, colour, dash in reversed(self._legend):
            x -= 7.0 * len(name) + 2
            parts.append(self._text(name, x, 18, anchor="start"))
            x -= 32
            parts.append(_rule(x, 14, x + 24, 14, colour, 2.4, dash))
            x -= 14
        return parts

    def _text(
        self, words: str, x: float, y: float, *, anchor: str, size: int = 13, colour: str = INK
    ) -> Html:
        return element(
            "text",
            text(words),
            x=f"{x:.1f}",
            y=f"{y:.1f}",
            fill=colour,
            font_size=str(size),
            text_anchor=anchor,
        )


def _path(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str, width: float, dash: str = "") -> Html:
    given = {"stroke_dasharray": dash} if dash else {}
    return element(
        "line",
        x1=f"{x1:.1f}",
        y1=f"{y1:.1f}",
        x2=f"{x2:.1f}",
        y2=f"{y2:.1f}",
        stroke=colour,
        stroke_width=f"{width:g}",
        **given,
    )
