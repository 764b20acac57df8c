"""The searcher's socket under hostile callers: who says nothing, who never ends, who sends nonsense, who comes in crowds."""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from house import House

from countenance.primitives.errors import CountenanceError
from countenance.service import server as server_module
from countenance.service import wire
from countenance.service.searcher import connect
from countenance.service.server import SearcherServer


@pytest.fixture
def server(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[SearcherServer]:
    monkeypatch.setattr(server_module, "MOST_PER_CALLER", 4)
    monkeypatch.setattr(server_module, "IDLE_SECONDS", 1.0)
    monkeypatch.setattr(wire, "PATIENCE_SECONDS", 1.0)
    running = SearcherServer(sqlite_house.workspace.directory, clock=sqlite_house.clock)
    thread = threading.Thread(target=running.run, daemon=True)
    old = os.umask(0)
    try:
        thread.start()
        assert running.ready.wait(30)
    finally:
        os.umask(old)
    yield running
    running.stop()
    thread.join(10)
    assert not thread.is_alive()


def _call(house: House) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(str(house.workspace.directory / "run" / "searcher.sock"))
    return connection


def _hung_up(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def _answers(house: House) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            found = connect(house.workspace.directory / "run" / "searcher.sock")
        except CountenanceError:
            found = None
        if found is not None:
            found.close()
            return True
        time.sleep(0.1)
    return False


def test_nobody_else_reaches_it_whatever_the_umask(sqlite_house: House, server: SearcherServer) -> None:
    mode = (sqlite_house.workspace.directory / "run" / "searcher.sock").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_silent_callers_do_not_shut_others_out(sqlite_house: House, server: SearcherServer) -> None:
    """More than it takes of one caller are sent away; those who say nothing are hung up on."""
    silent = [_call(sqlite_house) for _ in range(8)]
    assert _hung_up(silent[-1])
    assert all(_hung_up(connection) for connection in silent)
    assert _answers(sqlite_house)
    for connection in silent:
        connection.close()


def test_a_message_that_drips_is_cut_off(sqlite_house: House, server: SearcherServer) -> None:
    connection = _call(sqlite_house)
    begun = time.monotonic()
    with suppress(ConnectionError):
        while time.monotonic() < begun + 8:
            connection.sendall(b"\x00" if time.monotonic() < begun + 0.2 else b" ")
            time.sleep(0.2)
    assert time.monotonic() < begun + 6
    assert _answers(sqlite_house)
    connection.close()


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 200_000,
        b'{"blobs": [' + b"9" * 5000 + b"]}",
        json.dumps({"blobs": [1 << 62]}).encode(),
        json.dumps({"blobs": [2_000_000_000]}).encode(),
        json.dumps({"blobs": {"a": 1}}).encode(),
        json.dumps({"blobs": [], "op": "search", "account": "\ud800", "act": "search"}).encode(),
        json.dumps({"blobs": [], "at": "2026-11-02T09:00:00", "params": {}}).encode(),
        b"\xff\xfe",
        b"null",
    ],
    ids=["deep", "huge number", "too long", "promised", "shape", "half character", "naive", "bytes", "null"],
)
def test_nonsense_ends_its_own_connection(
    sqlite_house: House, server: SearcherServer, header: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    connection = _call(sqlite_house)
    connection.sendall(struct.pack(">I", len(header)) + header)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1 << 16):
        pass
    connection.close()
    assert _answers(sqlite_house)
    assert "Traceback" not in caplog.text


def test_it_stops_while_callers_wait(sqlite_house: House, server: SearcherServer) -> None:
    crowd: list[socket.socket] = []
    for _ in range(80):
        connection = socket.socket(socket.AF_UNIX)
        connection.setblocking(False)  # a full backlog says so at once
        crowd.append(connection)
        with suppress(BlockingIOError):
            connection.connect(str(sqlite_house.workspace.directory / "run" / "searcher.sock"))
    server.stop()
    time.sleep(0.5)
    for connection in crowd:
        connection.close()
