"""`countenance log witness` and `log timestamp`: others say something of a checkpoint; over the network, or by files."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import pass_door
from countenance.cli.commands.log import log, write_shown
from countenance.cli.door import Door
from countenance.cli.parts import argument, option
from countenance.primitives.clock import iso
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_


@log.command(
    "witness",
    summary=N_("Have a witness cosign the log; without a network, by files."),
    text=N_(
        "A witness (C2SP tlog-witness) is run by somebody else. It cosigns a checkpoint only if the log still contains "
        "all that it cosigned before. The cosignature is kept with the checkpoint, and exported with it. With --request "
        "the question is written to a file, to be carried to the witness; with --lines its answer is taken from one."
    ),
    examples=(
        'countenance log witness https://witness.example.org --key "$WITNESS"',
        "countenance log witness --request ask.txt --old-size 120",
        'countenance log witness --lines answer.txt --key "$WITNESS"',
    ),
)
@argument("url", metavar="[URL]", required=False, help=N_("Address of the witness."))
@option("--key", "vkey", metavar="VKEY", help=N_("The witness's verifier key, as it publishes it."))
@option(
    "--request",
    "ask_to",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("Write the request there."),
)
@option(
    "--old-size",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    default=0,
    help=N_("How many entries that witness cosigned last; 0 if it never did."),
)
@option(
    "--lines",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("Take the witness's answer from there."),
)
@pass_door
def witness(
    door: Door, url: str | None, vkey: str | None, ask_to: Path | None, old_size: int, lines: Path | None
) -> None:
    """Ask, or take an answer."""
    from countenance.cli.witnessing import ask_witness, take_lines, write_request

    if [url, ask_to, lines].count(None) != 2 or (ask_to is None) == (vkey is None):
        raise UsageError(
            N_(
                "Name one of these: the witness's address with its key, a file for the request, a file of its answer."
            ),
            remedy=N_("For example: countenance log witness https://HOST --key VKEY"),
            code="witness-asked",
        )
    if ask_to is not None:
        write_shown(ask_to, write_request(door.workspace(), old_size).encode())
        if door.screen.json:
            door.screen.document({"request": str(ask_to)})
        else:
            door.screen.text(N_("The request is in {path}."), path=str(ask_to))
        return
    assert vkey is not None
    told = (
        ask_witness(door.workspace(), url, vkey)
        if url is not None
        else take_lines(door.workspace(), lines, vkey)
    )
    if door.screen.json:
        door.screen.document({"witness": told.name, "size": told.size, "cosigned_at": told.at_text})
        return
    door.screen.text(
        N_("{name} cosigned the log at {size} entries."), bold=True, name=told.name, size=told.size
    )


@log.command(
    "timestamp",
    summary=N_("Have a time-stamping authority stamp the log (RFC 3161); without a network, by files."),
    text=N_(
        "An authority that is neither the operator nor a witness says when a checkpoint existed. The stamp is kept with the "
        "checkpoint and checked by log verify. With --request the question is written to a file, and the checkpoint beside it "
        "as FILE.note; with --response the answer is taken from one. Needs the extra: countenance[timestamp]."
    ),
    examples=(
        "countenance log timestamp --url https://tsa.example.org --tsa tsa-root.pem",
        "countenance log timestamp --request ask.tsq",
        "countenance log timestamp --response answer.tsr --tsa tsa-root.pem",
    ),
)
@option("--url", metavar="URL", help=N_("Address of the authority."))
@option(
    "--request",
    "ask_to",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("Write the request there."),
)
@option(
    "--response",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("Take the authority's answer from there."),
)
@option(
    "--tsa",
    "roots",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("The authority's root certificate (PEM), from where it publishes it."),
)
@pass_door
def timestamp(
    door: Door, url: str | None, ask_to: Path | None, response: Path | None, roots: Path | None
) -> None:
    """Ask, or take an answer."""
    from countenance.cli import timestamping

    if [url, ask_to, response].count(None) != 2 or (ask_to is None) == (roots is None):
        raise UsageError(
            N_(
                "Name one of these: the authority's address or its answer, with its certificate; or a file for the request."
            ),
            remedy=N_("For example: countenance log timestamp --url https://HOST --tsa ROOT.pem"),
            code="timestamp-asked",
        )
    workspace = door.workspace()
    if ask_to is not None:
        asked, note = timestamping.write_request(workspace)
        write_shown(ask_to, asked)
        write_shown(ask_to.with_name(ask_to.name + ".note"), note.encode())
        if door.screen.json:
            door.screen.document({"request": str(ask_to), "note": f"{ask_to}.note"})
        else:
            door.screen.text(N_("The request is in {path}."), path=str(ask_to))
        return
    assert roots is not None
    if url is not None:
        made = timestamping.ask(workspace, url, roots)
    else:
        assert response is not None
        made = timestamping.take_file(workspace, response, roots)
    if door.screen.json:
        door.screen.document({"size": made.size, "stamped_at": iso(made.at)})
        return
    door.screen.text(
        N_("The checkpoint of {size} entries is stamped: {at} UTC."),
        bold=True,
        size=made.size,
        at=made.at.strftime("%Y-%m-%d %H:%M:%S"),
    )
