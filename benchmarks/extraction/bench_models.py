"""The two models on one core: our converted files in ONNX Runtime against OpenCV 4's own wrapper on the carried files.

    python benchmarks/extraction/bench_models.py [--json] [--repeat 15]

OpenCV (`opencv-python-headless<5`) is compared where it is installed. Times are medians of processor time of whole calls, taken in turns.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from people import photographs
from PIL import Image

from countenance.biometrics.vocabulary import Detail
from countenance.extraction.align import align, similarity
from countenance.extraction.detect import Detector
from countenance.extraction.pack import load_pack, source_bytes
from countenance.extraction.page import Page
from countenance.extraction.recognise import Recogniser

VIEWS = ((320, 256), (640, 640), (1280, 960))


def in_turns(calls: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Median milliseconds of processor time of each call (one thread), interleaved so that a busy moment of the
    machine meets all of them."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(repeat):
        for name, call in calls.items():
            start = time.process_time()
            call()
            taken[name].append((time.process_time() - start) * 1000)
    return {name: round(statistics.median(times), 2) for name, times in taken.items()}


def measure(repeat: int) -> dict[str, Any]:
    pack = load_pack()
    detector = Detector(pack.model_bytes("detector"))
    recogniser = Recogniser(
        pack.model_bytes("recogniser"), centre=pack.centre, mirrored=False, space_id=pack.space_id
    )
    rng = np.random.default_rng(0)
    chip = rng.integers(0, 256, (112, 112, 3), dtype=np.uint8)
    views = {
        size: Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)) for size in VIEWS
    }
    calls: dict[str, Callable[[], object]] = {"sface": lambda: recogniser.raw(chip)}
    for (width, height), view in views.items():
        calls[f"yunet {width}x{height}"] = lambda view=view: detector.find_in_view(view)  # type: ignore[misc]
    report: dict[str, Any] = {}
    if importlib.util.find_spec("cv2") is None:
        report["ms"] = in_turns(calls, repeat)
        return report
    import cv2

    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        paths = {role: Path(folder) / f"{role}.onnx" for role in pack.manifest["files"]}
        for role, path in paths.items():
            path.write_bytes(source_bytes("sface", role))
        theirs = cv2.FaceRecognizerSF.create(str(paths["recogniser"]), "")
        bgr = np.ascontiguousarray(chip[:, :, ::-1])
        calls["opencv sface"] = lambda: theirs.feature(bgr)
        for (width, height), view in views.items():
            finder = cv2.FaceDetectorYN.create(str(paths["detector"]), "", (width, height), 0.6, 0.3)
            array = np.ascontiguousarray(np.asarray(view)[:, :, ::-1])
            calls[f"opencv yunet {width}x{height}"] = lambda finder=finder, array=array: finder.detect(array)  # type: ignore[misc]
        report["ms"] = in_turns(calls, repeat)
        report["ratio"] = {
            name: round(value / report["ms"][f"opencv {name}"], 3)
            for name, value in report["ms"].items()
            if not name.startswith("opencv")
        }
        report["opencv"] = cv2.__version__
        report["cosine"] = parity(theirs, detector, recogniser)
    return report


def parity(theirs: Any, detector: Detector, recogniser: Recogniser) -> dict[str, float]:
    """Cosine of raw embeddings, ours against OpenCV's, from the same landmarks: the chip alone, and with its alignment.

    OpenCV samples the picture without reducing it: from twice the sample's scale on its chips are aliased, and there the
    two differ by intention. Pictures are first scaled to 1280 px, as OpenCV's users do.
    """
    same_chip, whole, reduced = [], [], []
    for path in photographs():
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((1280, 1280), Image.Resampling.LANCZOS)
        page = Page(stored=picture, orientation=1, transform=None)
        bgr = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])
        for found in detector.find(page, Detail.STANDARD):
            chip = align(page, found.landmarks)
            ours = recogniser.raw(chip)[0]
            box = [found.box.x, found.box.y, found.box.width, found.box.height]
            points = [value for point in found.landmarks.points() for value in point]
            row = np.array([*box, *points, found.score], dtype=np.float32)
            same_chip.append(cosine(ours, theirs.feature(np.ascontiguousarray(chip[:, :, ::-1]))[0]))
            scale = math.hypot(*similarity(found.landmarks)[:2])
            kept = whole if scale < 2 else reduced
            kept.append(cosine(ours, theirs.feature(theirs.alignCrop(bgr, row))[0]))
    return {
        "faces": len(same_chip),
        "same_chip_mean": round(float(np.mean(same_chip)), 6),
        "same_landmarks_mean": round(float(np.mean(whole)), 5),
        "same_landmarks_least": round(float(np.min(whole)), 4),
        "faces_reduced_first": len(reduced),
        "same_landmarks_mean_reduced_first": round(float(np.mean(reduced)), 4),
    }


def cosine(a: Any, b: Any) -> float:
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeat", type=int, default=15)
    options = parser.parse_args()
    report = measure(options.repeat)
    if options.json:
        print(json.dumps(report))
        return
    for section, values in report.items():
        print(section)
        for name, value in values.items() if isinstance(values, dict) else [("", values)]:
            print(f"  {name:24} {value}")


if __name__ == "__main__":
    main()
