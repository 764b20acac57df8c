"""`countenance request list | pause | resume | extend`: which requests are due, and what moves their clocks."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door
from countenance.cli.commands.requests import NUMBER, RECEIPT, hand_receipt, request
from countenance.cli.door import Door
from countenance.cli.language import _
from countenance.cli.parts import option
from countenance.policy.terms import ExtensionReason, PauseReason
from countenance.primitives.canonical import Json
from countenance.primitives.text import N_


@request.command(
    "list",
    summary=N_("List requests, the next due first."),
    text=N_("Open ones; nobody's name is in the list. Whether somebody is held is not in it either."),
    examples=("countenance request list", "countenance request list --overdue"),
)
@option("--overdue", is_flag=True, help=N_("Only those whose last day is over."))
@option("--all", "all_", is_flag=True, help=N_("Closed ones too."))
@pass_door
def list_(door: Door, overdue: bool, all_: bool) -> None:
    """List requests."""
    record = door.perform("request-read", given(overdue=overdue, all=all_)).record
    assert isinstance(record, dict)
    rows = list(record["requests"])
    if door.screen.json:
        door.screen.document({"requests": rows})
        return
    from countenance.cli.screen import Column

    door.screen.table(
        [
            Column(title=N_("Request")),
            Column(title=N_("Asks for")),
            Column(title=N_("State")),
            Column(title=N_("Due")),
            Column(title=N_("Clock")),
        ],
        [(row["request"], _asks_for(row), _word(row["state"]), row["due"], _clock(row)) for row in rows],
        empty=N_("There are no such requests."),
    )


def _word(name: str) -> str:
    template = WORDS[name]
    return _(template)


def _asks_for(row: dict[str, Json]) -> str:
    """What a request asks for; of an opt-out, in which form."""
    asked = _word(str(row["kind"]))
    return f"{asked}: {_word(str(row['form']))}" if row["form"] else asked


def _clock(row: dict[str, Json]) -> str:
    said = [name for name in ("overdue", "paused", "extended") if row[name]]
    return ", ".join(_word(name) for name in said)


WORDS = {
    "access": N_("access"),
    "correction": N_("correction"),
    "erasure": N_("erasure"),
    "withdrawal": N_("withdrawal of consent"),
    "objection": N_("objection"),
    "opt-out": N_("being left out"),
    "erase": N_("erase, keep nothing"),
    "block-picture": N_("block the picture"),
    "protected-template": N_("keep a protected template"),
    "received": N_("received"),
    "verified": N_("verified"),
    "fulfilled": N_("answered"),
    "refused": N_("refused"),
    "withdrawn": N_("withdrawn"),
    "overdue": N_("overdue"),
    "paused": N_("paused"),
    "extended": N_("extended"),
}
"""What a request asks for, and how it stands, before people."""


def _notice(
    name: str, act: str, reasons: list[str] | None, done: str, summary: str, text: str, example: str
) -> None:
    """One command of a notice that moves the clock."""

    @request.command(name, summary=summary, text=text, examples=(example,))
    @NUMBER
    @RECEIPT
    @option("--text", metavar="TEXT", help=N_("What the requester is told."))
    @pass_door
    def command(
        door: Door, number: str, text: str | None, receipt_to: Path | None, reason: str | None = None
    ) -> None:
        carry_out(door, act, given(request=number, reason=reason, text=text), done)
        hand_receipt(door, number, receipt_to)

    if reasons is not None:
        option(
            "--reason",
            required=True,
            metavar="WORD",
            type=click.Choice(reasons),
            help=N_("Why, in the law's words."),
        )(command)


_notice(
    "pause",
    "request-pause",
    [reason.value for reason in PauseReason],
    N_("The clock stands still."),
    N_("Stop the clock, for a reason the law knows."),
    N_("While it stands the days do not count. The requester is told, with the reason."),
    "countenance request pause Q-7K3M-9QXA --reason identity-not-established",
)
_notice(
    "resume",
    "request-resume",
    None,
    N_("The clock runs again."),
    N_("Let the clock run on."),
    N_("Whole days that it stood are added to the due date."),
    "countenance request resume Q-7K3M-9QXA",
)
_notice(
    "extend",
    "request-extend",
    [reason.value for reason in ExtensionReason],
    N_("The time was extended."),
    N_("Take more time, once, where the law lets one."),
    N_("The notice must be sent in time, with the reason; the receipt is that notice."),
    "countenance request extend Q-7K3M-9QXA --reason volume",
)
