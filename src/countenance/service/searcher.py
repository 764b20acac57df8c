"""Who answers a search or an act: the searcher process of the workspace, or this very process for as long as it lasts."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, Protocol, Self

from countenance.acting.path import APPROVE, ActResult
from countenance.extraction.pool import ExtractionPool
from countenance.policy.decisions import Refused
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.clock import Clock, system_clock
from countenance.primitives.errors import FormatError, UsageError
from countenance.primitives.spans import Fact, Open, Spanned, here, span
from countenance.primitives.text import N_
from countenance.records.database import open_reading
from countenance.records.identity import SignedRequest
from countenance.records.workspace import Workspace
from countenance.review.showing import look
from countenance.search.path import SearchAnswer, search
from countenance.service import wire
from countenance.service.acts import HANDLERS, perform
from countenance.service.address import socket_of
from countenance.service.codec import decode, decode_result
from countenance.service.copies import Copies
from countenance.service.ingesting import Ingests
from countenance.service.pictures import perform_with
from countenance.service.public import answer

_WORDS = frozenset({*Act, APPROVE})
_LONGEST_ADDRESS = 100  # sun_path holds 108 bytes on Linux, 104 on macOS


class Searcher(Protocol):
    """Answers signed searches and acts of one workspace."""

    @property
    def workspace_id(self) -> str: ...

    def search(self, signed: SignedRequest, photographs: tuple[bytes, ...]) -> SearchAnswer: ...

    def perform(self, signed: SignedRequest) -> ActResult: ...

    def public(self, question: str, params: dict[str, Json]) -> dict[str, Json]: ...

    def perform_with(self, signed: SignedRequest, picture: bytes) -> ActResult: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class LocalSearcher:
    """A searcher in this very process, with the workspace's keys: for a command where no searcher runs, and inside the searcher."""

    def __init__(self, workspace: Workspace, *, workers: int | None = None) -> None:
        self._workspace, self._workers = workspace, workers
        self._ingests, self._copies = Ingests(workspace), Copies(workspace)
        self._pool = self._new_pool()
        self._switching = threading.Lock()

    def _new_pool(self) -> ExtractionPool:
        return ExtractionPool(
            self._workspace.models,
            workers=self._workers or self._workspace.settings.workers,
            limits=self._workspace.limits,
        )

    def _pool_in_use(self) -> ExtractionPool:
        """The pool of the model pack that is in use now: it may have been switched since the last search."""
        with self._switching:
            self._workspace.reload_models()
            if self._pool.space_id != self._workspace.models.space_id:
                before, self._pool = self._pool, self._new_pool()
                before.close()
            return self._pool

    @property
    def workspace_id(self) -> str:
        return str(self._workspace.settings.id)

    @property
    def epoch(self) -> int:
        """The revocation epoch now."""
        with open_reading():
            return self._workspace.epoch()

    def search(self, signed: SignedRequest, photographs: tuple[bytes, ...]) -> SearchAnswer:
        """Run the path of a search here."""
        with span(Spanned.SEARCH, {Fact.PHOTOGRAPHS: len(photographs)}) as told:
            found = search(self._workspace, signed, photographs, self._pool_in_use())
            if isinstance(found, Refused):
                told.tell({Fact.RULE: found.rule})
            return found

    def perform(self, signed: SignedRequest) -> ActResult:
        """Run the path of an act here."""
        with _span_of(signed):
            return self._perform(signed)

    def _perform(self, signed: SignedRequest) -> ActResult:
        if signed.act == Act.INGEST.value:
            return self._ingests.start(signed)
        if signed.act == Act.BACKUP.value:
            return self._copies.make(signed)
        if signed.act == Act.BACKUP_VERIFY.value:
            return self._copies.check(signed)
        if signed.act == Act.CANDIDATE_SHOW.value:
            return look(self._workspace, signed, HANDLERS, self._pool_in_use())
        return perform(self._workspace, signed)

    def public(self, question: str, params: dict[str, Json]) -> dict[str, Json]:
        """Answer a question of the public here (`service.public`)."""
        return answer(self._workspace, question, params)

    def perform_with(self, signed: SignedRequest, picture: bytes) -> ActResult:
        """Run here the path of an act that comes with a picture."""
        with _span_of(signed):
            return perform_with(self._workspace, signed, picture, self._pool)

    def close(self) -> None:
        """Stop an ingest after its batch, finish a backup, stop the extraction workers; the workspace stays open."""
        self._ingests.close()
        self._copies.close()
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _span_of(signed: SignedRequest) -> AbstractContextManager[Open]:
    """The span of an act; what is no act's word is not told."""
    return span(Spanned.ACT, {Fact.ACT: signed.act} if signed.act in _WORDS else {})


