"""An authority with two people, and a house that has somebody to be found."""

from __future__ import annotations

from typing import Any

from house import Authority, House, authority, photograph, two

from countenance.primitives.errors import RefusedError
from countenance.records.identity import AccountKey
from countenance.search.values import LoggedCandidates

SELFIE = photograph("P001", "amateur_selfie")
OPC = "Office of the Privacy Commissioner of Canada"

__all__ = ["OPC", "SELFIE", "Authority", "authority", "found_person", "people", "refused_as", "two"]


def found_person(house: House) -> Any:
    """P001, enrolled; returns the reference's id."""
    return house.enrol(house.person("P001"), photograph("P001"))


def people(answer: object) -> list[str | None]:
    assert isinstance(answer, LoggedCandidates), answer
    return [candidate.person for candidate in answer.candidates]


def refused_as(house: House, act: str, key: AccountKey | None = None, /, **params: Any) -> RefusedError:
    """The refusal of an act."""
    try:
        house.act(act, key, **params)
    except RefusedError as error:
        return error
    raise AssertionError(f"{act} was not refused")
