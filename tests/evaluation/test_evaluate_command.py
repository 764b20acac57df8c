"""`countenance evaluate` on folders, tables and scores: what it tells, what it keeps, what it refuses."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_parts import all_pairs, made_samples, write_pairs
from sklearn.metrics import roc_curve

from countenance.biometrics.vocabulary import Detail
from countenance.cli.main import main
from countenance.evaluation.acquire import acquire, vectors
from countenance.evaluation.layout import Photograph, read_pairs, read_photographs
from countenance.evaluation.values import Definition
from countenance.extraction.engine import Extractor
from countenance.extraction.pack import load_pack
from countenance.extraction.values import PROBE_RULE, ExtractionLimits, PhotographExtraction

SYMBOLS = {"FMR", "FNMR", "FNIR", "FPIR", "TAR", "FTE", "N", "R", "T"}


def run(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> Any:
    assert main(["evaluate", *(str(word) for word in words), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def every(value: Any, found: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """All keys and values of a document, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            found.append((key, inner))
            every(inner, found)
    elif isinstance(value, list):
        for inner in value:
            every(inner, found)
    return found


def test_a_folder_is_measured_in_all_three_definitions(
    lfw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = write_pairs(tmp_path / "pairs.txt")
    cache = tmp_path / "cache"
    words = (lfw, "--pairs", pairs, "--definition", "all", "--cache", cache, "--splits", 3, "--enrol", 6)
    told = run(capsys, *words)
    assert [one["definition"] for one in told["results"]] == ["centred-mirrored", "centred", "single"]
    assert told["data"]["persons"] == 10
    assert told["data"]["photographs"] == 30
    assert told["data"]["not_acquired"] == {"no-face": 1}
    assert [Path(one["path"]).name for one in told["failed"]] == ["Person_01_0009.jpg"]
    assert [Path(one).name for one in told["duplicates"]] == ["copy.jpg"] or told["data"]["duplicates"] == 1
    assert told["data"]["FTE"]["value"] == pytest.approx(1 / 29)
    for one in told["results"]:
        assert one["pairs"]["accuracy"]["value"] > 0.85
        assert one["pairs"]["accuracy"]["n"] == 16
        assert one["investigation"][0]["N"]["value"] == 6
        assert {each["R"]["value"] for each in one["investigation"]} == {1, 5, 20}
    for key, value in every(told, []):
        if key in SYMBOLS and key not in {"FMR", "FNMR", "FNIR", "FPIR", "T"}:
            assert set(value) == {"value", "low", "high", "n"}, key
        if key in SYMBOLS and isinstance(value, dict):
            assert set(value) == {"value", "low", "high", "n"}, key
    again = run(capsys, *words)
    assert {**again, "at": ""} == {**told, "at": ""}


def test_the_cache_holds_no_template_in_the_clear_and_its_key_lies_elsewhere(
    lfw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = run(capsys, lfw, "--cache", cache, "--splits", 1)
    pack = load_pack()
    one = read_photographs(lfw)[0]
    made = acquire([one], pack)
    held = b"".join(path.read_bytes() for path in cache.rglob("*"))
    assert held
    assert made.raw[0, 0].tobytes()[:32] not in held
    assert not list(cache.rglob("*.key"))
    # Another key reads nothing of it, and the run is made anew.
    monkeypatch.setenv("COUNTENANCE_EVALUATION_KEY", str(tmp_path / "other.key"))
    assert run(capsys, lfw, "--cache", cache, "--splits", 1)["results"] == first["results"]


def test_templates_are_those_of_the_engine_and_of_the_face_in_the_middle() -> None:
    from importlib.resources import files

    pack = load_pack()
    path = Path(str(files("openpeople"))) / "data" / "curated" / "P001" / "assets" / "character_sheet.jpg"
    found = Extractor(pack).extract(
        path.read_bytes(), detail=Detail.STANDARD, rule=PROBE_RULE, limits=ExtractionLimits()
    )
    assert isinstance(found, PhotographExtraction)
    page = found.pages[0]
    assert len(page.faces) > 3
    middle = min(
        page.faces,
        key=lambda face: (
            (face.box.centre[0] - page.width / 2) ** 2 + (face.box.centre[1] - page.height / 2) ** 2
        ),
    )
    acquired = acquire([Photograph(path=path, person="a")], pack, workers=1)
    assert middle.template is not None
    assert np.allclose(
        vectors(acquired, pack, Definition.CENTRED_MIRRORED)[0], middle.template.vector, atol=1e-5
    )
    single = vectors(acquired, pack, Definition.SINGLE)[0]
    assert np.allclose(single, acquired.raw[0, 0] / np.linalg.norm(acquired.raw[0, 0]), atol=1e-6)


def test_a_table_with_groups(lfw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "photographs.csv"
    lines = ["path,person,hall"]
    for one in read_photographs(lfw):
        hall = "east" if int(one.person[-2:]) % 2 else "west"
        lines.append(f"{one.path},{one.person},{hall}")
    table.write_text("\n".join(lines) + "\n")
    told = run(capsys, table, "--splits", 1)
    groups = told["results"][0]["differentials"][0]
    assert groups["dimension"] == "hall"
    assert [(one["group"], one["persons"], one["enough"]) for one in groups["groups"]] == [
        ("east", 5, False),
        ("west", 5, False),
    ]
    assert groups["worst_FMR"] is None


def test_a_file_that_cannot_be_read_is_an_item_that_failed(
    lfw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "photographs.csv"
    lines = [f"{one.path},{one.person}" for one in read_photographs(lfw)[2:9]]
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    table.write_text("\n".join(["path,person", *lines, "gone.jpg,Person_01", "torn.jpg,Person_01"]) + "\n")
    told = run(capsys, table, "--splits", 1, code=1)
    reasons = {Path(one["path"]).name: one["reason"] for one in told["failed"]}
    assert reasons["gone.jpg"] == "not-readable"
    assert reasons["torn.jpg"] in {"damaged", "truncated"}


def write_scores(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["probe", "probe_person", "reference", "reference_person", "score"])
        writer.writerows(rows)
    return path


def test_scores_of_another_system_are_measured_like_scikit_learn_measures_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = made_samples(40, 3)
    enrolled = set(range(25))
    references = [n for n in range(0, 120, 3) if samples.person[n] in enrolled]
    rows, score, mated = [], [], []
    for probe in range(120):
        if probe in references:
            continue
        for reference in references:
            value = float(samples.vectors[probe] @ samples.vectors[reference]) * 500 + 1000
            rows.append([probe, samples.person[probe], reference, samples.person[reference], f"{value:.9g}"])
            score.append(value)
            mated.append(samples.person[probe] == samples.person[reference])
    told = run(capsys, write_scores(tmp_path / "scores.csv", rows))
    one = told["results"][0]
    assert told["pack"] is None
    point = next(each for each in one["verification"] if each["target_FMR"] == 0.1)
    fpr, tpr, thresholds = roc_curve(mated, score, drop_intermediate=False)
    place = int(np.searchsorted(-thresholds, -point["T"]["value"], side="right")) - 1
    assert point["FMR"]["value"] == pytest.approx(fpr[place], abs=2e-3)
    assert point["FNMR"]["value"] == pytest.approx(1 - tpr[place], abs=1e-9)
    assert one["identification"][0]["N"]["value"] == 25
    assert one["identification"][0]["FPIR"]["n"] == 45
    assert one["investigation"][0]["FNIR"]["n"] == 50
    best = {
        probe: max(value for row, value in zip(rows, score, strict=True) if row[0] == probe)
        for probe in {row[0] for row in rows}
    }
    own = [probe for probe in best if samples.person[probe] in enrolled]
    first = [
        max((value, row[3]) for row, value in zip(rows, score, strict=True) if row[0] == probe)[1]
        for probe in own
    ]
    missed = np.mean([person != samples.person[probe] for person, probe in zip(first, own, strict=True)])
    assert one["investigation"][0]["FNIR"]["value"] == pytest.approx(missed)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["p", "a", "r", "a", "0.5"]], "no-non-mated"),
        ([["p", "a", "r", "b", "0.5"]], "no-mated"),
        ([["p", "a", "r", "b", "nan"]], "scores-line"),
        ([["p", "a", "r", "b", "x"]], "scores-line"),
        ([["p", "", "r", "b", "1"]], "scores-line"),
        ([["p", "a", "r", "b", ""]], "scores-empty"),
        ([["p", "a", "r", "a", "1"], ["q", "b", "r", "a", "0"], ["p", "a", "s", "b", "0"]], "scores-order"),
        ([], "scores-empty"),
    ],
)
def test_scores_that_cannot_be_measured_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[list[str]], code: str
) -> None:
    told = run(capsys, write_scores(tmp_path / "scores.csv", rows), code=2)
    assert told["error"]["code"] == code


