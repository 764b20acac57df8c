"""The application over a founded workspace; with its searcher where a page needs one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from house import House
from live_parts import Live, living
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


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The application in a browser, once for all stories of a module: a process serves one site at a time."""
    with living(tmp_path_factory.mktemp("stories"), people=2) as found:
        yield found


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The same with nobody in its gallery, for stories that search nothing."""
    with living(tmp_path_factory.mktemp("empty"), people=0) as found:
        yield found


@pytest.fixture
def visitor(web: House) -> Visitor:
    return Visitor(house=web)
