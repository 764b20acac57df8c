"""`countenance models`: what looks at the pictures, where it comes from, and whether it is whole."""

from __future__ import annotations

from countenance.cli.acts import pass_door
from countenance.cli.door import Door
from countenance.cli.failures import Exit
from countenance.cli.parts import Family, argument
from countenance.cli.table import TABLE
from countenance.primitives.errors import CountenanceError
from countenance.primitives.text import N_

models = Family(
    "models",
    summary=TABLE["models"][1],
    text=N_(
        "A model pack is a detector and a recogniser with their licences, what is known of their training, and "
        "vectors to test them by. Templates of two packs are never compared."
    ),
)


@models.command(
    "list",
    summary=N_("List the installed packs, with origin and licence."),
    examples=("countenance models list", "countenance models list --json"),
)
@pass_door
def list_(door: Door) -> None:
    """List packs."""
    from countenance.extraction.pack import available_packs, load_pack

    passports = [load_pack(name).passport() for name in available_packs()]
    if door.screen.json:
        door.screen.document({"models": passports})
        return
    for passport in passports:
        door.screen.text(
            N_("Pack {name} {version}"), bold=True, name=passport["name"], version=passport["version"]
        )
        door.screen.facts(
            [
                (N_("Space"), passport["space_id"]),
                (N_("Template length"), passport["dimension"]),
                (N_("Floor of candidates"), passport["candidate_floor"]),
            ]
        )
        for role, entry in passport["files"].items():
            door.screen.line()
            door.screen.facts(
                [
                    (role, entry["name"]),
                    (N_("Licence"), entry["licence"]),
                    (N_("Training data"), entry["training_data"]),
                    ("SHA-256", entry["sha256"]),
                ]
            )


@models.command(
    "verify",
    summary=N_("Check hashes and golden vectors of a pack."),
    text=N_("Runs the models on known samples and compares what comes out. Exit code 1 if anything differs."),
    examples=("countenance models verify",),
)
@argument("name", required=False, help=N_("Name of a pack. Else all."))
@pass_door
def verify(door: Door, name: str | None) -> int:
    """Verify packs."""
    from countenance.extraction.pack import available_packs

    results = {pack: verify_pack(pack) for pack in ([name] if name else available_packs())}
    if door.screen.json:
        door.screen.document(
            {
                "models": [
                    {"name": pack, "verified": error is None, "error": None if error is None else error.code}
                    for pack, error in results.items()
                ]
            }
        )
    for pack, error in results.items():
        if error is None:
            door.screen.text(
                N_("Pack {name}: every hash and every golden vector is as published."), name=pack
            )
        elif name is not None and not door.screen.json:
            raise error
        else:
            door.screen.text(N_("Pack {name}: {problem}"), name=pack, problem=str(error))
    return Exit.DONE if not any(results.values()) else Exit.FAILED


def verify_pack(name: str) -> CountenanceError | None:
    """What is wrong with a pack, or None."""
    from countenance.extraction.golden import verify as check

    try:
        check(name)
    except CountenanceError as error:
        return error
    return None
