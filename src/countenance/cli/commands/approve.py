"""`countenance approve`: the second person's signature."""

from __future__ import annotations

import click

from countenance.cli.acts import carry_out, pass_door
from countenance.cli.door import Door
from countenance.cli.parts import Command, argument
from countenance.cli.table import TABLE
from countenance.primitives.text import N_


@click.command(
    "approve",
    cls=Command,
    summary=TABLE["approve"][1],
    text=N_(
        "Acts of weight (lifting a suspension, a new policy pack) wait for a second operator. The same account, or "
        "the same key under another name, does not count twice. A proposal waits seven days."
    ),
    examples=("countenance approve P-7K3M-9QXA --as ben --keys /media/stick",),
)
@argument("code", help=N_("The proposal's code."))
@pass_door
def approve(door: Door, code: str) -> None:
    """Sign a proposal."""
    carry_out(door, "approve", {"proposal": code.strip().upper()}, N_("Signed, and carried out."))
