"""The comparison with other engines runs, and says what it must; small, with the engines of this environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
COMPARE = ROOT / "benchmarks" / "index" / "compare.py"
SVG = "{http://www.w3.org/2000/svg}"
ENGINES = ("countenance", "numpy float32", "FAISS Flat", "FAISS PQ FastScan, bare")


def compare(out: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    return subprocess.run(
        [sys.executable, str(COMPARE), "--out", str(out), "--templates", "20000", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=200,
        env=environment,
    ).stdout


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("compared")
    only = [part for name in ENGINES for part in ("--only", name)]
    compare(out, *only, "--table", str(out / "table.md"), "--plot", str(out / "plot.svg"))
    return out


@pytest.fixture(scope="module")
def results(compared: Path) -> dict[str, dict[str, Any]]:
    (file,) = compared.glob("results-*/table.json")
    read: dict[str, dict[str, Any]] = json.loads(file.read_text())
    return read


def test_the_table_has_a_row_for_each_engine_and_all_columns(compared: Path) -> None:
    table, settings = (compared / "table.md").read_text().split("\n\n")
    head, _, *rows = table.splitlines()
    cells = [cell.strip() for cell in head.strip("|").split("|")]
    assert cells == [
        "engine",
        "p50 ms",
        "p99 ms",
        "processor ms",
        "probes/s, 64 at once",
        "NumPy before / after, processor ms",
        "found 0.3-0.4 %",
        "found 0.4-0.5 %",
        "found >0.5 %",
        "FNIR at FPIR 1 %, %",
        "memory, bytes each",
        "disk, bytes each",
        "build s",
        "add 1,000 ms",
        "delete 1,000 ms",
        "bytes of the deleted",
    ]
    assert {row.split("|")[1].strip() for row in rows} == set(ENGINES)
    assert all(row.count("|") == len(cells) + 1 for row in rows)
    assert all(f"\n| {name} | " in settings for name in ENGINES)


def test_ours_finds_what_brute_force_finds(results: dict[str, dict[str, Any]]) -> None:
    brute = results["numpy float32"]
    assert min(brute["found"].values()) > 90
    for name in ("countenance", "FAISS Flat"):
        for band, share in brute["found"].items():
            assert abs(results[name]["found"][band] - share) <= 0.5, (name, band)
        assert abs(results[name]["fnir"] - brute["fnir"]) <= 0.3


def test_deleted_rows_were_there_before_and_ours_are_gone(results: dict[str, dict[str, Any]]) -> None:
    ours = results["countenance"]["bytes"]
    for form in ("sealed template", "sealed row of the segment", "wrapped key"):
        assert ours["before"][form] == ours["of"]
    assert not any(ours["cleaned"].values())
    assert results["FAISS Flat"]["bytes"]["before"] == {"float32": 8}
    for one in results.values():
        assert (one["added_found"], one["deleted_found"]) == (20, 0)


def test_the_picture_is_svg_without_styles_and_names_each_engine(compared: Path) -> None:
    root = ET.parse(compared / "plot.svg").getroot()
    texts = {"".join(one.itertext()) for one in root.iter(f"{SVG}text")}
    assert set(ENGINES) <= texts
    assert not [
        one.tag for one in root.iter() if "style" in one.attrib or one.tag in {f"{SVG}style", f"{SVG}script"}
    ]
    assert len(list(root.iter(f"{SVG}circle"))) == len(ENGINES) - 1 + 1  # one of them is in the legend


def test_what_is_there_is_not_run_again(compared: Path, results: dict[str, dict[str, Any]]) -> None:
    said = compare(compared, "--only", "numpy")
    assert "numpy float32 ..." not in said
    assert f"{results['numpy float32']['p50_ms']} ms" in said


def test_an_engine_that_cannot_be_had_is_a_row(compared: Path) -> None:
    said = compare(compared, "--only", "DuckDB", environment=os.environ | {"PATH": ""})
    assert "| DuckDB | cannot be installed: uv is not here |" in said


def test_ours_without_records_finds_the_same_and_says_so(tmp_path: Path) -> None:
    said = compare(tmp_path, "--records", "no", "--only", "countenance")
    (row,) = [line for line in said.splitlines() if line.startswith("| countenance, without records |")]
    assert row.count("not tried: no records") == 2
    (file,) = tmp_path.glob("results-*/countenance.json")
    told = json.loads(file.read_text())
    assert min(told["found"].values()) > 90
    assert all(abs(told["found"][band] - share) <= 0.5 for band, share in told["brute_force"].items())
