"""Bringing another model: a detector and a recogniser in ONNX files become a pack on this machine, tried before it is there.

Vetted (`vetting`), run on the golden patterns, written beside its final place and moved there in one rename: whole or not at
all. A licence that is not one of the permissive ones must be acknowledged by name; what was acknowledged stands in the manifest.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from countenance.extraction import golden
from countenance.extraction.pack import (
    AS_IT_IS,
    ModelPack,
    Preparation,
    added_folder,
    available_packs,
    is_shipped,
    load_pack,
    packs_home,
)
from countenance.extraction.recognise import Recogniser
from countenance.extraction.vetting import detector_kind, read_model, recogniser_contract
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import (
    ConflictError,
    FormatError,
    NotFoundError,
    UnavailableError,
    UsageError,
)
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_

CLEAN_LICENCES = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "Unlicense", "Zlib"}
)
"""SPDX identifiers of licences that ask for no more than a notice. Anything else is acknowledged by somebody."""

FORMAT = "countenance-pack/2"
UNMEASURED_FLOOR = 0.2
"""Candidate floor of a pack that nobody has measured yet: a low one, so that little is lost. `calibrate` replaces it."""
FLOOR_FMR = 1e-3

_NAME = re.compile(r"^[a-z][a-z0-9-]{1,40}$")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a file comes from, for people to read. `licence`: SPDX identifier, or the licence's name."""

    licence: str
    training_data: str
    publisher: str


@dataclass(frozen=True, kw_only=True)
class NewPack:
    """What is to be added. `acknowledged_by`: who takes on a licence that is not clean; "" for nobody. `publishers_golden`:
    golden.json of the publisher, if there is one.
    """

    name: str
    version: str
    detector: Path
    recogniser: Path
    detector_origin: Origin
    recogniser_origin: Origin
    preparation: Preparation
    mirrored: bool
    acknowledged_by: str = ""
    publishers_golden: Path | None = None


def add(new: NewPack, now: datetime) -> ModelPack:
    """Vet, try and install a pack. Raises UsageError, FormatError, NotFoundError, ConflictError, UnavailableError."""
    _check_name(new.name)
    _check_licences(new)
    if not np.isfinite((new.preparation.mean, new.preparation.scale)).all() or new.preparation.scale <= 0:
        raise UsageError(N_("The scale of a pack is a number above 0."), code="pack-preparation")
    data = {"detector": _read(new.detector), "recogniser": _read(new.recogniser)}
    contract = recogniser_contract(read_model(data["recogniser"], new.recogniser.name), new.recogniser.name)
    kind = detector_kind(read_model(data["detector"], new.detector.name), new.detector.name)
    origins = {"detector": new.detector_origin, "recogniser": new.recogniser_origin}
    centre = [0.0] * contract.dimension
    manifest = {
        "format": FORMAT,
        "name": new.name,
        "version": new.version,
        "files": {
            role: {
                "name": f"{role}.onnx",
                "bytes": len(bytes_),
                "sha256": sha256_hex(bytes_),
                "converted_sha256": sha256_hex(bytes_),
                "conversion": AS_IT_IS,
                "given_as": (new.detector if role == "detector" else new.recogniser).name,
                "licence": origins[role].licence,
                "training_data": origins[role].training_data,
                "publisher": origins[role].publisher,
            }
            for role, bytes_ in data.items()
        },
        "contract": {
            "detector": f"{kind.value}/1: views 1152..1536+320+128, overlap 0.3, upright look from 10 degrees",
            "aligner": "arcface-5-point/1: 112x112, whole-factor reduction, bilinear",
            "recogniser": f"{new.preparation.colour.lower()}-{new.preparation.mean:g}-{new.preparation.scale:g}-float32/1",
            "mean": "mirrored/1" if new.mirrored else "single/1",
            "centre": "subtracted/1",
        },
        "detector_kind": kind.value,
        "preparation": {
            "colour": new.preparation.colour,
            "mean": new.preparation.mean,
            "scale": new.preparation.scale,
        },
        "dimension": contract.dimension,
        "mirrored": new.mirrored,
        "centre": centre,
        "thresholds": {
            "candidate_floor": {
                "value": UNMEASURED_FLOOR,
                "rule": "not measured: measure with countenance evaluate, then countenance models calibrate",
            }
        },
        "enrolment_floor": {
            "eye_distance_px": 7,
            "norm": 0.0,
            "data": "of the default pack; norm not measured",
        },
        "quality_advice": _advice(),
        "provenance": {role: origin.publisher for role, origin in origins.items()},
        "licence_acknowledged": {"by": new.acknowledged_by, "at": now.isoformat(timespec="seconds")}
        if new.acknowledged_by
        else None,
        "added_at": now.isoformat(timespec="seconds"),
    }
    return _install(new, manifest, data)


