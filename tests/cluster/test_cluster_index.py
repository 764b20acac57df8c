"""The index over a cluster answers as the index of one process does, also when machines are lost."""

from __future__ import annotations

import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bucket_service import BucketService

from countenance.cluster.fleet import Fleet
from countenance.cluster.index import ClusterIndex
from countenance.index.answers import Answer
from countenance.index.head import NewRow, template_part
from countenance.index.schema import schema
from countenance.primitives.errors import IntegrityError, RefusedError
from countenance.records.sealing import VaultSegmentKeys, rotation_seeds
from countenance.vault.media import MediaStore
from countenance.vault.vault import Plain

sys.path.append(str(Path(__file__).parents[1] / "index"))

from index_parts import GALLERY, NOW, Database, World, grant, random_template


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database("sqlite", str(tmp_path / "records.sqlite3"))
    session = made.session()
    with session.transaction() as tx:
        for statement in schema(made.dialect):
            tx.execute(statement)
    session.close()
    return made


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    made = World(database, tmp_path / "vault")
    yield made
    made.close()


def over(
    fleet: Fleet, world: World, *, files: MediaStore | None = None, background: bool = False
) -> ClusterIndex:
    return ClusterIndex(
        fleet=fleet,
        mac_key=world.key,
        unseal=world.unseal,
        seeds=rotation_seeds(world.vault),
        files=files or world.files,
        keys=VaultSegmentKeys(world.vault),
        background=background,
        copies=2,
    )


def told(answer: Answer) -> tuple[list[tuple[str, float]], object]:
    return [(row.reference_id, row.score) for row in answer.rows], answer.coverage


def fill(world: World, rng: np.random.Generator, *, rows: int, segments: int) -> list[str]:
    """So many segments, three classes, and a head."""
    made = []
    for number in range(segments + 1):
        new = _rows(world, rng, rows if number < segments else 50)
        world.enrol(*new)
        if number < segments:
            world.keep()
        made += [one.reference_id for one in new]
    return made


def _rows(world: World, rng: np.random.Generator, count: int) -> list[NewRow]:
    """Sealed together: one by one takes longer than all else here."""
    templates = [random_template(rng) for _ in range(count)]
    faces = [uuid.uuid4() for _ in templates]
    sealed = world.vault.seal(
        [
            Plain(record_id=face, part=template_part(one.space_id), data=one.to_bytes())
            for face, one in zip(faces, templates, strict=True)
        ]
    )
    return [
        NewRow(
            reference_id=str(uuid.uuid4()),
            face_id=str(face),
            gallery_id=GALLERY,
            class_id=1 + n % 3,
            space_id=one.space_id,
            dimension=one.dimension,
            norm=one.norm,
            sealed=data,
        )
        for n, (face, one, data) in enumerate(zip(faces, templates, sealed, strict=True))
    ]


def test_answers_equal_those_of_one_process(fleet: Fleet, world: World) -> None:
    rng = np.random.default_rng(1)
    fill(world, rng, rows=6000, segments=3)
    far = over(fleet, world)
    probes = [random_template(rng) for _ in range(4)]
    for classes in ((1, 2, 3), (2,), (1, 3), (9,)):  # above and below the number that is scored exactly
        for floor, limit in ((-1.0, 320), (0.2, 20), (-1.0, 3000)):
            near = [told(world.search(one, classes=classes, floor=floor, limit=limit)) for one in probes]
            there = [
                told(world.search(one, index=far, classes=classes, floor=floor, limit=limit))
                for one in probes
            ]
            assert there == near
    with world.session.transaction() as tx:
        many = far.search_many(tx, grant(world.key, classes=(1, 2, 3)), probes, floor=-1, now=NOW, epoch=7)
    assert [told(one) for one in many] == [told(world.search(one, classes=(1, 2, 3))) for one in probes]
    assert (
        len({link.machine for link in fleet.links.values() if link.held}) > 1
    )  # more than one machine took part


def test_what_is_enrolled_or_erased_shows_at_the_next_search(fleet: Fleet, world: World) -> None:
    rng = np.random.default_rng(2)
    names = fill(world, rng, rows=3500, segments=3)
    far = over(fleet, world)
    probe = random_template(rng)
    every = (1, 2, 3)
    for _ in range(4):
        best = [row.reference_id for row in world.search(probe, index=far, classes=every).rows[:3]]
        world.remove(*best, names.pop())
        new = world.row(random_template(rng))
        world.enrol(new)
        answer = world.search(probe, index=far, classes=every)
        assert not {row.reference_id for row in answer.rows} & set(best)
        assert told(answer) == told(world.search(probe, classes=every))


def test_what_is_rolled_back_was_never_gone(fleet: Fleet, world: World) -> None:
    rng = np.random.default_rng(3)
    fill(world, rng, rows=600, segments=2)
    far = over(fleet, world)
    probe = random_template(rng)
    before = told(world.search(probe, index=far))
    best = before[0][0][0]
    with world.session.rolled_back() as tx:
        far.remove(tx, [best])
        assert best not in [row.reference_id for row in world.search(probe, index=far, tx=tx).rows]
    assert told(world.search(probe, index=far)) == before == told(world.search(probe))


def test_upkeep_over_the_cluster_rewrites_what_was_erased(fleet: Fleet, world: World) -> None:
    rng = np.random.default_rng(4)
    names = fill(world, rng, rows=700, segments=3)
    far = over(fleet, world)
    probe = random_template(rng)
    world.search(probe, index=far)
    old = {one.id for one in world.live().segments}
    world.remove(names[0])
    report = world.keep(far, seal_rows=1)
    assert report.rewritten >= 1
    assert report.sealed_rows == 50
    assert len(old - {one.id for one in world.live().segments}) >= 1
    assert told(world.search(probe, index=far)) == told(world.search(probe, index=world.new_index()))
    world.keep(far)
    assert not any(one.has_dead for part in far.held().parts.values() for one in part.segments)


