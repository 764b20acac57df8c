"""The pages: they need nothing but themselves, speak to everybody, and promise nothing they may not."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from demo_run import Page, Run

from countenance.cli.sheet.style import DARK, LIGHT, TEXT_ON_GROUND, style

# Words that would make a score a verdict, in either language; `%` likewise.
FORBIDDEN = re.compile(
    r"\b(match\w*|hits?|confidence|confiance|similarity|similarit\w+|similitude|correspondances?|probabilit\w*|"
    r"identified|confirmed|identifiée?s?|confirmée?s?|employees?)\b|%",
    re.IGNORECASE,
)
# It is said of a score that it is not one.
EXCEPT = ("la probabilité", "not how probable", "how probable")


def pages(run: Run) -> list[tuple[str, Page]]:
    files = [run.folder / "demo.html", *sorted((run.folder / "sheets").glob("*.html"))]
    return [(file.name, Page(file.read_text("utf-8"))) for file in files]


def test_there_is_a_page_and_a_sheet_for_each_search(run: Run) -> None:
    assert len(pages(run)) == 9


def test_pages_are_well_formed_and_name_their_language(run: Run) -> None:
    for name, page in pages(run):
        assert page.faults == [], name
        assert [element.attributes["lang"] for element in page.all("html")] == [run.language], name
        assert len(page.all("title")) == len(page.all("h1")) == len(page.all("main")) == 1, name


def test_headings_leave_no_level_out(run: Run) -> None:
    for name, page in pages(run):
        levels = [int(element.name[1]) for element in page.all("h1", "h2", "h3", "h4")]
        assert all(after - before <= 1 for before, after in pairwise(levels)), name


def test_every_picture_is_inside_and_has_words(run: Run) -> None:
    for name, page in pages(run):
        pictures = page.all("img")
        assert pictures, name
        assert all(
            picture.attributes["src"].startswith("data:image/jpeg;base64,/9j/") for picture in pictures
        ), name
        assert all(picture.attributes["alt"].strip() for picture in pictures), name


def test_pages_load_run_and_send_nothing(run: Run) -> None:
    for name, page in pages(run):
        assert page.all("script", "link", "iframe", "object", "embed", "form", "input", "a", "base") == [], (
            name
        )
        for element in page.elements:
            assert not [key for key in element.attributes if key.startswith("on") or key == "style"], name
            assert not [
                value
                for key, value in element.attributes.items()
                if key not in {"content", "src"} and "//" in value
            ], name
        assert "http://" not in page.source
        assert "https://" not in page.source
        assert "url(" not in page.style
        assert "@import" not in page.style


def test_the_policy_permits_this_style_and_no_other(run: Run) -> None:
    for name, page in pages(run):
        (policy,) = (
            element.attributes["content"]
            for element in page.all("meta")
            if element.attributes.get("http-equiv") == "Content-Security-Policy"
        )
        digest = base64.b64encode(sha256(page.style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in policy, name
        assert "default-src 'none'" in policy, name
        assert "unsafe" not in policy, name


def test_no_page_calls_a_lead_more_than_that(run: Run) -> None:
    for name, page in pages(run):
        text = page.text
        for allowed in EXCEPT:
            text = text.replace(allowed, "")
        assert FORBIDDEN.search(text) is None, (name, FORBIDDEN.search(text))
        assert ("Leads, not identifications" if run.language == "en" else "Des pistes") in page.text, name


def test_no_placeholder_and_no_machine_word_is_left(run: Run) -> None:
    for name, page in pages(run):
        assert not re.search(r"\{\w+\}|\bNone\b|\bTrue\b", page.text.replace('{"at"', "")), name


def test_those_who_are_not_held_have_an_empty_frame(run: Run) -> None:
    page = Page(run.page)
    frames = [element for element in page.all("div") if element.attributes.get("class") == "frame"]
    assert len(frames) == 3  # withdrew, never agreed, left
    assert len([element for element in page.all("li") if element.attributes.get("class") == "tile"]) == 10


def test_french_pages_are_french(run: Run, tmp_path: Path) -> None:
    english = {
        "Candidate",
        "Gallery",
        "Purpose",
        "Holder",
        "Photographed",
        "Searched",
        "about one in",
        "agreed",
    }
    found = {word for _, page in pages(run) for word in english if word in page.text}
    assert bool(found) == (run.language == "en")


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1..21, WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(scheme: dict[str, str]) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for ink, ground in TEXT_ON_GROUND:
        assert contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground)
    # What only frames a picture needs 3 : 1 (1.4.11).
    assert contrast(scheme["accent"], scheme["paper"]) >= 3
    assert contrast(scheme["soft"], scheme["paper"]) >= 3


def test_every_colour_of_the_style_is_a_declared_one() -> None:
    rules = style().partition("}\n@media (prefers-color-scheme:dark)")[2]
    literal = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)) - set(LIGHT.values()) - set(DARK.values())
    assert literal == set()
    inks = set(re.findall(r"[^-]color:var\(--(\w+)\)", rules))
    assert inks <= {ink for ink, _ in TEXT_ON_GROUND}
