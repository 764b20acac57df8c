"""`countenance provider`: identity providers by which people log in on the pages."""

from __future__ import annotations

from countenance.cli.acts import carry_out, pass_door, show_list
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_

provider = Family(
    "provider",
    summary=TABLE["provider"][1],
    text=N_(
        "A provider (OpenID Connect) says who somebody is; it opens no key and makes no account. Each member links their own "
        "account on their own page, browser by browser. The second factor stays ours, unless the provider says that it asked for one."
    ),
)


@provider.command(
    "add",
    summary=N_("Register a provider."),
    text=N_(
        "Where the provider gave a client secret, write it into the file web.NAME.secret in the workspace's folder, "
        "readable by nobody else. At the provider, register the address that people are sent back to: "
        "ADDRESS/login/returned"
    ),
    examples=(
        "countenance provider add ministry --issuer https://id.example.org \\",
        "    --client-id countenance",
    ),
)
@argument("name", metavar="NAME", help=N_("What people choose at the door: small letters, digits, hyphens."))
@option("--issuer", metavar="URL", required=True, help=N_("https://..., or http:// on this machine."))
@option("--client-id", metavar="TEXT", required=True, help=N_("What the provider calls this application."))
@pass_door
def add(door: Door, name: str, issuer: str, client_id: str) -> None:
    """Add a provider."""
    params = {"name": name, "issuer": issuer, "client_id": client_id}
    carry_out(door, "provider-add", params, N_("Provider registered."))


@provider.command("list", summary=N_("List registered providers."), examples=("countenance provider list",))
@pass_door
def list_providers(door: Door) -> None:
    """List providers."""
    show_list(
        door,
        "providers",
        ("provider", "issuer", "client_id", "added_at", "state"),
        empty=N_("There are no providers."),
    )


@provider.command(
    "remove",
    summary=N_("Let nobody in through it any more."),
    examples=("countenance provider remove ministry",),
)
@argument("name", metavar="NAME", help=N_("Its name."))
@pass_door
def remove(door: Door, name: str) -> None:
    """Remove a provider."""
    carry_out(door, "provider-remove", {"provider": name}, N_("Provider removed."))
