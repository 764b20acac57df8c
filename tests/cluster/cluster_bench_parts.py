"""A cluster's index over many random templates, for the benchmark: segments are written without records behind them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from index_parts import GALLERY, NOW, SPACE, Database, World, grant, random_template

from countenance.cluster.fleet import Fleet
from countenance.cluster.index import ClusterIndex
from countenance.index import live
from countenance.index.live import LiveSegment
from countenance.index.naming import Ids
from countenance.index.schema import schema
from countenance.index.writing import SegmentRows, write_segment
from countenance.records.sealing import VaultSegmentKeys, rotation_seeds


@contextmanager
def timed_index(
    fleet: Fleet, folder: Path, rng: np.random.Generator, templates: int, *, segments: int = 8
) -> Iterator[Callable[[], float]]:
    """A function that searches once and returns the slowest holder's own seconds."""
    database = Database("sqlite", str(folder / "records.sqlite3"))
    session = database.session()
    with session.transaction() as tx:
        for statement in schema("sqlite"):
            tx.execute(statement)
    world = World(database, folder / "vault")
    index = ClusterIndex(
        fleet=fleet,
        mac_key=world.key,
        unseal=world.unseal,
        seeds=rotation_seeds(world.vault),
        files=world.files,
        keys=VaultSegmentKeys(world.vault),
        copies=1,
    )
    codec = index.codec(GALLERY, 128)
    rows = templates // segments
    made = []
    for _ in range(segments):
        exact = codec.exact(rng.standard_normal((rows, 128), dtype=np.float32))
        name = str(uuid.uuid4())
        write_segment(
            world.files,
            VaultSegmentKeys(world.vault),
            segment_id=name,
            gallery_id=GALLERY,
            space_id=SPACE,
            dimension=128,
            seed=index.seeds(GALLERY),
            rows=SegmentRows(
                ids=Ids.of(sorted(str(uuid.uuid4()) for _ in range(rows))),
                classes=np.ones(rows, np.int64),
                codes=codec.codes(exact),
                exact=exact,
            ),
        )
        made.append(
            LiveSegment(id=name, gallery_id=GALLERY, space_id=SPACE, dimension=128, rows=rows, as_of=0)
        )
    with session.transaction() as tx:
        live.note_building(tx, [one.id for one in made], NOW)
        live.replace(tx, inputs=[], outputs=made, sealed=(0, 0), now=NOW)
        live.count(tx, {(GALLERY, 1, ""): templates, (GALLERY, 1, SPACE): templates})
    right = grant(world.key)

    def search() -> float:
        with session.transaction() as tx:
            index.search(tx, right, random_template(rng), floor=0.35, now=NOW, epoch=7, limit=320)
        return max(link.seconds for link in fleet.links.values())

    yield search
    session.close()
    world.close()
