"""`countenance token`, `countenance webhook`, `countenance provider`: shown once, listed without what they are made of, ended by name."""

from __future__ import annotations

from cli_program import Program

from countenance.api.sealing import TokenText

CHLOE = ("--as", "chloe", "--keys", "keys")


def test_a_token_is_shown_once_and_revoked_by_name(founded: Program) -> None:
    made = founded.good("token", "make", "import", "--purpose", "missing-person", "--days", "30", *CHLOE)
    assert TokenText.read(made["secret"]) is not None
    assert made["token"] in made["secret"]
    (listed,) = founded.good("token", "list", *CHLOE)["tokens"]
    assert (listed["name"], listed["account"], listed["state"]) == ("import", "chloe", "in-force")
    assert made["secret"] not in str(listed)
    shown = founded("token", "make", "second", *CHLOE)
    assert shown.code == 0
    assert "ctn_" in shown.out
    assert "chloe" in founded("token", "list").out
    assert founded.good("token", "revoke", "import", *CHLOE)["state"] == "revoked"
    assert founded("token", "revoke", "import", *CHLOE).code == 5
    assert founded("token", "make", "wrong", "--act", "everything", *CHLOE).code == 2


def test_webhooks_are_the_operators(founded: Program) -> None:
    added = founded.good("webhook", "add", "https://desk.example.org/hooks", "--event", "order-issued")
    assert added["public_key"].startswith("whpk_")
    assert "desk.example.org" in founded("webhook", "list").out
    assert founded("webhook", "add", "http://desk.example.org/hooks").code == 2
    assert founded("webhook", "add", "https://desk.example.org/", *CHLOE).code == 3
    founded.good("webhook", "remove", added["webhook"])
    assert founded("webhook", "remove", added["webhook"]).code == 4


def test_providers_are_the_operators(founded: Program) -> None:
    given = ("provider", "add", "ministry", "--issuer", "https://id.example.org", "--client-id", "faces")
    assert founded.good(*given)["state"] == "in-force"
    assert founded(*given).code == 5
    assert "id.example.org" in founded("provider", "list").out
    assert founded("provider", "add", "other", *given[3:], *CHLOE).code == 3
    founded.good("provider", "remove", "ministry")
    assert founded("provider", "remove", "ministry").code == 4
