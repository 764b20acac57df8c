"""The arithmetic of the cost model holds."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "cluster"))

from model import estimate, figures_for


def test_twice_the_machines_halve_the_scan() -> None:
    figures = figures_for(128)
    one, two = (estimate(1e9, figures, within_ms=100, machines=n) for n in (10, 20))
    assert two.scan_ms == pytest.approx(one.scan_ms / 2)
    assert two.price_per_month == pytest.approx(2 * one.price_per_month)


def test_ten_times_the_templates_take_ten_times_the_machines_and_memory() -> None:
    figures = figures_for(128)
    one, ten = estimate(1e9, figures, within_ms=50), estimate(1e10, figures, within_ms=50)
    assert ten.memory_gb == pytest.approx(10 * one.memory_gb)
    assert 9 <= ten.machines / one.machines <= 11


def test_the_scan_is_bytes_by_bandwidth() -> None:
    figures = replace(figures_for(128), bandwidth=50.0)
    assert estimate(1e9, figures, within_ms=1e9, machines=1).scan_ms == pytest.approx(32e9 / 50e9 * 1e3)


def test_enough_machines_for_memory_and_for_time() -> None:
    figures = figures_for(512)
    one = estimate(1e9, figures, within_ms=100)
    assert one.machines == max(one.by_memory, one.by_time)
    assert one.machines * figures.memory >= one.memory_gb
    assert one.scan_ms + figures.round_ms <= 100


def test_a_million_searches_cost_the_hours_they_take() -> None:
    figures = replace(figures_for(128), price=2.0)
    one = estimate(1e9, figures, within_ms=100, machines=10)
    hours = one.search_ms / 1000 * 1e6 / 3600
    assert one.price_per_million == pytest.approx(hours * 10 * 2.0)
