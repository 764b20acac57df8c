"""`countenance breach`: after a leak, whose records lay in the files that got out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from countenance.cli.acts import pass_door
from countenance.cli.door import Door
from countenance.cli.language import _
from countenance.cli.parts import Command, argument, option
from countenance.cli.screen import Column
from countenance.cli.table import TABLE
from countenance.primitives.text import N_


@click.command(
    "breach",
    cls=Command,
    summary=TABLE["breach"][1],
    text=N_(
        "Give copies of the files or folders that got out. Records are found by their ids; a segment of the index counts as "
        "holding everybody of its gallery. Readable means that the key still exists: whoever has it can read. The log says "
        "how many people, and nobody's name."
    ),
    examples=("countenance breach leaked/ --reference 2026-3",),
)
@argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path),
    help=N_("What leaked: files or folders."),
)
@option("--reference", required=True, metavar="TEXT", help=N_("Your file number; no name."))
@pass_door
def breach(door: Door, files: tuple[Path, ...], reference: str) -> None:
    """Report."""
    from countenance.oversight.breach import report

    workspace = door.workspace()
    record = report(workspace, door.sign("breach-report", {"reference": reference}), files).record
    assert isinstance(record, Mapping)
    screen = door.screen
    if screen.json:
        screen.document(dict(record))
        return
    people = record["people"]
    assert isinstance(people, list)
    screen.table(
        [
            Column(title=N_("Person")),
            Column(title=N_("Faces"), right=True),
            Column(title=N_("Photographs"), right=True),
            Column(title=N_("Receipts"), right=True),
            Column(title=N_("Readable"), right=True),
        ],
        [
            (
                row["person"] or _(N_("nobody named")),
                row["faces"],
                row["photographs"],
                row["receipts"],
                row["readable"],
            )
            for row in people
        ],
        empty=N_("No record of anybody lay there."),
    )
    screen.facts([(N_("Probes"), record["probes"]), (N_("Cases"), record["cases"])])
