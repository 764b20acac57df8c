"""Locks and orders as values: what each closes, for whom it stands, from when until when, and what its refusal says."""

from __future__ import annotations

from datetime import timedelta

import policy_factories as make
import pytest

from countenance.policy.decisions import Refused
from countenance.policy.restrictions import (
    Effect,
    LockKind,
    OrderKind,
    Restriction,
    TargetKind,
    Touched,
    first_refusal,
)

TICK = timedelta(microseconds=1)
TOUCHED = Touched(
    account="account-1",
    client="client-1",
    gallery="gallery-1",
    source="source-1",
    service=frozenset({"CA-ON", "CA-QC"}),
    holdings=frozenset({"CA-BC"}),
)
NOTHING = Touched()


def restriction(
    kind: OrderKind | LockKind = LockKind.ALL,
    target: TargetKind = TargetKind.GALLERY,
    target_id: str = "gallery-1",
    **changes: object,
) -> Restriction:
    values: dict[str, object] = {
        "code": "ORD-7",
        "authority": "OPC, no. 7",
        "since": "2026-12-01",
        "begins": make.NOW,
        **changes,
    }
    return Restriction(kind=kind, target=target, target_id=target_id, **values)  # type: ignore[arg-type]


def closed(one: Restriction, effect: Effect | None, touched: Touched = TOUCHED) -> bool:
    found = first_refusal([one], effect, touched, now=make.NOW, pack="0" * 64)
    assert found is None or found == one.refused("0" * 64)
    return found is not None


CLOSES = {
    OrderKind.CEASE_OFFERING: {Effect.SEARCH, Effect.EXPORT},
    OrderKind.CEASE_COLLECTING: {Effect.INGEST},
    OrderKind.CEASE_DISCLOSING: {Effect.EXPORT},
    OrderKind.DELETE: {Effect.INGEST, Effect.SEARCH, Effect.EXPORT},
    LockKind.INGEST: {Effect.INGEST},
    LockKind.SEARCH: {Effect.SEARCH},
    LockKind.EXPORT: {Effect.EXPORT},
    LockKind.ALL: {Effect.INGEST, Effect.SEARCH, Effect.EXPORT},
}


@pytest.mark.parametrize("kind", [*OrderKind, *LockKind])
def test_each_kind_closes_exactly_this(kind):
    one = restriction(kind)
    assert {effect for effect in Effect if closed(one, effect)} == CLOSES[kind] == one.effects


@pytest.mark.parametrize("kind", [*OrderKind, *LockKind])
def test_only_a_suspension_speaks_against_every_act(kind):
    assert closed(restriction(kind), None) is (kind in {OrderKind.CEASE_OFFERING, LockKind.ALL})
    assert restriction(kind).suspends is (kind in {OrderKind.CEASE_OFFERING, LockKind.ALL})


@pytest.mark.parametrize(
    "kind, reason, explanation",
    [
        (
            OrderKind.CEASE_OFFERING,
            "order-cease-offering",
            "By order of an authority the service is not offered here.",
        ),
        (
            OrderKind.CEASE_COLLECTING,
            "order-cease-collecting",
            "By order of an authority nothing is collected here.",
        ),
        (
            OrderKind.CEASE_DISCLOSING,
            "order-cease-disclosing",
            "By order of an authority nothing of this is disclosed.",
        ),
        (
            OrderKind.DELETE,
            "order-delete",
            "By order of an authority this is to be deleted; until then it is locked.",
        ),
        (LockKind.INGEST, "lock-ingest", "A lock on collection is set here."),
        (LockKind.SEARCH, "lock-search", "A lock on searching is set here."),
        (LockKind.EXPORT, "lock-export", "A lock on disclosure is set here."),
        (LockKind.ALL, "lock-all", "This is suspended."),
    ],
)
def test_a_refusal_says_which_whose_and_since_when(kind, reason, explanation):
    assert restriction(kind).refused("f" * 64) == Refused(
        reason=reason,
        rule="ORD-7",
        authority="OPC, no. 7",
        since="2026-12-01",
        explanation=explanation,
        pack="f" * 64,
    )


