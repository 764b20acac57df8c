"""What a lock or an order has closed is neither reviewed nor reported, from one request to the next."""

from __future__ import annotations

from typing import Any

import pytest
from house import House, photograph

from countenance.primitives.errors import RefusedError

SELFIE = photograph("P001", "amateur_selfie")


def refused(house: House, act: str, **params: Any) -> str:
    with pytest.raises(RefusedError) as error:
        house.act(act, house.caseworker, **params)
    return error.value.rule


@pytest.mark.parametrize(
    ("kind", "target"),
    [("search", {"gallery": "people"}), ("search", {"source": "archive"}), ("export", {"gallery": "people"})],
    ids=str,
)
def test_review_and_report_ask_what_is_in_force(
    sqlite_house: House, kind: str, target: dict[str, str]
) -> None:
    house = sqlite_house
    house.enrol(house.person("one"), photograph("P001"))
    house.search(SELFIE)
    house.act("report-make", house.caseworker, case=house.case)  # open, it is made
    lock = house.act("lock-set", kind=kind, reason="order", **target)["lock"]
    assert refused(house, "report-make", case=house.case) == lock
    if kind == "search":
        assert refused(house, "review-open", case=house.case) == lock
    made = house.act("lock-lift", lock=lock)
    house.act("approve", house.deputy, proposal=made["proposal"])
    house.act("review-open", house.caseworker, case=house.case)
    house.act("report-make", house.caseworker, case=house.case)
