"""Passkeys with Chromium's own authenticator, and one's account: sessions, password."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from live_parts import Live, check, needs_chromium, visit
from playwright.sync_api import Page
from web_parts import PASSWORD, Visitor

import countenance.web
from countenance.biometrics.vocabulary import Detail
from countenance.records.models import Account, IngestRun, IngestShard, Source
from countenance.web.entering.session import FRESH
from countenance.web.models import WebLogin, WebPasskey
from countenance.web.site import site

STATIC = Path(str(countenance.web.__file__)).parent / "static"
HTMX_SHA256 = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
"""Of dist/htmx.min.js of htmx.org 4.0.1 on the npm registry."""

pytestmark = needs_chromium

DEVICE = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def live(empty: Live) -> Live:
    return empty


@pytest.fixture
def owner(live: Live) -> Iterator[Page]:
    """Somebody who is in, at a browser with a device."""
    page = live.enter(live.house.caseworker)
    plug(page)
    yield page
    WebPasskey.objects.all().delete()
    page.context.close()


def plug(page: Page) -> Any:
    """Put a device into the browser; returns what steers it."""
    steered = page.context.new_cdp_session(page)
    steered.send("WebAuthn.enable")
    page.device = steered.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]  # type: ignore[attr-defined]
    page.steered = steered  # type: ignore[attr-defined]
    return steered


def make(live: Live, page: Page, name: str) -> None:
    page.goto(live.address + "/account/passkeys/new")
    page.locator("#name").fill(name)
    page.locator("[data-passkey] button").click()
    page.wait_for_url("**/account")


def half_in(live: Live, page: Page) -> None:
    """Out, and in again as far as the password."""
    page.locator('form[action="/logout"] button').click()
    page.wait_for_url("**/login")
    page.locator("#name").fill("carol")
    page.locator("#password").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url("**/login/second*")


def test_a_passkey_is_made_lets_in_and_is_removed(live: Live, owner: Page) -> None:
    make(live, owner, "Grey key")
    assert "Grey key" in owner.locator("main").inner_text()
    check(owner, "account", "en")
    half_in(live, owner)
    check(owner, "second-passkey", "en")
    owner.locator("[data-passkey] button").click()
    owner.wait_for_url(f"{live.address}/")
    held = WebPasskey.objects.get()
    assert held.used_at is not None
    assert held.uses > 0
    owner.goto(live.address + "/account")
    owner.get_by_role("link", name="Grey key").click()
    owner.locator("button.danger").click()
    owner.wait_for_url("**/account")
    assert not WebPasskey.objects.exists()


def test_a_passkey_confirms_what_cannot_be_undone(live: Live, owner: Page) -> None:
    make(live, owner, "Grey key")
    live.house.clock.move(FRESH * 1.2)
    owner.goto(live.address + "/account/password")
    assert "/confirm" in owner.url
    owner.locator("[data-passkey] button").click()
    owner.wait_for_url("**/account/password")


def test_a_passkey_of_somebody_else_or_copied_lets_nobody_in(live: Live, owner: Page) -> None:
    make(live, owner, "Grey key")
    held = WebPasskey.objects.get()
    # A copy has been used more often elsewhere.
    WebPasskey.objects.update(uses=1_000_000)
    half_in(live, owner)
    owner.locator("[data-passkey] button").click()
    owner.locator(".notice.bad").wait_for()
    assert WebLogin.objects.get(account=held.account).failures == 1
    WebPasskey.objects.update(uses=held.uses, account=held.account)
    # The same device registered by another account answers for that account alone.
    stolen = Visitor(house=live.house).enter(live.house.operator)
    page = stolen.get("/confirm").content.decode()
    assert "data-passkey" not in page


@pytest.mark.parametrize(
    "change",
    [
        {"challenge": "AAAA"},
        {"origin": "https://evil.example"},
        {"type": "webauthn.create"},
    ],
)
def test_an_answer_to_another_question_is_refused(live: Live, owner: Page, change: dict[str, str]) -> None:
    """The answer is the device's own, its client data are changed on the way, as a page elsewhere would have them."""
    make(live, owner, "Grey key")
    half_in(live, owner)
    owner.evaluate(
        """change => {
            const given = navigator.credentials.get.bind(navigator.credentials);
            navigator.credentials.get = async (options) => {
                const answer = (await given(options)).toJSON();
                const text = atob(answer.response.clientDataJSON.replaceAll("-", "+").replaceAll("_", "/"));
                answer.response.clientDataJSON = btoa(JSON.stringify({...JSON.parse(text), ...change}))
                    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
                return {toJSON: () => answer};
            };
        }""",
        change,
    )
    owner.locator("[data-passkey] button").click()
    owner.locator(".notice.bad").wait_for()
    assert owner.url.startswith(f"{live.address}/login/second")


