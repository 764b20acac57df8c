"""Draws share of mates found against time, as an SVG with presentation attributes only (no styles, no scripts).

Kinds differ by shape and by colour (of Okabe and Ito's palette, told apart by colour-blind readers and in grey); every point
carries its name. Where many find all, their names stand slanted above with a line to each point.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 920, 640, 76, 236, 50, 96
_INK, _GREY, _PALE = "#1a1a1a", "#555555", "#dddddd"
OURS, EVERYTHING, PART = "#000000", "#0072b2", "#d55e00"
_NEAR = 19.0  # pixels between slanted names
_ALL = 97.0  # a share from which a point's name stands above


def draw(
    path: Path, results: Mapping[str, Mapping[str, Any]], *, band: str, part: frozenset[str] = frozenset()
) -> None:
    """`results` by engine: `processor_ms`, `found` by band and `templates`. `part`: engines that look at some rows only."""
    good = {name: one for name, one in results.items() if "found" in one}
    largest = max(one["templates"] for one in good.values())
    times = [one["processor_ms"] for one in good.values()]
    low, high = _step(min(times), down=True), _step(max(times), down=False)

    def x(time: float) -> float:
        return _LEFT + math.log(time / low) / math.log(high / low) * (_WIDTH - _LEFT - _RIGHT)

    def y(share: float) -> float:
        return _TOP + (100 - share) / 100 * (_HEIGHT - _TOP - _BOTTOM)

    points = []
    for name, one in good.items():
        fewer, label = one["templates"] < largest, one.get("label", name)
        if fewer:
            label = f"{label} ({one['templates'] // 1000:,}k templates)"
        kind = OURS if name == "countenance" else PART if name in part else EVERYTHING
        points.append((x(one["processor_ms"]), y(one["found"][band]), one["found"][band], label, kind, fewer))
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
            f' font-size="13" role="img" aria-label="Share of mates found against time of a search, by engine">'
        ),
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(
            16,
            24,
            f"Mates at a true score of {band} among the first 50, and what it takes",
            size=17,
            bold=True,
        ),
        _text(
            16,
            44,
            f"{largest:,} templates, one core; up and to the left is better; time is logarithmic",
            ink=_GREY,
        ),
        *_axes(low, high, x, y),
        *_names_above([one for one in points if one[2] >= _ALL]),
        *_names_beside([one for one in points if one[2] < _ALL]),
        *(
            _mark(one[0], one[1], one[4], hollow=one[5])
            for one in sorted(points, key=lambda one: one[4] == OURS)
        ),
        *_legend(any(one[5] for one in points)),
        "</svg>",
        "",
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8")


def _step(time: float, *, down: bool) -> float:
    steps = [base * 10.0**power for power in range(-3, 6) for base in (1, 2, 5)]
    return (
        max(one for one in steps if one <= time * 0.95)
        if down
        else min(one for one in steps if one >= time * 1.05)
    )


def _axes(low: float, high: float, x: Any, y: Any) -> Iterator[str]:
    for share in range(0, 101, 20):
        yield _line(_LEFT, y(share), _WIDTH - _RIGHT, y(share), _PALE)
        yield _text(_LEFT - 10, y(share) + 4.5, f"{share} %", anchor="end", ink=_GREY)
    for power in range(-3, 6):
        for base in (1, 2, 5):
            time = base * 10.0**power
            if low <= time <= high * 1.001:
                yield _line(x(time), y(0), x(time), y(0) + 5, _GREY)
                yield _text(x(time), y(0) + 20, f"{time:g}", anchor="middle", ink=_GREY)
    yield _line(_LEFT, y(0), _WIDTH - _RIGHT, y(0), _GREY)
    yield _text(
        (_LEFT + _WIDTH - _RIGHT) / 2, y(0) + 42, "milliseconds of processor time a search", anchor="middle"
    )


def _names_above(points: list[tuple[float, float, float, str, str, bool]]) -> Iterator[str]:
    ordered = sorted(points)
    places = [one[0] for one in ordered]
    # Pushed apart to the right, then back from the edge: in order, and none nearer than a name is high.
    for at in range(1, len(places)):
        places[at] = max(places[at], places[at - 1] + _NEAR)
    edge = _WIDTH - _RIGHT + 8
    for at in reversed(range(len(places))):
        places[at] = min(places[at], edge - (len(places) - 1 - at) * _NEAR)
    for place, (across, down, _, label, kind, _hollow) in zip(places, ordered, strict=True):
        foot = _TOP - 34
        yield _line(across, down - 7, place, foot, "#999999")
        yield (
            f'<text x="{place:.1f}" y="{foot - 4:.1f}" transform="rotate(-52 {place:.1f} {foot - 4:.1f})"'
            f' fill="{_INK}" font-weight="{"bold" if kind == OURS else "normal"}">{escape(label)}</text>'
        )


def _names_beside(points: list[tuple[float, float, float, str, str, bool]]) -> Iterator[str]:
    taken: list[tuple[float, float, float]] = []
    for across, down, _, label, _, _hollow in sorted(points, key=lambda one: one[1]):
        width = 7.2 * len(label)
        left = across + 12 if across + 12 + width < _WIDTH - 8 else across - 12 - width
        base = down + 4.5
        while any(
            abs(base - other) < 16 and left < ends and left + width > begins for begins, ends, other in taken
        ):
            base += 4
        taken.append((left, left + width, base))
        if abs(base - down - 4.5) > 8:
            yield _line(
                across + (7 if left > across else -7),
                down + 3,
                left - 2 if left > across else left + width,
                base - 5,
                "#999999",
            )
        yield _text(left, base, label)


def _mark(across: float, down: float, kind: str, *, hollow: bool) -> str:
    look = f'fill="{"#ffffff" if hollow else kind}" stroke="{kind if hollow else "#ffffff"}" stroke-width="{2 if hollow else 1}"'
    if kind == OURS:
        return f'<rect x="{across - 7:.1f}" y="{down - 7:.1f}" width="14" height="14" {look}/>'
    if kind == PART:
        corners = (
            f"{across - 7:.1f},{down + 6:.1f} {across + 7:.1f},{down + 6:.1f} {across:.1f},{down - 7:.1f}"
        )
        return f'<polygon points="{corners}" {look}/>'
    return f'<circle cx="{across:.1f}" cy="{down:.1f}" r="6" {look}/>'


def _legend(hollow: bool) -> Iterator[str]:
    told = [
        (OURS, "countenance, permission checked"),
        (EVERYTHING, "looks at every template"),
        (PART, "looks at a part"),
    ]
    across, down = 30.0, _HEIGHT - 20.0
    for kind, text in told:
        yield _mark(across, down - 4, kind, hollow=False)
        yield _text(across + 13, down, text)
        across += 40 + 7.2 * len(text)
    if hollow:
        yield _mark(across, down - 4, PART, hollow=True)
        yield _text(across + 13, down, "fewer templates: an easier task")


def _text(
    across: float,
    down: float,
    text: str,
    *,
    anchor: str = "start",
    ink: str = _INK,
    size: int = 13,
    bold: bool = False,
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{across:.1f}" y="{down:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{ink}"{weight}>'
        f"{escape(text)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, ink: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{ink}"/>'
