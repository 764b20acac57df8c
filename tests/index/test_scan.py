"""The scan: what is found depends on the permitted rows alone, and is what brute force finds."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.biometrics.templates import SpaceId
from countenance.index import pieces, scan
from countenance.index.blocks import Block, Head
from countenance.index.codes import Codec, Exact
from countenance.index.held import HeldSegment
from countenance.index.live import LiveSegment
from countenance.index.naming import Ids
from countenance.index.scan import best_rows
from countenance.index.segment import Segment
from countenance.index.writing import SegmentRows, write_segment
from countenance.vault.media import FolderMediaStore

SEED = bytes(range(32))
SPACE = SpaceId("sface-0000000000000001")


class PlainKeys:
    """Keeps keys in a dictionary."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def wrap(self, segment_id: str, key: bytes) -> bytes:
        self.held[segment_id] = key
        return b"wrapped"

    def unwrap(self, segment_id: str, wrapped: bytes) -> bytes | None:
        assert wrapped == b"wrapped"
        return self.held.get(segment_id)

    def destroy(self, segment_ids: Sequence[str]) -> None:
        for one in segment_ids:
            self.held.pop(one, None)


class Rows:
    """Rows with names and classes, and ways to cut them into blocks."""

    def __init__(self, vectors: np.ndarray, names: list[str], classes: np.ndarray, folder: Path) -> None:
        self.codec = Codec(vectors.shape[1], SEED)
        self.exact = self.codec.exact(self.codec.rotate(vectors))
        self.names, self.classes = names, classes
        self.files, self.keys = FolderMediaStore(folder), PlainKeys()

    def part(self, rows: np.ndarray) -> Exact:
        return Exact(values=self.exact.values[rows], scales=self.exact.scales[rows])

    def head(self, rows: np.ndarray) -> list[Block]:
        head = Head(self.codec)
        head.add(
            [self.names[row] for row in rows],
            self.classes[rows].tolist(),
            list(range(len(rows))),
            self.part(rows),
        )
        return list(head.blocks)

    def segment(self, rows: np.ndarray) -> HeldSegment:
        ids = Ids.of([self.names[row] for row in rows])
        order = np.lexsort((ids.sortable, self.classes[rows]))
        rows, ids = rows[order], ids.take(order)
        name = str(uuid.uuid4())
        write_segment(
            self.files,
            self.keys,
            segment_id=name,
            gallery_id="gallery",
            space_id=SPACE,
            dimension=self.codec.dimension,
            seed=SEED,
            rows=SegmentRows(
                ids=ids,
                classes=self.classes[rows],
                codes=self.codec.codes(self.part(rows)),
                exact=self.part(rows),
            ),
        )
        live = LiveSegment(
            id=name,
            gallery_id="gallery",
            space_id=SPACE,
            dimension=self.codec.dimension,
            rows=len(rows),
            as_of=0,
        )
        return HeldSegment(live, Segment(self.files, self.keys, name))


