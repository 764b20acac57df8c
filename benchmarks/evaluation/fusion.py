"""References fused: their mean against the best of their scores, on the synthetic people of openpeople, made weak by size.

python benchmarks/evaluation/fusion.py [--side 96]
"""

from __future__ import annotations

import argparse
import io
import tempfile
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from countenance.evaluation.acquire import acquire, samples, vectors
from countenance.evaluation.identification import at_fpir, fnir
from countenance.evaluation.layout import read_photographs
from countenance.evaluation.searches import Plan, search_split
from countenance.evaluation.values import Definition, Fusion
from countenance.extraction.pack import load_pack

NAMES = ("studio_portrait", "amateur_selfie", "studio_posture", "amateur_posture")


def lay_out(folder: Path, side: int) -> Path:
    root = Path(str(files("openpeople"))) / "data" / "curated"
    for person in sorted(root.glob("P*")):
        (folder / person.name).mkdir(parents=True)
        for name in NAMES:
            path = person / "assets" / f"{name}.jpg"
            if not path.is_file():
                continue
            with Image.open(path) as picture:
                # Full figures hold a small face: they are left larger.
                long = side * (4 if name.endswith("posture") else 1)
                picture.thumbnail((long, long))
                held = io.BytesIO()
                picture.convert("RGB").save(held, "JPEG", quality=80)
            (folder / person.name / f"{name}.jpg").write_bytes(held.getvalue())
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--splits", type=int, default=100)
    asked = parser.parse_args()
    pack = load_pack()
    with tempfile.TemporaryDirectory() as folder:
        photographs = read_photographs(lay_out(Path(folder) / "people", asked.side))
        acquired = acquire(photographs, pack)
    made = vectors(acquired, pack, Definition.CENTRED_MIRRORED)
    trials = samples(photographs, acquired, made, np.ones(len(photographs), bool))
    print(f"{trials.persons} persons, {len(photographs)} photographs, {int(trials.acquired.sum())} acquired")
    print("k fusion  mated mean  stranger's best, mean  gap/sd  FNIR(R=1)  FNIR at FPIR 10 %")
    for references in (1, 2, 3):
        for fusion in Fusion:
            if references == 1 and fusion is Fusion.BEST:
                continue
            plan = Plan(references=references, fusion=fusion, splits=asked.splits, seed=1)
            splits = [search_split(trials, plan, number) for number in range(asked.splits)]
            mates = np.concatenate([one.mate_score for one in splits])
            mates = mates[np.isfinite(mates)]
            tops = np.concatenate([one.top[:, -1] for one in splits])
            tops = tops[np.isfinite(tops)]
            apart = (mates.mean() - tops.mean()) / np.sqrt((mates.var() + tops.var()) / 2)
            last = len(splits[0].sizes) - 1
            first = fnir(splits, trials.persons, last, 1, None, seed=1).value
            point = at_fpir(splits, trials.persons, last, 0.1, seed=1)
            print(
                f"{references} {fusion.value:5}   {mates.mean():.3f}       {tops.mean():.3f}                  {apart:.2f}    "
                f"{100 * (first or 0):5.2f} %   {100 * (point.fnir.value or 0):5.2f} %"
            )


if __name__ == "__main__":
    main()
