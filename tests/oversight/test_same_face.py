"""The same face across cases: compared under an inquiry alone, within its scope, with a reason that is logged."""

from __future__ import annotations

from typing import Any

import pytest
from house import PURPOSE, House, photograph
from oversight_parts import authority, found_person, refused_as

from countenance.primitives.errors import NotFoundError, UsageError
from countenance.search.values import LoggedCandidates

WHY = "Complaint 12"


def entry(answer: object) -> int:
    assert isinstance(answer, LoggedCandidates)
    return answer.log_entry


def another_case(house: House) -> str:
    return str(
        house.act(
            "case-open", house.caseworker, purpose=PURPOSE, reference="Other", on_behalf_of="Tracing",
            on_behalf_of_jurisdiction="CA",
        )["case"]
    )  # fmt: skip


def test_one_face_in_two_cases_is_named_by_entries_and_nothing_else_is(house: House) -> None:
    found_person(house)
    opc = authority(house)
    second = another_case(house)
    first = [
        entry(house.search(photograph("P001"))),
        entry(house.search(photograph("P001", "amateur_selfie"))),
    ]
    house.search(photograph("P002"))
    again = entry(house.search(photograph("P001", "amateur_selfie"), case=second))
    house.search(photograph("P003"), case=second)
    inquiry = house.act("inquiry-open", opc.commissioner, title="Use", reference="PA-1", client="Tracing")[
        "inquiry"
    ]
    seen: Any = house.act("inspect-same-face", opc.inspector, inquiry=inquiry, reason=WHY)
    (group,) = seen["groups"]
    assert group["entries"] == sorted([*first, again])
    assert group["cases"] == sorted([house.case, second])
    assert seen["probes"] == 5
    assert "template" not in str(seen)
    assert house.events()[-1] == "same-face-inspected"


def test_twice_in_one_case_is_no_group(sqlite_house: House) -> None:
    house = sqlite_house
    opc = authority(house)
    house.search(photograph("P001"))
    house.search(photograph("P001", "amateur_selfie"))
    inquiry = house.act("inquiry-open", opc.commissioner, title="Use", reference="PA-1", client="Tracing")[
        "inquiry"
    ]
    assert house.act("inspect-same-face", opc.inspector, inquiry=inquiry, reason=WHY)["groups"] == []


def test_only_an_authority_under_its_open_inquiry_with_a_reason(sqlite_house: House) -> None:
    house = sqlite_house
    opc = authority(house)
    supervisor = house.account("sue", "supervisor")
    inquiry = house.act("inquiry-open", opc.commissioner, title="Use", reference="PA-1", client="Tracing")[
        "inquiry"
    ]
    for key in (house.operator, house.caseworker, supervisor):
        assert refused_as(house, "inspect-same-face", key, inquiry=inquiry, reason=WHY).reason in {
            "role-may-not",
            "other-organisation",
        }
    with pytest.raises(UsageError):
        house.act("inspect-same-face", opc.inspector, inquiry=inquiry)
    with pytest.raises(NotFoundError):
        house.act("inspect-same-face", opc.inspector, inquiry="I-0000-0000", reason=WHY)


def test_what_lies_outside_the_scope_is_not_compared(sqlite_house: House) -> None:
    house = sqlite_house
    opc = authority(house)
    second = another_case(house)
    house.search(photograph("P001"))
    house.search(photograph("P001", "amateur_selfie"), case=second)
    house.act("client-add", name="Force", jurisdiction="CA", purposes=[PURPOSE], until="2028-01-01")
    inquiry = house.act("inquiry-open", opc.commissioner, title="Use", reference="PA-2", client="Force")[
        "inquiry"
    ]
    seen: Any = house.act("inspect-same-face", opc.inspector, inquiry=inquiry, reason=WHY)
    assert (seen["probes"], seen["groups"]) == (0, [])
