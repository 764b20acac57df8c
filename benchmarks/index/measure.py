"""The index alone, at any size: time, mates found against brute force, memory, cold start, erasure.

    OPENBLAS_NUM_THREADS=1 python benchmarks/index/measure.py --templates 1000000 [--dim 128] [--seed 1] [--json]

Templates are drawn piece by piece and never held in whole as float32, so brute force is done on the way: for each probe,
how many references score above its mate. Everything served is real: encrypted segment files in a folder, the live set in
SQLite, grants with their MAC. Only the records are left out: rows go straight into segments, as rebuilding them would.
One thread. `.._cpu_ms` is processor time, which says more than the clock on a machine that does other work too.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from generator import TemplateGenerator

from countenance.biometrics.templates import SpaceId, Template
from countenance.index import live, upkeep
from countenance.index.codes import Codec, Exact
from countenance.index.head import NewRow
from countenance.index.index import Index
from countenance.index.live import LiveSegment
from countenance.index.naming import Ids
from countenance.index.scan import depth_for
from countenance.index.schema import schema
from countenance.index.segment import SegmentRows, write_segment
from countenance.policy.grants import AuthorityKind, Grant, compute_mac
from countenance.policy.purposes import Purpose
from countenance.primitives.sql import SqliteTransaction, open_sqlite, sqlite_transaction
from countenance.vault.media import FolderMediaStore

SPACE = SpaceId("generated-0000000000000001")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY, SEED, GALLERY = b"k" * 32, b"s" * 32, "gallery"
BANDS = {"0.3-0.4": (0.3, 0.4), "0.4-0.5": (0.4, 0.5), ">0.5": (0.5, 1.01)}
PER_BAND = 300
LISTED = 50
PIECE = 100_000
SHARES = {
    "0.01%": 0.0001,
    "1%": 0.01,
    "10%": 0.1,
    "50%": 0.5,
    "100%": 1.0,
}  # by class, each with those before it


class Keys:
    """Segment keys in memory: what the vault costs is one small file a segment."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def wrap(self, segment_id: str, key: bytes) -> bytes:
        self._held[segment_id] = key
        return b"wrapped"

    def unwrap(self, segment_id: str, _wrapped: bytes) -> bytes | None:
        return self._held.get(segment_id)

    def destroy(self, segment_ids: Sequence[str]) -> None:
        for segment_id in segment_ids:
            self._held.pop(segment_id, None)


def measure(templates: int, dim: int = 128, seed: int = 1) -> dict[str, Any]:
    """All figures of one size, in milliseconds, seconds, bytes and counts."""
    import faiss

    faiss.omp_set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="countenance-bench-") as folder:
        bench = _Bench(Path(folder), templates, dim, seed)
        build_s = bench.build()
        gc.collect()
        return {
            "templates": templates,
            "dim": dim,
            "seed": seed,
            "build_s": round(build_s, 2),
            **bench.serve(),
        }


