"""`countenance evaluation`, `countenance operating-point`: what a gallery stands by of what was measured."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door, show_list
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_

evaluation = Family(
    "evaluation",
    summary=TABLE["evaluation"][1],
    text=N_(
        "Once two persons have adopted a report of countenance evaluate, searches of that gallery tell what a score means by it, "
        "and not by the model pack's. It holds for one model pack, up to ten times the people it was measured among, and for two "
        "years at the longest. Only rates and numbers are kept of it."
    ),
)


@evaluation.command(
    "adopt",
    summary=N_("Stand by a report; takes two persons."),
    text=N_(
        "The second person sees the report's SHA-256 under: countenance approve. Compare it with the file."
    ),
    examples=("countenance evaluation adopt missing report.json",),
)
@argument("gallery", metavar="GALLERY", help=N_("The gallery it is to speak for."))
@argument(
    "report",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("Report of countenance evaluate, as JSON."),
)
@option("--until", metavar="DATE", help=N_("Until when it holds. Else a year."))
@pass_door
def adopt(door: Door, gallery: str, report: Path, until: str | None) -> None:
    """Adopt."""
    try:
        text = report.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFoundError(
            N_("There is no report {path} that can be read."), code="report-missing", path=str(report)
        ) from error
    carry_out(
        door,
        "evaluation-adopt",
        given(gallery=gallery, files={"report.json": text}, until=until),
        N_("Adopted."),
    )


@evaluation.command(
    "list",
    summary=N_("Evaluations of every gallery, with those that ended."),
    examples=("countenance evaluation list",),
)
@pass_door
def list_evaluations(door: Door) -> None:
    """List."""
    show_list(
        door,
        "evaluations",
        ("evaluation", "gallery", "measured_at", "people", "expires_at", "state"),
        numbers=("people",),
        empty=N_("No gallery has adopted an evaluation."),
    )


@evaluation.command(
    "end",
    summary=N_("Stand by it no longer; operating points on it are void."),
    examples=("countenance evaluation end M-7K3M-9QXA --reason 'new cameras'",),
)
@argument("code", metavar="CODE", help=N_("The evaluation's code."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why."))
@pass_door
def end_evaluation(door: Door, code: str, reason: str) -> None:
    """End."""
    carry_out(door, "evaluation-end", {"evaluation": code, "reason": reason}, N_("Ended."))


operating_point = Family(
    "operating-point",
    summary=TABLE["operating-point"][1],
    text=N_(
        "A search by threshold (search --identify) is locked where a gallery has no valid operating point. One is bound to an adopted "
        "evaluation, a model pack and the largest gallery it is for; it expires. Everybody who has an account sees all that ever were."
    ),
)


@operating_point.command(
    "set",
    summary=N_("Set a threshold; takes two persons."),
    text=N_(
        "The threshold is the least at which, by the evaluation, so few strangers' searches bring a candidate in a gallery of that "
        "size. It takes the place of the one before. An assessment of the gallery must then speak of the new threshold."
    ),
    examples=(
        "countenance operating-point set M-7K3M-9QXA --fpir 0.01 --people 50000 \\",
        "    --reason 'Board of 12 November'",
    ),
)
@argument("evaluation", metavar="CODE", help=N_("Code of the evaluation it rests on."))
@option(
    "--fpir",
    required=True,
    metavar="NUMBER",
    help=N_("Share of strangers' searches that may bring a candidate."),
)
@option(
    "--people",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    help=N_("Largest gallery it is for. Else as measured; ten times that at most."),
)
@option("--reason", required=True, metavar="TEXT", help=N_("Why this one."))
@option("--until", metavar="DATE", help=N_("Until when it holds. Else as long as the evaluation."))
@pass_door
def set_point(
    door: Door, evaluation: str, fpir: str, people: int | None, reason: str, until: str | None
) -> None:
    """Set."""
    carry_out(
        door,
        "operating-point-set",
        given(evaluation=evaluation, fpir=fpir, people=people, reason=reason, until=until),
        N_("Set."),
    )


@operating_point.command(
    "list",
    summary=N_("All that ever were, with who, when and why."),
    examples=("countenance operating-point list", "countenance operating-point list --json"),
)
@pass_door
def list_points(door: Door) -> None:
    """List."""
    show_list(
        door,
        "operating-points",
        ("operating_point", "gallery", "threshold", "people", "set_at", "expires_at", "state"),
        numbers=("threshold", "people"),
        empty=N_("No gallery may be searched by threshold."),
    )


@operating_point.command(
    "end",
    summary=N_("Lock identification by threshold again, at once."),
    examples=("countenance operating-point end T-7K3M-9QXA --reason 'complaint 12'",),
)
@argument("code", metavar="CODE", help=N_("The operating point's code."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why."))
@pass_door
def end_point(door: Door, code: str, reason: str) -> None:
    """End."""
    carry_out(door, "operating-point-end", {"operating_point": code, "reason": reason}, N_("Ended."))
