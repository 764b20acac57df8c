"""`countenance searcher`: the one process that owns keys and index."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

from countenance.cli.acts import pass_door
from countenance.cli.door import Door
from countenance.cli.language import say
from countenance.cli.parts import Command
from countenance.cli.table import TABLE
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from types import FrameType


@click.command(
    "searcher",
    cls=Command,
    summary=TABLE["searcher"][1],
    text=N_(
        "Runs until it is stopped (Ctrl-C). Searches of this machine reach it over a socket in the workspace; their "
        "own processes then read no key, and need not load the index. Without it, each search is its own searcher "
        "for as long as it lasts."
    ),
    examples=("countenance searcher --workspace /srv/faces",),
)
@pass_door
def searcher(door: Door) -> None:
    """Serve in the foreground."""
    from countenance.service.server import SearcherServer

    server = SearcherServer(door.directory().absolute())

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.stop()

    held = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        door.screen.paragraph(
            say(N_("The searcher of {directory} runs. Ctrl-C stops it."), directory=str(door.directory())),
            err=True,
        )
        server.run()
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
    if door.screen.json:
        door.screen.document({"searcher": "stopped"})
    door.screen.text(N_("The searcher has stopped."))
