"""`countenance plan` and `countenance ingest`."""

from __future__ import annotations

import shlex
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli.acts import given, pass_door
from countenance.cli.door import Door
from countenance.cli.ending import when_asked_to_end
from countenance.cli.failures import Exit
from countenance.cli.item_reasons import show_reasons
from countenance.cli.language import _, say
from countenance.cli.parts import Command, argument, option
from countenance.cli.screen import Column
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.ingest.values import IngestResult, ItemReport, Plan, Progress

_DETAIL = click.Choice(["standard", "full"])
_LISTED = 20  # items shown to people; --json has them all
_SECONDS_BETWEEN_LINES = 10.0

STAGES = {
    "read": N_("reading files"),
    "decode": N_("decoding pictures"),
    "detect": N_("finding faces"),
    "align": N_("aligning faces"),
    "embed": N_("making templates"),
    "store": N_("storing"),
}
"""Where the time goes, as people say it; the words of `Stage`."""


def _options(function: object) -> object:
    for add in (
        option(
            "--detail",
            metavar="WORD",
            type=_DETAIL,
            help=N_("standard, or full: tiles, for groups and scans."),
        ),
        option(
            "--manifest",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help=N_("Who is in which photograph, and what narrows the basis: CSV or Parquet."),
        ),
    ):
        function = add(function)
    return function


@click.command(
    "plan",
    cls=Command,
    summary=TABLE["plan"][1],
    text=N_("Lists the source and times a small sample. Nothing is written and nobody's template is kept."),
    examples=("countenance plan albums", "countenance plan albums --manifest people.csv --detail full"),
)
@argument("source", metavar="SOURCE", help=N_("Name of the source."))
@_options
@option(
    "--workers", metavar="NUMBER", type=click.IntRange(1, 256), help=N_("Processes. Else one per processor.")
)
@pass_door
def plan(door: Door, source: str, detail: str | None, manifest: Path | None, workers: int | None) -> None:
    """Plan."""
    from countenance.ingest.planning import plan as make_plan

    request = door.sign("ingest", _params(source, detail, manifest, workers=workers))
    made = make_plan(door.workspace(), request)
    if door.screen.json:
        door.screen.document(_plan_document(made))
        return
    screen = door.screen
    screen.text(N_("Plan for {source}"), bold=True, source=made.source)
    formats = ", ".join(f"{name} {count}" for name, count in sorted(made.formats.items()))
    screen.facts(
        [
            (N_("Files"), f"{made.files} ({formats})" if formats else made.files),
            (N_("Known already"), made.photographs_known),
            (N_("Size"), size(made.bytes)),
            (N_("Skipped (hidden files)"), made.skipped or None),
            (N_("Faces, estimated"), made.faces),
            (
                N_("Time"),
                say(N_("{time} with {workers} processes"), time=duration(made.seconds), workers=made.workers),
            ),
            (N_("Time with --detail full"), duration(made.seconds_full)),
            (N_("Disk"), size(made.disk_bytes)),
            (N_("Memory"), size(made.memory_bytes)),
            (N_("Timed sample"), made.sample),
        ]
    )
    screen.line()
    screen.text(N_("Begin with:"))
    screen.line(f"  {_command(made.source, detail, manifest)}")


@click.command(
    "ingest",
    cls=Command,
    summary=TABLE["ingest"][1],
    text=N_(
        "Looks at every photograph of the source and enrols the faces that have a live basis. May be stopped at any "
        "time (Ctrl-C) and goes on where it was when given again; what is done already is not done twice. Every file "
        "ends in a named state; exit code 1 if any failed."
    ),
    examples=(
        "countenance ingest albums --manifest people.csv",
        "countenance ingest albums --retry-failed",
    ),
)
@argument("source", metavar="SOURCE", help=N_("Name of the source."))
@_options
@option(
    "--restart", is_flag=True, help=N_("Give up an unfinished run that was begun otherwise, and begin anew.")
)
@option("--retry-failed", is_flag=True, help=N_("Try again what failed on our side."))
@option(
    "--workers", metavar="NUMBER", type=click.IntRange(1, 256), help=N_("Processes. Else one per processor.")
)
@pass_door
def ingest(
    door: Door,
    source: str,
    detail: str | None,
    manifest: Path | None,
    retry_failed: bool,
    restart: bool,
    workers: int | None,
) -> int:
    """Ingest."""
    from countenance.ingest.path import ingest as run_ingest
    from countenance.ingest.report import items

    workspace = door.workspace()
    request = door.sign(
        "ingest",
        _params(source, detail, manifest, retry_failed=retry_failed, restart=restart, workers=workers),
    )
    stop = threading.Event()
    meter = Meter()
    with stopping(door, stop):
        result = run_ingest(workspace, request, progress=meter.show, stop=stop)
    meter.close()
    workspace.checkpoint()
    listed = list(items(workspace, result.run))
    if door.screen.json:
        door.screen.document(_result_document(result, listed))
    else:
        _show_result(door, result, listed)
    if result.stopped:
        return Exit.INTERRUPTED
    return Exit.FAILED if result.failed else Exit.DONE


def _command(source: str, detail: str | None, manifest: Path | None) -> str:
    """The command line that does what was planned."""
    words = ["countenance", "ingest", source]
    if manifest is not None:
        words += ["--manifest", str(manifest)]
    if detail is not None:
        words += ["--detail", detail]
    return shlex.join(words)


