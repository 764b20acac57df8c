"""Rotation, codes, int8 and their packing."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_scan import SEED, units

from countenance.index.codebook import POINTS
from countenance.index.codes import (
    Codec,
    Exact,
    new_scanner,
    pack,
    packed_bytes,
    rotation,
    scanner_of,
    scores,
    unpack,
)
from countenance.primitives.errors import UsageError


@pytest.mark.parametrize("dimension", [8, 128, 512])
def test_a_rotation_is_orthogonal_secret_and_repeatable(dimension: int) -> None:
    turn = rotation(dimension, SEED)
    assert np.abs(turn @ turn.T - np.eye(dimension)).max() < 1e-12
    assert np.array_equal(turn, rotation(dimension, SEED))
    other = rotation(dimension, hashlib.sha256(SEED).digest())
    assert np.abs((turn * other).sum(axis=1)).mean() < 3 / np.sqrt(dimension)


def test_the_codebook_is_a_lloyd_optimum_of_the_normal_density() -> None:
    # Each point is the mean of what is nearest to it; scripts/codebook.py makes it without sampling.
    points = np.array(POINTS)
    drawn = np.random.default_rng(1).standard_normal((400_000, 2))
    nearest = ((drawn[:, None] - points[None]) ** 2).sum(axis=2).argmin(axis=1)
    means = np.stack([drawn[nearest == n].mean(axis=0) for n in range(16)])
    assert np.abs(means - points).max() < 0.03
    assert ((drawn - points[nearest]) ** 2).sum(axis=1).mean() == pytest.approx(0.2152, abs=0.002)


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(0, 140), dimension=st.sampled_from([8, 16, 24, 128, 512]), seed=st.integers(0, 99))
def test_packing_is_that_of_faiss_and_can_be_undone(rows: int, dimension: int, seed: int) -> None:
    import faiss

    codec = Codec(dimension, SEED)
    exact = codec.exact(codec.rotate(units(np.random.default_rng(seed), rows, dimension)))
    codes = codec.codes(exact)
    packed = pack(codes)
    assert packed.size == packed_bytes(rows, dimension)
    assert np.array_equal(unpack(packed, rows, dimension), codes)
    if rows:
        theirs = new_scanner(dimension)
        theirs.add(exact.values.astype(np.float32) * exact.scales[:, None])
        assert np.array_equal(faiss.AlignedTable_to_array(theirs.codes)[: packed.size], packed)
        ours = scanner_of(dimension, packed, rows)
        probe = codec.probe(units(np.random.default_rng(7), 1, dimension)[0]).rotated
        for one, other in zip(ours.search(probe, rows), theirs.search(probe, rows), strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("dimension", [8, 24, 128, 512, 1_024])
def test_scores_are_near_the_cosine_and_do_not_depend_on_company(dimension: int) -> None:
    rng = np.random.default_rng(3)
    rows, probes = units(rng, 5_000, dimension), units(rng, 20, dimension)
    probes[0] = rows[0]
    codec = Codec(dimension, SEED)
    exact = codec.exact(codec.rotate(rows))
    for probe in probes:
        told = scores(exact, codec.probe(probe))
        errors = np.abs(told - rows @ probe)
        assert errors.max() <= (0.005 if dimension >= 128 else 0.02)
        assert errors.mean() <= (0.001 if dimension >= 128 else 0.004)
        order = rng.permutation(5_000)[:700]
        part = Exact(values=exact.values[order], scales=exact.scales[order])
        assert np.array_equal(scores(part, codec.probe(probe)), told[order])
        integers = exact.values.astype(np.int64) @ codec.probe(probe).integers.astype(np.int64)
        dots = exact.values.astype(np.float32) @ codec.probe(probe).integers
        assert np.array_equal(dots.astype(np.int64), integers)


def test_the_worst_rows_stay_exact() -> None:
    # Largest length an int8 row can have, against the largest probe, all of one sign.
    codec = Codec(512, SEED)
    values = np.full((1, 512), 127, np.int8)
    probe = codec.probe(units(np.random.default_rng(1), 1, 512)[0])
    extreme = np.full(512, np.floor(probe.length / np.sqrt(512)), np.float32)
    assert float((values.astype(np.float32) @ extreme)[0]) == 127.0 * float(extreme[0]) * 512
    assert 127 * float(extreme[0]) * 512 < 2**24


@pytest.mark.parametrize(("dimension", "seed"), [(0, SEED), (12, SEED), (8_192, SEED), (128, b"short")])
def test_bad_lengths_and_seeds(dimension: int, seed: bytes) -> None:
    with pytest.raises(UsageError):
        Codec(dimension, seed)
