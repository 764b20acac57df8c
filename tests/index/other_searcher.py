"""Another process on the same index: keeps it up all the time, and says whom it finds whenever it is asked.

python other_searcher.py DIALECT DATABASE FOLDER
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
from index_parts import NOW, Database, World, random_template

from countenance.index import upkeep


def main() -> None:
    dialect = "sqlite" if sys.argv[1] == "sqlite" else "postgresql"
    database = Database(dialect, sys.argv[2])  # type: ignore[arg-type]
    world = World(database, Path(sys.argv[3]) / "vault")
    stop = threading.Event()
    rounds = [0]

    def keep() -> None:
        session = database.session()
        while not stop.is_set():
            upkeep.keep(world.index, session.transaction, now=NOW, seal_rows=4, most_rows=30)
            rounds[0] += 1
        session.close()

    keeper = threading.Thread(target=keep)
    keeper.start()
    rng = np.random.default_rng(3)
    for _ in sys.stdin:
        answer = world.search(random_template(rng))
        assert answer.coverage.searched == answer.coverage.permitted
        print(rounds[0], *sorted(row.reference_id for row in answer.rows), flush=True)
    stop.set()
    keeper.join()
    world.close()


if __name__ == "__main__":
    main()
