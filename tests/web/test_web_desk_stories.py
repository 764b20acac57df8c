"""Request desk, oversight and operator in the real Chromium: every shelf and every act, both languages; and the portal's last pages.

A window of 1280 pixels at 400 % zoom leaves 320 CSS pixels and four device pixels for each (WCAG 2.2, 1.4.10): that is how
`zoomed` opens it.
"""

from __future__ import annotations

import pytest
from live_parts import Live, check, fits, needs_chromium, shoot, visit
from playwright.sync_api import Page

from countenance.web.entering.session import FRESH
from countenance.web.site import site
from countenance.web.wings import OPERATOR, OVERSIGHT, REQUESTS
from countenance.web.wings.doing import acts_of
from countenance.web.wings.shelf import Wing

pytestmark = needs_chromium


@pytest.fixture
def live(empty: Live) -> Live:
    return empty


def _fresh(live: Live, page: Page) -> None:
    """What asks for a fresh second factor is shown, whatever time has gone by."""
    from countenance.web.models import WebSession

    WebSession.objects.update(confirmed_at=live.house.clock(), seen_at=live.house.clock())
    assert FRESH.total_seconds() > 0
    assert page.blocked == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("wing", [REQUESTS, OVERSIGHT, OPERATOR], ids=lambda wing: wing.name)
def test_every_shelf_of_a_desk_is_clean(live: Live, wing: Wing, lang: str) -> None:
    page = live.enter(live.house.operator, lang)
    for shelf in wing.shelves:
        visit(page, f"{live.address}{wing.path}/{shelf.name}", lang, name=f"{wing.name}-{shelf.name}")
    page.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("wing", [REQUESTS, OVERSIGHT, OPERATOR], ids=lambda wing: wing.name)
def test_every_form_of_a_desk_is_clean(live: Live, wing: Wing, lang: str) -> None:
    page = live.enter(live.house.operator, lang)
    for act in sorted(acts_of(wing)):
        _fresh(live, page)
        page.goto(f"{live.address}{wing.path}/act/{act}")
        assert "/confirm" not in page.url, act
        check(page, f"{wing.name}-act-{act}", lang)
    page.context.close()


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_request_from_the_public_to_the_desk(live: Live, lang: str) -> None:
    """The portal's answer and the page that follows it; then the same request on the desk, by keyboard and plain form."""
    site().asking._seen.clear()
    person = live.open(lang)
    person.goto(live.address + "/ask")
    person.locator("#name").fill("Anne Roy")
    person.locator("#contact").fill("1 rue du Port")
    person.locator("#place").select_option("CA-QC")
    person.locator("main button").click()
    number, secret = person.locator("code.secret").all_inner_texts()
    check(person, "asked", lang)
    person.goto(live.address + "/follow")
    person.locator("#number").fill(number)
    person.locator("#secret").fill(secret)
    person.locator("main button").last.click()
    check(person, "followed", lang)
    person.context.close()
    desk = live.enter(live.house.operator, lang, js=False)
    desk.goto(live.address + "/requests/open")
    desk.get_by_role("link", name=number).click()
    assert desk.locator("h1").inner_text() == number
    shoot(desk, f"request-{lang}")
    desk.locator('main a[href*="/act/request-withdraw"]').click()
    desk.locator("main button").click()
    desk.goto(live.address + "/requests/open")
    assert desk.get_by_role("link", name=number).count() == 0
    desk.context.close()


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_review_as_reviewer_is_clean(live: Live, lang: str) -> None:
    page = live.enter(live.desk.reviewers["ada"], lang)
    visit(page, live.address + "/review", lang, name="review-reviewer")
    visit(page, live.address + "/", lang, name="home-reviewer")
    page.context.close()


def test_four_hundred_per_cent(live: Live) -> None:
    """Nothing is cut off or needs a second direction to scroll in, at four times the size."""
    page = live.enter(live.house.operator, width=320, zoom=4)
    for path in (
        "/",
        "/operator/status",
        "/operator/accounts",
        "/oversight/orders",
        "/requests/open",
        "/account",
    ):
        page.goto(live.address + path)
        fits(page)
        assert page.evaluate("window.devicePixelRatio") == 4
    shoot(page, "zoomed")
    page.context.close()
