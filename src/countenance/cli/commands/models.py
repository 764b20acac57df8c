"""`countenance models`: what looks at the pictures, where it comes from, and whether it is whole."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import click

from countenance.cli.acts import carry_out, given, pass_door
from countenance.cli.door import Door
from countenance.cli.ending import when_asked_to_end
from countenance.cli.failures import Exit
from countenance.cli.language import say
from countenance.cli.parts import Family, argument, option
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
        _show_state(door, passport)


def _show_state(door: Door, passport: dict[str, Any]) -> None:
    """What is missing before it may be relied on, and who took on its licence."""
    door.screen.line()
    acknowledged = passport["licence_acknowledged"]
    if acknowledged is not None:
        door.screen.text(
            N_("Licence taken on by {name}, {day}."), name=acknowledged["by"], day=acknowledged["at"][:10]
        )
    if not passport["measured"]:
        door.screen.paragraph(
            say(N_("Nobody has measured this pack: its scores mean nothing yet, and no statement is made."))
        )


_FILE = click.Path(path_type=Path)


@models.command(
    "add",
    summary=N_("Add a detector and a recogniser in ONNX files."),
    text=N_(
        "The files are vetted (no external data, no custom operators, no pickles), tried on known pictures and copied. "
        "Detectors: YuNet, SCRFD with five points. Recognisers: 112 x 112 pixels aligned to the ArcFace template, 128 to 1024 "
        "values. Without --detector the default pack's is used."
    ),
    examples=(
        "countenance models add mine --recogniser mine.onnx --licence MIT \\",
        "    --training-data 'volunteers, with consent' --publisher 'An Archive'",
        "countenance models add other --recogniser w600k.onnx --detector scrfd.onnx \\",
        "    --licence 'non-commercial' --acknowledge 'Ana Roy' --scale 127.5",
    ),
)
@argument("name", metavar="NAME", help=N_("What the pack is to be called."))
@option("--recogniser", required=True, metavar="FILE", type=_FILE, help=N_("The recogniser, ONNX."))
@option("--detector", metavar="FILE", type=_FILE, help=N_("The detector, ONNX. Else the default pack's."))
@option("--licence", required=True, metavar="TEXT", help=N_("Of the recogniser: SPDX identifier or name."))
@option("--detector-licence", metavar="TEXT", help=N_("Of the detector. Else the recogniser's."))
@option(
    "--training-data",
    default="undocumented",
    show_default=True,
    metavar="TEXT",
    help=N_("What the recogniser was trained on, as published."),
)
@option("--publisher", default="-", metavar="TEXT", help=N_("Who published the files."))
@option("--pack-version", default="1", show_default=True, metavar="TEXT", help=N_("Version of the pack."))
@option(
    "--colour",
    default="RGB",
    show_default=True,
    type=click.Choice(["RGB", "BGR"]),
    metavar="WORD",
    help=N_("Order of colours that the recogniser takes."),
)
@option("--mean", default=0.0, show_default=True, type=float, metavar="NUMBER", help=N_("Subtracted first."))
@option("--scale", default=1.0, show_default=True, type=float, metavar="NUMBER", help=N_("Divided by then."))
@option("--single", is_flag=True, help=N_("Without the mirrored picture: half the time, a little less sure."))
@option(
    "--acknowledge",
    default="",
    metavar="NAME",
    help=N_("Who takes on a licence that asks for more than a notice."),
)
@option("--golden", metavar="FILE", type=_FILE, help=N_("The publisher's golden vectors. Else made here."))
@pass_door
def add(
    door: Door,
    name: str,
    recogniser: Path,
    detector: Path | None,
    licence: str,
    detector_licence: str | None,
    training_data: str,
    publisher: str,
    pack_version: str,
    colour: str,
    mean: float,
    scale: float,
    single: bool,
    acknowledge: str,
    golden: Path | None,
) -> None:
    """Add a pack."""
    from countenance.extraction.adding import NewPack, Origin
    from countenance.extraction.adding import add as install
    from countenance.extraction.pack import Preparation, load_pack
    from countenance.primitives.clock import system_clock

    ours = load_pack()
    entry = ours.manifest["files"]["detector"]
    theirs = Origin(licence=licence, training_data=training_data, publisher=publisher)
    if detector is None:
        found = Origin(
            licence=entry["licence"], training_data=entry["training_data"], publisher=entry["publisher"]
        )
    else:
        found = Origin(licence=detector_licence or licence, training_data=training_data, publisher=publisher)
    pack = install(
        NewPack(
            name=name,
            version=pack_version,
            detector=detector or ours.detector,
            recogniser=recogniser,
            detector_origin=found,
            recogniser_origin=theirs,
            preparation=Preparation(colour=colour, mean=mean, scale=scale),
            mirrored=not single,
            acknowledged_by=acknowledge,
            publishers_golden=golden,
        ),
        system_clock(),
    )
    if door.screen.json:
        door.screen.document(pack.passport())
        return
    door.screen.text(
        N_("Pack {name} added; its templates are of the space {space}."), name=name, space=pack.space_id
    )
    door.screen.paragraph(say(N_("Measure it next: countenance evaluate DATA --pack {name}"), name=name))


@models.command(
    "calibrate",
    summary=N_("Take floor and score histograms from a report."),
    text=N_("The report is one of: countenance evaluate DATA --pack NAME --report report.json"),
    examples=("countenance models calibrate mine report.json",),
)
@argument("name", metavar="NAME", help=N_("The added pack."))
@argument("report", metavar="FILE", type=_FILE, help=N_("Report of countenance evaluate, as JSON."))
@pass_door
def calibrate(door: Door, name: str, report: Path) -> None:
    """Calibrate a pack."""
    from countenance.cli.sheet.words import decimal
    from countenance.extraction.adding import calibrate as take

    pack = take(name, report)
    if door.screen.json:
        door.screen.document(pack.passport())
        return
    door.screen.text(
        N_("Pack {name}: floor of candidates {floor}."), name=name, floor=decimal(pack.candidate_floor, 4)
    )


@models.command(
    "remove",
    summary=N_("Remove an added pack's files."),
    text=N_("Templates that were made with it can then be searched no more; the default pack stays."),
    examples=("countenance models remove mine",),
)
@argument("name", metavar="NAME", help=N_("The added pack."))
@pass_door
def remove(door: Door, name: str) -> None:
    """Remove a pack."""
    from countenance.extraction.adding import remove as take_away

    take_away(name)
    if door.screen.json:
        door.screen.document({"removed": name})
        return
    door.screen.text(N_("Pack {name} removed."), name=name)


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


@models.command(
    "migrate",
    summary=N_("Make a gallery's templates anew with another pack."),
    text=N_(
        "From the crops that are kept, or from the sources, beside the templates there are, which are searched until the pack is "
        "switched. Stops when it is asked to end, and goes on with the same command. Labels, consents, decisions and tombstones "
        "stay as they are. At the end it tells how the candidates of open cases would stand. Exit code 1 where a reference could not be moved."
    ),
    examples=("countenance models migrate missing mine",),
)
@argument("gallery", metavar="GALLERY", help=N_("The gallery."))
@argument("name", metavar="PACK", help=N_("The model pack to move to."))
@option(
    "--workers", metavar="NUMBER", type=click.IntRange(1, 64), help=N_("Processes. Else one a processor.")
)
@pass_door
def migrate(door: Door, gallery: str, name: str, workers: int | None) -> int:
    """Migrate."""
    from countenance.extraction.pack import load_pack
    from countenance.ingest.moving import compare, describe, move
    from countenance.records.named import find_gallery

    workspace = door.workspace()
    began = door.perform("model-migrate", {"gallery": gallery, "pack": name})
    row, pack = find_gallery(gallery), load_pack(name)
    several = workers or workspace.settings.workers

    def tell(done: int, total: int) -> None:
        line = say(N_("{done} of {total} references"), done=done, total=total)
        door.screen.line(line, err=True)

    stop = threading.Event()
    with when_asked_to_end(stop.set):
        done = move(workspace, row, pack, workers=several, progress=tell, stop=stop)
    compared = [] if done.stopped else compare(workspace, row, pack, workers=several)
    if door.screen.json:
        door.screen.document(
            {
                "gallery": row.name,
                "pack": pack.name,
                "space_id": str(pack.space_id),
                "references": done.references,
                "before": done.before,
                "moved": done.moved,
                "stopped": done.stopped,
                "not_moved": [{"reference": one.reference, "reason": one.reason} for one in done.not_moved],
                "open_cases": [describe(one) for one in compared],
                "log_entry": began.log_entry,
            }
        )
        return Exit.FAILED if done.not_moved or done.stopped else Exit.DONE
    door.screen.text(
        N_("{moved} of {references} references have a template of {pack} now; {left} could not be moved."),
        moved=done.before + done.moved,
        references=done.references,
        pack=pack.name,
        left=len(done.not_moved),
    )
    for reason, count in sorted(Counter(one.reason for one in done.not_moved).items()):
        door.screen.text(N_("  {reason}: {count}; --json lists them"), reason=reason, count=count)
    if done.stopped:
        door.screen.text(N_("Stopped. The same command goes on where this one stopped."))
    for one in compared:
        moved = sum(each.rank_now not in {None, each.rank} for each in one.places)
        door.screen.text(
            N_(
                "Case {case}, search {entry}: {moved} of {count} candidates change place, {below} fall below the floor."
            ),
            case=one.case,
            entry=one.log_entry,
            moved=moved,
            count=len(one.places),
            below=one.below_floor,
        )
    return Exit.FAILED if done.not_moved or done.stopped else Exit.DONE


@models.command(
    "switch",
    summary=N_("Use another pack, or the one of before; two persons."),
    text=N_(
        "Takes effect with the next search. The templates of before stay, so that switching back is the same act."
    ),
    examples=("countenance models switch mine", "countenance models switch sface"),
)
@argument("name", metavar="PACK", help=N_("The model pack to use."))
@option(
    "--leave", is_flag=True, help=N_("Even where references without a template of it would not be found.")
)
@pass_door
def switch(door: Door, name: str, leave: bool) -> None:
    """Switch."""
    carry_out(door, "model-switch", given(pack=name, leave=leave), N_("Switched to {pack}."), pack=name)
