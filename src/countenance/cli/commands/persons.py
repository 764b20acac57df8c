"""`countenance person`: people in the photographs, and their consent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door, show_record, signed
from countenance.cli.commands.clients import PURPOSES
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

person = Family(
    "person",
    summary=TABLE["person"][1],
    text=N_(
        "A person is a label that you give; the manifest of a source says in which photographs they are. Consent is "
        "recorded per purpose and gallery, with the very words agreed to; the receipt's code is all one needs to "
        "withdraw it."
    ),
)


@person.command(
    "add",
    summary=N_("Add a person under a label of yours."),
    text=N_("Age is declared or unknown; nothing is read from a face."),
    examples=("countenance person add P017", "countenance person add P018 --declared-minor"),
)
@argument("label", help=N_("Your own identifier for the person."))
@option("--declared-minor", is_flag=True, help=N_("The person is declared to be a minor."))
@pass_door
def add(door: Door, label: str, declared_minor: bool) -> None:
    """Add a person."""
    carry_out(
        door,
        "person-add",
        given(label=label, declared_minor=declared_minor),
        N_("Person {label} added."),
        label=label,
    )


@person.command(
    "list",
    summary=N_("List people, with their receipts and references."),
    text=N_("For the operator's own staff; a client's account sees nobody here."),
    examples=("countenance person list", "countenance person list --json"),
)
@pass_door
def list_(door: Door) -> None:
    """List people."""
    rows = door.read("persons")
    if door.screen.json:
        door.screen.document({"persons": rows})
        return
    from countenance.cli.screen import Column

    door.screen.table(
        [
            Column(title=N_("Person")),
            Column(title=N_("References"), right=True),
            Column(title=N_("Open receipts")),
            Column(title=N_("Declared minor")),
        ],
        [
            (row["person"], row["references"], _open_receipts(row["receipts"]), row["declared_minor"])
            for row in rows
        ],
        empty=N_("There are no people yet: countenance person add."),
    )


def _open_receipts(receipts: Json) -> list[str]:
    assert isinstance(receipts, list)
    return [
        f"{receipt['receipt']} ({receipt['purpose']})"
        for receipt in receipts
        if receipt["withdrawn_at"] is None
    ]


@person.command(
    "consent",
    summary=N_("Record a person's consent; prints the receipt."),
    text=N_(
        "One receipt per purpose (ISO/IEC TS 27560), with the words that were agreed to. Give the person the "
        "receipt's code: with it, and nothing else, the consent is withdrawn."
    ),
    examples=(
        "countenance person consent P017 --gallery missing \\",
        "    --purpose missing-person --notice-file notice-fr.txt --language fr",
    ),
)
@argument("label", metavar="PERSON", help=N_("The person's label."))
@option("--gallery", required=True, metavar="GALLERY", help=N_("The gallery the consent is for."))
@option(
    "--purpose",
    "purposes",
    multiple=True,
    required=True,
    metavar="PURPOSE",
    type=PURPOSES,
    help=N_("Purpose consented to; give it several times."),
)
@option("--notice-text", metavar="TEXT", help=N_("The words agreed to."))
@option(
    "--notice-file",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=N_("Or the file they are in (UTF-8)."),
)
@option("--notice-version", metavar="WORD", help=N_("Version of these words. Else 1."))
@option("--language", metavar="WORD", help=N_("Language of these words. Else en."))
@option("--method", metavar="TEXT", help=N_("How consent was given: form, interview, web form. Else form."))
@option("--evidence", metavar="TEXT", help=N_("Where the signed paper or record is."))
@option(
    "--controller",
    metavar="NAME",
    help=N_("Who answers for the use of the data. Else the body that runs this workspace."),
)
@option("--guardian", metavar="NAME", help=N_("Who consented for a declared minor."))
@option("--jurisdiction", metavar="PLACE", help=N_("Whose law it is under. Else the gallery's."))
@option("--given-at", metavar="DATE", help=N_("When it was given. Else now."))
@option("--expires-at", metavar="DATE", help=N_("When it ends. Else when it is withdrawn."))
@pass_door
def consent(
    door: Door,
    /,
    label: str,
    purposes: tuple[str, ...],
    notice_text: str | None,
    notice_file: Path | None,
    **params: str | None,
) -> None:
    """Record consent."""
    if (notice_text is None) == (notice_file is None):
        raise UsageError(
            N_("Consent is to certain words; give them once."),
            remedy=N_("Give --notice-text or --notice-file."),
            code="notice-text",
        )
    if notice_file is not None:
        try:
            notice_text = notice_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                N_("{path} is not a text in UTF-8."), code="notice-file", path=str(notice_file)
            ) from error
    result = door.perform(
        "consent-record", given(person=label, purposes=list(purposes), notice_text=notice_text, **params)
    )
    record = result.record
    assert isinstance(record, Mapping)
    if door.screen.json:
        door.screen.document({**record, "log_entry": result.log_entry})
        return
    door.screen.text(N_("Consent of {label} recorded."), bold=True, label=label)
    receipts = record["receipts"]
    assert isinstance(receipts, list)
    for receipt in receipts:
        show_record(door, {name: value for name, value in receipt.items() if value is not None})
        door.screen.line()
    door.screen.text(N_("Give {label} the code of each receipt. Whoever shows it may withdraw:"), label=label)
    door.screen.line(f"  countenance person withdraw --receipt {receipts[0]['receipt']}")
    signed(door, result.log_entry)


@person.command(
    "withdraw",
    summary=N_("Withdraw consent; in force at once, everywhere."),
    text=N_(
        "By the receipt's code, or all open receipts of a person (or those of one gallery or purpose). The person is "
        "in no answer from this moment, in every process, and the keys of their faces are destroyed."
    ),
    examples=(
        "countenance person withdraw --receipt R-7K3M-9QXA-02HD-V5TN",
        "countenance person withdraw P017 --gallery missing",
    ),
)
@argument("label", metavar="[PERSON]", required=False, help=N_("The person's label."))
@option("--receipt", metavar="CODE", help=N_("The receipt's code."))
@option("--gallery", metavar="GALLERY", help=N_("Only the receipts of this gallery."))
@option(
    "--purpose",
    "purposes",
    multiple=True,
    metavar="PURPOSE",
    type=PURPOSES,
    help=N_("Only the receipts for this purpose."),
)
@pass_door
def withdraw(
    door: Door, label: str | None, receipt: str | None, gallery: str | None, purposes: tuple[str, ...]
) -> None:
    """Withdraw consent; never asks twice, since withdrawing is as easy as giving."""
    if (label is None) == (receipt is None):
        raise UsageError(
            N_("Name either the receipt or the person."),
            remedy=N_("Give --receipt CODE, or the person's label."),
            code="receipt-or-person",
        )
    carry_out(
        door,
        "consent-withdraw",
        given(person=label, receipt=receipt, gallery=gallery, purposes=list(purposes)),
        N_("Consent withdrawn. The person is in no answer from now on."),
    )


@person.command(
    "residency",
    summary=N_("Note where a person lives, and how that is known."),
    text=N_(
        "A document seen, or a declaration; nothing is inferred. It decides who is reached when a place is erased."
    ),
    examples=("countenance person residency P017 --place CA-BC --grade declared",),
)
@argument("label", metavar="PERSON", help=N_("The person's label."))
@option("--place", required=True, metavar="PLACE", help=N_("Where they live (ISO 3166)."))
@option(
    "--grade",
    metavar="WORD",
    type=click.Choice(["declared", "document"]),
    help=N_("declared, or document. Else declared."),
)
@option("--evidence", metavar="TEXT", help=N_("What was said, or which document was seen."))
@pass_door
def residency(door: Door, /, label: str, **params: str | None) -> None:
    """Claim residency."""
    carry_out(
        door, "residency-claim", given(person=label, **params), N_("Residency of {label} noted."), label=label
    )
