"""Packs in force together: which one governs a place, that each of them must permit, and by whose name a refusal goes."""

from __future__ import annotations

import json
from dataclasses import replace

import policy_factories as make
import pytest
from policy_factories import ROWS

from countenance.policy.book import PolicyBook, load_book, packs_for
from countenance.policy.decisions import Permitted, Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.pack import PolicyPack, load_pack, pack_from_files, shipped_pack_files
from countenance.policy.questions import Act
from countenance.policy.terms import NO_TERMS
from countenance.primitives.errors import FormatError, NotFoundError

PERMIT_ALL = "permit (principal, action, resource);"


def pack_of(name: str, cedar: str, *ids: str, builds_on: str = "HOUSE", **manifest: object) -> PolicyPack:
    """A pack of a made-up law: the rules of `cedar`, governing the place of its name."""
    texts = make.stripped("CA", cedar, *ids)
    said = json.loads(texts["pack.json"])
    said |= {"name": name, "covers": [name], "except": [], "builds_on": builds_on, **manifest}
    del said["default"]
    del said["rules"]["CA-00"]
    return pack_from_files({**texts, "pack.json": json.dumps(said), "terms.json": EMPTY})


EMPTY = json.dumps({"clocks": [], "retention": [], "required": []})


def note(rule_id: str, reason: str) -> str:
    return make.NOTES.format(id=rule_id, reason=reason)


def without(files: dict[str, str], name: str) -> dict[str, str]:
    return {known: text for known, text in files.items() if known != name}


@pytest.fixture(scope="module")
def other() -> PolicyPack:
    """A law that permits everything in AQ."""
    return pack_of("AQ", note("AQ-80", "all") + PERMIT_ALL, "AQ-80")


def engine_of(*packs: PolicyPack, operator: str = "CA") -> PolicyEngine:
    return PolicyEngine(PolicyBook([load_pack("HOUSE"), load_pack("CA"), *packs], operator=operator))


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"caller__client__jurisdiction": "AQ"}, "client-place-not-permitted"),
        ({"requester__jurisdiction": "AQ"}, "requester-place-not-permitted"),
        ({"gallery__jurisdiction": "AQ"}, "gallery-place-not-permitted"),
        ({"permission_class": replace(ROWS, jurisdiction="AQ")}, "basis-place-not-permitted"),
    ],
)
def test_a_place_without_a_pack_is_refused_and_one_with_a_pack_that_permits_is_not(other, changes, reason):
    """R21: the requester of record in a barred place is refused though the operator's place permits."""
    refused = engine_of().decide(make.search(**changes))
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert isinstance(engine_of(other).decide(make.search(**changes)), Permitted)


def test_the_operators_own_place_must_have_a_pack():
    engine = engine_of(operator="AQ")
    for question in (make.SEARCH, make.ENROL, make.ACT):
        decision = engine.decide(question)
        assert isinstance(decision, Refused)
        assert decision.reason == "operator-place-not-permitted"


def test_every_place_concerned_must_permit(other):
    """What the operator's place permits is no permission in another, nor the other way round."""
    mute = pack_of(
        "BV", note("BV-80", "never") + "permit (principal, action, resource) when { false };", "BV-80"
    )
    engine = engine_of(other, mute)
    for where in ("caller__client__jurisdiction", "requester__jurisdiction", "gallery__jurisdiction"):
        assert isinstance(engine.decide(make.search(**{where: "AQ"})), Permitted)
        decision = engine.decide(make.search(**{where: "BV"}))
        assert isinstance(decision, Refused)
        assert (decision.reason, decision.rule) == ("not-permitted", "HOUSE-00")
    assert isinstance(engine.decide(make.enrol(gallery__jurisdiction="BV")), Refused)
    reader = replace(make.CASEWORKER, client=replace(make.CLIENT, jurisdiction="BV"))
    asked = make.act(caller=reader, act=Act.RECORDS_READ, client_id=make.CLIENT.id)
    assert isinstance(engine.decide(asked), Refused)


def test_a_forbid_of_one_place_does_not_reach_another(other):
    strict = pack_of(
        "BV",
        note("BV-62", "barred")
        + "forbid (principal, action, resource);\n"
        + note("BV-80", "all")
        + PERMIT_ALL,
        "BV-62",
        "BV-80",
    )
    engine = engine_of(other, strict)
    assert isinstance(engine.decide(make.SEARCH), Permitted)
    decision = engine.decide(make.search(requester__jurisdiction="BV"))
    assert isinstance(decision, Refused)
    assert (decision.reason, decision.rule) == ("barred", "BV-62")


