"""A house with its searcher and its API."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from api_parts import Api, open_api
from house import House, found_house

from countenance.records.settings import read_settings, write_settings
from countenance.service.server import SearcherServer


@contextmanager
def _served(house: House) -> Iterator[Api]:
    """The API of this house, answered by a searcher process's own code behind its socket."""
    directory = house.workspace.directory
    held = read_settings(directory)
    # One worker: most of these tests need none, and each takes its time to start.
    write_settings(directory, replace(held, extraction=replace(held.extraction, workers=1)))
    server = SearcherServer(directory, clock=house.clock)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.ready.wait(60)
    try:
        yield open_api(house)
    finally:
        server.stop()
        thread.join(60)
        house.close()


@pytest.fixture
def api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Api]:
    """On SQLite; with `API_DATABASE=postgresql` every test of this folder runs on PostgreSQL."""
    wanted = os.environ.get("API_DATABASE", "sqlite")
    with _served(_founded(request, tmp_path, wanted)) as made:
        yield made


@pytest.fixture
def api_on_postgres(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Api]:
    with _served(_founded(request, tmp_path, "postgresql")) as made:
        yield made


def _founded(request: pytest.FixtureRequest, tmp_path: Path, wanted: str) -> House:
    database = request.getfixturevalue("postgres_database") if wanted == "postgresql" else None
    return found_house(tmp_path / "workspace", database)
