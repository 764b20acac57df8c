"""The candidate sheet, from lists made by hand: whatever stands in them, the page is sound and says what it must."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from demo_run import Page
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from countenance.biometrics.geometry import Box
from countenance.biometrics.statement import Chance, Evidence, Origin, PassedOver, Statement
from countenance.biometrics.templates import SpaceId
from countenance.biometrics.vocabulary import QualityReason
from countenance.cli.door import Door
from countenance.cli.language import Language, speak
from countenance.cli.screen import Screen
from countenance.cli.sheet import words, write_sheet
from countenance.cli.sheet.html import element, text
from countenance.cli.sheet.sheet import render_sheet
from countenance.index.answers import Coverage
from countenance.policy.purposes import Purpose
from countenance.primitives.errors import UnavailableError
from countenance.search.values import Candidate, FailureToAcquire, LoggedCandidates, ProbeFace


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    speak(Language.EN)


def picture() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 50), "#887766").save(stream, "JPEG")
    return stream.getvalue()


CROP = picture()
FACE = ProbeFace(
    photograph=0,
    number=0,
    box=Box(x=0, y=0, width=10, height=10),
    eye_distance=20,
    eye_share=0.25,
    norm=12,
    quality=(),
    components={},
    crop=CROP,
)
STATEMENT = Statement(
    origin=Origin.PACK,
    gallery=48_210,
    stranger=Chance(value=1 / 40, low=1 / 55, high=1 / 30),
    missed=Chance(value=1 / 25, low=1 / 31, high=1 / 20),
)
CANDIDATE = Candidate(
    rank=1,
    person="P001",
    photo="portraits/P001.jpg",
    face=0,
    score=0.61,
    references=3,
    frames=1,
    source="albums",
    source_ref="A1-01",
    captured_at="2023~",
    holder="City Archive",
    contact="archive@example.org",
    statement=STATEMENT,
    eye_share=0.26,
    crop=CROP,
)
ANSWER = LoggedCandidates(
    case="C-7K3M-9QXA",
    purpose="missing-person",
    gallery="portraits",
    candidates=(CANDIDATE,),
    coverage=Coverage(searched=32, permitted=32, not_searchable=0),
    people=20,
    evidence=Evidence(origin=Origin.PACK, pack="sface 1", passed_over=PassedOver.NONE_ADOPTED),
    by_threshold=None,
    space_id=SpaceId("sface-0123456789abcdef"),
    grant_id="g-1",
    log_entry=57,
    probe=(FACE,),
)


def test_it_says_what_the_command_says() -> None:
    page = Page(render_sheet(ANSWER))
    assert page.faults == []
    for said in (
        *("C-7K3M-9QXA", "missing person", "portraits", "57", "g-1", "sface-0123456789abcdef"),
        *(
            "P001",
            "albums",
            "A1-01",
            "about 2023",
            "City Archive",
            "archive@example.org",
            "portraits/P001.jpg, face 0",
        ),
        *("about once in 40 searches (30 to 55)", "Comparison score 0.610", "3, compared as one"),
        *("Searched 32 of 32 permitted references.", "One candidate", "Leads, not identifications"),
    ):
        assert said in page.text, said


@given(st.text(max_size=30))
def test_nothing_that_comes_from_outside_is_markup(label: str) -> None:
    strange = replace(
        CANDIDATE, person=label + "<b>&\"'", photo=f"{label}/<script>", contact=f"<a href=x>{label}"
    )
    page = Page(render_sheet(replace(ANSWER, case="<i>", gallery='"><img>', candidates=(strange,))))
    assert page.faults == []
    assert page.all("b", "script", "a", "i") == []
    assert len(page.all("img")) == 2


def test_an_unlabelled_face_is_a_candidate_without_a_name() -> None:
    page = Page(render_sheet(replace(ANSWER, candidates=(replace(CANDIDATE, person=None),))))
    assert "Unlabelled face" in page.text
    assert page.all("img")[1].attributes["alt"] == "Candidate 1: an unlabelled face"


def test_an_empty_list_says_what_it_means() -> None:
    page = Page(render_sheet(replace(ANSWER, candidates=())))
    assert "No candidate" in page.text
    assert "says nothing about who is not in the gallery" in page.text
    assert [element.name for element in page.all("ol")] == []


def test_several_probes_are_all_shown_and_weak_ones_said_so() -> None:
    weak = replace(FACE, photograph=1, quality=(QualityReason.BLURRED, QualityReason.SMALL))
    page = Page(render_sheet(replace(ANSWER, probe=(FACE, weak))))
    assert "2 photographs of the sought person, fused" in page.text
    assert "blurred, small" in page.text
    assert [each.attributes["alt"] for each in page.all("img")][:2] == [
        "Probe: face 0 of photograph 1",
        "Probe: face 0 of photograph 2",
    ]


def test_what_could_not_be_searched_is_said() -> None:
    coverage = Coverage(searched=30, permitted=32, not_searchable=2)
    assert "2 could not be searched" in Page(render_sheet(replace(ANSWER, coverage=coverage))).text


def test_every_quality_and_purpose_has_words() -> None:
    assert set(words.QUALITY) == {reason.value for reason in QualityReason}
    assert set(words.PURPOSES) == {purpose.value for purpose in Purpose}


def test_a_score_is_told_for_this_size_of_gallery() -> None:
    assert words.statement_sentence(STATEMENT) == (
        "In a gallery of 48,210 people, a stranger's photograph brings a candidate this strong about once in 40 searches "
        "(30 to 55). With a threshold here the right person, if present, is missed about once in 25 searches (20 to 31)."
    )
    assert words.statement_phrase(STATEMENT) == "a stranger: about once in 40 searches"
    often = replace(STATEMENT, stranger=Chance(value=0.874, low=0.8, high=0.93))
    assert "in about 87 of 100 searches (80 to 93)" in words.statement_sentence(often)
    never = replace(STATEMENT, missed=Chance(value=0, low=0, high=1 / 450))
    assert "missed less than once in 450 searches." in words.statement_sentence(never)


def test_beyond_the_evaluation_no_odds_are_given() -> None:
    beyond = replace(STATEMENT, stranger=None)
    assert "look alike" in words.statement_sentence(beyond)
    assert "48" not in words.statement_sentence(beyond)
    assert not any(sign.isdigit() for sign in words.statement_phrase(beyond))


def test_without_an_evaluation_there_is_no_statement() -> None:
    assert "No valid evaluation" in words.statement_sentence(None)
    nothing = replace(ANSWER, candidates=(replace(CANDIDATE, statement=None),))
    assert words.origin_sentence(nothing) == ""


def test_whose_evaluation_it_is_is_said_and_what_makes_the_probe_weak() -> None:
    assert set(words.ORIGINS) == {origin.value for origin in Origin}
    said = Page(render_sheet(ANSWER)).text
    assert "published with the model pack, on other photographs than these" in said
    weak = replace(ANSWER, probe=(replace(FACE, quality=(QualityReason.BLURRED,)),))
    assert (
        "The probe is weak (blurred): the right person is missed more often" in Page(render_sheet(weak)).text
    )
    assert "The probe is weak" not in said


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert (words.whole_number(1_234_567), words.decimal(0.5)) == ("1,234,567", "0.500")
    speak(Language.FR)
    assert (words.whole_number(1_234_567), words.decimal(0.5)) == ("1\u202f234\u202f567", "0,500")


@given(st.integers(min_value=1, max_value=10**12))
def test_rounding_keeps_two_figures(value: int) -> None:
    rounded = words.rounded(value)
    assert abs(rounded - value) <= value * 0.05
    assert len(str(rounded).rstrip("0")) <= 2


@pytest.mark.parametrize(
    ("date", "said"),
    [("2023~", "about 2023"), ("1944?", "1944, uncertain"), ("2024-05", "2024-05"), ("", "not recorded")],
)
def test_uncertain_dates_are_said_to_be(date: str, said: str) -> None:
    assert words.date_words(date) == said


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "sheet.html"
    assert write_sheet(Door(screen=Screen(json=True)), path, ANSWER)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text("utf-8").startswith('<!doctype html>\n<html lang="en">')


def test_what_is_no_list_has_no_sheet(tmp_path: Path) -> None:
    path = tmp_path / "sheet.html"
    assert not write_sheet(Door(screen=Screen()), path, FailureToAcquire(photograph=0, reason="no-face"))
    assert not path.exists()


def test_a_folder_that_is_not_there_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as caught:
        write_sheet(Door(screen=Screen()), tmp_path / "nowhere" / "sheet.html", ANSWER)
    assert caught.value.remedy is not None


def test_elements_escape_their_attributes() -> None:
    made = element("p", text("<&>"), class_='a"b', data_x="<")
    assert made == '<p class="a&quot;b" data-x="&lt;">&lt;&amp;&gt;</p>'
