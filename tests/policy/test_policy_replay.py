"""A question asked again is answered alike; what the log keeps of it is every fact by its name."""

from __future__ import annotations

import json
from datetime import date, timedelta, timezone

import policy_factories as make
import pytest

from countenance.policy.book import PolicyBook, load_book
from countenance.policy.engine import PolicyEngine
from countenance.policy.purposes import BasisKind, Purpose
from countenance.policy.questions import SoughtFacts
from countenance.policy.replay import question_from, question_json
from countenance.primitives.errors import FormatError


@pytest.fixture(scope="module")
def canada() -> PolicyBook:
    return load_book("CA", operator="CA-ON")


@pytest.mark.parametrize(
    "question",
    [
        make.SEARCH,
        make.ENROL,
        make.ACT,
        make.search(permission_class=make.ROWS, purpose="odd", requester=None),
        make.enrol(person=None),
        make.search(gallery__filed_on=make.NOW.date(), gallery__filled=frozenset({"contact"})),
    ],
)
def test_a_question_comes_back_from_json_as_it_was(canada, question):
    engine = PolicyEngine(canada)
    again = question_from(json.loads(json.dumps(question_json(question))))
    assert again == question
    assert engine.decide(again) == engine.decide(question)


@pytest.mark.parametrize(
    "spoilt",
    [
        None,
        {},
        {"kind": "search"},
        {"kind": "other", "facts": {}},
        {"kind": "act", "facts": {}},
        {"kind": "act", "facts": {**question_json(make.ACT)["facts"], "more": 1}},
        {"kind": "act", "facts": {**question_json(make.ACT)["facts"], "approvals": "2"}},
        {"kind": "act", "facts": {**question_json(make.ACT)["facts"], "act": "fly"}},
        {"kind": "act", "facts": {**question_json(make.ACT)["facts"], "now": "soon"}},
    ],
)
def test_what_is_no_question_is_named(spoilt):
    with pytest.raises(FormatError) as caught:
        question_from(spoilt)
    assert caught.value.code == "question"

    assert caught.value.message.params == {}


FIELDS = {
    "kind": "enrol",
    "facts": {
        "basis": {
            "kind": "consent",
            "purposes": ["family-tracing", "missing-person"],
            "jurisdiction": "CA",
            "live": True,
            "permits_unlabelled": False,
        },
        "gallery": {
            "id": "gallery-1",
            "purposes": ["missing-person"],
            "jurisdiction": "CA",
            "live": True,
            "suspended": False,
            "search_locked": False,
            "ingest_locked": False,
            "filed_on": "2026-10-01",
            "filled": ["contact", "notice"],
        },
        "purpose": "missing-person",
        "person": {"consent": "live", "declared_minor": False, "guardian_consent": False},
        "now": "2026-12-01T12:00:00.000007+00:00",
    },
}
ENROL = make.enrol(
    basis__purposes=frozenset({Purpose.MISSING_PERSON, Purpose.FAMILY_TRACING}),
    gallery__purposes=frozenset({Purpose.MISSING_PERSON}),
    gallery__filed_on=date(2026, 10, 1),
    gallery__filled=frozenset({"notice", "contact"}),
    now=make.NOW + timedelta(microseconds=7),
)


def test_it_is_kept_as_every_fact_by_its_name():
    assert question_json(ENROL) == FIELDS
    assert question_from(FIELDS) == ENROL
    assert question_json(make.enrol(person=None))["facts"]["person"] is None


@pytest.mark.parametrize(
    "question, kind",
    [
        (make.SEARCH, "search"),
        (make.ENROL, "enrol"),
        (make.ACT, "act"),
        (make.OWN_FACE, "own-face"),
        (make.SWEEP, "sweep"),
        (make.search(sought=SoughtFacts(declared_minor=True, recorded_authority=True)), "search"),
        (make.search(permission_class=make.rows(3, basis=BasisKind.PUBLIC_TASK)), "search"),
        (make.search(now=make.NOW.astimezone(timezone(timedelta(hours=-5)))), "search"),
        (make.own_face(caller__authority="opc"), "own-face"),
    ],
)
def test_every_kind_comes_back(question, kind):
    kept = question_json(question)
    assert kept["kind"] == kind
    assert question_from(json.loads(json.dumps(kept))) == question


def without(*path: str) -> object:
    kept = json.loads(json.dumps(FIELDS))
    at = kept["facts"]
    for name in path[:-1]:
        at = at[name]
    del at[path[-1]]
    return kept


def test_a_fact_that_was_not_asked_yet_has_its_default():
    again = question_from(without("gallery", "filled"))
    assert again == make.enrol(**{**_changes(), "gallery__filled": frozenset()})
    with pytest.raises(FormatError):
        question_from(without("gallery", "live"))


def _changes() -> dict[str, object]:
    return {
        "basis__purposes": ENROL.basis.purposes,
        "gallery__purposes": ENROL.gallery.purposes,
        "gallery__filed_on": ENROL.gallery.filed_on,
        "now": ENROL.now,
    }


@pytest.mark.parametrize(
    "path, value",
    [
        (("now",), 5),
        (("now",), None),
        (("purpose",), "marketing"),
        (("purpose",), None),
        (("person",), {}),
        (("person",), []),
        (("person", "consent"), "lively"),
        (("person", "declared_minor"), 1),
        (("person", "declared_minor"), None),
        (("person", "more"), 1),
        (("gallery", "filed_on"), "soon"),
        (("gallery", "live"), "yes"),
        (("gallery", "id"), 5),
        (("gallery", "filled"), [1]),
        (("gallery", "filled"), 1),
        (("basis", "purposes"), ["marketing"]),
        (("basis", "purposes"), None),
        (("basis", "kind"), None),
    ],
)
def test_a_fact_of_another_type_is_no_question(path, value):
    kept = json.loads(json.dumps(FIELDS))
    at = kept["facts"]
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    with pytest.raises(FormatError) as caught:
        question_from(kept)
    assert caught.value.code == "question"
