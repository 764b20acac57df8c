"""`countenance demo`."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli.acts import pass_door
from countenance.cli.door import Door
from countenance.cli.failures import Exit
from countenance.cli.language import _
from countenance.cli.parts import Command, option
from countenance.cli.table import TABLE
from countenance.primitives.errors import ConflictError, UnavailableError
from countenance.primitives.files import make_private_directory
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.cli.demo.story import Telling
    from countenance.cli.screen import Screen


@click.command(
    "demo",
    cls=Command,
    summary=TABLE["demo"][1],
    text=N_(
        "Makes a throwaway workspace of ten synthetic people and goes through it all: consent, ingest, searches, "
        "refusals, a withdrawal, and the log checked from outside. Says at each step what it does and why. Needs no "
        "network. Everything stays in a folder that is named at the end; exit code 1 if a step did not bring about "
        "what it promised."
    ),
    examples=("countenance demo", "countenance demo --lang fr --keep ~/countenance-demo"),
)
@option(
    "--keep",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help=N_("Where to. Else a new temporary folder."),
)
@option("--no-open", is_flag=True, help=N_("Do not open the page in a browser at the end."))
@pass_door
def demo(door: Door, keep: Path | None, no_open: bool) -> int:
    """Tell the story."""
    from countenance.cli.commands.ingest import Meter
    from countenance.cli.demo.cast import find_people
    from countenance.cli.demo.story import run

    people = find_people()  # before anything is written
    folder = _folder(keep)
    screen = door.screen
    screen.text(N_("Countenance: a face search that can only be used with permission."), bold=True)
    screen.text(N_("The people below are synthetic: nobody is depicted. The first run prepares the models."))
    meter = Meter()
    telling = run(folder, people, screen, meter.show)
    meter.close()
    seconds = time.monotonic() - telling.started
    if screen.json:
        screen.document(
            {
                "ok": telling.ok,
                "seconds": round(seconds, 1),
                "folder": str(folder),
                "page": str(telling.page) if telling.page else None,
                "steps": [step.document() for step in telling.steps],
                "broken": [{"step": step, "promise": promise} for step, promise in telling.broken],
            }
        )
    else:
        _end(screen, telling, seconds)
        if telling.page is not None and not no_open:
            _open(telling.page)
    return Exit.DONE if telling.ok else Exit.FAILED


def _folder(keep: Path | None) -> Path:
    """An empty folder of the caller's own."""
    try:
        if keep is None:
            return Path(tempfile.mkdtemp(prefix="countenance-demo-"))
        folder = keep.expanduser().absolute()
        if folder.is_dir() and any(folder.iterdir()):
            raise ConflictError(
                N_("{directory} is not empty."),
                remedy=N_("Name a new folder with --keep, or leave it out."),
                code="demo-folder",
                directory=str(folder),
            )
        make_private_directory(folder)
    except OSError as error:
        raise UnavailableError(
            N_("The demonstration cannot be written to {directory}: {problem}."),
            remedy=N_("Name a folder that you may write to with --keep."),
            code="demo-folder",
            directory=str(keep or tempfile.gettempdir()),
            problem=error.strerror or type(error).__name__,
        ) from error
    return folder


def _end(screen: Screen, telling: Telling, seconds: float) -> None:
    """Where to look and what to try next; or what was promised and not kept."""
    from countenance.cli.demo.texts import PROMISES, STEPS

    if telling.page is not None:
        screen.facts([(N_("Page"), str(telling.page))], indent=4)
    screen.line()
    if not telling.ok:
        screen.text(N_("The demonstration did not bring about all it promised:"), bold=True)
        for step, promise in telling.broken:
            screen.paragraph(f"{_(STEPS[step][0])}: {_(PROMISES[promise])}", indent=2)
        for each in telling.steps:
            error = each.result.get("error")
            if isinstance(error, dict):
                screen.paragraph(str(error["message"]), indent=2)
        screen.text(N_("What was made lies in {folder}."), folder=str(telling.folder))
        return
    screen.text(
        N_("Every step brought about what it promised, in {seconds} seconds."),
        bold=True,
        seconds=round(seconds),
    )
    screen.text(N_("Try next:"))
    workspace, folder = telling.folder / "workspace", telling.folder
    bin_ = _not_on_path()
    if bin_ is not None:
        screen.line(f"  export PATH={bin_}:$PATH")
    screen.line(f"  export COUNTENANCE_WORKSPACE={workspace}")
    screen.line("  countenance status")
    screen.line(f"  countenance search {telling.case} --as carol {folder / 'probes' / 'P001.jpg'}")
    screen.line("  countenance policy show")
    screen.line("  countenance log verify")
    screen.text(N_("When you have seen enough, delete {folder}."), folder=str(folder))


def _not_on_path() -> Path | None:
    """The folder of `countenance` where the caller's shell does not know it: `uv run` adds it for one command only."""
    bin_ = Path(sys.executable).parent
    if not (bin_ / "countenance").is_file():
        return None
    if "UV" not in os.environ and str(bin_) in os.environ.get("PATH", "").split(os.pathsep):
        return None
    return bin_


def _open(page: Path) -> None:
    """Show the page, where somebody sits in front of a screen."""
    seen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if seen and sys.stdout.isatty() and not os.environ.get("CI"):
        import webbrowser

        webbrowser.open(page.as_uri())
