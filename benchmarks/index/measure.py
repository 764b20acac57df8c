"""The index alone: what `countenance bench index` tells, and permission, batches, enrolment, erasure, upkeep beside searches,
and opening it with nothing of its files in memory.

    OPENBLAS_NUM_THREADS=1 python benchmarks/index/measure.py --templates 1000000 [--dim 128] [--seed 1] [--in DIR] [--out FILE]

One thread, but for upkeep, which works in a second one. Milliseconds and seconds as the names say. `figures.sh` runs it at
all sizes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from countenance.bench.building import GALLERY, NOW, SHARES, SPACE, GeneratedIndex, grant
from countenance.bench.index import serve_and_measure, timed
from countenance.biometrics.templates import Template
from countenance.index import upkeep
from countenance.index.head import NewRow
from countenance.index.index import Index


def measure(made: GeneratedIndex) -> dict[str, Any]:
    """All figures."""
    made.forget_files()
    began, cold = time.perf_counter(), made.index(background=True)
    answer = made.search(cold, made.probes()[0])
    first = time.perf_counter() - began
    while made.search(cold, made.probes()[0]).coverage.not_searchable:
        time.sleep(0.02)
    whole = time.perf_counter() - began
    index, probes = made.index(), made.probes()[::4]
    made.search(index, probes[0])
    together, apart = _batch(made, index, probes[:64])
    return {
        "first_answer_s": round(first, 3),
        "first_answer_searched": answer.coverage.searched,
        "whole_s": round(whole, 3),
        "two_threads_p50_ms": _threads(made, probes),
        "permitted_p50_ms": {
            share: _ms(sorted(timed(made.search, index, probe, number) for probe in probes[:60]), 0.5)
            for number, share in enumerate(SHARES, start=1)
        },
        "batch_64_gain": round(apart / together, 2),
        **_changes(made, index, probes),
    }


def _threads(made: GeneratedIndex, probes: Sequence[Template]) -> float:
    index = made.index(threads=2)
    return _ms(sorted(timed(made.search, index, probe) for probe in probes), 0.5)


def _batch(made: GeneratedIndex, index: Index, probes: Sequence[Template]) -> tuple[float, float]:
    def together() -> None:
        with made.begin() as tx:
            index.search_many(tx, grant(len(SHARES)), probes, floor=0.2, now=NOW, epoch=0)

    def apart() -> None:
        for probe in probes:
            made.search(index, probe)

    one, other = (min(timed(act) for _ in range(3)) for act in (together, apart))
    return one, other


def _changes(made: GeneratedIndex, index: Index, probes: Sequence[Template]) -> dict[str, Any]:
    """Enrol 1,000: what a search takes longer after the commit. Erase one: until its segment is rewritten, and how long
    searches take meanwhile.
    """
    rows = [
        NewRow(
            reference_id=str(uuid.uuid4()),
            face_id=str(uuid.uuid4()),
            gallery_id=GALLERY,
            class_id=1,
            space_id=SPACE,
            dimension=made.dimension,
            norm=8.0,
            sealed=vector.tobytes(),
        )
        for vector in made.draw.photographs(made.draw.people(1_000))
    ]
    began = time.perf_counter()
    with made.begin() as tx:
        index.enrol(tx, rows)
    enrolled = time.perf_counter() - began
    with made.begin() as tx:
        synced = timed(index.sync, tx)
    quiet = sorted(timed(made.search, index, probe) for probe in probes)
    held = index.held().parts[GALLERY, SPACE].segments[0]
    (gone,) = held.references(np.array([len(held) // 2]))
    with made.begin() as tx:
        # Rows of this benchmark have no records: the line that a removal leaves is written as `remove` writes it.
        tx.execute("update index_clock set seq = seq + 2 where id = 1")
        ((seq,),) = tx.execute("select seq from index_clock")
        assert isinstance(seq, int)
        tx.execute("insert into index_change (seq, op, reference_id) values (%s, 'mark', 'x')", (seq - 1,))
        tx.execute(
            "insert into index_change (seq, op, reference_id, gallery_id, class_id, space_id)"
            " values (%s, 'remove', %s, %s, 1, %s)",
            (seq, gone, GALLERY, SPACE),
        )
    done = threading.Event()
    told: dict[str, Any] = {}

    def keep() -> None:
        other = made.beside()
        began = time.perf_counter()
        told["report"] = upkeep.keep(index, other.begin, now=NOW, seal_rows=1)
        told["seconds"] = time.perf_counter() - began
        other.close()
        done.set()

    worker = threading.Thread(target=keep)
    worker.start()
    beside = []
    while not done.is_set():
        beside.append(timed(made.search, index, probes[len(beside) % len(probes)]))
    worker.join()
    assert told["report"].rewritten == 1
    return {
        "enrol_1000_ms": round(enrolled * 1e3, 1),
        "searchable_after_ms": round(synced * 1e3, 1),
        "erased_and_sealed_s": round(told["seconds"], 2),
        "p99_quiet_ms": _ms(quiet, 0.99),
        "p99_beside_upkeep_ms": _ms(sorted(beside), 0.99),
        "searches_beside_upkeep": len(beside),
    }


def _ms(ascending: Sequence[float], part: float) -> float:
    return round(ascending[int(len(ascending) * part)] * 1e3, 3)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--templates", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--in", dest="where", type=Path, help="a folder with room")
    parser.add_argument("--out", type=Path, help="where the figures go, once all are there")
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="countenance-bench-", dir=arguments.where) as folder:
        made = GeneratedIndex(Path(folder), arguments.templates, arguments.dim, arguments.seed)
        build_s = made.build(lambda written: print(f"{written:,} written", file=sys.stderr, flush=True))
        told = {
            "templates": arguments.templates,
            "dim": arguments.dim,
            "seed": arguments.seed,
            "commit": _commit(),
            "load": round(os.getloadavg()[0], 1),
            "numpy_million_ms": _brute_force_ms(),
            **asdict(serve_and_measure(made, build_s)),
            **measure(made),
        }
        made.close()
    text = json.dumps(told, indent=1)
    if arguments.out:
        unfinished = arguments.out.with_suffix(".tmp")
        unfinished.write_text(text + "\n")
        unfinished.replace(arguments.out)
    print(text)


def _commit() -> str:
    done = subprocess.run(
        [shutil.which("git") or "git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def _brute_force_ms() -> float:
    """How fast the machine is just now: one product of a million rows of 128 values with a probe, by NumPy."""
    rows = np.random.default_rng(1).standard_normal((1_000_000, 128), dtype=np.float32)
    return round(min(timed(rows.__matmul__, rows[0]) for _ in range(5)) * 1e3, 1)


if __name__ == "__main__":
    main()
