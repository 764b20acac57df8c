"""An order pack is read as it is written, and what is wrong in one is named with its place."""

from __future__ import annotations

import hashlib
import json

import pytest

from countenance.policy.manifest import LawSource
from countenance.policy.ordering import (
    OrderPack,
    PackedOrder,
    any_pack,
    order_pack_from_files,
    shipped_order_files,
    shipped_orders,
)
from countenance.policy.pack import PolicyPack, shipped_pack_files
from countenance.policy.restrictions import OrderKind
from countenance.primitives.errors import FormatError, NotFoundError

SOURCE = {
    "id": "order",
    "title": "Order",
    "title_fr": "Ordonnance",
    "article": "whole",
    "article_fr": "en entier",
    "date": "2021-12-14",
}
CEASE = {
    "kind": "cease-collecting",
    "destroy_from": None,
    "sources": ["order"],
    "en": "Nothing.",
    "fr": "Rien.",
}
DELETE = {
    "kind": "delete",
    "destroy_from": "2022-01-25",
    "sources": ["order", "more"],
    "en": "All.",
    "fr": "Tout.",
}
WRITTEN = {
    "name": "P21-08",
    "version": "2026.11.1",
    "place": "CA-BC",
    "authority": "OIPC",
    "authority_fr": "CIPVP",
    "number": "No. 8",
    "dated": "2021-12-14",
    "signers": ["founder-1", "founder-2"],
    "sources": [SOURCE, {**SOURCE, "id": "more", "url": "https://example.org/"}],
    "orders": [CEASE, DELETE],
}


def text(**changes: object) -> dict[str, str]:
    return {"order.json": json.dumps({**WRITTEN, **changes})}


def test_every_field_is_read_as_it_is_written():
    texts = text()
    listed = hashlib.sha256(texts["order.json"].encode()).hexdigest()
    whole = f'{{"files":{{"order.json":"{listed}"}},"format":"countenance-policy-pack/1"}}'
    source = LawSource(
        id="order",
        title="Order",
        title_fr="Ordonnance",
        article="whole",
        article_fr="en entier",
        date="2021-12-14",
        url=None,
    )
    assert order_pack_from_files(texts) == OrderPack(
        name="P21-08",
        version="2026.11.1",
        place="CA-BC",
        authority="OIPC",
        authority_fr="CIPVP",
        number="No. 8",
        dated="2021-12-14",
        signers=("founder-1", "founder-2"),
        sources=(source, LawSource(**{**SOURCE, "id": "more"}, url="https://example.org/")),
        orders=(
            PackedOrder(
                kind=OrderKind.CEASE_COLLECTING,
                destroy_from=None,
                sources=("order",),
                en="Nothing.",
                fr="Rien.",
            ),
            PackedOrder(
                kind=OrderKind.DELETE,
                destroy_from="2022-01-25",
                sources=("order", "more"),
                en="All.",
                fr="Tout.",
            ),
        ),
        hash=hashlib.sha256(whole.encode()).hexdigest(),
    )


LONGEST = "A" + 39 * "b"


