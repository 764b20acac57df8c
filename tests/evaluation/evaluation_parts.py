"""Made-up samples for the evaluation's tests: persons with several photographs, some alike, some failures to acquire."""

from __future__ import annotations

import io
import json
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from countenance.bench.generator import TemplateGenerator
from countenance.evaluation.document import document
from countenance.evaluation.path import Asked, Evaluation, Material, _measure
from countenance.evaluation.searches import Plan
from countenance.evaluation.trials import Samples
from countenance.evaluation.values import Definition, Rate

NAMES = ("studio_portrait", "amateur_selfie", "studio_posture", "amateur_posture")


def lay_out(folder: Path, people: int = 10, photographs: int = 3, size: int = 480) -> Path:
    """Each person's photographs, made small; the last person has one only."""
    root = Path(str(files("openpeople"))) / "data" / "curated"
    for number in range(1, people + 1):
        name = f"Person_{number:02d}"
        (folder / name).mkdir(parents=True)
        count = 1 if number == people else photographs
        for place, kind in enumerate(NAMES[:count], start=1):
            with Image.open(root / f"P{number:03d}" / "assets" / f"{kind}.jpg") as picture:
                picture.thumbnail((size, size))
                held = io.BytesIO()
                picture.convert("RGB").save(held, "JPEG", quality=90)
            (folder / name / f"{name}_{place:04d}.jpg").write_bytes(held.getvalue())
    return folder


def write_pairs(path: Path) -> Path:
    """Two sets of four mated and four non-mated pairs, in LFW's form."""
    lines = ["2\t4"]
    for first in (1, 5):
        lines += [f"Person_{n:02d}\t1\t2" for n in range(first, first + 4)]
        lines += [f"Person_{n:02d}\t1\tPerson_{n + 1:02d}\t2" for n in range(first, first + 4)]
    path.write_text("\n".join(lines) + "\n")
    return path


def made_samples(
    persons: int = 60, photographs: int = 4, *, seed: int = 7, lost: float = 0.0, grouped: bool = False
) -> Samples:
    """`photographs` each; a share `lost` of them not acquired. Groups a and b in halves, c is one person."""
    generator = TemplateGenerator(seed)
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons, dtype=np.int32), photographs)
    vectors = generator.photographs(generator.people(persons)[person])
    acquired = rng.random(len(person)) >= lost
    vectors[~acquired] = 0
    labels = ("c", *("a" if number % 2 else "b" for number in range(1, persons)))
    return Samples(
        vectors=vectors,
        person=person,
        acquired=acquired,
        quality=np.where(acquired, rng.uniform(5, 15, len(person)), np.nan),
        groups={"hall": labels} if grouped else {},
    )


def all_pairs(samples: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scores of every pair (-inf where one was not acquired), whether mated, and the two persons: written the plain way."""
    first, second = np.triu_indices(len(samples.person), 1)
    score = np.einsum("ij,ij->i", samples.vectors[first], samples.vectors[second])
    score = np.where(samples.acquired[first] & samples.acquired[second], score, -np.inf)
    mated = samples.person[first] == samples.person[second]
    return score, mated, samples.person[first], samples.person[second]


def made_report(
    at: datetime, space: str, *, persons: int = 240, definition: Definition = Definition.CENTRED_MIRRORED
) -> str:
    """The report of an evaluation of generated templates, as `countenance evaluate --report report.json` writes it."""
    trials = made_samples(persons, 3, grouped=True)
    asked = Asked(data=Path(), plan=Plan(splits=3))
    measured = _measure(asked, definition, trials, None, None, lambda _stage, _done, _total: None)
    made = Evaluation(
        at=at,
        pack="sface 1",
        space_id=space,
        material=Material(
            kind="photographs",
            persons=persons,
            photographs=3 * persons,
            duplicates=0,
            fte=Rate(value=0.0, low=0.0, high=0.01, n=3 * persons),
            reasons={},
            digest="0" * 64,
        ),
        plan=asked.plan,
        measured=(measured,),
        failed=(),
        duplicates=(),
    )
    return json.dumps(document(made))
