"""`python benchmarks/evaluation/bench.py [--samples N] [--people N] [--seed N]`: how long an evaluation computes, and how well it foresees.

1. Every comparison of `--samples` generated templates with one another (13,207: as many as LFW has photographs, 87 million
   comparisons), with thresholds, DET and intervals over persons: seconds and the process's peak memory.
2. Of `--people` generated persons two in three are enrolled; FPIR in the whole gallery is predicted from a tenth of it, from the
   tails of the searches (`countenance.evaluation.extrapolation`), and held against what is measured in the whole.

3. Of 3,000 generated persons with six photographs each: FNIR at FPIR 1 % with one and with several references, as their mean and as the
   best of the scores, and how often a stranger resembles them at the threshold for one.

Generated templates (countenance.bench.generator): their tails are lighter than those of real people.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from countenance.bench.generator import TemplateGenerator
from countenance.evaluation.extrapolation import check_growth
from countenance.evaluation.identification import fpir, identify
from countenance.evaluation.pairs import PairStream
from countenance.evaluation.searches import Plan, search_split
from countenance.evaluation.trials import Samples
from countenance.evaluation.values import Fusion
from countenance.evaluation.verification import verify


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=13_207)
    parser.add_argument("--people", type=int, default=15_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    samples = _drawn(np.arange(wanted.samples) * 5749 // wanted.samples, wanted.seed)
    began = time.perf_counter()
    stream = PairStream(samples, seed=wanted.seed)
    counts = stream.run()
    compared = time.perf_counter() - began
    verify(counts, seed=wanted.seed)
    print(
        f"{stream.total:,} comparisons: {compared:.1f} s; with rates and intervals {time.perf_counter() - began:.1f} s"
    )
    print(f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    several = _drawn(np.repeat(np.arange(wanted.people), 2), wanted.seed + 1)
    enrolled = wanted.people * 2 // 3
    plan = Plan(enrolled=enrolled, sizes=(enrolled // 10,), seed=wanted.seed)
    began = time.perf_counter()
    told = check_growth([search_split(several, plan, number) for number in range(3)])
    print(
        f"{3 * (2 * wanted.people - enrolled):,} searches among {enrolled:,}: {time.perf_counter() - began:.1f} s"
    )
    for one in told:
        print(
            f"N {one.known:,} -> {one.gallery:,}, T {one.threshold:.4f}: FPIR predicted {100 * one.predicted:.2f} %, "
            f"measured {100 * one.measured:.2f} %, factor {one.factor:.2f}"
        )
    many = _drawn(np.repeat(np.arange(3_000), 6), wanted.seed + 2)
    single = 0.0
    for references, fusion in (
        (1, Fusion.MEAN),
        (2, Fusion.MEAN),
        (3, Fusion.MEAN),
        (5, Fusion.MEAN),
        (3, Fusion.BEST),
    ):
        fused = Plan(references=references, fusion=fusion, seed=wanted.seed, sizes=())
        splits = [search_split(many, fused, number) for number in range(3)]
        found = identify(splits, many.persons, seed=wanted.seed)
        point = next(each for each in found.points if each.target == 0.01)
        single = single or point.threshold
        strangers = fpir(splits, many.persons, 0, single, seed=wanted.seed)
        print(
            f"{references} references, {fusion.value}: FNIR {100 * (point.fnir.value or 0):.2f} % at FPIR 1 % among "
            f"{point.gallery:,}; FPIR {100 * (strangers.value or 0):.2f} % at the threshold for one reference"
        )


def _drawn(person: np.ndarray[tuple[int], np.dtype[np.int64]], seed: int) -> Samples:
    generator = TemplateGenerator(seed)
    vectors = generator.photographs(generator.people(int(person.max()) + 1)[person])
    n = len(person)
    return Samples(
        vectors=vectors, person=person.astype(np.int32), acquired=np.ones(n, bool), quality=np.full(n, np.nan)
    )


if __name__ == "__main__":
    main()
