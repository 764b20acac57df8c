"""`countenance approve`: the second person's signature."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from countenance.cli.acts import LABELS, carry_out, moment, pass_door
from countenance.cli.asking import confirm
from countenance.cli.door import Door
from countenance.cli.parts import Command, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_


@click.command(
    "approve",
    cls=Command,
    summary=TABLE["approve"][1],
    text=N_(
        "Acts of weight (lifting a suspension, a new policy pack, a new operator) wait for a second operator. The same "
        "account, or the same key under another name, does not count twice. A proposal waits seven days. Without a code "
        "the command lists what waits, in full; the code is bound to it, so what you sign is what you saw."
    ),
    examples=(
        "countenance approve",
        "countenance approve P-7K3M-9QXA-2B4D-XR0T --as ben --keys /media/stick",
        "countenance approve P-7K3M-9QXA-2B4D-XR0T --cancel",
    ),
)
@argument(
    "code", metavar="[CODE]", required=False, help=N_("The proposal's code. Else the list of what waits.")
)
@option("--cancel", is_flag=True, help=N_("Take the proposal back instead: nobody can sign it any more."))
@pass_door
def approve(door: Door, code: str | None, cancel: bool) -> None:
    """Sign a proposal, take it back, or list them."""
    if cancel:
        if code is None:
            raise UsageError(N_("Say which proposal to take back."), code="proposal-missing")
        carry_out(
            door, "proposal-cancel", {"proposal": code.strip().upper()}, N_("Taken back; nobody can sign it.")
        )
        return
    wanted = None if code is None else code.strip().upper()
    if wanted is None or (sys.stdin.isatty() and not door.screen.json):
        waiting = [row for row in door.read("proposals") if wanted in {None, row["proposal"]}]
        if wanted is None and door.screen.json:
            door.screen.document({"proposals": waiting})
        else:
            _show(door, waiting)
        if wanted is None:
            return
        if waiting:
            confirm(door, False, N_("Sign this as {account}?"), account=door.account())
    carry_out(door, "approve", {"proposal": wanted}, N_("Signed, and carried out."))


def _show(door: Door, waiting: list[dict[str, Json]]) -> None:
    if not waiting:
        door.screen.text(N_("Nothing waits for a second signature."))
    for row in waiting:
        params = row["params"]
        assert isinstance(params, Mapping)
        door.screen.line(f"{row['proposal']}  {row['act']}", bold=True)
        door.screen.facts(
            [
                *((LABELS.get(name, name), value) for name, value in params.items()),
                (N_("Signed by"), row["signed_by"]),
                (N_("Ends"), moment(str(row["expires_at"]))),
            ]
        )
