"""The searcher process: owns keys and index, answers signed requests on a UNIX socket, signs the log as it grows."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import stat
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from countenance.acting.path import ActResult
from countenance.oversight.misuse import scan
from countenance.primitives.clock import Clock, system_clock
from countenance.primitives.errors import ConflictError, CountenanceError, FormatError
from countenance.primitives.spans import below
from countenance.primitives.text import N_
from countenance.records.database import disconnect, open_reading
from countenance.records.ending import destroy_ended_keys, end_expired
from countenance.records.erasing.steps import finish
from countenance.records.identity import SignedRequest
from countenance.records.requests import destroy_closed_requests, sweep_pictures
from countenance.records.workspace import Workspace
from countenance.search.keeping import sweep_probes
from countenance.service import wire
from countenance.service.address import SOCKET_NAME
from countenance.service.codec import encode_answer, encode_error, encode_result
from countenance.service.searcher import LocalSearcher, short_address
from countenance.service.upkeep import by_clock
from countenance.service.webhooks import SECONDS, deliver

_log = logging.getLogger("countenance.searcher")
_CHECKPOINT_SECONDS = 5.0
_UPKEEP_SECONDS = 1.0
_TELL_SECONDS = 2.0
_SCAN_EVERY = timedelta(hours=1)  # for misuse; yesterday is looked at again, so no hour is left out
_MOST_CONNECTIONS = 64
_PEER = struct.Struct("3i")  # struct ucred: pid, uid, gid (socket(7))
MOST_PER_CALLER = 16
"""Connections that one user of the machine may hold, so that nobody holds all of them."""
IDLE_SECONDS = 600.0
"""A caller who says nothing for this long is hung up on: a person may think about which face it is."""


class SearcherServer:
    """Serves one workspace until it is stopped. `ready` is set once it answers.

    `socket_path`: where it listens, else in `run/` of the workspace. `group`: the group of the system (its number) that
    may reach the socket besides the owner; what it may do is decided by the signatures on its requests, as for anybody.
    """

    def __init__(
        self,
        directory: Path,
        *,
        socket_path: Path | None = None,
        group: int | None = None,
        cluster: tuple[str, Path] | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._directory = directory
        self._socket_path = socket_path or directory / "run" / SOCKET_NAME
        self._group = group
        self._cluster = cluster
        self._clock = clock
        self._stop = threading.Event()
        self._counting = threading.Lock()
        self._held: Counter[int] = Counter()  # connections by user id
        self.ready = threading.Event()

    def stop(self) -> None:
        """Ask the server to end; safe from a signal handler or another thread."""
        self._stop.set()

    def run(self, announce: Callable[[], None] = lambda: None) -> None:
        """Serve until `stop`. `announce`: called once it answers.

        Raises ConflictError where another searcher has this workspace, and whatever opening the workspace raises.
        """
        with self._only_one(), Workspace.open(self._directory, clock=self._clock) as workspace:
            destroy_ended_keys(workspace)
            for left in (destroy_closed_requests, sweep_probes, sweep_pictures):
                try:
                    left(workspace)
                except CountenanceError as error:
                    # On a full disk nothing can be struck out; searches are refused by name until there is room.
                    _log.error("pictures that nothing owns are left: %s", error.code)
            workspace.background_index = True
            workspace.cluster = self._cluster
            with LocalSearcher(workspace) as searcher:
                with open_reading() as tx:
                    workspace.index.sync(tx)
                signer = threading.Thread(
                    target=self._sign, args=(workspace,), daemon=True, name="checkpoints"
                )
                teller = threading.Thread(target=self._tell, args=(workspace,), daemon=True, name="webhooks")
                keeper = threading.Thread(target=self._keep, args=(workspace,), daemon=True, name="upkeep")
                with self._listening() as listener:
                    signer.start()
                    keeper.start()
                    teller.start()
                    self.ready.set()
                    announce()
                    _log.info("searcher ready")
                    self._accept(listener, searcher)
            signer.join(timeout=10)
            keeper.join()
            teller.join(timeout=2 * SECONDS)
            workspace.checkpoint()

    def _accept(self, listener: socket.socket, searcher: LocalSearcher) -> None:
        listener.settimeout(0.2)
        while not self._stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            caller = _caller(connection)
            with self._counting:
                if self._held[caller] >= MOST_PER_CALLER or self._held.total() >= _MOST_CONNECTIONS:
                    connection.close()  # sent away, not kept waiting: we must go on listening
                    continue
                self._held[caller] += 1
            threading.Thread(target=self._serve, args=(connection, caller, searcher), daemon=True).start()

    def _serve(self, connection: socket.socket, caller: int, searcher: LocalSearcher) -> None:
        """One caller, as many requests as it sends."""
        try:
            with connection:
                while (message := wire.receive(connection, idle=IDLE_SECONDS)) is not None:
                    header, blobs = self._answer(*message, searcher)
                    connection.settimeout(IDLE_SECONDS)
                    wire.send(connection, header, blobs)
        except CountenanceError as error:
            _log.info("connection ended: %s", error.code)
        except Exception:  # noqa: BLE001 - one caller's bad luck must not end the service of the others
            _log.exception("connection failed")
        finally:
            with self._counting:
                self._held[caller] -= 1
            disconnect()

    @staticmethod
    def _answer(
        header: dict[str, Any], blobs: list[bytes], searcher: LocalSearcher
    ) -> tuple[dict[str, Any], list[bytes]]:
        if header.get("op") == "hello":
            greeting = {"workspace": searcher.workspace_id, "epoch": searcher.epoch, "pid": os.getpid()}
            return {"kind": "hello", **greeting}, []
        try:
            if header.get("op") == "public":
                question = str(header.get("act", ""))
                record = searcher.public(question, header.get("params") or {})
                return encode_result(ActResult(act=question, record=record, log_entry=None))
            signed = _signed(header, searcher.workspace_id)
            with below(str(header.get("trace", ""))):
                if header.get("op") == "act":
                    return encode_result(searcher.perform(signed))
                if header.get("op") == "picture" and len(blobs) == 1:
                    return encode_result(searcher.perform_with(signed, blobs[0]))
                return encode_answer(searcher.search(signed, tuple(blobs)))
        except CountenanceError as error:
            return encode_error(error)

    def _sign(self, workspace: Workspace) -> None:
        """End what has run out, look for misuse, do what is due by the clock, and sign a checkpoint whenever the log has grown."""
        signed_size = -1
        scanned = None
        while not self._stop.wait(_CHECKPOINT_SECONDS):
            try:
                end_expired(workspace)
                now = workspace.clock()
                if scanned is None or now - scanned >= _SCAN_EVERY:
                    scan(workspace)
                    by_clock(workspace)
                    scanned = now
                with open_reading() as tx:
                    size = workspace.log.head(tx).size
                if size != signed_size:
                    workspace.checkpoint()
                    signed_size = size
            except CountenanceError as error:
                _log.error("no checkpoint: %s", error.code)
        disconnect()

    def _keep(self, workspace: Workspace) -> None:
        """Finish erasures; seal, merge, and rewrite what holds erased rows, as soon as there is something of it to do."""
        while not self._stop.wait(_UPKEEP_SECONDS):
            try:
                finish(workspace)
                workspace.keep_index_where_due()
            except CountenanceError as error:
                _log.error("no upkeep: %s", error.code)
        disconnect()

    def _tell(self, workspace: Workspace) -> None:
        """Tell registered addresses of new entries; whoever does not answer keeps nobody else waiting for long."""
        while not self._stop.wait(_TELL_SECONDS):
            try:
                deliver(workspace)
            except CountenanceError as error:
                _log.error("no webhooks: %s", error.code)
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
        """The socket, which nobody but the owner of the folder can reach, and the group that was named."""
        path = self._socket_path
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()  # left by a searcher that was killed: the lock says that none lives
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with short_address(path) as address:
                listener.bind(address)
            path.chmod(0o600)  # nobody can connect before `listen`, so there is no moment in between
            if self._group is not None:
                os.chown(path, -1, self._group)
                path.chmod(0o660)
            listener.listen(16)
            yield listener
        finally:
            listener.close()
            path.unlink(missing_ok=True)


def _caller(connection: socket.socket) -> int:
    """The user id at the other end; -1 where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return -1
    _, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return int(uid)


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
