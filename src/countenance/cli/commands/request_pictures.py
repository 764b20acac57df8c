"""The commands of the request desk that need pictures: search by one's own face, and the access package.

They work on the workspace itself, as ingest does; the other commands of the desk go to the searcher where one runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli.acts import pass_door, signed
from countenance.cli.commands.requests import NUMBER, request, show_faces, write_private
from countenance.cli.door import Door
from countenance.cli.failures import Exit, report_refusal
from countenance.cli.language import Language, say, speak, spoken
from countenance.cli.parts import argument, option
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.extraction.pool import ExtractionPool


@request.command(
    "search",
    summary=N_("Search by the requester's own face."),
    text=N_(
        "Only after somebody has seen that the picture shows the requester. It is compared with all that is held, serves "
        "this request alone, is sealed under the request's own key, never enrolled, and gone when the request ends. "
        "Look at the page, then confirm which faces are theirs."
    ),
    examples=("countenance request search Q-7K3M-9QXA anne.jpg --sheet found.html",),
)
@NUMBER
@argument("picture", metavar="PHOTO", type=click.Path(path_type=Path), help=N_("The requester's picture."))
@option(
    "--face", metavar="NUMBER", type=int, help=N_("Number of the requester's face, where it shows several.")
)
@option(
    "--sheet",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("Page with the faces found, to be looked at here and then deleted."),
)
@pass_door
def search(door: Door, number: str, picture: Path, face: int | None, sheet: Path) -> int:
    """Search."""
    from countenance.cli.sheet import write_page
    from countenance.cli.sheet.access import render_found
    from countenance.policy.decisions import Refused
    from countenance.rights.own_face import NoProbe, search_own_face

    try:
        data = picture.read_bytes()
    except OSError as error:
        raise NotFoundError(
            N_("There is no photograph {path}."), code="photograph-missing", path=str(picture)
        ) from error
    workspace = door.workspace()
    params: dict[str, Json] = {
        "request": number,
        "picture": sha256_hex(data),
        "face": -1 if face is None else face,
    }
    with _pool(door) as pool:
        answer = search_own_face(workspace, door.sign("request-search", params), data, pool)
    if isinstance(answer, Refused):
        report_refusal(door, answer.error())
        return Exit.REFUSED
    if isinstance(answer, NoProbe):
        document: dict[str, Json] = {"no_probe": answer.reason, "faces": answer.faces}
        if door.screen.json:
            door.screen.document(document)
        else:
            door.screen.paragraph(
                say(
                    N_("No template could be made of the picture: {reason} ({faces} faces)."),
                    reason=answer.reason,
                    faces=answer.faces,
                )
            )
        return Exit.FAILED
    write_page(sheet, render_found(answer))
    rows: list[dict[str, Json]] = [
        {
            "number": each.number,
            "source": each.source,
            "photograph": each.photograph,
            "face": each.face,
            "confirmed": each.confirmed,
        }
        for each in answer.faces
    ]
    shown: dict[str, Json] = {
        "request": answer.request,
        "faces": list[Json](rows),
        "searched": answer.coverage.searched,
        "permitted": answer.coverage.permitted,
        "sheet": str(sheet),
        "log_entry": answer.log_entry,
    }
    show_faces(door, rows, shown)
    if not door.screen.json:
        door.screen.text(N_("Page with thumbnails: {path}"), path=str(sheet))
        signed(door, answer.log_entry)
    return Exit.DONE


@request.command(
    "package",
    summary=N_("Make the access package, to be looked at before it goes out."),
    text=N_(
        "One ZIP: a page with everything in the requester's language, the same for programs, and the pictures. The faces of "
        "other people are destroyed in it, as far as they are found: look at each picture. Then hand it out: "
        "countenance request fulfil REQUEST --package FILE, which puts the receipt in."
    ),
    examples=("countenance request package Q-7K3M-9QXA --out access.zip",),
)
@NUMBER
@option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help=N_("The package."))
@pass_door
def package(door: Door, number: str, out: Path) -> None:
    """Make the package."""
    from countenance.cli import package as packages
    from countenance.cli.sheet.access import render_access
    from countenance.rights.access import pictures_of

    workspace = door.workspace()
    result = door.perform("request-prepare", {"request": number})
    assert isinstance(result.record, dict)
    content = dict(result.record)
    with _pool(door) as pool:
        pictures = pictures_of(workspace, [str(face["id"]) for face in content["faces"]], pool)
    with _speaking(Language(content["language"])):
        page = render_access(content, pictures)
    write_private(out, packages.build(content, page, pictures))
    if door.screen.json:
        document: dict[str, Json] = {
            "package": str(out),
            "faces": len(content["faces"]),
            "pictures": sum(shown.photograph is not None for shown in pictures),
            "log_entry": result.log_entry,
        }
        door.screen.document(document)
        return
    door.screen.text(N_("Package: {path}. Look at each picture before it goes out."), path=str(out))
    signed(door, result.log_entry)


@contextmanager
def _pool(door: Door) -> Iterator[ExtractionPool]:
    from countenance.extraction.pool import ExtractionPool

    workspace = door.workspace()
    with ExtractionPool(workspace.models, workers=1, limits=workspace.limits) as pool:
        yield pool


@contextmanager
def _speaking(language: Language) -> Iterator[None]:
    """The requester's language, for as long as the page is written."""
    before = spoken()
    speak(language)
    try:
        yield
    finally:
        speak(before)
