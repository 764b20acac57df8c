"""An authority with two people, and a house that has somebody to be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from house import House, photograph

from countenance.primitives.errors import RefusedError
from countenance.records.identity import AccountKey
from countenance.search.values import LoggedCandidates

SELFIE = photograph("P001", "amateur_selfie")
OPC = "Office of the Privacy Commissioner of Canada"


def two(house: House, act: str, /, **params: Any) -> Any:
    """An act of two operators."""
    proposed = house.act(act, **params)
    return house.act("approve", house.deputy, proposal=proposed["proposal"])


@dataclass(kw_only=True)
class Authority:
    name: str
    commissioner: AccountKey
    inspector: AccountKey


def authority(house: House, name: str = OPC, place: str = "CA", short: str = "opc") -> Authority:
    """Registered by two operators, with a commissioner and an inspector."""
    two(house, "authority-add", name=name, jurisdiction=place)
    keys = []
    for role in ("commissioner", "inspector"):
        key = AccountKey.generate(f"{short}-{role}")
        two(
            house,
            "account-add",
            name=key.account,
            role=role,
            authority=name,
            public_key=key.public_bytes().hex(),
        )
        keys.append(key)
    return Authority(name=name, commissioner=keys[0], inspector=keys[1])


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
