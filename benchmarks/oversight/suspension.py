"""From a suspension to the last answer that still comes out, with a searcher that several callers keep busy.

python benchmarks/oversight/suspension.py [--rounds 20] [--callers 3]

Each round suspends the client while its caseworkers search without a pause, and reinstates it. Reported: how long after the
moment at which the suspension was in force (its act's answer) an answer with candidates still arrived, and how many searches
that were begun after that moment were answered (there must be none).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import openpeople

from countenance.primitives.clock import system_clock
from countenance.primitives.errors import CountenanceError
from countenance.records.identity import AccountKey
from countenance.search.values import LoggedCandidates, SearchRequest
from countenance.service.address import socket_of
from countenance.service.searcher import RemoteSearcher, connect

PEOPLE = Path(openpeople.__file__).parent / "data" / "curated"
SETUP = """
init --operator Bench --jurisdiction CA
gallery add missing --jurisdiction CA --purpose missing-person --notice https://example.org
source add albums --gallery missing --location albums --basis consent --evidence forms --purpose missing-person \
--jurisdiction CA --holder Bench --contact x@example.org --notice https://example.org
person add P001
person consent P001 --gallery missing --purpose missing-person --notice-text yes
ingest albums --manifest people.csv
client add Tracing --jurisdiction CA --purpose missing-person --until 2029-01-01
account add carol --role caseworker --client Tracing
case open --purpose missing-person --reference 1 --on-behalf-of Tracing --on-behalf-of-jurisdiction CA \
--searches 1000 --as carol
"""


@dataclass
class Seen:
    """Answers with candidates: (begun, arrived), seconds of one clock."""

    answered: list[tuple[float, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main() -> None:
    """Set up, then rounds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--callers", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "albums").mkdir()
        picture = (PEOPLE / "P001" / "assets" / "studio_portrait.jpg").read_bytes()
        (folder / "albums" / "P001.jpg").write_bytes(picture)
        (folder / "people.csv").write_text("path,person\nP001.jpg,P001\n")
        environment = {**os.environ, "COUNTENANCE_WORKSPACE": str(folder / "w"), "LC_ALL": "C.UTF-8"}
        for line in SETUP.replace("\\\n", "").strip().splitlines():
            subprocess.run(
                [sys.executable, "-m", "countenance", *line.split()],
                cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        service = subprocess.Popen(
            [sys.executable, "-m", "countenance", "searcher"],
            cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            rounds(folder / "w", picture, asked.rounds, asked.callers)
        finally:
            service.terminate()
            service.wait(30)


def rounds(workspace: Path, picture: bytes, count: int, callers: int) -> None:
    """Suspend and reinstate, `count` times."""
    keys = {
        name: AccountKey.read(workspace / "accounts" / f"{name}.key")
        for name in ("operator", "deputy", "carol")
    }
    operator = reach(workspace)
    (case,) = act(operator, keys["carol"], "records-read", listing="cases")["cases"]
    stop, seen = threading.Event(), Seen()
    threads = [
        threading.Thread(target=search, args=(workspace, keys["carol"], case["case"], picture, seen, stop))
        for _ in range(callers)
    ]
    for thread in threads:
        thread.start()
    late, after = [], 0
    for _ in range(count):
        time.sleep(0.7)
        act(operator, keys["operator"], "client-suspend", name="Tracing", reason="bench")
        closed = time.monotonic()
        time.sleep(0.5)
        with seen.lock:
            late.append(
                max((arrived - closed for _, arrived in seen.answered if arrived > closed), default=0.0)
            )
            after += sum(begun > closed for begun, _ in seen.answered)
            seen.answered.clear()
        proposal = act(operator, keys["operator"], "client-reinstate", name="Tracing")["proposal"]
        act(operator, keys["deputy"], "approve", proposal=proposal)
    stop.set()
    for thread in threads:
        thread.join()
    late.sort()
    print(
        f"{count} suspensions, {callers} callers: last answer after {1000 * late[len(late) // 2]:.1f} ms (median), "
        f"{1000 * late[-1]:.1f} ms (most); answered though begun after it: {after}"
    )


def search(
    workspace: Path, key: AccountKey, case: str, picture: bytes, seen: Seen, stop: threading.Event
) -> None:
    """One caller without a pause."""
    request = SearchRequest(case=case, gallery="missing", purpose="", photographs=(picture,), faces=(0,))
    with reach(workspace) as searcher:
        while not stop.is_set():
            begun = time.monotonic()
            signed = key.sign(
                workspace_id=searcher.workspace_id, act="search", params=request.params(), at=system_clock()
            )
            try:
                answer = searcher.search(signed, request.photographs)
            except CountenanceError:
                continue
            if isinstance(answer, LoggedCandidates):
                with seen.lock:
                    seen.answered.append((begun, time.monotonic()))


def reach(workspace: Path) -> RemoteSearcher:
    """The searcher, once it listens."""
    for _ in range(300):
        found = connect(socket_of(workspace))
        if found is not None:
            return found
        time.sleep(0.1)
    raise SystemExit("no searcher")


def act(searcher: RemoteSearcher, key: AccountKey, name: str, /, **params: object) -> dict[str, object]:
    """Carry out a signed act; its record."""
    signed = key.sign(workspace_id=searcher.workspace_id, act=name, params=params, at=system_clock())  # type: ignore[arg-type]
    return searcher.perform(signed).record  # type: ignore[return-value]


if __name__ == "__main__":
    main()
