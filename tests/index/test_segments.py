"""Segments in use: sealed, rewritten, merged; damaged, lost and remade; a full disk; a cold start; many processes."""

from __future__ import annotations

import errno
import threading
import time
import uuid
from collections.abc import Iterator

import numpy as np
import pytest
from index_parts import EPOCH, GALLERY, NOW, OTHER_SPACE, SPACE, World, grant, random_template

from countenance.index import upkeep
from countenance.index.answers import Coverage, NotSearchable
from countenance.index.layout import file_name
from countenance.index.live import forget_segments
from countenance.primitives.errors import UnavailableError
from countenance.records.sealing import VaultSegmentKeys
from countenance.vault.media import FolderMediaStore

RNG = np.random.default_rng(3)


def filled(world: World, count: int = 40, **row: object) -> list[str]:
    names = [str(uuid.uuid4()) for _ in range(count)]
    world.enrol(*(world.row(random_template(RNG), reference=name, **row) for name in names))  # type: ignore[arg-type]
    return names


def test_sealing_changes_no_answer(world: World) -> None:
    probe = random_template(RNG)
    filled(world, class_id=1)
    filled(world, class_id=2)
    filled(world, class_id=1, gallery="gallery-2")
    before = world.search(probe), world.search(probe, classes=(1, 2))
    report = world.keep(most_rows=30)
    assert (report.sealed_rows, report.given_up) == (120, 0)
    assert len(world.live().segments) == 5
    assert (world.search(probe), world.search(probe, classes=(1, 2))) == before
    fresh = world.new_index()
    assert (world.search(probe, index=fresh), world.search(probe, classes=(1, 2), index=fresh)) == before
    filled(world, 1)
    assert world.search(probe).coverage.searched == 41


def test_what_is_sealed_is_not_opened_from_the_records_again(world: World) -> None:
    opened: list[int] = []
    names = filled(world)
    world.keep()
    filled(world, 3)
    index = world.new_index()
    unseal = index.unseal
    index.unseal = lambda items: (opened.append(len(items)), unseal(items))[1]
    assert len(world.found(random_template(RNG), index=index)) == 43
    assert opened == [3]
    assert world.remove(names[0]) == 1


def test_a_removed_row_is_in_no_answer_before_and_after_its_segment_is_rewritten(world: World) -> None:
    probe = random_template(RNG)
    names = filled(world)
    world.keep()
    other = world.new_index()
    assert set(world.found(probe, index=other)) == set(names)
    (old,) = world.live().segments
    with world.session.transaction() as tx:
        world.index.remove(tx, names[:5])
        answer = world.search(probe, tx=tx)
        assert {row.reference_id for row in answer.rows} == set(names[5:])
    for index in (world.index, other, world.new_index()):
        answer = world.search(probe, index=index)
        assert {row.reference_id for row in answer.rows} == set(names[5:])
        assert answer.coverage == Coverage(searched=35, permitted=35, not_searchable=0)
    report = world.keep()
    assert (report.rewritten, report.destroyed) == (1, 1)
    (new,) = world.live().segments
    assert new.id != old.id
    assert new.rows == 35
    assert list(world.files.names()) == [file_name(new.id)]
    assert uuid.UUID(old.id) not in set(world.vault.record_ids())
    for index in (world.index, other, world.new_index()):
        assert set(world.found(probe, index=index)) == set(names[5:])
    assert world.keep() == upkeep.UpkeepReport()


def test_a_removal_that_is_rolled_back_removes_nothing(world: World) -> None:
    probe = random_template(RNG)
    names = filled(world)
    world.keep()
    with world.session.rolled_back() as tx:
        world.index.remove(tx, names[:5])
        assert len(world.search(probe, tx=tx).rows) == 35
    assert set(world.found(probe)) == set(names)
    assert world.keep().rewritten == 0


def test_removed_and_enrolled_again_under_the_same_id(world: World) -> None:
    probe = random_template(RNG)
    (name, *_) = filled(world)
    world.keep()
    with world.session.transaction() as tx:
        world.index.remove(tx, [name])
        world.index.enrol(tx, [world.row(probe, reference=name)])
    for _ in range(3):
        for index in (world.index, world.new_index()):
            answer = world.search(probe, index=index)
            assert (answer.rows[0].reference_id, len(answer.rows)) == (name, 40)
            assert answer.rows[0].score > 0.99
        world.keep()


