"""`countenance lock`, `authority`, `order`: what closes things, and who may."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door, show_list, show_record, signed
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.policy.restrictions import LockKind, OrderKind
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_
from countenance.records.erasing.vocabulary import ResidencyRule

_READ = "oversight-read"
_PLACE = N_("A place, as an ISO 3166 code: CA, CA-BC.")

lock = Family(
    "lock",
    summary=TABLE["lock"][1],
    text=N_(
        "Three locks, each with its own effect alone: ingest (nothing is collected), search (nothing is found), export "
        "(nothing leaves as a file). --kind all on a place or a source is a suspension. A lock is set by one operator, "
        "at once and in every process, and lifted by two. What an authority ordered is no lock: see countenance order."
    ),
)


@lock.command(
    "set",
    summary=N_("Close something at once."),
    text=N_("Name one thing: a place, a client, an account, a gallery or a source."),
    examples=(
        "countenance lock set --kind export --gallery missing \\",
        '    --reason "Until the sheets are counted"',
        'countenance lock set --kind all --place CA-BC --reason "Letter of 3 March"',
    ),
)
@option(
    "--kind",
    required=True,
    metavar="WORD",
    type=click.Choice([kind.value for kind in LockKind]),
    help=N_("ingest, search, export or all."),
)
@option("--place", metavar="PLACE", help=_PLACE)
@option("--client", metavar="NAME", help=N_("A client, by name."))
@option("--account", "of_account", metavar="ACCOUNT", help=N_("An account, by name."))
@option("--gallery", metavar="GALLERY", help=N_("A gallery, by name."))
@option("--source", metavar="SOURCE", help=N_("A source, by name."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why; it stands in the records."))
@pass_door
def set_lock(door: Door, /, of_account: str | None, **params: str | None) -> None:
    """Set a lock."""
    carry_out(door, "lock-set", given(account=of_account, **params), N_("Locked, from this moment on."))


@lock.command("list", summary=N_("List the locks, lifted ones too."), examples=("countenance lock list",))
@pass_door
def list_locks(door: Door) -> None:
    """List locks."""
    names = ("lock", "kind", "target_name", "reason", "set_by", "set_at", "state")
    show_list(door, "locks", names, empty=N_("Nothing is locked, and nothing was."), act=_READ)


@lock.command(
    "lift",
    summary=N_("Lift a lock; takes two persons."),
    text=N_("The first signature makes a proposal; another operator signs it with countenance approve."),
    examples=("countenance lock lift L-7K3M-9QXA",),
)
@argument("code", help=N_("The lock's code."))
@option("--reason", metavar="TEXT", help=N_("Why; it stands in the log."))
@pass_door
def lift_lock(door: Door, code: str, reason: str | None) -> None:
    """Lift a lock."""
    carry_out(door, "lock-lift", given(lock=code, reason=reason), N_("The lock {code} is lifted."), code=code)


authority = Family(
    "authority",
    summary=TABLE["authority"][1],
    text=N_(
        "An authority is registered by two operators, and so is each of its accounts: countenance account add NAME "
        "--role commissioner --authority AUTHORITY. From then on it looks after its accounts itself; no operator "
        "suspends one. Give it two at least: they confirm each other every 90 days."
    ),
)


@authority.command(
    "add",
    summary=N_("Register an authority; takes two persons."),
    text=N_("Its orders reach as far as its place."),
    examples=('countenance authority add "OIPC British Columbia" --jurisdiction CA-BC',),
)
@argument("name", help=N_("Name of the authority."))
@option("--jurisdiction", required=True, metavar="PLACE", help=_PLACE)
@pass_door
def add_authority(door: Door, name: str, jurisdiction: str) -> None:
    """Register an authority."""
    params = given(name=name, jurisdiction=jurisdiction)
    carry_out(door, "authority-add", params, N_("Authority {name} registered."), name=name)


@authority.command("list", summary=N_("List the authorities."), examples=("countenance authority list",))
@pass_door
def list_authorities(door: Door) -> None:
    """List authorities."""
    names = ("authority", "jurisdiction", "accounts", "orders", "inquiries")
    empty = N_("There are no authorities yet: countenance authority add.")
    show_list(door, "authorities", names, empty=empty, numbers=("accounts", "orders", "inquiries"), act=_READ)


order = Family(
    "order",
    summary=TABLE["order"][1],
    text=N_(
        "An authority's commissioner signs an order; it is in force from that moment, in every process. Each refusal "
        "that it causes names the order, its authority and its date. Only the authority lifts it. An order to delete "
        "locks at once, and destroys after two signatures of the authority and its date."
    ),
)

_KIND = click.Choice([kind.value for kind in OrderKind])
_KINDS = N_("cease-offering, cease-collecting, cease-disclosing or delete.")


@order.command(
    "preview",
    summary=N_("Say what an order would touch, in counts."),
    text=N_("Nothing changes. The look itself is logged."),
    examples=(
        "countenance order preview --kind cease-offering --place CA-BC \\",
        "    --as opc-commissioner",
    ),
)
@option("--kind", required=True, metavar="WORD", type=_KIND, help=_KINDS)
@option("--place", metavar="PLACE", help=_PLACE)
@option("--client", metavar="NAME", help=N_("A client, by name."))
@option("--gallery", metavar="GALLERY", help=N_("A gallery, by name."))
@option("--source", metavar="SOURCE", help=N_("A source, by name."))
@pass_door
def preview(door: Door, /, **params: str | None) -> None:
    """Preview an order."""
    carry_out(door, "order-preview", given(**params), N_("This is what the order would touch."))


@order.command(
    "issue",
    summary=N_("Issue an order; in force at once."),
    text=N_("Signed with the commissioner's own key. Look first: countenance order preview."),
    examples=(
        "countenance order issue --kind cease-offering --place CA-BC \\",
        '    --number P21-08 --dated 2021-12-14 --text "Order under PIPA, s. 52" \\',
        "    --as oipc-commissioner",
    ),
)
@option("--kind", required=True, metavar="WORD", type=_KIND, help=_KINDS)
@option("--place", metavar="PLACE", help=_PLACE)
@option("--client", metavar="NAME", help=N_("A client, by name."))
@option("--gallery", metavar="GALLERY", help=N_("A gallery, by name."))
@option("--source", metavar="SOURCE", help=N_("A source, by name."))
@option("--number", required=True, metavar="TEXT", help=N_("The authority's own number of the order."))
@option("--dated", metavar="DATE", help=N_("Date of the document. Else today."))
@option("--text", metavar="TEXT", help=N_("What it says, in a sentence or two."))
@option(
    "--document",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=N_("The document; its SHA-256 stands in the log."),
)
@option("--ends-at", metavar="DATE", help=N_("When it ends by itself. Else when it is lifted."))
@option("--destroy-from", metavar="DATE", help=N_("Of a delete: not before this day is anything destroyed."))
@pass_door
def issue(door: Door, /, document: Path | None, **params: str | None) -> None:
    """Issue an order."""
    from countenance.primitives.canonical import sha256_hex

    told = given(**params)
    if document is not None:
        told["document_sha256"] = sha256_hex(document.read_bytes())
    carry_out(door, "order-issue", told, N_("The order is in force, from this moment on."))


@order.command("list", summary=N_("List the orders, lifted ones too."), examples=("countenance order list",))
@pass_door
def list_orders(door: Door) -> None:
    """List orders."""
    names = ("order", "kind", "target_name", "authority", "number", "dated", "state")
    show_list(door, "orders", names, empty=N_("There is no order, and there was none."), act=_READ)


@order.command(
    "lift",
    summary=N_("Lift an order; only its authority may."),
    examples=(
        'countenance order lift O-7K3M-9QXA --reason "Complied with" \\',
        "    --as opc-commissioner",
    ),
)
@argument("code", help=N_("The order's code, or the authority's own number."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why; it stands in the records."))
@pass_door
def lift_order(door: Door, code: str, reason: str) -> None:
    """Lift an order."""
    carry_out(
        door, "order-lift", given(order=code, reason=reason), N_("The order {code} is lifted."), code=code
    )


@order.command(
    "destroy",
    summary=N_("Destroy what an order to delete reaches; two of the authority."),
    text=N_(
        "Not before the order's date. The first signature makes a proposal; another person of the same authority signs it "
        "with countenance approve. What a dated hold keeps is spared, and named on the certificate of the erasure."
    ),
    examples=("countenance order destroy O-7K3M-9QXA --rule stated --as oipc-commissioner",),
)
@argument("code", help=N_("The order's code, or the authority's own number."))
@option(
    "--rule",
    metavar="WORD",
    type=click.Choice([rule.value for rule in ResidencyRule]),
    help=N_("Of a place, who counts as resident: documented, stated or precautionary. Else precautionary."),
)
@pass_door
def destroy(door: Door, code: str, rule: str | None) -> None:
    """Destroy."""
    carry_out(door, "order-destroy", given(order=code, rule=rule), N_("It is destroyed."))


@order.command(
    "certify",
    summary=N_("Write a certificate of what an order did."),
    text=N_(
        "What it closed, the last answer before it, answers since (none, unless something is wrong), refusals since; "
        "each with its entries of the log. The file verifies offline: countenance log verify FILE --key VKEY."
    ),
    examples=("countenance order certify P21-08 --out p21-08.json",),
)
@argument("code", help=N_("The order's code, or the authority's own number."))
@option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help=N_("Write it there."))
@pass_door
def certify(door: Door, code: str, out: Path) -> None:
    """Certify an order."""
    hand_out(door, "order-certify", {"order": code}, out, N_("The certificate is in {path}."))


def hand_out(door: Door, act: str, params: dict[str, str], out: Path, done: str) -> None:
    """Perform an act that makes a statement, sign the log, and write the statement with its proof to `out`."""
    result = door.perform(act, dict(params))
    assert isinstance(result.record, dict)
    assert result.log_entry is not None
    statement = result.record["statement"]
    assert isinstance(statement, dict)
    write_atomically(out, str(result.record["file"]).encode())
    if door.screen.json:
        door.screen.document({"file": str(out), "statement": statement, "log_entry": result.log_entry})
        return
    door.screen.text(done, bold=True, path=str(out))
    show_record(door, statement)
    signed(door, result.log_entry)
