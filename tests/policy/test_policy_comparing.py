"""The grid of a dry run is asked whole, in one order; what changed is counted by the rules that answered."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import policy_factories as make
import pytest

from countenance.policy.book import PolicyBook, load_book
from countenance.policy.difference import NOWHERE, Change, Differences, difference, grid
from countenance.policy.places import check_place, country, within
from countenance.policy.questions import EnrolQuestion, SearchQuestion
from countenance.policy.replay import question_json
from countenance.primitives.errors import UsageError

SEARCHES = 'permit (principal, action == Action::"search", resource);'
ENROLS = 'permit (principal, action == Action::"enrol", resource);'

GRID_SIZE, GRID_DIGEST = 10150, "bd11ddc988a12ad07f1766438a334dc64416adbf3bff61f31761a07c3a70bfaf"


@pytest.fixture(scope="module")
def asked() -> list[tuple[str, object]]:
    return list(grid(["CA", NOWHERE]))


def test_every_release_asks_the_same(asked):
    """Byte for byte: two dry runs can be compared only where they asked the same. A change is a new digest here."""
    digest = hashlib.sha256()
    for words, question in asked:
        digest.update(json.dumps([words, question_json(question)], sort_keys=True).encode() + b"\n")
    assert (len(asked), digest.hexdigest()) == (GRID_SIZE, GRID_DIGEST)


def test_its_words_say_what_is_asked(asked):
    told = dict(reversed(asked))
    licence = told["search in CA for missing-person, licence ends now, nothing suspended"]
    assert licence.caller.client.licensed_until == licence.now
    barred = told["search in CA by AQ for CA"]
    places = (barred.gallery.jurisdiction, barred.caller.client.jurisdiction, barred.requester.jurisdiction)
    assert places == ("CA", "AQ", "CA")
    assert told["search in CA by a reviewer"].caller.role == "reviewer"
    rows = told["rows of AQ on public-task in CA for family-tracing"]
    assert (rows.permission_class.jurisdiction, rows.permission_class.basis, rows.purpose) == (
        "AQ",
        "public-task",
        "family-tracing",
    )
    enrolled = told["enrol in CA on consent for missing-person, nobody named"]
    assert (enrolled.person, enrolled.basis.kind) == (None, "consent")
    days = {
        told[f"enrol in CA, filed {n} days ago"].now.date()
        - told[f"enrol in CA, filed {n} days ago"].gallery.filed_on
        for n in (-1, 0, 59, 60)
    }
    assert sorted(day.days for day in days) == [-1, 0, 59, 60]
    assert told["enrol in CA, not filed"].gallery.filed_on is None
    act = told["case-open by a caseworker of CA, 2 signing"]
    assert (act.act, act.caller.role, act.approvals) == ("case-open", "caseworker", 2)


def weak(permit: str) -> PolicyBook:
    """A book of one place, so that the grid is small, that permits this and nothing else."""
    packs = make.weak_book(permit).packs.values()
    moved = [replace(pack, covers=(NOWHERE,) if pack.covers else (), excepted=()) for pack in packs]
    return PolicyBook(moved, operator=NOWHERE)


def test_what_is_opened_comes_first_and_everything_is_counted():
    asked = list(grid([NOWHERE]))
    enrolments = [words for words, question in asked if isinstance(question, EnrolQuestion)]
    # With its rows a search was refused before too.
    searches = [
        words
        for words, question in asked
        if isinstance(question, SearchQuestion) and question.permission_class is None
    ]
    found = difference(weak(SEARCHES), weak(ENROLS))
    no, yes = {"before": "CA-00", "before_permits": False}, {"before": "CA-80", "before_permits": True}
    assert found.changes == (
        Change(
            kind="enrol",
            **no,
            after="CA-80",
            after_permits=True,
            count=len(enrolments),
            example=enrolments[0],
        ),
        Change(
            kind="search", **yes, after="CA-00", after_permits=False, count=len(searches), example=searches[0]
        ),
    )
    assert found.asked == len(asked)
    assert found.changed == len(enrolments) + len(searches)
    assert [change.opens for change in found.changes] == [True, False]


def test_a_dry_run_for_machines():
    change = Change(
        kind="act",
        before="CA-00",
        before_permits=False,
        after="CA-84",
        after_permits=True,
        count=3,
        example="case-open by a caseworker of CA, 2 signing",
    )
    assert Differences(asked=9, changes=(change, change)).document() == {
        "asked": 9,
        "changed": 6,
        "changes": [
            {
                "kind": "act",
                "before": "CA-00",
                "before_permits": False,
                "after": "CA-84",
                "after_permits": True,
                "count": 3,
                "example": "case-open by a caseworker of CA, 2 signing",
                "opens": True,
            }
        ]
        * 2,
    }


def test_a_pack_takes_the_place_of_the_one_of_its_name_or_is_added():
    canada = load_book("CA", operator="CA-ON")
    both = canada.with_pack(load_book("US-IL", operator="CA").packs["US-IL"])
    assert sorted(both.packs) == ["CA", "HOUSE", "US-IL"]
    assert both.operator == "CA-ON"
    weaker = make.weak_book(SEARCHES).packs["CA"]
    assert canada.with_pack(weaker).packs["CA"] == weaker
    assert sorted(canada.with_pack(weaker).packs) == ["CA", "HOUSE"]


@pytest.mark.parametrize("text, code", [("ca", "CA"), (" ca-qc ", "CA-QC"), ("AQ", "AQ"), ("us-il", "US-IL")])
def test_a_place_is_written_in_capitals(text, code):
    assert check_place(text) == code


@pytest.mark.parametrize("text", ["", "ZZ", "CA-ZZ", "Canada", "CA QC", "C"])
def test_what_is_no_place_is_named(text):
    with pytest.raises(UsageError) as caught:
        check_place(text)
    assert (caught.value.code, caught.value.message.params) == ("place", {"value": text})
    assert caught.value.remedy is not None


def test_parts_of_places():
    assert (country("CA-QC"), country("CA")) == ("CA", "CA")
    assert within("CA-QC", "CA")
    assert within("CA", "CA")
    assert not within("CA", "CA-QC")
    assert not within("CAX", "CA")
    assert not within("CA-QC", "C")