def test_a_segment_with_nobody_left_goes(world: World) -> None:
    names = filled(world)
    world.keep()
    world.remove(*names)
    assert world.keep().rewritten == 1
    assert world.live().segments == ()
    assert list(world.files.names()) == []
    assert world.search(random_template(RNG)).coverage == Coverage(searched=0, permitted=0, not_searchable=0)


def test_small_segments_are_merged(world: World) -> None:
    probe = random_template(RNG)
    for _ in range(5):
        filled(world, 20)
        report = world.keep()
    assert report.merged == 0 or len(world.live().segments) < 4
    assert world.search(probe).coverage.searched == 100
    fresh = world.new_index()
    assert world.search(probe, index=fresh) == world.search(probe)


def test_removals_that_a_segment_needs_are_not_trimmed(world: World) -> None:
    names = filled(world)
    world.keep()
    world.remove(*names[:5])
    for _ in range(3):
        filled(world, 1)
    with world.session.transaction() as tx:
        world.index.trim(tx, keep=0)
    assert len(world.found(random_template(RNG), index=world.new_index())) == 38
    world.keep()
    filled(world, 1)
    with world.session.transaction() as tx:
        world.index.trim(tx, keep=0)
        assert tx.execute("select count(*) from index_change where op = 'remove'") == [(0,)]
    assert len(world.found(random_template(RNG), index=world.new_index())) == 39


def test_both_spaces_and_any_length(world: World) -> None:
    old, new = random_template(RNG), random_template(RNG, dimension=512, space=OTHER_SPACE)
    first = world.row(old, reference="a")
    world.enrol(first, world.row(random_template(RNG), reference="b" * 60))
    world.enrol(world.row(new, reference="a", face=first.face_id))
    world.keep()
    assert len(world.live().segments) == 2
    for index in (world.index, world.new_index()):
        assert world.search(new, index=index).coverage == Coverage(searched=1, permitted=2, not_searchable=1)
        assert world.found(old, index=index) == ["a", "b" * 60]
    assert world.remove("b" * 60, "a") == 2
    assert world.found(old) == []


# ---- damage ----------------------------------------------------------------------------------------------------


def _path(world: World) -> object:
    (segment,) = world.live().segments
    return world.files._path(file_name(segment.id))


def _flip(world: World, where: float) -> None:
    path = _path(world)
    data = bytearray(path.read_bytes())  # type: ignore[attr-defined]
    data[int(where * (len(data) - 1))] ^= 1
    path.write_bytes(bytes(data))  # type: ignore[attr-defined]


def _truncate(world: World, length: int) -> None:
    path = _path(world)
    path.write_bytes(path.read_bytes()[:length])  # type: ignore[attr-defined]


def _destroy_key(world: World) -> None:
    world.vault.destroy([uuid.UUID(world.live().segments[0].id)])


