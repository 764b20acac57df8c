"""What runs on each machine of a cluster: holds some segments of one searcher and answers its requests. Knows no Ray.

A holder sees codes, scores, random ids and classes. It has no record, no vault, no rotation and no grant: whether one may
search is decided, and verified, before anything is sent to it. Keys of its segments reach it sealed for it alone, and end
with its process.

Requests (`op`)::

    hello     greeting; answer: public key, random number
    hold      open these segments (in a thread), close all others
    search    compare probes with permitted rows of some segments
    state     which segments are open, broken, and how many of their rows are dead
"""

from __future__ import annotations

import math
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from countenance.biometrics.templates import SpaceId
from countenance.cluster.frames import Message, open_key, pack, session_key, unpack
from countenance.index.answers import NotSearchable
from countenance.index.blocks import Block, Rows
from countenance.index.codes import CodedProbe, scores
from countenance.index.held import HeldSegment
from countenance.index.live import LiveSegment
from countenance.index.pieces import Scores
from countenance.index.scan import nearest
from countenance.index.segment import Segment
from countenance.index.stores import SegmentFiles
from countenance.primitives.errors import CountenanceError, IntegrityError, NotFoundError, UnavailableError
from countenance.vault.media import FolderMediaStore
from countenance.vault.s3 import S3MediaStore, S3Place