def check_removable(name: str) -> Path:
    """The folder of an added pack. Raises UsageError for a pack that comes with the program, NotFoundError."""
    if is_shipped(name):
        raise UsageError(
            N_("The pack {pack} comes with the program and cannot be removed."),
            code="pack-shipped",
            pack=name,
        )
    folder = added_folder(name)
    if folder is None:
        raise NotFoundError(
            N_("There is no model pack named {pack}."),
            remedy=N_("`countenance models list` shows those there are."),
            pack=name,
            code="pack-unknown",
        )
    return folder


def remove(name: str) -> None:
    """Remove an added pack's files. Raises what `check_removable` does."""
    folder = check_removable(name)
    gone = folder.with_name(f".{name}.{secrets.token_hex(4)}.gone")
    os.replace(folder, gone)  # one moment: a half-removed pack is never listed
    shutil.rmtree(gone)


def calibrate(name: str, report: Path) -> ModelPack:
    """Take floor and histograms of an added pack from a report of `countenance evaluate --pack NAME`.

    The floor becomes the score that one non-mated comparison in 1,000 exceeds. Raises FormatError where the report is none, or of
    another template space, or too small for that rate.
    """
    folder = added_folder(name)
    if folder is None:
        raise UsageError(
            N_("Only an added pack is calibrated; {pack} is none."), code="pack-not-added", pack=name
        )
    pack = load_pack(name)
    definition = "centred-mirrored" if pack.mirrored else "centred"
    try:
        held = json.loads(_read(report))
        if held["space_id"] != str(pack.space_id):
            raise FormatError(
                N_("{file} was not measured with this pack."), file=report.name, code="calibration-space"
            )
        (one,) = [each for each in held["results"] if each["definition"] == definition]
        (floor,) = [point for point in one["verification"] if point["target_FMR"] == FLOOR_FMR]
        bins = one["histograms"]
        value, lost = float(floor["T"]["value"]), floor["FNMR"]["value"]
        calibration = {
            "provenance": f"countenance evaluate, {held['at']}, data {held['data']['sha256']}",
            "bin_edges": {"start": bins["start"], "step": bins["step"], "bins": len(bins["mated"])},
            "variants": {
                "flip_centred" if pack.mirrored else "single_centred": {
                    "mated_histogram": [int(count) for count in bins["mated"]],
                    "non_mated_histogram": [int(count) for count in bins["non_mated"]],
                }
            },
        }
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(
            N_("{file} is no report of countenance evaluate that tells FMR 0.001 for this pack."),
            remedy=N_(
                "Measure on more photographs: countenance evaluate DATA --pack {pack} --report report.json"
            ),
            file=report.name,
            pack=name,
            code="calibration-report",
        ) from error
    manifest = dict(pack.manifest)
    manifest["thresholds"] = {
        "candidate_floor": {
            "value": value,
            "rule": "the comparison score that one non-mated comparison in 1,000 exceeds",
            "mated_lost": lost,
            "data": calibration["provenance"],
        }
    }
    write_atomically(folder / "calibration.json", json.dumps(calibration).encode(), mode=0o644)
    write_atomically(folder / "manifest.json", json.dumps(manifest).encode(), mode=0o644)
    return load_pack(name)


