"""The scan equals brute force, whatever the order and wherever the rows stand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.index import scan
from countenance.index.scan import best_rows, exact_scores


def units(rng: np.random.Generator, count: int, dimension: int) -> np.ndarray:
    rows = rng.standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def brute_force(
    rows: np.ndarray, names: list[str], probe: np.ndarray, floor: float, limit: int
) -> list[tuple[str, float]]:
    scored = [
        (float(np.float32(sum(float(a) * float(b) for a, b in zip(row, probe, strict=True)))), name)
        for row, name in zip(rows, names, strict=True)
    ]
    scored.sort(key=lambda one: (-one[0], one[1]))
    return [(name, score) for score, name in scored if score >= floor][:limit]


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 300),
    dimension=st.sampled_from([8, 24, 128, 512]),
    copies=st.integers(0, 40),
    limit=st.integers(1, 40),
    floor=st.sampled_from([-1.0, 0.0, 0.1, 0.35]),
    chunk=st.sampled_from([1, 7, 64, 16_384]),
)
def test_equal_to_brute_force_in_any_order_and_segmentation(
    seed: int, count: int, dimension: int, copies: int, limit: int, floor: float, chunk: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = units(rng, count, dimension)
    if count and copies:
        rows[rng.integers(0, count, copies)] = rows[rng.integers(0, count)]
    probes = units(rng, 2, dimension)
    if count:
        probes[1] = rows[0]
    names = [f"r{n:04d}" for n in range(count)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "_CHUNK_ROWS", chunk)
        whole = best_rows([(rows, names)], probes, floor=floor, limit=limit)
        order = rng.permutation(count)
        cuts = np.sort(rng.integers(0, count + 1, 3))
        blocks = [(rows[part], [names[i] for i in part]) for part in np.split(order, cuts)]
        split = best_rows(blocks, probes, floor=floor, limit=limit)
        alone = [best_rows(blocks, probes[i : i + 1], floor=floor, limit=limit)[0] for i in range(2)]
    assert whole == split == alone
    for found, probe in zip(whole, probes, strict=True):
        expected = brute_force(rows, names, probe, floor, limit)
        # The last bit may differ between two ways of adding doubles; an order may only where scores are that close.
        assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1.2e-7)
        by_name = dict(zip(names, exact_scores(rows, probe).tolist(), strict=True))
        assert all(by_name[name] == score for name, score in found)
        assert found == sorted(found, key=lambda one: (-one[1], one[0]))


def test_equal_to_float32_brute_force_on_a_larger_set() -> None:
    rng = np.random.default_rng(1)
    rows, probes = units(rng, 50_000, 128), units(rng, 20, 128)
    names = [str(n) for n in range(len(rows))]
    found = best_rows([(rows, names)], probes, floor=-1.0, limit=50)
    for one, probe in zip(found, probes, strict=True):
        scores = rows @ probe
        assert {name for name, _ in one} == {names[i] for i in np.argsort(-scores)[:50]}
        assert [score for _, score in one] == pytest.approx(np.sort(scores)[::-1][:50].tolist(), abs=1e-6)


def test_equal_rows_are_told_apart_by_reference_only() -> None:
    rng = np.random.default_rng(2)
    (row,) = units(rng, 1, 128)
    names = [f"r{n:05d}" for n in rng.permutation(20_000)]
    rows = np.tile(row, (20_000, 1))
    (found,) = best_rows([(rows, names)], row[None], floor=0.5, limit=5)
    assert [name for name, _ in found] == ["r00000", "r00001", "r00002", "r00003", "r00004"]
    assert len({score for _, score in found}) == 1


def test_many_near_ties_lose_nothing() -> None:
    # Rows whose scores differ by less than the float32 product can tell: the preselection must keep them all.
    rng = np.random.default_rng(3)
    (probe,) = units(rng, 1, 512)
    rows = np.tile(probe, (5_000, 1)) + rng.standard_normal((5_000, 512)).astype(np.float32) * np.float32(
        2e-7
    )
    names = [f"r{n:05d}" for n in range(5_000)]
    (found,) = best_rows([(rows, names)], probe[None], floor=-1.0, limit=10)
    exact = exact_scores(rows, probe)
    expected = sorted(zip((-exact).tolist(), names, strict=True))[:10]
    assert found == [(name, -score) for score, name in expected]


def test_nothing_to_scan() -> None:
    probe = units(np.random.default_rng(4), 1, 128)
    assert best_rows([], probe, floor=-1.0, limit=5) == [[]]
    assert best_rows([(np.zeros((0, 128), np.float32), [])], probe, floor=-1.0, limit=5) == [[]]


def test_a_row_exactly_at_the_floor_is_found() -> None:
    # Its float32 product may come out a little lower than its exact score.
    rng = np.random.default_rng(5)
    rows, probes = units(rng, 2_000, 512), units(rng, 1, 512)
    names = [f"r{n:04d}" for n in range(2_000)]
    for name, score in zip(names[:300], exact_scores(rows, probes[0]).tolist(), strict=False):
        (found,) = best_rows([(rows, names)], probes, floor=score, limit=2_000)
        assert found[-1] == (name, score)
