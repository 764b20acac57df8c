"""What a book knows of its rules beforehand leaves every decision as it is."""

from __future__ import annotations

import json

import cedarpy
import policy_factories as make
import pytest

from countenance.policy.book import Law, load_book
from countenance.policy.clauses import KINDS, OWN, Clause, clause_of
from countenance.policy.engine import PolicyEngine


def clause(text: str, pack: str = "CA") -> Clause:
    listing = json.loads(cedarpy.policies_to_json_str(text))
    return clause_of(listing["staticPolicies"]["policy0"], pack)


@pytest.mark.parametrize(
    "scope, kinds",
    [
        ("action", KINDS),
        ('action == Action::"search"', {"search"}),
        ('action == Action::"case-open"', {"act"}),
        ('action in Action::"act"', {"act"}),
        ('action in Action::"own"', OWN),
        ('action in [Action::"search-rows", Action::"enrol"]', {"search-rows", "enrol"}),
        ('action in [Action::"search", Action::"two-person-act", Action::"own"]', {"search", "act", *OWN}),
    ],
)
def test_a_rule_speaks_to_the_requests_of_its_scope(scope, kinds):
    assert clause(f"forbid (principal, {scope}, resource);").kinds == kinds
    assert {"search", "search-rows", "enrol", "act", "own-face", "sweep"} == KINDS
    assert {"own-face", "sweep"} == OWN


@pytest.mark.parametrize(
    "conditions, reads",
    [
        ("", set()),
        ("when { context.caller.suspended }", {"caller"}),
        ('when { context has case && context["purpose"] == "x" }', {"case", "purpose"}),
        ("when { context.now < 0 } unless { [1, context.approvals].contains(2) }", {"now", "approvals"}),
        ("when { if context.a then context.b.c else {x: context.d}.x }", {"a", "b", "d"}),
        ("when { resource.now == principal.case }", set()),
        ("when { [context].contains(context) }", None),
        ("when { context == {now: 1} && context.now == 1 }", None),
    ],
)
def test_a_rule_reads_what_it_names(conditions, reads):
    assert clause(f"permit (principal, action, resource) {conditions};").reads == reads


@pytest.mark.parametrize(
    "conditions, whose",
    [
        ('when { context.lawless.contains("client") }', "client"),
        ('unless { context.lawless.contains("client") }', None),
        ('when { context.governed.contains("client") }', None),
        ("when { context.lawless.contains(context.operator) }", None),
        ("when { context.lawless.contains(1) }", None),
        ('when { context.lawless.contains("client") } when { true }', None),
        ('when { context.lawless.contains("client") || true }', None),
        ("", None),
    ],
)
def test_a_rule_on_a_place_without_law(conditions, whose):
    assert clause(f"forbid (principal, action, resource) {conditions};").lawless == whose


def test_a_guard_comes_before_what_a_pack_says_and_house_has_none():
    rule = "forbid (principal, action, resource) when { context.now < 0 };"
    found = clause(rule)
    guarded = json.loads(cedarpy.policies_to_json_str(found.guarded))["staticPolicies"]["policy0"]
    bare = json.loads(cedarpy.policies_to_json_str(found.text))["staticPolicies"]["policy0"]
    governed = {".": {"left": {"Var": "context"}, "attr": "governed"}}
    guard = {"kind": "when", "body": {"contains": {"left": governed, "right": {"Value": "CA"}}}}
    assert guarded["conditions"] == [guard, *bare["conditions"]]
    assert {**guarded, "conditions": []} == {**bare, "conditions": []}
    assert clause(rule, "HOUSE").guarded == clause(rule, "HOUSE").text == found.text


@pytest.fixture(scope="module")
def engine() -> PolicyEngine:
    return PolicyEngine(load_book(operator="CA-ON"))


def law(*governed: str, lawless: tuple[str, ...] = ()) -> Law:
    return Law(leaves=governed[:1], governed=governed, lawless=lawless)


def rules_of(engine: PolicyEngine, kind: str, law: Law) -> list[str]:
    found = engine.book.slice(kind, law)
    assert list(found.numbers) == [f"policy{number}" for number in range(len(found.numbers))]
    return [engine.book.rules[number][1].id for number in found.numbers.values()]


def test_a_slice_holds_the_rules_that_can_speak_and_no_other(engine):
    alone = rules_of(engine, "search", law("HOUSE"))
    assert "HOUSE-06" in alone
    assert "HOUSE-12" not in alone  # on acts
    assert not [rule for rule in alone if not rule.startswith("HOUSE")]
    assert {"CA-80", "CA-QC-57"} <= set(rules_of(engine, "search", law("CA-QC", "CA", "HOUSE")))
    assert not {"CA-QC-57", "EU-80"} & set(rules_of(engine, "search", law("CA", "HOUSE")))
    for whose, rule in (("client", "HOUSE-07"), ("operator", "HOUSE-09")):
        assert rule not in alone
        assert [*alone[: alone.index("HOUSE-06")], rule, "HOUSE-08"][-2] in rules_of(
            engine, "search", law("HOUSE", lawless=(whose,))
        )
    assert engine.book.slice("search", law("HOUSE")) is engine.book.slice("search", law("HOUSE"))


def test_only_what_its_rules_read_is_told(engine):
    found = engine.book.slice("search", law("CA", "HOUSE"))
    assert found.reads is not None
    assert {"caller", "gallery", "case", "purpose", "now", "requester", "minor", "missing"} <= found.reads
    assert not {"governed", "lawless"} & found.reads
    lawless = engine.book.slice("search", law("HOUSE", lawless=("gallery",)))
    assert lawless.reads is not None
    assert "lawless" in lawless.reads


WHOLE = """forbid (principal is Account, action == Action::"search", resource is Gallery)
when { [context].contains(context) && false };"""


def test_a_rule_that_takes_the_context_whole_is_told_all():
    book = make.book_with(WHOLE)
    assert book.slice("search", law("CA", "HOUSE")).reads is None
    engine = PolicyEngine(book)
    first, again = engine.decide(make.SEARCH), engine.decide(make.SEARCH)
    assert first == again


def test_the_second_question_of_a_shape_is_decided_as_the_first(engine):
    """The first is held against the schema and told whole; those after it are not."""
    for change in ({}, {"case": None}, {"requester__jurisdiction": "AQ"}, {"gallery__live": False}):
        question = make.search(**change)
        fresh = PolicyEngine(engine.book).explain(question)
        assert engine.explain(question) == fresh
        assert engine.explain(question) == fresh