class RemoteSearcher:
    """The searcher process behind its socket. Holds one connection; for one thread.

    `epoch`: the revocation epoch when the connection was made. While it is the same, nothing that was shown has ended.
    """

    def __init__(self, connection: socket.socket, *, workspace_id: str, epoch: int) -> None:
        self._connection = connection
        self._workspace_id = workspace_id
        self.epoch = epoch

    @property
    def workspace_id(self) -> str:
        return self._workspace_id

    def search(self, signed: SignedRequest, photographs: tuple[bytes, ...]) -> SearchAnswer:
        """Send the signed request with its photographs; wait for the answer."""
        return decode(*self._ask("search", signed, photographs))

    def perform(self, signed: SignedRequest) -> ActResult:
        """Send the signed act; wait for what came of it."""
        return decode_result(*self._ask("act", signed))

    def public(self, question: str, params: dict[str, Json]) -> dict[str, Json]:
        """Ask what needs no signature; wait for the answer."""
        wire.send(self._connection, {"op": "public", "act": question, "params": params})
        record = decode_result(*self._receive()).record
        return dict(record) if isinstance(record, Mapping) else {}

    def perform_with(self, signed: SignedRequest, picture: bytes) -> ActResult:
        """Send the signed act with its picture; wait for what came of it."""
        return decode_result(*self._ask("picture", signed, (picture,)))

    def _ask(
        self, op: str, signed: SignedRequest, blobs: tuple[bytes, ...] = ()
    ) -> tuple[dict[str, Any], list[bytes]]:
        header = {
            "op": op,
            "account": signed.account,
            "act": signed.act,
            "params": signed.params,
            "at": signed.at.isoformat(),
            "nonce": signed.nonce,
            "signature": signed.signature.hex(),
            **({"trace": above} if (above := here()) else {}),
        }
        wire.send(self._connection, header, blobs)
        return self._receive()

    def _receive(self) -> tuple[dict[str, Any], list[bytes]]:
        received = wire.receive(self._connection)
        if received is None:
            raise FormatError(
                N_("The searcher closed the connection without an answer."), code="searcher-message"
            )
        return received

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _OwnSearcher(LocalSearcher):
    """A local searcher that opened its workspace itself, and closes it."""

    def close(self) -> None:
        super().close()
        with suppress(
            Exception
        ):  # the answer is out; a checkpoint that fails here is signed by the next command
            self._workspace.checkpoint()
        self._workspace.close()


def open_searcher(
    directory: Path,
    *,
    workers: int = 1,
    cluster: tuple[str, Path] | None = None,
    clock: Clock = system_clock,
) -> Searcher:
    """The running searcher of the workspace in `directory` (or the one `$COUNTENANCE_SOCKET` names), or else this process.

    With a running searcher no key of the workspace is read here. `cluster`: where there is none, address and
    folder of a cluster that holds the segments. `workers`: extraction processes where there is none; one
    is quickest for a single search.
    """
    remote = connect(socket_of(directory))
    if remote is not None:
        return remote
    workspace = Workspace.open(directory, clock=clock)
    workspace.cluster = cluster
    return _OwnSearcher(workspace, workers=workers)


def connect(path: Path) -> RemoteSearcher | None:
    """The searcher listening at `path`, or None where none does."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_address(path) as address:
            connection.connect(address)
        wire.send(connection, {"op": "hello"})
        greeting = wire.receive(connection)
    except (FileNotFoundError, ConnectionError, NotADirectoryError):
        connection.close()
        return None
    if greeting is None:
        connection.close()
        return None
    header, _ = greeting
    return RemoteSearcher(connection, workspace_id=str(header["workspace"]), epoch=int(header["epoch"]))


class short_address:  # noqa: N801 - a context manager, used like a function
    """A UNIX address for `path` however deep it lies: through a descriptor of its folder where the kernel allows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def __enter__(self) -> str:
        if len(os.fsencode(self._path)) <= _LONGEST_ADDRESS:
            return str(self._path)
        if not Path("/proc/self/fd").is_dir():
            raise UsageError(
                N_("The path of the socket is too long: {path}."),
                remedy=N_("Move the workspace, or name a shorter path in COUNTENANCE_SOCKET."),
                code="socket-path",
                path=str(self._path),
            )
        self._descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        return f"/proc/self/fd/{self._descriptor}/{self._path.name}"

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
