"""`countenance token` and `countenance webhook`: what programs come with, and what they are told."""

from __future__ import annotations

import click

from countenance.cli.acts import carry_out, pass_door, show_list, signed
from countenance.cli.commands.clients import PURPOSES
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_

token = Family(
    "token",
    summary=TABLE["token"][1],
    text=N_(
        "A program that uses the API shows a token. It signs as your account, for the purposes and acts that you name, until "
        "it ends. It is shown once; the workspace keeps your key only sealed under it, so that nobody who steals the "
        "database can sign."
    ),
)


@token.command(
    "make",
    summary=N_("Make a token of your account; shown this once."),
    text=N_(
        "Without --act it does what your account may do, except erasing, exporting, ordering, suspending and their like: "
        "name those. Without --purpose it names no purpose, and so makes no search."
    ),
    examples=(
        "countenance token make import --as chloe --purpose missing-person --days 30",
        "countenance token make lists --as chloe --act records-read",
    ),
)
@argument("name", help=N_("What you call it."))
@option(
    "--purpose",
    "purposes",
    multiple=True,
    metavar="PURPOSE",
    type=PURPOSES,
    help=N_("A purpose that it may name; give it several times."),
)
@option(
    "--act",
    "acts",
    multiple=True,
    metavar="ACT",
    help=N_("An act that it may do, or search; give it several times."),
)
@option(
    "--days",
    type=click.IntRange(1, 365),
    default=90,
    metavar="NUMBER",
    help=N_("How many days it lasts. Else 90."),
)
@pass_door
def make(door: Door, name: str, purposes: tuple[str, ...], acts: tuple[str, ...], days: int) -> None:
    """Make a token: the key is sealed here, and leaves this machine in no other form."""
    from countenance.api.tokens import making, until
    from countenance.cli.acts import given
    from countenance.primitives.clock import system_clock
    from countenance.records.identity import AccountKey

    key = AccountKey.read(door.keys() / f"{door.account()}.key")
    wanted = given(purposes=list(purposes), acts=" ".join(acts))
    made, params = making(key, name=name, expires_at=until(system_clock(), days), **wanted)
    result = door.perform("token-make", params)
    if door.screen.json:
        record = result.record if isinstance(result.record, dict) else {}
        door.screen.document({**record, "secret": made.text(), "log_entry": result.log_entry})
        return
    door.screen.text(N_("Token {name}, shown this once:"), bold=True, name=name)
    door.screen.line(f"  {made.text()}")
    door.screen.text(N_("Who has it signs as you. Keep it where passwords are kept."))
    signed(door, result.log_entry)


@token.command(
    "list",
    summary=N_("Your tokens; an operator sees everybody's."),
    examples=("countenance token list",),
)
@pass_door
def list_(door: Door) -> None:
    """List tokens."""
    show_list(
        door,
        "tokens",
        ("token", "name", "account", "purposes", "expires_at", "state"),
        empty=N_("There are no tokens yet: countenance token make."),
    )


@token.command(
    "revoke",
    summary=N_("End a token at once."),
    text=N_("Your own by name or id; an operator ends anybody's by its id."),
    examples=("countenance token revoke archive-import",),
)
@argument("token_", metavar="TOKEN", help=N_("Its name or its id."))
@pass_door
def revoke(door: Door, token_: str) -> None:
    """Revoke a token."""
    carry_out(door, "token-revoke", {"token": token_}, N_("Token revoked. It signs nothing from now on."))


webhook = Family(
    "webhook",
    summary=TABLE["webhook"][1],
    text=N_(
        "An address is told of new entries of the log: event, time, place and purpose, nothing of persons. Each message is "
        "signed (Standard Webhooks, Ed25519). The searcher sends them, to the addresses that an operator registers here and to "
        "no others."
    ),
)


@webhook.command(
    "add",
    summary=N_("Tell an address of new entries from now on."),
    examples=("countenance webhook add https://desk.example.org/hooks --event order-issued",),
)
@argument("url", metavar="URL", help=N_("https://..., or http:// on this machine."))
@option(
    "--event", "events", multiple=True, metavar="WORD", help=N_("Only this event; give it several times.")
)
@pass_door
def add(door: Door, url: str, events: tuple[str, ...]) -> None:
    """Add a webhook."""
    params = {"url": url, **({"events": " ".join(events)} if events else {})}
    carry_out(door, "webhook-add", params, N_("Webhook added."))


@webhook.command(
    "list", summary=N_("List addresses, and how they answer."), examples=("countenance webhook list",)
)
@pass_door
def list_webhooks(door: Door) -> None:
    """List webhooks."""
    show_list(
        door,
        "webhooks",
        ("webhook", "url", "events", "failures", "state"),
        empty=N_("There are no webhooks."),
        numbers=("failures",),
    )


@webhook.command(
    "remove", summary=N_("Tell it nothing more."), examples=("countenance webhook remove N-7K3M-9QXA",)
)
@argument("code", metavar="WEBHOOK", help=N_("Its code."))
@pass_door
def remove(door: Door, code: str) -> None:
    """Remove a webhook."""
    carry_out(door, "webhook-remove", {"webhook": code}, N_("Webhook removed."))
