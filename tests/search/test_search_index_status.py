"""What `countenance status` says of an index that is still being opened."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from house import House, photograph

from countenance.records.workspace import Workspace
from countenance.search.values import LoggedCandidates
from countenance.vault.media import FolderMediaStore


def _told(house: House) -> Any:
    return house.act("records-read", listing="status")["status"][0]["index"]


def test_status_and_coverage_say_how_far_the_index_is_open(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    for name in ("P001", "P002"):
        house.enrol(house.person(name), photograph(name))
    house.workspace.keep_index(seal_rows=1)
    assert _told(house) == {"opened": 2, "sealed": 2}
    again = Workspace.open(house.workspace.directory, clock=house.clock)
    house.workspace.vault.close()
    house.workspace = again
    assert _told(house) is None  # a command that needs no index opens none
    gate, opened = threading.Event(), FolderMediaStore.map

    def slow(self: FolderMediaStore, name: str) -> object:
        assert gate.wait(60)
        return opened(self, name)

    monkeypatch.setattr(FolderMediaStore, "map", slow)
    again.background_index = True
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    assert answer.candidates == ()
    assert (answer.coverage.searched, answer.coverage.permitted) == (0, 2)
    assert answer.coverage.not_searchable == 2
    assert _told(house) == {"opened": 0, "sealed": 2}
    gate.set()
    until = time.monotonic() + 30
    while _told(house) != {"opened": 2, "sealed": 2} and time.monotonic() < until:
        time.sleep(0.02)
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    assert (answer.coverage.searched, answer.coverage.permitted) == (2, 2)
    assert len(answer.candidates) >= 1
