"""`countenance report`: what came of a case, for the file."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import pass_door, signed
from countenance.cli.door import Door
from countenance.cli.parts import Command, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_


@click.command(
    "report",
    cls=Command,
    summary=TABLE["report"][1],
    text=N_(
        "A page with every search of the case, its coverage, who examined the candidates, what each found, and what came "
        "of it by the written rule. Faces are shown of leads alone. It says on every page that a lead is not an "
        "identification. Making it is logged: it carries faces out of the house."
    ),
    examples=(
        "countenance report C-7K3M-9QXA --page report.html",
        "countenance report C-7K3M-9QXA --page report.pdf",
    ),
)
@argument("case", metavar="CASE", help=N_("The case's code."))
@option(
    "--page",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("Where it is written: HTML, or tagged PDF (name it .pdf). Else report.html in this folder."),
)
@pass_door
def report(door: Door, case: str, page: Path | None) -> None:
    """Make the report of a case."""
    result = door.perform("report-make", {"case": case})
    assert isinstance(result.record, dict)
    if door.screen.json:
        door.screen.document({**result.record, "log_entry": result.log_entry})
        return
    target = page or Path("report.html")
    if target.suffix.lower() == ".pdf":
        from countenance.cli.commands.requests import write_private
        from countenance.cli.sheet.report_pdf import render_report_pdf

        write_private(target, render_report_pdf(result.record, log_entry=result.log_entry))
    else:
        from countenance.cli.sheet import write_page
        from countenance.cli.sheet.report import render_report

        write_page(target, render_report(result.record, log_entry=result.log_entry))
    door.screen.text(N_("Report of case {case}: {path}"), case=case, path=str(target))
    door.screen.text(N_("It holds leads, not identifications. Keep it with the case."))
    signed(door, result.log_entry)