def units(rng: np.random.Generator, count: int, dimension: int) -> np.ndarray:
    rows = rng.standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 700),
    dimension=st.sampled_from([8, 24, 128]),
    copies=st.integers(0, 200),
    kinds=st.integers(1, 12),
    wanted=st.integers(1, 12),
    limit=st.integers(1, 15),
    floor=st.sampled_from([-1.0, 0.1]),
    exact_rows=st.sampled_from([0, 50]),
    depth=st.sampled_from([1, 20, 60]),
    along=st.sampled_from([0, 100, 4_096]),
)
def test_neither_segmentation_nor_what_is_excluded_shows(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    count: int,
    dimension: int,
    copies: int,
    kinds: int,
    wanted: int,
    limit: int,
    floor: float,
    exact_rows: int,
    depth: int,
    along: int,
) -> None:
    rng = np.random.default_rng(seed)
    vectors = units(rng, count, dimension)
    if copies:
        vectors[rng.integers(0, count, copies)] = vectors[0]
    named = (
        [f"r{n:04d}" for n in range(count)]
        if seed % 2
        else [str(uuid.UUID(int=seed + n)) for n in range(count)]
    )
    rows = Rows(vectors, named, rng.integers(0, kinds, count), tmp_path_factory.mktemp("segments"))
    classes = frozenset(range(wanted))
    probes = [rows.codec.probe(one) for one in (*units(rng, 2, dimension), vectors[0])]
    everything = rng.permutation(count)
    permitted = np.flatnonzero(rows.classes < wanted)

    def found(blocks: list[Block]) -> list[list[tuple[str, float]]]:
        return best_rows(blocks, classes, probes, floor=floor, limit=limit)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "EXACT_ROWS", exact_rows)
        patch.setattr(pieces, "_ALONG", along)
        patch.setattr(pieces, "_PLACE_BYTES", 32 * dimension // 4 * 3)  # three packed blocks at once
        patch.setattr(scan, "depth_for", lambda permitted, limit: max(depth, limit))
        whole = found(rows.head(everything))
        cuts = np.split(everything, np.sort(rng.integers(0, count + 1, 3)))
        assert found([block for part in cuts for block in rows.head(part)]) == whole
        segments: list[Block] = [rows.segment(part) for part in cuts if len(part)]
        assert found(segments) == whole
        with ThreadPoolExecutor(3) as pool:
            assert best_rows(segments, classes, probes, floor=floor, limit=limit, pool=pool) == whole
        assert found([*rows.head(cuts[0]), *(rows.segment(part) for part in cuts[1:] if len(part))]) == whole
        assert found(rows.head(permitted) if len(permitted) else []) == whole
        assert [
            best_rows(segments, classes, [probe], floor=floor, limit=limit)[0] for probe in probes
        ] == whole
        dead = set(rng.choice(named, count // 3, replace=False).tolist())
        head = Head(rows.codec)
        head.add(named, rows.classes.tolist(), list(range(count)), rows.exact)
        for name in dead:
            assert head.discard(name)
            assert sum(segment.kill(name) for segment in segments) == 1  # type: ignore[attr-defined]
        left = np.array([n for n, name in enumerate(named) if name not in dead], dtype=np.int64)
        assert (
            found(segments)
            == found(list(head.blocks))
            == (found(rows.head(left)) if len(left) else found([]))
        )
    for one in whole:
        assert one == sorted(one, key=lambda each: (-each[1], each[0]))[:limit]
        assert all(score >= floor for _, score in one)


@pytest.mark.parametrize("dimension", [128, 512])
def test_equal_to_brute_force_through_the_codes(tmp_path: Path, dimension: int) -> None:
    rng = np.random.default_rng(1)
    vectors = units(rng, 30_000, dimension)
    rows = Rows(vectors, [f"r{n:05d}" for n in range(30_000)], rng.integers(0, 3, 30_000), tmp_path)
    segment = rows.segment(np.arange(30_000))
    for n in range(20):
        probe = vectors[n] * 0.5 + units(rng, 1, dimension)[0] * 0.8
        probe = (probe / np.linalg.norm(probe)).astype(np.float32)
        (found,) = best_rows([segment], {0, 1, 2}, [rows.codec.probe(probe)], floor=-1.0, limit=50)
        exact = vectors @ probe
        assert found[0][0] == f"r{n:05d}"
        told = np.array([exact[int(name[1:])] for name, _ in found])
        errors = np.abs(told - np.array([score for _, score in found]))
        assert errors.max() <= 0.005
        assert errors.mean() <= 0.001
        best = {f"r{i:05d}" for i in np.argsort(-exact)[:20]}
        assert len(best & {name for name, _ in found}) >= 19


def test_many_equal_rows_are_told_apart_by_reference_only(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    (row,) = units(rng, 1, 128)
    names = [f"r{n:05d}" for n in rng.permutation(20_000)]
    rows = Rows(np.tile(row, (20_000, 1)), names, np.zeros(20_000, np.int64), tmp_path)
    (found,) = best_rows(rows.head(np.arange(20_000)), {0}, [rows.codec.probe(row)], floor=0.5, limit=5)
    assert [name for name, _ in found] == ["r00000", "r00001", "r00002", "r00003", "r00004"]
    assert len({score for _, score in found}) == 1


@pytest.mark.parametrize("permitted", [2_000, 20_000, 37_000])
@pytest.mark.parametrize("sealed", [True, False])
def test_the_work_is_the_same_whatever_the_excluded_look_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, permitted: int, *, sealed: bool
) -> None:
    rng = np.random.default_rng(6)
    monkeypatch.setattr(scan, "EXACT_ROWS", 1_000)
    count = 40_000
    vectors = units(rng, count, 128)
    (probe,) = units(rng, 1, 128)
    classes = np.where(np.arange(count) < permitted, 1, 2)
    lookalikes = probe * 0.9 + units(rng, count - permitted, 128) * 0.4
    near = vectors.copy()
    near[permitted:] = lookalikes / np.linalg.norm(lookalikes, axis=1, keepdims=True)
    far = vectors.copy()
    far[permitted:] = -near[permitted:]
    order = rng.permutation(count)
    done: list[list[tuple[int, int]]] = []
    search = pieces.Piece.search

    def noted(piece: pieces.Piece, probes: np.ndarray, wanted: int) -> list[pieces.Listed]:
        lists = search(piece, probes, wanted)
        assert all(
            len(one.rows) == min(wanted, piece.count) for one in lists
        )  # full, however near the others are
        done[-1].append((piece.count + piece.excluded, wanted + piece.excluded))
        return lists

    monkeypatch.setattr(pieces.Piece, "search", noted)
    answers = []
    for each in (near, far):
        rows = Rows(each, [f"r{n:05d}" for n in range(count)], classes, tmp_path / str(len(done)))
        blocks: list[Block] = (
            [rows.segment(order[:25_000]), rows.segment(order[25_000:])] if sealed else rows.head(order)
        )
        done.append([])
        answers.append(best_rows(blocks, {1}, [rows.codec.probe(probe)], floor=-1.0, limit=50))
    assert done[0] == done[1] != []
    assert answers[0] == answers[1]
    (scanned,) = {sum(rows for rows, _ in each) for each in done}
    # Rows lie class by class in a segment: little beside what is permitted is scanned, unless that is nearly all.
    assert not sealed or scanned <= permitted + 2 * pieces._ALONG


def test_nothing_to_scan() -> None:
    probe = Codec(128, SEED).probe(units(np.random.default_rng(4), 1, 128)[0])
    assert best_rows([], {1}, [probe], floor=-1.0, limit=5) == [[]]


def test_a_row_exactly_at_the_floor_is_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rows = Rows(
        units(rng, 2_000, 512), [f"r{n:04d}" for n in range(2_000)], np.zeros(2_000, np.int64), tmp_path
    )
    blocks, probe = rows.head(np.arange(2_000)), rows.codec.probe(units(rng, 1, 512)[0])
    (every,) = best_rows(blocks, {0}, [probe], floor=-1.0, limit=2_000)
    for name, score in every[::100]:
        (found,) = best_rows(blocks, {0}, [probe], floor=score, limit=2_000)
        assert found[-1] == (name, score)
