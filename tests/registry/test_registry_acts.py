"""Acts on the records: who may, what is written, what is logged, and what a refusal leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from house import PURPOSE, House, photograph

from countenance.policy.decisions import Refused
from countenance.policy.difference import grid
from countenance.policy.purposes import Purpose
from countenance.policy.questions import SearchQuestion
from countenance.primitives.errors import (
    ConflictError,
    CountenanceError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from countenance.records import models
from countenance.records.facts import gallery_facts
from countenance.records.identity import AccountKey
from countenance.records.policies import book_of
from countenance.records.replaying import replay_entry
from countenance.registry.founding import FOUNDERS
from countenance.service.acts import perform

FAR = datetime(2030, 1, 1, tzinfo=UTC)


def _reason(house: House, act: str, key: AccountKey | None = None, /, **params: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        house.act(act, key, **params)
    assert caught.value.rule
    assert caught.value.authority
    return caught.value.reason


def test_a_request_that_is_not_signed_by_the_account_is_refused_and_leaves_nothing(house: House) -> None:
    before = house.events()
    good = house.operator.sign(
        workspace_id=house.id, act="person-add", params={"label": "maya"}, at=house.clock()
    )
    other = AccountKey.generate("operator")
    for bad in (
        replace(good, params={"label": "noor"}),
        replace(good, act="account-suspend"),
        replace(good, account="deputy"),
        replace(good, account="nobody"),
        replace(good, workspace_id="another"),
        replace(good, at=house.clock() - timedelta(minutes=6)),
        other.sign(workspace_id=house.id, act="person-add", params={"label": "maya"}, at=house.clock()),
    ):
        with pytest.raises(RefusedError) as caught:
            perform(house.workspace, bad)
        assert caught.value.reason == "not-authenticated"
    assert house.events() == before
    perform(house.workspace, good)


def test_the_same_request_is_not_carried_out_twice(house: House) -> None:
    request = house.operator.sign(
        workspace_id=house.id, act="person-add", params={"label": "maya"}, at=house.clock()
    )
    perform(house.workspace, request)
    with pytest.raises(RefusedError) as caught:
        perform(house.workspace, request)
    assert caught.value.reason == "replayed"


def test_a_caseworker_cannot_do_an_operators_work_and_the_attempt_is_logged(house: House) -> None:
    assert _reason(house, "person-add", house.caseworker, label="maya") == "role-may-not"
    assert not models.Person.objects.exists()
    assert house.events()[-1] == "act-refused"


def test_reinstating_takes_two_people_with_two_keys(house: House) -> None:
    house.act("client-suspend", name="Tracing", reason="misuse")
    proposal = house.act("client-reinstate", name="Tracing")["proposal"]
    assert _reason(house, "approve", house.operator, proposal=proposal) == "second-person-needed"
    assert models.Organisation.objects.get().suspended_at is not None
    house.act("approve", house.deputy, proposal=proposal)
    assert models.Organisation.objects.get().suspended_at is None
    with pytest.raises(NotFoundError):
        house.act("approve", house.deputy, proposal=proposal)


def test_a_proposal_of_a_suspended_account_does_not_count(house: House) -> None:
    third = house.account("third", "operator", None)
    house.act("client-suspend", name="Tracing", reason="misuse")
    proposal = house.act("client-reinstate", third, name="Tracing")["proposal"]
    house.act("account-suspend", name="third", reason="left")
    assert _reason(house, "approve", house.operator, proposal=proposal) == "second-person-needed"


def test_a_proposal_expires(house: House) -> None:
    house.act("client-suspend", name="Tracing", reason="misuse")
    proposal = house.act("client-reinstate", name="Tracing")["proposal"]
    house.clock.move(timedelta(days=8))
    with pytest.raises(NotFoundError):
        house.act("approve", house.deputy, proposal=proposal)


def test_a_key_belongs_to_one_account(house: House) -> None:
    with pytest.raises(ConflictError) as caught:
        house.act(
            "account-add", name="eve", role="operator", public_key=house.caseworker.public_bytes().hex()
        )
    assert caught.value.code == "key-shared"


def test_an_account_is_confirmed_every_ninety_days_by_somebody_else(house: House) -> None:
    with pytest.raises(ConflictError):
        house.act("account-certify", name="operator")
    house.clock.move(timedelta(days=89))
    house.act("account-certify", name="deputy")
    house.clock.move(timedelta(days=2))
    assert _reason(house, "person-add", label="maya") == "account-not-certified"
    house.act("account-certify", house.deputy, name="operator")
    house.act("person-add", label="maya")


def test_an_account_whose_sponsor_is_suspended_is_closed(house: House) -> None:
    third = house.account("third", "operator", None)
    house.act("account-suspend", house.deputy, name="operator", reason="left")
    assert _reason(house, "person-add", third, label="maya") == "account-without-sponsor"


def test_suspension_of_an_account_is_at_once(house: House) -> None:
    house.act("account-suspend", name="carol", reason="misuse")
    answer = house.search(photograph("P001"))
    assert getattr(answer, "reason", None) == "account-suspended"


@pytest.mark.parametrize(
    ("act", "params", "code"),
    [
        ("client-add", {"name": "X", "jurisdiction": "QC", "purposes": [PURPOSE]}, "place"),
        ("client-add", {"name": "X", "jurisdiction": "CA-QC", "purposes": ["curiosity"]}, "unknown-word"),
        ("client-add", {"name": "X", "jurisdiction": "CA-QC"}, "purpose-missing"),
        ("client-add", {"name": "Tracing", "jurisdiction": "CA", "purposes": [PURPOSE]}, "client-exists"),
        (
            "client-add",
            {"name": "X", "jurisdiction": "CA", "purposes": [PURPOSE], "until": "tomorrow"},
            "date",
        ),
        ("client-suspend", {"name": "Nobody", "reason": "x"}, "client-missing"),
        ("client-suspend", {"name": "Tracing"}, "missing"),
        ("account-add", {"name": "a b", "role": "operator", "public_key": "00"}, "account-name"),
        ("account-add", {"name": "a", "role": "caseworker", "public_key": "00"}, "account-client"),
        ("account-add", {"name": "a", "role": "operator", "public_key": "00"}, "public-key"),
        ("account-add", {"name": "a", "role": "god", "public_key": "00"}, "unknown-word"),
        ("gallery-add", {"name": "people", "purposes": [PURPOSE], "jurisdiction": "CA"}, "gallery-exists"),
        ("source-withdraw", {"name": "none"}, "source-missing"),
        ("consent-record", {"person": "none", "gallery": "people", "purposes": [PURPOSE]}, "person-missing"),
        ("consent-withdraw", {"receipt": "R-0000-0000-0000-0000"}, "receipt-missing"),
        ("consent-withdraw", {"receipt": "hello"}, "receipt-missing"),
        ("no-such-act", {}, "act-unknown"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(
    sqlite_house: House, act: str, params: dict[str, Any], code: str
) -> None:
    before = sqlite_house.events()
    with pytest.raises(CountenanceError) as caught:
        sqlite_house.act(act, **params)
    assert caught.value.code == code
    assert sqlite_house.events() == before


def test_a_source_cannot_serve_purposes_its_gallery_lacks(house: House) -> None:
    with pytest.raises(UsageError) as caught:
        house.act(
            "source-add",
            name="other",
            gallery="people",
            basis="consent",
            purposes=["archive-description"],
            jurisdiction="CA",
            evidence="e",
            location="l",
            holder="h",
            contact="c",
            notice="n",
        )
    assert caught.value.code == "purpose-outside-gallery"


def test_withdrawing_ends_the_reference_and_destroys_the_key(house: House) -> None:
    receipt = house.person("maya")
    house.enrol(receipt, photograph("P001"))
    face = models.Face.objects.get()
    assert face.pk in set(house.workspace.vault.record_ids())
    crops = set(house.workspace.media.names())
    record = house.act("consent-withdraw", receipt=receipt.lower().replace("0", "O"))
    assert record["references_ended"] == 1
    assert face.pk not in set(house.workspace.vault.record_ids())
    assert crops - set(house.workspace.media.names()) == {f"crop-{face.pk.hex}"}
    face.refresh_from_db()
    assert (face.state, face.crop) == ("withdrawn", "")


def test_a_withdrawal_that_was_cut_off_is_finished_at_the_next_start(house: House) -> None:
    from countenance.records.ending import destroy_ended_keys, end_references

    house.enrol(house.person("maya"), photograph("P001"))
    with house.workspace.transaction() as (tx, now):  # and here the machine stops
        end_references(house.workspace, tx, models.Reference.objects.all(), now)
    assert len(list(house.workspace.vault.record_ids())) == 1
    assert destroy_ended_keys(house.workspace) == 1
    assert not list(house.workspace.vault.record_ids())
    assert destroy_ended_keys(house.workspace) == 0


def test_an_act_looks_for_ended_faces_only_where_something_ended(house: House) -> None:
    from django.db import connection

    receipt = house.person("maya")
    house.enrol(receipt, photograph("P001"))
    asked: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "records_face" in sql and '"state" = ' in sql and sql.startswith("SELECT"):
            asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        for _ in range(3):
            house.act("records-read", listing="cases")
        assert len(asked) <= 1  # the first act since the enrolment
        asked.clear()
        house.act("consent-withdraw", receipt=receipt)
        assert asked
    assert not list(house.workspace.vault.record_ids())


def test_a_withdrawn_source_takes_its_faces_along(house: House) -> None:
    house.enrol(house.person("maya"), photograph("P001"))
    record = house.act("source-withdraw", name="archive")
    assert record["references_ended"] == 1
    assert not list(house.workspace.vault.record_ids())
    with pytest.raises(ConflictError):
        house.act("source-withdraw", name="archive")


def test_lists_show_a_client_only_its_own(house: House) -> None:
    house.act("client-add", name="Other", jurisdiction="CA", purposes=[PURPOSE])
    house.person("maya")
    mine = house.act("records-read", house.caseworker, listing="clients")["clients"]
    assert [client["client"] for client in mine] == ["Tracing"]
    assert house.act("records-read", house.caseworker, listing="persons") == {"persons": [], "count": 0}
    assert len(house.act("records-read", listing="clients")["clients"]) == 2


def test_a_policy_pack_is_replaced_by_two_people_and_the_old_one_kept(house: House) -> None:
    old = models.PolicyPackRecord.objects.get(name="CA")
    before = house.workspace.policy().book
    same = house.act("policy-activate", files=old.files, signatures=old.signatures)["proposal"]
    with pytest.raises(ConflictError):
        house.act("approve", house.deputy, proposal=same)
    changed = {**old.files, "policy.cedar": old.files["policy.cedar"] + "\n// reviewed 2026-11\n"}
    proposal = house.act("policy-activate", files=changed, signatures=house.vouched(changed))["proposal"]
    record = house.act("approve", house.deputy, proposal=proposal)
    book = house.workspace.policy().book
    assert book.packs["CA"].hash == record["hash"] != old.hash
    assert book.hash == record["policy"] != before.hash
    assert book.packs["HOUSE"] == before.packs["HOUSE"]
    old.refresh_from_db()
    assert old.retired_at is not None
    assert book_of(before.hash).hashes == before.hashes
    with pytest.raises(NotFoundError):
        book_of("0" * 64)


def test_a_policy_pack_that_is_not_signed_is_not_put_in_force(house: House) -> None:
    before = house.workspace.policy().book.hash
    old = models.PolicyPackRecord.objects.get(name="CA")
    assert set(old.signatures) == set(FOUNDERS)
    changed = {**old.files, "policy.cedar": old.files["policy.cedar"] + "\n// reviewed 2026-11\n"}
    whole = house.vouched(changed)
    for signatures, reason in (
        ({}, "pack-unsigned"),
        ({"founder-1": whole["founder-1"]}, "pack-signed-once"),
        (old.signatures, "pack-altered"),
        ({**whole, "somebody": whole["founder-1"]}, "pack-signer-unknown"),
    ):
        proposal = house.act("policy-activate", files=changed, signatures=signatures)["proposal"]
        with pytest.raises(RefusedError) as caught:
            house.act("approve", house.deputy, proposal=proposal)
        assert caught.value.reason == reason
    assert house.workspace.policy().book.hash == before


def test_a_signer_is_replaced_by_two_people(house: House) -> None:
    counsel = AccountKey.generate("counsel")
    for public, code in (("00", "public-key"), (house.deputy.public_bytes().hex(), "key-trusted")):
        proposal = house.act("policy-trust", name="founder-1", public_key=public)["proposal"]
        with pytest.raises(CountenanceError) as caught:
            house.act("approve", house.deputy, proposal=proposal)
        assert caught.value.code == code
    proposal = house.act("policy-trust", name="founder-2", public_key=counsel.public_bytes().hex())[
        "proposal"
    ]
    house.act("approve", house.deputy, proposal=proposal)
    files = models.PolicyPackRecord.objects.get(name="CA").files
    changed = {**files, "policy.cedar": files["policy.cedar"] + "\n// reviewed 2026-11\n"}
    proposal = house.act("policy-activate", files=changed, signatures=house.vouched(changed))["proposal"]
    with pytest.raises(RefusedError) as refused:
        house.act("approve", house.deputy, proposal=proposal)
    assert refused.value.reason == "pack-altered"  # the deputy's key is founder-2 no more


def test_a_gallery_in_quebec_opens_sixty_days_after_its_filing(house: House) -> None:
    """R5: by the records, from the filing to the first search."""
    house.act("gallery-add", name="qc", purposes=[PURPOSE], jurisdiction="CA-QC", notice="What we hold.")
    fields = {"contact": "privacy@example.org", "assessment": "PIA 4", "filing-reference": "CAI 118"}
    filed = house.clock().date()
    house.act("gallery-describe", name="qc", particulars=fields, filed_on=filed.isoformat())
    gallery = gallery_facts(models.Gallery.objects.get(name="qc"))
    assert gallery.filled == {*fields, "filing-date"}
    engine = house.workspace.policy()
    _, plain = next(grid(["CA-QC"]))
    assert isinstance(plain, SearchQuestion)
    assert plain.caller.client is not None
    assert plain.case is not None
    client = replace(plain.caller.client, licensed_from=house.clock(), licensed_until=FAR)
    asked = replace(
        plain,
        caller=replace(plain.caller, client=client, certified_until=FAR),
        case=replace(plain.case, expires_at=FAR, purpose=Purpose(PURPOSE)),
        purpose=PURPOSE,
        gallery=gallery,
    )
    noon = datetime.combine(filed, time(12), UTC)
    for days, reason in ((0, "sixty-days-not-over"), (59, "sixty-days-not-over"), (60, None)):
        decision = engine.decide(replace(asked, now=noon + timedelta(days=days)))
        assert (decision.reason if isinstance(decision, Refused) else None) == reason, days
    with pytest.raises(ConflictError):
        house.act("gallery-describe", name="qc", filed_on=(filed - timedelta(days=60)).isoformat())
    for wrong in ({"filing-date": "2020-01-01"}, {"mood": "good"}, {"contact": 1}, "x"):
        with pytest.raises(CountenanceError):
            house.act("gallery-describe", name="qc", particulars=wrong)
    with pytest.raises(CountenanceError):
        house.act("gallery-describe", name="qc", filed_on="2099-01-01")


def test_a_decision_is_made_again_from_the_log(house: House) -> None:
    house.act("gallery-add", name="second", purposes=[PURPOSE], jurisdiction="CA", notice="What we hold.")
    index = len(house.events()) - 1
    again = replay_entry(house.workspace, index)
    assert (again.event, again.logged, again.again, again.differences) == (
        "gallery-added",
        "CA-84",
        "CA-84",
        (),
    )
    with pytest.raises(RefusedError):
        house.act(
            "gallery-add", house.caseworker, name="third", purposes=[PURPOSE], jurisdiction="CA", notice="n"
        )
    refused = replay_entry(house.workspace, len(house.events()) - 1)
    assert (refused.event, refused.logged, refused.permitted, refused.differences) == (
        "act-refused",
        "CA-10",
        False,
        (),
    )
    # With other packs in force since, the old ones still decide what they decided.
    files = models.PolicyPackRecord.objects.get(name="CA").files
    changed = {**files, "policy.cedar": files["policy.cedar"] + "\n// reviewed 2026-11\n"}
    proposal = house.act("policy-activate", files=changed, signatures=house.vouched(changed))["proposal"]
    house.act("approve", house.deputy, proposal=proposal)
    assert replay_entry(house.workspace, index) == again
    for missing in (0, 10_000):
        with pytest.raises(NotFoundError):
            replay_entry(house.workspace, missing)


def test_a_broken_policy_pack_is_not_put_in_force(house: House) -> None:
    files = models.PolicyPackRecord.objects.get(name="CA").files
    before = house.workspace.policy().book.hash
    broken = {**files, "policy.cedar": "permit(principal, action, resource);"}
    proposal = house.act("policy-activate", files=broken)["proposal"]
    with pytest.raises(CountenanceError):
        house.act("approve", house.deputy, proposal=proposal)
    assert house.workspace.policy().book.hash == before


def test_acts_are_logged_in_order_without_names(house: House) -> None:
    house.person("maya-the-first")
    assert house.events()[-2:] == ["person-added", "consent-recorded"]
    from countenance.records.database import open_reading

    with open_reading() as tx:
        leaves = b"".join(bytes(row[0]) for row in tx.execute("select leaf from tlog_entry"))  # type: ignore[arg-type]
    for private in (b"maya", b"carol", b"File 2026-17", str(models.Person.objects.get().pk).encode()):
        assert private not in leaves
