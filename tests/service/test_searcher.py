"""The searcher process: reached over its socket, alone in its workspace, fresh at every answer."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from house import House, photograph

from countenance.acting.path import ActResult
from countenance.policy.decisions import Refused
from countenance.primitives.canonical import Json
from countenance.primitives.clock import Clock
from countenance.primitives.errors import ConflictError, RefusedError, UnavailableError, UsageError
from countenance.records.identity import AccountKey
from countenance.search.path import SearchAnswer
from countenance.search.values import FailureToAcquire, LoggedCandidates, SearchRequest, WhichFace
from countenance.service.address import SOCKET_NAME
from countenance.service.searcher import RemoteSearcher, connect, open_searcher
from countenance.service.server import SearcherServer


@pytest.fixture
def server(sqlite_house: House) -> Iterator[SearcherServer]:
    with Running(sqlite_house.workspace.directory, sqlite_house.clock) as made:
        yield made


class Running:
    def __init__(self, directory: Path, clock: Clock) -> None:
        self.server = SearcherServer(directory, clock=clock)
        self.thread = threading.Thread(target=self.server.run)

    def __enter__(self) -> SearcherServer:
        self.thread.start()
        assert self.server.ready.wait(60)
        return self.server

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()


def _socket(house: House) -> Path:
    return house.workspace.directory / "run" / SOCKET_NAME


def _ask(
    house: House, remote: RemoteSearcher, data: bytes, face: int | None = 0, **fields: str
) -> SearchAnswer:
    request = SearchRequest(
        **{"case": house.case, "gallery": "", "purpose": "", **fields},
        photographs=(data,),
        faces=(face,),
    )
    signed = house.caseworker.sign(
        workspace_id=remote.workspace_id, act="search", params=request.params(), at=house.clock()
    )
    return remote.search(signed, request.photographs)


def test_an_answer_crosses_the_socket_whole(sqlite_house: House, server: SearcherServer) -> None:
    house = sqlite_house
    house.enrol(house.person("P001"), photograph("P001"))
    remote = connect(_socket(house))
    assert remote is not None
    with remote:
        answer = _ask(house, remote, photograph("P001", "amateur_selfie"))
        assert isinstance(answer, LoggedCandidates)
        assert answer.candidates[0].person == "P001"
        assert answer.candidates[0].crop.startswith(b"\xff\xd8")
        assert answer.probe[0].crop.startswith(b"\xff\xd8")
        refused = _ask(house, remote, photograph("P001"), case="C-0000-0000")
        assert isinstance(refused, Refused)
        assert refused.reason == "no-case"
        assert isinstance(_ask(house, remote, photograph("P001", "emotions_sheet"), None), WhichFace)
        assert _ask(house, remote, b"hello", None) == FailureToAcquire(photograph=0, reason="not-a-picture")
        with pytest.raises(UsageError) as caught:
            _ask(house, remote, photograph("P001"), 77)
        assert caught.value.code == "no-such-face"
        assert "77" in str(caught.value)


def test_a_withdrawal_in_another_process_counts_at_the_next_search(
    sqlite_house: House, server: SearcherServer
) -> None:
    house = sqlite_house
    receipt = house.person("P001")
    house.enrol(receipt, photograph("P001"))
    remote = connect(_socket(house))
    assert remote is not None
    with remote:
        first = _ask(house, remote, photograph("P001", "amateur_selfie"))
        assert isinstance(first, LoggedCandidates)
        assert first.candidates
        house.act("consent-withdraw", receipt=receipt)
        second = _ask(house, remote, photograph("P001", "amateur_selfie"))
        assert isinstance(second, LoggedCandidates)
        assert not second.candidates


def test_an_unsigned_request_is_refused_over_the_socket(sqlite_house: House, server: SearcherServer) -> None:
    remote = connect(_socket(sqlite_house))
    assert remote is not None
    request = SearchRequest(case=sqlite_house.case, gallery="", purpose="", photographs=(b"x",), faces=(0,))
    signed = sqlite_house.caseworker.sign(
        workspace_id=remote.workspace_id, act="search", params=request.params(), at=sqlite_house.clock()
    )
    with remote, pytest.raises(RefusedError) as caught:
        remote.search(replace(signed, signature=bytes(64)), request.photographs)
    assert caught.value.reason == "not-authenticated"


def test_two_searchers_on_one_workspace_are_one_too_many(sqlite_house: House, server: SearcherServer) -> None:
    with pytest.raises(ConflictError) as caught:
        SearcherServer(sqlite_house.workspace.directory).run()
    assert caught.value.code == "searcher-runs"


def test_a_socket_left_by_a_killed_searcher_is_no_obstacle(sqlite_house: House) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(_socket(sqlite_house)))
    left.close()
    assert connect(_socket(sqlite_house)) is None
    with Running(sqlite_house.workspace.directory, sqlite_house.clock):
        remote = connect(_socket(sqlite_house))
        assert remote is not None
        remote.close()
    assert not _socket(sqlite_house).exists()


@pytest.mark.parametrize(
    "noise",
    [b"", b"\x00", struct.pack(">I", 1 << 31), struct.pack(">I", 5) + b"hello", struct.pack(">I", 2) + b"{}"],
)
def test_noise_on_the_socket_ends_only_its_own_connection(
    sqlite_house: House, server: SearcherServer, noise: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(_socket(sqlite_house)))
        connection.sendall(noise)
    remote = connect(_socket(sqlite_house))
    assert remote is not None
    remote.close()


def test_the_socket_is_reached_however_deep_the_workspace_lies(sqlite_house: House, tmp_path: Path) -> None:
    from countenance.service.searcher import short_address

    deep = tmp_path / ("d" * 90) / ("e" * 60)
    deep.mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX)
    with short_address(deep / "s.sock") as address:
        listener.bind(address)
    listener.listen()
    client = socket.socket(socket.AF_UNIX)
    with short_address(deep / "s.sock") as address:
        client.connect(address)
    client.close()
    listener.close()


def test_where_no_searcher_runs_the_command_is_its_own(sqlite_house: House) -> None:
    house = sqlite_house
    house.enrol(house.person("P001"), photograph("P001"))
    request = SearchRequest(
        case=house.case,
        gallery="",
        purpose="",
        photographs=(photograph("P001", "amateur_selfie"),),
        faces=(0,),
    )
    with open_searcher(house.workspace.directory, clock=house.clock) as searcher:
        assert not isinstance(searcher, RemoteSearcher)
        signed = house.caseworker.sign(
            workspace_id=searcher.workspace_id, act="search", params=request.params(), at=house.clock()
        )
        answer = searcher.search(signed, request.photographs)
    assert isinstance(answer, LoggedCandidates)


def test_a_searcher_that_goes_away_is_named(sqlite_house: House) -> None:
    with Running(sqlite_house.workspace.directory, sqlite_house.clock):
        remote = connect(_socket(sqlite_house))
        assert remote is not None
    remote._connection.shutdown(socket.SHUT_RDWR)
    with pytest.raises(UnavailableError) as caught:
        _ask(sqlite_house, remote, photograph("P001"))
    assert caught.value.code == "searcher-gone"
    remote.close()


def test_acts_cross_the_socket_with_their_records_and_their_refusals(
    sqlite_house: House, server: SearcherServer
) -> None:
    house = sqlite_house
    remote = connect(_socket(house))
    assert remote is not None

    def act(key: AccountKey, name: str, /, **params: Json) -> ActResult:
        return remote.perform(
            key.sign(workspace_id=remote.workspace_id, act=name, params=params, at=house.clock())
        )

    with remote:
        done = act(house.operator, "person-add", label="Zoé")
        assert (done.act, done.record) == ("person-add", {**dict(done.record), "person": "Zoé"})  # type: ignore[arg-type]
        assert house.events()[done.log_entry or 0] == "person-added"
        assert act(house.operator, "records-read", listing="persons").log_entry is None
        with pytest.raises(RefusedError) as refused:
            act(house.caseworker, "person-add", label="Yan")
        assert (refused.value.reason, bool(refused.value.rule)) == ("role-may-not", True)
        with pytest.raises(ConflictError) as conflict:
            act(house.operator, "person-add", label="Zoé")
        assert conflict.value.code == "person-exists"
        with pytest.raises(UsageError):
            act(house.operator, "no-such-act")
        signed = house.operator.sign(
            workspace_id=remote.workspace_id, act="person-add", params={"label": "A"}, at=house.clock()
        )
        with pytest.raises(RefusedError) as forged:
            remote.perform(replace(signed, params={"label": "B"}))
        assert forged.value.reason == "not-authenticated"


def test_the_searcher_ends_what_has_run_out_though_nobody_searches(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    house.enrol(house.person("P001", expires_at="2026-11-10"), photograph("P001"))
    monkeypatch.setattr("countenance.service.server._CHECKPOINT_SECONDS", 0.05)
    with Running(house.workspace.directory, house.clock):
        assert list(house.workspace.vault.record_ids())
        house.clock.move(timedelta(days=8))
        until = time.monotonic() + 30
        while list(house.workspace.vault.record_ids()) and time.monotonic() < until:
            time.sleep(0.05)
    assert not list(house.workspace.vault.record_ids())
    assert "consent-expired" in house.events()