SPOILS = {
    "missing": (lambda world: _path(world).unlink(), NotSearchable.MISSING),
    "empty": (lambda world: _truncate(world, 0), NotSearchable.DAMAGED),
    "short": (lambda world: _truncate(world, 40), NotSearchable.DAMAGED),
    "cut": (lambda world: _truncate(world, 6_000), NotSearchable.DAMAGED),
    "key": (_destroy_key, NotSearchable.KEY_DESTROYED),
    **{
        f"flip-{where}": (lambda world, where=where: _flip(world, where), NotSearchable.DAMAGED)
        for where in (0.0, 0.005, 0.05, 0.3, 0.5, 0.9, 1.0)
    },
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_segment_that_does_not_open_is_counted_and_made_again(sqlite_world: World, spoil: str) -> None:
    world, probe = sqlite_world, random_template(RNG)
    names = filled(world)
    world.keep()
    before = world.search(probe)
    head = filled(world, 2, class_id=2)
    world.remove(names[0])
    act, reason = SPOILS[spoil]
    act(world)
    index = world.new_index()
    answer = world.search(probe, index=index, classes=(1, 2))
    assert {row.reference_id for row in answer.rows} == set(head)
    assert answer.coverage == Coverage(searched=2, permitted=41, not_searchable=39)
    assert index.shelf is not None
    assert list(index.shelf.broken().values()) == [reason]
    assert world.keep(index).remade >= 1
    expected = tuple(row for row in before.rows if row.reference_id != names[0])
    for one in (index, world.new_index()):
        assert world.search(probe, index=one).rows == expected
    assert len(list(world.files.names())) == len(world.live().segments)


def test_rows_that_do_not_open_stay_counted_when_the_rest_is_sealed(world: World) -> None:
    rows = [world.row(random_template(RNG), reference=f"r{n}") for n in range(9)]
    world.enrol(*rows)
    world.vault.destroy([uuid.UUID(rows[3].face_id)])
    world.found(random_template(RNG))
    world.keep()
    for index in (world.index, world.new_index()):
        answer = world.search(random_template(RNG), index=index)
        assert answer.coverage == Coverage(searched=8, permitted=9, not_searchable=1)
        assert index.statistics().not_searchable == {NotSearchable.KEY_DESTROYED: 1}
    world.remove("r3")
    world.keep()
    assert world.search(random_template(RNG)).coverage == Coverage(searched=8, permitted=8, not_searchable=0)
    assert world.index.statistics().not_searchable == {}


def test_a_set_that_is_given_up_is_loaded_from_the_records_and_sealed_anew(world: World) -> None:
    probe = random_template(RNG)
    filled(world)
    world.keep()
    before = world.search(probe)
    reading = world.new_index()
    assert world.search(probe, index=reading) == before
    with world.session.transaction() as tx:
        assert forget_segments(tx, NOW) == 1
    for index in (world.index, reading, world.new_index()):
        assert world.search(probe, index=index) == before
    report = world.keep()
    assert (report.sealed_rows, report.destroyed) == (40, 1)
    assert world.search(probe, index=world.new_index()) == before


def test_a_segment_of_another_gallery_is_not_taken_for_this_one(sqlite_world: World) -> None:
    world = sqlite_world
    filled(world)
    filled(world, gallery="gallery-2")
    world.keep()
    one, other = (world.files._path(file_name(segment.id)) for segment in world.live().segments)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    answer = world.search(random_template(RNG), index=world.new_index())
    assert answer.coverage == Coverage(searched=0, permitted=40, not_searchable=40)


def test_a_full_disk_loses_nothing(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = sqlite_world
    names = filled(world)
    whole = FolderMediaStore.put_stream

    def full(self: FolderMediaStore, name: str, parts: Iterator[bytes]) -> None:
        def some() -> Iterator[bytes]:
            yield next(parts)
            raise OSError(errno.ENOSPC, "No space left on device")

        whole(self, name, some())

    monkeypatch.setattr(FolderMediaStore, "put_stream", full)
    with pytest.raises(UnavailableError) as caught:
        world.keep()
    assert caught.value.code == "disk-full"
    assert list(world.files._directory.rglob("*segment*")) == []
    assert world.live().segments == ()
    assert set(world.found(random_template(RNG))) == set(names)
    monkeypatch.undo()
    assert world.keep().sealed_rows == 40
    with world.session.transaction() as tx:
        assert tx.execute("select * from index_file") == []


# ---- others at the same time -----------------------------------------------------------------------------------


def test_of_two_upkeeps_at_once_one_gives_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    names = filled(world)
    other = world.new_index()
    world.found(random_template(RNG), index=other)
    collect, inner = upkeep.collect, []

    def meanwhile(task: object) -> object:
        if not inner:
            inner.append(0)
            inner[0] = world.keep(other).sealed_rows
        return collect(task)  # type: ignore[arg-type]

    monkeypatch.setattr(upkeep, "collect", meanwhile)
    report = world.keep()
    assert (inner, report.sealed_rows, report.given_up) == ([40], 0, 1)
    assert len(world.live().segments) == len(list(world.files.names())) == 1
    for index in (world.index, other, world.new_index()):
        assert set(world.found(random_template(RNG), index=index)) == set(names)


def test_searches_go_on_and_stay_whole_while_upkeep_works(sqlite_world: World) -> None:
    world, probe = sqlite_world, random_template(RNG)
    names = filled(world, 300)
    truth = {row.reference_id: row.score for row in world.search(probe, limit=1_000).rows}
    stop, failures, searches = threading.Event(), [], [0]

    def search() -> None:
        session = world.database.session()
        try:
            while not stop.is_set():
                with session.transaction() as tx:
                    answer = world.index.search(
                        tx, grant(world.key), probe, floor=-1.0, now=NOW, epoch=EPOCH, limit=1_000
                    )
                found = {row.reference_id: row.score for row in answer.rows}
                if not set(names[100:]) <= found.keys() or any(truth[one] != found[one] for one in found):
                    failures.append(len(found))
                if answer.coverage.searched != len(found) or answer.coverage.not_searchable:
                    failures.append(answer.coverage)
                searches[0] += 1
        finally:
            session.close()

    thread = threading.Thread(target=search)
    thread.start()
    for n in range(0, 100, 5):
        world.remove(*names[n : n + 5])
        world.keep(most_rows=90)
    stop.set()
    thread.join()
    assert failures == []
    assert searches[0] > 3


def test_a_cold_start_in_the_background_says_what_is_missing_and_then_is_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = random_template(RNG)
    filled(world, 60)
    world.keep(most_rows=20)
    filled(world, 5)
    names = filled(world, 2)
    gate, opened = threading.Semaphore(0), FolderMediaStore.map

    def slow(self: FolderMediaStore, name: str) -> object:
        gate.acquire()
        return opened(self, name)

    monkeypatch.setattr(FolderMediaStore, "map", slow)
    index = world.new_index(background=True)
    assert world.search(probe, index=index).coverage == Coverage(searched=7, permitted=67, not_searchable=60)
    seen = {7}
    for _ in range(3):
        gate.release()
        until = time.monotonic() + 10
        while world.search(probe, index=index).coverage.searched in seen and time.monotonic() < until:
            time.sleep(0.01)
        seen.add(world.search(probe, index=index).coverage.searched)
        world.remove(names.pop()) if names else None
        seen.add(world.search(probe, index=index).coverage.searched)
    assert world.search(probe, index=index).coverage == Coverage(searched=65, permitted=65, not_searchable=0)
    assert world.search(probe, index=index) == world.search(probe)


def test_the_state_of_a_file_is_known_at_every_moment(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies between any two writes leaves nothing that the next round does not clear away."""
    world = sqlite_world
    names = filled(world)
    world.keep()
    steps = ["put_stream", "replace", "destroy", "delete_many"]
    for step in steps:
        world.remove(names.pop())

        class DiedError(Exception):
            pass

        def die(*_: object, **__: object) -> None:
            raise DiedError

        target = {
            "replace": upkeep.live,
            "destroy": VaultSegmentKeys,
        }.get(step, FolderMediaStore)
        with monkeypatch.context() as patch:
            patch.setattr(target, step, die)
            with pytest.raises(DiedError):
                world.keep(world.new_index())
        index = world.new_index()
        assert set(world.found(random_template(RNG), index=index)) == set(names)
        world.keep(index)
        (segment,) = world.live().segments
        assert list(world.files.names()) == [file_name(segment.id)]
        keys = {str(one) for one in world.vault.record_ids()}
        with world.session.transaction() as tx:
            faces = {str(face) for (face,) in tx.execute("select face_id from index_template")}
            assert tx.execute("select * from index_file") == []
        assert segment.id in keys
        assert len(keys - faces - {segment.id}) == 40 - len(
            names
        )  # faces that the test removed and kept the keys of
        assert set(world.found(random_template(RNG))) == set(names)


def test_galleries_do_not_share_codes(sqlite_world: World) -> None:
    template = random_template(RNG)
    one, other = (sqlite_world.index.codec(gallery, 128) for gallery in (GALLERY, "gallery-2"))
    first, second = (codec.exact(codec.rotate(template.vector[None])).values for codec in (one, other))
    assert abs(float(np.corrcoef(first[0], second[0])[0, 1])) < 0.5
    assert SPACE != OTHER_SPACE
