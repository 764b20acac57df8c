"""The reviewer's page and the report: what they show, what they never say, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from house import photograph
from review_desk import Desk
from test_review_path import fair, is_filler

from countenance.cli.language import Language, speak
from countenance.cli.sheet.pair import EYES_APART, render_pair
from countenance.cli.sheet.report import FEATURES, FINDINGS, OUTCOMES, render_report
from countenance.review.values import Feature, Finding, ReviewOutcome


@pytest.fixture(params=["en", "fr"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("LANGUAGE", "en")  # put back afterwards
    speak(Language(request.param))
    yield request.param
    speak(Language.EN)


def text_of(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))


def concluded(desk: Desk) -> str:
    desk.house.search(photograph("P001", "amateur_selfie"))
    desk.house.search(photograph("P001", "amateur_selfie"))
    code = desk.open()
    desk.examine("ada", fair)
    desk.examine("bob", lambda shown: fair(shown) if is_filler(shown) else "+2")
    return code


def test_the_reviewers_page_has_no_score_rank_or_name(sqlite_desk: Desk, language: str) -> None:
    sqlite_desk.house.search(photograph("P001", "amateur_selfie"))
    sqlite_desk.open()
    page = render_pair(sqlite_desk.look("ada"))
    assert f'lang="{language}"' in page
    text = text_of(page)
    for word in ("score", "rank", "rang", "P001", "P002", "archive", "%", sqlite_desk.house.case):
        assert word not in text, word
    assert page.count("<img") == 2


def test_eyes_are_equally_far_apart_on_the_page(sqlite_desk: Desk) -> None:
    sqlite_desk.house.search(photograph("P001", "amateur_selfie"))
    sqlite_desk.open()
    shown = sqlite_desk.look("ada")
    widths = [int(width) for width in re.findall(r'<img[^>]* width="(\d+)"', render_pair(shown))]
    shares = [shown["probe"][0]["eye_share"], shown["face"]["eye_share"]]
    assert len(widths) == 2
    for width, share in zip(widths, shares, strict=True):
        assert width * share == pytest.approx(EYES_APART, abs=0.5)


def test_a_report_says_lead_and_never_more(sqlite_desk: Desk, language: str) -> None:
    concluded(sqlite_desk)
    report = sqlite_desk.house.act("report-make", sqlite_desk.supervisor, case=sqlite_desk.house.case)
    page = render_report(report, log_entry=99)
    text = text_of(page)
    lead = "not an identification" if language == "en" else "non une identification"
    assert lead in text
    forbidden = (
        r"identified|confirmed that|positive identification|match|identité établie|confirmée? comme|\{\w+\}"
    )
    assert re.search(forbidden, text, re.IGNORECASE) is None
    assert "None" not in text
    assert "default-src" in page
    waiting = "may be used" if language == "en" else "ne peut servir"
    assert waiting in text  # the second search's review is not concluded


def test_every_word_of_the_vocabularies_has_one_for_people() -> None:
    assert set(OUTCOMES) == {each.value for each in ReviewOutcome}
    assert set(FEATURES) == {each.value for each in Feature}
    assert set(FINDINGS) == {each.value for each in Finding}
