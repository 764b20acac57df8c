"""The index over a cluster: the head here, segments at holders on many machines; answers equal those of one process.

A search goes out once to each holder that is to search some segments, and comes back as a short list: code scores of its
best rows and exact scores of the same. How many to ask for is the holder's share of the depth and some more, since the
best of all are spread by chance. Then the cut, the score of row number depth + 1 over all lists, is the same as in one
process; a list that ends above the cut is asked for again, longer. So nothing is lost by dividing, and machines divide
time.

The grant is verified before anything is sent. Each request carries the number of the last removal: a holder that is
behind says so, and is told what was removed before it answers. Who does not answer in time is given up for this search;
another holder of the same segment takes its place, and what nobody holds is not searchable, which the coverage says.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from countenance.cluster.far import FarSegment, FarShelf
from countenance.cluster.fleet import Fleet, Link
from countenance.cluster.round import TRIES, Round
from countenance.index import changes, live
from countenance.index.answers import NotSearchable, ScoredRow
from countenance.index.codes import CodedProbe
from countenance.index.held import Part
from countenance.index.index import Index
from countenance.index.layout import turn_of
from countenance.index.live import LiveSegment
from countenance.index.opening import Seeds, Unseal
from countenance.index.scan import EXACT_ROWS, depth_for
from countenance.index.segment import Segment, read_wrapped_key
from countenance.primitives.errors import IntegrityError, NotFoundError, UnavailableError
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_
from countenance.vault.media import FolderMediaStore, MediaStore
from countenance.vault.s3 import S3MediaStore

_log = logging.getLogger(__name__)
_OPEN_SECONDS = 600.0  # to open segments, where the search waits for them


class ClusterIndex(Index):
    """References of all galleries, with the segments at the holders of a `Fleet`. Everything else is as in `Index`."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        mac_key: bytes,
        unseal: Unseal,
        seeds: Seeds,
        files: MediaStore,
        keys: Any,
        background: bool = False,
        copies: int = 2,
    ) -> None:
        """`copies`: machines that hold a segment, as far as there are so many."""
        super().__init__(mac_key=mac_key, unseal=unseal, seeds=seeds, background=background)
        self.fleet = fleet
        self.shelf = FarShelf(files, keys, seeds, self._broken)
        self._store = files
        self._told = _told(files)
        self._copies = copies
        self._loads = 0
        self._removed: list[tuple[int, str, str, str]] = []  # number, gallery, space, reference
        self._removed_through = -1
        self._set: dict[str, LiveSegment] = {}
        self._lost: dict[str, NotSearchable] = {}  # no key, no file
        self._giving = threading.RLock()
        self._repair: threading.Thread | None = None
        self._dead: tuple[tuple[int, int], dict[str, bool]] = ((-1, -1), {})

    def sync(self, tx: Transaction) -> int:
        """As `Index.sync`; and take over what was removed from segments, and which machines there are."""
        with self.syncing:
            applied = super().sync(tx)
            seq = self._held.position.seq
            if seq > self._removed_through >= 0:
                self._removed += changes.read_removals(tx, after=self._removed_through, through=seq)
                self._removed_through = seq
            if self.fleet.due:
                self._mend()
            return applied

    def close(self) -> None:
        """End the holders."""
        self.fleet.close()

    def _load(self, tx: Transaction) -> int:
        # What was told of may have been rolled back: holders begin afresh with the next request.
        self._loads += 1
        self._removed, self._removed_through = [], 0
        return super()._load(tx)

    def _adopt(self, tx: Transaction, *, tries: int = 8) -> int:
        there = live.read_live(tx)
        held = self._held
        if there.through < held.through:
            return self._load(tx)  # the set was given up: what was sealed is read one by one again
        applied = self._follow(tx, held, shared=True)
        seq = held.position.seq
        least = min((one.as_of for one in there.segments), default=seq)
        removed = changes.read_removals(tx, after=least, through=seq)
        # Where each statement sees for itself, the set may have been replaced since it was read (see `Index._adopt`).
        if changes.read_clock(tx, 0)[2] != there.version and tries:
            return applied + self._adopt(tx, tries=tries - 1)
        segments = [FarSegment(one, self._open_here, self._has_dead) for one in there.segments]
        made = held.with_segments(segments, there.through)
        made.position = replace(made.position, version=there.version)
        with self._lock.writing():
            self._held = made
            self._removed, self._removed_through = removed, seq
            self._set = {one.id: one for one in there.segments}
        assert self.shelf is not None
        self.shelf.keep([])
        if not self.fleet.links:
            self.fleet.look()
        self._give()
        return applied

    # Which holder has which segment

    def _give(self) -> None:
        """Tell each holder what it is to hold, with the keys it lacks; wait until all is open unless in the background."""
        with self._giving:
            self._lost = {name: why for name, why in self._lost.items() if name in self._set}
            wanted: dict[str, list[str]] = {name: [] for name in self.fleet.links}
            for segment in self._set:
                for link in self.fleet.holders_of(segment, self._copies):
                    wanted[link.name].append(segment)
            sent = []
            for link in list(self.fleet.links.values()):
                told: list[dict[str, Any]] = []
                blobs: list[bytes] = []
                for name in wanted.get(link.name, []):
                    key = None if name in link.held else self._key(name)
                    if key is None and name not in link.held:
                        continue
                    told.append(
                        {
                            "live": asdict(self._set[name]),
                            "turn": turn_of(name, self.seeds(self._set[name].gallery_id)),
                            "key": key is not None,
                        }
                    )
                    if key is not None:
                        blobs.append(self.fleet.sealed(link, key, name))
                link.held = frozenset(str(one["live"]["id"]) for one in told)
                header = {
                    "op": "hold",
                    "segments": told,
                    "wait": not self._background,
                    "files": self._told,
                }
                sent.append((link, self.fleet.send(link, header, blobs)))
            answers = self.fleet.collect(sent, patience=None if self._background else _OPEN_SECONDS)
            for link, _ in sent:
                if link.name in answers:
                    _take(link, answers[link.name][0])
                    if "failed" in answers[link.name][0]:
                        _log.error("a holder cannot open segments: %s", answers[link.name][0]["failed"])

    def _key(self, segment_id: str) -> bytes | None:
        """The key of a segment, read from the beginning of its file and unwrapped; None where there is none any more."""
        assert self.shelf is not None
        try:
            key = self.shelf.keys.unwrap(segment_id, read_wrapped_key(self._store.read, segment_id))
        except NotFoundError:
            self._lost[segment_id] = NotSearchable.MISSING
        except IntegrityError:
            self._lost[segment_id] = NotSearchable.DAMAGED
        else:
            if key is not None:
                return key
            self._lost[segment_id] = NotSearchable.KEY_DESTROYED
        return None

    def _broken(self) -> dict[str, NotSearchable]:
        found = dict(self._lost)
        for link in list(self.fleet.links.values()):
            found |= {name: NotSearchable(why) for name, why in link.broken.items()}
        return {name: why for name, why in found.items() if name in self._set}

    def _open_here(self, one: LiveSegment) -> tuple[Segment, list[str]]:
        assert self.shelf is not None
        removed = [
            reference
            for seq, gallery, space, reference in self._removed
            if seq > one.as_of and (gallery, space) == (one.gallery_id, one.space_id)
        ]
        return Segment(self.shelf.files, self.shelf.keys, one.id), removed

    def _has_dead(self, segment_id: str) -> bool:
        """For upkeep. Each holder is told of all removals first, so that nothing is taken for clean that is not."""
        at = (self._loads, self._removed_through)
        if self._dead[0] != at or segment_id not in self._dead[1]:
            known: dict[str, bool] = {}
            links = list(self.fleet.links.values())
            for link, (header, _) in self.ask([(link, {"op": "state"}, ()) for link in links]).items():
                _take(self.fleet.links[link], header)
                known |= header["open"]
            self._dead = (at, known)
        if segment_id not in self._dead[1]:
            if segment_id in self._broken():
                return False  # it is remade as a whole
            raise UnavailableError(
                N_("Not every segment of the index is open at its holders yet."),
                remedy=N_("Upkeep goes on when they are."),
                code="cluster-incomplete",
            )
        return self._dead[1][segment_id]

    def ask(self, requests: Sequence[tuple[Link, dict[str, Any], Sequence[bytes]]]) -> dict[str, Any]:
        """Requests with what was removed; a holder that is behind is told more. Answers by the holder's name."""
        answers: dict[str, Any] = {}
        waiting = list(requests)
        for _ in range(3):
            sent = []
            for link, header, blobs in waiting:
                load, seq = link.at
                since = seq if load == self._loads else -1
                following = {
                    "load": self._loads,
                    "since": since,
                    "through": self._removed_through,
                    "removed": [one for one in self._removed if one[0] > since],
                }
                sent.append((link, self.fleet.send(link, {**header, **following}, blobs)))
            came = self.fleet.collect(sent)
            behind = []
            for link, header, blobs in waiting:
                answer = came.get(link.name)
                if answer is None:
                    continue
                if "behind" in answer[0]:
                    link.at = (answer[0]["behind"][0], answer[0]["behind"][1])
                    behind.append((link, header, blobs))
                elif "failed" not in answer[0]:
                    link.at = (self._loads, self._removed_through)
                    answers[link.name] = answer
                else:
                    _log.warning("a holder of the index failed: %s", answer[0]["failed"])
                    self.fleet.drop(link)
            if not behind:
                break
            waiting = behind
        if len(answers) < len(requests):
            self._mend()
        return answers

    def _mend(self) -> None:
        """In a thread: put new holders in the place of lost ones, and their segments elsewhere."""
        if self._repair is None or not self._repair.is_alive():
            self._repair = threading.Thread(target=self._look_and_give, daemon=True, name="cluster")
            self._repair.start()

    def _look_and_give(self) -> None:
        try:
            if any(not link.held for link in self.fleet.links.values()) or self._unheld():
                self._give()  # what is left takes over at once
            if self.fleet.look():
                self._give()
        except Exception:  # noqa: BLE001 - the next search finds it undone and tries again
            _log.exception("the cluster could not be mended")

    def _unheld(self) -> bool:
        """Is there a segment with fewer holders than there could be?"""
        return any(
            name not in link.held
            for name in self._set
            if name not in self._lost
            for link in self.fleet.holders_of(name, self._copies)
        )

    # Search

    def _compare(
        self, part: Part, classes: frozenset[int], probes: Sequence[CodedProbe], *, floor: float, limit: int
    ) -> tuple[list[list[ScoredRow]], int]:
        if not part.segments:
            return super()._compare(part, classes, probes, floor=floor, limit=limit)
        at = part.segments[0].live
        permitted = sum(self._held.counts.get((at.gallery_id, one, at.space_id), 0) for one in classes)
        round_ = Round(self, part, classes, probes, floor, limit)
        compared = 0
        for _ in range(TRIES):
            compared = round_.go(permitted)
            if (compared <= EXACT_ROWS) == (permitted <= EXACT_ROWS) and round_.depth >= depth_for(
                compared, limit
            ):
                break
            permitted = compared
        return [round_.settle(n, depth_for(compared, limit)) for n in range(len(probes))], compared

    def assign(self, part: Part, without: frozenset[str]) -> dict[str, list[str]]:
        """Segments of a part by the holder that is to search them: of those that have one open, who has least to do so far.

        Holders with most rows come first: a request takes a third of a millisecond to send, and they are waited for.
        """
        links = list(self.fleet.links.values())
        waiting = [link for link in links if not link.held <= link.open | link.broken.keys()]
        for name, (header, _) in self.ask([(link, {"op": "state"}, ()) for link in waiting]).items():
            if name in self.fleet.links:
                _take(self.fleet.links[name], header)
        out: dict[str, list[str]] = {}
        rows: Counter[str] = Counter()
        for one in sorted(part.segments, key=len, reverse=True):
            name = one.live.id
            able = [
                link.name
                for link in self.fleet.holders_of(name, len(links))
                if name in link.open and link.name not in without
            ]
            if able:
                chosen = min(able, key=lambda each: rows[each])
                rows[chosen] += len(one)
                out.setdefault(chosen, []).append(name)
        return {name: out[name] for name, _ in rows.most_common()}


def _take(link: Link, state: dict[str, Any]) -> None:
    if "open" in state:
        link.open, link.broken = frozenset(state["open"]), dict(state["broken"])
        link.resident = int(state["resident"])
        if state["unavailable"]:
            _log.warning("a holder of the index cannot read segments now: %s", state["unavailable"])


def _told(files: MediaStore) -> dict[str, Any]:
    if isinstance(files, S3MediaStore):
        return {"kind": "s3", "place": vars(files.place)}
    assert isinstance(files, FolderMediaStore)
    return {"kind": "folder", "path": str(files.directory)}
