"""`countenance sample`: searches drawn at random for a supervisor's eyes."""

from __future__ import annotations

from countenance.cli.acts import carry_out, given, moment, pass_door
from countenance.cli.door import Door
from countenance.cli.language import _
from countenance.cli.parts import Family, argument, option
from countenance.cli.screen import Column
from countenance.cli.table import TABLE
from countenance.primitives.text import N_

sample = Family(
    "sample",
    summary=TABLE["sample"][1],
    text=N_(
        "Each week a tenth of a client's searches is drawn, three at least. The draw follows from the first checkpoint of "
        "the log that was signed after the week's end: nobody chooses it, and anybody can repeat it."
    ),
)


@sample.command(
    "draw",
    summary=N_("Draw the sample of a week that has ended."),
    text=N_("For a supervisor. The same week gives the same sample for ever."),
    examples=("countenance sample draw", "countenance sample draw --week 2026-W45"),
)
@option("--week", metavar="TEXT", help=N_("The ISO week, as 2026-W45. Else the last one."))
@pass_door
def draw(door: Door, week: str | None) -> None:
    """Draw a sample."""
    record = carry_out(door, "sample-draw", given(week=week), N_("Sample drawn."))
    if not door.screen.json:
        _show(door, [record])


@sample.command(
    "list",
    summary=N_("Samples, and what is overdue."),
    examples=("countenance sample list",),
)
@pass_door
def list_(door: Door) -> None:
    """List samples."""
    rows = door.read("samples", "watch-read")
    if door.screen.json:
        door.screen.document({"samples": rows})
        return
    _show(door, rows)


@sample.command(
    "examine",
    summary=N_("Record what you found of a sampled search."),
    examples=("countenance sample examine 2026-W45 117 --finding in-order",),
)
@argument("week", metavar="TEXT", help=N_("The ISO week, as 2026-W45."))
@argument("entry", metavar="ENTRY", type=int, help=N_("The search's entry in the log."))
@option("--finding", metavar="WORD", required=True, help=N_("in-order, questioned or not-in-order."))
@option("--note", metavar="TEXT", help=N_("What was seen, or asked."))
@pass_door
def examine(door: Door, /, **params: str | int | None) -> None:
    """Record a finding."""
    entry = params.pop("entry")
    carry_out(door, "sample-examine", {**given(**params), "entry": entry}, N_("Finding recorded."))


def _show(door: Door, rows: list[dict]) -> None:  # type: ignore[type-arg]
    for row in rows:
        state = _(N_("overdue")) if row["overdue"] else _(N_("due {date}")).format(date=row["due"][:10])
        if row["left"] == 0:
            state = _(N_("examined"))
        door.screen.title(
            N_("{client}, {week}: {state}"), client=row["client"], week=row["week"], state=state
        )
        door.screen.table(
            [
                Column(title=N_("Log entry"), right=True),
                Column(title=N_("Made")),
                Column(title=N_("Case")),
                Column(title=N_("File number")),
                Column(title=N_("Account")),
                Column(title=N_("Finding")),
            ],
            [
                (
                    each["entry"],
                    moment(each["made_at"]),
                    each["case"],
                    each["reference"],
                    each["account"],
                    each["finding"],
                )
                for each in row["searches"]
            ],
            empty=N_("No sample has been drawn of this week, or no search was made in it."),
        )
    if not rows:
        door.screen.text(N_("There are no samples yet: countenance sample draw."))
