"""`countenance bench gallery`: rates of a drawn gallery, piece by piece the same as in one piece."""

from __future__ import annotations

import json

import numpy as np
import pytest

from countenance.bench.generator import TemplateGenerator
from countenance.cli.main import main
from countenance.evaluation import rehearsal
from countenance.evaluation.rehearsal import rehearse


class Once:
    """The same people and photographs, however they are asked for."""

    def __init__(self, count: int) -> None:
        generator = TemplateGenerator(3)
        self._people = generator.people(count)
        self._photographs = generator.photographs(self._people)
        self._again = generator.photographs(self._people)
        self._at, self._seen = 0, set[int]()

    def people(self, count: int) -> np.ndarray:
        self._at += count
        return self._people[self._at - count : self._at]

    def photographs(self, people: np.ndarray) -> np.ndarray:
        place = int(np.nonzero((self._people == people[0]).all(axis=1))[0][0])
        source = self._photographs if place in self._seen else self._again
        self._seen.add(place)
        return source[place : place + len(people)]


def test_rates_are_those_of_a_plain_loop_and_do_not_depend_on_the_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rehearsal, "_AT_ONCE", 300)
    told = rehearse(300, Once(500), seed=1, searches=200)
    made = Once(500)
    gallery, own, strangers = made._photographs[:300], made._again[:200], made._again[300:500]
    score = own @ gallery.T
    mate = np.diag(score)
    first = np.mean([(row > one + 1e-6).any() for row, one in zip(score, mate, strict=True)])
    assert told.investigation[0].fnir.value == pytest.approx(first)
    assert told.gallery == 300
    top = (strangers @ gallery.T).max(axis=1)
    assert (top >= told.points[0].threshold).mean() <= told.points[0].target


def test_the_command_tells_rates_and_that_they_are_of_drawn_people(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "gallery", "--people", "3000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["generated"] is True
    assert [one["target_FPIR"] for one in told["identification"]] == [0.1, 0.01]
    assert told["identification"][1]["N"]["value"] == 3000
    assert 0 < told["identification"][1]["FNIR"]["value"] < 0.5
    assert main(["bench", "gallery", "--people", "3000"]) == 0
    assert "real people give higher rates" in " ".join(capsys.readouterr().out.split())
    assert main(["bench", "gallery", "--people", "5"]) == 2
