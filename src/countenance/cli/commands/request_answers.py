"""How a request is answered: what was asked for is done, and the receipts are handed over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door
from countenance.cli.commands.requests import (
    NUMBER,
    RECEIPT,
    hand_receipt,
    read_picture,
    request,
    write_private,
)
from countenance.cli.door import Door
from countenance.cli.language import _, say
from countenance.cli.parts import option
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.errors import UnavailableError
from countenance.primitives.text import N_

FIELDS = ("label", "declared-minor", "not-me")


@request.command(
    "fulfil",
    summary=N_("Do what a verified request asks for."),
    text=N_(
        "Erases, leaves out, withdraws, corrects, or upholds an objection, in one transaction. For access, make the "
        "package first and look at it: countenance request package; its SHA-256 goes into the receipt. An opt-out by a "
        "protected template takes the requester's own picture, which serves that alone; tell them the rate at which the "
        "list misses, and give them the code that is printed."
    ),
    examples=(
        "countenance request fulfil Q-7K3M-9QXA --receipt receipt.json",
        "countenance request fulfil Q-7K3M-9QXA --field label --value P-0171",
        "countenance request fulfil Q-7K3M-9QXA --picture anne.jpg --days 700",
    ),
)
@NUMBER
@option(
    "--field",
    metavar="FIELD",
    type=click.Choice(FIELDS),
    help=N_("Of a correction: label, declared-minor or not-me."),
)
@option("--value", metavar="TEXT", help=N_("Of a correction: what is right."))
@option(
    "--package",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=N_("For access: the package as it is handed out."),
)
@option(
    "--picture",
    metavar="PHOTO",
    type=click.Path(path_type=Path),
    help=N_("Of an opt-out by a protected template: the requester's own picture."),
)
@option("--face", metavar="NUMBER", type=int, help=N_("Number of their face, where it shows several."))
@option("--days", metavar="N", type=int, help=N_("How long the template is kept; a year unless given."))
@option("--every-answer", is_flag=True, help=N_("Also leave them out of lists of candidates."))
@RECEIPT
@pass_door
def fulfil(
    door: Door,
    number: str,
    field: str | None,
    value: str | None,
    package: Path | None,
    picture: Path | None,
    face: int | None,
    days: int | None,
    every_answer: bool,
    receipt_to: Path | None,
) -> None:
    """Fulfil."""
    from countenance.cli import package as packages

    made = None if package is None else package.read_bytes()
    digest = None if made is None else packages.digest_of(made)
    params = given(request=number, field=field, value=value, package_sha256=digest)
    record: Mapping[str, Json]
    if picture is None:
        record = carry_out(door, "request-fulfil", params, N_("Done."))
    else:
        record = _keep_out(door, params, picture, face, given(days=days, every_answer=every_answer))
    if package is not None and made is not None:
        put_receipt_in(door, number, package, made)
    if not door.screen.json:
        done = STEPS[str(record["step"])]
        door.screen.facts([(N_("What was done"), _(done))])
    hand_receipt(door, number, receipt_to)


def _keep_out(
    door: Door, params: dict[str, Json], picture: Path, face: int | None, more: dict[str, Json]
) -> Mapping[str, Json]:
    """An opt-out by a protected template: on the workspace itself, since no message to a searcher carries a picture."""
    from countenance.cli.commands.suppression import rates
    from countenance.extraction.pool import ExtractionPool
    from countenance.rights.opting_out import fulfil_with_picture

    data = read_picture(picture)
    params = {**params, **more, "picture": sha256_hex(data), "face": -1 if face is None else face}
    workspace = door.workspace()
    with ExtractionPool(workspace.models, workers=1, limits=workspace.limits) as pool:
        result = fulfil_with_picture(workspace, door.sign("request-fulfil", params), data, pool)
    record = result.record
    assert isinstance(record, Mapping)
    if door.screen.json:
        door.screen.document({**record, "log_entry": result.log_entry})
        return record
    day = str(record["expires_at"])[:10]
    door.screen.paragraph(say(N_("Kept out until {day}."), day=day), bold=True)
    door.screen.facts([(N_("Code"), record["code"]), *rates(record)])
    door.screen.text(
        N_("The code is shown this once. Who has it may renew, release or leave; nobody else can.")
    )
    return record


def put_receipt_in(door: Door, number: str, path: Path, made: bytes) -> None:
    """Complete a package with the receipt that proves it, and the verifier."""
    from countenance.cli import package as packages
    from countenance.tlog import verifier

    record = door.perform("request-receipts", {"request": number, "latest": True}).record
    assert isinstance(record, dict)
    receipt = str(record["receipts"][-1]["file"])
    write_private(path, packages.with_receipt(made, receipt, Path(verifier.__file__)))


STEPS = {
    "access-given": N_("access given"),
    "erased": N_("erased"),
    "left-out": N_("left out from now on"),
    "corrected": N_("corrected"),
    "consent-withdrawn": N_("consent withdrawn"),
    "objection-upheld": N_("objection upheld"),
    "nothing-found": N_("nothing was found that is theirs"),
}
"""How a request was answered, before people."""


@request.command(
    "receipts",
    summary=N_("Write all receipts of a request into a folder."),
    text=N_("Each verifies alone: countenance log verify FILE --key VKEY, or with the one-file verifier."),
    examples=("countenance request receipts Q-7K3M-9QXA --to receipts/",),
)
@NUMBER
@option("--to", required=True, metavar="DIR", type=click.Path(path_type=Path), help=N_("Where to."))
@pass_door
def receipts(door: Door, number: str, to: Path) -> None:
    """Write receipts."""
    record = door.perform("request-receipts", {"request": number}).record
    assert isinstance(record, dict)
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(
            N_("{path} cannot be written: {problem}."),
            code="not-written",
            path=str(to),
            problem=error.strerror,
        ) from error
    names = []
    for place, entry in enumerate(record["receipts"], start=1):
        if entry["file"] is not None:
            names.append(f"{record['request']}-{place:02d}-{entry['step']}.json")
            write_private(to / names[-1], str(entry["file"]).encode())
    if door.screen.json:
        door.screen.document({"request": record["request"], "files": list[Json](names)})
    else:
        door.screen.text(N_("{count} receipts written to {path}."), count=len(names), path=str(to))
