"""Orders of an authority: in force at once, named in every refusal, lifted by that authority alone, certified."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from house import PURPOSE, House, photograph
from oversight_parts import OPC, SELFIE, Authority, authority, found_person, people, refused_as, two
from test_oversight_locks import collects, discloses, made_before, searches

from countenance.policy.decisions import Refused
from countenance.primitives.errors import ConflictError, UsageError
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.erasing.tombstones import Hashing
from countenance.tlog import verifier
from countenance.tlog.statement import issue

ORDER = {"number": "P21-08", "dated": "2021-12-14"}


def ordered(house: House, by: Authority, kind: str, **params: Any) -> str:
    return str(house.act("order-issue", by.commissioner, kind=kind, **{**ORDER, **params})["order"])


@pytest.mark.parametrize("target", [{"place": "CA"}, {"gallery": "people"}, {"source": "archive"}])
@pytest.mark.parametrize(
    ("kind", "closes"),
    [
        ("cease-offering", {"search", "export"}),
        ("cease-collecting", {"ingest"}),
        ("cease-disclosing", {"export"}),
        ("delete", {"ingest", "search", "export"}),
    ],
)
def test_each_order_closes_exactly_what_it_says(
    sqlite_house: House, target: dict[str, str], kind: str, closes: set[str]
) -> None:
    house = sqlite_house
    found_person(house)
    entry = made_before(house)
    opc = authority(house)
    more = {"destroy_from": "2027-01-01"} if kind == "delete" else {}
    code = ordered(house, opc, kind, **target, **more)
    state = {"ingest": collects(house), "search": searches(house), "export": discloses(house, entry)}
    assert state == {name: name not in closes for name in state}
    house.act("order-lift", opc.commissioner, order=code, reason="Complied with")
    assert (collects(house), searches(house), discloses(house, entry)) == (True, True, True)


def test_a_refusal_names_the_order_its_authority_and_its_date(house: House) -> None:
    found_person(house)
    opc = authority(house)
    code = ordered(house, opc, "cease-offering", place="CA")
    answer = house.search(SELFIE)
    assert isinstance(answer, Refused)
    told = (answer.reason, answer.rule, answer.authority, answer.since)
    assert told == ("order-cease-offering", code, f"{OPC}, P21-08", "2021-12-14")
    assert refused_as(house, "case-close", house.caseworker, case=house.case).rule == code
    assert house.events()[-1] == "act-refused"


def test_no_operator_lifts_an_order_and_no_other_authority(sqlite_house: House) -> None:
    house = sqlite_house
    opc = authority(house)
    other = authority(house, "OIPC British Columbia", "CA-BC", "bc")
    code = ordered(house, opc, "cease-offering", place="CA")
    assert refused_as(house, "order-lift", house.operator, order=code, reason="x").reason == "role-may-not"
    refused = refused_as(house, "order-lift", other.commissioner, order=code, reason="x")
    assert refused.reason == "other-organisation"
    assert refused_as(house, "order-lift", opc.inspector, order=code, reason="x").reason == "role-may-not"
    waiting = house.act("lock-lift", lock=code)["proposal"]
    with pytest.raises(ConflictError, match="no operator lifts it"):
        house.act("approve", house.deputy, proposal=waiting)
    # Reinstating the client or the gallery lifts what the operator did, and not the order.
    house.act("client-suspend", name="Tracing", reason="x")
    two(house, "client-reinstate", name="Tracing")
    answer = house.search(SELFIE)
    assert isinstance(answer, Refused)
    assert answer.rule == code


def test_no_operator_closes_an_authority(sqlite_house: House) -> None:
    house = sqlite_house
    opc = authority(house)
    refused = refused_as(house, "account-suspend", name=opc.commissioner.account, reason="x")
    assert refused.reason == "authority-looks-after-its-own"
    with pytest.raises(Exception, match="There is no client"):
        house.act("client-suspend", name=OPC, reason="x")
    # The operators leave: who was registered by them goes on, and confirms its own.
    house.act("account-suspend", house.deputy, name="operator", reason="Left")
    house.act("account-suspend", house.deputy, name="deputy", reason="Left too")
    assert ordered(house, opc, "cease-offering", place="CA")
    certified = house.act("account-certify", opc.commissioner, name=opc.inspector.account)
    assert certified["state"] == "active"


def test_one_operator_alone_makes_no_commissioner(sqlite_house: House) -> None:
    house = sqlite_house
    two(house, "authority-add", name=OPC, jurisdiction="CA")
    waiting = house.act("account-add", name="mine", role="commissioner", authority=OPC, public_key="00" * 32)
    assert waiting["waits_for"] == "second-person"
    for params in ({"role": "commissioner"}, {"role": "operator", "authority": OPC}):
        with pytest.raises(UsageError):
            house.act("account-add", name="mine", public_key="00" * 32, **params)


def test_an_authority_orders_where_it_has_jurisdiction(sqlite_house: House) -> None:
    house = sqlite_house
    cai = authority(house, "CAI", "CA-QC", "cai")
    with pytest.raises(UsageError) as caught:
        ordered(house, cai, "cease-offering", gallery="people")  # which stands in CA
    assert caught.value.code == "order-reach"
    assert ordered(house, cai, "cease-collecting", place="CA-QC")
    assert collects(house)  # the source is under the law of CA


def test_a_preview_counts_and_changes_nothing(sqlite_house: House) -> None:
    house = sqlite_house
    found_person(house)
    made_before(house)
    opc = authority(house)
    seen = house.act("order-preview", opc.commissioner, kind="cease-offering", place="CA")
    assert seen["touches"] == {
        "clients": 1,
        "accounts": 1,
        "cases_open": 1,
        "galleries": 1,
        "sources": 1,
        "references": 1,
        "ingests_open": 0,
        "searches_saved": 1,
    }
    assert searches(house)
    assert models.Order.objects.count() == 0


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"kind": "delete", "place": "CA"}, "order-date"),
        ({"kind": "cease-offering", "place": "CA", "destroy_from": "2027-01-01"}, "order-date"),
        ({"kind": "cease-offering", "place": "CA", "ends_at": "2020-01-01"}, "order-date"),
        ({"kind": "cease-offering", "place": "CA", "dated": "2030-01-01"}, "order-date"),
        ({"kind": "cease-collecting", "client": "Tracing"}, "order-nothing"),
        ({"kind": "cease-offering"}, "target"),
        ({"kind": "cease-offering", "account": "carol"}, "target"),
        ({"kind": "cease-offering", "place": "CA", "document_sha256": "abc"}, "sha256"),
    ],
)
def test_an_order_is_whole(sqlite_house: House, params: dict[str, str], code: str) -> None:
    opc = authority(sqlite_house)
    with pytest.raises(UsageError) as caught:
        sqlite_house.act("order-issue", opc.commissioner, **{**ORDER, **params})
    assert caught.value.code == code


def test_an_order_that_ends_by_itself_ends(sqlite_house: House) -> None:
    house = sqlite_house
    found_person(house)
    opc = authority(house)
    ordered(house, opc, "cease-offering", place="CA", ends_at="2026-11-10")
    assert not searches(house)
    house.clock.move(timedelta(days=9))
    assert searches(house)


def test_collecting_that_is_under_way_stops_at_its_next_batch_and_ends_nothing_held(house: House) -> None:
    """The order about a place stops one row's basis among others, and faces that are held stay."""
    found_person(house)
    opc = authority(house)
    code = ordered(house, opc, "cease-collecting", place="CA")
    source = models.Source.objects.select_related("gallery", "basis").get()
    from countenance.ingest.desk import Desk, read_brief

    brief = read_brief([], source)
    desk = Desk(
        house.workspace.policy(),
        source,
        source.gallery,
        [brief],
        house.clock(),
        hashing=Hashing(house.workspace.vault),
        restrictions=house.workspace.restrictions(),
    )
    standing = desk.unlabelled(brief)
    assert standing.closed
    assert standing.refused is not None
    assert standing.refused.rule == code
    assert searches(house)


