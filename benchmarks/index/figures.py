"""The table of what `figures.sh` has measured so far.

python benchmarks/index/figures.py OUT
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

type Figures = dict[str, Any]

_TARGETS = {
    "p50": {
        (1_000_000, 128): 3,
        (10_000_000, 128): 15,
        (100_000_000, 128): 150,
        (1_000_000, 512): 8,
        (10_000_000, 512): 70,
    },
    "cold": {(10_000_000, 128): "3 / 10", (100_000_000, 128): "- / 120"},
}


def _ratio(one: Figures) -> float:
    return float(one["p50_ms"] / one["bare_scan_p50_ms"])


_ROWS: list[tuple[str, Callable[[Figures], str]]] = [
    ("wanted: search p50, ms", lambda one: str(_TARGETS["p50"].get((one["templates"], one["dim"]), "-"))),
    ("search p50 / p99, ms", lambda one: f"{one['p50_ms']:.2f} / {one['p99_ms']:.2f}"),
    ("bare scan p50, ms", lambda one: f"{one['bare_scan_p50_ms']:.2f}"),
    ("against the bare scan (1M 1.5x, from 10M 1.2x)", lambda one: f"{_ratio(one):.2f}x"),
    ("two threads p50, ms", lambda one: f"{one['two_threads_p50_ms']:.2f}"),
    ("share of memory bandwidth", lambda one: f"{one['bandwidth_share']:.2f}"),
    (
        "mates found, ours : brute force, %",
        lambda one: "; ".join(
            f"{band} {told['ours']} : {told['brute_force']}" for band, told in one["mates_found"].items()
        ),
    ),
    ("bytes in memory a template (48)", lambda one: f"{one['resident_bytes_per_template']}"),
    ("coding and writing, s", lambda one: f"{one['build_s']}"),
    (
        "wanted: first answer / whole, s",
        lambda one: str(_TARGETS["cold"].get((one["templates"], one["dim"]), "-")),
    ),
    (
        "files not in memory: first answer / whole, s",
        lambda one: f"{one['first_answer_s']} / {one['whole_s']}",
    ),
    ("opened again, every tag checked, s", lambda one: f"{one['cold_start_s']}"),
    (
        "permitted 0.01 / 1 / 10 / 50 / 100 %, p50 ms (2x full + 2)",
        lambda one: " / ".join(f"{ms:.2f}" for ms in one["permitted_p50_ms"].values()),
    ),
    ("64 probes together against one by one (1.4x)", lambda one: f"{one['batch_64_gain']}x"),
    (
        "1,000 enrolled / searchable after, ms (50)",
        lambda one: f"{one['enrol_1000_ms']} / {one['searchable_after_ms']}",
    ),
    ("one erased, until its segment is rewritten, s (60)", lambda one: f"{one['erased_and_sealed_s']}"),
    (
        "p99 quiet / beside sealing and rewriting, ms (2x)",
        lambda one: f"{one['p99_quiet_ms']:.1f} / {one['p99_beside_upkeep_ms']:.1f}",
    ),
    ("NumPy, a million rows, ms (21 when quiet)", lambda one: f"{one['numpy_million_ms']}"),
    ("load; commit", lambda one: f"{one['load']}; {one['commit']}"),
]


def table(measured: list[Figures]) -> str:
    """Markdown, a column for each size."""
    heads = ["what (wanted)", *(f"{one['templates']:,} x {one['dim']}" for one in measured)]
    lines = [heads, ["---"] * len(heads), *([name, *map(tell, measured)] for name, tell in _ROWS)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    measured = [json.loads(path.read_text()) for path in Path(sys.argv[1]).glob("*x*.json")]
    print(table(sorted(measured, key=lambda one: (one["dim"], one["templates"]))))


if __name__ == "__main__":
    main()
