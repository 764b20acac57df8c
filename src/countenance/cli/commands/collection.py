"""`countenance gallery` and `countenance source`: what is held, and on what basis."""

from __future__ import annotations

import os
from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door, show_list, show_record
from countenance.cli.commands.clients import PURPOSES
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.policy.purposes import BasisKind
from countenance.primitives.errors import NotFoundError
from countenance.primitives.files import name_to_text
from countenance.primitives.text import N_

_PURPOSE_HELP = N_(
    "Purpose; give it several times. One of: victim-identification, missing-person, family-tracing, "
    "own-photo-access, archive-description."
)

gallery = Family(
    "gallery",
    summary=TABLE["gallery"][1],
    text=N_(
        "A gallery has purposes, a jurisdiction and a notice to the public. Without a notice or a recorded exemption "
        "it is not live, and nothing in it can be searched."
    ),
)


@gallery.command(
    "add",
    summary=N_("Add a gallery with its purposes and its notice."),
    text=N_("Sources are registered into it next: countenance source add."),
    examples=(
        "countenance gallery add missing --jurisdiction CA-QC \\",
        '    --purpose missing-person --notice "https://example.org/notice"',
    ),
)
@argument("name", help=N_("Name of the gallery."))
@option(
    "--purpose",
    "purposes",
    multiple=True,
    required=True,
    metavar="PURPOSE",
    type=PURPOSES,
    help=_PURPOSE_HELP,
)
@option(
    "--jurisdiction",
    required=True,
    metavar="PLACE",
    help=N_("Whose law it is under: an ISO 3166 code, CA or CA-QC."),
)
@option("--notice", metavar="TEXT", help=N_("What the public is told, or where it is told."))
@option("--notice-exemption", metavar="TEXT", help=N_("Or on what recorded ground nobody is told."))
@pass_door
def add_gallery(
    door: Door,
    name: str,
    purposes: tuple[str, ...],
    jurisdiction: str,
    notice: str | None,
    notice_exemption: str | None,
) -> None:
    """Add a gallery."""
    carry_out(
        door,
        "gallery-add",
        given(
            name=name,
            purposes=list(purposes),
            jurisdiction=jurisdiction,
            notice=notice,
            notice_exemption=notice_exemption,
        ),
        N_("Gallery {name} added."),
        name=name,
    )


@gallery.command(
    "list", summary=N_("List the galleries: the public register."), examples=("countenance gallery list",)
)
@pass_door
def list_galleries(door: Door) -> None:
    """List galleries."""
    show_list(
        door,
        "galleries",
        ("gallery", "purposes", "jurisdiction", "references", "state"),
        empty=N_("There are no galleries yet: countenance gallery add."),
        numbers=("references",),
    )


@gallery.command(
    "suspend",
    summary=N_("Suspend a gallery: nothing in it is searched or added."),
    text=N_("In force at once, in every process; lifting it takes two persons."),
    examples=('countenance gallery suspend missing --reason "under inspection"',),
)
@argument("name", help=N_("Name of the gallery."))
@option("--reason", required=True, metavar="TEXT", help=N_("Why; it stands in the records."))
@pass_door
def suspend_gallery(door: Door, name: str, reason: str) -> None:
    """Suspend a gallery."""
    carry_out(
        door, "gallery-suspend", given(name=name, reason=reason), N_("Gallery {name} suspended."), name=name
    )


@gallery.command(
    "reinstate",
    summary=N_("Lift a gallery's suspension; takes two persons."),
    text=N_("The first signature makes a proposal; another operator signs it with countenance approve."),
    examples=("countenance gallery reinstate missing",),
)
@argument("name", help=N_("Name of the gallery."))
@pass_door
def reinstate_gallery(door: Door, name: str) -> None:
    """Reinstate a gallery."""
    carry_out(door, "gallery-reinstate", given(name=name), N_("Gallery {name} reinstated."), name=name)


source = Family(
    "source",
    summary=TABLE["source"][1],
    text=N_(
        "Photographs come from registered sources only: a folder, who holds it, on what basis, for which purposes, "
        "under whose law, and what the people in it were told. That pictures were public is not a basis."
    ),
)


