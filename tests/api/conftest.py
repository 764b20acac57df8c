"""A house with its searcher and its API."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from api_parts import Api, open_api
from house import House

from countenance.service.server import SearcherServer


@pytest.fixture
def api(sqlite_house: House) -> Iterator[Api]:
    """The API on SQLite, answered by a searcher process's own code behind its socket."""
    server = SearcherServer(sqlite_house.workspace.directory, clock=sqlite_house.clock)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.ready.wait(60)
    try:
        yield open_api(sqlite_house)
    finally:
        server.stop()
        thread.join(60)
