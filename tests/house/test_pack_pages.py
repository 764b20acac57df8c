"""The pages of the packs say what the packs say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_pages_are_written_from_the_packs() -> None:
    spec = importlib.util.spec_from_file_location("pack_pages", ROOT / "scripts" / "pack_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = ROOT / "docs" / "packs"
    written = {str(page.relative_to(folder)): page.read_text("utf-8") for page in folder.rglob("*.md")}
    assert {name for name in written if f"fr/{name}" in written} == {
        name for name in written if "/" not in name
    }
    assert written == module.pages(), "python scripts/pack_pages.py"
