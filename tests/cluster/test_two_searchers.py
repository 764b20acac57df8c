"""Two searchers, each with a folder of its own, on one PostgreSQL, one bucket and one vault."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from bucket_service import BucketService

from countenance.index.index import Index
from countenance.index.schema import schema
from countenance.index.upkeep import keep
from countenance.records.sealing import VaultSegmentKeys, rotation_seeds
from countenance.vault.s3 import S3MediaStore

sys.path.append(str(Path(__file__).parents[1] / "index"))

from index_parts import EPOCH, NOW, Database, World, grant, random_template


@pytest.fixture
def world(postgres_database: str, tmp_path: Path) -> Iterator[World]:
    database = Database("postgresql", postgres_database)
    session = database.session()
    with session.transaction() as tx:
        for statement in schema(database.dialect):
            tx.execute(statement)
    session.close()
    made = World(database, tmp_path / "vault")
    yield made
    made.close()


class _Machine:
    def __init__(self, world: World, service: BucketService, prefix: str, cache: Path) -> None:
        self.key = world.key
        self.session = world.database.session()
        self.index = Index(
            mac_key=world.key,
            unseal=world.unseal,
            seeds=rotation_seeds(world.vault),
            files=S3MediaStore(service.place(prefix), cache),
            keys=VaultSegmentKeys(world.vault),
        )

    def found(self, probe: object) -> list[tuple[str, float]]:
        with self.session.transaction() as tx:
            answer = self.index.search(tx, grant(self.key), probe, floor=-1, now=NOW, epoch=EPOCH)  # type: ignore[arg-type]
        assert answer.coverage.not_searchable == 0
        return [(row.reference_id, row.score) for row in answer.rows]

    def keep(self) -> None:
        keep(self.index, self.session.transaction, now=NOW, seal_rows=1)


def test_each_sees_the_others_additions_and_erasures_at_its_next_search(
    world: World, bucket_service: BucketService, tmp_path: Path
) -> None:
    rng = np.random.default_rng(11)
    prefix = uuid.uuid4().hex
    one, two = (_Machine(world, bucket_service, prefix, tmp_path / name) for name in ("one", "two"))
    probe = random_template(rng)
    alive: set[str] = set()
    for step in range(6):
        new = [world.row(random_template(rng)) for _ in range(40)]
        writer, reader = (one, two) if step % 2 else (two, one)
        with writer.session.transaction() as tx:
            writer.index.enrol(tx, new)
        alive |= {row.reference_id for row in new}
        assert {name for name, _ in reader.found(probe)} == alive
        writer.keep()  # sealed into the bucket by one, read from there by the other
        gone = sorted(alive)[:7]
        with reader.session.transaction() as tx:
            reader.index.remove(tx, gone)
        alive -= set(gone)
        assert one.found(probe) == two.found(probe)
        assert {name for name, _ in writer.found(probe)} == alive
        if step % 3 == 2:
            reader.keep()  # rewritten by one while the other has the old file open
            assert one.found(probe) == two.found(probe)
    kept = list(bucket_service.store(prefix).names())
    assert len(kept) == len(world.live().segments) > 0
    for machine in (one, two):
        machine.session.close()