def test_a_damaged_segment_is_named_and_made_again(fleet: Fleet, world: World) -> None:
    rng = np.random.default_rng(5)
    fill(world, rng, rows=500, segments=2)
    (path,) = list(world.files.directory.rglob(f"*{world.live().segments[0].id}"))
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    far = over(fleet, world)
    probe = random_template(rng)
    answer = world.search(probe, index=far, classes=(1, 2, 3))
    assert answer.coverage.not_searchable == 500
    report = world.keep(far)
    assert report.remade >= 2  # all of the gallery, what was sealed meanwhile too
    assert world.search(probe, index=far, classes=(1, 2, 3)).coverage.not_searchable == 0


def test_a_grant_is_verified_before_anything_is_sent(fleet: Fleet, world: World) -> None:
    rng = np.random.default_rng(6)
    fill(world, rng, rows=100, segments=1)
    far = over(fleet, world)
    probe = random_template(rng)
    world.search(probe, index=far)
    sent = {name: link.n for name, link in fleet.links.items()}
    with pytest.raises(IntegrityError):
        world.search(probe, index=far, with_grant=replace(grant(world.key), mac=bytes(32)))
    with pytest.raises(RefusedError):
        world.search(probe, index=far, with_grant=grant(world.key, revocation_epoch=6))
    assert {name: link.n for name, link in fleet.links.items()} == sent


def test_forged_and_repeated_messages_get_nothing(fleet: Fleet, world: World) -> None:
    import ray

    from countenance.cluster.frames import pack

    fleet.look()
    link = next(iter(fleet.links.values()))
    state = {"op": "state", "n": link.n + 1}
    link.n += 1
    assert ray.get(link.actor.handle.remote(pack(link.key, state))) != b""
    assert ray.get(link.actor.handle.remote(pack(link.key, state))) == b""  # again
    assert ray.get(link.actor.handle.remote(pack(bytes(32), {**state, "n": 10_000}))) == b""
    assert ray.get(link.actor.handle.remote(b"x" * 100)) == b""


def test_segments_from_a_bucket(fleet: Fleet, world: World, bucket_service: BucketService) -> None:
    rng = np.random.default_rng(7)
    bucket = bucket_service.store("cluster")
    fill(world, rng, rows=300, segments=2)
    for name in world.files.names():
        bucket.put(name, world.files.get(name))
    probe = random_template(rng)
    right = told(world.search(probe))
    far = over(fleet, world, files=bucket)
    shutil.rmtree(world.files.directory)
    assert told(world.search(probe, index=far)) == right


def test_a_bucket_that_is_down_loses_nothing(
    fleet: Fleet, world: World, bucket_service: BucketService
) -> None:
    rng = np.random.default_rng(10)
    bucket = bucket_service.store("down")
    fill(world, rng, rows=200, segments=1)
    for name in world.files.names():
        bucket.put(name, world.files.get(name))
    probe = random_template(rng)
    far = over(fleet, world, files=bucket)
    far._told = {"kind": "s3", "place": {**vars(bucket.place), "endpoint": "http://127.0.0.1:9", "tries": 1}}
    answer = world.search(probe, index=far)
    assert answer.coverage.not_searchable > 0
    assert far._broken() == {}  # nothing is taken for damaged


def test_a_machine_that_is_lost_during_searches(ring, fleet: Fleet, world: World) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(8)
    fill(world, rng, rows=3500, segments=4)
    far = over(fleet, world)
    probe = random_template(rng)
    every = (1, 2, 3)
    right = told(world.search(probe, classes=every))
    assert told(world.search(probe, index=far, classes=every)) == right
    used = [link for link in fleet.links.values() if link.held]
    os.kill(_process(fleet, used[0].name), 9)
    began = time.monotonic()
    while True:
        answer = world.search(probe, index=far, classes=every)
        coverage = answer.coverage
        assert coverage.searched + coverage.not_searchable == coverage.permitted
        if told(answer) == right:
            break
        assert coverage.not_searchable > 0  # either right, or it says what is missing
        assert time.monotonic() - began < 60
    while len(fleet.links) < 3 or not all(link.held <= link.open for link in fleet.links.values()):
        assert time.monotonic() - began < 90
        time.sleep(0.5)
        world.search(probe, index=far, classes=every)
    assert told(world.search(probe, index=far, classes=every)) == right


def _process(fleet: Fleet, name: str) -> int:
    return fleet.links[name].process


@pytest.mark.slow  # a fourth node comes and goes: most of a minute
def test_a_node_that_ends_during_searches_and_another_that_joins(ring, world: World) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(9)
    fill(world, rng, rows=3000, segments=4)
    probe = random_template(rng)
    every = (1, 2, 3)
    right = told(world.search(probe, classes=every))
    ring.join()
    fleet = Fleet(ring.address, ring.folder, patience=5.0)
    try:
        far = over(fleet, world)
        assert told(world.search(probe, index=far, classes=every)) == right
        assert len(fleet.links) == 4
        ring.end(len(ring.folders) - 1)
        ring.folders.pop()
        began, wrong = time.monotonic(), 0
        while time.monotonic() - began < 20:
            answer = world.search(probe, index=far, classes=every)
            if told(answer) != right:
                wrong += 1
                assert answer.coverage.not_searchable > 0
            time.sleep(0.1)
        assert len(fleet.links) == 3
        assert told(world.search(probe, index=far, classes=every)) == right
    finally:
        fleet.close()
