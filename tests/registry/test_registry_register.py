"""What is on record of galleries, receipts and accounts: public notice, the shape of a receipt, every account ever."""

from __future__ import annotations

import pytest
from house import PURPOSE, House, photograph

from countenance.policy.decisions import Refused
from countenance.primitives.errors import RefusedError
from countenance.records import models
from countenance.records.identity import AccountKey


@pytest.mark.parametrize(
    ("words", "live"),
    [({}, False), ({"notice": "What we hold."}, True), ({"notice_exemption": "Archives Act, s. 9"}, True)],
)
def test_a_gallery_without_notice_or_recorded_exemption_does_not_go_live(
    house: House, words: dict[str, str], live: bool
) -> None:
    house.act("gallery-add", name="second", purposes=[PURPOSE], jurisdiction="CA", **words)
    answer = house.search(photograph("P001"), gallery="second")
    assert isinstance(answer, Refused) != live
    if isinstance(answer, Refused):
        assert answer.reason == "gallery-not-live"
        assert house.events()[-1] == "search-refused"
    rows = house.act("records-read", listing="galleries")["galleries"]
    (row,) = [row for row in rows if row["gallery"] == "second"]
    assert (row["state"] == "live") == live


def test_a_receipt_has_the_fields_of_iso_iec_ts_27560(house: House) -> None:
    """Who, to whom, what for, where, in which words of which version, how, since when, until when."""
    code = house.person("maya", expires_at="2027-01-01", method="interview", language="fr")
    (person,) = house.act("records-read", listing="persons")["persons"]
    (receipt,) = person["receipts"]
    assert receipt["receipt"] == code
    assert receipt["pii_principal"] == "maya"
    for field in ("pii_controller", "gallery", "jurisdiction", "notice_version", "notice_text", "given_at"):
        assert receipt[field], field
    assert (receipt["purpose"], receipt["language"], receipt["method"]) == (PURPOSE, "fr", "interview")
    assert receipt["expires_at"].startswith("2027-01-01")
    assert receipt["withdrawn_at"] is None


def test_nobody_signs_up_and_every_account_ever_is_listed(house: House) -> None:
    house.act("account-suspend", name="carol", reason="left")
    third = house.account("third", "operator", None)
    house.act("account-suspend", house.deputy, name="third", reason="left")
    with pytest.raises(RefusedError):
        house.act("person-add", third, label="x")
    stranger = AccountKey.generate("stranger")
    with pytest.raises(RefusedError) as unknown:
        house.act(
            "account-add",
            stranger,
            name="stranger",
            role="operator",
            public_key=stranger.public_bytes().hex(),
        )
    assert unknown.value.reason == "not-authenticated"
    accounts = house.act("records-read", listing="accounts")["accounts"]
    assert {row["account"] for row in accounts} == set(models.Account.objects.values_list("name", flat=True))
    assert {row["account"] for row in accounts} == {"operator", "deputy", "carol", "third"}
    assert {row["account"]: row["state"] for row in accounts}["third"] == "suspended"
    assert all(row["sponsor"] for row in accounts if row["account"] != "operator")
