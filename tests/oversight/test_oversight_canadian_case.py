"""The Canadian case, from the first search to the last certificate.

After the joint investigation of the OPC, the CAI, the OIPC of British Columbia and the OIPC of Alberta (PIPEDA Findings
2021-001) and the orders that followed (P21-08, P2021-12, 1023158-S). The operator and its clients are invented.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from house import PURPOSE, House, photograph
from oversight_parts import Authority, authority, people, refused_as, two
from test_order_packs import switch_on
from test_oversight_locks import collects

from countenance.policy.decisions import Refused
from countenance.primitives.errors import RefusedError
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.identity import AccountKey
from countenance.search.values import LoggedCandidates
from countenance.service.acts import perform
from countenance.service.upkeep import by_clock
from countenance.tlog import verifier
from countenance.tlog.statement import issue

PLACES = {"P001": "CA-QC", "P002": "CA-ON", "P003": "CA-BC"}
GRADES = {"P001": "document", "P002": "declared"}  # of P003 only the source speaks
CLIENTS = {
    "National Force": "CA",
    "City Force West": "CA-BC",
    "City Force East": "CA-ON",
    "Tracing Service": "CA-ON",
}
AUTHORITIES = {"OPC": "CA", "CAI": "CA-QC", "OIPC British Columbia": "CA-BC", "OIPC Alberta": "CA-AB"}


@dataclass(kw_only=True)
class Told:
    """Who is in the story."""

    house: House
    keys: dict[str, AccountKey]
    cases: dict[str, str]
    authorities: dict[str, Authority]

    def search(self, client: str, person: str) -> object:
        return self.house.search(
            photograph(person, "amateur_selfie"), key=self.keys[client], case=self.cases[client]
        )

    def statement(self, act: str, key: AccountKey, **params: Any) -> Any:
        """A statement that an act made; it verifies offline."""
        house = self.house
        signed = key.sign(workspace_id=house.id, act=act, params=params, at=house.clock())
        result = perform(house.workspace, signed)
        assert isinstance(result.record, dict)
        assert result.log_entry is not None
        told: Any = result.record["statement"]
        house.workspace.checkpoint()
        with open_reading() as tx:
            text = issue(house.workspace.log, tx, result.log_entry, told)
        assert verifier.verify_statement(text, house.workspace.log.vkey).ok
        return told

    def answered(self) -> set[str]:
        """Which clients are answered."""
        return {client for client in CLIENTS if isinstance(self.search(client, "P002"), LoggedCandidates)}


@pytest.fixture
def told(house: House) -> Told:
    for person, place in PLACES.items():
        house.enrol(house.person(person), photograph(person))
        if person in GRADES:
            row = models.Person.objects.get(label=person)
            models.ResidencyClaim.objects.create(
                person=row,
                place=place,
                grade=GRADES[person],
                evidence="Health card" if GRADES[person] == "document" else "",
                claimed_at=house.clock(),
            )
    keys, cases = {}, {}
    for number, (client, place) in enumerate(CLIENTS.items()):
        house.act("client-add", name=client, jurisdiction=place, purposes=[PURPOSE], until="2028-01-01")
        keys[client] = house.account(f"worker-{number}", "caseworker", client)
        cases[client] = house.act(
            "case-open",
            keys[client],
            purpose=PURPOSE,
            reference=f"File {number}",
            on_behalf_of=client,
            on_behalf_of_jurisdiction=place,
        )["case"]
    bodies = {
        name: authority(house, name, place, f"body-{number}")
        for number, (name, place) in enumerate(AUTHORITIES.items())
    }
    return Told(house=house, keys=keys, cases=cases, authorities=bodies)


def test_the_canadian_case(told: Told) -> None:
    house, opc, cai = told.house, told.authorities["OPC"], told.authorities["CAI"]
    west, alberta = told.authorities["OIPC British Columbia"], told.authorities["OIPC Alberta"]

    # Everybody is served: a national force, two city forces, a tracing service.
    assert told.answered() == set(CLIENTS)
    assert people(told.search("National Force", "P001")) == ["P001"]

    # Four authorities open one inquiry; one of them a second, into the use made by one client.
    joint = house.act("inquiry-open", opc.commissioner, title="Collection, use, disclosure", reference="1")[
        "inquiry"
    ]
    for body in (cai, west, alberta):
        joined = house.act("inquiry-join", body.commissioner, inquiry=joint)
    assert joined["authorities"] == list(AUTHORITIES)
    second = house.act(
        "inquiry-open",
        opc.commissioner,
        title="Use by the national force",
        reference="2",
        client="National Force",
    )["inquiry"]

    # That client's accounts, searches, purposes and outcomes are reported to the second inquiry.
    use = told.statement("inquiry-report", opc.inspector, inquiry=second)
    assert [each["account"] for each in use["accounts"]["each"]] == ["worker-0"]
    assert use["searches"]["count"] == 2
    assert use["purposes"] == {PURPOSE: use["searches"]}
    assert sum(figure["count"] for figure in use["outcomes"].values()) == 2
    refused = refused_as(
        house, "inspect", cai.inspector, inquiry=second, look="accounts", reason="Not our inquiry"
    )
    assert refused.reason == "other-organisation"

    # The last client's licence is suspended indefinitely.
    house.act("client-suspend", name="National Force", reason="Indefinitely, by agreement with the OPC")
    assert told.answered() == set(CLIENTS) - {"National Force"}

    # British Columbia orders for its own place; the country's authority for all of it.
    bc = house.act(
        "order-issue",
        west.commissioner,
        kind="cease-offering",
        place="CA-BC",
        number="P21-08",
        dated="2021-12-14",
    )["order"]
    assert told.answered() == {"City Force East", "Tracing Service"}
    answer = told.search("City Force West", "P003")
    assert isinstance(answer, Refused)
    assert (answer.rule, answer.authority, answer.since) == (
        bc,
        "OIPC British Columbia, P21-08",
        "2021-12-14",
    )

    assert collects(house)
    offering = house.act("order-issue", opc.commissioner, kind="cease-offering", place="CA", number="1")[
        "order"
    ]
    assert told.answered() == set()
    collecting = house.act("order-issue", opc.commissioner, kind="cease-collecting", place="CA", number="2")[
        "order"
    ]
    assert not collects(house)
    deleting = house.act(
        "order-issue", opc.commissioner, kind="delete", place="CA", number="3", destroy_from="2026-12-01"
    )["order"]

    # Its certificate: the last answer came before it, none after.
    certificate = told.statement("order-certify", opc.inspector, order=offering)
    assert certificate["answers_since"]["count"] == 0
    assert certificate["refusals_since"]["count"] >= 1
    assert certificate["last_answer_before"] < certificate["in_force_since_entry"]

    # A court keeps one person's record back, until a day.
    held = house.act(
        "hold-place",
        scope="person",
        target="P001",
        until=(house.clock() + timedelta(days=60)).isoformat(),
        authority="Federal Court, T-1",
        reason="evidence in a proceeding",
    )["hold"]

    # The operator's people leave. The inquiry stays open, and the orders stand.
    house.act("account-suspend", house.deputy, name="operator", reason="Left")
    house.act("account-suspend", house.deputy, name="deputy", reason="Left")
    open_still = house.act("oversight-read", cai.inspector, listing="inquiries")["inquiries"]
    assert {row["state"] for row in open_still} == {"open"}
    assert refused_as(house, "lock-lift", house.operator, lock=collecting).reason == "account-suspended"

    # What was collected is destroyed, after two signatures of the authority and its date.
    house.clock.move(timedelta(days=30))
    waiting = house.act("order-destroy", opc.commissioner, order=deleting)["proposal"]
    gone = house.act("approve", opc.inspector, proposal=waiting)
    assert gone["state"] == "destroyed"
    assert list(models.Person.objects.values_list("label", flat=True)) == ["P001"]
    assert set(models.Erasure.objects.get(code=gone["erasure"]).kept_back) == {held}
    assert not models.Candidate.objects.exclude(person__label="P001").exists()
    assert "erasure-done" in house.events()

    # Findings are issued and attached.
    document = base64.b64encode(b"Report of findings").decode()
    closed = house.act(
        "inquiry-close",
        opc.commissioner,
        inquiry=joint,
        name="findings.pdf",
        document=document,
        findings="Collected without consent, for a purpose that is not appropriate",
    )
    assert (closed["state"], len(closed["documents"])) == ("closed", 1)

    # The hold ends on its day, and with nobody there the rest goes as the order said.
    house.clock.move(timedelta(days=31))
    by_clock(house.workspace)
    assert not models.Person.objects.exists()
    with open_reading() as tx:
        assert house.workspace.log.verify(tx).ok


def test_two_operators_together_cannot_undo_what_the_authorities_did(told: Told) -> None:
    house, opc = told.house, told.authorities["OPC"]
    order = house.act("order-issue", opc.commissioner, kind="cease-offering", place="CA", number="1")["order"]
    house.act("client-suspend", name="Tracing Service", reason="x")
    two(house, "client-reinstate", name="Tracing Service")
    waiting = house.act("lock-lift", lock=order)["proposal"]
    with pytest.raises(Exception, match="no operator lifts it"):
        house.act("approve", house.deputy, proposal=waiting)
    assert told.answered() == set()


def test_the_binding_orders_that_came_later(told: Told) -> None:
    """BC P21-08, Alberta P2021-12 and CAI 1023158-S, switched on as packs: each for its own place, by name and date."""
    house = told.house
    for name in ("P21-08", "P2021-12", "1023158-S"):
        switch_on(house, name)
    assert told.answered() == set(CLIENTS) - {"City Force West"}
    answer = told.search("City Force West", "P002")
    assert isinstance(answer, Refused)
    # As it is registered here; the number and the date are those of the document.
    assert (answer.authority, answer.since) == ("OIPC British Columbia, P21-08", "2021-12-14")
    assert people(told.search("National Force", "P001")) == []  # of Quebec, by a document
    lifted = models.Order.objects.filter(number="1023158-S")
    assert {order.authority.name for order in lifted} == {"CAI"}
    for order in lifted:
        with pytest.raises(RefusedError):
            house.act("order-lift", told.authorities["OPC"].commissioner, order=order.code, reason="Not ours")
