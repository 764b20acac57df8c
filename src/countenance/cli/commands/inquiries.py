"""`countenance inquiry`: what authorities look into, and how they look."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door, show_list, signed
from countenance.cli.commands.oversight import hand_out
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.files import make_private_directory, write_atomically
from countenance.primitives.text import N_

_CODE = N_("The inquiry's code.")
_REASON = N_("Why, in a few words; it stands in the log.")
LOOKS = (
    "policy", "counts", "accounts", "cases", "searches", "purposes", "outcomes", "samples", "closures", "documents",
)  # fmt: skip

inquiry = Family(
    "inquiry",
    summary=TABLE["inquiry"][1],
    text=N_(
        "A commissioner opens an inquiry with a scope; other authorities join it; inspectors look inside the scope, "
        "reading only, and each look is logged with its reason. It stays open until the authorities close it with "
        "findings, whoever leaves meanwhile."
    ),
)


@inquiry.command(
    "open",
    summary=N_("Open an inquiry; prints its code."),
    text=N_("The scope is a client, a period, a place; what is not given is not narrowed."),
    examples=(
        'countenance inquiry open "Use by the national force" --reference PA-057 \\',
        '    --client "National Force" --from 2026-01-01 --as opc-commissioner',
    ),
)
@argument("title", metavar="TEXT", help=N_("What it is about."))
@option("--reference", required=True, metavar="TEXT", help=N_("The authority's own file number."))
@option("--client", metavar="NAME", help=N_("Only this client's use."))
@option("--place", metavar="PLACE", help=N_("Only what concerns this place: CA, CA-BC."))
@option("--from", "start", metavar="DATE", help=N_("Only from this day on."))
@option("--until", metavar="DATE", help=N_("Only before this day."))
@pass_door
def open_(door: Door, /, start: str | None, **params: str | None) -> None:
    """Open an inquiry."""
    carry_out(door, "inquiry-open", given(**params) | given(**{"from": start}), N_("Inquiry opened."))


@inquiry.command(
    "join",
    summary=N_("Take part in another authority's inquiry."),
    examples=("countenance inquiry join I-7K3M-9QXA --as cai-commissioner",),
)
@argument("code", help=_CODE)
@pass_door
def join(door: Door, code: str) -> None:
    """Join an inquiry."""
    carry_out(door, "inquiry-join", {"inquiry": code}, N_("The inquiry {code} is joined."), code=code)


@inquiry.command("list", summary=N_("List the inquiries."), examples=("countenance inquiry list",))
@pass_door
def list_(door: Door) -> None:
    """List inquiries."""
    names = ("inquiry", "title", "authorities", "client", "opened_at", "state")
    show_list(
        door, "inquiries", names, empty=N_("There is no inquiry, and there was none."), act="oversight-read"
    )


@inquiry.command(
    "look",
    summary=N_("Look at records inside the scope; the look is logged."),
    text=N_(
        "policy, counts, accounts, cases, searches, purposes, outcomes, samples (searches drawn by the log itself), "
        "closures (locks and orders), documents. No face is shown: see countenance inquiry faces."
    ),
    examples=(
        'countenance inquiry look I-7K3M-9QXA accounts --reason "Who had access" \\',
        "    --as opc-inspector",
        "countenance inquiry look I-7K3M-9QXA samples --count 20 \\",
        '    --reason "First sample" --json',
    ),
)
@argument("code", help=_CODE)
@argument("look", metavar="WORD", type=click.Choice(LOOKS), help=N_("What to look at."))
@option("--reason", required=True, metavar="TEXT", help=_REASON)
@option("--count", metavar="NUMBER", type=int, help=N_("How many samples. Else 10."))
@pass_door
def look_at(door: Door, code: str, look: str, reason: str, count: int | None) -> None:
    """Look."""
    result = door.perform("inspect", given(inquiry=code, look=look, reason=reason, count=count))
    assert isinstance(result.record, Mapping)
    if door.screen.json:
        door.screen.document({**result.record, "log_entry": result.log_entry})
        return
    _show(door, result.record[look])
    signed(door, result.log_entry)


@inquiry.command(
    "faces",
    summary=N_("Look at the pictures of one search; logged with its reason."),
    text=N_(
        "Writes the probes and the candidates' crops that are still there into a folder that only you can read."
    ),
    examples=(
        "countenance inquiry faces I-7K3M-9QXA 42 \\",
        '    --reason "Was the probe a person sought" --out look-42',
    ),
)
@argument("code", help=_CODE)
@argument("entry", metavar="ENTRY", type=int, help=N_("The search's entry in the log."))
@option("--reason", required=True, metavar="TEXT", help=_REASON)
@option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help=N_("Folder for the pictures."),
)
@pass_door
def faces(door: Door, code: str, entry: int, reason: str, out: Path) -> None:
    """Look at faces."""
    result = door.perform("inspect-faces", {"inquiry": code, "entry": entry, "reason": reason})
    assert isinstance(result.record, Mapping)
    shown = result.record["faces"]
    assert isinstance(shown, list | tuple)
    make_private_directory(out)
    names: list[Json] = []
    for number, face in enumerate(shown):
        assert isinstance(face, Mapping)
        path = out / f"{number:02}-{str(face['what']).replace(' ', '-')}.jpg"
        write_atomically(path, base64.b64decode(str(face["picture"])))
        names.append(str(path))
    if door.screen.json:
        door.screen.document({"files": names, "log_entry": result.log_entry})
        return
    door.screen.text(N_("{count} pictures are in {path}."), count=len(names), path=str(out))
    signed(door, result.log_entry)


@inquiry.command(
    "report",
    summary=N_("Write a report of the use made, with its entries of the log."),
    text=N_(
        "Accounts, searches, purposes, outcomes, refusals within the scope; each figure names the entries it was counted "
        "from. The file verifies offline: countenance log verify FILE --key VKEY."
    ),
    examples=("countenance inquiry report I-7K3M-9QXA --out use.json --as opc-inspector",),
)
@argument("code", help=_CODE)
@option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help=N_("Write it there."))
@pass_door
def report(door: Door, code: str, out: Path) -> None:
    """Report."""
    hand_out(door, "inquiry-report", {"inquiry": code}, out, N_("The report is in {path}."))


@inquiry.command(
    "attach",
    summary=N_("Attach a document; its hash stands in the log."),
    examples=("countenance inquiry attach I-7K3M-9QXA letter.pdf --as opc-commissioner",),
)
@argument("code", help=_CODE)
@argument("document", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@pass_door
def attach(door: Door, code: str, document: Path) -> None:
    """Attach a document."""
    carry_out(
        door, "inquiry-attach", _document(code, document), N_("{name} is attached."), name=document.name
    )


@inquiry.command(
    "close",
    summary=N_("Close an inquiry with findings."),
    examples=(
        "countenance inquiry close I-7K3M-9QXA findings.pdf \\",
        '    --findings "Collection without consent" \\',
        "    --as opc-commissioner",
    ),
)
@argument("code", help=_CODE)
@argument("document", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@option("--findings", required=True, metavar="TEXT", help=N_("What was found, in a sentence or two."))
@pass_door
def close(door: Door, code: str, document: Path, findings: str) -> None:
    """Close an inquiry."""
    told = {**_document(code, document), "findings": findings}
    carry_out(door, "inquiry-close", told, N_("The inquiry {code} is closed."), code=code)


def _document(code: str, document: Path) -> dict[str, Json]:
    content = base64.b64encode(document.read_bytes()).decode()
    return {"inquiry": code, "name": document.name, "document": content}


def _show(door: Door, found: Json) -> None:
    """Rows as lines, figures as facts; `--json` has them whole."""
    if isinstance(found, Mapping):
        for name, value in found.items():
            if isinstance(value, list | tuple):
                _show(door, value)
            else:
                door.screen.line(f"{name}: {value}")
    elif isinstance(found, list | tuple):
        for row in found:
            if isinstance(row, Mapping):
                door.screen.line("  ".join(str(value) for value in row.values() if value is not None))
            else:
                door.screen.line(str(row))
