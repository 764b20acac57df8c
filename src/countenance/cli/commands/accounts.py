"""`countenance account`: one person's access each."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door, show_list
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.policy.purposes import Role
from countenance.primitives.errors import ConflictError, UnavailableError, UsageError
from countenance.primitives.text import N_

account = Family(
    "account",
    summary=TABLE["account"][1],
    text=N_(
        "An account is one person with one role and one signing key, and never shared. Another account answers for "
        "it, and every 90 days somebody else confirms that it is still needed; otherwise it stops by itself."
    ),
)


@account.command(
    "add",
    summary=N_("Add an account and make its key."),
    text=N_(
        "Makes a key pair, records the public half and writes the private half to the file NAME.key. Hand "
        "that file to the person and delete it here. Whoever made their own key gives its public half with "
        "--public-key; then no private key is ever here."
    ),
    examples=(
        'countenance account add chloe --role caseworker --client "Tracing Service"',
        "countenance account add audit-1 --role auditor --key-to /media/stick",
    ),
)
@argument("name", help=N_("Name of the account: letters, digits, dots and dashes."))
@option(
    "--role",
    required=True,
    metavar="WORD",
    type=click.Choice([role.value for role in Role]),
    help=N_("operator, caseworker, reviewer, supervisor, auditor, commissioner or inspector."),
)
@option(
    "--client", metavar="NAME", help=N_("The client the person works for; an operator or auditor needs none.")
)
@option("--authority", metavar="NAME", help=N_("The authority that a commissioner or inspector works for."))
@option("--sponsor", metavar="ACCOUNT", help=N_("The account that answers for it. Else yours."))
@option(
    "--key-to",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help=N_("Folder for the new private key. Else the key folder."),
)
@option(
    "--public-key", metavar="WORD", help=N_("Public key made elsewhere: 64 hexadecimal digits (Ed25519).")
)
@pass_door
def add(
    door: Door,
    name: str,
    role: str,
    client: str | None,
    authority: str | None,
    sponsor: str | None,
    key_to: Path | None,
    public_key: str | None,
) -> None:
    """Add an account; the private key is written before the row, so that no account is without its key."""
    path: Path | None = None
    if public_key is None:
        path, public_key = _make_key(door, name, key_to or door.keys())
    try:
        carry_out(
            door,
            "account-add",
            given(
                name=name,
                role=role,
                client=client,
                authority=authority,
                sponsor=sponsor,
                public_key=public_key,
            ),
            N_("Account {name} added."),
            name=name,
        )
    except BaseException:
        if path is not None:
            path.unlink(missing_ok=True)
        raise
    if path is not None:
        door.screen.line()
        door.screen.text(N_("The private key is in {path}."), path=str(path))
        door.screen.text(
            N_("Hand it to {name}, and nobody else; then delete it here. It cannot be made again."), name=name
        )


def _make_key(door: Door, name: str, folder: Path) -> tuple[Path, str]:
    from countenance.records.identity import AccountKey

    door.workspace()  # no key where there is no workspace
    path = folder / f"{name}.key"
    if Path(name).name != name:
        raise UsageError(N_("{account} is not the name of an account."), code="account-name", account=name)
    if path.exists():
        raise ConflictError(
            N_("There is a key {path} already."),
            remedy=N_("It may be somebody's only one. Choose another folder with --key-to, or another name."),
            code="account-key-exists",
            path=str(path),
        )
    key = AccountKey.generate(name)
    try:
        written = key.write(folder)
    except OSError as error:
        raise UnavailableError(
            N_("{path} cannot be written: {problem}."),
            remedy=N_("Choose a folder that is there and that you may write to: --key-to DIR."),
            code="account-key-not-written",
            path=str(path),
            problem=error.strerror,
        ) from error
    return written, key.public_bytes().hex()


@account.command(
    "list",
    summary=N_("List every account, with its sponsor and state."),
    text=N_("A client's account sees those of its own client."),
    examples=("countenance account list",),
)
@pass_door
def list_(door: Door) -> None:
    """List accounts."""
    names = ("account", "role", "client", "sponsor", "certified_until", "state")
    show_list(door, "accounts", names, empty=N_("There are no accounts."))


@account.command(
    "certify",
    summary=N_("Confirm that an account is still needed."),
    text=N_("Good for 90 days from now. Nobody confirms their own account."),
    examples=("countenance account certify chloe",),
)
@argument("name", help=N_("Name of the account."))
@pass_door
def certify(door: Door, name: str) -> None:
    """Confirm an account."""
    carry_out(door, "account-certify", given(name=name), N_("Account {name} confirmed."), name=name)


@account.command(
    "suspend",
    summary=N_("Suspend an account, at once and everywhere."),
    text=N_("Its grants and running searches are dead from this moment. The reason is kept."),
    examples=('countenance account suspend chloe --reason "left the service"',),
)
@argument("name", help=N_("Name of the account."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why; it stands in the records."))
@pass_door
def suspend(door: Door, name: str, reason: str) -> None:
    """Suspend an account."""
    carry_out(
        door, "account-suspend", given(name=name, reason=reason), N_("Account {name} suspended."), name=name
    )


@account.command(
    "reinstate",
    summary=N_("Lift an account's suspension; takes two persons."),
    text=N_("The first signature makes a proposal; another operator signs it with countenance approve."),
    examples=("countenance account reinstate chloe",),
)
@argument("name", help=N_("Name of the account."))
@pass_door
def reinstate(door: Door, name: str) -> None:
    """Reinstate an account."""
    carry_out(door, "account-reinstate", given(name=name), N_("Account {name} reinstated."), name=name)


@account.command(
    "sponsor",
    summary=N_("Let another account answer for this one."),
    text=N_(
        "Without --sponsor it is yours. An account whose sponsor is suspended is closed until somebody else answers for "
        "it."
    ),
    examples=("countenance account sponsor chloe --sponsor deputy",),
)
@argument("name", help=N_("Name of the account."))
@option("--sponsor", metavar="ACCOUNT", help=N_("The account that answers for it. Else yours."))
@pass_door
def sponsor_(door: Door, name: str, sponsor: str | None) -> None:
    """Change a sponsor."""
    carry_out(
        door,
        "account-sponsor",
        given(name=name, sponsor=sponsor),
        N_("Somebody else answers for {name} now."),
        name=name,
    )
