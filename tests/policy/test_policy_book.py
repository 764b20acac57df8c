"""Packs in force together: which one governs a place, that each of them must permit, and by whose name a refusal goes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import policy_factories as make
import pytest
from policy_factories import ROWS

from countenance.policy.book import PolicyBook, load_book, packs_for
from countenance.policy.decisions import Permitted, Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.pack import PolicyPack, load_pack, pack_from_files, shipped_pack_files
from countenance.policy.purposes import BasisKind
from countenance.policy.questions import Act
from countenance.policy.terms import NO_TERMS, DataKind, RequestKind, Span
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


EMPTY = json.dumps({"clocks": [], "retention": [], "required": [], "ages": None})


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


def says(pack: PolicyPack, cedar: str) -> PolicyPack:
    """The pack with `cedar` for all its rules."""
    return replace(pack, clauses=(replace(pack.clauses[0], guarded=cedar),))


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
            "which no pack below has",
        ),
        ([house, says(canada, "permit (")], "Cedar"),
        ([house, says(canada, "permit (principal, action, resource) when { context.x };")], "schema"),
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
        pack_from_files({**canada, "schema.cedarschema": house["schema.cedarschema"]})
    with pytest.raises(FormatError, match="HOUSE alone has a schema"):
        pack_from_files(without(house, "schema.cedarschema"))


@pytest.fixture(scope="module")
def everywhere() -> PolicyBook:
    return load_book(operator="CA-ON")


@pytest.mark.parametrize(
    "place, law",
    [
        ("CA", "CA"),
        ("CA-ON", "CA"),
        ("CA-QC", "CA-QC"),
        ("CA-BC", "CA-BC"),
        ("CA-AB", "CA-AB"),
        ("FR", "EU"),
        ("DE-BE", "EU"),
        ("RE", "EU"),
        ("GB", "GB"),
        ("GB-SCT", "GB"),
        ("US-IL", "US-IL"),
        ("US", None),
        ("US-CA", None),
        ("CH", None),
        ("EU", None),
        ("", None),
    ],
)
def test_which_pack_governs_a_place(everywhere, place, law):
    pack = everywhere.governing(place)
    assert (pack.name if pack else None) == law


FILED = frozenset({"contact", "assessment", "filing-reference", "filing-date"})


@pytest.mark.parametrize(
    "days, reason",
    [
        (None, "biometric-database-not-declared"),
        (-1, "biometric-database-not-declared"),
        (0, "sixty-days-not-over"),
        (59, "sixty-days-not-over"),
        (60, None),
        (61, None),
    ],
)
def test_in_quebec_a_database_is_searched_sixty_days_after_it_was_declared(everywhere, days, reason):
    """R5: LCCJTI s. 45. Day 59 is refused, day 60 works; day 0 is the day of the filing."""
    filed = None if days is None else make.NOW.date() - timedelta(days=days)
    decision = PolicyEngine(everywhere).decide(
        make.search(gallery__jurisdiction="CA-QC", gallery__filled=FILED, gallery__filed_on=filed)
    )
    assert (decision.reason if isinstance(decision, Refused) else None) == reason


def test_in_quebec_a_declared_database_may_be_filled_while_the_days_run(everywhere):
    engine = PolicyEngine(everywhere)
    asked = make.enrol(
        gallery__jurisdiction="CA-QC",
        gallery__filled=FILED,
        gallery__filed_on=make.NOW.date(),
        basis__jurisdiction="CA-QC",
    )
    assert isinstance(engine.decide(asked), Permitted)
    assert engine.decide(replace(asked, basis=replace(asked.basis, kind="public-task"))).rule == "CA-QC-68"
    assert engine.decide(make.enrol(gallery__jurisdiction="CA-QC", gallery__filled=FILED)).rule == "CA-QC-57"


@pytest.mark.parametrize("field", sorted(FILED - {"filing-date"}))
def test_in_quebec_what_the_law_asks_for_is_on_record_first(everywhere, field):
    """R5, R27: filing reference, person in charge, assessment."""
    filed = make.NOW.date() - timedelta(days=90)
    asked = make.search(
        gallery__jurisdiction="CA-QC", gallery__filled=FILED - {field}, gallery__filed_on=filed
    )
    decision = PolicyEngine(everywhere).decide(asked)
    assert isinstance(decision, Refused)
    assert (decision.reason, decision.rule) == ("required-field-missing", "CA-QC-56")


@pytest.mark.parametrize(
    "place, fields, rule",
    [
        ("FR", {"controller", "representative", "processors", "contact", "assessment"}, "EU-56"),
        ("GB", {"controller", "representative", "processors", "contact", "assessment"}, "GB-56"),
        ("US-IL", {"written-release", "retention-schedule"}, "US-IL-56"),
    ],
)
def test_a_gallery_names_what_the_law_of_its_place_asks_for(everywhere, place, fields, rule):
    """R23, R27, R28: controller, representative, processors, assessment; written release and public schedule."""
    engine = PolicyEngine(everywhere)
    here = make.search(gallery__jurisdiction=place, gallery__filled=frozenset(fields))
    assert isinstance(engine.decide(here), Permitted)
    for field in fields:
        asked = make.search(gallery__jurisdiction=place, gallery__filled=frozenset(fields - {field}))
        assert engine.decide(asked).rule == rule
    # Who asks for a search elsewhere says nothing of how the gallery is kept.
    assert isinstance(engine.decide(make.search(requester__jurisdiction=place)), Permitted)


def test_in_illinois_only_a_written_release_will_do(everywhere):
    """R28."""
    fields = frozenset({"written-release", "retention-schedule"})
    asked = make.search(
        gallery__jurisdiction="US-IL",
        gallery__filled=fields,
        permission_class=replace(ROWS, basis=BasisKind.PUBLIC_TASK, jurisdiction="US-IL"),
    )
    assert PolicyEngine(everywhere).decide(asked).reason == "written-release-needed"
    limit = everywhere.terms("US-IL").limit(DataKind.TEMPLATE)
    assert limit is not None
    assert limit.at_most == Span(months=36)


@pytest.mark.parametrize(
    "place, request_kind, within, extension",
    [
        ("CA-ON", RequestKind.ACCESS, Span(days=30), Span(days=30)),
        ("CA-QC", RequestKind.ACCESS, Span(days=30), None),
        ("CA-AB", RequestKind.ACCESS, Span(days=45), Span(days=30)),
        ("CA-BC", RequestKind.CORRECTION, Span(days=30), Span(days=30)),
        ("FR", RequestKind.ERASURE, Span(months=1), Span(months=2)),
        ("GB", RequestKind.OBJECTION, Span(months=1), Span(months=2)),
        ("US-IL", RequestKind.ACCESS, Span(days=30), None),
    ],
)
def test_each_place_has_its_time_limits(everywhere, place, request_kind, within, extension):
    """R11."""
    clock = everywhere.terms(place).clock(request_kind)
    assert clock is not None
    assert (clock.within, clock.extension) == (within, extension)
    assert all(everywhere.terms(place).clock(kind) is not None for kind in RequestKind)


def test_a_month_ends_on_the_same_day_or_the_last():
    """Regulation (EEC, Euratom) 1182/71, art. 3(2)(c)."""
    assert Span(months=1).after(date(2027, 1, 31)) == date(2027, 2, 28)
    assert Span(months=2).after(date(2026, 12, 31)) == date(2027, 2, 28)
    assert Span(months=1).after(date(2028, 1, 31)) == date(2028, 2, 29)
    assert Span(days=30).after(date(2026, 12, 15)) == date(2027, 1, 14)
    assert str(Span(months=2)) == "2 months"
    assert str(Span(days=45)) == "45 days"


def test_ages_are_declared_per_place(everywhere):
    """R30."""
    ages = {place: everywhere.terms(place).ages for place in ("CA-ON", "CA-QC", "CA-BC", "FR", "GB")}
    assert {place: (found.own_consent, found.majority) for place, found in ages.items() if found} == {
        "CA-ON": (18, 18),
        "CA-QC": (14, 18),
        "CA-BC": (19, 19),
        "FR": (16, 18),
        "GB": (13, 18),
    }
