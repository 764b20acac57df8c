"""Order packs: the binding orders of British Columbia, Alberta and Quebec, signed by two keys and switched on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from house import House, photograph
from oversight_parts import Authority, authority, found_person, people, refused_as, two

from countenance.policy.decisions import Refused
from countenance.policy.ordering import order_pack_from_files, shipped_order_files, shipped_orders
from countenance.policy.restrictions import OrderKind
from countenance.policy.signing import sign_pack
from countenance.primitives.errors import ConflictError, FormatError, RefusedError
from countenance.records import models
from countenance.records.restrictions import in_force
from countenance.registry.founding import FOUNDERS
from countenance.search.values import LoggedCandidates

DATES = {"P21-08": "2021-12-14", "P2021-12": "2021-12-07", "1023158-S": "2021-12-14"}
PLACES = {"P21-08": "CA-BC", "P2021-12": "CA-AB", "1023158-S": "CA-QC"}


def switch_on(house: House, name: str, **changes: Any) -> Any:
    """By two operators, signed by both."""
    files = {**shipped_order_files(name), **changes}
    pack = order_pack_from_files(shipped_order_files(name))
    keys = zip(FOUNDERS, (house.operator, house.deputy), strict=True)
    signatures = {key: sign_pack(pack, key, owner.private).signature.hex() for key, owner in keys}
    return two(house, "policy-activate", files=files, signatures=signatures)


@pytest.mark.parametrize("name", shipped_orders())
def test_a_shipped_order_pack_says_what_it_rests_on(name: str) -> None:
    pack = order_pack_from_files(shipped_order_files(name))
    assert (pack.name, pack.number, pack.dated, pack.place) == (name, name, DATES[name], PLACES[name])
    assert {OrderKind.CEASE_COLLECTING, OrderKind.DELETE} <= {order.kind for order in pack.orders}
    for order in pack.orders:
        assert order.sources
        assert order.en.endswith(".")
        assert order.fr.endswith(".")
        assert order.en != order.fr


def test_every_binding_order_is_there() -> None:
    assert set(shipped_orders()) == set(DATES)


@pytest.mark.parametrize("name", shipped_orders())
def test_each_refusal_names_the_order_its_authority_and_its_date(house: House, name: str) -> None:
    """R7, R8, R21: searched on behalf of a body of that place, before and after."""
    found_person(house)
    done = switch_on(house, name)
    assert len(done["orders"]) == len(order_pack_from_files(shipped_order_files(name)).orders)
    standing = in_force()
    assert {each.authority for each in standing} == {f"{done['authority']}, {name}"}
    assert {each.since for each in standing} == {DATES[name]}
    assert {each.target_id for each in standing} == {PLACES[name]}
    logged = house.events()
    assert logged.count("order-issued") == len(standing)
    # Ontario is served on; of somebody who may live there nothing is found, by the cautious rule of a delete.
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    assert people(answer) == []


def test_british_columbia_is_served_no_more(house: House) -> None:
    found_person(house)
    case = house.act(
        "case-open",
        house.caseworker,
        purpose="missing-person",
        reference="File 1",
        on_behalf_of="City Force West",
        on_behalf_of_jurisdiction="CA-BC",
    )["case"]
    assert people(house.search(photograph("P001", "amateur_selfie"), case=case)) == ["P001"]
    done = switch_on(house, "P21-08")
    answer = house.search(photograph("P001", "amateur_selfie"), case=case)
    assert isinstance(answer, Refused)
    assert answer.reason == "order-cease-offering"
    assert answer.authority == f"{done['authority']}, P21-08"
    assert answer.since == "2021-12-14"


def test_an_order_pack_is_not_put_in_force_twice_nor_unsigned_nor_altered(house: House) -> None:
    switch_on(house, "P21-08")
    with pytest.raises(ConflictError, match="in force already"):
        switch_on(house, "P21-08")
    files = shipped_order_files("P2021-12")
    for given, reason in (({}, "pack-unsigned"), ({"founder-1": "00" * 64}, "pack-altered")):
        proposal = house.act("policy-activate", files=files, signatures=given)["proposal"]
        with pytest.raises(RefusedError) as caught:
            house.act("approve", house.deputy, proposal=proposal)
        assert caught.value.reason == reason
    softened = json.loads(files["order.json"])
    softened["orders"] = softened["orders"][:1]
    with pytest.raises(RefusedError) as altered:
        switch_on(house, "P2021-12", **{"order.json": json.dumps(softened)})
    assert altered.value.reason == "pack-altered"
    assert not models.Order.objects.filter(number="P2021-12").exists()


def test_the_authority_alone_lifts_it(house: House) -> None:
    body: Authority = authority(house, "OIPC British Columbia", "CA-BC", "bc")
    done = switch_on(house, "P21-08")
    assert done["authority"] == "OIPC British Columbia"  # as it is registered here
    code = done["orders"][0].split()[0]
    assert refused_as(house, "order-lift", house.operator, order=code, reason="We would rather not")
    lifted = house.act("order-lift", body.commissioner, order=code, reason="Complied with")
    assert lifted["state"] == "lifted"
    assert len(in_force()) == len(done["orders"]) - 1


@pytest.mark.parametrize(
    "change",
    [
        {"place": "British Columbia"},
        {"dated": "soon"},
        {"signers": ["founder-1"]},
        {"orders": []},
        {"name": "../P21-08"},
        {"more": 1},
        {"orders": [{"kind": "cease", "destroy_from": None, "sources": ["order"], "en": "a", "fr": "b"}]},
        {"orders": [{"kind": "delete", "destroy_from": None, "sources": ["order"], "en": "a", "fr": "b"}]},
        {
            "orders": [
                {"kind": "delete", "destroy_from": "2022-01-01", "sources": ["x"], "en": "a", "fr": "b"}
            ]
        },
    ],
)
def test_a_spoilt_order_pack_is_named(change: dict[str, Any]) -> None:
    files = shipped_order_files("P21-08")
    spoilt = {**json.loads(files["order.json"]), **change}
    with pytest.raises(FormatError) as wrong:
        order_pack_from_files({"order.json": json.dumps(spoilt)})
    assert wrong.value.code == "policy-pack"
    with pytest.raises(FormatError):
        order_pack_from_files({**files, "policy.cedar": ""})
    with pytest.raises(FormatError):
        order_pack_from_files({"order.json": "{"})
