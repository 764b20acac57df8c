"""The index against others, on the same templates in one run: mates found, time, memory, and whether a deleted row stays.

    OPENBLAS_NUM_THREADS=1 python benchmarks/index/compare.py [--templates 1000000] [--dim 128] [--seed 1]
                           [--engines numpy,faiss-sq8,..] [--out docs/img/index-comparison.svg] [--json FILE]

One thread each, every engine in a process of its own, one after another. Engines whose package is not installed are
named as such; FAISS and NumPy are always there (`uv sync --group bench` brings the others). Each gives the best 500 where
it scores approximately, and those are scored again from float32 (ours from its int8), which is what makes engines with
small codes comparable; "found" is the share of mated probes whose mate is among the first 50. Deleted: the row's float32,
int8 or code bytes, as the engine keeps them, are looked for in what it writes to disk.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from chart import draw
from generator import TemplateGenerator

BANDS = {"0.3-0.4": (0.3, 0.4), "0.4-0.5": (0.4, 0.5), ">0.5": (0.5, 1.01)}
PER_BAND, TIMED, LISTED, RESCORED = 200, 100, 50, 500

type Answers = Callable[[np.ndarray], np.ndarray]
"""Probes (n, dimension) to row numbers (n, up to 500), best first."""


@dataclass(kw_only=True)
class Engine:
    """What an adapter hands over. `drop`: deletes rows; `dump`: the bytes that the engine keeps on disk."""

    search: Answers
    approximate: bool = True
    drop: Callable[[np.ndarray], None] | None = None
    dump: Callable[[], bytes] | None = None
    form: Callable[[np.ndarray], bytes] = field(default=lambda row: row.tobytes())


def numpy_float32(rows: np.ndarray, _: Path) -> Engine:
    def search(probes: np.ndarray) -> np.ndarray:
        out = []
        for probe in probes:
            scores = rows @ probe
            best = np.argpartition(-scores, LISTED)[:LISTED]
            out.append(best[np.argsort(-scores[best])])
        return np.array(out)

    return Engine(search=search, approximate=False)


def faiss_engine(
    text: str, *, nprobe: int = 0, ef: int = 0, exact: bool = False
) -> Callable[[np.ndarray, Path], Engine]:
    def make(rows: np.ndarray, _: Path) -> Engine:
        import faiss

        faiss.omp_set_num_threads(1)
        index = faiss.index_factory(
            rows.shape[1], text.format(half=rows.shape[1] // 2), faiss.METRIC_INNER_PRODUCT
        )
        index.train(rows[:100_000])
        index.add(rows)
        if nprobe:
            faiss.extract_index_ivf(index).nprobe = nprobe
        if ef:
            index.hnsw.efSearch = ef
        drop = None if ef else index.remove_ids
        return Engine(
            search=lambda probes: index.search(probes, LISTED if exact else RESCORED)[1],
            approximate=not exact,
            drop=drop,
            dump=lambda: faiss.serialize_index(index).tobytes(),
            form=(lambda row: row.tobytes())
            if exact or ef or "Flat" in text
            else lambda row: index.sa_encode(row[None]).tobytes(),
        )

    return make


def usearch_engine(*, exact: bool) -> Callable[[np.ndarray, Path], Engine]:
    def make(rows: np.ndarray, folder: Path) -> Engine:
        from usearch.index import Index, search

        if exact:
            return Engine(
                search=lambda probes: np.atleast_2d(
                    search(rows, probes, LISTED, metric="ip", exact=True, threads=1).keys
                ),
                approximate=False,
            )
        index = Index(ndim=rows.shape[1], metric="ip", dtype="i8", expansion_search=256)
        index.add(np.arange(len(rows)), rows, threads=1)

        def dump() -> bytes:
            index.save(str(folder / "usearch"))
            return (folder / "usearch").read_bytes()

        return Engine(
            search=lambda probes: np.atleast_2d(index.search(probes, RESCORED, threads=1).keys),
            drop=index.remove,
            dump=dump,
            form=lambda _: np.asarray(index.get(7, "i8")).tobytes(),
        )

    return make


def turbovec_engine(rows: np.ndarray, _: Path) -> Engine:
    from turbovec import IdMapIndex

    index = IdMapIndex(rows.shape[1], 4)
    index.add_with_ids(rows, np.arange(len(rows), dtype=np.uint64))
    return Engine(search=lambda probes: np.asarray(index.search(probes, RESCORED)[1]).astype(np.int64))


def ours(rows: np.ndarray, folder: Path) -> Engine:
    from measure import SPACE, _Bench, _grant

    from countenance.biometrics.templates import Template
    from countenance.index.codes import Exact
    from countenance.primitives.sql import SqliteTransaction

    bench = _Bench(folder, len(rows), rows.shape[1], 0)
    pieces = []
    for start in range(0, len(rows), 100_000):
        exact: Exact = bench.codec.exact(bench.codec.rotate(rows[start : start + 100_000]))
        numbers = np.zeros((len(exact.scales), 16), np.uint8)
        numbers[:, 8:] = np.arange(start, start + len(numbers), dtype=">u8")[:, None].view(np.uint8)
        pieces.append((numbers, np.ones(len(numbers), np.int64), bench.codec.codes(exact), exact))
    bench._write(pieces)  # noqa: SLF001 - one benchmark in two files
    index = bench.index()
    tx = SqliteTransaction(bench.database)

    def search(probes: np.ndarray) -> np.ndarray:
        asked = [Template(vector=one.copy(), norm=8.0, space_id=SPACE) for one in probes]
        from measure import NOW

        answers = index.search_many(tx, _grant(1), asked, floor=-1.0, now=NOW, epoch=0, limit=LISTED)
        return np.array(
            [[int(row.reference_id.replace("-", "")[16:], 16) for row in one.rows] for one in answers]
        )

    return Engine(search=search, approximate=False)


ENGINES: dict[str, tuple[str, Callable[[np.ndarray, Path], Engine]]] = {
    "countenance": ("faiss", ours),
    "numpy float32": ("numpy", numpy_float32),
    "faiss Flat": ("faiss", faiss_engine("Flat", exact=True)),
    "faiss SQ8": ("faiss", faiss_engine("SQ8")),
    "faiss PQ FastScan": ("faiss", faiss_engine("PQ{half}x4fs")),
    "faiss RaBitQ FastScan": ("faiss", faiss_engine("RaBitQfs")),
    "faiss IVF2048, 16": ("faiss", faiss_engine("IVF2048,Flat", nprobe=16, exact=True)),
    "faiss IVF2048, 256": ("faiss", faiss_engine("IVF2048,Flat", nprobe=256, exact=True)),
    "faiss HNSW32, 256": ("faiss", faiss_engine("HNSW32", ef=256, exact=True)),
    "usearch exact": ("usearch", usearch_engine(exact=True)),
    "usearch HNSW, 256": ("usearch", usearch_engine(exact=False)),
    "turbovec 4 bit": ("turbovec", turbovec_engine),
}
SLOW = {"faiss HNSW32, 256", "usearch HNSW, 256"}


def run(name: str, folder: Path, queue: Any) -> None:
    """One engine, in its own process."""
    rows = np.load(folder / "rows.npy", mmap_mode="r")
    probes, mates = np.load(folder / "probes.npy"), np.load(folder / "mates.npy")
    rows = np.array(rows)
    own = folder / "engine"
    own.mkdir()
    before = _anonymous()
    started = time.perf_counter()
    engine = ENGINES[name][1](rows, own)
    built = time.perf_counter() - started

    def found(asked: np.ndarray) -> np.ndarray:
        answer = engine.search(asked)
        if not engine.approximate:
            return answer[:, :LISTED]
        best = []
        for probe, one in zip(asked, answer, strict=True):
            there = one[one >= 0]
            best.append(there[np.argsort(-(rows[there] @ probe))][:LISTED])
        return np.array([np.pad(one, (0, LISTED - len(one)), constant_values=-1) for one in best])

    found(probes[:5])
    times = []
    for n in range(TIMED):
        began = time.perf_counter()
        found(probes[n % len(probes)][None])
        times.append(time.perf_counter() - began)
    began = time.perf_counter()
    found(np.ascontiguousarray(probes[:64]))
    together = time.perf_counter() - began
    listed = np.concatenate([found(np.ascontiguousarray(probes[n : n + 1])) for n in range(len(probes))])
    result: dict[str, Any] = {
        "build_s": round(built, 1),
        "p50_ms": round(float(np.percentile(times, 50)) * 1e3, 2),
        "p99_ms": round(float(np.percentile(times, 99)) * 1e3, 2),
        "per_s_at_64": round(64 / together, 1),
        "bytes_per_template": round((_anonymous() - before) / len(rows), 1),
        "found": {
            band: round(
                100 * float(np.mean([mate in one for mate, one in zip(mates[at], listed[at], strict=True)])),
                1,
            )
            for band, at in _bands(len(mates)).items()
        },
    }
    if engine.drop is not None and engine.dump is not None:
        mark = engine.form(rows[7])
        there = mark in engine.dump()
        began = time.perf_counter()
        engine.drop(np.arange(1_000))
        result["delete_1000_s"] = round(time.perf_counter() - began, 2)
        result["deleted_bytes"] = (
            "not found before" if not there else "stay" if mark in engine.dump() else "gone"
        )
    queue.put(result)


def _bands(count: int) -> dict[str, slice]:
    each = count // len(BANDS)
    return {band: slice(n * each, (n + 1) * each) for n, band in enumerate(BANDS)}


def prepare(folder: Path, count: int, dimension: int, seed: int) -> None:
    """Draw references, and probes of each band whose mates are among them."""
    draw_from = TemplateGenerator(seed, dimension)
    people = draw_from.people(count)
    rows = draw_from.photographs(people)
    sample = min(count, 200_000)
    probes = draw_from.photographs(people[:sample])
    true = np.einsum("ij,ij->i", probes, rows[:sample])
    chosen = [np.flatnonzero((true >= low) & (true < high))[:PER_BAND] for low, high in BANDS.values()]
    each = min(map(len, chosen))
    mates = np.concatenate([one[:each] for one in chosen])
    np.save(folder / "rows.npy", rows)
    np.save(folder / "probes.npy", probes[mates])
    np.save(folder / "mates.npy", mates)


def table(results: dict[str, dict[str, Any]]) -> str:
    """The table of docs/figures.md."""
    head = ["engine", "p50 ms", "p99 ms", "probes/s at 64", *(f"found {band}" for band in BANDS)]
    lines = [
        "| " + " | ".join([*head, "bytes each", "build s", "deleted bytes"]) + " |",
        "|---" * (len(head) + 3) + "|",
    ]
    for name, one in results.items():
        if "error" in one:
            lines.append(f"| {name} | {one['error']} |" + " |" * (len(head) + 1))
            continue
        cells = [name, one["p50_ms"], one["p99_ms"], one["per_s_at_64"], *one["found"].values()]
        cells += [one["bytes_per_template"], one["build_s"], one.get("deleted_bytes", "")]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _anonymous() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    return 0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--templates", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--engines", help="names, separated by semicolons; all but the slow ones where left out"
    )
    parser.add_argument("--slow", action="store_true", help="graphs too: minutes to build at a million")
    parser.add_argument("--out", type=Path, help="where to draw the plot (SVG)")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    names = asked.engines.split(";") if asked.engines else [n for n in ENGINES if asked.slow or n not in SLOW]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("RAYON_NUM_THREADS", "1")
    results: dict[str, dict[str, Any]] = {}
    start = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="countenance-compare-") as base:
        prepare(Path(base), asked.templates, asked.dim, asked.seed)
        for name in names:
            if importlib.util.find_spec(ENGINES[name][0]) is None:
                results[name] = {"error": "not installed"}
                continue
            with tempfile.TemporaryDirectory(dir=base) as own:
                for file in ("rows.npy", "probes.npy", "mates.npy"):
                    (Path(own) / file).symlink_to(Path(base) / file)
                queue = start.Queue()
                process = start.Process(target=run, args=(name, Path(own), queue))
                process.start()
                while process.is_alive() and queue.empty():
                    process.join(0.5)
                results[name] = (
                    queue.get() if not queue.empty() else {"error": f"ended with {process.exitcode}"}
                )
                process.join()
            print(name, results[name], flush=True)
    print(
        f"\n{asked.templates:,} templates, {asked.dim} values, seed {asked.seed}, {platform.machine()}\n\n{table(results)}"
    )
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1))
    if asked.out:
        draw(asked.out, results, band="0.4-0.5")


if __name__ == "__main__":
    main()
