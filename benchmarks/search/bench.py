"""What a search costs besides extraction and scan, and how long a whole command takes in a gallery of 10,000.

    python benchmarks/search/bench.py [--people 10000] [--searches 40] [--json]

1. `overhead_ms`: `decide_ms` (facts from the records, decision per class, grant) + `log_ms` (the log entry, in the
   open transaction). Target: 2 ms. `conclude_ms` is the whole closing transaction: nonce, liveness, search, probes,
   candidates, log entry and its one durable commit; `durable_commit_ms` is what such a commit costs on this disk.
2. `command_s`: `countenance search CASE PHOTO --json` as a process of its own, which loads models and gallery, searches
   and ends. Target: 2.5 s, models converted beforehand. `help_s`: `countenance --help`. Target: 0.5 s.

Templates are drawn from aggregate statistics (countenance.bench.generator); the probe is a picture of a synthetic person.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import openpeople
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent / "index"))
from generator import TemplateGenerator

from countenance.index.head import NewRow, template_part
from countenance.primitives.sql import open_sqlite
from countenance.records import models
from countenance.records.identity import AccountKey
from countenance.records.sealing import CROP_PART
from countenance.records.workspace import Workspace
from countenance.registry.founding import found
from countenance.search import path as search_path
from countenance.search.values import SearchRequest
from countenance.service.acts import perform
from countenance.service.searcher import LocalSearcher
from countenance.vault.vault import Plain

_PURPOSE = "missing-person"
_BATCH = 1000


def build(
    directory: Path, people: int, seed: int, database: str | None = None
) -> tuple[Workspace, AccountKey, str]:
    """A workspace with one reference of each of `people` persons, sealed and enrolled as ingest does."""
    founding = found(directory, operator="Bench", jurisdiction="CA", database=database)
    workspace, operator = founding.workspace, AccountKey.read(founding.key_files[0])
    caseworker = AccountKey.generate("carol")
    caseworker.write(directory / "accounts")

    def act(key: AccountKey, name: str, /, **params: Any) -> Any:
        request = key.sign(
            workspace_id=str(workspace.settings.id), act=name, params=params, at=workspace.clock()
        )
        return perform(workspace, request).record

    act(operator, "client-add", name="Tracing", jurisdiction="CA", purposes=[_PURPOSE])
    act(
        operator,
        "account-add",
        name="carol",
        role="caseworker",
        client="Tracing",
        public_key=caseworker.public_bytes().hex(),
    )
    act(operator, "gallery-add", name="people", purposes=[_PURPOSE], jurisdiction="CA", notice="Bench")
    act(
        operator,
        "source-add",
        name="archive",
        gallery="people",
        basis="public-task",
        permits_unlabelled=True,
        purposes=[_PURPOSE],
        jurisdiction="CA",
        evidence="Bench",
        location="/",
        holder="Bench",
        contact="bench@example.org",
        notice="Bench",
    )
    case = act(
        caseworker,
        "case-open",
        purpose=_PURPOSE,
        reference="Bench",
        on_behalf_of="Tracing",
        on_behalf_of_jurisdiction="CA",
        searches=10_000,
    )["case"]
    _enrol(workspace, people, seed)
    return workspace, caseworker, str(case)


def _enrol(workspace: Workspace, people: int, seed: int) -> None:
    generator = TemplateGenerator(seed)
    vectors = generator.photographs(generator.people(people))
    stream = io.BytesIO()
    Image.new("RGB", (160, 200), (120, 120, 120)).save(stream, "JPEG")
    space, source = workspace.models.space_id, models.Source.objects.select_related("basis", "gallery").get()
    rows = models.PermissionClass.objects.create(
        gallery=source.gallery,
        basis_kind=source.basis.kind,
        purposes=frozenset({_PURPOSE}),
        jurisdiction="CA",
    )
    for start in range(0, people, _BATCH):
        part = vectors[start : start + _BATCH]
        ids = [uuid.uuid4() for _ in part]
        sealed = workspace.vault.seal(
            [
                plain
                for face, vector in zip(ids, part, strict=True)
                for plain in (
                    Plain(record_id=face, part=template_part(space), data=vector.astype("<f4").tobytes()),
                    Plain(record_id=face, part=CROP_PART, data=stream.getvalue()),
                )
            ]
        )
        workspace.media.put_many(
            [(f"crop-{face.hex}", crop) for face, crop in zip(ids, sealed[1::2], strict=True)]
        )
        with workspace.transaction() as (tx, now):
            pictures = models.Photograph.objects.bulk_create(
                models.Photograph(
                    source=source,
                    basis=source.basis,
                    sha256=f"{start + n:064x}",
                    path=f"{start + n}.jpg",
                    state="done",
                    extraction="bench",
                    fingerprint="bench",
                    ingested_at=now,
                )
                for n in range(len(part))
            )
            models.Face.objects.bulk_create(
                models.Face(
                    id=face,
                    photograph=picture,
                    number=0,
                    x=0,
                    y=0,
                    width=100,
                    height=100,
                    landmarks=[],
                    detector_score=0.9,
                    eye_distance=50,
                    norm=10,
                    space_id=space,
                    state="enrolled",
                    crop=f"crop-{face.hex}",
                )
                for face, picture in zip(ids, pictures, strict=True)
            )
            references = models.Reference.objects.bulk_create(
                models.Reference(
                    face_id=face,
                    gallery=source.gallery,
                    permission_class=rows,
                    basis=source.basis,
                    enrolled_at=now,
                )
                for face in ids
            )
            workspace.index.enrol(
                tx,
                [
                    NewRow(
                        reference_id=str(reference.pk),
                        face_id=str(face),
                        gallery_id=str(source.gallery_id),
                        class_id=rows.pk,
                        space_id=space,
                        dimension=part.shape[1],
                        norm=10.0,
                        sealed=template,
                    )
                    for reference, face, template in zip(references, ids, sealed[0::2], strict=True)
                ],
            )


def overhead(workspace: Workspace, caseworker: AccountKey, case: str, picture: bytes, searches: int) -> Any:
    """Time of each part of `searches` searches, in milliseconds (median)."""
    spent: dict[str, list[float]] = {"decide": [], "log": [], "conclude": []}

    def timed(name: str, function: Any) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **more)
            finally:
                spent[name].append((time.perf_counter() - start) * 1000)

        return call

    # The path is timed from outside, part by part; nothing of it is replaced.
    search_path.decide = timed("decide", search_path.decide)
    search_path._conclude = timed("conclude", search_path._conclude)  # noqa: SLF001 - timed, not replaced
    workspace.record = timed("log", workspace.record)  # type: ignore[method-assign]
    commits = _durable_commits(workspace.directory / "commit.sqlite3", searches)
    with LocalSearcher(workspace, workers=1) as searcher:
        for number in range(searches + 5):
            if number == 5:
                for times in spent.values():
                    times.clear()
            request = SearchRequest(case=case, gallery="", purpose="", photographs=(picture,), faces=(0,))
            signed = caseworker.sign(
                workspace_id=searcher.workspace_id,
                act="search",
                params=request.params(),
                at=workspace.clock(),
            )
            searcher.search(signed, request.photographs)
    figures = {f"{name}_ms": statistics.median(times) for name, times in spent.items()}
    figures["durable_commit_ms"] = statistics.median(commits)
    figures["overhead_ms"] = figures["decide_ms"] + figures["log_ms"]
    return figures


def _durable_commits(path: Path, count: int) -> list[float]:
    """One row, one durable commit, on the disk of the workspace."""
    connection = open_sqlite(path)
    connection.execute("create table t (a)")
    times = []
    for number in range(count):
        start = time.perf_counter()
        connection.execute("insert into t values (?)", [number])
        times.append((time.perf_counter() - start) * 1000)
    connection.close()
    return times


def command(arguments: list[str], runs: int = 5) -> float:
    """Median wall time of a whole process, in seconds. Raises if it fails."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "countenance", *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--searches", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    photo = Path(openpeople.__file__).parent / "data/curated/P001/assets/studio_portrait.jpg"
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "workspace"
        workspace, caseworker, case = build(directory, options.people, options.seed)
        figures = overhead(workspace, caseworker, case, photo.read_bytes(), options.searches)
        workspace.close()
        figures["command_s"] = command(
            ["search", case, str(photo), "--workspace", str(directory), "--as", "carol", "--json"]
        )
        figures["help_s"] = command(["--help"])
    figures = {name: round(float(value), 3) for name, value in figures.items()}
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<20} {value:>10}")


if __name__ == "__main__":
    main()
