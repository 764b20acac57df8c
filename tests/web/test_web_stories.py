"""Each desk's main story in the real Chromium: both languages, keyboard alone, without scripts, 320 pixels wide; axe on every page.

320 CSS pixels are also what 400 % zoom leaves of a window of 1280 (WCAG 2.2, 1.4.10).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from house import photograph
from live_parts import AXE, AXE_SHA256, Live, check, fits, needs_chromium, shoot, tab_to, visit
from web_parts import PASSWORD, Visitor

from countenance.web.entering.link import invite
from countenance.web.site import site

pytestmark = needs_chromium


def test_axe_is_what_was_published() -> None:
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_SHA256


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_public_asks_and_follows_without_script_on_a_phone(live: Live, lang: str, tmp_path: Path) -> None:
    site().asking._seen.clear()
    page = live.open(lang, width=320, js=False)
    for path in ("/", "/register", "/follow", "/login", "/nowhere", "/ask"):
        page.goto(live.address + path)
        shoot(page, f"phone-{path.strip('/') or 'home'}-{lang}")
        assert page.locator("h1").count() == 1
    page.locator('input[value="opt-out:block-picture"]').check()
    page.locator("#name").fill("Anne Roy")
    page.locator("#contact").fill("1 rue du Port")
    page.locator("#place").select_option("CA-QC")
    page.locator("main button").click()
    number, secret = page.locator("code.secret").all_inner_texts()
    with page.expect_download() as waiting:
        page.locator("main button").click()
    assert re.fullmatch(rf"receipt-{number}-\d+\.json", waiting.value.suggested_filename)
    page.goto(live.address + "/follow")
    page.locator("#number").fill(number)
    page.locator("#secret").fill(secret)
    page.locator("main button").last.click()
    assert page.locator("h2").first.inner_text() == number
    page.context.close()


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_page_is_clean(live: Live, lang: str) -> None:
    """axe on every page, in both languages; each under 100 kB besides pictures, and none wider than a phone."""
    public = live.open(lang)
    for path in ("/", "/register", "/ask", "/follow", "/login", "/nowhere"):
        visit(public, live.address + path, lang)
    link = invite(site().keyring, live.house.deputy, live.house.clock())
    visit(public, f"{live.address}/welcome/{link}", lang, name="welcome")
    public.context.close()
    carol = live.enter(live.house.caseworker, lang)
    code = live.house.case
    for path in (
        "/",
        "/cases",
        "/cases/new",
        f"/cases/{code}",
        f"/cases/{code}/report",
        "/review",
        "/confirm",
    ):
        visit(
            carol,
            live.address + path,
            lang,
            name=f"case-{path.strip('/').split('/')[-1].replace(code, 'one') or 'home'}",
        )
    carol.goto(f"{live.address}/cases/{code}")
    carol.locator("#photographs").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photograph("P001", "emotions_sheet")}
    )
    carol.locator("form[enctype] button").click()
    check(carol, "which", lang)
    carol.locator("input[type=radio]").first.check()
    carol.locator("main button").click()
    carol.wait_for_url("**/searches/*")
    check(carol, "candidates", lang)
    carol.locator("ol.strip a").first.click()
    check(carol, "compare", lang)
    carol.set_viewport_size({"width": 320, "height": 700})
    fits(carol)
    carol.context.close()


def test_door_and_search_by_keyboard_alone(live: Live, tmp_path: Path) -> None:
    visitor = Visitor(house=live.house).enter(live.house.caseworker)  # has password and codes now
    page = live.open("en")
    tab_to(page, 'a[href="/login"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")
    tab_to(page, "#name")
    page.keyboard.type("carol")
    tab_to(page, "#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/login/second*")
    page.locator("#code").focus()
    page.keyboard.type(visitor.code())
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live.address}/")
    tab_to(page, 'a[href="/cases"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases")
    tab_to(page, f'a[href="/cases/{live.house.case}"]')
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{live.house.case}")
    tab_to(page, "#photographs")
    page.locator("#photographs").set_input_files(  # the system's own window for files is not the page's
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photograph("P001", "amateur_selfie")}
    )
    tab_to(page, "form[enctype] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/searches/*")
    tab_to(page, "ol.strip a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/searches/*/1")
    # Eyes equally far apart in both, and both move together.
    tab_to(page, ".pane")
    page.keyboard.press("ArrowRight")
    moved = page.locator(".pane img").evaluate_all("all => all.map(i => getComputedStyle(i).transform)")
    assert set(moved) == {"matrix(1, 0, 0, 1, 20, 0)"}
    # One key for the whole photograph; the holder's file is not here, and the page says so.
    page.keyboard.press("w")
    page.locator("#scene").wait_for()
    page.locator(".keys summary").click()
    page.locator("[data-keys-on]").uncheck()
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("details.keys").get_attribute("open") is not None  # the key is off
    tab_to(page, "main nav a, footer button")
    assert page.blocked == []  # type: ignore[attr-defined]
    page.context.close()


@pytest.mark.parametrize("js", [True, False])
def test_review_by_keys_and_without_script(live: Live, js: bool) -> None:
    house, desk = live.house, live.desk
    house.search(photograph("P001", "amateur_selfie"))
    desk.open()
    page = live.enter(desk.reviewers["ada" if js else "bob"], "en", js=js)
    page.goto(live.address + "/review")
    page.locator('form[action="/review/next"] button').click()
    page.wait_for_url("**/review/pair/*")
    first = page.locator("h1").inner_text()
    assert page.locator("#veil").is_checked()
    if js:
        check(page, "pair", "en")
        page.keyboard.press("3")
        assert page.locator('input[name=verdict][value="+2"]').is_checked()
        page.keyboard.press("z")
        assert page.locator("input[name=verdict]:checked").count() == 0
        page.keyboard.press("?")
        page.locator('[data-key="0"]').fill("k")
        page.locator('[data-key="0"]').blur()
        page.locator("h1").click()
        page.keyboard.press("k")
        assert page.locator('input[name=verdict][value="0"]').is_checked()
        page.locator("[data-keys-on]").uncheck()
        page.locator("h1").click()
        page.keyboard.press("3")
        assert page.locator('input[name=verdict][value="0"]').is_checked()  # keys are off
        page.locator("#veil").uncheck()
        shoot(page, "pair-unveiled-en")
    else:
        page.locator('input[name=verdict][value="0"]').check()
    page.locator("form[action^='/review/pair/'] button").click()
    page.wait_for_function(
        "t => document.querySelector('h1').innerText !== t", arg=first
    ) if js else page.wait_for_load_state()
    second = page.locator("h1").inner_text()
    assert second != first
    if js:  # undo by its key: what was sealed is withdrawn by a record, and the pair comes again
        page.evaluate("localStorage.clear()")
        page.reload()
        page.keyboard.press("z")
        page.wait_for_function("t => document.querySelector('h1').innerText === t", arg=first)
        page.keyboard.press("s")
        page.wait_for_function("t => document.querySelector('h1').innerText === t", arg=second)
    else:
        page.locator("#undo").click()
        page.wait_for_load_state()
        assert page.locator("h1").inner_text() == first
        page.locator("#skip").click()
        page.wait_for_load_state()
        assert page.locator("h1").inner_text() == second
    assert house.events().count("verdict-withdrawn") == (1 if js else 2)
    page.context.close()


@pytest.mark.parametrize("dark", [False, True])
def test_night_and_forced_colours_keep_their_contrast(live: Live, dark: bool) -> None:
    page = live.open("en", dark=dark)
    for path in ("/", "/ask", "/login"):
        page.goto(live.address + path)
        check(page, f"{'dark' if dark else 'light'}-{path.strip('/') or 'home'}", "en")
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    page.goto(live.address + "/ask")
    edges = page.evaluate(
        "[...document.querySelectorAll('main button')].map(b => getComputedStyle(b).borderTopWidth)"
    )
    assert edges == ["2px"]  # a button is seen by its edge where colours are the reader's own
    shoot(page, f"forced-{dark}")
    page.context.close()
