"""Whole photographs: decode, detect, align, embed. Ours in workers and in process, and beside it what people use today.

    python benchmarks/extraction/bench_photographs.py [--json] [--workers 2] [--large 10] [--others]

Pictures: the 60 of openpeople, and `--large` generated ones of 12 Mpx (a portrait enlarged and given grain).
`--others`: the OpenCV 4 YuNet + SFace path and dlib as face_recognition uses it, one core, where they are installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import people
from PIL import Image

from countenance.biometrics.vocabulary import Detail
from countenance.extraction.engine import Extractor
from countenance.extraction.pack import ModelPack, load_pack, source_bytes
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import PROBE_RULE, ExtractionLimits, ExtractionResult, PhotographExtraction

STAGES = ("decode", "detect", "align", "embed")


def openpeople() -> list[bytes]:
    return [path.read_bytes() for path in people.photographs()]


def large(count: int) -> list[bytes]:
    """12 Mpx JPEGs (4000 x 3000), each with one face and the grain of a camera."""
    made = []
    rng = np.random.default_rng(1)
    sources = list(openpeople()[4::6])[:count]
    for data in sources:
        with Image.open(io.BytesIO(data)) as opened:
            picture = opened.convert("RGB").resize((3000, 3000), Image.Resampling.BICUBIC)
        canvas = np.full((3000, 4000, 3), 128, dtype=np.int16)
        canvas[:, 500:3500] = np.asarray(picture)
        canvas += rng.normal(0, 6, canvas.shape).astype(np.int16)
        out = io.BytesIO()
        Image.fromarray(canvas.clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=88)
        made.append(out.getvalue())
    return made


def summarise(results: list[ExtractionResult], seconds: float) -> dict[str, Any]:
    read = [result for result in results if isinstance(result, PhotographExtraction)]
    faces = sum(len(page.faces) for result in read for page in result.pages)
    spent = {stage: round(sum(getattr(result.times, stage) for result in read)) for stage in STAGES}
    return {
        "photographs": len(results),
        "faces": faces,
        "seconds": round(seconds, 2),
        "photographs_per_second": round(len(results) / seconds, 2),
        "faces_per_second": round(faces / seconds, 2),
        "stage_ms": spent,
        "stages_share_of_wall": round(sum(spent.values()) / 1000 / seconds, 2),
    }


def in_workers(pack: ModelPack, photographs: list[bytes], workers: int) -> dict[str, Any]:
    with ExtractionPool(pack, workers=workers) as pool:
        warm = [
            pool.submit(photographs[0], detail=Detail.STANDARD, rule=PROBE_RULE) for _ in range(2 * workers)
        ]
        for future in warm:
            future.result()
        start = time.perf_counter()
        futures = [pool.submit(data, detail=Detail.STANDARD, rule=PROBE_RULE) for data in photographs]
        report = summarise([future.result() for future in futures], time.perf_counter() - start)
        report["worker_peak_mb"] = [peak_mb(pid) for pid in pool.worker_pids()]
    return report


def peak_mb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return -1
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def start_up(pack: ModelPack) -> float:
    """Seconds from starting a worker to its first answer."""
    start = time.perf_counter()
    with ExtractionPool(pack, workers=1) as pool:
        pool.submit(b"", detail=Detail.STANDARD, rule=PROBE_RULE).result()
        return round(time.perf_counter() - start, 3)


def in_process(pack: ModelPack, photographs: list[bytes]) -> dict[str, Any]:
    extractor, limits = Extractor(pack), ExtractionLimits()
    extractor.extract(photographs[0], detail=Detail.STANDARD, rule=PROBE_RULE, limits=limits)
    start = time.perf_counter()
    results = [
        extractor.extract(data, detail=Detail.STANDARD, rule=PROBE_RULE, limits=limits)
        for data in photographs
    ]
    return summarise(results, time.perf_counter() - start)


def timed(photographs: list[bytes], one: Callable[[bytes], int]) -> dict[str, Any]:
    one(photographs[0])
    start = time.perf_counter()
    faces = sum(one(data) for data in photographs)
    seconds = time.perf_counter() - start
    return {
        "photographs": len(photographs),
        "faces": faces,
        "seconds": round(seconds, 2),
        "photographs_per_second": round(len(photographs) / seconds, 2),
        "faces_per_second": round(faces / seconds, 2),
    }


def opencv_path(folder: Path) -> Callable[[bytes], int]:
    """YuNet and SFace as OpenCV's samples use them, the long side scaled to 1280, one embedding a face."""
    import cv2

    cv2.setNumThreads(1)
    paths = {role: folder / f"{role}.onnx" for role in ("detector", "recogniser")}
    for role, path in paths.items():
        path.write_bytes(source_bytes("sface", role))
    finder = cv2.FaceDetectorYN.create(str(paths["detector"]), "", (320, 320), 0.6, 0.3)
    recogniser = cv2.FaceRecognizerSF.create(str(paths["recogniser"]), "")

    def one(data: bytes) -> int:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        scale = 1280 / max(picture.shape[:2])
        if scale < 1:
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        finder.setInputSize((picture.shape[1], picture.shape[0]))
        _, rows = finder.detect(picture)
        for row in rows if rows is not None else ():
            recogniser.feature(recogniser.alignCrop(picture, row))
        return 0 if rows is None else len(rows)

    return one


def dlib_path() -> Callable[[bytes], int]:
    """face_recognition's defaults: HOG detector on the picture as it is, 68 points, ResNet descriptor."""
    import dlib

    models = Path(importlib.util.find_spec("face_recognition_models").origin).parent / "models"  # type: ignore[union-attr,arg-type]
    detector = dlib.get_frontal_face_detector()
    points = dlib.shape_predictor(str(models / "shape_predictor_68_face_landmarks.dat"))
    encoder = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))

    def one(data: bytes) -> int:
        with Image.open(io.BytesIO(data)) as opened:
            picture = np.array(opened.convert("RGB"))
        boxes = detector(picture, 1)
        for box in boxes:
            encoder.compute_face_descriptor(picture, points(picture, box), 1)
        return len(boxes)

    return one


def measure(options: argparse.Namespace) -> dict[str, Any]:
    pack = load_pack()
    sets = {"openpeople": openpeople()}
    if options.large:
        sets["12_mpx"] = large(options.large)
    report: dict[str, Any] = {"worker_start_seconds": start_up(pack)}
    for name, photographs in sets.items():
        report[f"{name} workers={options.workers}"] = in_workers(pack, photographs, options.workers)
        report[f"{name} in process"] = in_process(pack, photographs)
        if options.others and importlib.util.find_spec("cv2"):
            with tempfile.TemporaryDirectory() as folder:
                report[f"{name} opencv"] = timed(photographs, opencv_path(Path(folder)))
        if options.others and importlib.util.find_spec("dlib"):
            report[f"{name} dlib"] = timed(photographs[: options.dlib], dlib_path())
    report["parent_peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--large", type=int, default=10)
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--dlib", type=int, default=6, help="pictures for dlib, which takes seconds each")
    options = parser.parse_args()
    report = measure(options)
    if options.json:
        print(json.dumps(report))
        return
    for name, value in report.items():
        print(f"{name:28} {json.dumps(value)}")


if __name__ == "__main__":
    main()
