"""One search of a cluster, over all parties: the head here, and holders on other machines. See `index` for how."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from countenance.cluster.holder import Shortlist, shortlists
from countenance.index.answers import ScoredRow
from countenance.index.codes import CodedProbe
from countenance.index.held import Part
from countenance.index.scan import EXACT_ROWS, depth_for
from countenance.primitives.errors import UnavailableError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.cluster.index import ClusterIndex

TRIES = 4  # a holder lost, or lists too short


class Round:
    """One search over all parties: the head here (party `""`), and holders."""

    def __init__(
        self,
        index: ClusterIndex,
        part: Part,
        classes: frozenset[int],
        probes: Sequence[CodedProbe],
        floor: float,
        limit: int,
    ) -> None:
        self._index, self._part, self._classes, self._probes = index, part, classes, probes
        self._floor, self._limit = floor, limit
        self.depth = 0
        self._rows = {one.live.id: one.live.rows for one in part.segments}
        self._total = max(1, sum(self._rows.values()) + sum(map(len, part.head.blocks)))
        # By party: `""` is the head here, others a holder's name and the try.
        self._asked: dict[str, int | None] = {}
        self._segments: dict[str, list[str]] = {}
        self._lists: dict[str, list[Shortlist]] = {}
        self._counts: dict[str, int] = {}
        self._blobs = (
            np.concatenate([one.rotated for one in probes]).astype("<f4").tobytes(),
            np.concatenate([one.integers for one in probes]).astype("<f4").tobytes(),
        )

    def go(self, permitted: int) -> int:
        """Ask all parties; returns how many rows were compared."""
        exact = permitted <= EXACT_ROWS
        self.depth = depth_for(permitted, self._limit)
        head = self._part.head.blocks
        self._asked = {"": None if exact else self._share(sum(map(len, head)))}
        self._lists = {"": self._here(self._asked[""])}
        self._counts = {"": sum(block.count(self._classes) for block in head)}
        self._segments = {}
        lost: frozenset[str] = frozenset()
        missing = set(self._rows)
        for attempt in range(TRIES):
            assigned = {}
            for name, segments in self._index.assign(self._part, lost).items():
                wanted = [one for one in segments if one in missing]
                if wanted:
                    assigned[f"{name}#{attempt}"] = wanted
            asks = {
                party: None if exact else self._share(sum(self._rows[one] for one in segments))
                for party, segments in assigned.items()
            }
            answers = self._send(assigned, asks) if assigned else {}
            for party in assigned:
                if party in answers:
                    self._take(party, answers[party], asks[party])
                    missing -= set(self._segments[party])
                else:
                    lost |= {_holder(party)}
            if not missing or not assigned:
                break
        return sum(self._counts.values())

    def _share(self, rows: int) -> int:
        """How many of the best of all to expect among so many rows, and some more."""
        share = (self.depth + 1) * rows / self._total
        return math.ceil(share + 4 * math.sqrt(share) + 16)

    def _here(self, ask: int | None) -> list[Shortlist]:
        return shortlists(
            self._part.head.blocks, self._classes, self._probes, ask=ask, floor=self._floor, limit=self._limit
        )

    def _send(self, assigned: dict[str, list[str]], asks: dict[str, int | None]) -> dict[str, Any]:
        """Answers by party."""
        requests, parties = [], {}
        for party, segments in assigned.items():
            link = self._index.fleet.links.get(_holder(party))
            if link is not None:
                parties[link.name] = party
                header = {
                    "op": "search",
                    "segments": segments,
                    "classes": sorted(self._classes),
                    "lengths": [one.length for one in self._probes],
                    "ask": asks[party],
                    "floor": self._floor,
                    "limit": self._limit,
                }
                requests.append((link, header, self._blobs))
        came = self._index.ask(requests)
        return {parties[name]: answer for name, answer in came.items()}

    def _take(self, party: str, answer: Any, ask: int | None) -> None:
        header, blobs = answer
        lists = []
        for n, above in enumerate(header["above"]):
            codes, exact, rows = blobs[3 * n : 3 * n + 3]
            lists.append(
                Shortlist(
                    -math.inf if above is None else float(above),
                    np.frombuffer(codes, "<f4"),
                    np.frombuffer(exact, "<f4"),
                    np.frombuffer(rows, "<u4"),
                    header["names"][n],
                )
            )
        self._lists[party], self._counts[party] = lists, header["count"]
        self._asked[party], self._segments[party] = ask, header["searched"]

    def settle(self, n: int, depth: int) -> list[ScoredRow]:
        """The best rows for probe `n`, as `scan.best_rows` has them."""
        wanted = depth
        while True:
            lists = {name: each[n] for name, each in self._lists.items()}
            every = np.concatenate([one.codes for one in lists.values()])
            cut = -math.inf if every.size <= wanted else float(-np.partition(-every, wanted)[wanted])
            short = [name for name, one in lists.items() if one.above > cut]
            if short:
                self._longer(short)
                continue
            kept = sum(int((one.codes > cut).sum()) for one in lists.values())
            if kept * 2 >= depth or cut == -math.inf or math.isinf(cut):
                break
            wanted *= 2  # very many equal rows at the cut
        best = [
            (-float(one.exact[row]), name)
            for one in lists.values()
            for row, name in zip(one.rows.tolist(), one.names, strict=True)
            if one.codes[row] > cut or math.isinf(cut)
        ]
        best.sort()
        return [ScoredRow(name, -score) for score, name in best[: self._limit]]

    def _longer(self, short: Sequence[str]) -> None:
        """Ask some parties for longer lists; one that is lost meanwhile has none, and its rows were not searched."""
        asks = {name: (self._asked[name] or 1) * 4 for name in short}
        if "" in asks:
            self._lists[""], self._asked[""] = self._here(asks[""]), asks[""]
        for party in [name for name in short if name]:  # rare; one holder may be two parties
            answers = self._send({party: self._segments[party]}, {party: asks[party]})
            if party not in answers:
                raise UnavailableError(
                    N_("A holder of the index was lost in the middle of a search."),
                    remedy=N_("Give the same command again; others take its place."),
                    code="cluster-holder-lost",
                )
            self._take(party, answers[party], asks[party])


def _holder(party: str) -> str:
    return party.rpartition("#")[0]
