"""`countenance yearly`: a year counted from the log, for the authority or for the public."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from countenance.cli.acts import pass_door, signed
from countenance.cli.door import Door
from countenance.cli.parts import Command, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_


@click.command(
    "yearly",
    cls=Command,
    summary=TABLE["yearly"][1],
    text=N_(
        "Counts what happened in a year, from the log alone, and writes a page and a JSON file. Each figure names the "
        "entries that it counts; recount.py, written beside them, counts again from an exported log without our code. The "
        "public edition withholds cells of 1 to 4 in breakdowns; the authority's has all."
    ),
    examples=(
        "countenance yearly --year 2026 --edition public --to report-2026",
        "python report-2026/recount.py EXPORT report-2026/yearly.json",
    ),
)
@option("--year", metavar="NUMBER", type=int, required=True, help=N_("The year, in UTC."))
@option(
    "--edition",
    metavar="WORD",
    type=click.Choice(["authority", "public"]),
    default="public",
    help=N_("authority or public. Else public."),
)
@option(
    "--to",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help=N_("Folder to write into."),
)
@pass_door
def yearly(door: Door, year: int, edition: str, folder: Path) -> None:
    """Count a year."""
    from countenance.cli.sheet import write_page
    from countenance.cli.sheet.yearly import render_yearly
    from countenance.oversight import recount
    from countenance.oversight.reports import Edition, make
    from countenance.primitives.files import write_atomically
    from countenance.records.database import open_reading

    workspace = door.workspace()
    result = door.perform("year-count", {"year": year, "edition": edition})
    workspace.checkpoint()
    with open_reading() as tx:
        report = make(workspace, tx, year, Edition(edition), progress=_progress)
    folder.mkdir(parents=True, exist_ok=True)
    write_page(folder / "yearly.html", render_yearly(report))
    write_atomically(folder / "yearly.json", (json.dumps(report, indent=1) + "\n").encode(), mode=0o644)
    write_atomically(folder / "recount.py", Path(recount.__file__).read_text("utf-8").encode(), mode=0o644)
    if door.screen.json:
        door.screen.document({"folder": str(folder), "size": report["size"], "log_entry": result.log_entry})
        return
    door.screen.text(N_("Report of {year}: {path}"), year=year, path=str(folder / "yearly.html"))
    signed(door, result.log_entry)


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,} / {of:,}", err=True, nl=done == of)