def test_an_answer_is_good_once_and_nonsense_is_refused(live: Live) -> None:
    visitor = Visitor(house=live.house).enter(live.house.caseworker)
    for answer in ("{}", "[]", "no", json.dumps({"id": "AA", "rawId": "AA", "type": "public-key"})):
        said = visitor.post("/confirm", None, asked="nothing", answer=answer)
        assert said.status_code == 403, answer
        made = visitor.post("/account/passkeys/new", None, asked="nothing", answer=answer, name="x")
        assert made.status_code == 400, answer
        WebLogin.objects.update(failures=0, locked_until=None)
    assert not WebPasskey.objects.exists()


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_pages_of_the_account_are_clean(live: Live, lang: str) -> None:
    page = live.enter(live.house.caseworker, lang)
    for path in ("/account", "/account/password", "/account/passkeys/new"):
        visit(page, live.address + path, lang, name=f"account-{path.rpartition('/')[2]}")
    page.context.close()


def test_one_ends_ones_other_sessions(live: Live) -> None:
    first = Visitor(house=live.house).enter(live.house.operator)
    other = Visitor(house=live.house, secret=first.secret)
    other.post("/login", name="operator", password=PASSWORD)
    other.post("/login/second", code=other.code())
    third = Visitor(house=live.house, secret=first.secret)
    third.post("/login", name="operator", password=PASSWORD)
    third.post("/login/second", code=third.code())
    page = first.get("/account").content.decode()
    assert page.count('name="session"') == 2
    wanted = page.split('name="session" value="')[1].split('"')[0]
    first.post("/account/sessions", "/account", session=wanted)
    assert (
        sum("/login" not in str(each.get("/account").headers.get("Location", "")) for each in (other, third))
        == 1
    )
    first.post("/account/sessions", "/account", others="1")
    for each in (other, third):
        assert each.get("/account").url.startswith("/login")
    assert first.get("/account").status_code == 200
    # Somebody else's session is not one's own to end.
    carol = Visitor(house=live.house).enter(live.house.caseworker)
    mine = str(carol.get("/account").wsgi_request.member.session.pk)
    first.post("/account/sessions", "/account", session=mine)
    assert carol.get("/account").status_code == 200


def test_the_password_is_changed_for_the_present_one(live: Live) -> None:
    visitor = Visitor(house=live.house).enter(live.house.operator)
    wanted = "four plain words of hers"
    assert visitor.post("/account/password", None, present="wrong", password=wanted).status_code == 403
    assert (
        visitor.post("/account/password", None, present=PASSWORD, password="my countenance").status_code
        == 400
    )
    assert visitor.post("/account/password", None, present=PASSWORD, password=wanted).status_code == 302
    other = Visitor(house=live.house, secret=visitor.secret)
    assert other.post("/login", name="operator", password=PASSWORD).status_code == 403
    assert other.post("/login", name="operator", password=wanted).status_code == 302


def test_the_door_is_knocked_at_so_often_and_no_more(live: Live) -> None:
    held = site().entering
    page = Visitor(house=live.house)
    try:
        held._most = len(held._seen.get("127.0.0.1", ())) + 2
        said = [page.post("/login", name=f"name-{n}", password="x").status_code for n in range(3)]
    finally:
        held._most = 200
    assert said == [403, 403, 429]


def test_an_ingest_that_runs_moves_on_the_page(live: Live) -> None:
    """htmx, as it was published, reads the list again; without eval and without a style of its own."""
    assert sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest() == HTMX_SHA256
    house = live.house
    run = IngestRun.objects.create(
        code="R-0000-0001",
        source=Source.objects.get(),
        started_by=Account.objects.get(name="operator"),
        detail=Detail.STANDARD,
        extraction="test",
        started_at=house.clock(),
    )
    IngestShard.objects.create(run=run, number=0, leased_until=house.clock() + FRESH)
    page = live.enter(house.operator)
    page.goto(live.address + "/operator/ingests")
    page.evaluate("window.stayed = true")
    assert page.locator("#rows[hx-get]").count() == 1
    check(page, "ingests", "en")
    IngestRun.objects.update(finished_at=house.clock())
    page.locator("#rows:not([hx-get])").wait_for()
    assert page.evaluate("window.stayed")
    assert page.blocked == []  # type: ignore[attr-defined]
    IngestShard.objects.all().delete()
    IngestRun.objects.all().delete()
    page.context.close()