@source.command(
    "add",
    summary=N_("Register a collection of photographs and its basis."),
    text=N_(
        "Under the basis consent, only faces of people with a live receipt are taken in. Other bases need evidence "
        "that a reader can check; --permits-unlabelled says that it covers faces nobody is named for."
    ),
    examples=(
        "countenance source add albums --gallery missing --location /mnt/albums \\",
        "    --basis consent --evidence forms/2026 --purpose missing-person \\",
        '    --jurisdiction CA-QC --holder "City Archive" \\',
        '    --contact photos@example.org --notice "https://example.org/notice"',
    ),
)
@argument("name", help=N_("Name of the source."))
@option("--gallery", required=True, metavar="GALLERY", help=N_("The gallery its faces go into."))
@option(
    "--location",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help=N_("Folder with the photographs."),
)
@option(
    "--basis",
    required=True,
    metavar="WORD",
    type=click.Choice([kind.value for kind in BasisKind]),
    help=N_(
        "On what it rests: consent, legal-obligation, public-task, vital-interest, legitimate-interest. "
        "publicly-available can be named and is refused."
    ),
)
@option(
    "--evidence",
    required=True,
    metavar="TEXT",
    help=N_("Document, statute or contract where that can be checked."),
)
@option(
    "--purpose",
    "purposes",
    multiple=True,
    required=True,
    metavar="PURPOSE",
    type=PURPOSES,
    help=_PURPOSE_HELP,
)
@option(
    "--jurisdiction",
    required=True,
    metavar="PLACE",
    help=N_("Whose law it is under: an ISO 3166 code, CA or CA-QC."),
)
@option("--holder", required=True, metavar="NAME", help=N_("Who holds the photographs."))
@option(
    "--contact",
    required=True,
    metavar="TEXT",
    help=N_("How the holder is reached by a caseworker or a person in them."),
)
@option("--notice", required=True, metavar="TEXT", help=N_("What the people in them were told, or where."))
@option("--permits-unlabelled", is_flag=True, help=N_("The basis covers faces nobody is named for."))
@option("--valid-from", metavar="DATE", help=N_("First day of the basis. Else now."))
@pass_door
def add_source(
    door: Door, /, name: str, location: Path, purposes: tuple[str, ...], **params: str | None
) -> None:
    """Register a source."""
    folder = location.absolute()
    if not folder.is_dir():
        raise NotFoundError(
            N_("There is no folder {folder}."),
            remedy=N_("Check the spelling; mount the disk first if it is one."),
            code="source-location",
            folder=str(folder),
        )
    carry_out(
        door,
        "source-add",
        given(name=name, location=name_to_text(os.fsencode(folder)), purposes=list(purposes), **params),
        N_("Source {name} registered."),
        name=name,
    )
    if params["basis"] == "publicly-available":
        door.screen.line()
        door.screen.text(
            N_("That pictures were public is not a basis: every face of this source will be refused."),
            bold=True,
        )


@source.command(
    "list",
    summary=N_("List the sources, or show one in full."),
    examples=("countenance source list", "countenance source list albums"),
)
@argument("name", required=False, help=N_("Name of one source."))
@pass_door
def list_sources(door: Door, name: str | None) -> None:
    """List sources."""
    names = ("source", "gallery", "basis", "purposes", "jurisdiction", "state")
    if name is None:
        show_list(door, "sources", names, empty=N_("There are no sources yet: countenance source add."))
        return
    for row in door.read("sources"):
        if row["source"] == name:
            if door.screen.json:
                door.screen.document(row)
            show_record(door, row)
            return
    raise NotFoundError(
        N_("There is no source {source}."),
        remedy=N_("See them with: countenance source list"),
        code="source-missing",
        source=name,
    )


@source.command(
    "withdraw",
    summary=N_("End a source: nothing of it is found any more."),
    text=N_(
        "Its faces are in no answer from this moment, in every process, and their keys are destroyed. This cannot be "
        "undone; --yes says that you mean it."
    ),
    examples=("countenance source withdraw albums --yes",),
)
@argument("name", help=N_("Name of the source."))
@option("--yes", is_flag=True, help=N_("Do not ask."))
@pass_door
def withdraw(door: Door, name: str, yes: bool) -> None:
    """Withdraw a source."""
    from countenance.cli.asking import confirm

    confirm(door, yes, N_("End the source {name} and destroy the keys of its faces?"), name=name)
    carry_out(door, "source-withdraw", given(name=name), N_("Source {name} withdrawn."), name=name)


@source.command(
    "correct",
    summary=N_("Put another basis in the place of a wrong one; takes two persons."),
    text=N_(
        "What was taken in rested on the wrong basis, so it ends with its keys; ingest the source again and what the "
        "right one permits is taken in."
    ),
    examples=(
        "countenance source correct albums --basis consent --evidence forms/2026-b \\",
        "    --purpose missing-person --jurisdiction CA-BC \\",
        '    --reason "Forms of the Victoria office"',
    ),
)
@argument("name", help=N_("Name of the source."))
@option(
    "--basis",
    required=True,
    metavar="WORD",
    type=click.Choice([kind.value for kind in BasisKind]),
    help=N_("On what it rests in truth."),
)
@option(
    "--evidence",
    required=True,
    metavar="TEXT",
    help=N_("Document, statute or contract where that can be checked."),
)
@option(
    "--purpose",
    "purposes",
    multiple=True,
    required=True,
    metavar="PURPOSE",
    type=PURPOSES,
    help=_PURPOSE_HELP,
)
@option(
    "--jurisdiction",
    required=True,
    metavar="PLACE",
    help=N_("Whose law it is under: an ISO 3166 code, CA or CA-QC."),
)
@option("--permits-unlabelled", is_flag=True, help=N_("The basis covers faces nobody is named for."))
@option("--valid-from", metavar="DATE", help=N_("First day of the basis. Else now."))
@option("--reason", required=True, metavar="TEXT", help=N_("What was wrong; it stands in the log."))
@pass_door
def correct(door: Door, /, name: str, purposes: tuple[str, ...], **params: str | None) -> None:
    """Correct a source's basis."""
    told = given(name=name, purposes=list(purposes), **params)
    carry_out(door, "source-correct", told, N_("Source {name} has another basis."), name=name)
