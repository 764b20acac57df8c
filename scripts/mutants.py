"""The mutation score of the log, the vault and the rules, from a seeded sample: `make mutants SAMPLE=300 SEED=1`.

mutmut puts some ten thousand faults into these packages; to try them all takes a day. A sample, in which each has the same
chance, tells what share of them a test notices, with its 95 % interval (Wilson, without continuity correction: E. B. Wilson,
JASA 22 (1927), 209-212).

The faults, and the tests that call each function, are mutmut's: `mutants/`, made when it is first asked. The tests are
collected once. Each fault is tried by those that call its function, in a process forked from the one that has collected
them. What was tried is kept in `mutants/sample.json`; a run that was stopped goes on.
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
from itertools import zip_longest
from pathlib import Path

import pytest

MADE = Path("mutants")
KEPT = Path("sample.json")
NOTHING_TO_TRY = "countenance.no.such.fault"
"""A name that makes mutmut stop when it has put the faults in and seen which tests call what."""

ARGUMENTS = ["-q", "-s", "-n0", "-p", "no:cacheprovider", "-W", "default", "-m", "not slow"]
LEAST_SECONDS, TIMES_USUAL = 60, 10
"""Of processor time until a fault counts as one that never comes to an end: noticed."""


def main() -> int:
    """Draw, try what was not tried yet, print the score and what no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, required=True, help="how many faults to draw")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--package", default="", help="only of this package or module: vault, tlog.note")
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
    begins = f"countenance.{given.package}".rstrip(".") + "."
    faults = [name for name in all_faults() if name.startswith(begins)]
    draw = random.Random(given.seed)  # noqa: S311 - a sample; nothing here is secret
    chosen = draw.sample(faults, min(given.sample, len(faults)))
    sys.path[:0] = [str(Path(name).resolve()) for name in ("src", "scripts", "tests", ".")]
    tried = Trials(chosen, given.longest)
    if ended := pytest.main([*ARGUMENTS, *tried.files], plugins=[tried]):
        sys.exit(int(ended))
    report({name: tried.kept[name] for name in chosen}, len(faults))
    return 0


def all_faults() -> list[str]:
    """Names of all that mutmut put in, sorted."""
    listed = [json.loads(path.read_text("utf-8")) for path in Path("src").rglob("*.meta")]
    return sorted(name for found in listed for name in found["exit_code_by_key"])


class Trials:
    """A plugin of pytest's that runs no test by itself: it forks for each fault and runs those there that can notice it."""

    def __init__(self, faults: list[str], longest: float) -> None:
        stats = json.loads(Path("mutmut-stats.json").read_text("utf-8"))
        self.faults = faults
        self.seconds = {name: float(spent) for name, spent in stats["duration_by_test"].items()}
        self.callers: dict[str, list[str]] = stats["tests_by_mangled_function_name"]
        self.longest = longest
        self.files = sorted({name.partition("::")[0] for name in self.seconds})
        self.kept: dict[str, str] = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own."""
        known = {item.nodeid: item for item in session.items}
        missing = [fault for fault in self.faults if fault not in self.kept]
        if missing and self.trial(session, known, "", set().union(*map(self.calling, missing))) == "noticed":
            sys.exit("The tests fail without any fault put in: nothing can be said.")
        for number, fault in enumerate(missing, 1):
            calling = self.calling(fault)
            self.kept[fault] = self.trial(session, known, fault, calling) if calling else "unreached"
            KEPT.write_text(json.dumps(self.kept), "utf-8")
            print(f"{number}/{len(missing)} {self.kept[fault]:9} {fault}", flush=True)
        return True

    def calling(self, fault: str) -> set[str]:
        """The tests that call the function."""
        return set(self.callers.get(fault.partition("__mutmut_")[0], []))

    def trial(self, session: pytest.Session, known: dict[str, pytest.Item], fault: str, by: set[str]) -> str:
        """`noticed` or `survived`. `by`: names of tests. `fault` empty: none."""
        usual = {
            name: spent for name in by & known.keys() if (spent := self.seconds.get(name, 0)) <= self.longest
        }
        items = [known[name] for name in self.quickest_first(usual)]
        if (child := os.fork()) == 0:
            noticed = True
            try:
                os.environ["MUTANT_UNDER_TEST"] = fault
                limit = int(LEAST_SECONDS + TIMES_USUAL * sum(usual.values()))
                resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
                silence = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(silence, stream)
                noticed = any(fails(session, item, after) for item, after in zip_longest(items, items[1:]))
            finally:
                os._exit(noticed)
        _, status = os.waitpid(child, 0)
        return "survived" if os.waitstatus_to_exitcode(status) == 0 else "noticed"

    def quickest_first(self, usual: dict[str, float]) -> list[str]:
        """File by file, so that what a file's tests share is made once."""
        files: dict[str, float] = defaultdict(float)
        for name, spent in usual.items():
            files[name.partition("::")[0]] += spent
        return sorted(
            usual, key=lambda name: (files[name.partition("::")[0]], name.partition("::")[0], usual[name])
        )


def fails(session: pytest.Session, item: pytest.Item, after: pytest.Item | None) -> bool:
    """Whether the test fails. `after`: the next one, for which what both share is kept."""
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
    return session.testsfailed > 0


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
