"""`countenance case`: the errand under which one may search."""

from __future__ import annotations

from countenance.cli.acts import carry_out, given, pass_door, show_list
from countenance.cli.commands.clients import PURPOSES
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_

case = Family(
    "case",
    summary=TABLE["case"][1],
    text=N_(
        "A case belongs to one client and has one purpose, a requester of record, an end and a number of searches. "
        "No search is made without one."
    ),
)


@case.command(
    "open",
    summary=N_("Open a case; prints its code."),
    text=N_(
        "The body on whose behalf it is made is named, and where that body stands: both places' rules must permit. "
        "A search for a declared minor needs the guardian's consent or a recorded authority."
    ),
    examples=(
        "countenance case open --purpose missing-person --reference 2026-0117 \\",
        '    --on-behalf-of "Sûreté municipale" --on-behalf-of-jurisdiction CA-QC',
    ),
)
@option(
    "--purpose",
    required=True,
    metavar="PURPOSE",
    type=PURPOSES,
    help=N_("What for: one purpose of the licence."),
)
@option(
    "--reference", required=True, metavar="TEXT", help=N_("The client's own file number, or its authority.")
)
@option("--on-behalf-of", required=True, metavar="NAME", help=N_("The requester of record."))
@option(
    "--on-behalf-of-jurisdiction",
    required=True,
    metavar="PLACE",
    help=N_("Where that body stands: CA or CA-QC."),
)
@option("--client", metavar="NAME", help=N_("The client. Else that of your account."))
@option("--sought-is-minor", is_flag=True, help=N_("The sought person is declared to be a minor."))
@option("--guardian-consent", is_flag=True, help=N_("The guardian has consented to the search."))
@option("--recorded-authority", metavar="TEXT", help=N_("Or the authority under which it is made."))
@option("--searches", metavar="NUMBER", type=int, help=N_("How many searches it allows. Else 50."))
@option("--expires-at", metavar="DATE", help=N_("When it ends. Else in 90 days."))
@pass_door
def open_(door: Door, /, **params: str | int | bool | None) -> None:
    """Open a case."""
    record = carry_out(door, "case-open", given(**params), N_("Case opened."))
    if record.get("case"):
        door.screen.line()
        door.screen.text(N_("Search in it:"))
        door.screen.line(f"  countenance search {record['case']} PHOTO")


@case.command(
    "list",
    summary=N_("List cases; a client's account sees its own."),
    examples=("countenance case list",),
)
@pass_door
def list_(door: Door) -> None:
    """List cases."""
    show_list(
        door,
        "cases",
        ("case", "client", "purpose", "reference", "searches_left", "expires_at", "state"),
        empty=N_("There are no cases yet: countenance case open."),
        numbers=("searches_left",),
    )


@case.command(
    "close",
    summary=N_("Close a case: no search is made in it any more."),
    text=N_("Grants that are out die at once."),
    examples=("countenance case close C-7K3M-9QXA",),
)
@argument("code", metavar="CASE", help=N_("The case's code."))
@pass_door
def close(door: Door, code: str) -> None:
    """Close a case."""
    carry_out(door, "case-close", {"case": code}, N_("Case {case} closed."), case=code)


@case.command(
    "deny",
    summary=N_("Refuse a case's authorisation: what came of it goes."),
    text=N_(
        "Its searches, candidates and probes are destroyed, with what the log's entries say of them; the entries and "
        "their proofs stay, and so does the case, as a tombstone. A supervisor, an operator or a commissioner does it."
    ),
    examples=(
        'countenance case deny C-7K3M-9QXA --authority "Cour du Québec" \\',
        '    --reason "Not authorised"',
    ),
)
@argument("code", metavar="CASE", help=N_("The case's code."))
@option("--authority", required=True, metavar="NAME", help=N_("Who refused the authorisation."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why; it stands in the records."))
@pass_door
def deny(door: Door, code: str, authority: str, reason: str) -> None:
    """Refuse an authorisation."""
    params = given(case=code, authority=authority, reason=reason)
    carry_out(door, "case-deny", params, N_("The authorisation of {case} is refused."), case=code)
