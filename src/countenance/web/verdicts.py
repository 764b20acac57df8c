"""A verdict on a pair of faces as a form: the scale, features with findings, a note. For the searcher and for examiners."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from countenance.cli.sheet.pair import HOW, SCALE
from countenance.cli.sheet.report import FEATURES, FINDINGS


def verdict_form(request: HttpRequest) -> dict[str, Any]:
    """What the template `_verdict.html` shows, with what has been given."""
    return {
        "how": HOW,
        "scale": SCALE,
        "features": [
            {
                "name": each,
                "title": title,
                "finding": request.POST.get(f"finding-{each}", ""),
                "note": request.POST.get(f"note-{each}", ""),
            }
            for each, title in FEATURES.items()
        ],
        "findings": FINDINGS,
        "given": request.POST,
    }


def read_verdict(request: HttpRequest) -> dict[str, Any]:
    """The parameters of an act that takes a verdict."""
    features = [
        {"feature": name, "finding": finding, "note": request.POST.get(f"note-{name}", "").strip()}
        for name in FEATURES
        if (finding := request.POST.get(f"finding-{name}", ""))
    ]
    return {
        "verdict": request.POST.get("verdict", ""),
        "features": features,
        "note": request.POST.get("note", "").strip(),
    }