def test_a_certificate_verifies_offline_and_says_what_the_order_did(house: House, tmp_path: Path) -> None:
    found_person(house)
    before = made_before(house)
    opc = authority(house)
    code = ordered(house, opc, "cease-offering", client="Tracing")
    house.search(SELFIE)
    house.search(photograph("P002"))
    refused_as(house, "case-close", house.caseworker, case=house.case)

    signed = opc.inspector.sign(
        workspace_id=house.id, act="order-certify", params={"order": "P21-08"}, at=house.clock()
    )
    from countenance.service.acts import perform

    result = perform(house.workspace, signed)
    assert isinstance(result.record, dict)
    assert result.log_entry is not None
    statement: Any = result.record["statement"]
    issued = statement["in_force_since_entry"]
    assert statement["order"]["order"] == code
    assert statement["last_answer_before"] == before < issued
    assert statement["answers_since"] == {"count": 0, "entries": ""}
    assert statement["refusals_since"] == {"count": 3, "entries": f"{issued + 1}-{issued + 3}"}
    assert statement["closed"]["clients"] == 1

    house.workspace.checkpoint()
    with open_reading() as tx:
        text = issue(house.workspace.log, tx, result.log_entry, statement)
    file = tmp_path / "certificate.json"
    file.write_text(text)
    command = [sys.executable, verifier.__file__, "statement", str(file), "--key", house.workspace.log.vkey]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    changed = json.loads(text)
    changed["statement"]["answers_since"]["count"] = 1
    file.write_text(json.dumps(changed))
    assert subprocess.run(command, check=False, capture_output=True).returncode == 1


