"""The searcher process: owns keys and index, answers signed requests on a UNIX socket, signs the log as it grows."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from countenance.primitives.clock import Clock, system_clock
from countenance.primitives.errors import ConflictError, CountenanceError, FormatError
from countenance.primitives.text import N_
from countenance.records.database import disconnect, open_reading
from countenance.records.ending import destroy_ended_keys
from countenance.records.identity import SignedRequest
from countenance.records.workspace import Workspace
from countenance.search.keeping import sweep_probes
from countenance.service import wire
from countenance.service.codec import encode_answer, encode_error
from countenance.service.searcher import SOCKET_NAME, LocalSearcher, short_address

_log = logging.getLogger("countenance.searcher")
_CHECKPOINT_SECONDS = 5.0
_MOST_CONNECTIONS = 64


class SearcherServer:
    """Serves one workspace until it is stopped. `ready` is set once it answers."""

    def __init__(
        self, directory: Path, *, socket_path: Path | None = None, clock: Clock = system_clock
    ) -> None:
        self._directory = directory
        self._socket_path = socket_path or directory / "run" / SOCKET_NAME
        self._clock = clock
        self._stop = threading.Event()
        self._slots = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        self.ready = threading.Event()

    def stop(self) -> None:
        """Ask the server to end; safe from a signal handler or another thread."""
        self._stop.set()

    def run(self) -> None:
        """Serve until `stop`.

        Raises ConflictError where another searcher has this workspace, and whatever opening the workspace raises.
        """
        with self._only_one(), Workspace.open(self._directory, clock=self._clock) as workspace:
            destroy_ended_keys(workspace)
            sweep_probes(workspace)
            with LocalSearcher(workspace) as searcher:
                with open_reading() as tx:
                    workspace.index.sync(tx)
                signer = threading.Thread(
                    target=self._sign, args=(workspace,), daemon=True, name="checkpoints"
                )
                with self._listening() as listener:
                    signer.start()
                    self.ready.set()
                    _log.info("searcher ready")
                    self._accept(listener, searcher)
            signer.join(timeout=10)
            workspace.checkpoint()

    def _accept(self, listener: socket.socket, searcher: LocalSearcher) -> None:
        listener.settimeout(0.2)
        while not self._stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            self._slots.acquire()
            threading.Thread(target=self._serve, args=(connection, searcher), daemon=True).start()

    def _serve(self, connection: socket.socket, searcher: LocalSearcher) -> None:
        """One caller, as many requests as it sends."""
        connection.settimeout(None)
        try:
            with connection:
                while (message := wire.receive(connection)) is not None:
                    header, blobs = self._answer(*message, searcher)
                    wire.send(connection, header, blobs)
        except CountenanceError as error:
            _log.info("connection ended: %s", error.code)
        except Exception:  # noqa: BLE001 - one caller's bad luck must not end the service of the others
            _log.exception("connection failed")
        finally:
            self._slots.release()
            disconnect()

    @staticmethod
    def _answer(
        header: dict[str, Any], blobs: list[bytes], searcher: LocalSearcher
    ) -> tuple[dict[str, Any], list[bytes]]:
        if header.get("op") == "hello":
            return {"kind": "hello", "workspace": searcher.workspace_id, "pid": os.getpid()}, []
        try:
            return encode_answer(searcher.search(_signed(header, searcher.workspace_id), tuple(blobs)))
        except CountenanceError as error:
            return encode_error(error)

    def _sign(self, workspace: Workspace) -> None:
        """Sign a checkpoint whenever the log has grown."""
        signed_size = -1
        while not self._stop.wait(_CHECKPOINT_SECONDS):
            try:
                with open_reading() as tx:
                    size = workspace.log.head(tx).size
                if size != signed_size:
                    workspace.checkpoint()
                    signed_size = size
            except CountenanceError as error:
                _log.error("no checkpoint: %s", error.code)
        disconnect()

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        run = self._directory / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(run / "searcher.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConflictError(
                    N_("A searcher runs for this workspace already."),
                    remedy=N_("See it with: countenance status"),
                    code="searcher-runs",
                ) from error
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _listening(self) -> Iterator[socket.socket]:
        """The socket, which nobody but the owner of the folder can reach."""
        path = self._socket_path
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()  # left by a searcher that was killed: the lock says that none lives
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with short_address(path) as address:
                listener.bind(address)
            path.chmod(0o600)
            listener.listen(16)
            yield listener
        finally:
            listener.close()
            path.unlink(missing_ok=True)


def _signed(header: dict[str, Any], workspace_id: str) -> SignedRequest:
    """The request as its caller signed it; the workspace is ours whatever the caller says."""
    try:
        at = datetime.fromisoformat(header["at"])
        if at.tzinfo is None:
            raise ValueError("naive")
        return SignedRequest(
            workspace_id=workspace_id,
            account=str(header["account"]),
            act=str(header["act"]),
            params=header["params"],
            at=at,
            nonce=str(header["nonce"]),
            signature=bytes.fromhex(header["signature"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(N_("The request to the searcher is malformed."), code="searcher-message") from error
