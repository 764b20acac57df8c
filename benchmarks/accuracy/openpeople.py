"""Smoke accuracy: `python benchmarks/accuracy/openpeople.py [--json] [--resamples N] [--seed N]`.

Ten synthetic people (`openpeople`, MIT), six photographs each. Far too few, and not photographs of people at all: this
shows that the whole chain works and that no step of it has become worse, never how well it does on other photographs.

Protocol, in the terms of ISO/IEC 19795-1:

- References: one per person, the only face of `studio_portrait`. Gallery: those ten. None is fused.
- Probes: every face found in the other five photographs (`amateur_selfie`, `studio_posture`, `amateur_posture`,
  `character_sheet`, `emotions_sheet`), as the default pack detects them with detail `standard`, whatever their quality.
- A second face on a selfie or a posture is not the person (here: a hand taken for a face, and a passer-by). It has no
  reference, so it is a non-mated search only.
- Failure to acquire: a photograph without any face is one probe that finds nobody. Faces that a sheet shows and the
  detector does not find cannot be counted, since nobody has marked them: profiles and the back of a head are among
  them.
- Mated search: a probe against the ten references. Rank-1: its own person scores highest. A failure to acquire fails.
- Non-mated search (open set): the same probe with its own person left out of the gallery, so nine references.
- Threshold at FPIR 1 %: the lowest score that at most 1 % of the non-mated searches reach with any candidate.
- FNIR: share of mated searches in which the probe's own person is below that threshold. With ten people everybody fits
  on the list, so rank does not matter.
- Intervals: 95 %, percentile bootstrap over persons (a person's probes come or stay away together), the threshold set
  anew each time; nobody's faces are left out there. Ten persons make wide intervals, and about 260 non-mated searches set a threshold at 1 % by two or
  three of them: read FNIR at FPIR 1 % with that in mind. At a rate of 0 or 1 a bootstrap knows no interval; the rule of
  three over persons says 26 % (1 - 0.05 ** (1/10)).

The four definitions of a template are computed from the same chips: embedding alone or averaged with that of the mirror
image, with the space's mean subtracted or not. The default pack is "mirrored, centred".
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from countenance.biometrics.vocabulary import Detail
from countenance.extraction.align import align
from countenance.extraction.decode import decode
from countenance.extraction.detect import Detector
from countenance.extraction.pack import ModelPack, load_pack
from countenance.extraction.recognise import Recogniser
from countenance.extraction.values import ExtractionLimits

REFERENCE = "studio_portrait"
NOBODY = "nobody"
SINGLE = ("amateur_selfie", "studio_posture", "amateur_posture")
PROBES = (*SINGLE, "character_sheet", "emotions_sheet")
FPIR = 0.01
type Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Faces:
    """What was found. `raw`: float64 (faces, 2, dimension), the network's output and that for the mirror image.

    `person` (or NOBODY), `photograph`: for each face. `not_acquired`: (person, photograph) without any face.
    """

    raw: Matrix
    person: tuple[str, ...]
    photograph: tuple[str, ...]
    not_acquired: tuple[tuple[str, str], ...]


def read_faces(pack: ModelPack, root: Path) -> Faces:
    """Every face of every photograph."""
    detector = Detector(pack.model_bytes("detector"))
    recogniser = Recogniser(
        pack.model_bytes("recogniser"), centre=pack.centre, mirrored=True, space_id=pack.space_id
    )
    raw: list[Matrix] = []
    person: list[str] = []
    photograph: list[str] = []
    not_acquired: list[tuple[str, str]] = []
    for folder in sorted(root.iterdir()):
        for name in (REFERENCE, *PROBES):
            _, pages = decode((folder / "assets" / f"{name}.jpg").read_bytes(), ExtractionLimits())
            page = next(iter(pages)).page
            assert page is not None
            found = detector.find(page, Detail.STANDARD)
            if name == REFERENCE and len(found) != 1:
                raise SystemExit(f"{folder.name}/{name}: {len(found)} faces where one was expected")
            if not found:
                not_acquired.append((folder.name, name))
            for number, detection in enumerate(found):  # the strongest first
                raw.append(recogniser.raw(align(page, detection.landmarks)))
                person.append(NOBODY if number and name in SINGLE else folder.name)
                photograph.append(name)
    return Faces(
        raw=np.stack(raw),
        person=tuple(person),
        photograph=tuple(photograph),
        not_acquired=tuple(not_acquired),
    )


def definitions(pack: ModelPack) -> dict[str, tuple[bool, Matrix | None]]:
    """Name -> whether the mirror image is averaged in, and the mean that is subtracted."""
    variants = pack.calibration()["variants"]
    single = np.asarray(variants["single_centred"]["centre"], dtype=np.float64)
    return {
        "single": (False, None),
        "single, centred": (False, single),
        "mirrored": (True, None),
        "mirrored, centred": (True, np.asarray(pack.centre, dtype=np.float64)),
    }


def templates(raw: Matrix, mirrored: bool, centre: Matrix | None) -> Matrix:
    """Unit vectors, float64 (faces, dimension); the same arithmetic as `Recogniser.embed`."""
    rows = raw[:, :2] if mirrored else raw[:, :1]
    direction = _unit(rows).sum(axis=1)
    direction = _unit(direction)
    return direction if centre is None else _unit(direction - centre)


def _unit(rows: Matrix) -> Matrix:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12))


@dataclass(frozen=True, kw_only=True)
class Searches:
    """One row per probe, failures to acquire included (scores -inf).

    `person`: index of its person, -1 for nobody's. `mated`: its person's score, NaN for nobody's. `other`: the highest
    of anybody else.
    """

    person: npt.NDArray[np.int64]
    photograph: tuple[str, ...]
    mated: Matrix
    other: Matrix


def search(faces: Faces, vectors: Matrix) -> Searches:
    """All probes against the ten references."""
    people = sorted(set(faces.person) - {NOBODY})
    references = [i for i, name in enumerate(faces.photograph) if name == REFERENCE]
    probes = [i for i, name in enumerate(faces.photograph) if name != REFERENCE]
    owner = np.array([people.index(faces.person[i]) for i in references])
    scores = vectors[probes] @ vectors[references].T
    person = np.array([-1 if faces.person[i] == NOBODY else people.index(faces.person[i]) for i in probes])
    own = person[:, None] == owner[None, :]
    missing = len(faces.not_acquired)
    nothing = np.full(missing, -np.inf)
    return Searches(
        person=np.concatenate([person, [people.index(p) for p, _ in faces.not_acquired]]).astype(np.int64),
        photograph=(*(faces.photograph[i] for i in probes), *(name for _, name in faces.not_acquired)),
        mated=np.concatenate([np.where(own, scores, 0.0).sum(axis=1) / own.any(axis=1), nothing]),
        other=np.concatenate([np.where(own, -np.inf, scores).max(axis=1), nothing]),
    )


def threshold_at(other: Matrix, fpir: float) -> float:
    """The lowest score that at most `fpir` of the non-mated searches reach."""
    falling = np.sort(other)[::-1]
    allowed = int(np.floor(fpir * len(falling)))
    return float(np.nextafter(falling[allowed], np.inf))


def rates(searches: Searches, chosen: npt.NDArray[np.int64] | None = None) -> tuple[float, float, float]:
    """Rank-1 rate, FNIR at FPIR 1 %, and the threshold; over all probes, or over those `chosen` (with repeats)."""
    mated = searches.mated if chosen is None else searches.mated[chosen]
    other = searches.other if chosen is None else searches.other[chosen]
    threshold = threshold_at(other, FPIR)
    somebody = ~np.isnan(mated)
    rank_1 = mated[somebody] > other[somebody]
    return float(rank_1.mean()), float((mated[somebody] < threshold).mean()), threshold


def intervals(searches: Searches, resamples: int, seed: int) -> tuple[list[float], list[float]]:
    """95 % intervals of rank-1 rate and FNIR, by bootstrap over persons."""
    draw = np.random.default_rng(seed)
    rows = [np.flatnonzero(searches.person == person) for person in np.unique(searches.person) if person >= 0]
    drawn = [
        rates(searches, np.concatenate([rows[i] for i in draw.integers(0, len(rows), len(rows))]))[:2]
        for _ in range(resamples)
    ]
    low, high = np.percentile(np.array(drawn), [2.5, 97.5], axis=0)
    return [float(low[0]), float(high[0])], [float(low[1]), float(high[1])]


def measure(resamples: int, seed: int) -> dict[str, object]:
    """The whole protocol, as one JSON object."""
    try:
        carrier = importlib.metadata.distribution("openpeople")
    except importlib.metadata.PackageNotFoundError as error:
        raise SystemExit("openpeople is not installed: make setup") from error
    root = Path(str(carrier.locate_file("openpeople/data/curated")))
    pack = load_pack()
    start = time.perf_counter()
    faces = read_faces(pack, root)
    results = {}
    for name, (mirrored, centre) in definitions(pack).items():
        searches = search(faces, templates(faces.raw, mirrored, centre))
        rank_1, fnir, threshold = rates(searches)
        rank_1_interval, fnir_interval = intervals(searches, resamples, seed)
        somebody = ~np.isnan(searches.mated)
        mated, kinds = searches.mated[somebody], np.array(searches.photograph)[somebody]
        results[name] = {
            "rank_1": rank_1,
            "rank_1_95": rank_1_interval,
            "fnir": fnir,
            "fnir_95": fnir_interval,
            "threshold": threshold,
            "mated_median": float(np.median(mated[np.isfinite(mated)])),
            "non_mated_top_median": float(np.median(searches.other[np.isfinite(searches.other)])),
            "fnir_by_photograph": {kind: float((mated[kinds == kind] < threshold).mean()) for kind in PROBES},
        }
    counts = {kind: faces.photograph.count(kind) for kind in (REFERENCE, *PROBES)}
    searches_made = sum(counts[kind] for kind in PROBES) + len(faces.not_acquired)
    return {
        "data": "openpeople (synthetic)",
        "space_id": str(pack.space_id),
        "persons": len(set(faces.person) - {NOBODY}),
        "faces": counts,
        "mated_searches": searches_made - faces.person.count(NOBODY),
        "non_mated_searches": searches_made,
        "photographs_not_acquired": [f"{person}/{name}" for person, name in faces.not_acquired],
        "fpir": FPIR,
        "resamples": resamples,
        "seed": seed,
        "definitions": results,
        "package": carrier.version,
        "seconds": round(time.perf_counter() - start, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    result = measure(options.resamples, options.seed)
    if options.json:
        print(json.dumps(result))
        return
    print(
        f"{result['persons']} synthetic people, {result['mated_searches']} mated and {result['non_mated_searches']} non-mated searches; faces: {result['faces']}"
    )
    print(f"photographs not acquired: {result['photographs_not_acquired'] or 'none'}; {result['space_id']}\n")
    print(f"{'template':<20} {'rank-1 (95 %)':<24} {'FNIR at FPIR 1 % (95 %)':<26} threshold")
    definitions_ = result["definitions"]
    assert isinstance(definitions_, dict)
    for name, row in definitions_.items():
        rank_1 = f"{row['rank_1']:.3f} ({row['rank_1_95'][0]:.3f}-{row['rank_1_95'][1]:.3f})"
        fnir = f"{row['fnir']:.3f} ({row['fnir_95'][0]:.3f}-{row['fnir_95'][1]:.3f})"
        print(f"{name:<20} {rank_1:<24} {fnir:<26} {row['threshold']:.3f}")


if __name__ == "__main__":
    main()
