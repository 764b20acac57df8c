"""What a search may say of a score: by the pack's published evaluation, for its size of gallery, or nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, chi2

from countenance.biometrics.statement import Histograms, Measured, Origin, Statement, poisson_interval, wilson
from countenance.extraction.pack import ModelPack, load_pack
from countenance.search.statement import published_with


def stating(score: float, gallery: int, pack: ModelPack | None = None) -> Statement | None:
    table = published_with(pack or load_pack())
    assert table is not None
    return table.state(score, gallery, Origin.PACK)


def test_the_default_pack_states_what_its_own_histograms_hold() -> None:
    pack = load_pack()
    measured = pack.calibration()["variants"]["flip_centred"]
    for target, known in measured["fmr"].items():
        told = stating(known["threshold"], 1, pack)
        assert told is not None
        assert told.origin is Origin.PACK
        assert told.stranger is not None
        # The pack tells its threshold to four places, the histogram in bins of 0.005.
        assert told.stranger.value == pytest.approx(float(target), rel=0.4)
        assert told.missed.value == pytest.approx(known["fnmr_identity_balanced"], rel=0.2, abs=0.001)


def test_a_larger_gallery_brings_more_strangers_and_a_higher_score_fewer() -> None:
    by_size = [stating(0.45, size) for size in (1, 100, 10_000, 1_000_000)]
    values = [told.stranger.value for told in by_size if told and told.stranger]
    assert values == sorted(values)
    assert values[1] == pytest.approx(100 * values[0], rel=0.01)
    assert values[-1] <= 1
    by_score = [stating(score, 1000) for score in (0.3, 0.4, 0.5)]
    strangers = [told.stranger.value for told in by_score if told and told.stranger]
    missed = [told.missed.value for told in by_score if told]
    assert strangers == sorted(strangers, reverse=True)
    assert missed == sorted(missed)
    for told in (*by_size, *by_score):
        assert told is not None
        assert told.missed.low <= told.missed.value <= told.missed.high
        assert told.stranger is None or told.stranger.low <= told.stranger.value <= told.stranger.high


def test_where_too_little_was_seen_nothing_is_said_of_strangers() -> None:
    told = stating(0.95, 1000)
    assert told is not None
    assert told.stranger is None
    assert told.missed.value > 0.9


@dataclass
class _Uncalibrated:
    mirrored: bool = True

    def calibration(self) -> dict[str, Any]:
        return {"variants": {}}


def test_without_a_valid_evaluation_there_is_no_statement() -> None:
    assert published_with(_Uncalibrated()) is None  # type: ignore[arg-type]
    assert stating(0.5, 0) is None
    assert stating(math.nan, 10) is None
    assert Histograms(mated=[], non_mated=[], start=0, step=1).state(0.5, 10, Origin.PACK) is None


def test_intervals_are_those_of_scipy() -> None:
    for seen in (5, 30, 400):
        low, high = poisson_interval(seen)
        assert low == pytest.approx(chi2.ppf(0.025, 2 * seen) / 2, rel=0.02)
        assert high == pytest.approx(chi2.ppf(0.975, 2 * seen + 2) / 2, rel=0.02)
    for hits, n in ((3, 40), (0, 100), (50, 50)):
        theirs = binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson(hits / n, n) == pytest.approx((theirs.low, theirs.high), abs=1e-4)


def test_a_measured_gallery_is_told_as_it_was_and_grown_by_its_size() -> None:
    threshold = tuple(np.linspace(0.2, 0.6, 41).round(4).tolist())
    fpir = tuple(np.linspace(0.9, 0.0, 41).tolist())
    fnir = tuple(np.linspace(0.0, 0.3, 41).tolist())
    own = Measured(gallery=1000, threshold=threshold, fpir=fpir, fnir=fnir, strangers=2000, mates=900)
    told = own.state(0.5, 1000, Origin.WORKSPACE)
    assert told is not None
    assert told.stranger is not None
    assert told.stranger.value == pytest.approx(fpir[30], abs=0.03)
    larger = own.state(0.5, 2000, Origin.WORKSPACE)
    assert larger is not None
    assert larger.stranger is not None
    assert larger.stranger.value == pytest.approx(1 - (1 - told.stranger.value) ** 2)
    far = own.state(0.6, 1000, Origin.WORKSPACE)
    assert far is not None
    assert far.stranger is None or far.stranger.value < 0.05