def test_folders_and_tables_that_cannot_be_measured_are_named(
    lfw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run(capsys, empty, code=2)["error"]["code"] == "data-layout"
    assert run(capsys, tmp_path / "none", code=4)["error"]["code"] == "data-missing"
    one = tmp_path / "one"
    shutil.copytree(lfw / "Person_01", one / "Person_01")
    assert run(capsys, one, code=2)["error"]["code"] == "one-person"
    shutil.rmtree(one / "Person_01")
    for number in ("03", "04"):
        (one / f"Person_{number}").mkdir()
        shutil.copy(lfw / f"Person_{number}" / f"Person_{number}_0001.jpg", one / f"Person_{number}")
    assert run(capsys, one, code=2)["error"]["code"] == "no-mated"
    # The same file twice is no second photograph.
    shutil.copy(one / "Person_03" / "Person_03_0001.jpg", one / "Person_03" / "again.jpg")
    assert run(capsys, one, code=2)["error"]["code"] == "no-mated"
    table = tmp_path / "t.csv"
    table.write_text("path,name\nx.jpg,a\n")
    assert run(capsys, table, code=2)["error"]["code"] == "data-columns"
    table.write_text("path,person\nx.jpg\n")
    assert run(capsys, table, code=2)["error"]["code"] == "data-line"
    pictures = [str(path) for path in sorted((lfw / "Person_03").iterdir())[:2]]
    other = str(lfw / "Person_04" / "Person_04_0001.jpg")
    table.write_text(f"path,person,g\n{pictures[0]},a,x\n{pictures[1]},a,y\n{other},b,x\n")
    assert run(capsys, table, code=2)["error"]["code"] == "group-conflict"
    assert run(capsys, lfw, "--enrol", 10, code=2)["error"]["code"] == "evaluation-enrolled"
    assert run(capsys, lfw, "--report", tmp_path / "x.docx", code=2)["error"]["code"] == "report-place"


def test_pairs_are_read_as_lfw_publishes_them(
    lfw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photographs = read_photographs(lfw)
    pairs = read_pairs(write_pairs(tmp_path / "pairs.txt"), photographs)
    assert [one.fold for one in pairs] == [0] * 8 + [1] * 8
    assert [one.mated for one in pairs[:8]] == [True] * 4 + [False] * 4
    first, second = photographs[pairs[4].first], photographs[pairs[4].second]
    assert (first.path.name, second.path.name) == ("Person_01_0001.jpg", "Person_02_0002.jpg")
    bad = tmp_path / "bad.txt"
    for text, code, exit_code in (
        ("2\t4\nPerson_01\t1\t2\n", "pairs", 2),
        ("nonsense\n", "pairs", 2),
        ("1\t1\nPerson_01\t1\tx\nPerson_01\t1\tPerson_02\t1\n", "pairs", 2),
        ("1\t1\nPerson_01\t1\t77\nPerson_01\t1\tPerson_02\t1\n", "pairs-photograph", 4),
    ):
        bad.write_text(text)
        assert run(capsys, lfw, "--pairs", bad, code=exit_code)["error"]["code"] == code


def test_it_says_the_same_to_people_and_writes_reports(
    lfw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache"
    words = ["evaluate", str(lfw), "--splits", "2", "--cache", str(cache)]
    reports = [str(tmp_path / f"report.{kind}") for kind in ("html", "pdf", "json")]
    assert main([*words, *(word for path in reports for word in ("--report", path))]) == 0
    out = capsys.readouterr().out
    assert "FNIR" in out
    assert "1 photographs gave no template" in out
    page, pdf, data = (Path(path) for path in reports)
    markup = page.read_text()
    assert " style=" not in markup
    assert "<script" not in markup
    assert "Person_0" not in markup
    assert markup.count("<svg") >= 4
    assert markup.count("<table") >= markup.count("<svg") - 1
    assert pdf.read_bytes().startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in pdf.read_bytes()
    assert json.loads(data.read_text())["format"] == "countenance-evaluation/1"
    french = tmp_path / "rapport.html"
    assert main([*words, "--report", str(french), "--report", str(tmp_path / "r.pdf"), "--lang", "fr"]) == 0
    assert 'lang="fr"' in french.read_text()
    assert "Comment cela a été mesuré" in french.read_text()


def test_a_pair_counted_by_hand(tmp_path: Path) -> None:
    score, mated, first, second = all_pairs(made_samples(3, 2))
    assert len(score) == 15
    assert mated.sum() == 3
    assert (first != second).sum() == 12
