"""Killed at each step, an erasure is finished at the next start; until then it says incomplete, never done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from erase_and_die import POINTS
from erasing_scan import Planted, everything
from house import House, photograph

from countenance.primitives.errors import UnavailableError
from countenance.records import models
from countenance.records.erasing.certificate import certificate_of
from countenance.records.erasing.steps import finish, incomplete
from countenance.records.erasing.vocabulary import ErasureState
from countenance.search.values import LoggedCandidates

PROGRAM = Path(__file__).with_name("erase_and_die.py")


@pytest.mark.parametrize("point", POINTS)
def test_killed_at(point: str, sqlite_house: House) -> None:
    house = sqlite_house
    house.enrol(house.person("Quentin-Unique-7"), photograph("P001"))
    house.enrol(house.person("P002"), photograph("P002"))
    planted = Planted(house, models.Person.objects.get(label="Quentin-Unique-7").pk)
    house.workspace.keep_index(seal_rows=1)
    assert planted.missing(everything(house)) == set()
    house.workspace.close()
    died = subprocess.run(
        [sys.executable, str(PROGRAM), str(house.workspace.directory), "Quentin-Unique-7", point],
        capture_output=True,
        check=False,
    )
    assert died.returncode == 9, died.stderr.decode()
    house.reopen()
    left = incomplete()
    if point == "in-the-transaction":
        assert left == []  # undone whole: nothing was promised
        assert models.Person.objects.filter(label="Quentin-Unique-7").exists()
        return
    found = house.search(photograph("P001", "amateur_selfie"))  # before anything is finished
    assert isinstance(found, LoggedCandidates)
    assert "Quentin-Unique-7" not in [each.person for each in found.candidates]
    if point == "completed-not-signed":
        assert left == []
    else:
        (erasure,) = left
        assert erasure.state != ErasureState.DONE.value
        with pytest.raises(UnavailableError) as refused:
            certificate_of(house.workspace, erasure.code)
        assert refused.value.code == "erasure-incomplete"
        assert [each.code for each in finish(house.workspace)] == [erasure.code]
    assert incomplete() == []
    assert planted.found(everything(house)) == set()
    certificate_of(house.workspace, models.Erasure.objects.get().code)
