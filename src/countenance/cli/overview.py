"""`countenance` alone: what it is, and the first steps from where one stands."""

from __future__ import annotations

from countenance.cli.door import Door
from countenance.cli.language import _
from countenance.primitives.text import N_

_NEW = (
    (N_("See it work with synthetic people (two minutes):"), "countenance demo"),
    (N_("Make a workspace:"), 'countenance init --operator "City Archive" --jurisdiction CA-ON'),
)
_STEPS = (
    (N_("Say what will be searched, for what, and tell the public:"), "countenance gallery add --help"),
    (N_("Register a collection of photographs with its basis:"), "countenance source add --help"),
    (N_("Record people's consent, where consent is the basis:"), "countenance person --help"),
    (N_("See what an ingest will take, then do it:"), "countenance plan SOURCE; countenance ingest SOURCE"),
    (N_("License a client, add its caseworker, open a case:"), "countenance client --help"),
    (N_("Search:"), "countenance search CASE PHOTO"),
    (N_("Check that all is in order:"), "countenance doctor"),
)


def show_overview(door: Door) -> None:
    """Print it, or for programs: whether there is a workspace, and where."""
    directory = door.directory()
    there = (directory / "workspace.toml").is_file()
    if door.screen.json:
        door.screen.document({"program": "countenance", "workspace": str(directory) if there else None})
        return
    screen = door.screen
    screen.text(N_("Countenance: a face search that can only be used with permission."), bold=True)
    screen.line()
    if there:
        screen.text(N_("Workspace: {directory}"), directory=str(directory))
    else:
        screen.text(N_("There is no workspace here yet."))
    screen.title(N_("First steps") if not there else N_("The way to a search"))
    for number, (text, line) in enumerate(_STEPS if there else (*_NEW, *_STEPS), start=1):
        screen.paragraph(f"{number}. {_(text)}", indent=2)
        screen.line(f"     {line}", dim=True)
    screen.line()
    screen.text(N_("All commands: countenance --help. One of them: countenance COMMAND --help."))
