"""The head of the index: time to enrol, to load from the encrypted truth, and to search; at 10k, 100k, 1M templates.

Everything is real: vault, SQLite, sealed templates, grants. Beside it, in the same run, the bare product of the same
matrix by numpy (float32), which is the least an exhaustive exact scan of it can take.

    OPENBLAS_NUM_THREADS=1 python benchmarks/index/bench_head.py [--templates 10000 100000 1000000] [--seed 1] [--json]

One thread, because on a machine that does other work too a second one costs more in waiting than it brings.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from generator import TemplateGenerator, Templates

from countenance.biometrics.templates import SpaceId, Template
from countenance.index.head import NewRow, template_part
from countenance.index.index import Index
from countenance.index.schema import schema
from countenance.policy.grants import AuthorityKind, Grant, compute_mac
from countenance.policy.purposes import Purpose
from countenance.primitives.sql import open_sqlite, sqlite_transaction
from countenance.vault.vault import GRANT_SECRET, Plain, Sealed, Vault

SPACE = SpaceId("sface-generated")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FLOOR = 0.2
BATCH = 10_000
PROBES = 200


def run(count: int, seed: int, folder: Path) -> dict[str, float]:
    draw = TemplateGenerator(seed)
    people = draw.people(count)
    references, probes = draw.photographs(people), draw.photographs(people[:PROBES])
    with Vault.create(folder / "vault") as vault:
        connection = open_sqlite(folder / "records.sqlite3")
        index = Index(mac_key=vault.named_secret(GRANT_SECRET), unseal=_unseal(vault))
        with sqlite_transaction(connection) as tx:
            for statement in schema("sqlite"):
                tx.execute(statement)
        started = time.perf_counter()
        for start in range(0, count, BATCH):
            with sqlite_transaction(connection) as tx:
                index.enrol(tx, _rows(vault, references[start : start + BATCH], start))
        enrolled = time.perf_counter() - started
        before = _resident()
        started = time.perf_counter()
        with sqlite_transaction(connection) as tx:
            index.sync(tx)
        loaded = time.perf_counter() - started
        after = _resident()
        grant = _grant(vault.named_secret(GRANT_SECRET))
        wanted = [Template(vector=vector.copy(), norm=8.0, space_id=SPACE) for vector in probes]
        first = 0
        times: list[float] = []
        for number, probe in enumerate(wanted):
            started = time.perf_counter()
            with sqlite_transaction(connection) as tx:
                answer = index.search(tx, grant, probe, floor=FLOOR, now=NOW, epoch=0)
            times.append(time.perf_counter() - started)
            first += bool(answer.rows) and answer.rows[0].reference_id == _reference(number)
        started = time.perf_counter()
        with sqlite_transaction(connection) as tx:
            index.search_many(tx, grant, wanted[:64], floor=FLOOR, now=NOW, epoch=0)
        batch = time.perf_counter() - started
        bare = [_timed(lambda probe=probe: references @ probe) for probe in probes[:50]]
        connection.close()
    return {
        "templates": count,
        "enrol_per_s": round(count / enrolled),
        "load_s": round(loaded, 3),
        "search_p50_ms": round(1000 * float(np.percentile(times, 50)), 2),
        "search_p99_ms": round(1000 * float(np.percentile(times, 99)), 2),
        "bare_product_p50_ms": round(1000 * float(np.percentile(bare, 50)), 2),
        "batch_of_64_ms_per_probe": round(1000 * batch / 64, 2),
        "rank_1_share": round(first / PROBES, 3),
        "resident_bytes_per_template": round((after - before) / count),
    }


def _rows(vault: Vault, vectors: Templates, start: int) -> list[NewRow]:
    faces = [uuid.uuid4() for _ in vectors]
    part = template_part(SPACE)
    sealed = vault.seal(
        [
            Plain(record_id=face, part=part, data=vector.tobytes())
            for face, vector in zip(faces, vectors, strict=True)
        ]
    )
    return [
        NewRow(
            reference_id=_reference(start + number),
            face_id=str(face),
            gallery_id="gallery",
            class_id=number % 4,
            space_id=SPACE,
            dimension=vectors.shape[1],
            norm=8.0,
            sealed=data,
        )
        for number, (face, data) in enumerate(zip(faces, sealed, strict=True))
    ]


def _reference(number: int) -> str:
    return str(uuid.UUID(int=number))


def _unseal(vault: Vault) -> Callable[[Sequence[tuple[str, str, bytes]]], list[bytes | None]]:
    def unseal(items: Sequence[tuple[str, str, bytes]]) -> list[bytes | None]:
        return vault.unseal_existing(
            [Sealed(record_id=uuid.UUID(face), part=part, data=data) for face, part, data in items]
        )

    return unseal


def _grant(key: bytes) -> Grant:
    grant = Grant(
        id="bench",
        authority_kind=AuthorityKind.EVALUATION,
        authority_id="bench",
        purpose=Purpose.MISSING_PERSON,
        on_behalf_of="CA",
        gallery_id="gallery",
        permission_classes=(0, 1, 2, 3),
        k=20,
        expires_at=NOW + timedelta(hours=1),
        pack_hash="0" * 64,
        revocation_epoch=0,
    )
    return replace(grant, mac=compute_mac(grant, key))


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _resident() -> int:
    """Bytes of this process in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--templates", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()
    for count in arguments.templates:
        with tempfile.TemporaryDirectory(prefix="countenance-bench-") as folder:
            result = run(count, arguments.seed, Path(folder))
        if arguments.json:
            print(json.dumps(result), flush=True)
        else:
            print("  ".join(f"{name}={value:,}" for name, value in result.items()), flush=True)


if __name__ == "__main__":
    main()
