"""`countenance request`: the desk of the person in the photographs."""

from __future__ import annotations

from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door
from countenance.cli.door import Door
from countenance.cli.failures import Exit
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.policy.terms import RequestKind
from countenance.primitives.canonical import Json
from countenance.primitives.errors import NotFoundError, UnavailableError
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_

# The words of rights.values, which would load the records; a test holds the two equal.
FORMS = ("erase", "block-picture", "protected-template")
TIERS = ("receipt-holder", "document-seen", "own-face-seen")

request = Family(
    "request",
    summary=TABLE["request"][1],
    text=N_(
        "Somebody who may be on the photographs asks: what is held, to be erased, to be left out, corrected, or to "
        "withdraw or object. They need no account; a request has a number and a secret. Nothing is looked up before "
        "somebody has said how they know who asks. Each step gives a receipt that verifies offline."
    ),
)
RECEIPT = option(
    "--receipt",
    "receipt_to",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("Also write the receipt of this step, to be handed to the requester."),
)
NUMBER = argument("number", metavar="REQUEST", help=N_("The request's number."))


def hand_receipt(door: Door, number: str, path: Path | None) -> None:
    """Write the latest receipt of a request, where one is asked for."""
    if path is None:
        return
    record = door.perform("request-receipts", {"request": number, "latest": True}).record
    assert isinstance(record, dict)
    write_private(path, str(record["receipts"][-1]["file"]).encode())
    if not door.screen.json:
        door.screen.text(N_("Receipt: {path}"), path=str(path))


