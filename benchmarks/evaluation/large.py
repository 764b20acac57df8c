"""Ten thousand million comparisons of 100,000 photographs and more, stopped, and gone on with by another process; peak memory of both.

python benchmarks/evaluation/large.py --photographs 141422 [--stop 0.3]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from countenance.bench.generator import TemplateGenerator
from countenance.evaluation.cache import Cache
from countenance.evaluation.pairs import PairStream
from countenance.evaluation.trials import Samples
from countenance.evaluation.verification import verify


def material(photographs: int, seed: int = 1) -> Samples:
    """Two photographs of each person."""
    generator = TemplateGenerator(seed)
    person = np.repeat(np.arange(photographs // 2, dtype=np.int32), 2)
    people = generator.people(photographs // 2)
    vectors = np.empty((len(person), people.shape[1]), np.float32)
    for at in range(0, len(person), 20_000):
        vectors[at : at + 20_000] = generator.photographs(people[person[at : at + 20_000]])
    return Samples(
        vectors=vectors,
        person=person,
        acquired=np.ones(len(person), bool),
        quality=np.full(len(person), 12.0),
        groups={},
    )


class _Stop(Exception):  # noqa: N818 - it ends a stage, nothing is wrong
    pass


def stage(
    photographs: int, folder: str, share: float, last: bool, tell: multiprocessing.Queue[object]
) -> None:
    began, done = time.perf_counter(), 0
    stream = PairStream(material(photographs), seed=1)
    cache = Cache(Path(folder), "bench")
    made = time.perf_counter()
    if (state := cache.get("comparisons")) is not None:
        stream.restore(state)

    def progress(count: int, _total: int) -> None:
        nonlocal done
        done = count

    def pause() -> None:
        if not last and done >= share * stream.total:
            cache.put("comparisons", stream.state())
            raise _Stop

    points: list[tuple[float, float, float]] = []
    try:
        counts = stream.run(progress, pause)
        points = [(one.target, one.threshold, one.fnmr.value or 0.0) for one in verify(counts, seed=1).points]
    except _Stop:
        pass
    seconds = time.perf_counter() - made
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    tell.put((done, stream.total, seconds, made - began, peak, points))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=int, default=141_422)
    parser.add_argument("--stop", type=float, default=0.3)
    parser.add_argument("--only", action="store_true", help="only the first part: to be extrapolated")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COUNTENANCE_EVALUATION_KEY"] = f"{folder}/elsewhere.key"
        before = 0
        for last in (False,) if asked.only else (False, True):
            tell: multiprocessing.Queue[object] = multiprocessing.get_context("spawn").Queue()
            words = (asked.photographs, f"{folder}/cache", asked.stop, last, tell)
            process = multiprocessing.get_context("spawn").Process(target=stage, args=words)
            process.start()
            done, total, seconds, making, peak, points = tell.get()  # type: ignore[misc]
            process.join()
            print(
                f"{before:,} to {done:,} of {total:,} comparisons in {seconds:.0f} s "
                f"({(done - before) / seconds / 1e6:.0f} million/s), templates made in {making:.0f} s, peak {peak:.2f} GB"
            )
            before = done
            for target, threshold, fnmr in points:
                print(f"  FMR {target:g}: T {threshold:.4f}, FNMR {100 * fnmr:.3f} %")


if __name__ == "__main__":
    main()
