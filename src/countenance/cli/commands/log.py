"""`countenance log`: checkpoint, prove, verify, export, key."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli.acts import pass_door, signed
from countenance.cli.door import Door
from countenance.cli.failures import Exit
from countenance.cli.language import say, spoken
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.errors import NotFoundError, UnavailableError, UsageError
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.cli.timestamping import StampsFound

log = Family(
    "log",
    summary=TABLE["log"][1],
    text=N_(
        "Every act and every refusal has an entry in a Merkle log (C2SP tlog formats). An entry holds no name and no "
        "picture. Whoever keeps an earlier checkpoint can detect any change to what it covers, with tools that are "
        "not ours."
    ),
)


@log.command(
    "checkpoint",
    summary=N_("Sign the log as it stands; prints the signed note."),
    text=N_(
        "What was written since the last checkpoint is read back and checked first. Hand checkpoints to others."
    ),
    examples=("countenance log checkpoint",),
)
@pass_door
def checkpoint(door: Door) -> None:
    """Sign."""
    note = door.workspace().checkpoint()
    origin, size = note.splitlines()[:2]
    if door.screen.json:
        door.screen.document({"origin": origin, "size": int(size), "checkpoint": note})
        return
    click.echo(note, nl=False)


@log.command(
    "key",
    summary=N_("Print the log's verifier key, to be published."),
    text=N_("One line (C2SP signed-note). A verifier takes it from here once, never from an export."),
    examples=("countenance log key",),
)
@pass_door
def key(door: Door) -> None:
    """Print the key."""
    vkey = door.workspace().log.vkey
    if door.screen.json:
        door.screen.document({"key": vkey})
        return
    click.echo(vkey)


@log.command(
    "prove",
    summary=N_("Prove that an entry is in the log (C2SP tlog-proof)."),
    text=N_(
        "The proof carries the entry and the checkpoint, and verifies offline with: countenance log verify."
    ),
    examples=("countenance log prove 42 --out entry-42.proof",),
)
@argument(
    "entry", metavar="ENTRY", type=click.IntRange(min=0), help=N_("Number of the entry, counted from 0.")
)
@option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help=N_("Write it there. Else it is printed.")
)
@pass_door
def prove(door: Door, entry: int, out: Path | None) -> None:
    """Prove."""
    from countenance.records.database import open_reading

    workspace = door.workspace()
    workspace.checkpoint()
    with open_reading() as tx:
        proof = workspace.log.prove(tx, entry)
    if out is not None:
        write_shown(out, proof.encode())
    if door.screen.json:
        door.screen.document({"entry": entry, "proof": proof, "file": str(out) if out else None})
    elif out is not None:
        door.screen.text(N_("The proof of entry {entry} is in {path}."), entry=entry, path=str(out))
    else:
        click.echo(proof, nl=False)


@log.command(
    "verify",
    summary=N_("Verify an export, a proof, a receipt, or this workspace's log."),
    text=N_(
        "An export, a proof or a receipt is verified offline, without any workspace; take the key from where it was published, "
        "never from the export. An old checkpoint that you kept shows whether the log was rewritten or rolled back "
        "since. Exit code 1 where it does not verify; what is wrong is named by entry."
    ),
    examples=(
        "countenance log verify",
        'countenance log verify export/ --key "$VKEY" --old-checkpoint kept.txt',
        'countenance log verify entry-42.proof --key "$VKEY"',
    ),
)
@argument(
    "target",
    metavar="[PATH]",
    required=False,
    type=click.Path(path_type=Path),
    help=N_("Folder of an export, or file of a proof or receipt. Else the log of this workspace."),
)
@option("--key", "vkey", metavar="VKEY", help=N_("The log's verifier key, as published."))
@option(
    "--old-checkpoint",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("A checkpoint that you kept from an earlier time."),
)
@option(
    "--witness",
    "witnesses",
    metavar="VKEY",
    multiple=True,
    help=N_("Key of a witness that must have cosigned the checkpoint; may be repeated."),
)
@pass_door
def verify(
    door: Door,
    target: Path | None,
    vkey: str | None,
    old_checkpoint: Path | None,
    witnesses: tuple[str, ...],
) -> int:
    """Verify."""
    if target is None:
        if vkey is not None or old_checkpoint is not None or witnesses:
            raise UsageError(
                N_("A key and an old checkpoint go with an export."),
                remedy=N_("Name the folder: countenance log verify EXPORT_DIR --key VKEY"),
                code="verify-target",
            )
        return _verify_own(door)
    if vkey is None:
        raise UsageError(
            N_("The log's key is needed: a key that lies beside an export proves nothing."),
            remedy=N_("Give --key VKEY, from where the operator publishes it (there: countenance log key)."),
            code="verify-key",
        )
    return _verify_files(door, target, vkey, old_checkpoint, witnesses)


def _verify_own(door: Door) -> int:
    from countenance.records.database import open_reading

    workspace = door.workspace()
    with open_reading() as tx:
        report = workspace.log.verify(tx)
    stamps = _stamps(door)
    good = report.ok and not stamps.bad
    findings = [finding.sentence(spoken().value) for finding in report.findings]
    findings += [
        say(N_("The time stamp of the checkpoint of {size} entries is not good."), size=size)
        for size in stamps.bad
    ]
    screen = door.screen
    if screen.json:
        screen.document(
            {
                "verified": good,
                "timestamps": stamps.good,
                "timestamps_not_good": list[Json](stamps.bad),
                "origin": report.origin,
                "size": report.size,
                "checkpoints": report.checkpoints,
                "findings": [
                    {"kind": finding.kind, "entry": finding.entry, "message": finding.sentence()}
                    for finding in report.findings
                ],
            }
        )
    elif good:
        screen.text(
            N_("The log verifies: {size} entries, each one as it was logged."), bold=True, size=report.size
        )
        screen.facts(
            [
                (N_("Log"), report.origin),
                (N_("Checkpoints"), report.checkpoints),
                (N_("Entries with erased details"), report.forgotten),
                (N_("Time stamps"), stamps.good or None),
            ]
        )
    else:
        screen.text(N_("The log does NOT verify."), bold=True)
        for sentence in findings:
            screen.paragraph(sentence, indent=2)
    return Exit.DONE if good else Exit.FAILED


def _stamps(door: Door) -> StampsFound:
    """The time stamps, checked again; loaded only where there are any, since they need an extra."""
    from countenance.records.database import open_reading
    from countenance.tlog.store import read_timestamps

    door.workspace()
    with open_reading() as tx:
        kept = bool(read_timestamps(tx))
    from countenance.cli.timestamping import StampsFound, check

    return check() if kept else StampsFound(good=0, bad=())


def _verify_files(door: Door, target: Path, vkey: str, old: Path | None, witnesses: tuple[str, ...]) -> int:
    from countenance.tlog import verifier

    try:
        if target.is_file():
            content = target.read_bytes()
            known = verifier.verify_statement if content.lstrip()[:1] == b"{" else verifier.verify_proof
            verdict = known(content, vkey, witnesses=witnesses)
        else:
            verdict = verifier.verify_export(
                target, vkey, None if old is None else old.read_bytes(), witnesses
            )
    except FileNotFoundError as error:
        raise NotFoundError(
            N_("There is nothing to read at {path}."),
            code="export-missing",
            path=str(error.filename or target),
        ) from error
    except ValueError as error:
        raise UsageError(N_("This is not a verifier key: name+id+base64."), code="verify-key") from error
    except OSError as error:
        raise UnavailableError(
            N_("{path} cannot be read: {problem}."),
            code="export-unreadable",
            path=str(target),
            problem=error.strerror,
        ) from error
    if door.screen.json:
        door.screen.document(verdict.as_json("en"))
    else:
        click.echo(verdict.text(spoken().value))
    return Exit.DONE if verdict.ok else Exit.FAILED


@log.command(
    "export",
    summary=N_("Write the log as files that anybody's tools can read."),
    text=N_(
        "A folder in the layout of C2SP tlog-tiles, fit to be served as it is. Repeating it into the same folder "
        "adds what is new. With --payloads it also holds the details behind the commitments: for an authority, and "
        "for restore; keep such a folder private and apart from backups."
    ),
    examples=("countenance log export export/", "countenance log export /mnt/log --payloads"),
)
@argument("directory", metavar="DIR", type=click.Path(path_type=Path), help=N_("Where to."))
@option("--payloads", is_flag=True, help=N_("With the details that are not erased."))
@pass_door
def export(door: Door, directory: Path, payloads: bool) -> None:
    """Export; the act is logged first, so it is in what is exported."""
    from countenance.records.database import open_reading

    result = door.perform("log-export", {"payloads": payloads})
    workspace = door.workspace()
    workspace.checkpoint()
    with open_reading() as tx:
        report = workspace.log.export(tx, directory.absolute(), payloads=payloads)
    if door.screen.json:
        door.screen.document(
            {
                "directory": str(report.directory),
                "entries": report.size,
                "files_written": report.written,
                "files_kept": report.kept,
                "payloads": report.payloads,
                "key": workspace.log.vkey,
                "log_entry": result.log_entry,
            }
        )
        return
    screen = door.screen
    screen.text(N_("Log exported to {directory}."), bold=True, directory=str(report.directory))
    screen.facts(
        [
            (N_("Entries"), report.size),
            (N_("Files written"), report.written),
            (N_("Details handed out"), report.payloads if payloads else None),
        ]
    )
    screen.text(N_("Anyone verifies it with:"))
    screen.line(f"  countenance log verify {shlex.quote(str(directory))} \\")
    screen.line(f"      --key {workspace.log.vkey}")
    signed(door, result.log_entry)


def write_shown(path: Path, data: bytes) -> None:
    """Write a file that anybody may read, whole or not at all. Raises UnavailableError."""
    try:
        write_atomically(path.absolute(), data, mode=0o644)
    except OSError as error:
        raise UnavailableError(
            N_("{path} cannot be written: {problem}."),
            code="not-written",
            path=str(path),
            problem=error.strerror,
        ) from error


from countenance.cli.commands import log_outside  # noqa: E402 - adds its commands to the family

__all__ = ["log", "log_outside"]
