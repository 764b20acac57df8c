"""The door: link, password, second factor, sessions; and that a stolen database signs nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from house import House
from web_parts import PASSWORD, Visitor

from countenance.primitives.errors import ConflictError, RefusedError, UsageError
from countenance.records.identity import AccountKey
from countenance.records.models import Account
from countenance.web import totp
from countenance.web.entering.link import accept, invite
from countenance.web.entering.session import find, read_token
from countenance.web.keyring import Held, Keyring, new_token
from countenance.web.models import WebInvitation, WebLogin, WebSession
from countenance.web.serving import check_address
from countenance.web.site import POLICY, site


def _again(house: House, entered: Visitor) -> Visitor:
    """The same person in another browser."""
    return Visitor(house=house, secret=entered.secret)


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B: SHA-1, the last six of its eight digits
    secret = b"12345678901234567890"
    for seconds, code in (
        (59, "287082"),
        (1111111109, "081804"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ):
        assert totp.code_at(secret, seconds // 30) == code


def test_link_then_password_then_code(web: House, visitor: Visitor) -> None:
    visitor.enter(web.caseworker)
    assert "carol" in visitor.get("/").content.decode()
    other = _again(web, visitor)
    assert other.post("/login", name="carol", password=PASSWORD).url.startswith("/login/second")
    assert "Log in" in other.get("/").content.decode()  # half in is not in
    assert other.post("/login/second", code=other.code()).url == "/"
    assert "carol" in other.get("/").content.decode()
    other.post("/logout", "/")
    assert "carol" not in other.get("/").content.decode()
    assert "carol" in visitor.get("/").content.decode()


def test_link_works_once_and_ages(web: House, visitor: Visitor) -> None:
    keyring, key = site().keyring, web.caseworker
    link = invite(keyring, key, web.clock())
    fresh = invite(keyring, key, web.clock())
    assert visitor.get(f"/welcome/{link}").status_code == 403  # a newer one is out
    secret = keyring.derive(read_token(fresh), "totp", 20)
    code = totp.code_at(secret, totp.step_of(web.clock()))
    with pytest.raises(UsageError):
        accept(keyring, fresh, "short", code, web.clock())
    with pytest.raises(UsageError):
        accept(keyring, fresh, PASSWORD, "000000" if code != "000000" else "111111", web.clock())
    accept(keyring, fresh, PASSWORD, code, web.clock())
    with pytest.raises(RefusedError, match="has been used"):
        accept(keyring, fresh, PASSWORD, code, web.clock())
    old = invite(keyring, key, web.clock())
    web.clock.move(timedelta(hours=24))
    with pytest.raises(RefusedError, match="too old"):
        accept(keyring, old, PASSWORD, code, web.clock())


def test_link_needs_the_key_of_the_account(web: House) -> None:
    with pytest.raises(UsageError):
        invite(site().keyring, AccountKey.generate("carol"), web.clock())


def test_code_is_good_once(web: House, visitor: Visitor) -> None:
    visitor.enter(web.caseworker)
    code = visitor.code()
    first, second = _again(web, visitor), _again(web, visitor)
    for each in (first, second):
        each.post("/login", name="carol", password=PASSWORD)
    assert first.post("/login/second", code=code).status_code == 302
    assert second.post("/login/second", code=code).status_code == 403


def test_five_failures_close_the_way_in_for_a_while(web: House, visitor: Visitor) -> None:
    visitor.enter(web.caseworker)
    other = _again(web, visitor)
    said = {other.post("/login", name="carol", password=f"wrong password {n}").content for n in range(5)}
    assert all(b"Name, password or code is not right" in page for page in said)
    assert other.post("/login", name="carol", password=PASSWORD).status_code == 403
    unknown = other.post("/login", name="nobody", password=PASSWORD)
    assert b"Name, password or code is not right" in unknown.content
    web.clock.move(timedelta(minutes=1))
    assert other.post("/login", name="carol", password=PASSWORD).status_code == 302
    assert "carol" in visitor.get("/").content.decode()  # who is in stays in


def test_session_ends_idle_or_at_the_end_of_the_day(web: House, visitor: Visitor) -> None:
    visitor.enter(web.caseworker)
    web.clock.move(timedelta(minutes=29))
    assert "carol" in visitor.get("/").content.decode()
    web.clock.move(timedelta(minutes=31))
    assert "carol" not in visitor.get("/").content.decode()
    visitor = Visitor(house=web).enter(web.caseworker)
    for _ in range(24):
        web.clock.move(timedelta(minutes=29))
        visitor.get("/")
    web.clock.move(timedelta(minutes=25))
    assert "carol" not in visitor.get("/").content.decode()


def test_suspension_ends_sessions_at_once(web: House, visitor: Visitor) -> None:
    visitor.enter(web.caseworker)
    web.act("account-suspend", name="carol", reason="left")
    assert "carol" not in visitor.get("/").content.decode()
    assert not WebSession.objects.exists()
    assert _again(web, visitor).post("/login", name="carol", password=PASSWORD).status_code == 403


def test_stolen_database_signs_nothing(web: House, visitor: Visitor) -> None:
    key = web.caseworker.private.private_bytes_raw()
    invite(site().keyring, web.operator, web.clock())
    visitor.enter(web.caseworker)
    rows = [
        (about, bytes(row.sealed))
        for about, model in (("login", WebLogin), ("session", WebSession), ("invitation", WebInvitation))
        for row in model.objects.all()
    ]
    assert len(rows) == 3
    for model in apps.get_app_config("web").get_models():
        for row in model.objects.values():
            text = repr(row).encode() + b"".join(
                bytes(v) for v in row.values() if isinstance(v, bytes | memoryview)
            )
            assert key not in text
            assert key.hex().encode() not in text
            assert visitor.secret not in text
    # The server's secret on top: the token or the password is still missing.
    thief = Keyring(site().keyring._server)
    login = WebLogin.objects.get()
    for about, sealed in rows:
        for guess in (b"\0" * 32, bytes(WebSession.objects.get().token_hash)):
            with pytest.raises(RefusedError):
                thief.open(sealed, guess, about=about)
    with pytest.raises(RefusedError):
        thief.open_by_password(bytes(login.sealed), "not the password", about=f"login:{login.pk}")
    # And the right password without the server's secret opens nothing either.
    with pytest.raises(RefusedError):
        Keyring(new_token()).open_by_password(bytes(login.sealed), PASSWORD, about=f"login:{login.pk}")
    opened = thief.open_by_password(bytes(login.sealed), PASSWORD, about=f"login:{login.pk}")
    assert opened.key.private.private_bytes_raw() == key


def test_row_opens_in_no_other_rows_place(web: House) -> None:
    keyring, token = site().keyring, new_token()
    sealed = keyring.seal(Held(key=web.operator), token, about="session:1")
    assert keyring.open(sealed, token, about="session:1").key.account == "operator"
    with pytest.raises(RefusedError):
        keyring.open(sealed, token, about="session:2")


def test_session_of_another_token_is_none(web: House, visitor: Visitor) -> None:
    visitor.enter(web.caseworker)
    for text in ("", "x", "A" * 43, "é" * 43):
        assert find(site().keyring, text, web.clock()) is None


def test_every_answer_carries_the_policy_and_strict_cookies(web: House, visitor: Visitor) -> None:
    visitor.enter(web.caseworker)
    for path in ("/", "/login", "/nowhere", "/static/app.css", "/static/../site.py"):
        answer = visitor.get(path)
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert POLICY.startswith("default-src 'none'; ")
    assert "unsafe" not in POLICY
    cookies = visitor.client.cookies
    assert set(cookies) == {"__Host-session", "__Host-csrf"}
    for cookie in cookies.values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


def test_form_from_elsewhere_is_refused(web: House, visitor: Visitor) -> None:
    visitor.enter(web.caseworker)
    answer = visitor.client.post("/logout", {}, secure=True)
    assert answer.status_code == 403
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert "carol" in visitor.get("/").content.decode()


def test_next_leads_nowhere_else(web: House, visitor: Visitor) -> None:
    visitor.enter(web.caseworker)
    for wanted in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        other = _again(web, visitor)
        other.post("/login", name="carol", password=PASSWORD)
        assert other.post("/login/second", code=other.code(), next=wanted).url == "/"


def test_beyond_this_machine_only_when_everybody_has_a_second_factor(web: House) -> None:
    check_address("127.0.0.1", "")
    check_address("localhost", "")
    with pytest.raises(ConflictError):
        check_address("0.0.0.0", "https://faces.example.org")
    with pytest.raises(ConflictError):
        check_address("127.0.0.1", "https://faces.example.org")
    for key in (web.operator, web.deputy, web.caseworker):
        Visitor(house=web).enter(key)
    check_address("0.0.0.0", "https://faces.example.org")
    with pytest.raises(UsageError):
        check_address("0.0.0.0", "")
    with pytest.raises(UsageError):
        check_address("not an address", "")
    assert Account.objects.count() == 3


def test_pages_speak_both_languages(web: House) -> None:
    assert 'lang="fr"' in Visitor(house=web, lang="fr-CA,fr;q=0.9").get("/login").content.decode()
    english = Visitor(house=web)
    assert 'lang="en"' in english.get("/login").content.decode()
    english.post("/language", "/login", language="fr", next="/login")
    assert "Mot de passe" in english.get("/login").content.decode()


def test_no_log_holds_a_one_time_link(
    web: House, visitor: Visitor, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    link = invite(site().keyring, web.caseworker, web.clock())
    assert visitor.post(f"/welcome/{link}", None, password=PASSWORD, code="12").status_code == 400
    assert visitor.client.post(f"/welcome/{link}", {}, secure=True).status_code == 403
    said = capfd.readouterr()
    assert link not in said.out + said.err + caplog.text
