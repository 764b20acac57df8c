"""Minting and verifying grants."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import policy_factories as make
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_factories import ALL, NOW, SECOND, rows

from countenance.policy.book import load_book
from countenance.policy.decisions import Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.grants import AuthorityKind, Grant, compute_mac, verify_grant
from countenance.policy.mint import GrantMint
from countenance.policy.purposes import BasisKind, Purpose
from countenance.primitives.errors import IntegrityError, RefusedError, UsageError

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def mint() -> GrantMint:
    return GrantMint(PolicyEngine(load_book("CA", operator=make.OPERATOR_PLACE)), KEY)


def granted(mint: GrantMint, **changes: object) -> Grant:
    asked = {"k": 20, "epoch": 7, **changes}
    grant = mint.mint(make.SEARCH, [rows(1)], **asked)  # type: ignore[arg-type]
    assert isinstance(grant, Grant)
    return grant


def test_a_grant_says_what_was_decided(mint):
    grant = mint.mint(make.SEARCH, [rows(3), rows(1)], k=5, epoch=7)
    assert isinstance(grant, Grant)
    assert grant.authority_kind is AuthorityKind.CASE
    assert grant.authority_id == make.CASE.id
    assert grant.purpose is Purpose.MISSING_PERSON
    assert grant.on_behalf_of == "CA"
    assert grant.gallery_id == make.GALLERY.id
    assert grant.permission_classes == (1, 3)
    assert (grant.k, grant.revocation_epoch) == (5, 7)
    assert grant.expires_at == NOW + timedelta(seconds=60)
    assert grant.pack_hash == load_book("CA", operator=make.OPERATOR_PLACE).hash
    verify_grant(grant, KEY, now=NOW, epoch=7)


def test_two_grants_differ(mint):
    assert granted(mint).id != granted(mint).id


def test_refused_classes_are_left_out_without_a_word(mint):
    classes = [
        rows(1),
        rows(2, basis=BasisKind.PUBLICLY_AVAILABLE),
        rows(3, purposes=frozenset({Purpose.ARCHIVE_DESCRIPTION})),
        rows(4, jurisdiction="FR"),
        rows(5, basis=BasisKind.VITAL_INTEREST),
        rows(6, gallery_id="another"),
    ]
    grant = mint.mint(make.SEARCH, classes, k=20, epoch=0)
    assert isinstance(grant, Grant)
    assert grant.permission_classes == (1, 5)


@pytest.mark.parametrize("classes", [[], [rows(2, basis=BasisKind.LEGITIMATE_INTEREST)]])
def test_a_search_that_reaches_nothing_is_granted_and_finds_nothing(mint, classes):
    grant = mint.mint(make.SEARCH, classes, k=20, epoch=0)
    assert isinstance(grant, Grant)
    assert grant.permission_classes == ()
    verify_grant(grant, KEY, now=NOW, epoch=0)


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"gallery__purposes": frozenset({Purpose.ARCHIVE_DESCRIPTION})}, "purpose-outside-gallery"),
        ({"case": None}, "no-case"),
        ({"purpose": None}, "no-purpose"),
        ({"requester": None}, "no-on-behalf-of"),
    ],
)
def test_a_search_refused_as_such_is_refused_outright(mint, changes, reason):
    refused = mint.mint(make.search(**changes), [rows(1)], k=20, epoch=0)
    assert isinstance(refused, Refused)
    assert refused.reason == reason


def test_a_class_given_in_the_question_decides_nothing(mint):
    question = make.search(permission_class=rows(9, basis=BasisKind.PUBLICLY_AVAILABLE))
    grant = mint.mint(question, [rows(1)], k=20, epoch=0)
    assert isinstance(grant, Grant)
    assert grant.permission_classes == (1,)


def test_a_class_that_cannot_be_evaluated_is_a_fault_and_no_exclusion(mint):
    refused = mint.mint(make.SEARCH, [rows(1), rows(2, jurisdiction=None)], k=20, epoch=0)
    assert isinstance(refused, Refused)
    assert refused.reason == "policy-error"


@pytest.mark.parametrize("order", [1, -1])
def test_an_id_reaches_only_what_all_classes_of_that_id_may(mint, order):
    classes = [rows(1), rows(2), rows(1, basis=BasisKind.PUBLICLY_AVAILABLE)][::order]
    grant = mint.mint(make.SEARCH, classes, k=20, epoch=0)
    assert isinstance(grant, Grant)
    assert grant.permission_classes == (2,)


@pytest.mark.parametrize(
    "changes",
    [{"case": None}, {"caller__client": None}, {"requester": None}, {"purpose": None}, {"purpose": "x"}],
)
def test_no_grant_without_its_four_parts_whatever_the_pack_permits(changes):
    mint = GrantMint(PolicyEngine(make.weak_book("permit (principal, action, resource);")), KEY)
    assert isinstance(mint.mint(make.SEARCH, [], k=20, epoch=0), Grant)
    refused = mint.mint(make.search(**changes), [rows(1)], k=20, epoch=0)
    assert isinstance(refused, Refused)
    assert refused.reason == "policy-error"


@pytest.mark.parametrize(
    "path, end",
    [
        ("case__expires_at", NOW + 30 * SECOND),
        ("caller__client__licensed_until", NOW + 20 * SECOND),
        ("caller__certified_until", NOW + 10 * SECOND),
    ],
)
def test_a_grant_never_outlives_what_it_rests_on(mint, path, end):
    grant = mint.mint(make.search(**{path: end}), [rows(1)], k=20, epoch=0)
    assert isinstance(grant, Grant)
    assert grant.expires_at == end


@pytest.mark.parametrize("k", [0, 21, -1])
def test_k_is_1_to_20(mint, k):
    with pytest.raises(UsageError, match="1 to 20"):
        granted(mint, k=k)
    assert granted(mint, k=1).k == 1
    assert granted(mint, k=20).k == 20


@pytest.mark.parametrize("ttl", [timedelta(0), timedelta(seconds=-1), timedelta(minutes=11)])
def test_a_grant_lasts_seconds_not_days(mint, ttl):
    with pytest.raises(UsageError):
        granted(mint, ttl=ttl)


@pytest.mark.parametrize("key", [b"", b"short", bytes(33)])
def test_a_short_key_is_no_key(mint, key):
    with pytest.raises(UsageError):
        GrantMint(PolicyEngine(load_book("CA", operator=make.OPERATOR_PLACE)), key)
    with pytest.raises(UsageError):
        verify_grant(granted(mint), key, now=NOW, epoch=7)


CHANGED = {
    "id": "other",
    "authority_kind": AuthorityKind.EVALUATION,
    "authority_id": "other",
    "purpose": Purpose.ARCHIVE_DESCRIPTION,
    "on_behalf_of": "US",
    "gallery_id": "other",
    "permission_classes": (1, 2),
    "k": 19,
    "expires_at": NOW + timedelta(days=1),
    "pack_hash": "0" * 64,
    "revocation_epoch": 8,
    "mac": bytes(32),
}


@pytest.mark.parametrize("field", [field.name for field in fields(Grant)])
def test_every_field_is_under_the_mac(mint, field):
    forged = replace(granted(mint), **{field: CHANGED[field]})
    with pytest.raises(IntegrityError) as caught:
        verify_grant(forged, KEY, now=NOW, epoch=forged.revocation_epoch)
    assert caught.value.code == "grant-forged"


@pytest.mark.parametrize("mac", [b"", bytes(31), bytes(33)])
def test_a_mac_of_another_length_is_forged(mint, mac):
    with pytest.raises(IntegrityError):
        verify_grant(replace(granted(mint), mac=mac), KEY, now=NOW, epoch=7)


@pytest.mark.parametrize("change", [{"expires_at": NOW.replace(tzinfo=None)}, {"k": 2**60}])
def test_what_has_no_canonical_form_is_forged(mint, change):
    with pytest.raises(IntegrityError):
        verify_grant(replace(granted(mint), **change), KEY, now=NOW, epoch=7)


def test_another_key_is_another_workspace(mint):
    with pytest.raises(IntegrityError):
        verify_grant(granted(mint), bytes(32), now=NOW, epoch=7)


def test_expiry_is_sharp(mint):
    grant = granted(mint)
    verify_grant(grant, KEY, now=grant.expires_at - timedelta(microseconds=1), epoch=7)
    for late in (timedelta(0), SECOND, timedelta(days=400)):
        with pytest.raises(RefusedError) as caught:
            verify_grant(grant, KEY, now=grant.expires_at + late, epoch=7)
        assert caught.value.reason == "grant-expired"


def test_microseconds_that_the_mac_does_not_cover_buy_nothing(mint):
    grant = granted(mint)
    stretched = replace(grant, expires_at=grant.expires_at + timedelta(microseconds=999_999))
    with pytest.raises(RefusedError):
        verify_grant(stretched, KEY, now=grant.expires_at, epoch=7)


@pytest.mark.parametrize("epoch", [6, 8, 0])
def test_another_epoch_is_revoked(mint, epoch):
    with pytest.raises(RefusedError) as caught:
        verify_grant(granted(mint), KEY, now=NOW, epoch=epoch)
    assert caught.value.reason == "grant-revoked"


def test_forgery_is_named_before_expiry_and_expiry_before_revocation(mint):
    grant = granted(mint)
    with pytest.raises(IntegrityError):
        verify_grant(replace(grant, k=3), KEY, now=NOW + timedelta(days=1), epoch=0)
    with pytest.raises(RefusedError) as caught:
        verify_grant(grant, KEY, now=NOW + timedelta(days=1), epoch=0)
    assert caught.value.reason == "grant-expired"


def test_a_naive_moment_verifies_nothing(mint):
    with pytest.raises(ValueError, match="time zone"):
        verify_grant(granted(mint), KEY, now=NOW.replace(tzinfo=None), epoch=7)


def test_the_mac_is_hmac_sha256_of_the_canonical_grant(mint):
    import hashlib
    import hmac

    grant = granted(mint)
    assert grant.signed_bytes().startswith(b'{"authority_id":"case-1","authority_kind":"case","expires_at":')
    assert (
        hmac.new(KEY, grant.signed_bytes(), hashlib.sha256).digest() == grant.mac == compute_mac(grant, KEY)
    )


CLASS = st.builds(
    rows,
    st.integers(0, 30),
    basis=st.sampled_from(BasisKind),
    purposes=st.sampled_from([ALL, frozenset({Purpose.MISSING_PERSON}), frozenset({Purpose.FAMILY_TRACING})]),
    jurisdiction=st.sampled_from(["CA", "CA-QC", "US"]),
)


@given(classes=st.lists(CLASS, max_size=12, unique_by=lambda entry: entry.id))
@settings(deadline=None)  # the first example parses the packs
def test_a_grant_holds_exactly_the_classes_that_are_permitted_one_by_one(mint, classes):
    engine = PolicyEngine(load_book("CA", operator=make.OPERATOR_PLACE))
    grant = mint.mint(make.SEARCH, classes, k=20, epoch=0)
    assert isinstance(grant, Grant)
    alone = [
        entry.id
        for entry in classes
        if not isinstance(engine.decide(replace(make.SEARCH, permission_class=entry)), Refused)
    ]
    assert list(grant.permission_classes) == sorted(alone)
