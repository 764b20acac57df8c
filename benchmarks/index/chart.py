"""Draws share of mates found against time, as an SVG with presentation attributes only (no styles, no scripts)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 760, 440, 64, 40, 40, 56


def draw(path: Path, results: dict[str, dict[str, Any]], *, band: str) -> None:
    """`results` by engine: `p50_ms` and `found` by band. Time is on a logarithmic axis."""
    good = {name: (one["p50_ms"], one["found"][band]) for name, one in results.items() if "found" in one}
    low = math.floor(math.log10(min(time for time, _ in good.values())))
    high = math.ceil(math.log10(max(time for time, _ in good.values())))

    def x(time: float) -> float:
        return _LEFT + (math.log10(time) - low) / max(1, high - low) * (_WIDTH - _LEFT - _RIGHT)

    def y(share: float) -> float:
        return _TOP + (100 - share) / 100 * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
            f'font-size="12" role="img" aria-label="Share of mates found against time per search">'
        ),
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        (
            f'<text x="{_LEFT}" y="22" font-size="14" fill="#222222">Mates at a score of {escape(band)} found in the first 50'
            " (%), against milliseconds per search, one thread</text>"
        ),
    ]
    for share in range(0, 101, 20):
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(share)}" y2="{y(share)}" stroke="#dddddd"/>'
        )
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y(share) + 4}" text-anchor="end" fill="#444444">{share}</text>'
        )
    for power in range(low, high + 1):
        at = x(10.0**power)
        parts.append(f'<line x1="{at}" x2="{at}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" stroke="#eeeeee"/>')
        parts.append(
            f'<text x="{at}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle" fill="#444444">{10.0**power:g}</text>'
        )
    taken: list[tuple[float, float]] = []
    for name, (time, share) in sorted(good.items(), key=lambda one: one[1]):
        across, down = x(time), y(share)
        label = down - 8
        while any(abs(label - other) < 13 and abs(across - beside) < 150 for beside, other in taken):
            label += 14
        taken.append((across, label))
        mine = name == "countenance"
        parts.append(
            f'<circle cx="{across:.1f}" cy="{down:.1f}" r="{6 if mine else 4}" fill="{"#b3261e" if mine else "#33658a"}"/>'
        )
        anchor = "end" if across > _WIDTH - 200 else "start"
        shift = -8 if anchor == "end" else 8
        parts.append(
            f'<text x="{across + shift:.1f}" y="{label + 4:.1f}" text-anchor="{anchor}" '
            f'font-weight="{"bold" if mine else "normal"}" fill="#222222">{escape(name)}</text>'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")
