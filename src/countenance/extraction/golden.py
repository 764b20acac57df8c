"""Golden vectors: known answers to known inputs, so that a converted model is tried and not only hashed.

The inputs are patterns computed from whole numbers (no photograph of anybody); the answers were computed from the
publisher's own files by another runtime (OpenCV 4, which alone runs them as they are). See `packs/*/golden.json`. An added pack's
answers are its publisher's, where they came along, else what it answered here on the day it was added.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from countenance.biometrics.templates import SpaceId
from countenance.extraction.detect import Detector
from countenance.extraction.pack import ModelPack, Preparation, load_pack, pack_file, read_manifest
from countenance.extraction.recognise import Recogniser
from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from pathlib import Path

_MODEL_SIDE, _DETECTOR_SIDE = 112, 64
_PLACES = 320  # values of each output of a detector that are kept
COSINE_FLOOR = 0.9999
"""Least cosine to the golden embedding; another processor rounds elsewhere, by about 1e-6."""
DETECTOR_TOLERANCE = 1e-2
"""Greatest absolute difference of the detector's outputs, which are of the order of 1."""


def pattern(side: int, seed: int) -> npt.NDArray[np.uint8]:
    """uint8 (side, side, 3): rings, slopes and a coarse texture, the same on every machine."""
    y, x = np.mgrid[0:side, 0:side].astype(np.int64)
    rings = ((x - side // 2) ** 2 + (y - side // 2 + seed) ** 2) // (side // 2)
    planes = [
        (rings * (3 + seed) + x * (1 + c) + (y // 7) * (x // 9) * (5 + c + seed)) % 256 for c in range(3)
    ]
    return np.stack(planes, axis=2).astype(np.uint8)


def check_model(name: str, role: str, converted: bytes) -> None:
    """Try a converted model on the golden inputs. Raises IntegrityError where an answer is another one."""
    golden, manifest = json.loads(pack_file(name, "golden.json")), read_manifest(name)
    if role == "recogniser":
        _check_recogniser(name, golden, converted, Preparation(**manifest.get("preparation", {})))
    else:
        _check_detector(name, golden, converted)


def answers(pack: ModelPack) -> dict[str, Any]:
    """What a pack answers to the golden inputs now, as golden.json holds it: for a pack that is being added."""
    nowhere = np.zeros(pack.dimension, dtype=np.float32)
    recogniser = Recogniser(
        pack.model_bytes("recogniser"),
        centre=nowhere,
        mirrored=False,
        space_id=pack.space_id,
        preparation=pack.preparation,
    )
    detector = Detector(pack.model_bytes("detector"), pack.detector_kind)
    return {
        "dimension": pack.dimension,
        "recogniser": [
            {
                "seed": seed,
                "embedding": [
                    float(f"{value:.7g}") for value in recogniser.raw(pattern(_MODEL_SIDE, seed))[0]
                ],
            }
            for seed in (1, 2)
        ],
        "detector": [
            {
                "seed": seed,
                "outputs": {
                    name: [float(f"{value:.6g}") for value in made.ravel()[:_PLACES]]
                    for name, made in detector.raw(_planes(seed, detector.size)).items()
                },
            }
            for seed in (1,)
        ],
    }


def _planes(seed: int, size: tuple[int | None, ...]) -> npt.NDArray[np.float32]:
    """float32 (1, 3, h, w): the pattern, repeated where a detector takes one size only that is larger."""
    height, width = (side or _DETECTOR_SIDE for side in size)
    whole = np.tile(
        pattern(_DETECTOR_SIDE, seed), (-(-height // _DETECTOR_SIDE), -(-width // _DETECTOR_SIDE), 1)
    )
    return np.ascontiguousarray(whole[:height, :width].transpose(2, 0, 1)[None], dtype=np.float32)


def verify(name: str = "sface", *, cache: Path | None = None) -> None:
    """Check every file of a pack, source and converted, by hash and by golden vectors. Raises CountenanceError."""
    from countenance.extraction.pack import source_bytes

    pack = load_pack(name, cache=cache)
    for role in pack.manifest["files"]:
        source_bytes(name, role)
        check_model(name, role, pack.model_bytes(role))


def _check_recogniser(name: str, golden: dict[str, Any], converted: bytes, preparation: Preparation) -> None:
    nowhere = np.zeros(golden["dimension"], dtype=np.float32)
    recogniser = Recogniser(
        converted, centre=nowhere, mirrored=False, space_id=SpaceId(name), preparation=preparation
    )
    for entry in golden["recogniser"]:
        expected = np.array(entry["embedding"], dtype=np.float64)
        made = recogniser.raw(pattern(_MODEL_SIDE, entry["seed"]))[0]
        cosine = float(made @ expected / (np.linalg.norm(made) * np.linalg.norm(expected)))
        if not cosine >= COSINE_FLOOR:
            raise _differs(name, "recogniser", f"cosine {cosine:.6f}")


def _check_detector(name: str, golden: dict[str, Any], converted: bytes) -> None:
    detector = Detector(converted)
    for entry in golden["detector"]:
        made = detector.raw(_planes(entry["seed"], detector.size))
        for output, values in entry["outputs"].items():
            difference = float(np.abs(made[output].ravel()[: len(values)] - np.array(values)).max())
            if not difference <= DETECTOR_TOLERANCE:
                raise _differs(name, "detector", f"{output} {difference:.4f}")


def _differs(name: str, role: str, detail: str) -> IntegrityError:
    return IntegrityError(
        N_("The {role} of the pack {pack} does not give its golden answers ({detail})."),
        remedy=N_(
            "Its files or the installed ONNX Runtime are not what the pack was made with; do not use it."
        ),
        role=role,
        pack=name,
        detail=detail,
        code="model-golden",
    )