def test_a_part_of_a_country_builds_on_it_without_copying_it():
    part = pack_of(
        "CA-NU",
        note("CA-NU-68", "barred") + 'forbid (principal, action == Action::"enrol", resource);',
        "CA-NU-68",
        builds_on="CA",
    )
    engine = engine_of(part)
    inside = make.search(gallery__jurisdiction="CA-NU")
    assert isinstance(engine.decide(inside), Permitted)  # by CA's permit
    assert (
        engine.decide(replace(inside, permission_class=replace(ROWS, basis="legitimate-interest"))).rule
        == "CA-62"
    )
    assert engine.decide(make.enrol(gallery__jurisdiction="CA-NU")).rule == "CA-NU-68"
    assert isinstance(engine.decide(make.ENROL), Permitted)


def test_a_country_may_leave_a_part_to_its_own_pack():
    canada = replace(load_pack("CA"), excepted=("CA-QC",))
    book = PolicyBook([load_pack("HOUSE"), canada], operator="CA")
    assert book.governing("CA-ON") is canada
    assert book.governing("CA-QC") is None
    for place in ("", "ca", "CAN", None, "QC"):
        assert book.governing(place) is None


def test_a_rule_of_house_is_named_by_the_first_law_that_gives_it_a_ground(other):
    abroad = make.search(
        case=None, gallery__jurisdiction="AQ", caller__client__jurisdiction="AQ", requester=None
    )
    here = engine_of(other).decide(abroad)
    there = engine_of(other, operator="AQ").decide(
        replace(abroad, gallery=replace(abroad.gallery, jurisdiction="AQ"))
    )
    assert (here.rule, here.reason) == ("CA-20", "no-case")
    assert (there.rule, there.reason) == ("HOUSE-20", "no-case")
    assert there.authority.startswith("Rule of the house")
    assert there.since == "2026-11-01"


def test_the_hash_of_a_book_names_all_that_decides(other):
    house, canada = load_pack("HOUSE"), load_pack("CA")
    book = PolicyBook([house, canada], operator="CA")
    assert book.hash == PolicyBook([canada, house], operator="CA").hash
    assert book.hash != PolicyBook([house, canada], operator="CA-ON").hash
    assert book.hash != PolicyBook([house, canada, other], operator="CA").hash
    assert book.hashes == {house.hash, canada.hash}


def test_packs_that_make_no_book_are_refused(other):
    house, canada = load_pack("HOUSE"), load_pack("CA")
    orphan = pack_of("CA-NU", note("CA-NU-80", "all") + PERMIT_ALL, "CA-NU-80", builds_on="CA")
    for packs, said in (
        ([canada], "without HOUSE"),
        ([], "without HOUSE"),
        ([house, canada, canada], "one name"),
        ([house, orphan], "not in force"),
        ([house, canada, replace(other, covers=("CA",))], "same place"),
        ([house, replace(canada, builds_on="AQ"), replace(other, builds_on="CA")], "builds on itself"),
        (
            [house, replace(canada, grounds=tuple(replace(g, rules=("98",)) for g in canada.grounds))],
            "does not have",
        ),
        ([house, replace(canada, policies=("permit (",))], "Cedar"),
        (
            [house, replace(canada, policies=("permit (principal, action, resource) when { context.x };",))],
            "schema",
        ),
    ):
        with pytest.raises(FormatError, match=said) as caught:
            PolicyBook(packs, operator="CA")
        assert caught.value.code == "policy-pack"


def test_a_workspace_begins_with_the_packs_of_its_country():
    assert packs_for("CA-ON")[:2] == ("HOUSE", "CA")
    assert packs_for("CA-ON") == packs_for("CA")
    assert packs_for("JP", ("CA",)) == ("HOUSE", "CA")
    with pytest.raises(NotFoundError, match="no policy pack for JP"):
        packs_for("JP")
    with pytest.raises(NotFoundError):
        packs_for("CA", ("ZZ",))


def test_no_place_no_terms():
    book = load_book(operator="CA")
    assert book.terms("JP") == NO_TERMS
    assert book.terms("") == NO_TERMS


def test_a_schema_belongs_to_house_alone():
    house, canada = shipped_pack_files("HOUSE"), shipped_pack_files("CA")
    with pytest.raises(FormatError, match="HOUSE alone has a schema"):
        pack_from_files({**without(canada, "terms.json"), "schema.cedarschema": house["schema.cedarschema"]})
    with pytest.raises(FormatError, match="HOUSE alone has a schema"):
        pack_from_files({**without(house, "schema.cedarschema"), "terms.json": EMPTY})
