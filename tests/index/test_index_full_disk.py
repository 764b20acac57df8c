"""Sealing, merging and rewriting on a disk that is really full: each a named outcome, and nothing lost."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from house import found_house, photograph
from index_parts import Database, World, random_template
from small_disk import SmallDisk, small_disk

from countenance.index.layout import file_name
from countenance.index.schema import schema
from countenance.index.upkeep import UpkeepReport
from countenance.primitives.errors import CountenanceError, UnavailableError
from countenance.primitives.sql import open_sqlite, sqlite_transaction
from countenance.search.values import LoggedCandidates

RNG = np.random.default_rng(31)
_ROWS = 200


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 24) as made:
        yield made


def _world(disk: SmallDisk, records: Path) -> World:
    """Vault and segments are on the small disk, the database is in `records`."""
    database = Database("sqlite", str(records / "records.sqlite3"))
    session = database.session()
    with session.transaction() as tx:
        for statement in schema(database.dialect):
            tx.execute(statement)
    session.close()
    return World(database, disk.folder / "vault")


def _fill(world: World, count: int = _ROWS) -> set[str]:
    rows = [world.row(random_template(RNG), reference=str(uuid.uuid4())) for _ in range(count)]
    world.enrol(*rows)
    return {row.reference_id for row in rows}


def _refused(world: World) -> None:
    with pytest.raises(CountenanceError) as caught:
        world.keep()
    assert caught.value.code == "disk-full"
    assert caught.value.remedy


def _whole(world: World, names: set[str]) -> None:
    """Found by this process and by one that starts now; every file is of the set, or noted to be destroyed."""
    probe = random_template(RNG)
    assert set(world.found(probe)) == names
    assert set(world.found(probe, index=world.new_index())) == names


def _after(world: World, names: set[str]) -> UpkeepReport:
    """With room again, a round of upkeep does what was to be done and leaves nothing else behind."""
    report = world.keep()
    _whole(world, names)
    world.files.sweep_unfinished()
    assert set(world.files.names()) == {file_name(one.id) for one in world.live().segments}
    with world.session.transaction() as tx:
        assert tx.execute("select * from index_file") == []
    assert {str(key) for key in world.vault.record_ids() if key.version == 8} == {
        one.id for one in world.live().segments
    }
    return report


def test_a_workspace_that_is_on_a_full_disk_as_a_whole(disk: SmallDisk) -> None:
    house = found_house(disk.folder / "workspace", None)
    try:
        house.enrol(house.person("P001"), photograph("P001", "studio_portrait"))
        workspace = house.workspace
        disk.fill(0)
        with pytest.raises(CountenanceError) as caught:
            workspace.keep_index(seal_rows=1)
        assert caught.value.code == "disk-full"
        disk.free()
        assert workspace.keep_index(seal_rows=1).sealed_rows == 1
        found = house.search(photograph("P001"))
        assert isinstance(found, LoggedCandidates)
        assert [one.person for one in found.candidates] == ["P001"]
    finally:
        house.close()


def test_sealing_and_rewriting_on_a_full_disk(disk: SmallDisk, tmp_path: Path) -> None:
    world = _world(disk, tmp_path)
    try:
        names = _fill(world)
        _whole(world, names)  # the gallery's rotation is made when it is first needed
        disk.fill(0)
        _refused(world)  # to seal
        _whole(world, names)
        assert world.live().segments == ()
        disk.free()
        assert _after(world, names).sealed_rows == _ROWS

        for _ in range(3):
            names |= _fill(world, 20)
            world.keep()
        gone = sorted(names)[:5]
        assert world.remove(*gone) == 5
        names -= set(gone)
        old = {one.id for one in world.live().segments}
        disk.fill(0)
        _refused(world)  # to rewrite
        _whole(world, names)
        assert {one.id for one in world.live().segments} == old
        disk.free()
        assert _after(world, names).rewritten >= 1
        assert not old <= {one.id for one in world.live().segments}
    finally:
        world.close()


def test_a_database_on_a_full_disk_is_named_and_unchanged(disk: SmallDisk) -> None:
    """The library alone, without Django: what SQLite says becomes ours where it enters."""
    connection = open_sqlite(disk.folder / "records.sqlite3")
    with sqlite_transaction(connection) as tx:
        tx.execute("create table kept (value blob)")
        tx.execute("insert into kept values (%s)", (b"there",))
    disk.fill(64 << 10)
    many = [(bytes(100_000),)] * 64
    with pytest.raises(UnavailableError) as caught, sqlite_transaction(connection) as tx:
        tx.executemany("insert into kept values (%s)", many)
    assert caught.value.code == "disk-full"
    assert caught.value.remedy
    assert connection.execute("select value from kept").fetchall() == [(b"there",)]
    disk.free()
    with sqlite_transaction(connection) as tx:
        tx.execute("insert into kept values (%s)", (b"too",))
    assert connection.execute("select value from kept").fetchall() == [(b"there",), (b"too",)]
    connection.close()


def test_merging_on_a_full_disk(disk: SmallDisk, tmp_path: Path) -> None:
    world = _world(disk, tmp_path)
    try:
        names: set[str] = set()
        merged, codes = 0, {"disk-full"}
        for _ in range(12):
            names |= _fill(world, 20)
            segments = len(world.live().segments)
            disk.fill(24 << 10)  # enough for a small segment, not for those that are merged
            try:
                merged += world.keep().merged
            except CountenanceError as error:
                codes.add(error.code)
            _whole(world, names)
            assert len(world.live().segments) >= segments - 1 or merged
            disk.free()
            _after(world, names)
        assert len(world.live().segments) < 12
        assert codes == {"disk-full"}
    finally:
        world.close()


def test_from_no_room_to_enough_in_small_steps(disk: SmallDisk, tmp_path: Path) -> None:
    world = _world(disk, tmp_path)
    try:
        names = _fill(world)
        _whole(world, names)
        refused: list[str] = []
        for room in range(0, 200 << 10, 4 << 10):
            disk.fill(room)
            try:
                world.keep()
            except CountenanceError as error:
                refused.append(error.code)
                _whole(world, names)
            else:
                break
        assert len(refused) > 2
        assert set(refused) == {"disk-full"}
        assert len(world.live().segments) == 1
        disk.free()
        _after(world, names)
    finally:
        world.close()
