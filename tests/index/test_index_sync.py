"""Following the database: rolled back, older views, trimming, order among writers, threads."""

from __future__ import annotations

import sqlite3
import threading
import time

import numpy as np
import psycopg
import pytest
from index_parts import (
    EPOCH,
    GALLERY,
    NOW,
    SPACE,
    Database,
    PsycopgTransaction,
    World,
    grant,
    random_template,
)

from countenance.index.index import Index
from countenance.index.schema import drop_schema, schema
from countenance.primitives.sql import SqliteTransaction

RNG = np.random.default_rng(7)


def test_what_was_rolled_back_leaves_no_trace(world: World) -> None:
    probe = random_template(RNG)
    kept = world.row(random_template(RNG), reference="kept")
    world.enrol(kept)
    assert world.found(probe) == ["kept"]
    with world.session.rolled_back() as tx:
        world.index.remove(tx, ["kept"])
        world.index.enrol(tx, [world.row(probe, reference="never")])
        assert [row.reference_id for row in world.search(probe, tx=tx).rows] == ["never"]
    assert world.found(probe) == ["kept"]


def test_numbers_given_out_again_after_a_rollback_are_noticed(world: World) -> None:
    probe = random_template(RNG)
    world.enrol(world.row(random_template(RNG), reference="kept"))
    with world.session.rolled_back() as tx:
        world.index.enrol(tx, [world.row(probe, reference="never")])
        world.search(probe, tx=tx)
    # Another process takes the same numbers, and more.
    world.enrol(world.row(random_template(RNG), reference="next"))
    world.enrol(world.row(random_template(RNG), reference="more"))
    assert sorted(world.found(probe)) == ["kept", "more", "next"]


def test_an_older_view_does_not_take_away_what_others_committed(sqlite_world: World) -> None:
    world, probe = sqlite_world, random_template(RNG)
    first = world.row(probe, reference="first")
    world.enrol(first)
    old = sqlite3.connect(world.database.where, isolation_level=None)
    try:
        old.execute("begin")
        old.execute("select * from index_clock").fetchall()
        world.remove("first")
        with world.session.transaction() as tx:
            # As if another process had removed it: its marks bear another number.
            tx.execute("update index_change set reference_id = '0-' || reference_id where op = 'mark'")
        assert world.found(probe) == []
        applied = world.index.statistics().seq
        answer = world.search(probe, tx=SqliteTransaction(old))
        assert answer.rows == ()
        assert world.index.statistics().seq == applied
        old.execute("commit")
    finally:
        old.close()
    assert world.found(probe) == []


def test_trimming_forgets_removals_and_readers_far_behind_start_afresh(world: World) -> None:
    probe = random_template(RNG)
    behind, near = world.new_index(), world.new_index()
    rows = [world.row(random_template(RNG), reference=f"r{n}") for n in range(20)]
    world.enrol(*rows)
    assert len(world.found(probe, index=behind)) == 20
    for n in range(10):
        world.remove(f"r{n}")
    assert len(world.found(probe, index=near)) == 10
    with world.session.transaction() as tx:
        assert world.index.trim(tx, keep=4) > 0
        left = tx.execute("select op, reference_id from index_change where op = 'remove' order by seq")
        assert ("remove", "r0") not in left
        assert ("remove", "r9") in left
    world.remove("r10")
    expected = sorted(f"r{n}" for n in range(11, 20))
    for index in (behind, near, world.new_index()):
        assert sorted(world.found(probe, index=index)) == expected
    with world.session.transaction() as tx:
        world.index.trim(tx, keep=0)
        assert tx.execute("select count(*) from index_change where op = 'remove'") == [(1,)]
    assert sorted(world.found(probe)) == expected


def test_only_what_is_new_is_opened(world: World) -> None:
    opened: list[int] = []

    def counting(items: object) -> list[bytes | None]:
        opened.append(len(items))  # type: ignore[arg-type]
        return world.unseal(items)  # type: ignore[arg-type]

    index = Index(mac_key=world.key, unseal=counting)
    probe = random_template(RNG)
    world.enrol(*(world.row(random_template(RNG)) for _ in range(5)))
    world.found(probe, index=index)
    world.found(probe, index=index)
    world.enrol(world.row(random_template(RNG)))
    world.found(probe, index=index)
    assert opened == [5, 1]


def test_a_load_that_fails_is_repeated_whole(world: World) -> None:
    world.enrol(*(world.row(random_template(RNG)) for _ in range(5)))
    failing = [True]

    def sometimes(items: object) -> list[bytes | None]:
        if failing[0]:
            raise ConnectionError("the vault does not answer")
        return world.unseal(items)  # type: ignore[arg-type]

    index = Index(mac_key=world.key, unseal=sometimes)
    probe = random_template(RNG)
    with pytest.raises(ConnectionError):
        world.found(probe, index=index)
    failing[0] = False
    assert len(world.found(probe, index=index)) == 5


