"""`countenance searcher`: the one process that owns keys and index."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import pass_door
from countenance.cli.commands.cluster import cluster_folder
from countenance.cli.door import Door
from countenance.cli.ending import when_asked_to_end
from countenance.cli.journal import keep_journal
from countenance.cli.language import say
from countenance.cli.parts import Command, option
from countenance.cli.table import TABLE
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_


@click.command(
    "searcher",
    cls=Command,
    summary=TABLE["searcher"][1],
    text=N_(
        "Runs until it is stopped (Ctrl-C). Searches and acts of this machine reach it over a socket in the "
        "workspace; their own processes then read no key, and need not load the index. Without it, each command is "
        "its own searcher for as long as it lasts."
    ),
    examples=(
        "countenance searcher --workspace /srv/faces",
        "countenance searcher --workspace /srv/faces --group caseworkers \\",
        "    --socket /run/countenance/searcher.sock",
    ),
)
@option(
    "--socket",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_(
        "Listen there. Else COUNTENANCE_SOCKET; else in the workspace. Others name it in COUNTENANCE_SOCKET."
    ),
)
@option(
    "--group",
    metavar="NAME",
    help=N_("Group of the system that may reach the socket too. Else the owner only."),
)
@option("--ray", metavar="HOST:PORT", help=N_("Have the cluster with this head hold the segments."))
@cluster_folder
@pass_door
def searcher(door: Door, path: Path | None, group: str | None, ray: str | None, cluster: Path) -> None:
    """Serve in the foreground."""
    from countenance.service.address import socket_of
    from countenance.service.server import SearcherServer

    keep_journal()
    directory = door.directory().absolute()
    socket_path = socket_of(directory) if path is None else path.absolute()
    if not socket_path.parent.is_dir() and socket_path.parent != directory / "run":
        raise NotFoundError(
            N_("There is no folder {folder}."),
            remedy=N_("Make it, and let the group of the callers into it."),
            code="socket-folder",
            folder=str(socket_path.parent),
        )
    server = SearcherServer(
        directory,
        socket_path=socket_path,
        group=None if group is None else _number_of(group),
        cluster=None if ray is None else (ray, cluster.absolute()),
    )

    def announce() -> None:
        door.screen.paragraph(
            say(N_("The searcher of {directory} runs. Ctrl-C stops it."), directory=str(door.directory())),
            err=True,
        )

    with when_asked_to_end(server.stop):
        server.run(announce)
    if door.screen.json:
        door.screen.document({"searcher": "stopped"})
    door.screen.text(N_("The searcher has stopped."))


def _number_of(group: str) -> int:
    import grp

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise NotFoundError(
            N_("This system has no group {group}."), code="group-missing", group=group
        ) from error
