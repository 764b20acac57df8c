"""`countenance evaluate`: what a comparison score means, measured on photographs or scores that one has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli.acts import pass_door
from countenance.cli.door import Door
from countenance.cli.failures import Exit
from countenance.cli.language import say
from countenance.cli.parts import Command, argument, option
from countenance.cli.screen import Column
from countenance.cli.table import TABLE
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.evaluation.path import Evaluation, Measured

DEFINITIONS = ("single", "centred", "centred-mirrored")
_PATH = click.Path(path_type=Path)


@click.command(
    "evaluate",
    cls=Command,
    summary=TABLE["evaluate"][1],
    text=N_(
        "DATA is a folder with a folder of photographs for each person, a CSV of photographs (path, person, and groups that "
        "were declared), or a CSV of scores (probe, probe_person, reference, reference_person, score). Everything is "
        "compared with everything, and searched for in an open set: two persons in three are enrolled, the others are "
        "strangers. Nothing is enrolled in a workspace, and none is needed."
    ),
    examples=(
        "countenance evaluate photographs/",
        "countenance evaluate lfw/ --pairs pairs.txt --definition all --enrol 3818",
        "countenance evaluate scores.csv --report report.html --report report.pdf",
    ),
)
@argument("data", metavar="DATA", type=_PATH, help=N_("A folder, or a CSV."))
@option(
    "--pairs",
    metavar="FILE",
    type=_PATH,
    help=N_("LFW's file of pairs: also tell the accuracy over its sets."),
)
@option(
    "--definition",
    "definitions",
    metavar="WORD",
    type=click.Choice([*DEFINITIONS, "all"]),
    multiple=True,
    help=N_(
        "How a template is made: single, centred, centred-mirrored (what the default pack does), or all."
    ),
)
@option("--pack", metavar="PACK", default="sface", show_default=True, help=N_("The model pack."))
@option(
    "--enrol", metavar="NUMBER", type=click.IntRange(min=1), help=N_("Persons enrolled. Else two in three.")
)
@option(
    "--references",
    metavar="NUMBER",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help=N_("Photographs of each enrolled person, at most."),
)
@option(
    "--fusion",
    metavar="WORD",
    type=click.Choice(["mean", "best"]),
    default="mean",
    show_default=True,
    help=N_("How several references become one: their mean, or the best of the scores."),
)
@option(
    "--splits",
    metavar="NUMBER",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help=N_("How many times persons are drawn anew."),
)
@option("--seed", metavar="NUMBER", type=int, default=1, show_default=True, help=N_("Of what is drawn."))
@option(
    "--workers", metavar="NUMBER", type=click.IntRange(1, 64), help=N_("Processes. Else one a processor.")
)
@option(
    "--cache",
    metavar="DIR",
    type=_PATH,
    help=N_("Keep templates here, encrypted, so that a run can stop and go on. Else they stay in memory."),
)
@option(
    "--report",
    "reports",
    metavar="FILE",
    type=_PATH,
    multiple=True,
    help=N_("Write a report: .html, .pdf or .json. Once for each."),
)
@pass_door
def evaluate(
    door: Door,
    data: Path,
    pairs: Path | None,
    definitions: tuple[str, ...],
    pack: str,
    enrol: int | None,
    references: int,
    fusion: str,
    splits: int,
    seed: int,
    workers: int | None,
    cache: Path | None,
    reports: tuple[Path, ...],
) -> int:
    """Evaluate."""
    from countenance.cli.evaluation.files import check_reports, write_report
    from countenance.evaluation.acquire import NO_FACE
    from countenance.evaluation.document import document
    from countenance.evaluation.path import Asked
    from countenance.evaluation.path import evaluate as measure
    from countenance.evaluation.searches import Plan
    from countenance.evaluation.values import Definition, Fusion
    from countenance.extraction.pack import load_pack
    from countenance.primitives.clock import system_clock

    check_reports(reports)
    wanted = DEFINITIONS[::-1] if "all" in definitions else definitions or DEFINITIONS[-1:]
    asked = Asked(
        data=data,
        definitions=tuple(dict.fromkeys(Definition(word) for word in wanted)),
        pairs=pairs,
        plan=Plan(enrolled=enrol, references=references, fusion=Fusion(fusion), splits=splits, seed=seed),
        workers=workers,
        cache=cache,
    )
    found = measure(asked, lambda: load_pack(pack), system_clock(), _Progress(door))
    for report in reports:
        write_report(report, found)
    if door.screen.json:
        door.screen.document(document(found))
    else:
        _show(door, found, reports)
    # That a photograph shows no face is a result and counted in; a file that could not be read is an item that failed.
    return Exit.FAILED if any(one.reason != NO_FACE for one in found.failed) else Exit.DONE


class _Progress:
    """One line for each tenth of a stage, on standard error."""

    _WORDS = {  # noqa: RUF012 - a constant table
        "photographs": N_("{done} of {total} photographs"),
        "comparisons": N_("{done} of {total} comparisons"),
        "searches": N_("{done} of {total} splits searched"),
    }

    def __init__(self, door: Door) -> None:
        self._door, self._told = door, ("", -1)

    def __call__(self, stage: str, done: int, total: int) -> None:
        from countenance.cli.sheet.words import whole_number

        tenth = (stage, done * 10 // max(total, 1))
        if tenth == self._told or done <= 0:
            return
        self._told = tenth
        line = say(self._WORDS[stage], done=whole_number(done), total=whole_number(total))
        self._door.screen.line(line, err=True)


def _show(door: Door, found: Evaluation, reports: tuple[Path, ...]) -> None:
    from countenance.cli.evaluation.words import definition_words, rate_words, reason_words
    from countenance.cli.sheet.words import whole_number

    screen, material = door.screen, found.material
    screen.facts(
        [
            (N_("Persons"), whole_number(material.persons)),
            (N_("Photographs or probes"), whole_number(material.photographs)),
            (
                N_("Same file again, left out"),
                whole_number(material.duplicates) if material.duplicates else None,
            ),
            (N_("Failures to acquire (FTE)"), rate_words(material.fte)),
            *(
                ("  " + reason_words(reason), whole_number(count))
                for reason, count in material.reasons.items()
            ),
        ],
        indent=0,
    )
    for one in found.measured:
        if one.definition is not None:
            screen.title(N_("Templates: {definition}"), definition=definition_words(one.definition))
        _show_measured(door, one)
    for report in reports:
        screen.text(N_("Written: {path}"), path=str(report))
    if found.failed:
        screen.line()
        screen.text(
            N_("{count} photographs gave no template. They count as missed; --json lists them."),
            count=len(found.failed),
        )


def _show_measured(door: Door, one: Measured) -> None:
    from countenance.cli.evaluation.words import rate_words, share_words
    from countenance.cli.sheet.words import decimal, whole_number

    screen = door.screen
    if one.folds is not None:
        screen.facts(
            [
                (
                    N_("Accuracy over the sets of pairs"),
                    f"{decimal(100 * one.folds.accuracy, 2)} ± {decimal(100 * one.folds.standard_error, 2)} %",
                )
            ],
            indent=0,
        )
    screen.line()
    screen.table(
        [
            Column(title="FMR", right=True),
            Column(title=N_("Threshold"), right=True),
            Column(title="FNMR"),
        ],
        [
            (share_words(point.target), decimal(point.threshold, 4), rate_words(point.fnmr))
            for point in one.verification.points
        ],
        empty=N_("Too few comparisons of different persons for a rate."),
    )
    if one.identification is None:
        return
    found = one.identification
    screen.line()
    screen.text(
        N_(
            "Open set: {gallery} persons enrolled, {mated} mated and {strangers} non-mated searches in {splits} splits."
        ),
        gallery=whole_number(found.gallery),
        mated=whole_number(found.mated),
        strangers=whole_number(found.non_mated),
        splits=found.splits,
    )
    screen.table(
        [
            Column(title="N", right=True),
            Column(title="R", right=True),
            Column(title="FPIR", right=True),
            Column(title=N_("Threshold"), right=True),
            Column(title="FNIR"),
            Column(title=N_("FNIR, persons alike")),
        ],
        [
            *(
                (whole_number(each.gallery), each.rank, "-", "-", rate_words(each.fnir), "-")
                for each in found.investigation
            ),
            *(
                (
                    whole_number(each.gallery),
                    each.rank,
                    share_words(each.target),
                    decimal(each.threshold, 4),
                    rate_words(each.fnir),
                    rate_words(each.fnir_by_person),
                )
                for each in found.points
            ),
        ],
        empty="",
    )
