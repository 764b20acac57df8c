"""What a cluster adds to the slowest holder's own time: four Ray nodes on this machine, one holder each.

    q -x python benchmarks/cluster/bench.py --templates 400000

Random templates (seed 1) in eight segments. For each search: the time of the whole, and the longest time that any holder
spent in `Holder.handle`, measured where it runs. The difference is what cluster, messages and merging cost. All nodes share
the processors of one machine, so a holder also waits for one before `handle` begins and after it ended, which machines of
their own would not; `core_wait` is how long the thread of a holder's that waited longest did, as the system counts it
(proc(5), schedstat; Linux). `added_beside_core_wait` leaves that out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).resolve().parents[2] / "tests" / name) for name in ("", "index", "cluster")
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--templates", type=int, default=400_000)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--searches", type=int, default=100)
    given = parser.parse_args()
    import numpy as np
    from bucket_service import free_port, this_address
    from cluster_bench_parts import timed_index

    from countenance.cluster.fleet import Fleet
    from countenance.cluster.ring import make_ring, start_node, stop_node

    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / f"node-{n}" for n in range(given.nodes)]
        address, port = this_address(), free_port()
        make_ring(folders[0], [address])
        for folder in folders[1:]:
            shutil.copytree(folders[0], folder)
        try:
            start_node(folders[0], interface=address, port=port, processors=1)
            for folder in folders[1:]:
                start_node(folder, interface=address, join=f"{address}:{port}", processors=1)
            fleet = Fleet(f"{address}:{port}", folders[0])
            rng = np.random.default_rng(1)
            with timed_index(fleet, Path(scratch), rng, given.templates) as search:
                for _ in range(10):
                    search()
                whole, slowest, waited = [], [], []
                for _ in range(given.searches):
                    before = [waits(link.process) for link in fleet.links.values()]
                    began = time.perf_counter()
                    slowest.append(search())
                    whole.append(time.perf_counter() - began)
                    after = [waits(link.process) for link in fleet.links.values()]
                    waited.append(max(map(longest, before, after)))
            fleet.close()
        finally:
            for folder in reversed(folders):
                stop_node(folder)
    added = [all_ - own for all_, own in zip(whole, slowest, strict=True)]
    alone = [each - wait for each, wait in zip(added, waited, strict=True)]
    print(
        json.dumps(
            {
                "templates": given.templates,
                "nodes": given.nodes,
                "search_p50_ms": round(statistics.median(whole) * 1e3, 2),
                "slowest_holder_p50_ms": round(statistics.median(slowest) * 1e3, 2),
                "added_p50_ms": round(statistics.median(added) * 1e3, 2),
                "added_p99_ms": round(sorted(added)[int(len(added) * 0.99)] * 1e3, 2),
                "core_wait_p50_ms": round(statistics.median(waited) * 1e3, 2),
                "added_beside_core_wait_p50_ms": round(statistics.median(alone) * 1e3, 2),
                "load": round(os.getloadavg()[0], 1),
            }
        )
    )


def waits(process: int) -> dict[str, float]:
    """Seconds that each thread of a process but its first, which runs `handle`, has waited for a processor so far."""
    found = {}
    for thread in Path(f"/proc/{process}/task").glob("*"):
        if thread.name != str(process):
            with suppress(FileNotFoundError, ProcessLookupError):
                found[thread.name] = int((thread / "schedstat").read_text().split()[1]) / 1e9
    return found


def longest(before: dict[str, float], after: dict[str, float]) -> float:
    """How long the thread that waited longest in between did."""
    return max((at - before.get(name, 0.0) for name, at in after.items()), default=0.0)


if __name__ == "__main__":
    main()
