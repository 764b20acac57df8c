"""Machines, memory, seconds and money for a gallery of a given size, from measured figures.

    python benchmarks/cluster/model.py                      1 and 10 billion, with the figures and prices below
    python benchmarks/cluster/model.py --templates 2e9 --dimension 512 --bandwidth 60

The scan is bound by memory bandwidth: each search reads every permitted code once, so time = bytes of codes / bandwidth of
all machines. What does not divide (the round over the network, merging, exact scores) is added. Machines are as many as
either memory or the wished-for time asks for.

Figures that were measured (docs/figures.md) and prices with their source and date are inputs, not truths: give your own.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace

SECONDS_OF_A_MONTH = 730 * 3600
PRICE = 16 * 0.0816
"""US dollars for a machine of 128 GB and hour: sixteen times Amazon's `m7g.large` (8 GB), us-east-1, Linux, on demand.

As told by https://www.factualminds.com/blog/amazon-ec2-on-demand-pricing-instance-families-2026/ of 17 June 2026. A list
price of one seller, without disks and traffic; the machine is an ARM64 one, whose bandwidth was not measured here.
"""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Inputs.

    `code_bytes`, `resident_bytes`: of a template, scanned and in memory. `disk_bytes`: of a template on disk (codes, int8,
    id, scale). `bandwidth`: GB/s that a scan reaches on one machine with all cores. `memory`: GB of a machine that may be
    used. `round_ms`: what the cluster adds to the slowest holder. `exact_us`: to score one row exactly. `price`: of a
    machine and hour. `copies`: machines that hold each segment.
    """

    code_bytes: float
    resident_bytes: float
    disk_bytes: float
    bandwidth: float = 50.0
    memory: float = 110.0
    round_ms: float = 5.0
    exact_us: float = 0.4
    price: float = PRICE
    copies: int = 2


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Outputs. `by_memory`, `by_time`: machines that each asks for. `price_per_million`: of a million searches, where the
    machines do nothing else and one search follows another.
    """

    machines: int
    by_memory: int
    by_time: int
    memory_gb: float
    disk_gb: float
    scan_ms: float
    search_ms: float
    searches_per_second: float
    price_per_month: float
    price_per_million: float


def figures_for(dimension: int) -> Figures:
    """4 bits for each two values in the scan; one byte a value, 16 of id and 4 of scale besides."""
    codes = dimension / 4
    return Figures(code_bytes=codes, resident_bytes=codes + 5, disk_bytes=codes + dimension + 20)


def depth(templates: float) -> float:
    """Rows scored exactly (`index.scan.depth_for`)."""
    return 1_200 * math.sqrt(templates / 1e6)


def estimate(
    templates: float, figures: Figures, *, within_ms: float, machines: int | None = None
) -> Estimate:
    """For a gallery of `templates`, searched within `within_ms`; or with a given number of `machines`."""
    memory_gb = templates * figures.resident_bytes * figures.copies / 1e9
    by_memory = math.ceil(memory_gb / figures.memory)
    alone_ms = templates * figures.code_bytes / (figures.bandwidth * 1e9) * 1e3
    by_time = math.ceil(alone_ms / max(within_ms - figures.round_ms, 0.1))
    count = machines or max(by_memory, by_time)
    scan_ms = alone_ms / count
    search_ms = scan_ms + figures.round_ms + depth(templates) * figures.exact_us / 1e3 / count
    month = count * figures.price * SECONDS_OF_A_MONTH / 3600
    return Estimate(
        machines=count,
        by_memory=by_memory,
        by_time=by_time,
        memory_gb=memory_gb,
        disk_gb=templates * figures.disk_bytes / 1e9,
        scan_ms=scan_ms,
        search_ms=search_ms,
        searches_per_second=1000 / search_ms,
        price_per_month=month,
        price_per_million=count * figures.price / 3600 * search_ms / 1000 * 1e6,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--templates", type=float, nargs="*", default=[1e9, 1e10])
    parser.add_argument("--dimension", type=int, nargs="*", default=[128, 512])
    parser.add_argument("--within", type=float, nargs="*", default=[100.0, 1000.0], help="milliseconds")
    for name in ("bandwidth", "memory", "round_ms", "exact_us", "price"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=float)
    parser.add_argument("--copies", type=int)
    given = vars(parser.parse_args())
    own = {
        name: given[name]
        for name in ("bandwidth", "memory", "round_ms", "exact_us", "price", "copies")
        if given[name]
    }
    print(
        "templates  d    within    machines  memory GB  disk GB  scan ms  search ms  per second  a month  a million searches"
    )
    for templates in given["templates"]:
        for dimension in given["dimension"]:
            for within in given["within"]:
                one = estimate(templates, replace(figures_for(dimension), **own), within_ms=within)
                print(
                    f"{templates:9.0e}  {dimension:<4} {within:5.0f} ms  {one.machines:8d}  {one.memory_gb:9,.0f}"
                    f"  {one.disk_gb:7,.0f}  {one.scan_ms:7.1f}  {one.search_ms:9.1f}  {one.searches_per_second:10.1f}"
                    f"  {one.price_per_month:7,.0f}  {one.price_per_million:,.0f}"
                )


if __name__ == "__main__":
    main()
