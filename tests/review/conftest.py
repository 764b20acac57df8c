"""A house with trained reviewers and a supervisor, on each database."""

from __future__ import annotations

import pytest
from house import House
from review_desk import Desk, desk_of


@pytest.fixture
def desk(house: House) -> Desk:
    return desk_of(house)


@pytest.fixture
def sqlite_desk(sqlite_house: House) -> Desk:
    return desk_of(sqlite_house)
