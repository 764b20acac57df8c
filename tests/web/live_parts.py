"""The application in the real Chromium: a server on a port of this machine, and what is looked at on every page."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from house import House, found_house
from playwright.sync_api import Browser, Page, sync_playwright
from review_desk import Desk, desk_of
from web_parts import Visitor

from countenance.records.identity import AccountKey
from countenance.service.server import SearcherServer
from countenance.web.serving import listen
from countenance.web.site import application

CHROMIUM = shutil.which("chromium") or ""
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WEIGHT = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter(each => each.initiatorType !== "img").reduce((sum, each) => sum + each.encodedBodySize, 0)"""
SHOTS = os.environ.get("COUNTENANCE_SHOTS", "")

needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="needs Debian's chromium")


@dataclass(kw_only=True)
class Live:
    """The application on a port of this machine, with two people, reviewers and a public."""

    house: House
    desk: Desk
    address: str
    browser: Browser

    def open(
        self, lang: str = "en", *, width: int = 1100, js: bool = True, dark: bool = False, zoom: int = 1
    ) -> Page:
        """A page of a new browser; what it says of the policy is gathered in `page.blocked`."""
        context = self.browser.new_context(
            locale="fr-CA" if lang == "fr" else "en-CA",
            java_script_enabled=js,
            viewport={"width": width, "height": 800},
            device_scale_factor=zoom,
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(30_000)
        page = context.new_page()
        blocked: list[str] = []
        page.on(
            "console", lambda said: blocked.append(said.text) if "Content Security" in said.text else None
        )
        page.on("pageerror", lambda error: blocked.append(str(error)))
        page.blocked = blocked  # type: ignore[attr-defined]
        page.goto(self.address)
        return page

    def enter(self, key: AccountKey, lang: str = "en", **how: Any) -> Page:
        """A browser of somebody who is in: through the door once, and the cookie put into it."""
        visitor = Visitor(house=self.house).enter(key)
        page = self.open(lang, **how)
        cookie = visitor.client.cookies["__Host-session"].value
        page.context.add_cookies(
            [
                {
                    "name": "__Host-session",
                    "value": cookie,
                    "url": self.address.replace("http:", "https:"),
                    "secure": True,
                }
            ]
        )
        page.goto(self.address)
        return page


@contextmanager
def living(folder: Path, people: int) -> Iterator[Live]:
    """A workspace in `folder` with so many people, its searcher, its pages on a port, and a browser."""
    # Playwright keeps an event loop in this thread; nothing of ours runs in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    house = found_house(folder / "workspace", None)
    desk = desk_of(house, people)
    directory = house.workspace.directory
    server = listen(application(directory, clock=house.clock), "127.0.0.1", 0)
    searcher = SearcherServer(directory, clock=house.clock)
    threads = [threading.Thread(target=searcher.run), threading.Thread(target=server.run, daemon=True)]
    for thread in threads:
        thread.start()
    assert searcher.ready.wait(60)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        address = f"http://localhost:{server.effective_port}"
        yield Live(house=house, desk=desk, address=address, browser=browser)
        browser.close()
        # Django keeps a second connection for code below a running loop, which is where tests with Playwright are; the next
        # workspace must not find this one's there.
        connections.close_all()
        del connections["default"]
    server.close()
    searcher.stop()
    threads[0].join(60)
    house.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def tab_to(page: Page, selector: str, most: int = 90) -> None:
    """Press Tab until the wanted thing has the focus, and see that the focus can be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def check(page: Page, name: str, lang: str) -> None:
    """axe finds nothing, the language is right, nothing was blocked, nothing hangs over, and the page is small."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("async rules => (await axe.run(document, {runOnly: rules})).violations", RULES)
    said = [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found]
    assert said == [], (name, said)
    assert page.locator("html").get_attribute("lang") == lang, name
    assert page.blocked == [], name  # type: ignore[attr-defined]
    shoot(page, f"{name}-{lang}")


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def fits(page: Page) -> None:
    """Nothing wider than the window: no second direction to scroll in (WCAG 2.2, 1.4.10)."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], (page.url, wide)  # type: ignore[index]


def visit(page: Page, address: str, lang: str, name: str = "") -> None:
    page.goto(address)
    weight = page.evaluate(WEIGHT)
    assert 0 < weight <= 100_000, (address, weight)
    check(page, name or f"public-{address.rpartition('/')[2] or 'home'}", lang)
    page.set_viewport_size({"width": 320, "height": 700})
    fits(page)
    page.set_viewport_size({"width": 1100, "height": 800})
