"""After each way in which something ends, a look at every byte: found before, in the clear or sealed, and nowhere after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from erasing_scan import Planted, everything
from house import House, photograph

from countenance.biometrics.templates import Template
from countenance.records import models
from countenance.records.erasing.steps import finish
from countenance.records.suppressing.lists import SuppressionList
from countenance.rights.suppression import suppress
from countenance.service.upkeep import by_clock

SELFIE = photograph("P001", "amateur_selfie")


class Marks:
    """What to look for: of the person who goes, of the probe, of an entry of the suppression list."""

    def __init__(self, house: House) -> None:
        person = models.Person.objects.get(label="Agathe Untel")
        self.planted = Planted(house, person.pk)
        probe = models.Probe.objects.get()
        keys = house.workspace.vault._keys
        self.probe = {
            "probe picture": house.workspace.media.get(probe.picture)[13:200],
            "probe template": bytes(probe.template)[13:77],
            "probe crop": bytes(probe.crop)[13:77],
            "probe key": keys.wrapped([probe.pk.bytes])[probe.pk.bytes],
        }
        with SuppressionList(house.workspace)._open() as held:
            ((entry, sealed),) = held.execute("select id, sealed from entry").fetchall()
        self.entry = {"entry": bytes(sealed)[13:77], "entry key": keys.wrapped([entry])[entry]}

    def of(self, *kinds: str) -> dict[str, bytes]:
        """Marks by kind: `person` (all), `faces` (without label and receipt), `probe`, `entry`."""
        chosen: dict[str, bytes] = {}
        for kind in kinds:
            if kind in {"person", "faces"}:
                chosen |= {
                    name: mark
                    for name, mark in self.planted.marks.items()
                    if mark and (kind == "person" or name.split()[0] not in {"label", "receipt"})
                }
            else:
                chosen |= self.probe if kind == "probe" else self.entry
        return chosen


def both(house: House, act: str, **params: Any) -> None:
    made = house.act(act, **params)
    if "waits_for" in made:
        house.act("approve", house.deputy, proposal=made["proposal"])
    finish(house.workspace)


def erase(house: House, scope: str, target: str, **more: str) -> None:
    both(house, "erase", scope=scope, target=target, ground="request Q-1", **more)


def of_place(house: House) -> None:
    house.act("residency-claim", person="Agathe Untel", place="CA-BC")
    erase(house, "jurisdiction", "CA-BC", rule="stated")


def purge(house: House) -> None:
    both(house, "retention-set", kind="photograph", days=30, owner="operator", reason="x")
    models.Photograph.objects.exclude(faces__person__label="Agathe Untel").update(
        ingested_at=house.clock() + timedelta(days=29)
    )
    house.clock.move(timedelta(days=31))
    by_clock(house.workspace)


def leave(house: House) -> None:
    house.act("suppression-leave", code=house.code)  # type: ignore[attr-defined]


def expire(house: House) -> None:
    house.clock.move(timedelta(days=366))
    by_clock(house.workspace)


def deny(house: House) -> None:
    house.act("case-deny", case=house.case, authority="Court", reason="refused")


WAYS: dict[str, tuple[Callable[[House], None], tuple[str, ...], bool]] = {
    "person": (lambda house: erase(house, "person", "Agathe Untel"), ("person",), True),
    "photograph": (
        lambda house: erase(
            house, "photograph", str(models.Photograph.objects.get(faces__person__label="Agathe Untel").pk)
        ),
        ("faces",),
        True,
    ),
    "source": (lambda house: erase(house, "source", "archive"), ("faces",), False),
    "gallery": (lambda house: erase(house, "gallery", "people"), ("faces",), False),
    "client": (lambda house: erase(house, "client", "Tracing"), ("probe",), True),
    "jurisdiction": (of_place, ("person",), True),
    "purge": (purge, ("faces",), True),
    "opt-out ended": (leave, ("entry",), True),
    "opt-out run out": (expire, ("entry", "probe"), False),
    "refused authorisation": (deny, ("probe",), True),
}
"""What is done, which marks must be gone, and whether the other person must still be there."""


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_of_it(house: House, way: str) -> None:
    carry_out, kinds, other_stays = WAYS[way]
    house.enrol(house.person("Agathe Untel"), photograph("P001"))
    house.enrol(house.person("Bernard Sansnom"), photograph("P002"))
    house.search(SELFIE)
    template = house.faces(photograph("P003"))[0].template
    assert isinstance(template, Template)
    with house.workspace.transaction() as (tx, _):
        house.code = suppress(house.workspace, tx, template).code  # type: ignore[attr-defined]
    marks, other = Marks(house), Planted(house, models.Person.objects.get(label="Bernard Sansnom").pk)
    wanted = marks.of(*kinds)
    before = everything(house)
    assert {name for name, mark in wanted.items() if mark not in before} == set()  # the look works
    carry_out(house)
    after = everything(house)
    assert {name for name, mark in wanted.items() if mark in after} == set()
    if "person" in kinds or "faces" in kinds:
        assert {
            name for name in marks.planted.found(after) if name.split()[0] not in {"label", "receipt"}
        } == set()
    if other_stays:
        assert other.missing(after) == set()
