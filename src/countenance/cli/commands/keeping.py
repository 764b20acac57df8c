"""`countenance retention`, `hold` and `purge`: how long what is kept, what is kept back, and destroying what is due."""

from __future__ import annotations

from collections.abc import Mapping

import click

from countenance.cli.acts import carry_out, given, pass_door, show_list
from countenance.cli.commands.erase import STORES
from countenance.cli.door import Door
from countenance.cli.language import _
from countenance.cli.parts import Command, Family, argument, option
from countenance.cli.screen import Column
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

KINDS = {
    "gallery": N_("Whole galleries"),
    "photograph": N_("Records of photographs"),
    "template": N_("Templates and pictures of faces"),
    "probe": N_("Probes"),
    "result": N_("Candidate lists"),
    "review": N_("Reviews"),
    "request": N_("Requests of people"),
    "suppression": N_("Entries of the suppression list"),
    "refusal": N_("What a refusal rested on"),
    "case": N_("Closed cases"),
    "held-face": N_("Faces held by the suppression list"),
    "ingest-ledger": N_("Lines of the ingest ledger"),
    "log-payload": N_("Details of log entries"),
    "export": N_("Copies that were handed out"),
}
"""What each kind of data is called before people."""

ENDINGS = {
    "purge": N_("the purge"),
    "expiry": N_("its own day"),
    "request": N_("the end of the request"),
    "recipient": N_("whoever was given it"),
}

retention = Family(
    "retention",
    summary=TABLE["retention"][1],
    text=N_(
        "Every kind of data has a limit and somebody who answers for it. One person may shorten a limit; to lengthen one "
        "takes two. The purge destroys what is past its limit."
    ),
)


@retention.command(
    "list",
    summary=N_("Every kind of data, its limit and its owner."),
    examples=("countenance retention list",),
)
@pass_door
def list_(door: Door) -> None:
    """List limits."""
    rows = door.read("retention")
    if door.screen.json:
        door.screen.document({"retention": rows})
        return
    door.screen.table(
        [
            Column(title=N_("Data")),
            Column(title=N_("Days"), right=True),
            Column(title=N_("At most"), right=True),
            Column(title=N_("Ends by")),
            Column(title=N_("Owner")),
        ],
        [
            (
                _(KINDS[str(row["data"])]),
                _(N_("its purpose")) if row["days"] is None else row["days"],
                row["at_most"],
                _(ENDINGS[str(row["by"])]),
                row["owner"],
            )
            for row in rows
        ],
        empty=N_("Nothing."),
    )


