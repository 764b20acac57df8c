"""`countenance bench index`: the keys it prints, that it measures what it says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from countenance.bench.building import BANDS, LISTED, GeneratedIndex
from countenance.bench.generator import TemplateGenerator
from countenance.cli.main import main

KEYS = [
    "p50_ms",
    "p99_ms",
    "bare_scan_p50_ms",
    "bandwidth_share",
    "mates_found",
    "resident_bytes_per_template",
    "build_s",
    "cold_start_s",
]


@pytest.mark.parametrize("dimension", [128, 512])
def test_the_command_prints_exactly_these_keys_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dimension: int
) -> None:
    words = [
        "bench",
        "index",
        "--templates",
        "20000",
        "--dim",
        str(dimension),
        "--in",
        str(tmp_path),
        "--json",
    ]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == KEYS
    assert list(told["mates_found"]) == list(BANDS)
    for found in told["mates_found"].values():
        assert set(found) == {"ours", "brute_force"}
        assert abs(found["ours"] - found["brute_force"]) <= 0.5
    assert 0 < told["bare_scan_p50_ms"] < told["p50_ms"] <= told["p99_ms"]
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_measured_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "index", "--templates", "500"]) == 2
    assert "scored exactly" in capsys.readouterr().err
    assert main(["bench", "index", "--templates", "20000", "--dim", "100"]) == 2
    assert "multiple of 8" in capsys.readouterr().err
    assert main(["bench", "index", "--templates", "20000", "--in", str(tmp_path / "none")]) == 4
    assert "There is no folder" in " ".join(capsys.readouterr().err.split())
    assert main(["bench", "index", "--templates", "100000000000", "--in", str(tmp_path)]) == 5
    assert "no room" in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_brute_force_is_counted_as_if_all_were_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from countenance.bench import building

    monkeypatch.setattr(building, "_PIECE", 1_500)
    monkeypatch.setattr(building, "MOST_ROWS", 4_000)
    seen: list[np.ndarray] = []
    drawn = TemplateGenerator.photographs

    def noted(self: TemplateGenerator, people: np.ndarray) -> np.ndarray:
        seen.append(drawn(self, people))
        return seen[-1]

    monkeypatch.setattr(TemplateGenerator, "photographs", noted)
    made = GeneratedIndex(tmp_path, 10_000, 128, 3)
    written: list[int] = []
    made.build(written.append)
    assert written == [4_000, 8_000, 10_000]
    references = np.concatenate([seen[0], *seen[2:]])  # the second piece drawn was the probes
    assert len(references) == 10_000
    for mates in made.mates.values():
        scores = mates.probes @ references.T
        above = (scores > mates.scores[:, None] + 1e-6).sum(axis=1)
        assert np.abs(above - mates.above).max() <= 1  # one product or several round differently
        assert (mates.above < LISTED).any()
    made.close()


def test_a_longer_template_has_the_spread_of_the_short_one() -> None:
    short, long = (TemplateGenerator(1, dimension) for dimension in (128, 512))
    for draw in (short, long):
        people = draw.people(3_000)
        one, other = draw.photographs(people), draw.photographs(people)
        assert np.allclose(np.linalg.norm(one, axis=1), 1, atol=1e-4)
        mated = np.einsum("ij,ij->i", one, other)
        assert 0.35 < mated.mean() < 0.75
        assert abs(float((one[:1_500] @ other[1_500:].T).mean())) < 0.02
