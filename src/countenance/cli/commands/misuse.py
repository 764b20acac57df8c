"""`countenance misuse`: what the rules against misuse have seen, and what somebody else found of it."""

from __future__ import annotations

from countenance.cli.acts import carry_out, given, pass_door, show_list
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_

misuse = Family(
    "misuse",
    summary=TABLE["misuse"][1],
    text=N_(
        "The searcher looks every hour, and so does `misuse scan`. A flag names the rule and the entries of the log that it "
        "saw. It is not a finding: somebody else than the flagged looks at it, and what they found is recorded."
    ),
)


@misuse.command(
    "scan",
    summary=N_("Look at today and yesterday, now."),
    examples=("countenance misuse scan",),
)
@pass_door
def scan(door: Door) -> None:
    """Scan for misuse."""
    from countenance.oversight.misuse import scan as look

    raised = look(door.workspace())
    if door.screen.json:
        door.screen.document({"raised": [flag.code for flag in raised]})
        return
    door.screen.text(N_("Flags raised: {count}"), count=len(raised))


@misuse.command(
    "list",
    summary=N_("Flags, and what came of them; nobody reads their own."),
    examples=("countenance misuse list",),
)
@pass_door
def list_(door: Door) -> None:
    """List flags."""
    show_list(
        door,
        "flags",
        ("flag", "rule", "account", "day", "entries", "finding"),
        act="watch-read",
        empty=N_("No flag has been raised."),
    )


@misuse.command(
    "review",
    summary=N_("Record what you found of a flag; not of your own."),
    examples=(
        "countenance misuse review W-7K3M-9QXA --finding explained \\",
        '    --note "Two siblings, two files"',
    ),
)
@argument("flag", metavar="CODE", help=N_("The flag's code."))
@option("--finding", metavar="WORD", required=True, help=N_("unfounded, explained or misuse."))
@option("--note", metavar="TEXT", help=N_("What was seen, or asked."))
@pass_door
def review(door: Door, /, **params: str | None) -> None:
    """Review a flag."""
    carry_out(door, "flag-review", given(**params), N_("Finding recorded."))
