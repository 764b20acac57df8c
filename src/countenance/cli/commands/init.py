"""`countenance init`."""

from __future__ import annotations

import click

from countenance.cli.acts import pass_door
from countenance.cli.door import DEFAULT_FOLDER, Door
from countenance.cli.parts import Command, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_


@click.command(
    "init",
    cls=Command,
    summary=TABLE["init"][1],
    text=N_(
        "Makes the folder with its database, log, keys and policy pack, and two operators who answer for each "
        "other: acts of weight take two persons. Hand each of the two keys to one person; whoever holds both can "
        "act alone."
    ),
    examples=(
        'countenance init --operator "City Archive" --jurisdiction CA-ON',
        'countenance init --operator "City Archive" --jurisdiction CA \\',
        "    --names ana ben --workspace /srv/faces",
    ),
)
@option("--operator", required=True, metavar="NAME", help=N_("The body that runs this workspace."))
@option(
    "--jurisdiction",
    required=True,
    metavar="PLACE",
    help=N_("Where it stands: an ISO 3166 code, CA or CA-QC."),
)
@option(
    "--names",
    nargs=2,
    default=("operator", "deputy"),
    metavar="NAME NAME",
    help=N_("Names of the first two accounts. Else operator and deputy."),
)
@option(
    "--pack",
    "packs",
    metavar="PACK",
    multiple=True,
    help=N_("Policy pack to put in force; can be repeated. Else those of the country."),
)
@option(
    "--database",
    metavar="URL",
    help=N_("Database: sqlite:///FILE (the default, inside the workspace) or postgresql://USER@HOST/NAME."),
)
@option(
    "--media",
    default="",
    metavar="s3://BUCKET/PREFIX",
    help=N_("Keep crops, probes and segments, all of them sealed, in a bucket. Else inside the workspace."),
)
@option("--s3-endpoint", default="", metavar="URL", help=N_("Where the bucket's service is. Else Amazon S3."))
@option(
    "--s3-allow-http",
    is_flag=True,
    help=N_("Speak to the bucket without TLS: only on a network of your own."),
)
@option(
    "--models",
    default="sface",
    show_default=True,
    metavar="PACK",
    help=N_("Model pack that makes the templates (countenance models list)."),
)
@pass_door
def init(
    door: Door,
    operator: str,
    jurisdiction: str,
    names: tuple[str, str],
    packs: tuple[str, ...],
    database: str | None,
    media: str,
    s3_endpoint: str,
    s3_allow_http: bool,
    models: str,
) -> None:
    """Found a workspace."""
    from countenance.extraction.pack import load_pack
    from countenance.policy.places import check_place
    from countenance.registry.founding import found

    directory = door.new_directory().absolute()
    place = check_place(jurisdiction)
    founding = found(
        directory,
        operator=operator,
        jurisdiction=place,
        names=names,
        packs=packs,
        database=database,
        media=media,
        s3_endpoint=s3_endpoint,
        s3_allow_http=s3_allow_http,
        models=load_pack(models).name,
    )
    with founding.workspace as workspace:
        book = workspace.policy().book
        screen = door.screen
        if screen.json:
            screen.document(
                {
                    "workspace": str(directory),
                    "id": str(workspace.settings.id),
                    "operator": operator,
                    "jurisdiction": place,
                    "policy": book.hash,
                    "packs": [
                        {"name": pack.name, "version": pack.version, "hash": pack.hash}
                        for pack in book.packs.values()
                    ],
                    "log_key": workspace.log.vkey,
                    "key_files": [str(path) for path in founding.key_files],
                }
            )
            return
        screen.text(N_("Workspace made in {directory}."), bold=True, directory=str(directory))
        screen.facts(
            [
                (N_("Operator"), f"{operator} ({place})"),
                (
                    N_("Policy packs"),
                    ", ".join(f"{pack.name} {pack.version}" for pack in book.packs.values()),
                ),
                (N_("Key of the log"), workspace.log.vkey),
            ]
        )
        screen.text(
            N_("Publish the key of the log: with it anyone can check the log without trusting us."), indent=2
        )
        screen.title(N_("Two private keys, for two persons"))
        screen.facts((name, str(path)) for name, path in zip(names, founding.key_files, strict=True))
        screen.text(
            N_("Give each person one of them and take it out of this folder. They use it with --keys."),
            indent=2,
        )
        screen.title(N_("Next"))
        elsewhere = "" if directory.name == DEFAULT_FOLDER else f" --workspace {directory}"
        screen.line(f"  countenance{elsewhere}")
        screen.line("  countenance gallery add --help")