class Holder:
    """Segments of one searcher. `handle` is called for one request after another."""

    def __init__(self, secret: bytes) -> None:
        """`secret`: the cluster's, from this machine's own file."""
        self._secret = secret
        self._private = X25519PrivateKey.generate()
        self._key: bytes | None = None
        self._last = 0
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[LiveSegment, str, bytes]] = {}  # segment, turn of its rotation, key
        self._open: dict[str, HeldSegment] = {}
        self._broken: dict[str, str] = {}
        self._removed: list[tuple[int, str, str, str]] = []  # number, gallery, space, reference
        self._load, self._at = 0, 0
        self._files: SegmentFiles | None = None
        self._thread: threading.Thread | None = None
        self._unavailable = ""  # why segments could not be read lately, as a code

    def handle(self, frame: bytes) -> bytes:
        """One request, one answer, both under a MAC. What is not genuine gets an empty answer, and nothing is done."""
        try:
            if self._key is None:
                return self._greet(frame)
            header, blobs = unpack(self._key, frame)
            if header["n"] <= self._last:
                return b""  # played again
            self._last = header["n"]
        except (CountenanceError, ValueError, KeyError, TypeError):
            return b""
        began = time.perf_counter()
        try:
            match header["op"]:
                case "hold":
                    answer = self._hold(header, blobs)
                case "search":
                    answer = self._search(header, blobs)
                case "state":
                    followed = self._follow(header)
                    if self._waiting():
                        self._begin()
                    answer = (self._state() if followed else {"behind": [self._load, self._at]}), []
                case _:
                    answer = {"failed": "op"}, []
        except CountenanceError as error:
            answer = {"failed": error.code}, []
        except Exception as error:  # noqa: BLE001 - an exception would travel as a pickled object
            answer = {"failed": type(error).__name__}, []
        spent = time.perf_counter() - began
        return pack(self._key, {"n": header["n"], "seconds": spent, **answer[0]}, answer[1])

    def _greet(self, frame: bytes) -> bytes:
        header, (theirs,) = unpack(self._secret, frame)
        if header["op"] != "hello":
            return b""
        mine = secrets.token_bytes(32)
        public = self._private.public_key().public_bytes_raw()
        self._key = session_key(self._secret, theirs, mine)
        return pack(self._secret, {"n": 0, "process": os.getpid()}, [theirs, mine, public])

    # Segments

    def _hold(self, header: dict[str, Any], blobs: Sequence[bytes]) -> Message:
        """`segments`: what to hold, in order of the sealed keys in the blobs; a key that is here already is not sent again."""
        if self._files is None:
            self._files = _files(header["files"])
        sealed = iter(blobs)
        wanted: dict[str, tuple[LiveSegment, str, bytes]] = {}
        for told in header["segments"]:
            live = LiveSegment(**{**told["live"], "space_id": SpaceId(told["live"]["space_id"])})
            known = self._keys.get(live.id)
            key = open_key(self._private, next(sealed), live.id) if told["key"] else known and known[2]
            if key:
                wanted[live.id] = (live, told["turn"], key)
        with self._lock:
            self._keys = wanted
            self._open = {name: one for name, one in self._open.items() if name in wanted}
            self._broken = {name: why for name, why in self._broken.items() if name in wanted}
            least = min((live.as_of for live, _, _ in wanted.values()), default=2**62)
            self._removed = [one for one in self._removed if one[0] > least]
            waiting = self._waiting()
        if waiting:
            self._begin()
        if header["wait"] and self._thread is not None:
            self._thread.join()
        return self._state(), []

    def _waiting(self) -> list[str]:
        return [one for one in self._keys if one not in self._open and one not in self._broken]

    def _begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, daemon=True, name="segments")
            self._thread.start()

    def _work(self) -> None:
        later: set[str] = set()
        while True:
            with self._lock:
                waiting = [one for one in self._waiting() if one not in later]
                if not waiting:
                    return
                live, turn, key = self._keys[waiting[0]]
            try:
                made: HeldSegment | str = self._opened(live, turn, key)
            except UnavailableError as error:
                # The store is down or full, which says nothing of the segment: the next request begins again.
                later.add(live.id)
                self._unavailable = error.code
                continue
            except Exception:  # noqa: BLE001 - a segment that does not open must not stop the others
                made = NotSearchable.DAMAGED.value
            with self._lock:
                self._unavailable = ""
                if live.id not in self._keys:
                    continue
                if isinstance(made, str):
                    self._broken[live.id] = made
                else:
                    self._kill(made, self._removed)
                    self._open[live.id] = made

    def _opened(self, live: LiveSegment, turn: str, key: bytes) -> HeldSegment | str:
        assert self._files is not None
        try:
            segment = Segment(self._files, _OneKey(live.id, key), live.id)
        except NotFoundError:
            return NotSearchable.MISSING.value
        except IntegrityError:
            return NotSearchable.DAMAGED.value
        told = segment.description
        same = (live.id, live.gallery_id, live.space_id, live.dimension, live.rows)
        if (told.segment_id, told.gallery_id, told.space_id, told.dimension, told.rows) != same:
            return NotSearchable.DAMAGED.value
        return HeldSegment(live, segment) if told.turn == turn else NotSearchable.KEY_DESTROYED.value

    def _state(self) -> dict[str, Any]:
        with self._lock:
            return {
                "open": {name: one.has_dead for name, one in self._open.items()},
                "broken": dict(self._broken),
                "unavailable": self._unavailable,
                "resident": sum(one.resident_bytes for one in self._open.values()),
            }

    # Removals

    def _follow(self, header: dict[str, Any]) -> bool:
        """Take over what was removed; False where something before it is missing here."""
        load, since, through = header["load"], header["since"], header["through"]
        with self._lock:
            if load != self._load:
                if since >= 0:
                    return False
                # The searcher began afresh: what it had told of may have been rolled back.
                self._load, self._at, self._removed = load, -1, []
                self._open = {name: HeldSegment(one.live, one.segment) for name, one in self._open.items()}
            elif since > self._at:
                return False
            new = [(seq, gallery, space, name) for seq, gallery, space, name in header["removed"]]
            self._removed += new
            for held in self._open.values():
                self._kill(held, new)
            self._at = max(self._at, through)
        return True

    @staticmethod
    def _kill(held: HeldSegment, removed: Sequence[tuple[int, str, str, str]]) -> None:
        live = held.live
        for seq, gallery, space, reference in removed:
            if seq > live.as_of and (gallery, space) == (live.gallery_id, live.space_id):
                held.kill(reference)

    # Search

    def _search(self, header: dict[str, Any], blobs: Sequence[bytes]) -> Message:
        """For each probe: code scores, exact scores, and the ids of rows at or above the floor."""
        if not self._follow(header):
            return {"behind": [self._load, self._at]}, []
        with self._lock:
            held = [(name, self._open[name]) for name in header["segments"] if name in self._open]
        classes = frozenset(header["classes"])
        blocks: list[Block] = [one for _, one in held]
        rotated = np.frombuffer(blobs[0], "<f4").astype(np.float32).reshape(len(header["lengths"]), -1)
        integers = np.frombuffer(blobs[1], "<f4").astype(np.float32).reshape(rotated.shape)
        probes = [
            CodedProbe(rotated=rotated[n : n + 1], integers=integers[n], length=length)
            for n, length in enumerate(header["lengths"])
        ]
        count = sum(block.count(classes) for block in blocks)
        lists = shortlists(
            blocks, classes, probes, ask=header["ask"], floor=header["floor"], limit=header["limit"]
        )
        told: dict[str, Any] = {
            "searched": [name for name, _ in held],
            "count": count,
            "above": [one.above if math.isfinite(one.above) else None for one in lists],
            "names": [one.names for one in lists],
        }
        out: list[bytes] = []
        for one in lists:
            out += [one.codes.astype("<f4").tobytes(), one.exact.astype("<f4").tobytes()]
            out.append(np.asarray(one.rows, "<u4").tobytes())
        return told, out


