"""Steps 10 and 11: the log, checked by a program that shares nothing with ours; and what a changed entry looks like."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from countenance.cli.demo.stage import Stage, Step
from countenance.cli.language import spoken
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_
from countenance.records.database import open_reading
from countenance.tlog import verifier

EXPORT, CHANGED, PROGRAM = "log-export", "log-changed", "verifier.py"
_TIMEOUT = 60


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the verifier said, in the language spoken. `command`: as anybody would give it in the folder."""

    ok: bool
    text: str
    command: str
    findings: tuple[dict[str, object], ...]


@dataclass(frozen=True, kw_only=True)
class Exported:
    """The exported log. `size`: entries."""

    size: int
    vkey: str
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A copy with one byte changed. `before`, `after`: the leaf's text; `place`: where in it, from 0."""

    entry: int
    before: str
    after: str
    place: int
    verdict: Verdict


def export_and_verify(stage: Stage) -> tuple[Exported, Step]:
    """Step 10. The verifier's file is copied beside the export and run from there, with the key as an argument."""
    stage.begin("log")
    workspace = stage.workspace
    stage.act(stage.operator, "log-export", payloads=False)
    workspace.checkpoint()
    with open_reading() as tx:
        report = workspace.log.export(tx, stage.folder / EXPORT)
        size = workspace.log.head(tx).size
    shutil.copyfile(Path(verifier.__file__), stage.folder / PROGRAM)
    vkey = workspace.log.vkey
    verdict = run_verifier(stage.folder, EXPORT, vkey)
    _show(stage, verdict)
    return Exported(size=report.size, vkey=vkey, verdict=verdict), Step(
        name="log",
        promises={"verified": verdict.ok, "all-entries": report.size == size},
        result={"entries": report.size, "key": vkey, "verdict": verdict.text},
    )


def change_and_verify(stage: Stage, exported: Exported, entry: int) -> tuple[Changed, Step]:
    """Step 11. One digit of the entry's time, in a copy."""
    stage.begin("changed-log")
    shutil.copytree(stage.folder / EXPORT, stage.folder / CHANGED)
    before, after, place = change_a_digit(stage.folder / CHANGED, entry)
    _show_change(stage, before, after)
    verdict = run_verifier(stage.folder, CHANGED, exported.vkey)
    _show(stage, verdict)
    return Changed(entry=entry, before=before, after=after, place=place, verdict=verdict), Step(
        name="changed-log",
        promises={
            "not-verified": not verdict.ok,
            "entry-named": any(finding.get("entry") == entry for finding in verdict.findings),
        },
        result={"entry": entry, "before": before, "after": after, "verdict": verdict.text},
    )


def change_a_digit(export: Path, entry: int) -> tuple[str, str, int]:
    """Change the last digit of the hour of entry `entry` where it lies; returns the leaf before and after, and the place.

    The bundle that holds it is `tile/entries/...`, each entry after its length in two bytes (C2SP tlog-tiles).
    """
    position, number = divmod(entry, verifier.WIDTH)
    for width in range(verifier.WIDTH, number, -1):
        file = export / verifier.tile_path("entries", position, width)
        if file.is_file():
            break
    else:
        raise NotFoundError(N_("The export has no entry {entry}."), entry=entry)
    data = bytearray(file.read_bytes())
    leaves = verifier.parse_bundle(bytes(data))
    start = sum(2 + len(leaf) for leaf in leaves[:number]) + 2
    before = leaves[number].decode("utf-8")
    place = before.index('"at":"') + len('"at":"2026-11-22T1')
    digit = before[place]
    changed = "0" if digit in "39" else str(int(digit) + 1)  # an hour again, whatever digit stands before it
    data[start + len(before[:place].encode("utf-8"))] = ord(changed)
    file.write_bytes(bytes(data))
    return before, before[:place] + changed + before[place + 1 :], place


def run_verifier(folder: Path, export: str, vkey: str) -> Verdict:
    """Run the copied file as a program of its own, in isolated mode: it cannot import anything of ours."""
    arguments = [PROGRAM, export, "--key", vkey, "--lang", spoken().value]
    told, read = (
        subprocess.run(  # noqa: S603 - a list, this interpreter, a file that we have just written
            [sys.executable, "-I", *arguments, *form],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            env={"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"},
            timeout=_TIMEOUT,
            check=False,
        )
        for form in ((), ("--json",))
    )
    return Verdict(
        ok=told.returncode == 0,
        text=told.stdout.strip(),
        command=f"python {PROGRAM} {export} --key '{vkey}'",
        findings=tuple(json.loads(read.stdout)["findings"]),
    )


def _show(stage: Stage, verdict: Verdict) -> None:
    stage.screen.line(f"    $ {verdict.command}", dim=True)
    for line in verdict.text.splitlines():
        stage.screen.paragraph(line, indent=4)


def _show_change(stage: Stage, before: str, after: str) -> None:
    stage.screen.facts(
        [
            (N_("As logged"), before[: before.index('","') + 1]),
            (N_("In the copy"), after[: after.index('","') + 1]),
        ],
        indent=4,
    )
