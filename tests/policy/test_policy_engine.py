"""Refusals name their rule; whatever is not a plain answer refuses."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime

import cedarpy
import policy_factories as make
import pytest
from policy_factories import CLIENT, MISSING, NOW, ROWS, SECOND

from countenance.policy.book import PolicyBook, load_book
from countenance.policy.decisions import Permitted, Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.facts import Asked, asked_by
from countenance.policy.pack import load_pack, pack_from_files, shipped_pack_files
from countenance.policy.purposes import BasisKind, Purpose, Role
from countenance.policy.questions import Act, ConsentState, PersonFacts, RequesterFacts, SoughtFacts
from countenance.primitives.errors import RefusedError


@pytest.fixture(scope="module")
def engine() -> PolicyEngine:
    return PolicyEngine(load_book("CA", operator="CA-ON"))


def test_permits_name_rule_and_pack(engine):
    decision = engine.decide(make.SEARCH)
    assert decision == Permitted(rule="CA-80", pack=engine.book.hash)
    assert engine.decide(make.search(permission_class=ROWS)) == Permitted(rule="CA-81", pack=engine.book.hash)
    assert engine.decide(make.ENROL) == Permitted(rule="CA-82", pack=engine.book.hash)
    assert engine.decide(make.ACT) == Permitted(rule="CA-84", pack=engine.book.hash)


def test_a_refusal_names_reason_rule_authority_and_date(engine):
    refused = engine.decide(make.search(case=None))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.rule, refused.since) == ("no-case", "CA-20", "2001-01-01")
    assert "PIPEDA" in refused.authority
    assert refused.pack == engine.book.hash
    assert engine.book.explain(refused.rule, "en") == refused.explanation
    assert engine.book.explain(refused.rule, "fr") != refused.explanation
    error = refused.error()
    assert isinstance(error, RefusedError)
    assert (error.reason, error.rule, error.authority, error.since) == (
        refused.reason,
        refused.rule,
        refused.authority,
        refused.since,
    )


PERSON = PersonFacts(consent=ConsentState.LIVE, declared_minor=False, guardian_consent=False)


@pytest.mark.parametrize(
    "question, reason",
    [
        # R3, R16: no search without case and purpose, or outside the gallery's.
        (make.search(case=None), "no-case"),
        (make.search(purpose=None), "no-purpose"),
        (make.search(purpose="marketing"), "purpose-unknown"),
        (make.search(purpose="marketing", case=None), "no-case"),
        (make.search(gallery__purposes=frozenset({Purpose.ARCHIVE_DESCRIPTION})), "purpose-outside-gallery"),
        (make.search(case__purpose=Purpose.FAMILY_TRACING), "purpose-not-of-case"),
        (make.search(case__searches_left=0), "case-spent"),
        (make.search(case__expires_at=NOW), "case-expired"),
        (make.search(case__open=False), "case-closed"),
        (make.search(case__client_id="other"), "case-not-yours"),
        # R7, R8: suspensions and locks, each with its own effect.
        (make.search(caller__client__suspended=True), "client-suspended"),
        (
            make.act(
                caller=replace(make.CASEWORKER, client=replace(CLIENT, suspended=True)), act=Act.RECORDS_READ
            ),
            "client-suspended",
        ),
        (make.search(gallery__suspended=True), "gallery-suspended"),
        (make.search(gallery__search_locked=True), "gallery-search-locked"),
        (make.enrol(gallery__ingest_locked=True), "gallery-ingest-locked"),
        # R19: every account is known.
        (make.search(caller__suspended=True), "account-suspended"),
        (make.search(caller__sponsored=False), "account-without-sponsor"),
        (make.search(caller__certified_until=NOW), "account-not-certified"),
        (make.act(caller__sponsored=False), "account-without-sponsor"),
        # R21: nobody searches for a barred body.
        (make.search(requester=None), "no-on-behalf-of"),
        (make.search(requester__jurisdiction="US-IL"), "requester-place-not-permitted"),
        (make.search(requester=RequesterFacts(jurisdiction="CA", suspended=True)), "requester-suspended"),
        # R30: minority is declared; only a missing minor is searched for, and only with backing.
        (make.search(sought=SoughtFacts(declared_minor=True)), "minor-needs-guardian-or-authority"),
        (
            make.search(
                sought=SoughtFacts(declared_minor=True, guardian_consent=True, recorded_authority=True),
                purpose="family-tracing",
                case__purpose=Purpose.FAMILY_TRACING,
            ),
            "minor-needs-guardian-or-authority",
        ),
        (make.enrol(person__declared_minor=True), "minor-needs-guardian-consent"),
        # R2: public availability is no basis, under whatever other circumstances.
        (make.enrol(basis__kind=BasisKind.PUBLICLY_AVAILABLE), "basis-publicly-available"),
        (
            make.enrol(basis__kind=BasisKind.PUBLICLY_AVAILABLE, basis__permits_unlabelled=True, person=None),
            "basis-publicly-available",
        ),
        (
            make.search(permission_class=replace(ROWS, basis=BasisKind.PUBLICLY_AVAILABLE)),
            "basis-publicly-available",
        ),
        (make.enrol(basis__kind=BasisKind.LEGITIMATE_INTEREST), "basis-kind-not-permitted"),
        (make.enrol(basis__live=False), "basis-not-live"),
        # R4: consent is each person's own.
        (make.enrol(person__consent=ConsentState.WITHDRAWN), "consent-withdrawn"),
        (make.enrol(person__consent=ConsentState.EXPIRED), "consent-expired"),
        (make.enrol(person__consent=ConsentState.NONE), "no-consent"),
        (make.enrol(person=None), "no-consent"),
        (make.enrol(person=None, basis__permits_unlabelled=True), "no-consent"),
        (make.enrol(person=None, basis__kind=BasisKind.PUBLIC_TASK), "unlabelled-not-permitted"),
        (
            make.enrol(person__consent=ConsentState.WITHDRAWN, basis__kind=BasisKind.PUBLIC_TASK),
            "consent-withdrawn",
        ),
        # Roles.
        (make.search(caller=make.OPERATOR), "role-may-not-search"),
        (make.search(caller__role=Role.SUPERVISOR), "role-may-not-search"),
        (make.act(caller=make.CASEWORKER, client_id=CLIENT.id), "role-may-not"),
        (make.act(caller=make.CASEWORKER, act=Act.CASE_OPEN, client_id="other"), "other-organisation"),
        (make.act(caller=make.CASEWORKER, act=Act.RECORDS_READ, client_id=None), "other-organisation"),
        (make.act(act=Act.POLICY_ACTIVATE), "second-person-needed"),
        (make.act(caller__client=CLIENT), "role-not-of-organisation"),
    ],
)
def test_refused_for(engine, question, reason):
    decision = engine.decide(question)
    assert isinstance(decision, Refused)
    assert decision.reason == reason


@pytest.mark.parametrize(
    "question",
    [
        make.search(gallery__ingest_locked=True),
        make.enrol(gallery__search_locked=True),
        make.search(sought=SoughtFacts(declared_minor=True, guardian_consent=True)),
        make.search(sought=SoughtFacts(declared_minor=True, recorded_authority=True)),
        make.enrol(person__declared_minor=True, person__guardian_consent=True),
        make.enrol(person=None, basis__kind=BasisKind.PUBLIC_TASK, basis__permits_unlabelled=True),
        make.enrol(person=None, basis__kind=BasisKind.LEGAL_OBLIGATION, basis__permits_unlabelled=True),
        make.enrol(person=None, basis__kind=BasisKind.VITAL_INTEREST, basis__permits_unlabelled=True),
        make.act(act=Act.POLICY_ACTIVATE, approvals=2),
        make.act(caller=make.CASEWORKER, act=Act.RECORDS_READ, client_id=CLIENT.id),
        make.search(requester__jurisdiction="CA-NU"),
        make.search(case__expires_at=NOW + SECOND),
    ],
)
def test_permitted(engine, question):
    assert isinstance(engine.decide(question), Permitted)


def test_explain_lists_all_that_fired_in_pack_order(engine):
    explanation = engine.explain(make.search(purpose="marketing", case=None, requester=None))
    assert [rule.id for rule in explanation.fired] == ["CA-20", "CA-31", "CA-33", "CA-40", "CA-55"]
    assert explanation.errors == ()
    assert engine.explain(make.SEARCH).fired == (engine.book.rule("CA-80"),)


def test_a_forbid_that_errs_refuses():
    """Cedar skips such a rule and would allow; the multiplication overflows a 64-bit integer."""
    book = make.book_with(
        "forbid (principal, action, resource) when { context.now * 9223372036854775807 < 0 };"
    )
    engine = PolicyEngine(book)
    request = asked_by(make.SEARCH)[0].under(["CA", "HOUSE"], [])
    bare = cedarpy.is_authorized(request, book.policy_set, "[]", book.schema)
    assert bare.allowed
    assert bare.diagnostics.errors
    explanation = engine.explain(make.SEARCH)
    assert explanation.decision == engine.fault
    assert explanation.decision.reason == "policy-error"
    assert "overflow" in explanation.errors[0]


def test_a_permit_that_errs_refuses_though_another_permits():
    book = make.book_with(
        "permit (principal, action, resource) when { context.now * 9223372036854775807 < 0 };"
    )
    assert PolicyEngine(book).decide(make.SEARCH) == PolicyEngine(book).fault


def test_what_nothing_permits_is_refused_by_default():
    """All forbids gone quiet is not enough: here the permits are gone."""
    files = shipped_pack_files("CA")
    manifest = json.loads(files["pack.json"])
    cedar, _, _ = files["policy.cedar"].partition('@id("CA-80")')
    for rule in ("CA-80", "CA-81", "CA-82", "CA-83", "CA-84"):
        del manifest["rules"][rule]
    canada = pack_from_files({**files, "pack.json": json.dumps(manifest), "policy.cedar": cedar})
    engine = PolicyEngine(PolicyBook([load_pack("HOUSE"), canada], operator="CA"))
    for question in (make.SEARCH, make.ENROL, make.ACT):
        explanation = engine.explain(question)
        assert explanation.decision.reason == "not-permitted"
        assert explanation.fired == ()


@pytest.mark.parametrize(
    "question",
    [
        make.search(now=NOW.replace(tzinfo=None)),
        make.search(purpose="missing\udcff"),
        make.search(case__searches_left=2**63),
        make.search(case__searches_left=1.5),
        make.search(caller__suspended="no"),
        make.search(caller__suspended=None),
        make.search(caller__role=None),
        make.search(permission_class=replace(ROWS, jurisdiction=None)),
        make.search(permission_class=replace(ROWS, purposes=None)),
        make.search(permission_class=1),
        make.act(act="act"),
        make.act(act="search"),
        make.act(act="nothing"),
        make.act(approvals="2"),
        make.enrol(person=object()),
        object(),
        None,
    ],
)
def test_a_question_of_the_wrong_shape_refuses_itself_alone(engine, question):
    assert engine.decide(question) == engine.fault
    first, wrong, last = engine.decide_many([make.SEARCH, question, make.ENROL])
    assert wrong == engine.fault
    assert isinstance(first, Permitted)
    assert isinstance(last, Permitted)


@pytest.mark.parametrize(
    "wrong",
    [
        make.search(case__searches_left=2**63),
        make.search(case__searches_left="9"),
        make.search(caller__suspended="no"),
        make.search(caller__suspended=0),
        make.search(caller__role=None),
        make.search(gallery__live=1),
    ],
)
def test_a_question_is_held_against_the_schema_however_many_were_asked_before(engine, wrong):
    """The schema is held against each shape once; a wrong type is another shape, also after a thousand good questions."""
    for _ in range(3):
        assert isinstance(engine.decide(make.SEARCH), Permitted)
        assert engine.decide(wrong) == engine.fault


def test_a_missing_fact_is_another_shape(engine, monkeypatch):
    whole = Asked.under
    assert isinstance(engine.decide(make.SEARCH), Permitted)
    for fact in ("caller", "gallery", "now", "governed", "lawless", "missing", "operator"):

        def without(self, *words, fact=fact, **more):
            request = whole(self, *words, **more)
            return {
                **request,
                "context": {name: value for name, value in request["context"].items() if name != fact},
            }

        with monkeypatch.context() as spoilt:
            spoilt.setattr(Asked, "under", without)
            assert engine.decide(make.SEARCH) == engine.fault, fact


def test_the_schema_looks_at_nothing_but_types():
    """What the memory of shapes rests on: texts, whole numbers, truths, sets of texts and records of these."""
    schema = load_pack("HOUSE").schema
    used = set(re.findall(r":\s*([A-Z]\w*(?:<\w+>)?)", re.sub(r"//.*", "", schema)))
    records = set(re.findall(r"^type (\w+)", schema, re.MULTILINE))
    assert used - records <= {"String", "Long", "Bool", "Set<String>"}, used - records


@pytest.mark.parametrize("name", ['a" || true', "line\nbreak", "", "é" * 5000, 'Account::"x"'])
def test_ids_cannot_break_out_of_the_question(engine, name):
    assert isinstance(engine.decide(make.search(caller__id=name)), Permitted)
    assert engine.decide(make.search(caller__id=name, case=None)).reason == "no-case"
    assert engine.decide(make.search(case__client_id=name)).reason == "case-not-yours"


@pytest.mark.parametrize("declared", [None, 0, "", "no", 1])
def test_a_minority_that_is_not_plainly_denied_counts_as_declared(engine, declared):
    sought = SoughtFacts(declared_minor=declared)  # type: ignore[arg-type]
    assert engine.decide(make.search(sought=sought)).reason == "minor-needs-guardian-or-authority"


def test_classes_are_decided_as_if_each_were_asked_about_alone(engine):
    classes = [make.rows(n, basis=basis) for n, basis in enumerate(BasisKind)]
    for question in (make.SEARCH, make.search(case=None), make.search(purpose=None), make.search(now=None)):
        as_such, decisions = engine.decide_search(question, classes)
        assert as_such == engine.decide(question)
        assert decisions == [engine.decide(replace(question, permission_class=entry)) for entry in classes]


def test_nothing_asked_nothing_answered(engine):
    assert engine.decide_many([]) == []


def test_a_fault_of_the_evaluator_refuses(engine, monkeypatch):
    """The evaluator is foreign code, so its fall is played here."""

    def fall(*args: object, **kwargs: object) -> None:
        raise RuntimeError("gone")

    monkeypatch.setattr(cedarpy, "is_authorized_batch", fall)
    assert engine.decide_many([make.SEARCH, make.ENROL]) == [engine.fault, engine.fault]
    monkeypatch.setattr(cedarpy, "is_authorized_batch", lambda *args: [])
    assert engine.decide(make.SEARCH) == engine.fault


PERMIT = f"policy{[rule.id for _, rule in load_book('CA', operator='CA').rules].index('CA-80')}"


@pytest.mark.parametrize(
    "answer",
    [
        {"decision": "NoDecision", "diagnostics": {"reason": [], "errors": []}},
        {"decision": "Allow", "diagnostics": {"reason": [], "errors": []}},
        {"decision": "Allow", "diagnostics": {"reason": ["policy0"], "errors": []}},  # a forbid cannot allow
        {"decision": "Allow", "diagnostics": {"reason": ["policy999"], "errors": []}},
        {"decision": "Allow", "diagnostics": {"reason": [PERMIT], "errors": ["skipped"]}},
        {"decision": "Deny", "diagnostics": {"reason": [PERMIT], "errors": []}},  # a permit cannot deny
        {"decision": "Perhaps", "diagnostics": {}},
        {},
    ],
)
def test_an_answer_that_makes_no_sense_refuses(engine, monkeypatch, answer):
    monkeypatch.setattr(cedarpy, "is_authorized_batch", lambda *args: [cedarpy.AuthzResult(answer)])
    assert engine.decide(make.SEARCH) == engine.fault


def test_half_seconds_never_permit(engine):
    half = SECOND / 2
    assert engine.decide(make.search(case__expires_at=NOW + half)).reason == "case-expired"
    assert (
        engine.decide(make.search(caller__client__licensed_from=NOW - half, now=NOW - half / 2)).reason
        == "licence-not-in-force"
    )
    assert isinstance(engine.decide(make.search(caller__client__licensed_from=NOW)), Permitted)


def test_the_same_question_gets_the_same_answer_years_later(engine):
    later = PolicyEngine(load_book("CA", operator="CA-ON"))
    for question in (make.SEARCH, make.search(purpose="x"), make.ENROL, make.act(act=Act.BACKUP)):
        assert later.decide(question) == engine.decide(question)
    old = datetime.fromisoformat("1969-12-31T23:59:59.5+00:00")
    assert isinstance(engine.decide(make.enrol(now=old)), Permitted)
    assert MISSING in Purpose