type _Part = tuple[Block, Rows, Scores, Scores]
"""Rows of one block, their exact scores and their code scores."""


class Shortlist:
    """Rows of one party for one probe.

    `codes`, `exact`: float32 (n,), code scores and exact scores. `rows`: which of them have a name in `names`: those at or
    above the floor. `above`: every row of a better code score is here.
    """

    __slots__ = ("above", "codes", "exact", "names", "rows")

    def __init__(self, above: float, codes: Any, exact: Any, rows: Any, names: list[str]) -> None:
        self.above, self.codes, self.exact, self.rows, self.names = above, codes, exact, rows, names


def shortlists(
    blocks: Sequence[Block],
    classes: frozenset[int],
    probes: Sequence[CodedProbe],
    *,
    ask: int | None,
    floor: float,
    limit: int,
) -> list[Shortlist]:
    """The `ask` best rows by code of some blocks for each probe, scored exactly. None: every permitted row is scored, and
    the best `limit` (and their equals) are handed over; their code scores are infinite.
    """
    least = np.float32(floor)
    if ask is not None:
        return [
            _listed(
                [(block, rows, scores(block.exact(rows), probe), codes) for block, rows, codes in one.parts],
                one.above,
                least,
            )
            for one, probe in zip(nearest(blocks, classes, probes, ask), probes, strict=True)
        ]
    found = [(block, block.permitted(classes)) for block in blocks if block.count(classes)]
    opened = [(block, rows, block.exact(rows)) for block, rows in found]
    lists = []
    for probe in probes:
        scored = [(block, rows, scores(exact, probe)) for block, rows, exact in opened]
        every = np.concatenate([one for _, _, one in scored]) if scored else np.zeros(0, np.float32)
        good = least if every.size <= limit else max(least, -np.partition(-every, limit - 1)[limit - 1])
        parts: list[_Part] = []
        for block, rows, one in scored:
            keep = one >= good
            parts.append((block, rows[keep], one[keep], np.full(int(keep.sum()), np.inf, np.float32)))
        lists.append(_listed(parts, -math.inf, good))
    return lists


def _listed(parts: Sequence[_Part], above: float, least: np.float32) -> Shortlist:
    names: list[str] = []
    for block, rows, scored, _ in parts:
        names += block.references(rows[scored >= least])
    nothing = np.zeros(0, np.float32)
    exact = np.concatenate([scored for _, _, scored, _ in parts] or [nothing])
    codes = np.concatenate([one for _, _, _, one in parts] or [nothing])
    return Shortlist(above, codes, exact, np.flatnonzero(exact >= least), names)


class _OneKey:
    """The key of one segment, as `Segment` asks for it (a `KeyReader`: a holder writes no segment and destroys no key)."""

    def __init__(self, segment_id: str, key: bytes) -> None:
        self._segment_id, self._key = segment_id, key

    def unwrap(self, segment_id: str, _wrapped: bytes) -> bytes | None:
        return self._key if segment_id == self._segment_id else None


def _files(told: dict[str, Any]) -> SegmentFiles:
    if told["kind"] == "folder":
        return FolderMediaStore(Path(told["path"]))
    return S3MediaStore(S3Place(**told["place"]), Path(tempfile.mkdtemp(prefix="countenance-")))
