"""The application over a founded workspace; with its searcher where a page needs one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from house import House
from web_parts import Visitor

from countenance.service.server import SearcherServer
from countenance.web.site import application


@pytest.fixture
def web(sqlite_house: House) -> House:
    """A workspace with the application over it, and no searcher."""
    application(sqlite_house.workspace.directory, clock=sqlite_house.clock)
    return sqlite_house


@pytest.fixture
def served(web: House) -> Iterator[House]:
    """The same with its searcher."""
    server = SearcherServer(web.workspace.directory, clock=web.clock)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.ready.wait(60)
    yield web
    server.stop()
    thread.join(60)


@pytest.fixture
def visitor(web: House) -> Visitor:
    return Visitor(house=web)
