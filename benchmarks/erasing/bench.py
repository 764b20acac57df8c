"""How long erasing takes: one person among many, and all residents of a place, once stopped by SIGKILL and gone on with.

    python benchmarks/erasing/bench.py --faces 1000000 --residents 100000 [--folder DIR]

`unfindable`: until the transaction is committed after which no search shows the person. `bytes gone`: until keys are destroyed,
files removed, segments rewritten, payloads of the log forgotten and the write-ahead log emptied. A byte scan follows each:
what was planted must be found before, and in no file after.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from filling import HOME, fill

from countenance.primitives.clock import ManualClock
from countenance.records import models
from countenance.records.erasing.certificate import certificate_of
from countenance.records.erasing.scope import ErasureScope
from countenance.records.erasing.steps import begin, finish, incomplete
from countenance.records.erasing.vocabulary import ResidencyRule, ScopeKind
from countenance.records.workspace import Workspace

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def main() -> None:
    """Fill, erase one, erase a place."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--faces", type=int, default=10_000)
    parser.add_argument("--residents", type=int, default=1_000)
    parser.add_argument("--crops", type=int, default=1_010, help="faces whose crop is a file")
    parser.add_argument("--folder", type=Path, help="keep the filled workspace here, or take it from here")
    parser.add_argument(
        "--stop-after", type=float, default=3.0, help="seconds from then on until SIGKILL; 0: none"
    )
    parser.add_argument("--person-only", action="store_true", help="leave the place as it is")
    parser.add_argument("--bulk-only", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bulk_only is not None:
        _bulk(given.bulk_only)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = (given.folder or Path(scratch)) / "workspace"
        if not folder.exists():
            began = time.perf_counter()
            fill(folder, given.faces, given.residents, crops=given.crops, clock=ManualClock(NOW))
            _say("filled", faces=given.faces, seconds=time.perf_counter() - began)
        one_person(folder)
        if not given.person_only:
            one_place(folder, given.stop_after)


def one_person(folder: Path) -> None:
    """The last person that has a crop."""
    workspace = Workspace.open(folder, clock=ManualClock(NOW))
    while workspace.keep_index_where_due() is not None:
        pass  # what the filling left is not the erasure's
    _say("held", faces=models.Face.objects.count())
    face = models.Face.objects.exclude(crop="").select_related("person").order_by("person__created_at").last()
    assert face is not None
    assert face.person_id is not None
    with workspace.transaction() as (tx, _):
        ((template,),) = tx.execute("select sealed from index_template where face_id = %s", (str(face.pk),))
    assert isinstance(template, bytes)
    (wrapped,) = workspace.vault._keys.wrapped([face.pk.bytes]).values()  # noqa: SLF001 - looks for its bytes
    marks = {
        "template": template[16:80],
        "crop": workspace.media.get(face.crop)[64:128],
        "key": bytes(wrapped),
    }
    before = _seen(folder, marks)
    assert before == set(marks), f"the scan does not find {set(marks) - before}"
    began = time.perf_counter()
    with workspace.transaction() as (tx, now):
        scope = ErasureScope(kind=ScopeKind.PERSON, target=str(face.person_id))
        erasure = begin(workspace, tx, scope, now=now, ground="bench")
    unfindable = time.perf_counter() - began
    finish(workspace)
    gone = time.perf_counter() - began
    certificate_of(workspace, erasure.code)
    left = _seen(folder, marks)
    _say("one person", unfindable_s=unfindable, bytes_gone_s=gone, left=sorted(left))
    workspace.close()


def one_place(folder: Path, stop_after: float) -> None:
    """Everybody of one place, in a process of its own that is killed once, and gone on with here."""
    workspace = Workspace.open(folder, clock=ManualClock(NOW))
    people = models.ResidencyClaim.objects.filter(place=HOME, ended_at__isnull=True).count()
    workspace.close()
    began = time.perf_counter()
    command = [sys.executable, __file__, "--bulk-only", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()  # the order stands: nobody of them is found any more
        unfindable = time.perf_counter() - began
        try:
            running.wait(stop_after or None)
        except subprocess.TimeoutExpired:
            os.kill(running.pid, signal.SIGKILL)
    killed = running.returncode == -signal.SIGKILL
    workspace = Workspace.open(folder, clock=ManualClock(NOW))
    done_before = people - models.Person.objects.filter(residency__place=HOME).count()
    finish(workspace)
    left = models.Person.objects.filter(residency__place=HOME).count()
    _say(
        "one place",
        people=people,
        unfindable_s=unfindable,
        seconds=time.perf_counter() - began,
        killed=killed,
        done_before_the_kill=done_before,
        left=left,
        incomplete=len(incomplete()),
    )
    workspace.close()


def _bulk(folder: Path) -> None:
    workspace = Workspace.open(folder, clock=ManualClock(NOW))
    with workspace.transaction() as (tx, now):
        scope = ErasureScope(kind=ScopeKind.JURISDICTION, target=HOME, rule=ResidencyRule.PRECAUTIONARY)
        begin(workspace, tx, scope, now=now, ground="bench")
    _say("begun")
    finish(workspace)
    workspace.close()


def _seen(folder: Path, marks: dict[str, bytes]) -> set[str]:
    """Which marks are in any file, read in pieces that overlap."""
    found: set[str] = set()
    for path in folder.parent.rglob("*"):
        if not path.is_file():
            continue
        tail = b""
        with path.open("rb") as stream:
            while piece := stream.read(1 << 24):
                data = tail + piece
                found |= {name for name, mark in marks.items() if mark in data}
                tail = data[-128:]
    return found


def _say(what: str, **figures: object) -> None:
    rounded = {key: round(value, 2) if isinstance(value, float) else value for key, value in figures.items()}
    print(what, json.dumps(rounded), flush=True)


if __name__ == "__main__":
    main()
