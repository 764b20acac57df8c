"""The commands of the request desk that need pictures: search by one's own face, and the access package.

They work on the workspace itself, as ingest does; the other commands of the desk go to the searcher where one runs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli.acts import carry_out, pass_door, signed
from countenance.cli.commands.requests import (
    NUMBER,
    RECEIPT,
    hand_receipt,
    read_picture,
    request,
    show_faces,
    write_private,
)
from countenance.cli.door import Door
from countenance.cli.failures import Exit, report_refusal
from countenance.cli.language import Language, say, speak, spoken
from countenance.cli.parts import argument, option
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.extraction.pool import ExtractionPool
    from countenance.rights.own_face import NoProbe


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

    data = read_picture(picture)
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
        return _no_probe(door, answer)
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
        "closed": [
            {"gallery": each.gallery, "rule": each.rule or None, "authority": each.authority or None}
            for each in answer.closed
        ],
        "sheet": str(sheet),
        "log_entry": answer.log_entry,
    }
    show_faces(door, rows, shown)
    if not door.screen.json:
        for each in answer.closed:
            if each.rule:
                door.screen.text(
                    N_("The gallery {gallery} is closed by {rule} ({authority}) and was not looked through."),
                    gallery=each.gallery,
                    rule=each.rule,
                    authority=each.authority,
                )
            else:
                door.screen.text(
                    N_(
                        "A lock or an order closes a part of the gallery {gallery}; that was not looked through."
                    ),
                    gallery=each.gallery,
                )
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


@request.command(
    "disclose",
    summary=N_("Disclose a search to the person it affected, made again."),
    text=N_(
        "For a verified request for access, one search on whose list the requester stood: probe and what was done to it, "
        "all candidates, scores, threshold, model, reviewers, and what speaks against. The search is made again from what "
        "was sealed with it. Others on the list are told by rank and score alone. Say whose decision allows it."
    ),
    examples=('countenance request disclose Q-7K3M-9QXA --search 1 --allowed-by "File 9"',),
)
@NUMBER
@option(
    "--search",
    "place",
    type=int,
    required=True,
    metavar="NUMBER",
    help=N_("Which search, as the access package numbers them."),
)
@option(
    "--allowed-by",
    "authority",
    required=True,
    metavar="TEXT",
    help=N_("Whose decision allows it, and its date."),
)
@option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=Path("disclosure.zip"),
    help=N_("The package (ZIP). Else disclosure.zip in this folder."),
)
@pass_door
def disclose(door: Door, number: str, place: int, authority: str, out: Path) -> int:
    """Disclose a search."""
    from countenance.cli import package as packages
    from countenance.cli.sheet.disclosure import render_disclosure
    from countenance.policy.decisions import Refused
    from countenance.rights.disclosure import disclose as disclose_search
    from countenance.tlog import verifier

    workspace = door.workspace()
    params: dict[str, Json] = {"request": number, "search": place, "authority": authority}
    with _pool(door) as pool:
        found = disclose_search(workspace, door.sign("request-disclose", params), pool)
    if isinstance(found, Refused):
        report_refusal(door, found.error())
        return Exit.REFUSED
    record = door.perform("request-receipts", {"request": number, "latest": True}).record
    assert isinstance(record, dict)
    with _speaking(Language(str(found.content["language"]))):
        page = render_disclosure(found)
    receipt = str(record["receipts"][-1]["file"])
    write_private(out, packages.build_disclosure(found, page, receipt, Path(verifier.__file__)))
    if door.screen.json:
        door.screen.document(
            {"package": str(out), "reproduction": found.content["reproduction"], "log_entry": found.log_entry}
        )
        return Exit.DONE
    door.screen.text(N_("Disclosure: {path}. Look at each picture before it goes out."), path=str(out))
    signed(door, found.log_entry)
    return Exit.DONE


@request.command(
    "sweep",
    summary=N_("Look through a source that has no index, for one requester."),
    text=N_(
        "Off unless a policy pack permits it and cites its authority. Every photograph is looked at once; templates live in "
        "memory only, are compared with the requester's, and are dropped. Stop it with Ctrl-C; the same command goes on. "
        "Look at the photographs it lists, then release those that are theirs: the receipt is the certificate that nothing "
        "else was kept."
    ),
    examples=(
        "countenance request sweep Q-7K3M-9QXA albums --plan",
        "countenance request sweep Q-7K3M-9QXA albums --picture anne.jpg",
        "countenance request sweep Q-7K3M-9QXA albums --release 1 --release 3 \\",
        "    --receipt certificate.json",
    ),
)
@NUMBER
@argument("source", metavar="SOURCE", help=N_("The source to look through."))
@option("--plan", is_flag=True, help=N_("Only say how many photographs there are and how long it will take."))
@option(
    "--picture",
    metavar="PHOTO",
    type=click.Path(path_type=Path),
    help=N_("The requester's picture, to begin."),
)
@option(
    "--release",
    metavar="NUMBER",
    type=int,
    multiple=True,
    help=N_("A photograph that is theirs; 0 for none of them."),
)
@option(
    "--workers", metavar="NUMBER", type=click.IntRange(1, 256), help=N_("Processes. Else one per processor.")
)
@RECEIPT
@pass_door
def sweep(
    door: Door,
    number: str,
    source: str,
    plan: bool,
    picture: Path | None,
    release: tuple[int, ...],
    workers: int | None,
    receipt_to: Path | None,
) -> int:
    """Sweep."""
    if release:
        numbers: dict[str, Json] = {
            "request": number,
            "source": source,
            "release": [each for each in release if each],
        }
        carry_out(door, "request-sweep", numbers, N_("Released. Nothing else was kept."))
        hand_receipt(door, number, receipt_to)
        return Exit.DONE
    from countenance.cli.commands.ingest import stopping
    from countenance.policy.decisions import Refused
    from countenance.rights.own_face import NoProbe
    from countenance.rights.secrecy import memory_only
    from countenance.rights.sweep import plan_sweep
    from countenance.rights.sweep import sweep as sweep_source

    held = memory_only()
    workspace = door.workspace()
    stop = threading.Event()
    with _pool(door, workers=workers or os.cpu_count() or 1) as pool:
        if plan:
            cost = plan_sweep(workspace, source, pool)
            document: dict[str, Json] = {"photographs": cost.photographs, "seconds": round(cost.seconds, 1)}
            if door.screen.json:
                door.screen.document(document)
            else:
                door.screen.text(
                    N_("{count} photographs, about {minutes} minutes."),
                    count=cost.photographs,
                    minutes=max(1, round(cost.seconds / 60)),
                )
            return Exit.DONE
        data = read_picture(picture) if picture is not None else None
        params: dict[str, Json] = {"request": number, "source": source}
        if data is not None:
            params["picture"] = sha256_hex(data)
        signed_by_me = door.sign("request-sweep", params)
        with stopping(door, stop):
            answer = sweep_source(workspace, signed_by_me, data, pool, held, report=_report, stop=stop)
    if isinstance(answer, Refused):
        report_refusal(door, answer.error())
        return Exit.REFUSED
    if isinstance(answer, NoProbe):
        return _no_probe(door, answer)
    shown: dict[str, Json] = {
        "request": answer.request,
        "source": answer.source,
        "looked_at": answer.looked_at,
        "failed": answer.failed,
        "done": answer.done,
        "found": [{"number": each.number, "photograph": each.path} for each in answer.findings],
    }
    if door.screen.json:
        door.screen.document(shown)
    else:
        from countenance.cli.screen import Column

        if not answer.done:
            door.screen.text(N_("Stopped. The same command goes on from here."), bold=True)
        door.screen.text(N_("{count} photographs looked at."), count=answer.looked_at)
        door.screen.table(
            [Column(title=N_("Number"), right=True), Column(title=N_("Photograph"))],
            [(each.number, each.path) for each in answer.findings],
            empty=N_("Nothing was found."),
        )
    return Exit.DONE if answer.done else Exit.INTERRUPTED


def _report(looked_at: int, of: int) -> None:
    click.echo(f"{looked_at}/{of}", err=True)


def _no_probe(door: Door, answer: NoProbe) -> int:
    if door.screen.json:
        door.screen.document({"no_probe": answer.reason, "faces": answer.faces})
    else:
        door.screen.paragraph(
            say(
                N_("No template could be made of the picture: {reason} ({faces} faces)."),
                reason=answer.reason,
                faces=answer.faces,
            )
        )
    return Exit.FAILED


@contextmanager
def _pool(door: Door, workers: int = 1) -> Iterator[ExtractionPool]:
    from countenance.extraction.pool import ExtractionPool

    workspace = door.workspace()
    with ExtractionPool(workspace.models, workers=workers, limits=workspace.limits) as pool:
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
