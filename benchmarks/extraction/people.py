"""Where the synthetic people's photographs lie. The package is a carrier of files; nothing of it is imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def photographs() -> list[Path]:
    """The 60 photographs of openpeople, ordered by person."""
    spec = importlib.util.find_spec("openpeople")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("openpeople is not installed: install countenance[demo]")
    return sorted(Path(spec.submodule_search_locations[0], "data", "curated").glob("P*/assets/*.jpg"))
