"""Tokens of the API: bounded, ended at once, and worth nothing without their secret."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from api_parts import Api
from house import PURPOSE

from countenance.api.sealing import TokenText
from countenance.api.tokens import making, open_token, until
from countenance.primitives.errors import ConflictError, RefusedError, UsageError
from countenance.records.models import Account, ApiToken, Organisation

LIST = ("GET", "/records/cases")


def test_nothing_without_a_token(api: Api) -> None:
    for token in (
        None,
        "",
        "ctn",
        "ctn_0_0",
        f"ctn_{'0' * 32}_{'A' * 43}",
        TokenText.new().text(),
        "x" * 5000,
    ):
        answer = api.ask(*LIST, token)
        assert answer.status == 401
        assert answer.json["code"] == "token"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_stolen_database_signs_nothing(api: Api) -> None:
    house = api.house
    text = api.token(house.caseworker)
    row = ApiToken.objects.get()
    private = house.caseworker.private.private_bytes_raw()
    secret = TokenText.read(text)
    assert secret is not None
    held = [bytes(row.digest), bytes(row.sealed_key)]
    assert not any(private in each or secret.secret in each for each in held)
    # The row under any other secret, the digest taken for one among them, opens nothing.
    for guess in (bytes(32), bytes(row.digest)):
        with pytest.raises(RefusedError):
            TokenText(id=row.pk, secret=guess).unseal_key(bytes(row.sealed_key))
    # A row put into another's place does not open either.
    other = TokenText(id=TokenText.new().id, secret=secret.secret)
    with pytest.raises(RefusedError):
        other.unseal_key(bytes(row.sealed_key))
    opened = open_token(text, house.clock())
    assert opened is not None
    assert opened.key.private.private_bytes_raw() == private
    assert secret.secret.hex() not in repr(opened)
    files = [path.read_bytes() for path in house.workspace.directory.rglob("*") if path.is_file()]
    key_file = house.workspace.directory / "accounts" / "carol.key"
    assert not key_file.exists()
    for needle in (private, secret.secret, text.encode()):
        assert not any(needle in each for each in files)


def test_it_ends_when_it_says(api: Api) -> None:
    token = api.token(api.house.caseworker, days=1)
    assert api.ask(*LIST, token).status == 200
    api.house.clock.move(timedelta(days=1))
    assert api.ask(*LIST, token).status == 401


def test_revoked_is_ended_at_once_and_the_key_is_gone(api: Api) -> None:
    house = api.house
    token = api.token(house.caseworker)
    house.act("token-revoke", house.caseworker, token="tests")
    assert api.ask(*LIST, token).status == 401
    assert bytes(ApiToken.objects.get().sealed_key) == b""
    assert house.events()[-1] == "token-revoked"
    with pytest.raises(ConflictError):
        house.act("token-revoke", house.caseworker, token="tests")


def test_a_token_of_another_is_nobodys_to_end_but_an_operators(api: Api) -> None:
    house = api.house
    api.token(house.caseworker)
    other = house.account("robert", "reviewer")
    row = ApiToken.objects.get()
    with pytest.raises(RefusedError) as refused:
        house.act("token-revoke", other, token=row.pk.hex)
    assert refused.value.rule == "TOKEN-02"
    assert house.act("records-read", other, listing="tokens")["tokens"] == []
    assert [each["name"] for each in house.act("records-read", listing="tokens")["tokens"]] == ["tests"]
    house.act("token-revoke", token=row.pk.hex)


def test_suspending_the_account_or_leaving_the_organisation_ends_it(api: Api) -> None:
    house = api.house
    token = api.token(house.caseworker)
    house.act("account-suspend", name="carol", reason="left")
    assert api.ask(*LIST, token).status == 401
    Account.objects.filter(name="carol").update(suspended_at=None)
    assert api.ask(*LIST, token).status == 200
    house.act("client-add", name="Elsewhere", jurisdiction="CA", purposes=[PURPOSE])
    other = Organisation.objects.get(name="Elsewhere")
    Account.objects.filter(name="carol").update(organisation=other)
    assert api.ask(*LIST, token).status == 401


def test_suspending_the_client_is_the_engines_refusal(api: Api) -> None:
    token = api.token(api.house.caseworker)
    api.house.act("client-suspend", name="Tracing", reason="under inquiry")
    answer = api.ask(*LIST, token)
    assert (answer.status, answer.json["reason"]) == (403, "client-suspended")


def test_it_does_what_it_was_made_for(api: Api) -> None:
    house = api.house
    narrow = api.token(house.caseworker, name="lists", acts="records-read", purposes=[])
    assert api.ask(*LIST, narrow).status == 200
    refused = api.act("case-close", narrow, {"case": house.case})
    assert (refused.status, refused.json["rule"], refused.json["reason"]) == (403, "TOKEN-01", "token-act")
    wide = api.token(house.caseworker, name="wide", acts="", purposes=["family-tracing"])
    body = {"purpose": PURPOSE, "reference": "9", "on_behalf_of": "T", "on_behalf_of_jurisdiction": "CA"}
    refused = api.act("case-open", wide, body)
    assert (refused.status, refused.json["rule"]) == (403, "TOKEN-03")
    assert api.act("case-open", wide, {**body, "purpose": "family-tracing"}).status == 200
    # What wants a second factor in a page is not done unless it is named.
    refused = api.act("search-export", wide, {"entry": 0})
    assert (refused.status, refused.json["rule"]) == (403, "TOKEN-01")


def test_bounds_of_making(api: Api) -> None:
    house = api.house
    api.token(house.caseworker)
    with pytest.raises(ConflictError):
        api.token(house.caseworker)
    for wrong in ({"days": 0}, {"days": 400}, {"acts": "everything"}, {"purposes": ["anything"]}):
        with pytest.raises(UsageError):
            api.token(house.caseworker, name="wrong", **wrong)
    _, params = making(house.caseworker, name="short", expires_at=until(house.clock(), 1))
    for wrong in ({"sealed_key": ""}, {"sealed_key": "?"}, {"digest": "0f"}, {"id": "no"}):
        with pytest.raises(UsageError):
            house.act("token-make", house.caseworker, **{**params, **wrong})
    too_long = base64.b64encode(bytes(2000)).decode()
    with pytest.raises(UsageError):
        house.act("token-make", house.caseworker, **{**params, "sealed_key": too_long})


def test_a_text_is_read_in_its_one_spelling() -> None:
    made = TokenText.new()
    assert TokenText.read(made.text()) == made
    for other in (
        made.text().upper(),
        made.text() + "=",
        made.text()[:-1],
        made.text().replace("ctn", "cto"),
    ):
        assert TokenText.read(other) is None


def test_too_many_requests_are_told_to_wait(api: Api) -> None:
    from countenance.api.asking import RATES

    token = api.token(api.house.caseworker)
    RATES.at_once, RATES.a_second = 3, 0.5
    try:
        house = api.house
        house.clock.move(timedelta(seconds=1))
        row = ApiToken.objects.get()
        RATES._held.pop(row.pk, None)
        assert [api.ask(*LIST, token).status for _ in range(4)] == [200, 200, 200, 429]
        assert api.ask(*LIST, token).headers["Retry-After"] == "2"
        house.clock.move(timedelta(seconds=2))
        assert api.ask(*LIST, token).status == 200
    finally:
        RATES.at_once, RATES.a_second = 1_000_000, 1_000_000.0
