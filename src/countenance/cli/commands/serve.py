"""`countenance serve`, `countenance invite`: the web application, and one-time links into it."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import pass_door
from countenance.cli.door import Door
from countenance.cli.ending import when_asked_to_end
from countenance.cli.journal import keep_journal
from countenance.cli.language import say
from countenance.cli.parts import Command, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_

DEFAULT_PORT = 8460


@click.command(
    "serve",
    cls=Command,
    summary=TABLE["serve"][1],
    text=N_(
        "Runs until it is stopped (Ctrl-C). It starts the searcher where none runs. The first time it prints a one-time "
        "link for the account that starts it, by which that person sets a password and a second factor. Other accounts "
        "get theirs with: countenance invite ACCOUNT"
    ),
    examples=(
        "countenance serve --workspace /srv/faces",
        "countenance serve --host 10.0.0.5 --public https://faces.example.org",
    ),
)
@option(
    "--port",
    metavar="NUMBER",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    help=N_("Port. Else 8460."),
)
@option(
    "--host", metavar="ADDRESS", default="127.0.0.1", help=N_("Address to listen at. Else this machine only.")
)
@option(
    "--public",
    metavar="URL",
    default="",
    help=N_("Where people reach it beyond this machine: https://HOST, of a server in front that speaks TLS."),
)
@pass_door
def serve(door: Door, port: int, host: str, public: str) -> None:
    """Serve in the foreground."""
    from countenance.web.serving import beside_searcher, check_address, listen, logging_beside
    from countenance.web.site import application, site

    keep_journal()
    directory = door.directory().absolute()
    wsgi = application(directory, public=public)
    try:
        check_address(host, public)
        server = listen(wsgi, host, port, proxied=bool(public))
        address = public or f"http://localhost:{server.effective_port}"
        link = _first_link(door, address)
        with logging_beside(directory), beside_searcher(directory):
            _announce(door, address, link)
            _run_until_stopped(server)
    finally:
        site().workspace.close()
    door.screen.text(N_("The application has stopped."))


def _run_until_stopped(server: object) -> None:
    def stop() -> None:
        raise SystemExit  # waitress ends its loop and its threads on it

    try:
        with when_asked_to_end(stop):
            server.run()  # type: ignore[attr-defined]
    finally:
        server.close()  # type: ignore[attr-defined]


def _announce(door: Door, address: str, link: str | None) -> None:
    if door.screen.json:
        door.screen.document({"address": address, "link": link})
        return
    door.screen.paragraph(
        say(N_("The application runs at {address} . Ctrl-C stops it."), address=address), bold=True
    )
    if link:
        door.screen.text(N_("For {account}, once, within 24 hours:"), account=door.account())
        door.screen.line(f"  {link}")


def _first_link(door: Door, address: str) -> str | None:
    """A link for the account that starts it, where it has no way in yet and its key is here."""
    from countenance.primitives.errors import CountenanceError
    from countenance.web.models import WebLogin

    try:
        account = door.account()
        if WebLogin.objects.filter(account__name=account).exists():
            return None
        return _link(door.keys() / f"{account}.key", address)
    except CountenanceError:
        return None  # no key here: whoever has one asks with `countenance invite`


def _link(key: Path, address: str) -> str:
    from countenance.primitives.clock import system_clock
    from countenance.records.identity import AccountKey
    from countenance.web.entering.link import invite as make
    from countenance.web.site import site

    return f"{address}/welcome/{make(site().keyring, AccountKey.read(key), system_clock())}"


@click.command(
    "invite",
    cls=Command,
    summary=TABLE["invite"][1],
    text=N_(
        "The account's key is read from the folder of keys and kept sealed: until the link is used under the link, "
        "afterwards under the person's password. The link works once, for 24 hours. Links made before are dead, and so "
        "are, once it is used, the account's password, second factor and sessions."
    ),
    examples=("countenance invite carol --keys ./keys",),
)
@argument("name", metavar="ACCOUNT")
@option(
    "--address",
    metavar="URL",
    default=f"http://localhost:{DEFAULT_PORT}",
    help=N_("Where the application is reached."),
)
@pass_door
def invite(door: Door, name: str, address: str) -> None:
    """Print the link."""
    from countenance.primitives.errors import UsageError
    from countenance.web.site import application, site

    if Path(name).name != name:
        raise UsageError(N_("{account} is not the name of an account."), code="account-name", account=name)
    application(door.directory().absolute())
    try:
        link = _link(door.keys() / f"{name}.key", address.rstrip("/"))
    finally:
        site().workspace.close()
    if door.screen.json:
        door.screen.document({"account": name, "link": link})
        return
    door.screen.text(N_("For {account}, once, within 24 hours:"), account=name)
    door.screen.line(f"  {link}")
