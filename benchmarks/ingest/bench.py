"""The whole ingest path beside the bare time of its models: the same pictures, the same number of worker processes.

    python benchmarks/ingest/bench.py [--workers 2] [--copies 4] [--large 24] [--json]

Bare: each worker process holds the models and is given bytes from memory; decode, detect, align, embed, crop; nothing is
kept. Whole: `ingest` from files on disk to durable rows, keys, crops, index and log, its start included. `share` is bare
time through whole time (wall); `cpu_share` the same in processor time, which other work on the machine disturbs less. The
bare time of several workers is the sum of their times through their number, so uneven shares do not flatter the path.
Memory is the largest sum of proportional set sizes of all processes, and of the largest of them.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

PEOPLE = "data/curated"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--copies", type=int, default=4, help="times each openpeople picture is taken")
    parser.add_argument("--large", type=int, default=24, help="generated 12 Mpx pictures")
    parser.add_argument("--profile", metavar="FILE", help="write a cProfile of the coordinator")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bare", nargs=3, metavar=("FOLDER", "NUMBER", "OF"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        bare_worker(Path(arguments.bare[0]), int(arguments.bare[1]), int(arguments.bare[2]))
        return
    results: dict[str, Any] = {"workers": arguments.workers}
    with tempfile.TemporaryDirectory(prefix="countenance-bench-") as folder:
        sets = {"openpeople": openpeople_set, "12-megapixel": large_set}
        for name, make in sets.items():
            photos = Path(folder) / name
            photos.mkdir()
            make(photos, arguments.copies if make is openpeople_set else arguments.large)
            results[name] = measure(
                photos, Path(folder) / f"{name}-workspace", arguments.workers, arguments.profile
            )
    if arguments.json:
        print(json.dumps(results, indent=2))
        return
    for name in sets:
        print(name, *(f"  {key:<24}{value}" for key, value in results[name].items()), sep="\n")


def measure(photos: Path, workspace: Path, workers: int, profile: str | None) -> dict[str, Any]:
    bare_seconds, bare_cpu = bare(photos, workers)
    whole = ingest_once(photos, workspace, workers, profile)
    again_seconds, again_cpu = bare(photos, workers)  # before and after, since machines change their pace
    bare_seconds, bare_cpu = (bare_seconds + again_seconds) / 2, (bare_cpu + again_cpu) / 2
    files = len(list(photos.iterdir()))
    return {
        "pictures": files,
        "faces": whole["faces"],
        "bare_seconds": round(bare_seconds, 2),
        "whole_seconds": round(whole["seconds"], 2),
        "share": round(bare_seconds / whole["seconds"], 3),
        "bare_cpu_seconds": round(bare_cpu, 2),
        "whole_cpu_seconds": round(whole["cpu"], 2),
        "coordinator_cpu_seconds": round(whole["own_cpu"], 2),
        "cpu_share": round(bare_cpu / whole["cpu"], 3),
        "pictures_per_second": round(files / whole["seconds"], 1),
        "faces_per_second": round(whole["faces"] / whole["seconds"], 1),
        "peak_memory_mb": round(whole["peak"] / 1e6),
        "largest_process_mb": round(whole["largest"] / 1e6),
        "bottleneck": whole["bottleneck"],
    }


def openpeople_set(folder: Path, copies: int) -> None:
    """Each picture several times, its bytes told apart by a comment (JPEG marker COM)."""
    import openpeople

    for path in sorted((Path(openpeople.__file__).parent / PEOPLE).glob("*/assets/*.jpg")):
        data = path.read_bytes()
        for copy in range(copies):
            comment = b"\xff\xfe" + (10).to_bytes(2, "big") + f"{copy:08}".encode()
            (folder / f"{copy}-{path.parts[-3]}-{path.name}").write_bytes(data[:2] + comment + data[2:])


def large_set(folder: Path, count: int) -> None:
    """4000 x 3000 px, six people on each, as a telephone or a small camera makes them."""
    import openpeople
    from PIL import Image

    paths = sorted((Path(openpeople.__file__).parent / PEOPLE).glob("*/assets/amateur_*.jpg"))
    for number in range(count):
        canvas = Image.new("RGB", (4000, 3000), (number % 256, 110, 120))
        for place in range(6):
            person = Image.open(paths[(number * 7 + place) % len(paths)]).convert("RGB").resize((1333, 1500))
            canvas.paste(person, (place % 3 * 1333, place // 3 * 1500))
        canvas.save(folder / f"{number:03}.jpg", quality=90)


def bare(photos: Path, workers: int) -> tuple[float, float]:
    """Seconds per worker, and processor seconds of all."""
    command = [sys.executable, str(Path(__file__).resolve()), "--bare", str(photos)]
    started = [
        subprocess.Popen(
            [*command, str(number), str(workers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(workers)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    answers = []
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        output, _ = process.communicate()
        answers.append(json.loads(output))
    return sum(answer["seconds"] for answer in answers) / workers, sum(answer["cpu"] for answer in answers)


def bare_worker(photos: Path, number: int, workers: int) -> None:
    from countenance.biometrics.vocabulary import Detail
    from countenance.extraction.engine import Extractor
    from countenance.extraction.pack import load_pack
    from countenance.extraction.values import EmbedRule, ExtractionLimits

    extractor = Extractor(load_pack())
    pictures = [path.read_bytes() for path in sorted(photos.iterdir())[number::workers]]
    rule, limits = EmbedRule(unlabelled=True, labels=()), ExtractionLimits()
    print("ready", flush=True)
    sys.stdin.readline()
    begun, cpu = time.monotonic(), time.process_time()
    for data in pictures:
        extractor.extract(data, detail=Detail.STANDARD, rule=rule, limits=limits)
    answer = {"seconds": time.monotonic() - begun, "cpu": time.process_time() - cpu}
    print(json.dumps(answer), flush=True)


def ingest_once(photos: Path, directory: Path, workers: int, profile: str | None) -> dict[str, Any]:
    from countenance.ingest.path import ingest
    from countenance.records.identity import AccountKey
    from countenance.registry.founding import found
    from countenance.service.acts import perform

    founding = found(directory, operator="Bench", jurisdiction="CA")
    workspace, key = founding.workspace, AccountKey.read(founding.key_files[0])

    def sign(act: str, **params: Any) -> Any:
        return key.sign(workspace_id=str(workspace.settings.id), act=act, params=params, at=workspace.clock())

    purposes = ["missing-person"]
    perform(
        workspace, sign("gallery-add", name="g", purposes=purposes, jurisdiction="CA", notice="Benchmark.")
    )
    perform(
        workspace,
        sign(
            "source-add",
            name="s",
            gallery="g",
            basis="public-task",
            purposes=purposes,
            jurisdiction="CA",
            evidence="Benchmark",
            permits_unlabelled=True,
            location=str(photos),
            holder="h",
            contact="c",
            notice="n",
        ),
    )
    request = sign("ingest", source="s", workers=workers)
    _ = workspace.models  # converted before, as it is once in the life of a machine
    watch = MemoryWatch()
    profiler = None
    if profile:
        import cProfile

        profiler = cProfile.Profile()
        profiler.enable()
    own, children = time.process_time(), _children_cpu()
    begun = time.monotonic()
    result = ingest(workspace, request)
    seconds = time.monotonic() - begun
    own_cpu = time.process_time() - own
    if profiler is not None and profile:
        profiler.disable()
        profiler.dump_stats(profile)
    watch.end()
    workspace.close()
    assert result.photographs == {"done": len(list(photos.iterdir()))}, result
    return {
        "seconds": seconds,
        "own_cpu": own_cpu,
        "cpu": own_cpu + _children_cpu() - children,
        "faces": result.faces["enrolled"],
        "peak": watch.peak,
        "largest": watch.largest,
        "bottleneck": str(result.bottleneck),
    }


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class MemoryWatch:
    """Samples the proportional set size of this process and its children, five times a second (Linux)."""

    def __init__(self) -> None:
        self.peak = self.largest = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.2):
            sizes = [_pss(pid) for pid in [os.getpid(), *_children(os.getpid())]]
            self.peak = max(self.peak, sum(sizes))
            self.largest = max(self.largest, *sizes)


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _pss(pid: int) -> int:
    try:
        lines = io.StringIO(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