@retention.command(
    "set",
    summary=N_("Set a limit; to lengthen one takes two persons."),
    examples=("countenance retention set probe --days 60 --owner sue --reason 'policy 4'",),
)
@argument("kind", metavar="DATA", help=N_("Kind of data, as `retention list --json` names it."))
@option("--days", type=int, metavar="N", help=N_("Days it is kept."))
@option("--purpose", "for_purpose", is_flag=True, help=N_("Until its purpose ends, not by a count of days."))
@option("--owner", required=True, metavar="ACCOUNT", help=N_("The account that answers for it."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why."))
@pass_door
def set_(door: Door, kind: str, days: int | None, for_purpose: bool, owner: str, reason: str) -> None:
    """Set a limit."""
    if (days is None) != for_purpose:
        raise UsageError(N_("Say how long."), remedy=N_("Give --days or --purpose."), code="retention-days")
    params = given(kind=kind, owner=owner, reason=reason, days="purpose" if for_purpose else days)
    carry_out(door, "retention-set", params, N_("Limit set."))


hold = Family(
    "hold",
    summary=TABLE["hold"][1],
    text=N_(
        "A hold keeps back from erasure and purge what a court, an authority or a statute wants kept, until a day. It opens "
        "nothing: what is in no answer stays so. Once it is over, the next purge takes what it kept."
    ),
)


@hold.command(
    "place",
    summary=N_("Keep something back until a day."),
    examples=(
        "countenance hold place --source albums --until 2027-03-01 \\",
        "    --authority 'Court of Quebec, 500-17-1' --reason 'evidence in a suit'",
    ),
)
@option("--person", metavar="PERSON", help=N_("Everything of one person."))
@option("--photograph", metavar="ID", help=N_("One photograph with all its faces."))
@option("--source", metavar="SOURCE", help=N_("All photographs of a source."))
@option("--gallery", metavar="GALLERY", help=N_("All photographs of a gallery."))
@option("--client", metavar="CLIENT", help=N_("A client's probes, candidate lists and cases."))
@option("--until", required=True, metavar="DATE", help=N_("The day it ends, within a year."))
@option("--authority", required=True, metavar="TEXT", help=N_("Who demands it, and by what paper."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why; no names."))
@pass_door
def place(door: Door, /, until: str, authority: str, reason: str, **scopes: str | None) -> None:
    """Place a hold."""
    chosen = [(name, value) for name, value in scopes.items() if value is not None]
    if len(chosen) != 1:
        raise UsageError(
            N_("Name one thing to hold."),
            remedy=N_("Give one of: {known}."),
            code="hold-scope",
            known=", ".join(f"--{name}" for name in scopes),
        )
    ((scope, target),) = chosen
    carry_out(
        door,
        "hold-place",
        {"scope": scope, "target": target, "until": until, "authority": authority, "reason": reason},
        N_("Hold placed."),
    )


@hold.command(
    "lift",
    summary=N_("Lift a hold before its day."),
    examples=("countenance hold lift H-7K3M-9QXA --reason settled",),
)
@argument("hold", metavar="HOLD", help=N_("The hold's code."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why."))
@pass_door
def lift(door: Door, hold: str, reason: str) -> None:
    """Lift a hold."""
    carry_out(door, "hold-lift", {"hold": hold, "reason": reason}, N_("Hold lifted."))


@hold.command("list", summary=N_("Holds, those that are over too."), examples=("countenance hold list",))
@pass_door
def holds(door: Door) -> None:
    """List holds."""
    show_list(
        door,
        "holds",
        ("hold", "scope", "authority", "placed_at", "until", "lifted_at"),
        empty=N_("Nothing is held back."),
    )


@click.command(
    "purge",
    cls=Command,
    summary=TABLE["purge"][1],
    text=N_(
        "--plan counts what is past its limit. --confirm destroys it: first it is in no answer any more, then its keys are "
        "destroyed, then its bytes; each kind gets a certificate. A running searcher does the same every hour. What a hold "
        "keeps, or what could not be destroyed yet, is listed."
    ),
    examples=("countenance purge --plan", "countenance purge --confirm"),
)
@option("--plan", "planned", is_flag=True, help=N_("Only count what would go."))
@option("--confirm", "confirmed", is_flag=True, help=N_("Destroy it."))
@pass_door
def purge(door: Door, planned: bool, confirmed: bool) -> int:
    """Purge."""
    if planned == confirmed:
        raise UsageError(
            N_("Say what is to be done."), remedy=N_("Give one of --plan, --confirm."), code="purge-what"
        )
    if confirmed:
        return _confirm(door)
    record = door.perform("purge-plan", {}).record
    assert isinstance(record, Mapping)
    if door.screen.json:
        door.screen.document(dict(record))
        return 0
    rows = record["due"]
    assert isinstance(rows, list)
    door.screen.table(
        [
            Column(title=N_("Data")),
            Column(title=N_("Days"), right=True),
            Column(title=N_("Would go")),
            Column(title=N_("Some held back")),
        ],
        [(_(KINDS[row["data"]]), row["days"], _counts(row["stores"]), row["kept_back"]) for row in rows],
        empty=N_("Nothing is past its limit."),
    )
    _left(door, record["incomplete"])
    return 0


def _confirm(door: Door) -> int:
    """Carry it out, and say what of it is not done."""
    record = door.perform("purge", {}).record
    assert isinstance(record, Mapping)
    begun = record["purged"]
    assert isinstance(begun, list)
    if door.opened is not None:
        from countenance.records.erasing.steps import finish

        finish(door.opened)
    codes = {row["erasure"] for row in begun}
    rows = [row for row in door.read("erasures") if row["erasure"] in codes or row["state"] != "done"]
    left = [row for row in rows if row["state"] != "done"]
    if door.screen.json:
        door.screen.document({"purged": rows, "incomplete": left})
    else:
        door.screen.table(
            [
                Column(title=N_("Erasure")),
                Column(title=N_("Ground")),
                Column(title=N_("Gone")),
                Column(title=N_("Kept back by")),
            ],
            [
                (row["erasure"], row["ground"], _counts(row["stores"]), ", ".join(_codes(row["kept_back"])))
                for row in rows
                if row["state"] == "done"
            ],
            empty=N_("Nothing is past its limit."),
        )
        _left(door, left)
        if rows:
            door.screen.text(N_("A certificate of each: countenance erase --certificate ERASURE"))
    return 1 if left else 0


def _left(door: Door, rows: Json) -> None:
    assert isinstance(rows, list)
    for row in rows:
        door.screen.text(N_("Not complete yet: {erasure}."), erasure=row["erasure"])


def _counts(stores: Json) -> str:
    assert isinstance(stores, Mapping)
    return ", ".join(f"{_(STORES[name])}: {number}" for name, number in stores.items() if number)


def _codes(kept: Json) -> list[str]:
    assert isinstance(kept, Mapping)
    return sorted(kept)
