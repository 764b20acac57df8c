"""`countenance backup` and `countenance restore`."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import carry_out, moment, pass_door, signed
from countenance.cli.commands.ingest import size
from countenance.cli.door import DEFAULT_FOLDER, Door
from countenance.cli.parts import Command, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_


@click.command(
    "backup",
    cls=Command,
    summary=TABLE["backup"][1],
    text=N_(
        "A consistent copy while others work. The keys lie in a folder of their own, keys/: keep it apart and give it "
        "a short life, since keys and records together stay readable, erased people among them. Private keys of "
        "accounts are not copied. Export the log as well (countenance log export DIR --payloads), and keep it "
        "elsewhere: restoring needs it."
    ),
    examples=(
        "countenance backup /mnt/backup/2026-11-22",
        "countenance log export /mnt/log --payloads",
        "countenance backup /mnt/backup/2026-11-22 --verify",
    ),
)
@argument("directory", metavar="DIR", type=click.Path(path_type=Path), help=N_("A new folder."))
@option(
    "--verify", is_flag=True, help=N_("Make none: hold the one in DIR against its manifest, file by file.")
)
@pass_door
def backup(door: Door, directory: Path, verify: bool) -> None:
    """Back up."""
    if verify:
        _verify(door, directory)
        return
    from countenance.registry.backup import backup as make_backup

    manifest, entry = make_backup(door.workspace(), door.sign("backup", {}), directory.absolute())
    if door.screen.json:
        door.screen.document(
            {
                "directory": str(directory),
                "made_at": manifest.made_at,
                "files": len(manifest.files),
                "bytes": manifest.bytes,
                "database": manifest.database,
                "log_size": manifest.log_size,
                "log_entry": entry,
            }
        )
        return
    screen = door.screen
    screen.text(N_("Backup made in {directory}."), bold=True, directory=str(directory))
    screen.facts(
        [
            (N_("Files"), len(manifest.files)),
            (N_("Size"), size(manifest.bytes)),
            (N_("Made"), moment(manifest.made_at)),
            (N_("Log entries then"), manifest.log_size),
        ]
    )
    screen.text(N_("Keep {keys} apart from the rest, and delete it first."), keys=str(directory / "keys"))
    screen.text(N_("Restoring needs the log as it is by then. Export it often, elsewhere:"))
    screen.line("  countenance log export /mnt/log --payloads")
    signed(door, entry)


def _verify(door: Door, directory: Path) -> None:
    from countenance.registry.restore import verify

    manifest = verify(door.workspace(), directory.absolute())
    carry_out(
        door,
        "backup-verify",
        {"made_at": manifest.made_at},
        N_("All {count} files of the backup are as they were written."),
        count=len(manifest.files),
    )


@click.command(
    "restore",
    cls=Command,
    summary=TABLE["restore"][1],
    text=N_(
        "Checks every file, checks that the exported log continues the one in the backup, and ends again what was "
        "ended since: consents, sources, clients, accounts, galleries, cases. Only then does the workspace appear. "
        "Without the log it refuses. Give the latest export there is: what ended after it is not known here."
    ),
    examples=(
        "countenance restore /mnt/backup/2026-11-22 --log /mnt/log \\",
        '    --to /srv/faces --key "$VKEY"',
    ),
)
@argument("directory", metavar="DIR", type=click.Path(path_type=Path), help=N_("Folder of the backup."))
@option("--log", metavar="DIR", type=click.Path(path_type=Path), help=N_("The exported log, with payloads."))
@option("--to", metavar="DIR", type=click.Path(path_type=Path), help=N_("A new folder. Else --workspace."))
@option(
    "--key", "vkey", metavar="VKEY", help=N_("The log's verifier key, as published. Else the backup's own.")
)
@option(
    "--backup-keys",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help=N_("Where keys/ of the backup is, if it was kept apart."),
)
@option(
    "--policy",
    "policies",
    metavar="DIR",
    multiple=True,
    type=click.Path(path_type=Path),
    help=N_("A policy pack that was put in force after the backup."),
)
@option("--database", metavar="URL", help=N_("For a PostgreSQL backup: an empty database."))
@pass_door
def restore(
    door: Door,
    directory: Path,
    log: Path | None,
    to: Path | None,
    vkey: str | None,
    backup_keys: Path | None,
    policies: tuple[Path, ...],
    database: str | None,
) -> None:
    """Restore."""
    from countenance.registry.restore import restore as bring_back

    target = (to if to is not None else door.new_directory()).absolute()
    restored = bring_back(
        directory.absolute(),
        target,
        log=None if log is None else log.absolute(),
        key=vkey,
        keys=backup_keys,
        policies=policies,
        database=database,
    )
    done = restored.replayed
    if door.screen.json:
        door.screen.document(
            {
                "workspace": str(restored.directory),
                "made_at": restored.made_at,
                "entries_taken_over": restored.entries_taken_over,
                "log_until": restored.log_until,
                "ended": dict(done.ended),
                "references_ended": done.references_ended,
                "keys_destroyed": restored.keys_destroyed,
                "lost": dict(done.lost),
                "log_entry": restored.log_entry,
            }
        )
        return
    screen = door.screen
    screen.text(N_("Workspace restored to {directory}."), bold=True, directory=str(restored.directory))
    screen.facts(
        [
            (N_("Backup made"), moment(restored.made_at)),
            (N_("Log taken over until"), moment(restored.log_until) if restored.log_until else None),
            (N_("Entries taken over"), restored.entries_taken_over),
            (N_("Ended again"), [f"{event} {count}" for event, count in done.ended.items()] or 0),
            (N_("References ended"), done.references_ended),
            (N_("Keys destroyed"), restored.keys_destroyed),
            (N_("Not in the backup"), [f"{event} {count}" for event, count in done.lost.items()] or None),
            (N_("Log entry"), restored.log_entry),
        ]
    )
    if done.lost:
        screen.text(
            N_("What began after the backup is not in it. Record it again; ingest the sources again.")
        )
    screen.text(N_("Private keys of accounts are with their owners: use --keys."))
    elsewhere = "" if target.name == DEFAULT_FOLDER else f" --workspace {target}"
    screen.line(f"  countenance doctor{elsewhere}")
