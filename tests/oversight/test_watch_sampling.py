"""Samples: nobody chooses them, anybody can draw them again, and what is overdue shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from house import House, photograph
from hypothesis import given
from hypothesis import strategies as st

from countenance.oversight.sampling import LEAST, MOST, bounds, draw_entries, week_of
from countenance.primitives.errors import ConflictError, NotFoundError, RefusedError, UsageError
from countenance.records import models
from countenance.records.database import open_reading
from countenance.tlog.leaf import parse_leaf
from countenance.tlog.store import read_checkpoints, read_entries


def a_week_of_searches(house: House, count: int = 5) -> str:
    house.enrol(house.person("P001"), photograph("P001"))
    for _ in range(count):
        house.search(photograph("P001", "amateur_selfie"))
    week = week_of(house.clock())
    house.clock.move(timedelta(days=7))
    return week


def test_a_sample_can_be_drawn_again_from_the_log_alone(house: House) -> None:
    supervisor = house.account("sue", "supervisor")
    week = a_week_of_searches(house)
    sample = house.act("sample-draw", supervisor, week=week)
    drawn = [each["entry"] for each in sample["searches"]]
    assert len(drawn) == LEAST
    start, end = bounds(week)
    with open_reading() as tx:
        row = next(each for each in read_checkpoints(tx) if each.signed_at >= end.timestamp())
        leaves = [(entry, parse_leaf(raw)) for entry, raw in read_entries(tx, 0, row.size)]
    client = str(models.Organisation.objects.get(name="Tracing").pk)
    searches = [
        entry
        for entry, leaf in leaves
        if leaf.event == "search-made" and leaf.client == client and start <= leaf.at < end
    ]
    assert sorted(draw_entries(row.root, searches)) == drawn
    assert (sample["checkpoint"], sample["root"]) == (row.size, row.root.hex())


def test_drawing_again_gives_the_same_whoever_draws_and_whenever(house: House) -> None:
    supervisor, other = house.account("sue", "supervisor"), house.account("tom", "supervisor")
    week = a_week_of_searches(house)
    first = house.act("sample-draw", supervisor, week=week)
    house.clock.move(timedelta(days=2))
    models.SampledSearch.objects.all().delete()
    models.Sample.objects.all().delete()  # as if nobody had drawn before: the log's checkpoint decides
    again = house.act("sample-draw", other, week=week)
    assert [each["entry"] for each in again["searches"]] == [each["entry"] for each in first["searches"]]


def test_findings_are_recorded_once_and_what_is_late_shows(house: House) -> None:
    supervisor = house.account("sue", "supervisor")
    week = a_week_of_searches(house)
    listed = house.act("watch-read", supervisor, listing="samples")["samples"]
    assert listed == []
    house.clock.move(timedelta(days=14))
    (late,) = house.act("watch-read", supervisor, listing="samples")["samples"]
    assert (late["week"], late["overdue"], late["left"]) == (week, True, None)
    sample = house.act("sample-draw", supervisor, week=week)
    assert sample["overdue"]
    for each in sample["searches"]:
        house.act("sample-examine", supervisor, week=week, entry=each["entry"], finding="in-order")
    (done,) = house.act("watch-read", supervisor, listing="samples")["samples"]
    assert (done["left"], done["overdue"]) == (0, False)
    with pytest.raises(ConflictError):
        house.act(
            "sample-examine",
            supervisor,
            week=week,
            entry=sample["searches"][0]["entry"],
            finding="questioned",
        )
    with pytest.raises(NotFoundError):
        house.act("sample-examine", supervisor, week=week, entry=0, finding="questioned")
    assert house.events().count("sample-examined") == LEAST


def test_a_week_that_runs_is_not_drawn_and_a_caseworker_draws_nothing(sqlite_house: House) -> None:
    supervisor = sqlite_house.account("sue", "supervisor")
    with pytest.raises(ConflictError):
        sqlite_house.act("sample-draw", supervisor, week=week_of(sqlite_house.clock()))
    with pytest.raises(UsageError):
        sqlite_house.act("sample-draw", supervisor, week="2026-W99")
    with pytest.raises(RefusedError):
        sqlite_house.act("sample-draw", sqlite_house.caseworker, week="2026-W40")


@given(st.binary(min_size=32, max_size=32), st.sets(st.integers(0, 10_000), max_size=800))
def test_the_draw_is_a_tenth_and_depends_on_nothing_but_root_and_entries(
    root: bytes, entries: set[int]
) -> None:
    drawn = draw_entries(root, entries)
    assert drawn == draw_entries(root, sorted(entries, reverse=True))
    assert set(drawn) <= entries
    assert len(drawn) == min(len(entries), MOST, max(LEAST, -(-len(entries) // 10)))
