"""What another version would decide is shown before it decides; and a question asked again is answered alike."""

from __future__ import annotations

import json
from collections import Counter

import policy_factories as make
import pytest

from countenance.policy.book import PolicyBook, load_book
from countenance.policy.difference import NOWHERE, difference, grid
from countenance.policy.engine import PolicyEngine
from countenance.policy.purposes import BasisKind, Purpose, Role
from countenance.policy.replay import question_from, question_json
from countenance.primitives.errors import FormatError


@pytest.fixture(scope="module")
def canada() -> PolicyBook:
    return load_book("CA", operator="CA-ON")


def test_nothing_changes_where_nothing_is_changed(canada):
    found = difference(canada, load_book("CA", operator="CA-ON"))
    assert found.changes == ()
    assert found.asked > 10_000


def test_a_lost_rule_is_shown_as_what_it_opens(canada):
    """A version of HOUSE without the rule on suspended galleries."""
    weaker = make.without_rule("HOUSE", "HOUSE-50")
    packs = [pack for pack in canada.packs.values() if pack.name != "HOUSE"]
    book = PolicyBook([weaker, *make.ungrounded(packs, "50")], operator="CA-ON")
    found = difference(canada, book)
    assert found.changed > 0
    assert found.changes[0].opens
    assert {change.before for change in found.changes} == {"CA-50"}
    assert all("gallery suspended" in change.example for change in found.changes)
    assert found.document()["changed"] == found.changed


def test_a_new_place_opens_only_itself(canada):
    found = difference(canada, load_book("CA", "US-IL", operator="CA-ON"))
    opened = [change for change in found.changes if change.opens]
    assert opened
    assert all("US-IL" in change.example for change in opened)


def test_the_grid_holds_all_its_axes():
    places = ["CA", NOWHERE]
    asked = list(grid(places))
    kinds = Counter(type(question).__name__ for _, question in asked)
    assert set(kinds) == {"SearchQuestion", "EnrolQuestion", "ActQuestion"}
    words = " ".join(told for told, _ in asked)
    for axis in (
        places,
        Purpose,
        Role,
        BasisKind,
        ("case ends now", "client suspended", "filed 59 days ago"),
    ):
        assert all(value in words for value in axis)


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