@pytest.mark.parametrize(
    "change, problem",
    [
        ({"name": ""}, "name is not a text"),
        ({"name": "-a"}, "its name is not letters, digits and hyphens"),
        ({"name": "a/b"}, "its name is not letters, digits and hyphens"),
        ({"name": LONGEST + "c"}, "its name is not letters, digits and hyphens"),
        ({"version": " "}, "version is not a text"),
        ({"place": "BC"[:1]}, "its name is not an ISO 3166 code such as CA or CA-QC"),
        ({"place": 1}, "place is not a text"),
        ({"authority": None}, "authority is not a text"),
        ({"authority_fr": None}, "authority_fr is not a text"),
        ({"number": 8}, "number is not a text"),
        ({"dated": "14 December 2021"}, "dated: '14 December 2021' is not a date YYYY-MM-DD"),
        ({"signers": []}, "signers is not a list with entries"),
        ({"signers": ["a", "a"]}, "signers does not name two different keys"),
        ({"signers": ["a", ""]}, "signers is not a text"),
        ({"sources": None}, "sources is not a list with entries"),
        ({"sources": [1]}, "sources[0] is not an object"),
        (
            {"sources": [SOURCE, {}]},
            "sources[1] has missing or unknown keys: article, article_fr, date, id, title, title_fr",
        ),
        ({"orders": []}, "orders is not a list with entries"),
        ({"orders": {}}, "orders is not a list with entries"),
        ({"orders": [CEASE, "delete"]}, "orders[1] is not an object"),
        ({"orders": [{**CEASE, "more": 1}]}, "orders[0] has missing or unknown keys: more"),
        ({"orders": [{**CEASE, "kind": "cease"}]}, "orders[0]: 'cease' is no kind of order"),
        ({"orders": [{**CEASE, "kind": 1}]}, "orders[0].kind is not a text"),
        ({"orders": [CEASE, CEASE]}, "two orders are of one kind"),
        (
            {"orders": [{**CEASE, "destroy_from": "2022-01-25"}]},
            "orders[0]: an order to delete says from when on it destroys, and no other order does",
        ),
        (
            {"orders": [{**DELETE, "destroy_from": None}]},
            "orders[0]: an order to delete says from when on it destroys, and no other order does",
        ),
        ({"orders": [{**DELETE, "destroy_from": 5}]}, "orders[0].destroy_from is not a text"),
        (
            {"orders": [{**DELETE, "destroy_from": "2022-1-25"}]},
            "orders[0]: '2022-1-25' is not a date YYYY-MM-DD",
        ),
        ({"orders": [{**CEASE, "sources": []}]}, "orders[0].sources is not a list with entries"),
        ({"orders": [{**CEASE, "sources": [1]}]}, "orders[0].sources is not a text"),
        ({"orders": [{**CEASE, "sources": ["z", "order", "a"]}]}, "orders[0] names unknown sources: a, z"),
        ({"orders": [{**CEASE, "en": ""}]}, "orders[0].en is not a text"),
        ({"orders": [{**CEASE, "fr": None}]}, "orders[0].fr is not a text"),
        ({"surprise": 1, "also": 2}, "order.json has missing or unknown keys: also, surprise"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change, problem):
    with pytest.raises(FormatError) as caught:
        order_pack_from_files(text(**change))
    assert caught.value.code == "policy-pack"
    assert caught.value.message.params == {"problem": problem}


def test_a_name_may_have_forty_characters():
    assert order_pack_from_files(text(name=LONGEST)).name == LONGEST


@pytest.mark.parametrize(
    "texts, problem",
    [
        ({"order.json": "{"}, "order.json is not JSON"),
        ({"order.json": "[]"}, "order.json is not an object"),
        (
            {**text(), "policy.cedar": "", "a": ""},
            "files are missing or do not belong to it: a, policy.cedar",
        ),
    ],
)
def test_files_that_are_no_order_pack(texts, problem):
    with pytest.raises(FormatError) as caught:
        order_pack_from_files(texts)
    assert caught.value.message.params == {"problem": problem}


def test_a_pack_is_of_orders_where_it_has_that_file():
    assert isinstance(any_pack(text()), OrderPack)
    assert isinstance(any_pack(shipped_pack_files("CA")), PolicyPack)


def test_the_shipped_ones_are_listed_and_no_other_is_found():
    assert shipped_orders() == ("1023158-S", "P2021-12", "P21-08")
    for name in shipped_orders():
        assert set(shipped_order_files(name)) == {"order.json"}
        assert order_pack_from_files(shipped_order_files(name)).name == name
    with pytest.raises(NotFoundError) as caught:
        shipped_order_files("P22-01")
    assert (caught.value.code, caught.value.message.params) == ("no-such-pack", {"name": "P22-01"})
