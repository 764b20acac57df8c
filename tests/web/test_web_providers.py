"""Logging in through an identity provider: a real one on a port of this machine, in Chromium; and each way in which it may lie."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from identity_provider import CLIENT, SECRET, IdentityProvider, provider
from live_parts import Live, check, needs_chromium
from playwright.sync_api import Page
from web_parts import Visitor

from countenance.primitives.errors import RefusedError, UsageError
from countenance.web.entering.session import FRESH
from countenance.web.keyring import Keyring, new_token
from countenance.web.models import WebBrowser, WebIdentity
from countenance.web.site import site

pytestmark = needs_chromium


@pytest.fixture
def live(empty: Live) -> Live:
    return empty


@pytest.fixture
def known(live: Live) -> Iterator[IdentityProvider]:
    """A provider that the operator registered."""
    with provider(live.house.clock) as held:
        live.house.act("provider-add", name="ministry", issuer=held.issuer, client_id=CLIENT)
        secret = live.house.workspace.directory / "web.ministry.secret"
        secret.write_text(SECRET + "\n")
        yield held
        live.house.act("provider-remove", provider="ministry")
        WebIdentity.objects.all().delete()
        WebBrowser.objects.all().delete()


@pytest.fixture
def bound(live: Live, known: IdentityProvider) -> Iterator[Page]:
    """A browser that carol bound, and is out of."""
    page = live.enter(live.house.caseworker)
    page.goto(live.address + "/account")
    page.get_by_role("link", name="ministry").click()
    page.wait_for_url("**/account")
    assert "ministry, linked since" in page.locator("main").inner_text()
    check(page, "account-linked", "en")
    page.locator('form[action="/logout"] button').click()
    page.wait_for_url("**/login")
    yield page
    page.context.close()


def test_a_bound_browser_lets_in_and_the_second_factor_stays_ours(live: Live, bound: Page) -> None:
    check(bound, "login-provider", "en")
    bound.get_by_role("link", name="ministry").click()
    bound.wait_for_url("**/login/second*")
    bound.goto(live.address)
    assert bound.locator('form[action="/logout"]').count() == 0  # half in is not in


def test_a_provider_that_asked_for_several_factors_lets_in_and_confirms_nothing(
    live: Live, bound: Page, known: IdentityProvider
) -> None:
    known.amr = ["pwd", "otp", "mfa"]
    bound.get_by_role("link", name="ministry").click()
    bound.wait_for_url(f"{live.address}/")
    assert bound.locator('form[action="/logout"]').count() == 1
    bound.goto(live.address + "/account/password")
    assert "/confirm" in bound.url


def test_another_browser_is_told_to_bind_itself(live: Live, bound: Page) -> None:
    other = live.open()
    other.goto(live.address + "/login/with/ministry")
    other.wait_for_url("**/login/arrived*")
    assert "not bound" in other.locator("main").inner_text()
    other.context.close()


def test_a_stranger_of_the_provider_is_nobody_here(live: Live, bound: Page, known: IdentityProvider) -> None:
    known.subject = "somebody-else"
    bound.get_by_role("link", name="ministry").click()
    bound.wait_for_url("**/login/arrived*")
    assert "Name, password or code is not right" in bound.locator("main").inner_text()


def journey(live: Live, visitor: Visitor, address: str = "/login/with/ministry") -> str:
    """To the provider by hand; the address that it sends back to."""

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None: ...

    there = visitor.get(address)
    assert there.status_code == 302, there.content.decode()
    try:
        build_opener(Stay).open(there.url)
    except OSError as error:
        return str(error.headers["Location"]).removeprefix("https://localhost")  # type: ignore[attr-defined]
    raise AssertionError("the provider sends back")


OTHER_KEY = rsa.generate_private_key(65537, 2048)
LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "another audience": {"claims": {"aud": "another-client"}},
    "several audiences and no azp": {"claims": {"aud": [CLIENT, "another-client"]}},
    "azp of another": {"claims": {"aud": [CLIENT, "another-client"], "azp": "another-client"}},
    "no nonce": {"claims": {"nonce": None}},
    "another nonce": {"claims": {"nonce": "of another journey"}},
    "no subject": {"claims": {"sub": ""}},
    "no end": {"claims": {"exp": None}},
    "ended": {"claims": {"exp": 1}},
    "end that is no number": {"claims": {"exp": "soon"}},
    "made long ago": {"claims": {"iat": 1}},
    "another key": {"signed_by": OTHER_KEY},
    "no signature": {"alg": "none", "signed_by": None},
    "the client secret for a key": {"alg": "HS256", "signed_by": SECRET + " and long enough for it"},
    "an issuer that is not its own": {"discovery": {"issuer": "https://evil.example"}},
    "a token endpoint in plain text": {"discovery": {"token_endpoint": "http://evil.example/token"}},
}


@pytest.mark.parametrize("lie", LIES)
def test_no_lie_of_a_provider_lets_in(live: Live, known: IdentityProvider, lie: str) -> None:
    visitor = Visitor(house=live.house).enter(live.house.caseworker)
    back = journey(live, visitor, "/account/links/ministry")
    known.lies = LIES[lie]
    said = visitor.get(back)
    assert said.status_code in {403, 503}, said.content.decode()
    assert not WebIdentity.objects.exists()


def test_an_answer_is_for_the_browser_that_set_out_and_good_once(live: Live, known: IdentityProvider) -> None:
    visitor = Visitor(house=live.house).enter(live.house.caseworker)
    back = journey(live, visitor, "/account/links/ministry")
    thief = Visitor(house=live.house)
    assert thief.get(back).status_code == 403
    journey(live, thief)
    assert thief.get(back).status_code == 403  # with a journey of its own as well
    page = visitor.get(back).content.decode()
    onward = page.split("url=")[1].split('"')[0]
    assert thief.get(onward).status_code == 403
    assert visitor.get(back).status_code == 403
    assert visitor.get(onward).url == "/account"
    assert visitor.get(onward).status_code == 403
    assert WebIdentity.objects.get().subject == "person-17"
    # The name is linked: another account cannot be.
    other = Visitor(house=live.house).enter(live.house.operator)
    back = journey(live, other, "/account/links/ministry")
    assert other.get(other.get(back).content.decode().split("url=")[1].split('"')[0]).status_code == 409


def test_binding_asks_for_a_fresh_second_factor(live: Live, known: IdentityProvider) -> None:
    visitor = Visitor(house=live.house).enter(live.house.caseworker)
    live.house.clock.move(FRESH + timedelta(seconds=1))
    assert visitor.get("/account/links/ministry").url.startswith("/confirm")


def test_a_browser_is_unbound_at_once_and_by_a_new_password(live: Live, bound: Page) -> None:
    assert WebBrowser.objects.count() == 1
    visitor = Visitor(house=live.house).enter(live.house.caseworker)  # a new link: both factors anew
    assert WebBrowser.objects.count() == 0
    assert WebIdentity.objects.count() == 1
    visitor.post("/account/links", "/account")
    assert WebIdentity.objects.count() == 0


def test_provider_and_database_together_open_nothing(live: Live, bound: Page) -> None:
    row = WebBrowser.objects.get()
    thief = Keyring(site().keyring._server)
    for guess in (new_token(), bytes(row.token_hash)):
        with pytest.raises(RefusedError):
            thief.open(bytes(row.sealed), guess, about=f"browser:{row.pk}")
    (cookie,) = [each for each in bound.context.cookies() if each["name"] == "__Host-browser"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    token = base64.urlsafe_b64decode(cookie["value"] + "=")
    assert thief.open(bytes(row.sealed), token, about=f"browser:{row.pk}").key.account == "carol"


def test_a_removed_provider_lets_nobody_in(live: Live, known: IdentityProvider) -> None:
    live.house.act("provider-remove", provider="ministry")
    assert Visitor(house=live.house).get("/login/with/ministry").status_code == 403
    assert "ministry" not in Visitor(house=live.house).get("/login").content.decode()
    live.house.act("provider-add", name="ministry", issuer=known.issuer, client_id=CLIENT)


@pytest.mark.parametrize(
    ("name", "issuer"),
    [
        ("Ministry", "https://id.example"),
        ("x/y", "https://id.example"),
        ("x", "http://id.example"),
        ("x", "https://a@b/"),
        ("x", "https://b/?q"),
    ],
)
def test_what_is_registered_is_a_name_and_an_issuer(live: Live, name: str, issuer: str) -> None:
    with pytest.raises(UsageError):
        live.house.act("provider-add", name=name, issuer=issuer, client_id="c")


def test_no_secret_of_the_provider_is_in_a_record(live: Live, known: IdentityProvider) -> None:
    listed = json.dumps(live.house.act("records-read", listing="providers"))
    assert known.issuer in listed
    assert SECRET not in listed
