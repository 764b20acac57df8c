"""Five people, each from the first page to the end of their errand, by what stands on the pages: links and buttons by their names."""

from __future__ import annotations

import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from house import House, authority, photograph
from live_parts import Live, needs_chromium
from playwright.sync_api import Page
from web_parts import Visitor

from countenance.records import models
from countenance.records.identity import AccountKey
from countenance.web.site import site

pytestmark = [pytest.mark.slow, needs_chromium]


def enter(live: Live, key: AccountKey) -> tuple[Page, Visitor]:
    """A browser of somebody who is in, and what gives their next code."""
    visitor = Visitor(house=live.house).enter(key)
    page = live.open("en")
    url = live.address.replace("http:", "https:")
    cookie = visitor.client.cookies["__Host-session"].value
    page.context.add_cookies([{"name": "__Host-session", "value": cookie, "url": url, "secure": True}])
    page.goto(live.address)
    return page, visitor


def press(page: Page, name: str) -> None:
    """The button or the link of this name in the page's own part."""
    main = page.locator("main")
    found = main.get_by_role("button", name=name, exact=True).or_(
        main.get_by_role("link", name=name, exact=True)
    )
    found.first.click()
    page.wait_for_load_state()


def confirm(page: Page, visitor: Visitor) -> None:
    """A fresh code, where the page asks for one."""
    if "/confirm" in page.url:
        page.get_by_label("The six digits").fill(visitor.code())
        press(page, "Confirm")


def text(page: Page) -> str:
    return re.sub(r"\s+", " ", page.locator("main").inner_text())


def test_caseworker_and_reviewers(live: Live, tmp_path: Path) -> None:
    house, desk = live.house, live.desk
    page, carol = enter(live, house.caseworker)
    press(page, "Cases")
    press(page, "Open a case")
    page.get_by_label("Your file number, or its authority").fill("2026-77")
    page.get_by_label("On behalf of").fill("Sûreté municipale")
    page.get_by_label("Where that body stands").select_option("CA-ON")
    page.get_by_label("Purpose").select_option("missing-person")
    press(page, "Open a case")
    code = page.url.rpartition("/")[2]
    page.get_by_label(re.compile("Photographs of the sought person")).set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photograph("P001", "amateur_selfie")}
    )
    press(page, "Search")
    page.wait_for_url("**/searches/*")
    page.locator("ol.strip a").first.click()
    page.wait_for_load_state()
    press(page, "Show the whole photograph")
    page.get_by_text("What do you find yourself?").click()
    page.get_by_label(re.compile("some support for one person")).check()
    press(page, "Seal it, and open the review")
    assert "The review" in text(page)
    for name in ("ada", "bob"):
        reader, _ = enter(live, desk.reviewers[name])
        press(reader, "Review")
        press(reader, "Take the next pair")
        while "/review/pair/" in reader.url:
            reader.locator("#veil").uncheck()
            reader.get_by_label(re.compile("^-2")).check()
            for feature in ("ears", "nose", "eyes"):
                reader.locator(f'input[name="finding-{feature}"][value="different"]').check()
            press(reader, "Seal, and take the next pair")
        assert "Nothing waits for your examination" in text(reader)
        reader.context.close()
    page.goto(f"{live.address}/cases/{code}")
    assert "No candidate" in text(page)
    house.clock.move(timedelta(minutes=6))
    press(page, "Make the report")
    confirm(page, carol)
    if page.get_by_role("button", name="As PDF").count() == 0:
        press(page, "Make the report")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="As PDF").click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"%PDF-")
    page.context.close()


