"""When upkeep is due, what it leaves to be remembered, and two indexes that both keep one database up."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from index_parts import EPOCH, NOW, World, grant, random_template

from countenance.index import live, upkeep
from countenance.index.layout import file_name
from countenance.index.upkeep import is_due

RNG = np.random.default_rng(23)


def _names(world: World, count: int, *, gallery: str = "gallery-1") -> list[str]:
    rows = [
        world.row(random_template(RNG), reference=str(uuid.uuid4()), gallery=gallery) for _ in range(count)
    ]
    world.enrol(*rows)
    return [row.reference_id for row in rows]


def _due(world: World) -> bool:
    with world.session.transaction() as tx:
        return is_due(tx)


def _removals(world: World) -> int:
    with world.session.transaction() as tx:
        ((count,),) = tx.execute("select count(*) from index_change where op = 'remove'")
    return int(count)  # type: ignore[arg-type]


def test_a_removal_that_no_segment_holds_makes_upkeep_due_once(world: World) -> None:
    first, other = _names(world, 20), _names(world, 20, gallery="gallery-2")
    world.keep()
    assert not _due(world)
    head = _names(world, 3)
    world.remove(head[0])  # from the head
    assert _due(world)
    report = world.keep(seal_rows=1_000)
    assert (report.rewritten, report.sealed_rows) == (0, 0)
    assert not _due(world)
    world.remove(first[0])
    report = world.keep(seal_rows=1_000)
    assert report.rewritten == 1
    assert not _due(world)
    assert set(world.found(random_template(RNG), index=world.new_index())) == {*first[1:], *head[1:]}
    assert len(other) == 20


def test_removals_are_forgotten_when_every_segment_is_past_them(world: World) -> None:
    names = _names(world, 20)
    _names(world, 20, gallery="gallery-2")
    world.keep()
    before = {one.gallery_id: one.as_of for one in world.live().segments}
    world.remove(names[0])
    with world.session.transaction() as tx:
        world.index.trim(tx, keep=0)
    assert _removals(world) == 1  # a segment holds the row still
    version = world.live().version
    world.keep(seal_rows=1_000)
    after = {one.gallery_id: one.as_of for one in world.live().segments}
    assert all(after[gallery] > before[gallery] for gallery in before)
    assert (
        world.live().version == version + 1
    )  # the rewrite alone: a note is no new set for readers to take over
    _names(world, 1)
    with world.session.transaction() as tx:
        world.index.trim(tx, keep=0)
    assert _removals(world) == 0
    assert len(world.found(random_template(RNG), index=world.new_index())) == 20


def test_a_note_does_not_reach_past_a_removal_that_comes_meanwhile(world: World) -> None:
    """The note is made as of what the index has applied, not as of the clock."""
    names = _names(world, 20)
    world.keep()
    head = _names(world, 2)
    world.remove(head[0])
    raise_as_of: Callable[..., None] = live.raise_as_of
    noted: list[int] = []

    def meanwhile(tx: object, clean: list[str], seq: int) -> None:
        noted.append(seq)
        raise_as_of(tx, clean, seq)

    live.raise_as_of = meanwhile  # type: ignore[assignment]
    try:
        world.keep(seal_rows=1_000)
    finally:
        live.raise_as_of = raise_as_of
    assert len(noted) == 1
    world.remove(names[0])
    with world.session.transaction() as tx:
        ((seq,),) = tx.execute("select max(seq) from index_change where op = 'remove'")
    assert noted[0] < int(seq)  # type: ignore[arg-type]
    assert _due(world)
    for index in (world.index, world.new_index()):
        assert set(world.found(random_template(RNG), index=index)) == {*names[1:], head[1]}


def test_segment_ids_are_of_a_kind_of_their_own() -> None:
    made = [uuid.UUID(live.new_segment_id()) for _ in range(200)]
    assert {one.version for one in made} == {8}
    assert {one.variant for one in made} == {uuid.RFC_4122}
    assert len(set(made)) == 200


def test_two_indexes_that_keep_one_database_up_see_each_other(world: World) -> None:
    """Each in its own session and thread: what one enrols or removes the other has at its next search."""
    start = _names(world, 60)
    failures: list[str] = []
    stop = threading.Event()

    def keep_up() -> None:
        session = world.database.session()
        index = world.new_index()
        try:
            while not stop.is_set():
                upkeep.keep(index, session.transaction, now=NOW, seal_rows=5, most_rows=40)
        except Exception as error:  # noqa: BLE001 - to be told by the test
            failures.append(repr(error))
        finally:
            session.close()

    keepers = [threading.Thread(target=keep_up) for _ in range(2)]
    there = set(start)
    readers = [world.index, world.new_index()]
    for reader in readers:
        assert set(world.found(random_template(RNG), index=reader)) == there
    for keeper in keepers:
        keeper.start()
    session = world.database.session()
    try:
        for step in range(25):
            new = _names(world, 3)
            there |= set(new)
            gone = sorted(there)[step::17][:2]
            world.remove(*gone)
            there -= set(gone)
            for reader in readers:
                with session.transaction() as tx:
                    answer = reader.search(
                        tx, grant(world.key), random_template(RNG), floor=-1.0, now=NOW, epoch=EPOCH
                    )
                assert {row.reference_id for row in answer.rows} == there
                assert answer.coverage.searched == answer.coverage.permitted == len(there)
    finally:
        stop.set()
        for keeper in keepers:
            keeper.join()
        session.close()
    assert failures == []
    world.keep()
    world.keep()
    assert not _due(world)
    assert len(list(world.files.names())) == len(world.live().segments)


def test_a_whole_index_takes_no_set_over_of_which_a_segment_is_gone(world: World) -> None:
    """Somebody replaces the set again between the moment it is read and the moment its files are opened."""
    names = _names(world, 30)
    world.keep(most_rows=10)
    reader = world.new_index()
    assert set(world.found(random_template(RNG), index=reader)) == set(names)
    world.remove(names[0])
    new = _names(world, 3)
    there = {*names[1:], *new}
    world.keep(seal_rows=1)
    for one in world.live().segments:
        world.files.delete(file_name(one.id))
    for _ in range(2):
        answer = world.search(random_template(RNG), index=reader)
        assert {row.reference_id for row in answer.rows} == there
        assert answer.coverage.searched == answer.coverage.permitted == len(there)
    world.remove(new[0])
    assert set(world.found(random_template(RNG), index=reader)) == there - {new[0]}
    assert world.keep(reader).remade > 0
    for index in (reader, world.new_index()):
        assert set(world.found(random_template(RNG), index=index)) == there - {new[0]}


def test_a_segment_that_somebody_else_struck_out_leaves_nothing(world: World) -> None:
    """Another process took the segment that is being written for lost, and struck it out before there was a file of it."""
    _names(world, 12)
    real = upkeep.write_segment

    def struck(*given: Any, **named: Any) -> None:
        with world.session.transaction() as tx:
            live.forget_files(tx, live.end_files(tx, NOW, writing=()))
        real(*given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upkeep, "write_segment", struck)
        assert world.keep().given_up == 1
    assert list(world.files.names()) == []
    assert not _due(world)
    assert world.keep().sealed_rows == 12
    assert len(list(world.files.names())) == len(world.live().segments) == 1
