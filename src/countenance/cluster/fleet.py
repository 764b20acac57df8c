"""The searcher's side of a cluster: which machine holds which segment, and how a request reaches them all.

Each machine's processors get a holder each (`holder`), an actor of Ray that ends with this process. Where a segment is
held follows from its id and the names of the holders (rendezvous hashing, Thaler and Ravishankar 1998), so a holder that
comes or goes moves only what it held.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from countenance.cluster.frames import Message, pack, seal_key, session_key, unpack
from countenance.cluster.ring import FOLDER_VARIABLE, environment, read_secret
from countenance.primitives.errors import IntegrityError, UnavailableError
from countenance.primitives.text import N_

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 5.0  # between two looks at which machines there are
_GREETING_SECONDS = 60.0  # a new actor starts a Python process


@dataclass(kw_only=True, eq=False)
class Link:
    """One holder, as the searcher knows it. `name`: machine and number. `held`: segments whose keys it has.

    `process`: its number on its machine. `seconds`: it spent on
    its last answer. `open`: segments it can search. `at`: (load, number of the last removal) it has taken over.
    """

    name: str
    machine: str
    actor: Any
    key: bytes
    public: bytes
    n: int = 0
    held: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    broken: dict[str, str] = field(default_factory=dict)
    at: tuple[int, int] = (0, -1)
    resident: int = 0
    seconds: float = 0.0
    process: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Fleet:
    """All holders of one searcher. Safe for threads."""

    def __init__(self, address: str, folder: Path, *, patience: float = 10.0) -> None:
        """Joins the cluster at `address` (HOST:PORT) with the files in `folder`.

        `patience`: seconds for an answer, after which a holder counts as lost. Raises NotFoundError, UnavailableError.
        """
        self._secret = read_secret(folder)
        self.patience = patience
        self.links: dict[str, Link] = {}
        self._lock = threading.RLock()
        self._looking = threading.Lock()
        self._ranked: dict[str, list[Link]] = {}
        self._looked = -_LOOK_SECONDS
        os.environ.update(environment(folder))
        try:
            import ray
        except ImportError as error:
            raise UnavailableError(
                N_("Ray is not installed."),
                remedy=N_("Install it with: pip install 'countenance[ray]'"),
                code="ray-missing",
            ) from error
        self._ray: Any = ray
        try:
            if not ray.is_initialized():
                ray.init(
                    address=address, configure_logging=False, log_to_driver=False, logging_level=logging.ERROR
                )
        except Exception as error:
            raise UnavailableError(
                N_("No cluster answers at {address}."),
                remedy=N_("Start it with: countenance cluster up. This machine must be one of its nodes."),
                code="cluster-down",
                address=address,
            ) from error
        self._folder = folder

    @property
    def due(self) -> bool:
        """Is it time to look again which machines there are?"""
        return time.monotonic() - self._looked >= _LOOK_SECONDS

    def look(self) -> bool:
        """See which machines there are, and have a holder on each processor of each; True if that changed anything."""
        with self._looking:
            self._looked = time.monotonic()
            wanted = {}
            for node in self._ray.nodes():
                for number in range(int(node["Resources"].get("CPU", 1)) if node["Alive"] else 0):
                    wanted[f"{node['NodeID']}/{number}"] = str(node["NodeID"])
            gone = [name for name in self.links if name not in wanted]
            for name in gone:
                self.drop(self.links[name])
            new = {name: machine for name, machine in wanted.items() if name not in self.links}
            self._greet(new)
            return bool(gone or new)

    def drop(self, link: Link) -> None:
        """Give a holder up; the next look starts another where its machine lives."""
        with self._lock:
            if self.links.pop(link.name, None) is not None:
                self._ranked.clear()
                _log.warning("a holder of the index is lost: %s", link.name[:12])
                try:
                    self._ray.kill(link.actor)
                except Exception:  # noqa: BLE001 - it is gone already
                    _log.debug("was gone")

    def _greet(self, new: dict[str, str]) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        kind = self._ray.remote(num_cpus=0, max_restarts=0, max_task_retries=0)(_Actor)
        asked: dict[Any, tuple[str, str, Any, bytes]] = {}
        for name, machine in new.items():
            actor: Any = kind.options(
                scheduling_strategy=NodeAffinitySchedulingStrategy(machine, soft=False)
            ).remote()
            mine = secrets.token_bytes(32)
            frame = pack(self._secret, {"op": "hello"}, [mine])
            asked[actor.handle.remote(frame)] = (name, machine, actor, mine)
        ready, late = (
            self._ray.wait(list(asked), num_returns=len(asked), timeout=_GREETING_SECONDS)
            if asked
            else ([], [])
        )
        for reference in [*ready, *late]:
            name, machine, actor, mine = asked[reference]
            try:
                header, (echo, theirs, public) = unpack(self._secret, self._ray.get(reference, timeout=0.1))
                if echo != mine:
                    raise IntegrityError("echo", code="cluster-message")
            except Exception:  # noqa: BLE001 - whatever is wrong with it: it is not taken
                _log.warning("a holder of the index did not greet back: %s", name[:12])
                continue
            key = session_key(self._secret, mine, theirs)
            made = Link(
                name=name,
                machine=machine,
                actor=actor,
                key=key,
                public=public,
                process=int(header["process"]),
            )
            with self._lock:
                self.links[name] = made
                self._ranked.clear()

    def send(self, link: Link, header: dict[str, Any], blobs: Sequence[bytes] = ()) -> Any:
        """Send a request; `collect` waits for what this returns."""
        with link.lock:
            link.n += 1
            frame = pack(link.key, {**header, "n": link.n}, blobs)
            try:
                return (link.actor.handle.remote(frame), link.n)
            except Exception:  # noqa: BLE001 - known to be dead
                return None

    def collect(
        self, sent: Sequence[tuple[Link, Any]], *, patience: float | None = None
    ) -> dict[str, Message]:
        """Answers by the holder's name. Who does not answer in time, or not genuinely, is given up and has none."""
        within = self.patience if patience is None else patience
        frames = self._frames([None if ticket is None else ticket[0] for _, ticket in sent], within)
        answers = {}
        for (link, ticket), frame in zip(sent, frames, strict=True):
            try:
                if frame is None:
                    raise UnavailableError("gone", code="cluster-holder")
                header, blobs = unpack(link.key, frame)
                if header["n"] != ticket[1]:
                    raise IntegrityError("order", code="cluster-message")
            except Exception:  # noqa: BLE001 - dead, late or forged: all the same to a search
                self.drop(link)
                continue
            link.seconds = float(header["seconds"])
            answers[link.name] = (header, blobs)
        return answers

    def _frames(self, references: Sequence[Any], within: float) -> list[bytes | None]:
        """What was answered, in order; None for who has not, or is dead."""
        asked = [one for one in references if one is not None]
        ends = time.monotonic() + within
        if len(asked) == len(references):
            # As a rule all answer: one call of Ray's for all of them instead of one each.
            with suppress(Exception):
                return list(self._ray.get(asked, timeout=within)) if asked else []
        if asked:
            self._ray.wait(asked, num_returns=len(asked), timeout=max(0.01, ends - time.monotonic()))
        frames: list[bytes | None] = []
        for one in references:
            try:
                frames.append(None if one is None else self._ray.get(one, timeout=0.01))
            except Exception:  # noqa: BLE001 - an actor's death, a time-out
                frames.append(None)
        return frames

    def holders_of(self, segment_id: str, copies: int) -> list[Link]:
        """Who is to hold a segment: up to `copies` holders on different machines, best first."""
        with self._lock:
            ranked = self._ranked.get(segment_id)
            if ranked is None:
                ranked = []
                for link in sorted(
                    self.links.values(),
                    key=lambda link: hashlib.sha256(f"{segment_id}/{link.name}".encode()).digest(),
                ):
                    if link.machine not in {one.machine for one in ranked}:
                        ranked.append(link)
                self._ranked[segment_id] = ranked
            return ranked[:copies]

    def sealed(self, link: Link, key: bytes, segment_id: str) -> bytes:
        """A segment's key for one holder alone."""
        return seal_key(link.public, key, segment_id)

    def close(self) -> None:
        """End all holders and leave the cluster; keys end with their processes."""
        with self._lock:
            for link in list(self.links.values()):
                self._ray.kill(link.actor)
            self.links.clear()
            self._ray.shutdown()


class _Actor:
    """What Ray runs on the other machines: bytes in, bytes out."""

    def __init__(self) -> None:
        from countenance.cluster.holder import Holder

        self._holder = Holder(read_secret(Path(os.environ[FOLDER_VARIABLE])))

    def handle(self, frame: bytes) -> bytes:
        """One request."""
        return self._holder.handle(frame)
