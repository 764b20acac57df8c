"""The self-assessment against OWASP ASVS names only tests that there are, and says of each item how it was looked at."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = tomllib.loads((ROOT / "docs" / "asvs.toml").read_text("utf-8"))
CHAPTERS = {name: items for name, items in FILE.items() if name != "chapters_not_assessed"}
ITEMS = [(number, item) for items in CHAPTERS.values() for number, item in items.items()]
WAYS = {"test", "manual", "absent", "open"}


def test_every_chapter_is_there_once() -> None:
    assert set(CHAPTERS) | set(FILE["chapters_not_assessed"]) == {f"V{number}" for number in range(1, 18)}
    assert not set(CHAPTERS) & set(FILE["chapters_not_assessed"])


@pytest.mark.parametrize("number, item", ITEMS, ids=[number for number, _ in ITEMS])
def test_an_item_says_one_way_and_its_tests_are_there(number: str, item: dict[str, object]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", number)
    assert item["topic"]
    (way,) = WAYS & set(item)
    assert set(item) == {"topic", way}
    if way != "test":
        assert item[way]
        return
    for name in item["test"]:
        path, _, function = str(name).partition("::")
        text = (ROOT / path).read_text("utf-8")
        assert re.search(rf"^def {function}\(", text, re.MULTILINE), name


def test_items_stand_in_their_chapter() -> None:
    for chapter, items in CHAPTERS.items():
        assert all(number.startswith(f"{chapter[1:]}.") for number in items)