def write_private(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, for its owner alone. Raises UnavailableError."""
    try:
        write_atomically(path.absolute(), data)
    except OSError as error:
        raise UnavailableError(
            N_("{path} cannot be written: {problem}."),
            code="not-written",
            path=str(path),
            problem=error.strerror,
        ) from error


def read_picture(path: Path) -> bytes:
    """The bytes of a picture that a requester handed in. Raises NotFoundError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFoundError(
            N_("There is no photograph {path}."), code="photograph-missing", path=str(path)
        ) from error


@request.command(
    "open",
    summary=N_("Take a request in; prints its number and secret."),
    text=N_(
        "Say what is asked, by what the person is to be found, and how to reach them; name and contact are sealed, and "
        "destroyed when the request ends. The answer is the same whoever asks. The place moves the due date and "
        "nothing else. Hand the secret over: it is told once."
    ),
    examples=(
        'countenance request open access --own-face --name "Anne Roy" \\',
        "    --contact anne@example.org",
        "countenance request open erasure --code R-7K3M-9QXA-22F0-B1CD \\",
        '    --name "A. Roy" --contact "by post"',
    ),
)
@argument(
    "kind",
    metavar="KIND",
    type=click.Choice([kind.value for kind in RequestKind]),
    help=N_("access, correction, erasure, withdrawal, objection or opt-out."),
)
@option("--name", required=True, metavar="TEXT", help=N_("Who asks, as they say it."))
@option("--contact", required=True, metavar="TEXT", help=N_("How to reach them."))
@option("--code", metavar="CODE", help=N_("Find them by the code of a consent receipt."))
@option("--photograph", metavar="ID", help=N_("Or by the id of a photograph."))
@option(
    "--reference", metavar="TEXT", help=N_("Or by the source's own reference, or the path, of a photograph.")
)
@option(
    "--own-face",
    is_flag=True,
    help=N_("Or by their own face, from a picture that serves this request alone."),
)
@option(
    "--form",
    metavar="FORM",
    type=click.Choice(FORMS),
    help=N_(
        "Of an opt-out: erase, and keep nothing (else); block-picture, never take in these photographs again; or "
        "protected-template, keep one only to leave them out."
    ),
)
@option(
    "--place",
    metavar="PLACE",
    help=N_("Where they live, if they say so (ISO 3166). It moves deadlines only."),
)
@option("--language", metavar="WORD", type=click.Choice(["en", "fr"]), help=N_("Their language. Else en."))
@option("--received-at", metavar="DATE", help=N_("When it came in. Else now."))
@RECEIPT
@pass_door
def open_(
    door: Door,
    /,
    code: str | None,
    photograph: str | None,
    reference: str | None,
    own_face: bool,
    receipt_to: Path | None,
    **params: str | None,
) -> None:
    """Take a request in."""
    from countenance.primitives.errors import UsageError

    pointers = [
        ("receipt", code),
        ("photograph", photograph),
        ("source-reference", reference),
        ("own-face", "-" if own_face else None),
    ]
    named = [(pointer, value) for pointer, value in pointers if value is not None]
    if len(named) != 1:
        raise UsageError(
            N_("Say in one way by what the person is to be found."),
            remedy=N_("Give --code, --photograph, --reference or --own-face."),
            code="request-pointer",
        )
    pointer, value = named[0]
    record = carry_out(
        door,
        "request-open",
        given(pointer=pointer, value=None if own_face else value, **params),
        N_("Request received."),
    )
    hand_receipt(door, str(record["request"]), receipt_to)


@request.command(
    "verify",
    summary=N_("Say how you know who asks."),
    text=N_(
        "receipt-holder: the code of the receipt is shown, which is enough to end something, never to see something. "
        "document-seen: a document was seen; no copy is kept. own-face-seen: and the picture shows the person before "
        "you. A wrong code and an unknown one are answered alike."
    ),
    examples=(
        "countenance request verify Q-7K3M-9QXA --tier document-seen --seen passport",
        "countenance request verify Q-7K3M-9QXA --tier receipt-holder \\",
        "    --code R-7K3M-9QXA-22F0-B1CD",
    ),
)
@NUMBER
@option("--tier", required=True, metavar="TIER", type=click.Choice(TIERS), help=N_("How."))
@option("--seen", metavar="TEXT", help=N_("What was seen: kind of document, and by what means."))
@option("--code", metavar="CODE", help=N_("The code they show. Else the one the request came with."))
@RECEIPT
@pass_door
def verify(
    door: Door, number: str, tier: str, seen: str | None, code: str | None, receipt_to: Path | None
) -> int:
    """Verify."""
    params = given(request=number, tier=tier, seen=seen, code=code)
    result = door.perform("request-verify", params)
    record = dict(result.record) if isinstance(result.record, dict) else {}
    good = record.get("verified") is True
    if door.screen.json:
        door.screen.document({**record, "log_entry": result.log_entry})
    elif good:
        door.screen.text(N_("Verified."), bold=True)
    else:
        door.screen.text(N_("This could not be verified."), bold=True)
    if good:
        hand_receipt(door, number, receipt_to)
    return Exit.DONE if good else Exit.FAILED


@request.command(
    "refuse",
    summary=N_("Refuse a request, with the reason and the rule."),
    text=N_(
        "The receipt names both, and where one may complain. What was sealed with the request is destroyed."
    ),
    examples=(
        'countenance request refuse Q-7K3M-9QXA --reason "Asked by somebody else" \\',
        '    --authority "PIPEDA, s. 8(1)"',
    ),
)
@NUMBER
@option("--reason", required=True, metavar="TEXT", help=N_("Why, so that the requester understands it."))
@option("--authority", required=True, metavar="TEXT", help=N_("The rule it rests on: statute and article."))
@RECEIPT
@pass_door
def refuse(door: Door, number: str, reason: str, authority: str, receipt_to: Path | None) -> None:
    """Refuse."""
    params = given(request=number, reason=reason, authority=authority)
    carry_out(door, "request-refuse", params, N_("Request refused."))
    hand_receipt(door, number, receipt_to)


@request.command(
    "withdraw",
    summary=N_("Close a request that its maker no longer wants."),
    text=N_("What was sealed with it is destroyed."),
    examples=("countenance request withdraw Q-7K3M-9QXA",),
)
@NUMBER
@RECEIPT
@pass_door
def withdraw(door: Door, number: str, receipt_to: Path | None) -> None:
    """Withdraw."""
    carry_out(door, "request-withdraw", given(request=number), N_("Request withdrawn."))
    hand_receipt(door, number, receipt_to)


@request.command(
    "find",
    summary=N_("Look up what a verified requester points at."),
    text=N_(
        "By receipt, the faces under it are theirs. By photograph or reference, somebody who has looked says which: "
        "countenance request confirm."
    ),
    examples=("countenance request find Q-7K3M-9QXA",),
)
@NUMBER
@pass_door
def find(door: Door, number: str) -> None:
    """Find."""
    result = door.perform("request-find", {"request": number})
    assert isinstance(result.record, dict)
    show_faces(door, list(result.record["faces"]), dict(result.record))


def show_faces(door: Door, faces: list[dict[str, Json]], document: dict[str, Json]) -> None:
    """Faces that were found, by number."""
    if door.screen.json:
        door.screen.document(document)
        return
    from countenance.cli.screen import Column

    door.screen.table(
        [
            Column(title=N_("Number"), right=True),
            Column(title=N_("Source")),
            Column(title=N_("Photograph")),
            Column(title=N_("Face"), right=True),
            Column(title=N_("Confirmed")),
        ],
        [(row["number"], row["source"], row["photograph"], row["face"], row["confirmed"]) for row in faces],
        empty=N_("Nothing was found."),
    )


@request.command(
    "confirm",
    summary=N_("Say which faces are the requester's."),
    text=N_(
        "By their numbers, after looking. All others are forgotten at once; none at all is an answer too."
    ),
    examples=("countenance request confirm Q-7K3M-9QXA 1 3", "countenance request confirm Q-7K3M-9QXA"),
)
@NUMBER
@argument("faces", metavar="[NUMBER]...", nargs=-1, type=int, help=N_("Numbers of faces, as found."))
@pass_door
def confirm(door: Door, number: str, faces: tuple[int, ...]) -> None:
    """Confirm."""
    params: dict[str, Json] = {"request": number, "faces": list(faces)}
    carry_out(door, "request-confirm", params, N_("Noted. What was not confirmed is forgotten."))


from countenance.cli.commands import (  # noqa: E402 - add their commands to the family
    request_answers,
    request_clocks,
    request_pictures,
)

__all__ = ["request", "request_answers", "request_clocks", "request_pictures"]
