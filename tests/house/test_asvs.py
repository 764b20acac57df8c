"""The self-assessment against OWASP ASVS names only tests that there are, and says of each item how it was looked at."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = tomllib.loads((ROOT / "docs" / "asvs.toml").read_text("utf-8"))
CHAPTERS: dict[str, dict[str, dict[str, object]]] = FILE
ITEMS = [(number, item) for items in CHAPTERS.values() for number, item in items.items()]
WAYS = {"test", "manual", "absent", "open"}


# How many items of levels 1 and 2 each section of ASVS 5.0.0 has; they are its first ones. 253 in all.
SECTIONS = {
    section: int(count)
    for section, count in re.findall(
        r"(\S+):(\d+)",
        """
        1.1:2 1.2:9 1.3:11 1.4:3 1.5:2  2.1:3 2.2:3 2.3:4 2.4:1  3.2:2 3.3:4 3.4:6 3.5:5 3.7:2
        4.1:3 4.2:1 4.3:2 4.4:4  5.1:1 5.2:3 5.3:2 5.4:3  6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4
        7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2  8.1:2 8.2:3 8.3:1 8.4:1  9.1:3 9.2:4
        10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3  11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1
        12.1:3 12.2:2 12.3:4  13.1:1 13.2:5 13.3:2 13.4:5  14.1:2 14.2:4 14.3:3  15.1:3 15.2:3 15.3:7
        16.1:1 16.2:5 16.3:4 16.4:3 16.5:3  17.1:1 17.2:4 17.3:2
        """,
    )
}


def test_every_item_of_levels_one_and_two_is_there() -> None:
    wanted = {f"{section}.{number + 1}" for section, count in SECTIONS.items() for number in range(count)}
    assert len(wanted) == 253
    assert wanted - {number for number, _ in ITEMS} == set()
    assert set(CHAPTERS) == {f"V{number}" for number in range(1, 18)}


def test_what_is_open_is_counted() -> None:
    """So that none is added, nor mended, without its being noticed."""
    opened = [number for number, item in ITEMS if "open" in item]
    assert opened == ["6.2.4", "14.2.1", "11.2.2", "11.2.3", "13.2.1", "15.2.1"]


def test_the_page_of_keys_names_every_key() -> None:
    """A key that the code makes under a name stands on the page of keys."""
    page = (ROOT / "docs" / "keys.md").read_text("utf-8")
    made = {
        found
        for path in (ROOT / "src" / "countenance").rglob("*.py")
        for found in re.findall(
            r'^(?:\w*_?SECRET|\w*SIGNING_KEY)\b(?:: \w+)? = "([\w.-]+)"',
            path.read_text("utf-8"),
            re.MULTILINE,
        )
    }
    assert {"grants", "erasures", "backups", "suppression", "log", "webhooks"} <= made
    assert [name for name in sorted(made) if f"`{name}`" not in page] == []


def test_every_package_is_locked_by_hash_and_from_one_place() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    others = [each for each in lock["package"] if each["name"] != "countenance"]
    assert len(others) > 100
    for each in others:
        assert each["source"] == {"registry": "https://pypi.org/simple"}, each["name"]
        files = [*each.get("wheels", []), *([each["sdist"]] if "sdist" in each else [])]
        assert files, each["name"]
        assert all(file["hash"].startswith("sha256:") for file in files), each["name"]


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
