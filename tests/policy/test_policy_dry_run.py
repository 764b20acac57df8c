"""What another version would decide is shown before it decides."""

from __future__ import annotations

from collections import Counter

import policy_factories as make
import pytest

from countenance.policy.book import PolicyBook, load_book
from countenance.policy.difference import NOWHERE, difference, grid
from countenance.policy.purposes import BasisKind, Purpose, Role


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
