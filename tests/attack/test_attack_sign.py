"""Signatures and second signatures: replays, acts taken for others, proposals that change, an operator alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from house import PURPOSE, House, photograph
from ingest_setup import Desk

from countenance.ingest.path import ingest
from countenance.policy.decisions import Refused
from countenance.primitives.errors import (
    ConflictError,
    CountenanceError,
    IntegrityError,
    RefusedError,
    UsageError,
)
from countenance.records import models
from countenance.records.identity import AccountKey, SignedRequest
from countenance.registry.backup import backup
from countenance.service.acts import perform


def _wait(house: House) -> str:
    house.act("client-suspend", name="Tracing", reason="misuse")
    return str(house.act("client-reinstate", name="Tracing")["proposal"])


def _reason(house: House, act: str, key: AccountKey, **params: object) -> str:
    with pytest.raises(RefusedError) as caught:
        house.act(act, key, **params)
    return caught.value.reason


def test_a_request_is_not_good_again_at_the_end_of_its_freshness(sqlite_house: House) -> None:
    """Signed for five minutes ahead, with a fraction of a second that the signature does not cover."""
    house = sqlite_house
    request = house.operator.sign(
        workspace_id=house.id,
        act="person-add",
        params={"label": "Ann"},
        at=house.clock() + timedelta(minutes=5),
    )
    perform(house.workspace, request)
    models.Person.objects.all().delete()
    house.clock.move(timedelta(minutes=10, milliseconds=500))
    house.act("records-read", listing="persons")  # forgets old nonces
    again = replace(request, at=request.at + timedelta(milliseconds=999))
    with pytest.raises(RefusedError):
        perform(house.workspace, again)
    assert not models.Person.objects.exists()


def test_a_signature_under_one_act_is_no_signature_under_another(archive: Desk, tmp_path: Path) -> None:
    listing = archive.sign("records-read", listing="persons", source="archive")
    with pytest.raises(CountenanceError):
        ingest(archive.workspace, listing)
    assert not models.IngestRun.objects.exists()
    with pytest.raises(CountenanceError):
        backup(archive.workspace, archive.sign("records-read", listing="persons"), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("params", [{"x": float("nan")}, {"x": 2**60}, {"x": "\ud800"}])
def test_what_has_no_canonical_form_is_not_signed(sqlite_house: House, params: dict[str, object]) -> None:
    house = sqlite_house
    request = SignedRequest(
        workspace_id=house.id,
        account="operator",
        act="person-add",
        params=params,  # type: ignore[arg-type]
        at=house.clock(),
        nonce="0",
        signature=bytes(64),
    )
    with pytest.raises(RefusedError, match="not signed"):
        perform(house.workspace, request)


@pytest.mark.parametrize(
    "change",
    [
        {"params": {"name": "Other"}},
        {"act": "gallery-reinstate"},
    ],
)
def test_a_proposal_that_was_changed_meanwhile_is_not_approved(
    sqlite_house: House, change: dict[str, object]
) -> None:
    """The code that the second person signs is bound to what is proposed."""
    house = sqlite_house
    code = _wait(house)
    models.Proposal.objects.filter(code=code).update(**change)
    with pytest.raises(IntegrityError):
        house.act("approve", house.deputy, proposal=code)
    assert models.Organisation.objects.get().suspended_at is not None


def test_the_second_person_sees_what_waits(sqlite_house: House) -> None:
    house = sqlite_house
    code = _wait(house)
    (row,) = house.act("records-read", house.deputy, listing="proposals")["proposals"]
    assert (row["proposal"], row["act"], row["params"], row["signed_by"]) == (
        code,
        "client-reinstate",
        {"name": "Tracing"},
        ["operator"],
    )
    assert _reason(house, "records-read", house.caseworker, listing="proposals") == "client-suspended"


def test_a_signature_of_an_account_that_lapsed_does_not_count(sqlite_house: House) -> None:
    """The first signer's confirmation has run out by the time the second signs."""
    house = sqlite_house
    house.clock.move(timedelta(days=88))
    house.act("account-certify", name="deputy")
    code = _wait(house)
    house.clock.move(timedelta(days=3))
    assert _reason(house, "approve", house.deputy, proposal=code) == "second-person-needed"
    assert models.Organisation.objects.get().suspended_at is not None


def test_one_operator_alone_does_not_become_two(sqlite_house: House) -> None:
    """Else an operator makes a second account with a second key and signs as both."""
    house = sqlite_house
    key = AccountKey.generate("twin")
    waiting = house.act("account-add", name="twin", role="operator", public_key=key.public_bytes().hex())
    assert waiting["waits_for"] == "second-person"
    assert not models.Account.objects.filter(name="twin").exists()
    assert _reason(house, "approve", house.operator, proposal=waiting["proposal"]) == "second-person-needed"
    house.act("approve", house.deputy, proposal=waiting["proposal"])
    assert models.Account.objects.get(name="twin").role == "operator"


def test_an_operator_belongs_to_no_client(sqlite_house: House) -> None:
    """Who runs the workspace does not also search in it."""
    with pytest.raises(UsageError):
        sqlite_house.act(
            "account-add",
            name="mole",
            role="operator",
            client="Tracing",
            public_key=AccountKey.generate("mole").public_bytes().hex(),
        )


@pytest.mark.parametrize("name", ["tracing", "Tracing\u200b", "\uff34racing"])
def test_a_suspended_client_does_not_come_back_in_another_spelling(sqlite_house: House, name: str) -> None:
    house = sqlite_house
    house.act("client-suspend", name="Tracing", reason="misuse")
    with pytest.raises(ConflictError):
        house.act("client-add", name=name, jurisdiction="CA", purposes=[PURPOSE])


def test_nobody_searches_on_behalf_of_a_suspended_body_in_another_spelling(sqlite_house: House) -> None:
    house = sqlite_house
    house.act("client-add", name="Barred Police", jurisdiction="CA", purposes=[PURPOSE])
    house.act("client-suspend", name="Barred Police", reason="order")
    case = house.act(
        "case-open",
        house.caseworker,
        purpose=PURPOSE,
        reference="17",
        on_behalf_of="BARRED  police",
        on_behalf_of_jurisdiction="CA",
    )["case"]
    answer = house.search(photograph("P001"), case=case)
    assert isinstance(answer, Refused)
    assert answer.reason == "requester-suspended"
