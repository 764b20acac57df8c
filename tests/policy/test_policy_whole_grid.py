"""The whole grid: purposes x places x moments at each boundary x suspensions x roles, against the reference evaluator.

Not pairs of facts but their full product, around a search that is permitted. `make grid` asks every question of it and
prints how many; CI takes one in `STRIDE`, a prime that divides no axis, so that each value of each axis is met with all
others in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice, product
from math import prod

import policy_factories as make
import pytest
from policy_factories import CASE, NOW, ROWS, SECOND
from test_policy_grid import FULL, disagreements

from countenance.policy.book import load_book
from countenance.policy.engine import PolicyEngine
from countenance.policy.purposes import BasisKind, Purpose, Role
from countenance.policy.questions import Question

STRIDE = 199
PURPOSES = tuple(purpose.value for purpose in Purpose)
PLACES = ("CA-ON", "CA-QC", "CA-BC", "CA-AB", "FR", "GB", "US-IL", "AQ")
"""One place of each law, and one without: the Antarctic."""

FILED = NOW.date() - timedelta(days=90)
MOMENTS: tuple[dict[str, object], ...] = (
    {},
    {"caller__client__licensed_from": NOW},
    {"caller__client__licensed_from": NOW + SECOND},
    {"caller__client__licensed_until": NOW},
    {"caller__client__licensed_until": NOW + SECOND},
    {"case__expires_at": NOW},
    {"case__expires_at": NOW + SECOND},
    {"caller__certified_until": NOW},
    {"caller__certified_until": NOW + SECOND},
    {"gallery__filed_on": None},
    {"gallery__filed_on": NOW.date() + timedelta(days=1)},
    {"gallery__filed_on": NOW.date()},
    {"gallery__filed_on": NOW.date() - timedelta(days=59)},
    {"gallery__filed_on": NOW.date() - timedelta(days=60)},
    {"gallery__filed_on": NOW.date() - timedelta(days=60), "now": NOW - SECOND},
    {"gallery__filled": frozenset()},
)
"""Just before, at and after whatever has a date; `NOW` is noon of UTC, where a day has begun everywhere."""

SUSPENDED = (
    "caller__suspended",
    "caller__client__suspended",
    "requester__suspended",
    "gallery__suspended",
    "gallery__search_locked",
    "case__open",
)
SEARCH_AXES = (PURPOSES, PLACES, MOMENTS, tuple(product((False, True), repeat=len(SUSPENDED))), tuple(Role))
ROW_AXES = (PURPOSES, PLACES, PLACES, PLACES, tuple(BasisKind), tuple(Role)[:2])


def searches(step: int = 1) -> Iterator[Question]:
    """Gallery, client and requester in one place; one question in `step`."""
    for purpose, place, moment, closed, role in islice(product(*SEARCH_AXES), 0, None, step):
        suspended = dict(zip(SUSPENDED, closed, strict=True))
        suspended["case__open"] = not suspended["case__open"]
        facts = {"gallery__filed_on": FILED, "gallery__filled": FULL, **_at(place, place, place)}
        yield make.search(
            purpose=purpose,
            case=replace(CASE, purpose=Purpose(purpose)),
            caller__role=role,
            **{**facts, **moment, **suspended},
        )


def rows(step: int = 1) -> Iterator[Question]:
    """Gallery, requester and basis each in a place of its own, on each kind of basis; one question in `step`."""
    for purpose, gallery, requester, basis, kind, role in islice(product(*ROW_AXES), 0, None, step):
        facts = {"gallery__filed_on": FILED, "gallery__filled": FULL, **_at(gallery, gallery, requester)}
        yield make.search(
            purpose=purpose,
            case=replace(CASE, purpose=Purpose(purpose)),
            caller__role=role,
            permission_class=replace(ROWS, basis=kind, jurisdiction=basis),
            **facts,
        )


def _at(gallery: str, client: str, requester: str) -> dict[str, object]:
    return {
        "gallery__jurisdiction": gallery,
        "caller__client__jurisdiction": client,
        "requester__jurisdiction": requester,
    }


GRIDS = [pytest.param(searches, SEARCH_AXES, id="searches"), pytest.param(rows, ROW_AXES, id="rows")]
OPERATORS = ("CA-ON", "CA-QC", "FR")


@pytest.mark.parametrize("grid, axes", GRIDS)
def test_the_stride_meets_every_value_of_every_axis(grid, axes):
    size = prod(map(len, axes))
    assert all(len(axis) % STRIDE for axis in axes)
    met = [set() for _ in axes]
    for number in range(0, size, STRIDE):
        rest = number
        for axis, values in reversed(list(zip(axes, met, strict=True))):
            rest, index = divmod(rest, len(axis))
            values.add(index)
    assert [len(values) for values in met] == [len(axis) for axis in axes]


@pytest.mark.parametrize("grid, axes", GRIDS)
def test_a_share_of_the_whole_grid_is_decided_as_the_reference_says(grid, axes, capsys):
    count, wrong = disagreements(PolicyEngine(load_book(operator="CA-ON")), grid(STRIDE))
    with capsys.disabled():
        print(f" [{count:,} cases, {len(wrong)} disagreements]", end="")
    assert count == -(-prod(map(len, axes)) // STRIDE)
    assert not wrong, f"{len(wrong)} of {count}; first: {wrong[0]}"


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("grid, axes", GRIDS)
def test_the_whole_grid_is_decided_as_the_reference_says(grid, axes, operator, capsys):
    count, wrong = disagreements(PolicyEngine(load_book(operator=operator)), grid())
    with capsys.disabled():
        print(f" [{operator}: {count:,} cases, {len(wrong)} disagreements]", end="")
    assert count == prod(map(len, axes))
    assert not wrong, f"{len(wrong)} of {count}; first: {wrong[0]}"
