"""The pages of the packs say what the packs say, in both languages."""

from __future__ import annotations

from pathlib import Path

import pack_pages

PAGES = Path(__file__).resolve().parents[2] / "docs" / "packs"


def test_the_pages_are_written_from_the_packs() -> None:
    written = {str(page.relative_to(PAGES)): page.read_text("utf-8") for page in PAGES.rglob("*.md")}
    assert written == pack_pages.pages(), "python scripts/pack_pages.py"


def test_every_page_is_there_in_both_languages() -> None:
    names = set(pack_pages.pages())
    english = {name for name in names if not name.startswith("fr/")}
    assert names - english == {f"fr/{name}" for name in english}
