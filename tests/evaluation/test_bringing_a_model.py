"""Bringing another model: what is refused by name, what is tried before it is there, and that it then works like any other."""

from __future__ import annotations

import json
import pickle
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_parts import made_report
from house import PEOPLE
from model_parts import DISTANCES, POINTS, changed, recogniser, scrfd
from PIL import Image

from countenance.biometrics.vocabulary import Detail
from countenance.cli.main import main
from countenance.extraction.detect import Detector
from countenance.extraction.engine import Extractor
from countenance.extraction.pack import ModelPack, Preparation, available_packs, load_pack
from countenance.extraction.recognise import prepare
from countenance.extraction.runtime import RUNTIME_VARIABLE, Runtime, chosen_runtime, open_session, run
from countenance.extraction.values import PROBE_RULE, ExtractionLimits, PhotographExtraction
from countenance.extraction.vetting import DetectorKind
from countenance.primitives.errors import UnavailableError, UsageError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COUNTENANCE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def told(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> Any:
    found = main([*(str(word) for word in words), "--json"])
    said = capsys.readouterr()
    assert found == code, said
    return json.loads(said.out)


def add(capsys: pytest.CaptureFixture[str], name: str, file: Path, *more: object, code: int = 0) -> Any:
    words = ("models", "add", name, "--recogniser", file, "--licence", "MIT", *more)
    return told(capsys, *words, code=code)


def test_an_added_pack_is_listed_verified_used_measured_and_removed(
    tmp_path: Path, lfw: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = recogniser(tmp_path / "mine.onnx", 256)
    passport = add(capsys, "mine", file, "--mean", 127.5, "--scale", 127.5, "--publisher", "City Archive")
    assert passport["dimension"] == 256
    assert passport["space_id"].startswith("mine-")
    assert passport["contract"]["recogniser"] == "rgb-127.5-127.5-float32/1"
    assert passport["files"]["recogniser"]["training_data"] == "undocumented"
    assert passport["measured"] is False
    assert available_packs() == ("mine", "sface")
    listed = told(capsys, "models", "list")["models"]
    assert [one["name"] for one in listed] == ["mine", "sface"]
    assert [one["verified"] for one in told(capsys, "models", "verify")["models"]] == [True, True]
    # Measured like the default pack, in workers of their own.
    found = told(capsys, "evaluate", lfw, "--pack", "mine", "--splits", 1, "--workers", 1)
    assert found["space_id"] == passport["space_id"]
    assert found["data"]["not_acquired"] == {"no-face": 1}
    # Too little for a floor; a larger report gives it, and histograms besides.
    small = tmp_path / "small.json"
    small.write_text(json.dumps(found))
    assert told(capsys, "models", "calibrate", "mine", small, code=2)["error"]["code"] == "calibration-report"
    large = tmp_path / "large.json"
    large.write_text(made_report(datetime(2026, 10, 1, tzinfo=UTC), passport["space_id"]))
    after = told(capsys, "models", "calibrate", "mine", large)
    point = next(
        one
        for one in json.loads(large.read_text())["results"][0]["verification"]
        if one["target_FMR"] == 1e-3
    )
    assert after["candidate_floor"] == point["T"]["value"]
    assert after["measured"] is True
    assert after["space_id"] == passport["space_id"]
    foreign = tmp_path / "foreign.json"
    foreign.write_text(made_report(datetime(2026, 10, 1, tzinfo=UTC), "other-1", persons=40))
    assert (
        told(capsys, "models", "calibrate", "mine", foreign, code=2)["error"]["code"] == "calibration-space"
    )
    # A byte that changes is seen at once, by whoever uses it.
    weights = home / "mine" / "recogniser.onnx"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert told(capsys, "models", "verify", "mine", code=1)["models"][0]["error"] == "model-changed"
    weights.write_bytes(whole)
    assert told(capsys, "models", "remove", "mine") == {"removed": "mine"}
    assert list(home.iterdir()) == []
    assert told(capsys, "models", "remove", "mine", code=4)["error"]["code"] == "pack-unknown"
    assert told(capsys, "models", "remove", "sface", code=2)["error"]["code"] == "pack-shipped"


@pytest.mark.parametrize("kind", ["external", "external-inside", "custom", "function"])
def test_what_a_model_must_not_hold_is_named(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    file = changed(recogniser(tmp_path / "good.onnx"), tmp_path / "bad.onnx", kind)
    error = add(capsys, "bad", file, code=2)["error"]
    assert error["code"] == (
        "model-external-data" if kind.startswith("external") else "model-custom-operator"
    )
    assert "bad.onnx" in error["message"]
    assert error["remedy"]
    assert not home.exists()


def test_what_is_no_onnx_model_is_named(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "harm",)

    pickled = tmp_path / "weights.pkl"
    pickled.write_bytes(pickle.dumps(Harm()))
    with zipfile.ZipFile(tmp_path / "weights.pt", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Harm()))
    (tmp_path / "words.onnx").write_bytes(b"no model at all")
    (tmp_path / "empty.onnx").write_bytes(b"")
    for name, what in (
        ("weights.pkl", "pickle"),
        ("weights.pt", "PyTorch"),
        ("words.onnx", ""),
        ("empty.onnx", ""),
    ):
        error = add(capsys, "bad", tmp_path / name, code=2)["error"]
        assert error["code"] == "model-not-onnx"
        assert name in error["message"]
        assert what in error["message"]
    assert not (tmp_path / "harm").exists()
    assert not home.exists()


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ({"dimension": 64}, "model-contract"),
        ({"dimension": 1100}, "model-contract"),
        ({"dimension": 130}, "model-contract"),
        ({"side": 224}, "model-contract"),
        ({"flat": True}, "model-senseless"),
    ],
)
def test_a_recogniser_of_another_contract_is_refused(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], shape: dict[str, Any], code: str
) -> None:
    file = recogniser(tmp_path / "other.onnx", **shape)
    assert add(capsys, "other", file, code=2)["error"]["code"] == code
    assert not home.exists() or list(home.iterdir()) == []


