"""`countenance client`: organisations with a licence to search."""

from __future__ import annotations

import click

from countenance.cli.acts import carry_out, given, pass_door, show_list
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.policy.purposes import Purpose
from countenance.primitives.text import N_

PURPOSES = click.Choice([purpose.value for purpose in Purpose])

client = Family(
    "client",
    summary=TABLE["client"][1],
    text=N_(
        "A client may search for the purposes of its licence, from its own place, while the licence lasts. A "
        "suspension takes effect at once, in every process; lifting it takes two persons."
    ),
)


@client.command(
    "add",
    summary=N_("License an organisation to search."),
    text=N_(
        "The licence names purposes and dates; without dates it runs from now for 365 days. Accounts of the "
        "client's people are added next: countenance account add."
    ),
    examples=(
        'countenance client add "Tracing Service" --jurisdiction CA-ON \\',
        "    --purpose missing-person --purpose family-tracing",
    ),
)
@argument("name", help=N_("Name of the organisation."))
@option(
    "--jurisdiction",
    required=True,
    metavar="PLACE",
    help=N_("Where it stands: an ISO 3166 code, CA or CA-QC."),
)
@option(
    "--purpose",
    "purposes",
    multiple=True,
    required=True,
    metavar="PURPOSE",
    type=PURPOSES,
    help=N_(
        "Purpose it may search for; give it several times. One of: victim-identification, missing-person, "
        "family-tracing, own-photo-access, archive-description."
    ),
)
@option("--from", "start", metavar="DATE", help=N_("First day of the licence. Else now."))
@option("--until", metavar="DATE", help=N_("End of the licence. Else 365 days later."))
@pass_door
def add(
    door: Door, name: str, jurisdiction: str, purposes: tuple[str, ...], start: str | None, until: str | None
) -> None:
    """Add a client."""
    params = given(name=name, jurisdiction=jurisdiction, purposes=list(purposes), until=until)
    carry_out(door, "client-add", params | given(**{"from": start}), N_("Client {name} added."), name=name)


@client.command(
    "list", summary=N_("List the clients and their licences."), examples=("countenance client list",)
)
@pass_door
def list_(door: Door) -> None:
    """List clients."""
    names = ("client", "jurisdiction", "purposes", "licensed_until", "state")
    show_list(door, "clients", names, empty=N_("There are no clients yet: countenance client add."))


@client.command(
    "suspend",
    summary=N_("Suspend a client, at once and everywhere."),
    text=N_("All its accounts, grants and running searches are dead from this moment. The reason is kept."),
    examples=('countenance client suspend "Tracing Service" --reason "Order P21-08"',),
)
@argument("name", help=N_("Name of the organisation."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why; it stands in the records."))
@pass_door
def suspend(door: Door, name: str, reason: str) -> None:
    """Suspend a client."""
    carry_out(
        door, "client-suspend", given(name=name, reason=reason), N_("Client {name} suspended."), name=name
    )


@client.command(
    "reinstate",
    summary=N_("Lift a client's suspension; takes two persons."),
    text=N_("The first signature makes a proposal; another operator signs it with countenance approve."),
    examples=('countenance client reinstate "Tracing Service"',),
)
@argument("name", help=N_("Name of the organisation."))
@pass_door
def reinstate(door: Door, name: str) -> None:
    """Reinstate a client."""
    carry_out(door, "client-reinstate", given(name=name), N_("Client {name} reinstated."), name=name)