def _install(new: NewPack, manifest: Mapping[str, Any], data: Mapping[str, bytes]) -> ModelPack:
    home = packs_home()
    # Not listed while it is built: a name that begins with a dot is no pack's.
    building = home / f".{new.name}.{secrets.token_hex(4)}.new"
    try:
        building.mkdir(parents=True)
        for role, bytes_ in data.items():
            write_atomically(building / f"{role}.onnx", bytes_, mode=0o644)
        write_atomically(building / "manifest.json", json.dumps(manifest).encode(), mode=0o644)
        pack = _as_built(building, manifest)
        write_atomically(building / "golden.json", _golden(new, pack), mode=0o644)
        _check_sense(new, pack)
        os.replace(building, home / new.name)
    except OSError as error:
        raise UnavailableError(
            N_("The pack cannot be written to {folder}: {detail}"),
            remedy=N_("Make room or set COUNTENANCE_MODELS to a folder that can be written."),
            folder=str(home),
            detail=error.strerror or type(error).__name__,
            code="models-unwritable",
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    try:
        golden.verify(new.name)
    except Exception:
        remove(new.name)
        raise
    return load_pack(new.name)


def _as_built(folder: Path, manifest: Mapping[str, Any]) -> ModelPack:
    """The pack as it will be, from where it is built."""
    template = load_pack()
    from countenance.extraction.pack import space_id
    from countenance.extraction.vetting import DetectorKind

    return replace(
        template,
        name=manifest["name"],
        version=manifest["version"],
        space_id=space_id(manifest),
        dimension=manifest["dimension"],
        mirrored=manifest["mirrored"],
        centre=np.zeros(manifest["dimension"], dtype=np.float32),
        preparation=Preparation(**manifest["preparation"]),
        detector_kind=DetectorKind(manifest["detector_kind"]),
        detector=folder / "detector.onnx",
        recogniser=folder / "recogniser.onnx",
        manifest=manifest,
    )


def _golden(new: NewPack, pack: ModelPack) -> bytes:
    if new.publishers_golden is not None:
        return _read(new.publishers_golden)
    return json.dumps({**golden.answers(pack), "made_by": "this program, when the pack was added"}).encode()


def _check_sense(new: NewPack, pack: ModelPack) -> None:
    """A recogniser that answers the same to two pictures, or what is no number, is none."""
    recogniser = Recogniser(
        pack.model_bytes("recogniser"),
        centre=pack.centre,
        mirrored=pack.mirrored,
        space_id=pack.space_id,
        preparation=pack.preparation,
    )
    made = [recogniser.raw(golden.pattern(112, seed))[0] for seed in (1, 2, 3)]
    lengths = [float(np.linalg.norm(one)) for one in made]
    if not np.isfinite(lengths).all() or min(lengths) <= 0:
        raise _senseless(new, N_("its answers are not finite numbers, or zero"))
    if (
        min(float(made[0] @ one) / (lengths[0] * length) for one, length in zip(made, lengths, strict=True))
        > 0.99999
    ):
        raise _senseless(new, N_("it answers the same whatever it sees"))


def _senseless(new: NewPack, what: str) -> FormatError:
    return FormatError(
        N_("{file} recognises nothing: {what}."),
        file=new.recogniser.name,
        what=what,
        code="model-senseless",
    )


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise UsageError(
            N_("A pack's name is lower-case letters, digits and hyphens, 2 to 41 of them."), code="pack-name"
        )
    if name in available_packs():
        raise ConflictError(
            N_("There is a model pack named {pack} already."),
            remedy=N_("Choose another name; templates carry it, so a pack is never replaced."),
            pack=name,
            code="pack-exists",
        )


def _check_licences(new: NewPack) -> None:
    named = {new.detector_origin.licence, new.recogniser_origin.licence}
    unclean = sorted(licence for licence in named if licence not in CLEAN_LICENCES)
    if unclean and not new.acknowledged_by:
        raise UsageError(
            N_("The licence {licence} is not one that asks for a notice only."),
            remedy=N_("Read it. Whoever takes it on gives --acknowledge with their name."),
            licence=", ".join(unclean),
            code="licence-not-acknowledged",
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFoundError(
            N_("There is no file {path} that can be read."), path=str(path), code="model-file-missing"
        ) from error


def _advice() -> dict[str, Any]:
    """The default pack's advice, but for the norm, which is each recogniser's own."""
    held = {name: dict(entry) for name, entry in load_pack().manifest["quality_advice"].items()}
    held["norm"] = {**held["norm"], "value": 0.0, "data": "not measured"}
    return held
