"""Appends, signs and forgets until it is killed: `crash_writer.py DATABASE SEED`."""

from __future__ import annotations

import random
import sys

from tlog_helpers import KEY, ORIGIN, entry, later

from countenance.primitives.sql import open_sqlite, sqlite_transaction
from countenance.tlog.log import Log


def main() -> None:
    draw = random.Random(int(sys.argv[2]))
    connection = open_sqlite(sys.argv[1])
    log = Log(ORIGIN, KEY)
    print("started", flush=True)
    while True:
        with sqlite_transaction(connection) as tx:
            log.append(tx, [entry(0)] * draw.choice((1, 1, 5, 40, 300)))
            if draw.random() < 0.3:
                log.sign_checkpoint(tx, later(60))
            if draw.random() < 0.2:
                log.forget(tx, [draw.randrange(log.head(tx).size)])


if __name__ == "__main__":
    main()