@pytest.mark.parametrize(
    "target, wanted",
    [
        (TargetKind.ACCOUNT, "account-1"),
        (TargetKind.CLIENT, "client-1"),
        (TargetKind.GALLERY, "gallery-1"),
        (TargetKind.SOURCE, "source-1"),
    ],
)
def test_a_thing_is_reached_by_its_own_id_alone(target, wanted):
    for effect in (None, *Effect):
        assert closed(restriction(LockKind.ALL, target, wanted), effect)
        for other in ("account-1", "client-1", "gallery-1", "source-1", "CA-ON", "", wanted + "x"):
            if other != wanted:
                assert not closed(restriction(LockKind.ALL, target, other), effect)
        assert not closed(restriction(LockKind.ALL, target, wanted), effect, NOTHING)


SERVED, HELD = Touched(service=frozenset({"CA-QC"})), Touched(holdings=frozenset({"CA-QC"}))


@pytest.mark.parametrize(
    "kind, effect, served, held",
    [
        (OrderKind.CEASE_OFFERING, None, True, False),
        (OrderKind.CEASE_OFFERING, Effect.SEARCH, True, False),
        (OrderKind.CEASE_OFFERING, Effect.EXPORT, True, False),
        (OrderKind.CEASE_COLLECTING, Effect.INGEST, False, True),
        (OrderKind.CEASE_DISCLOSING, Effect.EXPORT, True, True),
        (OrderKind.DELETE, Effect.INGEST, False, True),
        (OrderKind.DELETE, Effect.SEARCH, True, True),
        (OrderKind.DELETE, Effect.EXPORT, True, True),
        (LockKind.INGEST, Effect.INGEST, False, True),
        (LockKind.SEARCH, Effect.SEARCH, True, False),
        (LockKind.EXPORT, Effect.EXPORT, True, False),
        (LockKind.ALL, None, True, False),
        (LockKind.ALL, Effect.INGEST, False, True),
        (LockKind.ALL, Effect.SEARCH, True, False),
        (LockKind.ALL, Effect.EXPORT, True, False),
    ],
)
def test_a_place_is_where_one_is_served_or_what_is_held_there(kind, effect, served, held):
    for wanted in ("CA-QC", "CA"):
        one = restriction(kind, TargetKind.PLACE, wanted)
        assert closed(one, effect, SERVED) is served
        assert closed(one, effect, HELD) is held


@pytest.mark.parametrize("wanted", ["CA-BC", "CA-Q", "C", "US", "CA-QC-1"])
def test_a_place_reaches_itself_and_its_parts_and_no_other(wanted):
    assert not closed(restriction(LockKind.ALL, TargetKind.PLACE, wanted), Effect.SEARCH, SERVED)
    whole = Touched(service=frozenset({"CA"}))
    assert not closed(restriction(LockKind.ALL, TargetKind.PLACE, "CA-QC"), Effect.SEARCH, whole)


def test_it_stands_from_its_first_moment_to_the_one_before_its_end():
    one = restriction(ends=make.NOW + make.DAY)
    assert not one.stands(make.NOW - TICK)
    assert one.stands(make.NOW)
    assert one.stands(make.NOW + make.DAY - TICK)
    assert not one.stands(make.NOW + make.DAY)
    assert restriction().stands(make.NOW + 4000 * make.DAY)
    with pytest.raises(ValueError, match="time zone"):
        one.stands(make.NOW.replace(tzinfo=None))
    assert not closed(restriction(begins=make.NOW + TICK), Effect.SEARCH)


def test_the_first_that_speaks_is_the_one_that_is_named():
    passed = [
        restriction(LockKind.INGEST, code="speaks not"),
        restriction(target_id="gallery-2", code="reaches not"),
        restriction(ends=make.NOW, begins=make.NOW - make.DAY, code="stands no more"),
    ]
    said = [restriction(LockKind.SEARCH, code="first"), restriction(OrderKind.DELETE, code="second")]
    found = first_refusal([*passed, *said], Effect.SEARCH, TOUCHED, now=make.NOW, pack="p")
    assert found == said[0].refused("p")
    assert first_refusal(passed, Effect.SEARCH, TOUCHED, now=make.NOW, pack="p") is None
    assert first_refusal([], None, TOUCHED, now=make.NOW, pack="p") is None