def test_pages_do_not_show(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = random_template(RNG)
    for n in range(6):
        world.enrol(*(world.row(random_template(RNG), reference=f"r{n}{m}") for m in range(4)))
    world.remove("r00", "r31", "r53")
    whole = world.search(probe)
    for page in (1, 2, 3, 7):
        monkeypatch.setattr("countenance.index.index._PAGE", page)
        assert world.search(probe, index=world.new_index()) == whole


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_numbers_become_visible_in_order_on_postgresql(world: World) -> None:
    """A writer that began later cannot commit a higher number while a lower one is still open."""
    probe = random_template(RNG)
    slow, fast = world.row(probe, reference="slow"), world.row(probe, reference="fast")
    began, done = threading.Event(), threading.Event()

    def second_writer() -> None:
        session = world.database.session()
        with session.transaction() as tx:
            began.set()
            world.index.enrol(tx, [fast])
        done.set()
        session.close()

    thread = threading.Thread(target=second_writer)
    reader = world.new_index()
    with psycopg.connect(world.database.where) as connection:
        world.index.enrol(PsycopgTransaction(connection), [slow])
        thread.start()
        assert began.wait(5)
        assert not done.wait(0.3), "the second writer did not wait for the first"
        assert world.found(probe, index=reader) == []
        connection.commit()
    assert done.wait(5)
    thread.join()
    assert sorted(world.found(probe, index=reader)) == ["fast", "slow"]
    with world.session.transaction() as tx:
        order = tx.execute("select reference_id from index_change where op = 'add' order by seq")
    assert order == [("slow",), ("fast",)]


def test_two_writers_and_a_reader_lose_nothing(world: World) -> None:
    """Each reader's view is complete at the end, whatever it saw on the way."""
    probe = random_template(RNG)
    rows = {
        name: [world.row(random_template(RNG), reference=f"{name}{n}") for n in range(30)] for name in "ab"
    }
    failures: list[BaseException] = []
    stop = threading.Event()

    def write(name: str) -> None:
        session = world.database.session()
        try:
            for n, row in enumerate(rows[name]):
                with session.transaction() as tx:
                    world.index.enrol(tx, [row])
                if n % 3 == 0:
                    with session.transaction() as tx:
                        world.index.remove(tx, [row.reference_id])
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            failures.append(error)
        finally:
            session.close()

    def read(index: Index) -> None:
        session = world.database.session()
        try:
            while not stop.is_set():
                with session.transaction() as tx:
                    index.sync(tx)
                time.sleep(0.001)
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            failures.append(error)
        finally:
            session.close()

    reader = world.new_index()
    writers = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    reading = threading.Thread(target=read, args=(reader,))
    for thread in (*writers, reading):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reading.join()
    assert failures == []
    expected = sorted(f"{name}{n}" for name in "ab" for n in range(30) if n % 3)
    assert sorted(world.found(probe, index=reader)) == expected
    assert sorted(world.found(probe, index=world.new_index())) == expected


def test_threads_search_while_others_enrol_and_remove(sqlite_world: World) -> None:
    """No answer holds what was removed before the search began, none lacks what stays, and scores are whole."""
    world = sqlite_world
    probe = random_template(RNG)
    staying = [world.row(random_template(RNG), reference=f"stay{n:03d}") for n in range(300)]
    moving = [world.row(random_template(RNG), reference=f"move{n:03d}") for n in range(120)]
    world.enrol(*staying, *moving)
    truth = {row.reference_id: row.score for row in world.search(probe, limit=1_000).rows}
    removed: set[str] = set()
    failures: list[object] = []
    stop = threading.Event()
    searches = [0]

    def search() -> None:
        session = world.database.session()
        try:
            while not stop.is_set():
                before = set(removed)
                with session.transaction() as tx:
                    answer = world.index.search(
                        tx, grant(world.key), probe, floor=-1.0, now=NOW, epoch=EPOCH, limit=1_000
                    )
                found = {row.reference_id: row.score for row in answer.rows}
                if before & found.keys():
                    failures.append("removed")
                if any(truth[name] != score for name, score in found.items()):
                    failures.append("score")
                if sum(name.startswith("stay") for name in found) != 300:
                    failures.append("lost")
                if answer.coverage.searched != len(found):
                    failures.append("coverage")
                searches[0] += 1
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            failures.append(error)
        finally:
            session.close()

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    session = world.database.session()
    for row in moving:
        with session.transaction() as tx:
            world.index.remove(tx, [row.reference_id])
        removed.add(row.reference_id)
    session.close()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert searches[0] > 0


def test_removed_templates_are_overwritten_in_memory(sqlite_world: World) -> None:
    world, probe = sqlite_world, random_template(RNG)
    rows = [world.row(random_template(RNG), reference=f"r{n}") for n in range(10)]
    target = random_template(RNG)
    world.enrol(*rows, world.row(target, reference="target"))
    world.found(probe)
    codec = world.index.codec(GALLERY, 128)
    values = codec.exact(codec.rotate(target.vector[None])).values.tobytes()
    (block,) = world.index.held().parts[GALLERY, SPACE].head.blocks
    assert values in block._values.tobytes()  # negative control
    world.remove("target", "r3")
    world.found(probe)
    assert values not in block._values.tobytes()
    assert "target" not in block._references


def test_memory_shrinks_after_a_bulk_removal(sqlite_world: World) -> None:
    world, probe = sqlite_world, random_template(RNG)
    world.enrol(*(world.row(random_template(RNG), reference=f"r{n}") for n in range(600)))
    world.found(probe)
    before = world.index.statistics().spaces[0].resident_bytes
    world.remove(*(f"r{n}" for n in range(550)))
    assert len(world.found(probe)) == 50
    assert world.index.statistics().spaces[0].resident_bytes < before / 3


def test_the_schema_can_be_undone_and_made_again(database: Database) -> None:
    session = database.session()
    with session.transaction() as tx:
        for statement in (*drop_schema(), *schema(database.dialect)):
            tx.execute(statement)
        assert tx.execute("select seq from index_clock") == [(0,)]
    session.close()
