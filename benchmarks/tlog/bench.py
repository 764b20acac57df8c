"""The log at a million entries: appends, group commits, proofs cold and warm, signing, verifying.

    python benchmarks/tlog/bench.py [--entries N] [--directory DIR] [--json]

Makes a SQLite database as every database file of ours is opened (WAL, synchronous=FULL, secure_delete) in a temporary
folder (or DIR, so that the disk can be chosen). A warm proof is made over an open connection; a cold one over a
connection opened for it, which is timed too; `from_disk` is cold after the operating system was told to drop the
file's pages (posix_fadvise). Indexes are drawn with a fixed seed. Beside wall-clock times stand processor times, which
say something on a busy machine too; `load` is the mean number of waiting programs before and after.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countenance.primitives.sql import open_sqlite, sqlite_transaction
from countenance.tlog.leaf import NewEntry
from countenance.tlog.log import Log
from countenance.tlog.schema import schema
from countenance.tlog.verifier import verify_proof

START = datetime(2026, 3, 1, tzinfo=UTC)
SEED = 20260301
BATCH = 10_000


def entries(start: int, count: int) -> list[NewEntry]:
    """Entries as a search writes them: details with a case, an account, twenty candidates."""
    at = START + timedelta(milliseconds=start)
    return [
        NewEntry(
            event="search",
            at=at,
            purpose="missing-person",
            jurisdiction="CA-QC",
            client="tracing-service",
            pack="CA@1",
            details={"case": f"C-{number:08d}", "account": "A-7K3M-9QXA", "candidates": list(range(20))},
        )
        for number in range(start, start + count)
    ]


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Milliseconds."""
    ordered = sorted(seconds)
    return {
        "p50_ms": round(statistics.median(ordered) * 1e3, 3),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1e3, 3),
        "max_ms": round(ordered[-1] * 1e3, 3),
    }


def drop_pages(path: Path) -> None:
    """Ask the system to forget the cached pages of a file, so that the next read is the disk's."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def fill(log: Log, connection: sqlite3.Connection, total: int) -> tuple[float, float]:
    """Append in durable batches; returns entries a second, by the wall and by the processor.

    Making the entries is not counted.
    """
    spent = processor = 0.0
    for start in range(0, total, BATCH):
        batch = entries(start, min(BATCH, total - start))
        begun, used = time.perf_counter(), time.process_time()
        with sqlite_transaction(connection) as tx:
            log.append(tx, batch)
        spent += time.perf_counter() - begun
        processor += time.process_time() - used
    return total / spent, total / processor


def group_commits(log: Log, connection: sqlite3.Connection, start: int) -> dict[str, dict[str, float]]:
    """Durable commits of 1, 10, 100 and 1,000 entries on the full log, and the same without the log beside them."""
    connection.execute("CREATE TABLE beside (id INTEGER PRIMARY KEY, note BLOB)")
    result: dict[str, dict[str, float]] = {}
    bare: list[float] = []
    for _ in range(100):
        begun = time.perf_counter()
        with sqlite_transaction(connection) as tx:
            tx.execute("INSERT INTO beside (note) VALUES (%s)", (b"x" * 300,))
        bare.append(time.perf_counter() - begun)
    result["bare_commit"] = quantiles(bare)
    done = start
    for group in (1, 10, 100, 1000):
        durable: list[float] = []
        inside: list[float] = []
        for _ in range(100 if group < 1000 else 20):
            batch = entries(done, group)
            begun = time.perf_counter()
            with sqlite_transaction(connection) as tx:
                log.append(tx, batch)
                inside.append(time.perf_counter() - begun)
            durable.append(time.perf_counter() - begun)
            done += group
        result[f"group_{group}"] = {
            **quantiles(durable),
            "append_p50_ms": quantiles(inside)["p50_ms"],
            "entries_per_s": round(group * len(durable) / sum(durable)),
        }
    return result


def proofs(log: Log, path: Path, size: int, vkey: str) -> dict[str, dict[str, float]]:
    """`Log.prove` at random indexes: with checkpoint, entry, inclusion proof, and its own check of it."""
    draw = random.Random(SEED)
    warm, warm_processor = [], []
    connection = open_sqlite(path)
    for number in range(1_100):
        begun, used = time.perf_counter(), time.process_time()
        with sqlite_transaction(connection) as tx:
            text = log.prove(tx, draw.randrange(size))
        if number >= 100:
            warm.append(time.perf_counter() - begun)
            warm_processor.append(time.process_time() - used)
        if number % 100 == 0 and not verify_proof(text, vkey).ok:
            raise SystemExit("a proof does not verify")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return {
        "warm": {**quantiles(warm), "processor_p50_ms": quantiles(warm_processor)["p50_ms"]},
        "cold": fresh_proofs(log, path, size, from_disk=False),
        "from_disk": fresh_proofs(log, path, size, from_disk=True),
    }


def fresh_proofs(log: Log, path: Path, size: int, *, from_disk: bool) -> dict[str, float]:
    """Each over a connection of its own, opening it included."""
    draw = random.Random(SEED)
    spent, processor = [], []
    for _ in range(200):
        if from_disk:
            drop_pages(path)
        index = draw.randrange(size)
        begun, used = time.perf_counter(), time.process_time()
        connection = sqlite3.connect(path, isolation_level=None)
        with sqlite_transaction(connection) as tx:
            log.prove(tx, index)
        spent.append(time.perf_counter() - begun)
        processor.append(time.process_time() - used)
        connection.close()
    return {**quantiles(spent), "processor_p50_ms": quantiles(processor)["p50_ms"]}


def timed(call) -> tuple[float, object]:  # type: ignore[no-untyped-def]
    begun = time.perf_counter()
    value = call()
    return round(time.perf_counter() - begun, 3), value


def measure(total: int, directory: Path) -> dict[str, object]:
    path = directory / "log.db"
    connection = open_sqlite(path)
    for statement in schema("sqlite"):
        connection.execute(statement)
    log = Log("bench.example.org/log", Ed25519PrivateKey.generate())
    now = START + timedelta(days=1)
    load = [os.getloadavg()[0]]
    rate, processor_rate = fill(log, connection, total)
    with sqlite_transaction(connection) as tx:
        first_s, _ = timed(lambda: log.sign_checkpoint(tx, now))
    with sqlite_transaction(connection) as tx:
        log.append(tx, entries(total, 100))
    with sqlite_transaction(connection) as tx:
        next_s, _ = timed(lambda: log.sign_checkpoint(tx, now))
    proof = proofs(log, path, total + 100, log.vkey)
    groups = group_commits(log, connection, total + 100)
    with sqlite_transaction(connection) as tx:
        verify_s, report = timed(lambda: log.verify(tx))
    if not report.ok:  # type: ignore[attr-defined]
        raise SystemExit("the log does not verify")
    connection.close()
    return {
        "entries": total,
        "append_batch": BATCH,
        "append_entries_per_s": round(rate),
        "append_entries_per_processor_s": round(processor_rate),
        "proof": proof,
        "commits": groups,
        "sign_all_s": first_s,
        "sign_100_more_s": next_s,
        "verify_s": verify_s,
        "bytes_per_entry": round(path.stat().st_size / total),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "load": [round(each, 1) for each in (*load, os.getloadavg()[0])],
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "seed": SEED,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        result = measure(options.entries, Path(directory))
    if options.json:
        print(json.dumps(result, indent=2))
        return 0
    for key, value in result.items():
        for name, row in value.items() if isinstance(value, dict) else ((None, value),):
            print(f"{key if name is None else f'{key}.{name}':24} {row}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
