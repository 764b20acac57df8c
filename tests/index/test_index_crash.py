"""kill -9 while one thread enrols, removes and searches and another seals, merges, rewrites and destroys."""

from __future__ import annotations

import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest
from index_parts import Database, World, coded_score, random_template

from countenance.index.layout import file_name

RNG = np.random.default_rng(9)


@pytest.mark.parametrize(
    "kills", [4, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(1_200)])]
)
def test_killed_at_any_moment(sqlite_database: Database, tmp_path: Path, kills: int) -> None:
    chance = random.Random(1)
    there: set[str] = set()
    kept = 0
    for kill in range(kills):
        child = subprocess.Popen(
            [
                sys.executable,
                Path(__file__).with_name("crash_keeper.py"),
                sqlite_database.where,
                tmp_path,
                str(kill),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(chance.uniform(0.05, 1.5))
        child.kill()
        lines += child.stdout.readlines()
        child.stdout.close()
        assert child.wait() == -9
        open_act: tuple[str, set[str]] | None = None
        for line in lines:
            word, *names = line.split()
            if word == "kept":
                kept += 1
            elif word == "done" and open_act is not None:
                there = there | open_act[1] if open_act[0] == "enrolling" else there - open_act[1]
                open_act = None
            elif word in {"enrolling", "removing"} and line.endswith("\n"):
                open_act = (word, set(names))
        world = World(sqlite_database, tmp_path / "vault")
        found = _check(world)
        # What had begun and was not told to be done may have been committed, whole, or not.
        if found != there:
            assert open_act is not None
            there = there | open_act[1] if open_act[0] == "enrolling" else there - open_act[1]
        assert found == there
        if kill % 2:
            world.keep()
            assert _check(world) == there
            files = {file_name(one.id) for one in world.live().segments}
            assert set(world.files.names()) == files
            assert not list(world.files._directory.rglob("*.tmp")) or kills  # swept after an hour
        world.close()
    assert kept > kills / 2


def _check(world: World) -> set[str]:
    """Who a new process finds, each with the score of its own template."""
    probe = random_template(RNG, dimension=16)
    answer = world.search(probe, index=world.new_index(), limit=100_000)
    assert answer.coverage.not_searchable == 0
    with world.session.transaction() as tx:
        rows = tx.execute(
            "select c.reference_id, c.face_id, t.sealed from index_change c join index_template t"
            " on t.face_id = c.face_id where c.op = 'add'"
        )
    scores = {row.reference_id: row.score for row in answer.rows}
    from countenance.biometrics.templates import Template
    from countenance.index.head import template_part

    for reference, face, sealed in rows:
        plain = world.unseal([(str(face), template_part(probe.space_id), sealed)])[0]  # type: ignore[list-item]
        assert plain is not None
        vector = np.frombuffer(plain, "<f4").astype(np.float32)
        template = Template(vector=vector, norm=8.0, space_id=probe.space_id)
        assert scores[str(reference)] == coded_score(world.index, "gallery-1", template, probe)
    assert len(rows) == len(scores)
    assert all(uuid.UUID(name) for name in scores)
    return set(scores)
