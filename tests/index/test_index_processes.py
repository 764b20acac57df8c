"""Two processes on one database, both keeping the index up: what one changes the other has at its next search."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from pathlib import Path

import numpy as np
import pytest
from index_parts import NOW, World, random_template

from countenance.index import upkeep

RNG = np.random.default_rng(29)


@pytest.mark.parametrize("steps", [12, pytest.param(300, marks=pytest.mark.slow)])
def test_two_searchers_see_each_others_changes(world: World, tmp_path: Path, steps: int) -> None:
    there = {str(uuid.uuid4()) for _ in range(50)}
    world.enrol(*(world.row(random_template(RNG), reference=name) for name in there))
    child = subprocess.Popen(
        [
            sys.executable,
            Path(__file__).with_name("other_searcher.py"),
            world.database.dialect,
            world.database.where,
            tmp_path,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    stop, failures = threading.Event(), []

    def keep() -> None:
        session = world.database.session()
        try:
            while not stop.is_set():
                upkeep.keep(world.index, session.transaction, now=NOW, seal_rows=3, most_rows=30)
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(repr(error))
        session.close()

    keeper = threading.Thread(target=keep)
    keeper.start()
    rounds = 0
    try:
        # The other process has its say at its own pace: not before it has kept the index up at least once.
        for step in range(steps * 20):
            if step >= steps and rounds:
                break
            new = [str(uuid.uuid4()) for _ in range(int(RNG.integers(1, 5)))]
            world.enrol(*(world.row(random_template(RNG), reference=name) for name in new))
            there |= set(new)
            gone = sorted(there)[:: max(2, len(there) // 3)]
            world.remove(*gone)
            there -= set(gone)
            child.stdin.write("search\n")
            child.stdin.flush()
            told = child.stdout.readline().split()
            assert told, "the other process has ended"
            rounds = int(told[0])
            assert set(told[1:]) == there
            assert set(world.found(random_template(RNG))) == there
    finally:
        stop.set()
        keeper.join()
        child.stdin.close()
        code = child.wait(timeout=60)
        child.stdout.close()
    assert failures == []
    assert code == 0
    assert rounds > 0
    for _ in range(3):
        world.keep()
    assert len(list(world.files.names())) == len(world.live().segments)
    assert set(world.found(random_template(RNG), index=world.new_index())) == there
