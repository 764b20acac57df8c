"""`countenance assessment`: what was assessed (DPIA, PIA), and whether it still is what runs."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door, show_list
from countenance.cli.commands.clients import PURPOSES
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_

assessment = Family(
    "assessment",
    summary=TABLE["assessment"][1],
    text=N_(
        "An assessment holds for a gallery with the model, the threshold and the purposes of the day it was recorded. Once "
        "one of them changes, searches of that gallery are refused until an addendum is recorded. Of the document only its "
        "SHA-256 is kept."
    ),
)


@assessment.command(
    "record",
    summary=N_("Record an assessment, or an addendum; takes two persons."),
    examples=(
        "countenance assessment record missing --title 'DPIA 2026' --document dpia.pdf",
        "countenance assessment record missing --title 'Addendum 1' \\",
        "    --document addendum.pdf --adds-to D-7K3M-9QXA",
    ),
)
@argument("gallery", metavar="GALLERY", help=N_("The gallery it is about."))
@option("--title", required=True, metavar="TEXT", help=N_("What the document is called."))
@option(
    "--document",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("The document; only its SHA-256 is kept."),
)
@option("--adds-to", metavar="ASSESSMENT", help=N_("The assessment that it adds to."))
@option(
    "--purpose",
    "purposes",
    multiple=True,
    metavar="PURPOSE",
    type=PURPOSES,
    help=N_("Purpose it speaks of; else all of the gallery."),
)
@pass_door
def record(
    door: Door, gallery: str, title: str, document: Path, adds_to: str | None, purposes: tuple[str, ...]
) -> None:
    """Record."""
    try:
        digest = sha256_hex(document.read_bytes())
    except OSError as error:
        raise NotFoundError(
            N_("There is no document {path}."), code="document-missing", path=str(document)
        ) from error
    carry_out(
        door,
        "assessment-record",
        given(gallery=gallery, title=title, document_sha256=digest, adds_to=adds_to, purposes=purposes),
        N_("Recorded."),
    )


@assessment.command(
    "list",
    summary=N_("Assessments, and whether one was reopened."),
    examples=("countenance assessment list",),
)
@pass_door
def list_(door: Door) -> None:
    """List."""
    show_list(
        door,
        "assessments",
        ("assessment", "gallery", "title", "purposes", "threshold", "recorded_at", "state"),
        numbers=("threshold",),
        empty=N_("Nothing has been assessed."),
    )
