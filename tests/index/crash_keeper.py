"""Enrols, removes and keeps the index up until it is killed; tells on standard output what it begins and what is done.

python crash_keeper.py DATABASE FOLDER SEED
"""

from __future__ import annotations

import os
import random
import sys
import threading
import uuid
from pathlib import Path

import numpy as np
from index_parts import Database, World, random_template


def main() -> None:
    world = World(Database("sqlite", sys.argv[1]), Path(sys.argv[2]) / "vault")
    chance = random.Random(int(sys.argv[3]))
    rng = np.random.default_rng(int(sys.argv[3]))
    with world.session.transaction() as tx:
        rows = tx.execute("select reference_id from index_change where op = 'add'")
    names = [str(row[0]) for row in rows]

    def say(*words: str) -> None:
        os.write(1, f"{' '.join(words)}\n".encode())  # in one call: two threads write

    def keep() -> None:
        other = World(Database("sqlite", sys.argv[1]), Path(sys.argv[2]) / "vault")
        while True:
            other.keep(world.index, seal_rows=chance.choice([1, 30]), most_rows=chance.choice([20, 200]))
            say("kept")

    threading.Thread(target=keep, daemon=True).start()
    while True:
        if names and chance.random() < 0.5:
            gone = [
                names.pop(chance.randrange(len(names))) for _ in range(min(len(names), chance.randint(1, 4)))
            ]
            say("removing", *gone)
            world.remove(*gone)
        else:
            new = [str(uuid.uuid4()) for _ in range(chance.randint(1, 8))]
            made = [world.row(random_template(rng, dimension=16), reference=name) for name in new]
            say("enrolling", *new)
            world.enrol(*made)
            names += new
        say("done")
        world.found(random_template(rng, dimension=16))


if __name__ == "__main__":
    main()