def test_a_person_and_the_request_desk(live: Live, tmp_path: Path) -> None:
    site().asking._seen.clear()
    house = live.house
    receipt = models.ConsentReceipt.objects.filter(person__label="P002").values_list("code", flat=True)[0]
    person = live.open("en", width=400, js=False)
    press(person, "What we hold, and why")
    press(person, "Ask what is held of you, or to be left out")
    person.get_by_label(re.compile("What do you hold of me")).check()
    person.get_by_label(re.compile("By the code of my consent receipt")).check()
    person.get_by_label(re.compile("Code, number or reference")).fill(receipt)
    person.get_by_label("Your name").fill("Anne")
    person.get_by_label("Telephone, address or e-mail").fill("anne@example.org")
    press(person, "Send the request")
    number, secret = person.locator("code.secret").all_inner_texts()
    staff, operator = enter(live, house.operator)
    press(staff, "Request desk")
    press(staff, number)
    assert (
        staff.locator("a.button:not(.second)").inner_text() == "Say how the requester was verified"
    )  # what comes next
    press(staff, "Say how the requester was verified")
    staff.get_by_label("How they were verified").select_option("receipt-holder")
    press(staff, "Say how the requester was verified")
    confirm(staff, operator)
    for step in ("Find what the requester pointed at", "Look at what would be handed out"):
        staff.goto(f"{live.address}/requests/open/{number}")
        press(staff, step)
        press(staff, step)
        assert "Done" in text(staff), text(staff)
    press_again = person.goto(live.address)
    assert press_again is not None
    press(person, "Follow a request")
    person.get_by_label("Number").fill(number)
    person.get_by_label("Secret").fill(secret)
    press(person, "Show")
    assert "It was checked that it is you" in text(person)
    person.context.close()
    staff.context.close()


def test_an_authority_stops_a_client(live: Live, tmp_path: Path) -> None:
    house: House = live.house
    office = authority(house)
    page, visitor = enter(live, office.commissioner)
    press(page, "Oversight")
    press(page, "Stop…")
    confirm(page, visitor)
    page.get_by_label("Kind").select_option("cease-offering")
    page.get_by_label(re.compile("^Client")).fill("Tracing")
    press(page, "See what an order would touch")
    assert "Done" in text(page)
    press(page, "Issue an order")
    confirm(page, visitor)
    _fill(page, kind="cease-offering", client="Tracing", number="2026-7", dated="2026-11-02")
    press(page, "Issue an order")
    assert "Done" in text(page), text(page)
    page.goto(f"{live.address}/oversight/orders")
    page.locator("tbody a").first.click()
    press(page, "Certificate of the order")
    press(page, "Certificate of the order")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Keep the file").click()
    waiting.value.save_as(tmp_path / "certificate.json")
    assert json.loads((tmp_path / "certificate.json").read_text())["format"] == "countenance-statement/1"
    with page.expect_download() as program:
        page.get_by_role("link", name="verifier.py").first.click()
    program.value.save_as(tmp_path / "verifier.py")
    words: list[Any] = ["statement", tmp_path / "certificate.json", "--key", house.workspace.log.vkey]
    checked = run(
        [sys.executable, tmp_path / "verifier.py", *words], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    carol, _ = enter(live, house.caseworker)
    carol.goto(f"{live.address}/cases/{house.case}")
    carol.get_by_label(re.compile("Photographs of the sought person")).set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photograph("P001", "amateur_selfie")}
    )
    press(carol, "Search")
    assert "2026-7" in text(carol)  # the refusal names the order
    page.context.close()
    carol.context.close()


def _fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        field = page.locator(f"#f-{name}")
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def test_an_operator_from_a_person_to_a_searchable_photograph(live: Live) -> None:
    house = live.house
    folder = house.workspace.directory.parent / "photographs"
    folder.mkdir(exist_ok=True)
    (folder / "P004.jpg").write_bytes(photograph("P004"))
    page, _ = enter(live, house.operator)
    press(page, "Operator")
    page.get_by_role("link", name="People", exact=True).click()
    press(page, "Add a person")
    page.get_by_label("Label").fill("P004")
    press(page, "Add a person")
    assert "Done" in text(page)
    page.goto(f"{live.address}/operator/sources")
    page.locator("tbody a").first.click()
    press(page, "Take in a source's photographs")
    press(page, "Take in a source's photographs")
    assert "Done" in text(page), text(page)
    page.goto(f"{live.address}/operator/ingests")
    page.wait_for_function("() => document.body.innerText.includes('finished')")
    page.get_by_role("link", name="Index and cluster").click()
    assert "In sealed segments" in text(page)
    page.get_by_role("link", name="Models").click()
    page.locator("tbody a").first.click()
    assert "Licence" in text(page)
    page.context.close()