def test_a_licence_is_taken_on_by_somebody_and_a_name_is_never_taken_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = recogniser(tmp_path / "mine.onnx")
    words = ("models", "add", "mine", "--recogniser", file, "--licence", "non-commercial research")
    error = told(capsys, *words, code=2)["error"]
    assert error["code"] == "licence-not-acknowledged"
    assert "non-commercial research" in error["message"]
    passport = told(capsys, *words, "--acknowledge", "Ana Roy")
    assert passport["licence_acknowledged"]["by"] == "Ana Roy"
    main(["models", "list"])
    assert "Licence taken on by Ana Roy" in capsys.readouterr().out
    assert told(capsys, *words, "--acknowledge", "Ana Roy", code=5)["error"]["code"] == "pack-exists"
    for name in ("sface", "../evil", "A", ".x"):
        code = "pack-exists" if name == "sface" else "pack-name"
        assert add(capsys, name, file, code=5 if name == "sface" else 2)["error"]["code"] == code


def test_a_publishers_golden_vectors_are_held_against_the_model(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = recogniser(tmp_path / "mine.onnx")
    add(capsys, "first", file)
    golden = json.loads((home / "first" / "golden.json").read_text())
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
    right.write_text(json.dumps(golden))
    golden["recogniser"][0]["embedding"][:64] = [
        -value for value in golden["recogniser"][0]["embedding"][:64]
    ]
    wrong.write_text(json.dumps(golden))
    add(capsys, "second", file, "--golden", right)
    assert add(capsys, "third", file, "--golden", wrong, code=5)["error"]["code"] == "model-golden"
    assert available_packs() == ("first", "second", "sface")


def pack_of(capsys: pytest.CaptureFixture[str], name: str, file: Path, *more: object) -> ModelPack:
    add(capsys, name, file, *more)
    return load_pack(name)


def picture() -> bytes:
    return (PEOPLE / "P001" / "assets" / "amateur_selfie.jpg").read_bytes()


def faces(pack: ModelPack) -> Sequence[Any]:
    found = Extractor(pack).extract(
        picture(), detail=Detail.STANDARD, rule=PROBE_RULE, limits=ExtractionLimits()
    )
    assert isinstance(found, PhotographExtraction)
    return found.pages[0].faces


def test_colours_scale_and_a_batch_of_one_are_kept_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chip = np.arange(112 * 112 * 3, dtype=np.uint8).reshape(112, 112, 3)
    plain = prepare(chip, Preparation())
    made = prepare(chip, Preparation(colour="BGR", mean=127.5, scale=128.0))
    assert np.array_equal(plain[0, 0], chip[:, :, 0].astype(np.float32))
    assert np.allclose(made[0, 2], (chip[:, :, 0].astype(np.float32) - 127.5) / 128)
    free = pack_of(capsys, "free", recogniser(tmp_path / "free.onnx"), "--colour", "BGR")
    fixed = pack_of(capsys, "fixed", recogniser(tmp_path / "fixed.onnx", batch=1), "--colour", "BGR")
    single = pack_of(capsys, "single", recogniser(tmp_path / "free.onnx"), "--colour", "BGR", "--single")
    rgb = pack_of(capsys, "rgb", recogniser(tmp_path / "free.onnx"))
    one, two, three, four = (faces(pack)[0].template for pack in (free, fixed, single, rgb))
    assert np.allclose(one.vector, two.vector, atol=1e-5)
    assert not np.allclose(one.vector, three.vector, atol=1e-3)
    assert not np.allclose(one.vector, four.vector, atol=1e-3)
    assert len({pack.space_id for pack in (free, fixed, single, rgb)}) == 4


@pytest.mark.parametrize("size", [None, 640])
def test_scrfd_tells_boxes_and_points_where_they_are(tmp_path: Path, size: int | None) -> None:
    """A white square covers exactly one cell of stride 32, so sixteen of stride 8; suppression leaves the strongest."""
    detector = Detector(scrfd(tmp_path / "scrfd.onnx", size).read_bytes(), DetectorKind.SCRFD)
    pixels = np.zeros((256, 320, 3), np.uint8)
    pixels[64:96, 128:160] = 255
    (row, *others) = detector.find_in_view(Image.fromarray(pixels))
    rows = [row, *others]
    large = next(each for each in rows if abs(each[2] - 32 * (DISTANCES[0] + DISTANCES[2])) < 1e-3)
    left, top = 128 - 32 * DISTANCES[0], 64 - 32 * DISTANCES[1]
    assert large[:4] == pytest.approx((left, top, 32 * 6.0, 32 * 8.0), abs=1e-2)
    expected = [32 * value + (128 if place % 2 == 0 else 64) for place, value in enumerate(POINTS)]
    assert large[4:14] == pytest.approx(expected, abs=1e-2)
    assert all(0.5 <= each[14] <= 1 for each in rows)
    # A view larger than a network of one size is scaled down to it, and the answer back.
    wide = Image.fromarray(pixels).resize((1280, 1024), Image.Resampling.NEAREST)
    again = detector.find_in_view(wide)
    assert len(again)
    assert max(each[2] for each in again) >= 192


def test_a_pack_with_scrfd_is_installed_and_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = scrfd(tmp_path / "scrfd.onnx", 640)
    pack = pack_of(capsys, "both", recogniser(tmp_path / "mine.onnx", 512), "--detector", file)
    assert pack.detector_kind is DetectorKind.SCRFD
    assert pack.dimension == 512
    assert told(capsys, "models", "verify", "both")["models"][0]["verified"] is True
    swapped = add(capsys, "swapped", file, code=2)["error"]
    assert swapped["code"] == "model-contract"


def test_a_workspace_can_be_founded_on_an_added_pack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from countenance.records.workspace import Workspace

    add(capsys, "mine", recogniser(tmp_path / "mine.onnx", 512))
    words = (
        "init",
        "--operator",
        "City Archive",
        "--jurisdiction",
        "CA-ON",
        "--workspace",
        tmp_path / "space",
    )
    told(capsys, *words, "--models", "mine")
    with Workspace.open(tmp_path / "space") as workspace:
        assert (workspace.models.name, workspace.models.dimension) == ("mine", 512)
    other = (*words[:-1], tmp_path / "other")
    assert told(capsys, *other, "--models", "none", code=4)["error"]["code"] == "pack-unknown"


@pytest.mark.parametrize("runtime", [Runtime.OPENVINO, Runtime.CUDA])
def test_another_runtime_gives_the_same_faces_and_templates(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = load_pack()
    usual = faces(pack)
    monkeypatch.setenv(RUNTIME_VARIABLE, runtime.value)
    try:
        other = faces(pack)
    except UnavailableError:
        pytest.skip(f"the runtime {runtime.value} is not available here")
    assert len(other) == len(usual)
    for one, two in zip(usual, other, strict=True):
        assert one.box.x == pytest.approx(two.box.x, abs=0.05)
        assert float(one.template.vector @ two.template.vector) > 0.9999
        assert one.template.space_id == two.template.space_id
    assert "openvino_telemetry" not in sys.modules


def test_a_runtime_that_is_not_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNTIME_VARIABLE, "abacus")
    with pytest.raises(UsageError):
        chosen_runtime()
    monkeypatch.delenv(RUNTIME_VARIABLE)
    assert chosen_runtime() is Runtime.CPU
    pack = load_pack()
    session = open_session(pack.model_bytes("recogniser"))
    (made,) = run(session, {session.inputs[0].name: np.zeros((1, 3, 112, 112), np.float32)})
    assert made.shape == (1, 128)
    assert (
        replace(pack, mirrored=False).space_id == pack.space_id
    )  # the space is the manifest's, not the object's