def test_a_client_under_an_order_is_served_nothing_and_others_are(sqlite_house: House) -> None:
    house = sqlite_house
    found_person(house)
    opc = authority(house)
    house.act("client-add", name="Force", jurisdiction="CA", purposes=[PURPOSE], until="2028-01-01")
    key = house.account("fred", "caseworker", "Force")
    case = house.act(
        "case-open",
        key,
        purpose=PURPOSE,
        reference="F",
        on_behalf_of="Force",
        on_behalf_of_jurisdiction="CA",
    )["case"]
    ordered(house, opc, "cease-offering", client="Force")
    assert isinstance(house.search(SELFIE, key=key, case=case), Refused)
    assert people(house.search(SELFIE)) == ["P001"]


def test_an_authority_s_own_place_does_not_close_it(sqlite_house: House) -> None:
    opc = authority(sqlite_house)
    ordered(sqlite_house, opc, "cease-offering", place="CA")
    assert ordered(sqlite_house, opc, "cease-collecting", place="CA", number="P21-09")
    assert len(sqlite_house.act("oversight-read", opc.inspector, listing="orders")["orders"]) == 2
    assert refused_as(sqlite_house, "oversight-read", sqlite_house.caseworker, listing="orders")


def test_an_order_to_delete_locks_at_once_and_destroys_after_two_signatures_and_its_date(
    house: House,
) -> None:
    found_person(house)
    opc = authority(house)
    code = ordered(house, opc, "delete", place="CA", destroy_from="2026-12-01")
    assert (collects(house), searches(house)) == (False, False)
    assert models.Face.objects.get().crop != ""

    early = house.act("order-destroy", opc.commissioner, order=code)["proposal"]
    with pytest.raises(ConflictError, match="before 2026-12-01"):
        house.act("approve", opc.inspector, proposal=early)
    house.clock.move(timedelta(days=30))
    waiting = house.act("order-destroy", opc.commissioner, order=code)
    assert waiting["waits_for"] == "second-person"
    assert refused_as(house, "approve", house.operator, proposal=waiting["proposal"]).reason == "role-may-not"
    done = house.act("approve", opc.inspector, proposal=waiting["proposal"])
    assert done["state"] == "destroyed"
    assert not models.Person.objects.filter(label="P001").exists()
    assert not models.Reference.objects.filter(ended_at=None).exists()
    assert "erasure-done" in house.events()
    with pytest.raises(ConflictError):
        house.act("order-lift", opc.commissioner, order=code, reason="x")


def test_an_order_to_delete_reaches_the_people_of_its_place_wherever_they_are_held(house: House) -> None:
    """The source is under the law of CA; one of its people says she lives in Quebec, another in Ontario."""
    found_person(house)
    house.enrol(house.person("P002"), photograph("P002"))
    for label, place in (("P001", "CA-QC"), ("P002", "CA-ON")):
        person = models.Person.objects.get(label=label)
        models.ResidencyClaim.objects.create(
            person=person, place=place, grade="declared", claimed_at=house.clock()
        )
    cai = authority(house, "CAI", "CA-QC", "cai")
    code = ordered(house, cai, "delete", place="CA-QC", destroy_from="2026-12-01")
    assert people(house.search(SELFIE)) != ["P001"]
    assert people(house.search(photograph("P002", "amateur_selfie"))) == ["P002"]
    house.act("order-lift", cai.commissioner, order=code, reason="Complied with")
    assert people(house.search(SELFIE)) == ["P001"]


def test_a_restored_backup_stands_under_the_orders_of_the_log(sqlite_house: House, tmp_path: Path) -> None:
    from countenance.records.database import disconnect
    from countenance.records.workspace import Workspace
    from countenance.registry.backup import backup
    from countenance.registry.restore import restore

    house = sqlite_house
    found_person(house)
    signed = house.operator.sign(workspace_id=house.id, act="backup", params={}, at=house.clock())
    backup(house.workspace, signed, tmp_path / "backup")
    opc = authority(house)
    code = ordered(house, opc, "cease-offering", place="CA")
    lock = house.act("lock-set", kind="search", source="archive", reason="A test")["lock"]
    house.act("case-deny", case=house.case, authority="Court", reason="x")
    house.workspace.checkpoint()
    with open_reading() as tx:
        house.workspace.log.export(tx, tmp_path / "log", payloads=True)
    key = house.workspace.log.vkey
    house.workspace.close()
    disconnect()
    restore(tmp_path / "backup", tmp_path / "again", log=tmp_path / "log", key=key, clock=house.clock)
    house.workspace = Workspace.open(tmp_path / "again", clock=house.clock)
    assert models.Order.objects.get().code == code
    assert models.Lock.objects.get().code == lock
    assert models.Case.objects.get().denied_authority == "Court"
    answer = house.search(SELFIE)
    assert isinstance(answer, Refused)
    assert answer.rule == code
