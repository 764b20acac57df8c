"""Grants that are no search of a case: to ask the suppression list, and for a person's own face."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import policy_factories as make
import pytest

from countenance.policy.book import load_book
from countenance.policy.decisions import Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.grants import MAX_CANDIDATES, AuthorityKind, Grant, compute_mac, verify_grant
from countenance.policy.mint import DEFAULT_TTL, MAX_TTL, GrantMint
from countenance.policy.purposes import BasisKind, Purpose
from countenance.primitives.errors import IntegrityError, RefusedError, UsageError

KEY = bytes(range(32))
ODD = timedelta(microseconds=654_321)


@pytest.fixture(scope="module")
def mint() -> GrantMint:
    return GrantMint(PolicyEngine(load_book("CA", operator=make.OPERATOR_PLACE)), KEY)


@pytest.fixture(scope="module")
def book_hash() -> str:
    return load_book("CA", operator=make.OPERATOR_PLACE).hash


def of(grant: Grant | Refused, **expected: object) -> Grant:
    """`grant`, which is one under a good MAC and says exactly this."""
    assert isinstance(grant, Grant)
    assert grant == replace(grant, **expected, mac=grant.mac)  # type: ignore[arg-type]
    assert grant.mac == compute_mac(grant, KEY)
    return grant


def test_the_list_is_asked_about_an_enrolment_that_is_permitted(mint, book_hash):
    grant = mint.mint_check(make.enrol(now=make.NOW + ODD), epoch=9)
    of(
        grant,
        authority_kind=AuthorityKind.SUPPRESSION_CHECK,
        authority_id="gallery-1",
        purpose=Purpose.MISSING_PERSON,
        on_behalf_of="CA",
        gallery_id="gallery-1",
        permission_classes=(),
        k=1,
        expires_at=make.NOW + timedelta(seconds=60),
        pack_hash=book_hash,
        revocation_epoch=9,
    )
    again = mint.mint_check(make.ENROL, epoch=9, ttl=timedelta(minutes=5))
    assert of(again, expires_at=make.NOW + timedelta(minutes=5)).id != grant.id
    verify_grant(again, KEY, now=make.NOW, epoch=9)


def test_no_enrolment_no_question_to_the_list(mint):
    refused = mint.mint_check(make.enrol(basis__kind=BasisKind.PUBLICLY_AVAILABLE), epoch=0)
    assert isinstance(refused, Refused)
    assert mint.mint_check(make.enrol(gallery__live=False), epoch=0) == PolicyEngine(
        load_book("CA", operator=make.OPERATOR_PLACE)
    ).decide(make.enrol(gallery__live=False))


def test_ones_own_face_is_looked_for_everywhere_in_the_gallery(mint, book_hash):
    grant = mint.mint_own_face(make.own_face(now=make.NOW + ODD), [3, 1, 3, 2], epoch=4)
    of(
        grant,
        authority_kind=AuthorityKind.RIGHTS_REQUEST,
        authority_id="request-1",
        purpose=Purpose.OWN_PHOTO_ACCESS,
        on_behalf_of="CA-BC",
        gallery_id="gallery-1",
        permission_classes=(1, 2, 3),
        k=MAX_CANDIDATES,
        expires_at=make.NOW + timedelta(seconds=60),
        pack_hash=book_hash,
        revocation_epoch=4,
    )
    other = mint.mint_own_face(make.OWN_FACE, [], epoch=4, ttl=timedelta(seconds=90))
    of(other, permission_classes=(), expires_at=make.NOW + timedelta(seconds=90))
    assert other.id != grant.id


def test_it_does_not_outlive_who_asks(mint):
    soon = make.NOW + timedelta(seconds=30)
    of(mint.mint_own_face(make.own_face(caller__certified_until=soon), [1], epoch=0), expires_at=soon)


def test_a_request_that_is_refused_gets_no_grant(mint):
    for change, reason in (
        ({"request__open": False}, "request-closed"),
        ({"request__own_face_seen": False}, "requester-not-seen"),
        ({"caller__suspended": True}, "account-suspended"),
    ):
        refused = mint.mint_own_face(make.own_face(**change), [1], epoch=0)
        assert isinstance(refused, Refused)
        assert refused.reason == reason


def test_what_a_search_found_is_asked_about_under_a_grant_that_dies_with_it(mint):
    search = mint.mint(make.SEARCH, [make.rows(1)], k=7, epoch=2)
    assert isinstance(search, Grant)
    check = of(
        mint.mint_answer_check(search, now=make.NOW, epoch=2),
        authority_kind=AuthorityKind.SUPPRESSION_CHECK,
        authority_id=search.id,
        purpose=search.purpose,
        on_behalf_of=search.on_behalf_of,
        gallery_id=search.gallery_id,
        permission_classes=(),
        k=1,
        expires_at=search.expires_at,
        pack_hash=search.pack_hash,
        revocation_epoch=2,
    )
    assert check.id != search.id
    with pytest.raises(RefusedError) as caught:
        mint.mint_answer_check(search, now=search.expires_at, epoch=2)
    assert caught.value.reason == "grant-expired"
    with pytest.raises(RefusedError) as caught:
        mint.mint_answer_check(search, now=make.NOW, epoch=3)
    assert caught.value.reason == "grant-revoked"
    with pytest.raises(IntegrityError):
        mint.mint_answer_check(replace(search, k=8), now=make.NOW, epoch=2)


@pytest.mark.parametrize("ttl", [timedelta(seconds=1), MAX_TTL])
def test_the_shortest_and_the_longest(mint, ttl):
    grant = mint.mint(make.SEARCH, [make.rows(1)], k=1, epoch=0, ttl=ttl)
    of(grant, expires_at=make.NOW + ttl)
    assert (timedelta(seconds=60), timedelta(minutes=10)) == (DEFAULT_TTL, MAX_TTL)


@pytest.mark.parametrize(
    "asked, code, params",
    [
        ({"k": 0}, "grant-k", {"most": 20, "k": 0}),
        ({"k": 21}, "grant-k", {"most": 20, "k": 21}),
        ({"ttl": timedelta(microseconds=999_999)}, "grant-ttl", {"most": 10}),
        ({"ttl": MAX_TTL + timedelta(microseconds=1)}, "grant-ttl", {"most": 10}),
    ],
)
def test_what_is_out_of_range_is_told_with_the_range(mint, asked, code, params):
    with pytest.raises(UsageError) as caught:
        mint.mint(make.SEARCH, [], **{"k": 1, "epoch": 0, **asked})
    assert (caught.value.code, caught.value.message.params) == (code, params)


def test_moments_are_whole_seconds_and_rounded_down(mint):
    of(
        mint.mint(make.search(now=make.NOW + ODD), [], k=1, epoch=0),
        expires_at=make.NOW + timedelta(seconds=60),
    )
    with pytest.raises(UsageError) as caught:
        GrantMint(PolicyEngine(load_book("CA", operator="CA-ON")), bytes(31))
    assert isinstance(caught.value, UsageError)
