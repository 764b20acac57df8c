"""Rows of an open segment: found by name through the ids that stay in memory, and written anew in small steps."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from index_parts import NOW, World, random_template

from countenance.biometrics.templates import Template
from countenance.index import codes, live, tasks, upkeep
from countenance.index.blocks import packed_codes
from countenance.index.codes import Codec
from countenance.index.held import HeldSegment
from countenance.primitives.sql import Transaction

RNG = np.random.default_rng(51)


def _sealed(world: World, names: list[str]) -> HeldSegment:
    """One segment of rows in three classes."""
    world.enrol(
        *(world.row(random_template(RNG), reference=name, class_id=1 + n % 3) for n, name in enumerate(names))
    )
    world.keep()
    ((part),) = world.index.held().parts.values()
    (segment,) = part.segments
    return segment


def _scores(world: World, probe: Template) -> dict[str, float]:
    return dict(world.search(probe, classes=(1, 2, 3), limit=1_000).rows)


@pytest.mark.parametrize("uuids", [True, False])
def test_each_row_is_found_by_name_once(sqlite_world: World, uuids: bool) -> None:
    names = [str(uuid.UUID(bytes=RNG.bytes(16))) if uuids else f"name {n}" for n in range(500)]
    held = _sealed(sqlite_world, names)
    assert not held.kill(str(uuid.uuid4()))
    assert not held.kill("somebody else")
    assert sum(map(len, held.segment.fences)) >= 500 / 64
    for n in RNG.permutation(500).tolist():
        assert held.kill(names[n])
        assert not held.kill(names[n])
    assert held.dead == 500


def test_rewriting_in_small_steps_changes_no_answer(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world
    names = [str(uuid.uuid4()) for _ in range(500)]
    _sealed(world, names)
    probe = random_template(RNG)
    before = _scores(world, probe)
    assert set(before) == set(names)
    gone = set(names[100:230])
    world.remove(*gone)
    monkeypatch.setattr(tasks, "_AT_ONCE", 48)
    monkeypatch.setattr(codes, "_AT_ONCE", 2)
    assert world.keep().rewritten == 1
    assert _scores(world, probe) == {name: score for name, score in before.items() if name not in gone}
    (part,) = world.index.held().parts.values()
    (segment,) = part.segments
    assert len(segment) == 370
    # Codes can be made again from the int8 rows, so they show whether a row kept its own.
    every = np.arange(len(segment))
    again = Codec(segment.segment.dimension, world.index.seeds(segment.live.gallery_id)).codes(
        segment.exact(every)
    )
    packed = packed_codes(segment.scanner())
    assert (codes.unpack(packed.reshape(-1), len(segment), segment.segment.dimension) == again).all()


def test_upkeep_gives_way_while_it_works_and_not_after(sqlite_world: World) -> None:
    world = sqlite_world
    world.enrol(world.row(random_template(RNG)))
    seen: list[float] = []

    @contextmanager
    def begin() -> Iterator[Transaction]:
        seen.append(sys.getswitchinterval())
        with world.session.transaction() as tx:
            yield tx

    held = sys.getswitchinterval()
    sys.setswitchinterval(0.003)  # whatever another test left
    try:
        upkeep.keep(world.index, begin, now=NOW, seal_rows=1)
        assert seen
        assert max(seen) <= 0.001
        assert sys.getswitchinterval() == pytest.approx(0.003)
    finally:
        sys.setswitchinterval(held)


def test_what_another_index_of_this_process_is_writing_is_not_taken_for_abandoned(world: World) -> None:
    written, cut_short = live.new_segment_id(), live.new_segment_id()
    with world.session.transaction() as tx:
        live.note_building(tx, [written, cut_short], NOW)
        assert live.end_files(tx, NOW) == []
        assert live.end_files(tx, NOW, writing={written}) == [cut_short]
    # Upkeep has struck both out. Given up by its writer, one is due all the same; what has got into the set never is.
    world.enrol(world.row(random_template(RNG)))
    world.keep()
    (there,) = world.live().segments
    with world.session.transaction() as tx:
        assert live.end_files(tx, NOW, mine=[written, there.id], writing=()) == [written]
