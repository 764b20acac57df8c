"""`countenance status`: how the workspace stands."""

from __future__ import annotations

from collections.abc import Mapping

import click

from countenance.cli.acts import moment, pass_door
from countenance.cli.door import Door
from countenance.cli.language import _, say
from countenance.cli.parts import Command
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.files import is_locked
from countenance.primitives.text import N_

_COUNTS = (
    ("clients", N_("Clients")),
    ("accounts", N_("Accounts")),
    ("galleries", N_("Galleries")),
    ("sources", N_("Live sources")),
    ("persons", N_("People")),
    ("receipts_open", N_("Open receipts")),
    ("photographs", N_("Photographs")),
    ("faces", N_("Faces")),
    ("references", N_("References")),
    ("cases_open", N_("Open cases")),
    ("searches", N_("Searches made")),
)


@click.command(
    "status",
    cls=Command,
    summary=TABLE["status"][1],
    text=N_(
        "Counts, open ingest runs, proposals that wait, accounts to be confirmed, the log and the searcher."
    ),
    examples=("countenance status", "countenance status --json"),
)
@pass_door
def status(door: Door) -> None:
    """Show the status."""
    (state,) = door.read("status")
    runs = _searcher_runs(door)
    if door.screen.json:
        door.screen.document({**state, "workspace": str(door.directory()), "searcher": runs})
        return
    screen = door.screen
    screen.facts(
        [
            (N_("Workspace"), str(door.directory())),
            (N_("Operator"), _joined(state.get("operator"), state.get("jurisdiction"))),
            (N_("Policy pack"), _pack(state.get("pack"))),
            (N_("Searcher"), _(N_("running")) if runs else _(N_("not running: each search is its own"))),
            (N_("Log"), _log(state.get("log"))),
            (N_("Index"), _index(state.get("index"))),
        ],
        indent=0,
    )
    screen.title(N_("Holdings"))
    screen.facts((label, _count(state.get(name))) for name, label in _COUNTS)
    _lists(door, state)


def _lists(door: Door, state: Mapping[str, Json]) -> None:
    screen = door.screen
    for run in _rows(state, "runs_open"):
        screen.title(N_("Ingest under way or interrupted"))
        screen.facts([(str(run["source"]), f"{run['run']}, {moment(str(run['started_at']))}")])
        screen.line(f"  countenance ingest {run['source']}")
    proposals = _rows(state, "proposals_open")
    if proposals:
        screen.title(N_("Waiting for a second person"))
        for row in proposals:
            screen.facts(
                [
                    (
                        str(row["proposal"]),
                        say(
                            N_("{act}, until {moment}"), act=row["act"], moment=moment(str(row["expires_at"]))
                        ),
                    )
                ]
            )
    overdue = state.get("accounts_overdue")
    if isinstance(overdue, list) and overdue:
        screen.title(N_("Accounts not confirmed for 90 days (they have stopped)"))
        screen.paragraph(", ".join(map(str, overdue)), indent=2)
        screen.line("  countenance account certify " + _(N_("NAME")))


def _rows(state: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    rows = state.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _joined(name: object, place: object) -> str | None:
    return f"{name} ({place})" if name else None


def _pack(pack: Json) -> str | None:
    return f"{pack['name']} {pack['version']}" if isinstance(pack, Mapping) else None


def _log(log: Json) -> str | None:
    if not isinstance(log, Mapping):
        return None
    return say(
        N_("{entries} entries, {signed} of them under a signed checkpoint"),
        entries=log["entries"],
        signed=log["signed"],
    )


def _index(index: Json) -> str | None:
    if not isinstance(index, Mapping):
        return None
    return say(
        N_("opened {opened} of {sealed} sealed references"), opened=index["opened"], sealed=index["sealed"]
    )


def _count(value: Json) -> str | None:
    if isinstance(value, Mapping):
        total = sum(int(str(count)) for count in value.values())
        parts = ", ".join(f"{state} {count}" for state, count in value.items())
        return f"{total} ({parts})" if parts else "0"
    return None if value is None else str(value)


def _searcher_runs(door: Door) -> bool:
    """Whether a searcher holds its lock, or listens at the socket that was named; nothing is asked of it."""
    import os

    from countenance.service.address import SOCKET_VARIABLE, socket_of

    if os.environ.get(SOCKET_VARIABLE):
        from countenance.service.searcher import connect

        found = connect(socket_of(door.directory()))
        if found is not None:
            found.close()
            return True
    return is_locked(door.directory() / "run" / "searcher.lock")
