"""How long a yearly report takes over a large log, and counting it again with the script that stands alone.

python benchmarks/oversight/bench.py [--entries 1000000]
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from countenance.oversight import recount
from countenance.oversight.reports import Edition, make
from countenance.primitives.clock import ManualClock
from countenance.records.database import open_reading, open_transaction
from countenance.registry.founding import found
from countenance.tlog.leaf import NewEntry

EVENTS = ("search-made", "search-made", "search-refused", "consent-recorded", "faces-enrolled", "case-opened")
PLACES = ("CA", "CA-QC", "CA-ON", "CA-BC", "CA-AB")
PURPOSES = ("missing-person", "family-tracing", "victim-identification")
AT_ONCE = 20_000


def main() -> None:
    """Fill a log, count a year, count it again."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=1_000_000)
    count = parser.parse_args().entries
    choose = random.Random(7)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        workspace = found(folder / "w", operator="Bench", jurisdiction="CA", clock=clock).workspace
        start, step = clock(), timedelta(days=364) / count
        began = time.perf_counter()
        for first in range(0, count, AT_ONCE):
            entries = [
                NewEntry(
                    event=choose.choice(EVENTS),
                    at=start + step * number,
                    purpose=choose.choice(PURPOSES),
                    jurisdiction=choose.choice(PLACES),
                    client=f"client-{choose.randrange(20)}",
                    pack="ab" * 32,
                    details={"number": number},
                )
                for number in range(first, min(first + AT_ONCE, count))
            ]
            with open_transaction() as tx:
                workspace.log.append(tx, entries)
        clock.move(timedelta(days=370))
        print(f"filled in {time.perf_counter() - began:.1f} s")
        began = time.perf_counter()
        workspace.checkpoint()
        print(f"read back and signed in {time.perf_counter() - began:.1f} s")
        for edition in Edition:
            began = time.perf_counter()
            with open_reading() as tx:
                report = make(workspace, tx, 2026, edition)
            print(f"{edition}: {time.perf_counter() - began:.1f} s, {len(report['figures'])} figures")  # type: ignore[arg-type]
        with open_reading() as tx:
            workspace.log.export(tx, folder / "export")
        (folder / "yearly.json").write_text(json.dumps(report))
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-I", recount.__file__, str(folder / "export"), str(folder / "yearly.json")],
            capture_output=True,
            text=True,
            check=False,
        )
        print(f"counted again in {time.perf_counter() - began:.1f} s: {done.stdout.strip()}")
        workspace.close()


if __name__ == "__main__":
    main()
