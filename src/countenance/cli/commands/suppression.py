"""`countenance suppression`: kept out by choice, by means of a template that serves nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from countenance.cli.acts import carry_out, given, moment, pass_door
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.screen import Column
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.text import N_

suppression = Family(
    "suppression",
    summary=TABLE["suppression"][1],
    text=N_(
        "Erasing and keeping nothing is the default. Who wants to be kept out of what comes later may leave a protected "
        "template for that alone: it is compared when a face is to be enrolled, and never searched, listed or exported. A "
        "face that resembles it is held, and not enrolled after thirty days unless that person releases it. One joins by a "
        "request: countenance request open opt-out --form protected-template."
    ),
)

_CODE = argument("code", metavar="CODE", help=N_("The code that the person keeps."))
_DAYS = option("--days", type=int, metavar="N", help=N_("How long, from now; a year unless given."))


@suppression.command(
    "renew",
    summary=N_("Let an entry run on."),
    examples=("countenance suppression renew S-7K3M-9QXA-1B2C-3D4E",),
)
@_CODE
@_DAYS
@pass_door
def renew(door: Door, code: str, days: int | None) -> None:
    """Renew."""
    carry_out(door, "suppression-renew", given(code=code, days=days), N_("Renewed."))


@suppression.command(
    "leave",
    summary=N_("Take an entry off; its template is destroyed."),
    examples=("countenance suppression leave S-7K3M-9QXA-1B2C-3D4E",),
)
@_CODE
@pass_door
def leave(door: Door, code: str) -> None:
    """Leave."""
    carry_out(door, "suppression-leave", {"code": code}, N_("Off the list; the template is destroyed."))


@suppression.command(
    "release",
    summary=N_("Let one's own held face in, in one photograph."),
    examples=(
        "countenance suppression release S-7K3M-9QXA-1B2C-3D4E \\",
        "    --photograph 3f0c1e9a-5a7d-4a55-9d0e-5d1a4c1f2b3c",
    ),
)
@_CODE
@option(
    "--photograph", required=True, metavar="ID", help=N_("The photograph, as `suppression status` lists it.")
)
@pass_door
def release(door: Door, code: str, photograph: str) -> None:
    """Release."""
    carry_out(
        door,
        "suppression-release",
        {"code": code, "photograph": photograph},
        N_("Released. The next ingest of its source looks at the photograph again."),
    )


@suppression.command(
    "status",
    summary=N_("How long the list is, its rates, and what is held."),
    examples=("countenance suppression status",),
)
@pass_door
def status(door: Door) -> None:
    """Show."""
    record = door.perform("suppression-status", {}).record
    assert isinstance(record, Mapping)
    screen = door.screen
    if screen.json:
        screen.document(dict(record))
        return
    screen.facts([(N_("Entries"), record["entries"]), *rates(record)])
    held = record["held"]
    assert isinstance(held, list)
    screen.table(
        [
            Column(title=N_("Photograph")),
            Column(title=N_("Source")),
            Column(title=N_("Path")),
            Column(title=N_("Held until")),
        ],
        [(row["photograph"], row["source"], row["path"], moment(str(row["until"]))) for row in held],
        empty=N_("No face is held."),
    )


def rates(record: Mapping[str, Json]) -> list[tuple[str, object]]:
    """The two rates as people read them."""
    return [
        (N_("Misses"), f"{float(str(record['misses'])):.1%}"),
        (N_("Others held by mistake, at most"), f"{float(str(record['false_holds'])):.3%}"),
    ]