class _Bench:
    def __init__(self, folder: Path, templates: int, dim: int, seed: int) -> None:
        self.count, self.dim = templates, dim
        self.draw = TemplateGenerator(seed, dim)
        self.rng = np.random.default_rng(seed)
        self.codec = Codec(dim, SEED)
        self.files, self.keys = FolderMediaStore(folder / "segments"), Keys()
        self.database = open_sqlite(folder / "records.sqlite3")
        with sqlite_transaction(self.database) as tx:
            for statement in schema("sqlite"):
                tx.execute(statement)
        self.probes: dict[str, np.ndarray] = {}
        self.mates: dict[str, list[str]] = {}
        self.above: dict[str, np.ndarray] = {}

    @contextmanager
    def begin(self) -> Iterator[SqliteTransaction]:
        with sqlite_transaction(self.database) as tx:
            yield tx

    def index(self, *, background: bool = False) -> Index:
        return Index(
            mac_key=KEY,
            unseal=lambda items: [sealed for _, _, sealed in items],
            seeds=lambda _: SEED,
            files=self.files,
            keys=self.keys,
            background=background,
        )

    # ---- build -------------------------------------------------------------------------------------------------

    def build(self) -> float:
        """Draw, code and write everything; returns the seconds of coding and writing."""
        spent = 0.0
        waiting: list[tuple[np.ndarray, np.ndarray, np.ndarray, Exact]] = []
        for start in range(0, self.count, PIECE):
            people = self.draw.people(min(PIECE, self.count - start))
            references = self.draw.photographs(people)
            ids = np.frombuffer(self.rng.bytes(16 * len(people)), np.uint8).reshape(-1, 16)
            if start == 0:
                self._choose_probes(people, references, ids)
            self._brute_force(references, first=start == 0)
            began = time.perf_counter()
            exact = self.codec.exact(self.codec.rotate(references))
            waiting.append((ids, self._classes(len(ids)), self.codec.codes(exact), exact))
            if sum(len(one[0]) for one in waiting) + PIECE > upkeep.MOST_ROWS or start + PIECE >= self.count:
                self._write(waiting)
                waiting = []
            spent += time.perf_counter() - began
        return spent

    def _classes(self, count: int) -> np.ndarray:
        return np.searchsorted(list(SHARES.values()), self.rng.random(count)).clip(0, len(SHARES) - 1) + 1

    def _choose_probes(self, people: np.ndarray, references: np.ndarray, ids: np.ndarray) -> None:
        probes = self.draw.photographs(people)
        true = np.einsum("ij,ij->i", probes, references)
        for band, (low, high) in BANDS.items():
            rows = np.flatnonzero((true >= low) & (true < high))[:PER_BAND]
            self.probes[band] = probes[rows]
            self.mates[band] = [str(uuid.UUID(bytes=ids[row].tobytes())) for row in rows]
            self.above[band] = np.zeros(len(rows), np.int64)
        self.rows = {
            band: true[(true >= low) & (true < high)][:PER_BAND] for band, (low, high) in BANDS.items()
        }

    def _brute_force(self, references: np.ndarray, *, first: bool) -> None:
        for band, probes in self.probes.items():
            if len(probes):
                scores = probes @ references.T
                # The mate itself is in the first piece; a hair more than its own score keeps it from counting itself.
                self.above[band] += (scores > self.rows[band][:, None] + (1e-6 if first else 0)).sum(axis=1)

    def _write(self, waiting: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray, Exact]]) -> None:
        ids = Ids(rows=np.concatenate([one[0] for one in waiting]), width=0)
        classes = np.concatenate([one[1] for one in waiting])
        order = np.lexsort((ids.sortable, classes))
        rows = SegmentRows(
            ids=ids.take(order),
            classes=classes[order],
            codes=np.concatenate([one[2] for one in waiting])[order],
            exact=Exact(
                values=np.concatenate([one[3].values for one in waiting])[order],
                scales=np.concatenate([one[3].scales for one in waiting])[order],
            ),
        )
        made = LiveSegment(
            id=str(uuid.uuid4()),
            gallery_id=GALLERY,
            space_id=SPACE,
            dimension=self.dim,
            rows=len(order),
            as_of=0,
        )
        with self.begin() as tx:
            live.note_building(tx, [made.id], NOW)
        write_segment(
            self.files,
            self.keys,
            segment_id=made.id,
            gallery_id=GALLERY,
            space_id=SPACE,
            dimension=self.dim,
            seed=SEED,
            rows=rows,
        )
        with self.begin() as tx:
            live.replace(tx, inputs=[], outputs=[made], sealed=None, now=NOW)
            kinds, numbers = np.unique(classes, return_counts=True)
            for kind, number in zip(kinds.tolist(), numbers.tolist(), strict=True):
                live.count(tx, {(GALLERY, kind, ""): number, (GALLERY, kind, SPACE): number})

    # ---- serve -------------------------------------------------------------------------------------------------

    def serve(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        before = _anonymous()
        index = self.index()
        began = time.perf_counter()
        with self.begin() as tx:
            index.sync(tx)
        out["cold_start_s"] = round(time.perf_counter() - began, 3)
        singles = [
            Template(vector=one, norm=8.0, space_id=SPACE)
            for one in np.concatenate(list(self.probes.values()))
        ][:: max(1, sum(map(len, self.probes.values())) // 200)]
        for probe in singles[:20]:
            self.search(index, probe)
        used = sorted(_timed(self.search, index, probe, clock=time.thread_time) for probe in singles)
        out["p50_cpu_ms"] = round(used[len(used) // 2] * 1e3, 3)
        times = sorted(_timed(self.search, index, probe) for probe in singles)
        out["p50_ms"] = round(times[len(times) // 2] * 1e3, 3)
        out["p99_ms"] = round(times[int(len(times) * 0.99)] * 1e3, 3)
        out["resident_bytes_per_template"] = round((_anonymous() - before) / self.count, 1)
        scanners = [one.segment.scanner for one in index.held().parts[GALLERY, SPACE].segments]
        depth = depth_for(self.count, 320)
        coded = [self.codec.probe(probe.vector).rotated for probe in singles]
        for name, clock in (
            ("bare_scan_p50_ms", time.perf_counter),
            ("bare_scan_p50_cpu_ms", time.thread_time),
        ):
            bare = sorted(_timed(_bare, scanners, one, depth + 1, clock=clock) for one in coded)
            out[name] = round(bare[len(bare) // 2] * 1e3, 3)
        out["depth"] = depth
        read = self.count * self.dim / 4 / (out["p50_ms"] / 1e3)
        out["bandwidth_gb_s"] = round(_bandwidth() / 1e9, 1)
        out["bandwidth_share"] = round(read / 1e9 / out["bandwidth_gb_s"], 3)
        out["mates_found"] = self._mates(index)
        out["permitted_p50_cpu_ms"] = self._permitted(index, singles)
        out["batch_64"] = self._batch(index, singles)
        out |= self._changes(index)
        with self.begin() as tx:
            began, cold = time.perf_counter(), self.index(background=True)
            answer = self.search(cold, singles[0], tx=tx)
            out["first_answer_s"] = round(time.perf_counter() - began, 3)
            out["first_answer_searched"] = answer.coverage.searched
        return out

    def search(
        self, index: Index, probe: Template, classes: int = len(SHARES), tx: SqliteTransaction | None = None
    ) -> Any:
        return index.search(
            tx or SqliteTransaction(self.database), _grant(classes), probe, floor=0.2, now=NOW, epoch=0
        )

    def _mates(self, index: Index) -> dict[str, dict[str, float]]:
        found = {}
        for band, probes in self.probes.items():
            ours = 0
            for probe, mate in zip(probes, self.mates[band], strict=True):
                answer = self.search(index, Template(vector=probe, norm=8.0, space_id=SPACE))
                ours += mate in {row.reference_id for row in answer.rows[:LISTED]}
            number = max(1, len(probes))
            found[band] = {
                "probes": len(probes),
                "ours": round(100 * ours / number, 2),
                "brute_force": round(100 * float((self.above[band] < LISTED).sum()) / number, 2),
            }
        return found

    def _permitted(self, index: Index, probes: Sequence[Template]) -> dict[str, float]:
        out = {}
        for number, share in enumerate(SHARES, start=1):
            self.search(index, probes[0], number)
            times = sorted(
                _timed(self.search, index, probe, number, clock=time.thread_time) for probe in probes[:60]
            )
            out[share] = round(times[len(times) // 2] * 1e3, 3)
        return out

    def _batch(self, index: Index, probes: Sequence[Template]) -> dict[str, float]:
        several = list(probes[:64])
        tx, grant = SqliteTransaction(self.database), _grant(len(SHARES))

        def together() -> None:
            index.search_many(tx, grant, several, floor=0.2, now=NOW, epoch=0)

        def apart() -> None:
            for probe in several:
                index.search(tx, grant, probe, floor=0.2, now=NOW, epoch=0)

        one, other = (min(_timed(act, clock=time.thread_time) for _ in range(3)) for act in (together, apart))
        return {
            "together_cpu_ms": round(one * 1e3, 1),
            "apart_cpu_ms": round(other * 1e3, 1),
            "gain": round(other / one, 2),
        }

    def _changes(self, index: Index) -> dict[str, float]:
        """Enrol 1,000: what a search takes longer after the commit. Erase one: until its segment is rewritten."""
        vectors = self.draw.photographs(self.draw.people(1_000))
        rows = [
            NewRow(
                reference_id=str(uuid.uuid4()),
                face_id=str(uuid.uuid4()),
                gallery_id=GALLERY,
                class_id=1,
                space_id=SPACE,
                dimension=self.dim,
                norm=8.0,
                sealed=vector.tobytes(),
            )
            for vector in vectors
        ]
        began = time.perf_counter()
        with self.begin() as tx:
            index.enrol(tx, rows)
        enrolled = time.perf_counter() - began
        with self.begin() as tx:
            synced = _timed(index.sync, tx)
        held = index.held().parts[GALLERY, SPACE].segments[0]
        (gone,) = held.references(np.array([len(held) // 2]))
        with self.begin() as tx:
            # Rows of this benchmark have no records: the line that a removal leaves is written as `remove` writes it.
            tx.execute("update index_clock set seq = seq + 2 where id = 1")
            ((seq,),) = tx.execute("select seq from index_clock")
            tx.execute(
                "insert into index_change (seq, op, reference_id) values (%s, 'mark', 'x')",
                (int(str(seq)) - 1,),
            )
            tx.execute(
                "insert into index_change (seq, op, reference_id, gallery_id, class_id, space_id)"
                " values (%s, 'remove', %s, %s, 1, %s)",
                (seq, gone, GALLERY, SPACE),
            )
        began = time.perf_counter()
        report = upkeep.keep(index, self.begin, now=NOW, seal_rows=10**9)
        erased = time.perf_counter() - began
        assert report.rewritten == 1
        return {
            "enrol_1000_ms": round(enrolled * 1e3, 1),
            "searchable_after_ms": round(synced * 1e3, 1),
            "erased_s": round(erased, 2),
        }


@functools.cache
def _grant(classes: int) -> Grant:
    made = Grant(
        id="bench",
        authority_kind=AuthorityKind.EVALUATION,
        authority_id="bench",
        purpose=Purpose.MISSING_PERSON,
        on_behalf_of="CA",
        gallery_id=GALLERY,
        permission_classes=tuple(range(1, classes + 1)),
        k=20,
        expires_at=NOW + timedelta(days=1),
        pack_hash="0" * 64,
        revocation_epoch=0,
    )
    return replace(made, mac=compute_mac(made, KEY))


def _bare(scanners: Sequence[Any], probe: np.ndarray, ask: int) -> None:
    for each in scanners:
        each.search(probe, min(ask, each.ntotal))


def _timed(
    act: Callable[..., object], *args: object, clock: Callable[[], float] = time.perf_counter
) -> float:
    started = clock()
    act(*args)
    return clock() - started


def _anonymous() -> int:
    """Bytes of memory that is this process's own, without mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    return 0


def _bandwidth() -> float:
    """Bytes a second that one thread reads from memory, at best."""
    block = np.ones(1 << 27, np.uint64)  # 1 GiB
    return max(block.nbytes / min(_timed(act) for _ in range(3)) for act in (block.max, block.sum))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--templates", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one line")
    arguments = parser.parse_args()
    result = measure(arguments.templates, arguments.dim, arguments.seed)
    print(json.dumps(result) if arguments.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
