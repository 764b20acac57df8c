"""`countenance cluster up | status | down`: this machine's node of a cluster that holds the segments of one index."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli.acts import pass_door
from countenance.cli.door import Door
from countenance.cli.ending import when_asked_to_end
from countenance.cli.failures import Exit
from countenance.cli.language import say
from countenance.cli.parts import Family, option
from countenance.cli.table import TABLE
from countenance.primitives.errors import UnavailableError, UsageError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.cluster.ring import Node

_VARIABLE = "COUNTENANCE_CLUSTER"
_DEFAULT = Path("countenance-cluster")

cluster = Family(
    "cluster",
    summary=TABLE["cluster"][1],
    text=N_(
        "Past what one machine scans in time, machines divide the segments of the index among them. Each runs a node; "
        "the searcher runs on one of them with --ray and alone has keys and records. Needs countenance[ray]."
    ),
)

cluster_folder = option(
    "--cluster",
    type=click.Path(path_type=Path),
    metavar="DIR",
    default=lambda: os.environ.get(_VARIABLE, str(_DEFAULT)),
    help=N_(
        "Folder of the cluster's certificates and token. Else COUNTENANCE_CLUSTER; else countenance-cluster."
    ),
)


@cluster.command(
    "up",
    summary=N_("Start this machine's node; the first one makes the cluster."),
    text=N_(
        "The first machine names the addresses of all and makes the folder with certificates, token and secret. Copy "
        "that folder to the others by a safe way (scp), and join from there."
    ),
    examples=(
        "countenance cluster up --interface 10.0.0.1 --machines 10.0.0.2 \\",
        "    --machines 10.0.0.3",
        "countenance cluster up --interface 10.0.0.2 --join 10.0.0.1:6379 --stay",
    ),
)
@option(
    "--interface", required=True, metavar="ADDRESS", help=N_("IP address of this machine in the cluster.")
)
@option(
    "--machines", multiple=True, metavar="ADDRESS", help=N_("IP address of another machine. May be repeated.")
)
@option("--port", type=int, default=6379, metavar="NUMBER", help=N_("Port of the head. Else 6379."))
@option("--join", metavar="HOST:PORT", help=N_("Join the cluster with this head."))
@option(
    "--stay", is_flag=True, help=N_("Stay until stopped, then end the node: for a service or a container.")
)
@cluster_folder
@pass_door
def up(
    door: Door,
    interface: str,
    machines: tuple[str, ...],
    port: int,
    join: str | None,
    stay: bool,
    cluster: Path,
) -> None:
    """Start a node."""
    from countenance.cluster.ring import make_ring, start_node, stays_inside

    folder = cluster.absolute()
    if join is not None and machines:
        raise UsageError(
            N_("--machines makes a cluster, --join joins one."),
            code="cluster-up",
            remedy=N_("Give one of them."),
        )
    if join is None and not (folder / "secret").exists():
        make_ring(folder, [interface, *machines])
    with ExitStack() as held:
        asked = threading.Event() if stay else None
        if asked is not None:
            held.enter_context(when_asked_to_end(asked.set))
        everywhere = not stays_inside(interface)
        node = start_node(folder, interface=interface, port=port, join=join)
        if everywhere:
            warning = say(
                N_(
                    "Ray listens on every interface of this machine, not at {interface} alone. Who has no certificate "
                    "of this cluster is not answered; a firewall should keep strangers from asking."
                ),
                interface=interface,
            )
            door.screen.paragraph(warning, err=True)
        if door.screen.json:
            door.screen.document(
                {
                    "address": node.address,
                    "interface": node.interface,
                    "process": node.process,
                    "every_interface": everywhere,
                }
            )
        else:
            _announce(door, node, folder, join)
        if asked is not None:
            _stay(folder, node, asked)


def _announce(door: Door, node: Node, folder: Path, join: str | None) -> None:
    door.screen.text(N_("The node of {interface} runs."), bold=True, interface=node.interface)
    door.screen.facts([(N_("Head of the cluster"), node.address), (N_("Folder"), str(folder))])
    if join is None:
        door.screen.paragraph(
            say(
                N_("Search with: countenance searcher --ray {address} --cluster {folder}"),
                address=node.address,
                folder=str(folder),
            ),
            indent=2,
        )


def _stay(folder: Path, node: Node, asked: threading.Event) -> None:
    """Until we are asked to end, or the node ends by itself, which is an error."""
    from countenance.cluster.ring import runs, stop_node

    try:
        while not asked.wait(1.0):
            if not runs(node):
                raise UnavailableError(
                    N_("The node of {interface} has ended by itself."),
                    remedy=N_("Look into {log}, then start it again."),
                    code="cluster-node-ended",
                    interface=node.interface,
                    log=str(folder / "node.log"),
                )
    finally:
        stop_node(folder)


@cluster.command(
    "status",
    summary=N_("Which machines there are, as this one sees them."),
    examples=("countenance cluster status",),
)
@cluster_folder
@pass_door
def status(door: Door, cluster: Path) -> int:
    """Show nodes."""
    from countenance.cluster.ring import machines_of, read_node, runs

    folder = cluster.absolute()
    node = read_node(folder)
    there = node is not None and runs(node)
    machines = machines_of(folder, node.address) if node is not None and there else []
    if door.screen.json:
        door.screen.document({"runs": there, "machines": [vars(machine) for machine in machines]})
    elif not there:
        door.screen.text(N_("No node of a cluster runs on this machine."))
    else:
        for machine in machines:
            state = N_("{address}: {count} processors") if machine.alive else N_("{address}: lost")
            door.screen.text(state, address=machine.address, count=machine.processors)
    return Exit.DONE if there else Exit.NOT_AVAILABLE


@cluster.command(
    "down",
    summary=N_("End this machine's node, and nothing else."),
    text=N_("Segments it held are held by others from then on; where it was the head, the cluster ends."),
    examples=("countenance cluster down",),
)
@cluster_folder
@pass_door
def down(door: Door, cluster: Path) -> None:
    """Stop the node."""
    from countenance.cluster.ring import stop_node

    ended = stop_node(cluster.absolute())
    if door.screen.json:
        door.screen.document({"ended": ended})
    elif ended:
        door.screen.text(N_("The node of this machine has ended."))
    else:
        door.screen.text(N_("No node of a cluster runs on this machine."))