def _params(source: str, detail: str | None, manifest: Path | None, **more: Json) -> dict[str, Json]:
    path = None if manifest is None else str(manifest.absolute())
    return given(source=source, detail=detail, manifest=path, **more)


class Meter:
    """Progress on standard error: one line that is rewritten on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown = 0.0
        self._width = 0

    def show(self, progress: Progress) -> None:
        """Show how far it is."""
        now = time.monotonic()
        ended = progress.finished == progress.total
        if not self._live and not ended and now - self._shown < _SECONDS_BETWEEN_LINES:
            return
        self._shown = now
        line = self._line(progress)
        if self._live:
            click.echo("\r" + line.ljust(self._width), nl=False, err=True)
            self._width = len(line)
        else:
            click.echo(line, err=True)

    def close(self) -> None:
        """End the line."""
        if self._live and self._width:
            click.echo(err=True)

    @staticmethod
    def _line(progress: Progress) -> str:
        parts = [
            f"{progress.finished}/{progress.total}",
            say(N_("{rate} a second"), rate=f"{progress.rate:.1f}"),
            say(N_("{count} faces"), count=progress.faces_enrolled),
        ]
        if progress.failed:
            parts.append(say(N_("{count} failed"), count=progress.failed))
        if progress.waiting:
            parts.append(_(N_("waiting for another process")))
        elif progress.eta_seconds is not None:
            parts.append(say(N_("{time} left"), time=duration(progress.eta_seconds)))
        if progress.bottleneck is not None:
            parts.append(say(N_("slowest: {stage}"), stage=_(STAGES[progress.bottleneck.value])))
        return ", ".join(parts)


def stopping(door: Door, stop: threading.Event) -> AbstractContextManager[None]:
    """The first Ctrl-C (or SIGTERM) asks a run to finish its batch; a second one interrupts."""

    def asked() -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        click.echo(err=True)
        door.screen.paragraph(_(N_("Stopping after this batch. Nothing done is lost.")), err=True)

    return when_asked_to_end(asked)


def _show_result(door: Door, result: IngestResult, listed: list[ItemReport]) -> None:
    screen = door.screen
    if result.stopped:
        screen.text(N_("Stopped. The same command goes on from here."), bold=True)
    else:
        screen.text(N_("Ingest of {source} done ({run})."), bold=True, source=result.source, run=result.run)
    slowest = _(STAGES[result.bottleneck.value]) if result.bottleneck else None
    screen.facts(
        [
            (N_("Photographs"), _states(result.photographs)),
            (N_("Faces"), _states(result.faces)),
            (N_("References"), result.references),
            (N_("Known before, missing now"), result.missing or None),
            (
                N_("Time"),
                say(
                    N_("{time}, {rate} files a second"),
                    time=duration(result.seconds),
                    rate=f"{result.rate:.1f}",
                ),
            ),
            (N_("Slowest stage"), slowest),
        ]
    )
    if result.missing:
        screen.text(
            N_("Missing is not deleted: their references stay until the source or the consent ends."),
            indent=2,
        )
    if listed:
        screen.title(N_("Not taken in, wholly or in part"))
        columns = [Column(title=N_("File")), Column(title=N_("State")), Column(title=N_("Reason"))]
        rows = [(item.path, item.state, _reason(item)) for item in listed[:_LISTED]]
        screen.table(columns, rows, empty="")
        if len(listed) > _LISTED:
            screen.text(N_("... and {count} more; --json lists them all."), count=len(listed) - _LISTED)
        show_reasons(door, listed)
    if result.failed:
        screen.line()
        screen.text(N_("Try the failed ones again:"))
        screen.line(f"  countenance ingest {result.source} --retry-failed")


def _reason(item: ItemReport) -> str:
    """The file's own reason; where it was taken in but for some faces, theirs."""
    if item.reason:
        rules = sorted({face.rule for face in item.faces if face.rule and face.reason == item.reason})
        return item.reason + (f" ({', '.join(rules)})" if rules else "")
    counts = Counter((face.reason, face.rule) for face in item.faces)
    return "; ".join(
        say(N_("{count} faces: {reason}"), count=count, reason=f"{reason} ({rule})" if rule else reason)
        for (reason, rule), count in sorted(counts.items())
    )


def _states(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{state} {count}" for state, count in counts.items() if count) or "0"


def _plan_document(made: Plan) -> dict[str, Json]:
    from dataclasses import asdict

    return {**asdict(made), "formats": dict(made.formats), "detail": made.detail.value}


def _result_document(result: IngestResult, listed: list[ItemReport]) -> dict[str, Json]:
    from dataclasses import asdict

    return {
        "run": result.run,
        "source": result.source,
        "photographs": dict(result.photographs),
        "faces": dict(result.faces),
        "references": result.references,
        "missing": result.missing,
        "failed": result.failed,
        "seconds": round(result.seconds, 3),
        "rate": round(result.rate, 3),
        "bottleneck": result.bottleneck.value if result.bottleneck else None,
        "stopped": result.stopped,
        "items": [asdict(item) for item in listed],
    }


def duration(seconds: float) -> str:
    """Seconds as people say them: `3 h 05 min`, `12 min`, `40 s`."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def size(count: int) -> str:
    """Bytes as people say them, in decimal units (ISO 80000-13: kB, MB, GB)."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit in {"B", "kB"} else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
