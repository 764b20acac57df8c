"""The mutation score of the log, the vault and the rules from a seeded sample: `make mutants SAMPLE=300 SEED=1`.

All the faults that mutmut can put in are some ten thousand, which takes a day. A sample drawn from all of them, each with
the same chance, tells the share that a test notices, with its 95 % interval (Wilson, without continuity correction:
E. B. Wilson, JASA 22 (1927), 209-212). Mutants tried before count as they ended and are not tried again.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

MADE = Path("mutants/src")
BEGIN = "countenance.vault.sealing.*"
"""A few, tried first where nothing was made yet: mutmut makes all its files before it tries any."""

NOTICED = {1, 3, 36, -24, 24, 152, 255}
"""mutmut's exit codes for a mutant that a test failed on, or never came to an end with."""
UNREACHED = {5, 33}
"""No test of this process calls the function."""


def main() -> int:
    """Draw, try what was not tried yet, print the score and what survived; 1 where mutmut itself failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, required=True, help="how many mutants to draw")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    if not MADE.exists():
        _try([BEGIN], given.jobs)
    results = read_results()
    draw = random.Random(given.seed)  # noqa: S311 - a sample; nothing here is secret
    chosen = draw.sample(sorted(results), min(given.sample, len(results)))
    if waiting := [name for name in chosen if results[name] is None]:
        if _try(waiting, given.jobs):
            return 1
        results = read_results()
    report({name: results[name] for name in chosen}, len(results))
    return 0


def read_results(made: Path = MADE) -> dict[str, int | None]:
    """The exit code of every mutant that there is, by name; None: not tried yet."""
    found: dict[str, int | None] = {}
    for path in made.rglob("*.meta"):
        found |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    return found


def report(results: dict[str, int | None], of: int) -> None:
    """One line a package and one for all, then the names of those that no test noticed."""
    packages: dict[str, list[int | None]] = defaultdict(list)
    for name, code in results.items():
        packages[name.split(".")[1]].append(code)
    for package, codes in [*sorted(packages.items()), ("all", [*results.values()])]:
        count = Counter(
            "noticed" if code in NOTICED else "unreached" if code in UNREACHED else "survived"
            for code in codes
        )
        low, high = interval(count["noticed"], len(codes))
        print(
            f"{package:8} {len(codes):5} drawn, {count['noticed']} noticed, {count['survived']} survived, "
            f"{count['unreached']} reached by no test: {count['noticed'] / len(codes):.1%} ({low:.1%} to {high:.1%})"
        )
    print(f"drawn from {of:,}")
    for name, code in sorted(results.items()):
        if code not in NOTICED:
            print("  unreached" if code in UNREACHED else "  survived ", name)


def interval(noticed: int, drawn: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.959964
    share, spread = noticed / drawn, z * z / drawn
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / drawn + spread / (4 * drawn))
    return middle - half, middle + half


def _try(names: list[str], jobs: int) -> int:
    return subprocess.run(["mutmut", "run", "--max-children", str(jobs), *names], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
