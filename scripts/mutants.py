"""The mutation score of the log, the vault and the rules, from a seeded sample: `make mutants SAMPLE=300 SEED=1`.

mutmut puts some ten thousand faults into these packages; to try them all takes a day. A sample, in which each has the same
chance, tells what share of them a test notices, with its 95 % interval (Wilson, without continuity correction: E. B. Wilson,
JASA 22 (1927), 209-212).

The faults, and the tests that call each function, are mutmut's: `mutants/`, made when it is first asked. Each is tried
by the tests that call its function, quickest first, in a process forked from one that has imported them. What was tried is kept in
`mutants/sample.json`; a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import resource
import subprocess
import sys
from collections import Counter, defaultdict
from importlib import import_module
from pathlib import Path

import pytest

MADE = Path("mutants")
KEPT = Path("sample.json")
NOTHING_TO_TRY = "countenance.no.such.fault"
"""A name that makes mutmut stop when it has put the faults in and seen which tests call what."""

ARGUMENTS = ["-x", "-q", "-n0", "-p", "no:cacheprovider", "-W", "default", "-m", "not slow"]
LEAST_SECONDS, TIMES_USUAL = 60, 10
"""Of processor time until a fault counts as one that never comes to an end: noticed."""


def main() -> int:
    """Draw, try what was not tried yet, print the score and what no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, required=True, help="how many faults to draw")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--package", default="", help="only of this one: tlog, vault, policy")
    parser.add_argument(
        "--longest",
        type=float,
        default=math.inf,
        help="leave out tests of more seconds: the score is then a floor",
    )
    given = parser.parse_args()
    if not (MADE / "mutmut-stats.json").exists():
        subprocess.run(["mutmut", "run", NOTHING_TO_TRY], check=False)
    os.chdir(MADE)
    faults = [name for name in all_faults() if not given.package or name.split(".")[1] == given.package]
    draw = random.Random(given.seed)  # noqa: S311 - a sample; nothing here is secret
    chosen = draw.sample(faults, min(given.sample, len(faults)))
    stats = json.loads(Path("mutmut-stats.json").read_text("utf-8"))
    kept: dict[str, str] = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    sys.path[:0] = [str(Path(name).resolve()) for name in ("src", "scripts", "tests", ".")]
    import_module("house")  # with all that tests import, once for all that are forked from here

    sound = trial(chosen[0].partition("__mutmut_")[0], stats, given.longest)
    if sound == "noticed":
        sys.exit("The tests fail without any fault put in: nothing can be said.")
    for number, name in enumerate(chosen, 1):
        if name not in kept:
            kept[name] = trial(name, stats, given.longest)
            KEPT.write_text(json.dumps(kept), "utf-8")
            print(f"{number}/{len(chosen)} {kept[name]:9} {name}", flush=True)
    report({name: kept[name] for name in chosen}, len(faults))
    return 0


def all_faults() -> list[str]:
    """Names of all that mutmut put in, sorted."""
    listed = [json.loads(path.read_text("utf-8")) for path in Path("src").rglob("*.meta")]
    return sorted(name for found in listed for name in found["exit_code_by_key"])


def trial(fault: str, stats: dict[str, dict[str, object]], longest: float) -> str:
    """`noticed`, `survived`, or `unreached` where no test calls the function."""
    calls = stats["tests_by_mangled_function_name"].get(fault.partition("__mutmut_")[0], [])
    usual = {name: float(str(stats["duration_by_test"].get(name, 0))) for name in map(str, list(calls))}  # type: ignore[call-overload]
    if not usual:
        return "unreached"
    usual = {name: seconds for name, seconds in usual.items() if seconds <= longest}
    if not usual:
        return "survived"
    if (child := os.fork()) == 0:
        code = 1
        try:
            os.environ["MUTANT_UNDER_TEST"] = fault
            limit = int(LEAST_SECONDS + TIMES_USUAL * sum(usual.values()))
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            silence = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silence, stream)
            code = int(pytest.main([*ARGUMENTS, *sorted(usual, key=usual.__getitem__)]))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return "survived" if os.waitstatus_to_exitcode(status) == 0 else "noticed"


def report(results: dict[str, str], of: int) -> None:
    """One line a package and one for all, then the names of those that no test noticed."""
    packages: dict[str, list[str]] = defaultdict(list)
    for name, result in results.items():
        packages[name.split(".")[1]].append(result)
    for package, ended in [*sorted(packages.items()), ("all", [*results.values()])]:
        count = Counter(ended)
        low, high = interval(count["noticed"], len(ended))
        print(
            f"{package:6} {len(ended):4} drawn, {count['noticed']} noticed, {count['survived']} survived, "
            f"{count['unreached']} called by no test: {count['noticed'] / len(ended):.1%} ({low:.1%} to {high:.1%})"
        )
    print(f"drawn from {of:,}")
    for name, result in sorted(results.items()):
        if result != "noticed":
            print(f"  {result:9} {name}")


def interval(noticed: int, drawn: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.959964
    share, spread = noticed / drawn, z * z / drawn
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / drawn + spread / (4 * drawn))
    return middle - half, middle + half


if __name__ == "__main__":
    sys.exit(main())
