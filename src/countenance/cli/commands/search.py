"""`countenance search`: leads in a case, from the running searcher or from this very process."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli.acts import given, pass_door
from countenance.cli.commands.cluster import cluster_folder
from countenance.cli.door import Door
from countenance.cli.failures import Exit, report_refusal
from countenance.cli.language import say
from countenance.cli.leads import (
    UNREADABLE,
    answer_document,
    answer_exit,
    names_of,
    show_candidates,
    show_which_face,
)
from countenance.cli.parts import Command, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.errors import (
    CountenanceError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UsageError,
)
from countenance.primitives.files import name_to_text
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.records.identity import AccountKey
    from countenance.search.path import SearchAnswer
    from countenance.service.searcher import Searcher


@click.command(
    "search",
    cls=Command,
    summary=TABLE["search"][1],
    text=N_(
        "Give one photograph of the sought person, or several, which are fused. Where a photograph shows several "
        "faces, the command asks which; --face says it. At most 20 candidates are listed, by person. They are leads, "
        "not identifications; each search is logged, and so is each refusal."
    ),
    examples=(
        "countenance search C-7K3M-9QXA photo.jpg",
        "countenance search C-7K3M-9QXA one.jpg two.jpg --face 0 --face 2",
        "countenance search C-7K3M-9QXA --many probes/ > answers.jsonl",
    ),
)
@argument("case", metavar="CASE", help=N_("The case's code."))
@argument(
    "photographs",
    metavar="[PHOTO]...",
    nargs=-1,
    type=click.Path(path_type=Path),
    help=N_("Photographs of one person."),
)
@option("--gallery", metavar="GALLERY", help=N_("The gallery. Needed where there are several."))
@option("--purpose", metavar="PURPOSE", help=N_("What for. Else the purpose of the case."))
@option(
    "--face",
    "faces",
    metavar="NUMBER",
    type=int,
    multiple=True,
    help=N_("Number of the sought face; once, or once for each photograph. -1: the only one there is."),
)
@option(
    "--many",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help=N_(
        "Search for many people, one by one: a folder of photographs, or a CSV with the column path and optionally "
        "face. Prints one JSON line each."
    ),
)
@option(
    "-k", "k", metavar="NUMBER", type=click.IntRange(1, 20), help=N_("Most candidates, 1 to 20. Else 20.")
)
@option(
    "--identify",
    is_flag=True,
    help=N_("By the threshold of the gallery's operating point. Locked where there is none that is valid."),
)
@option(
    "--sheet",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("Also write a page with the candidates' thumbnails (HTML, to be looked at by people)."),
)
@option(
    "--ray",
    metavar="HOST:PORT",
    help=N_("Where no searcher runs: have the cluster with this head hold the segments."),
)
@cluster_folder
@pass_door
def search(
    door: Door,
    case: str,
    photographs: tuple[Path, ...],
    gallery: str | None,
    purpose: str | None,
    faces: tuple[int, ...],
    many: Path | None,
    k: int | None,
    identify: bool,
    sheet: Path | None,
    ray: str | None,
    cluster: Path,
) -> int:
    """Search."""
    _check_words(case, photographs, many)
    from countenance.records.identity import AccountKey
    from countenance.service.searcher import open_searcher

    key = AccountKey.read(door.keys() / f"{door.account()}.key")
    wanted = given(case=case, gallery=gallery, purpose=purpose, k=k, identify=identify)
    place = None if ray is None else (ray, cluster.absolute())
    with open_searcher(door.directory().absolute(), cluster=place) as searcher:
        if many is not None:
            return _search_many(door, searcher, key, wanted, many)
        chosen = _faces_for(faces, len(photographs))
        answer = ask(searcher, key, wanted, [_read(path) for path in photographs], chosen)
        refused = None if sheet is None else _may_leave(searcher, key, answer)
    _show(door, answer, [str(path) for path in photographs], case)
    if refused is not None:
        raise refused
    if sheet is not None:
        from countenance.cli.sheet import write_sheet

        write_sheet(door, sheet, answer)
    return answer_exit(answer)


def _may_leave(searcher: Searcher, key: AccountKey, answer: SearchAnswer) -> RefusedError | None:
    """Ask whether the list may leave as a file, which is logged; the refusal where it may not."""
    from countenance.primitives.clock import system_clock
    from countenance.search.values import LoggedCandidates

    if not isinstance(answer, LoggedCandidates):
        return None
    params = {"entry": answer.log_entry}
    signed = key.sign(
        workspace_id=searcher.workspace_id, act="search-export", params=params, at=system_clock()
    )
    try:
        searcher.perform(signed)
    except RefusedError as error:
        return error
    return None


def ask(
    searcher: Searcher,
    key: AccountKey,
    wanted: Mapping[str, Json],
    photographs: list[bytes],
    faces: tuple[int | None, ...],
) -> SearchAnswer:
    """Sign one search and have it answered."""
    from countenance.policy.grants import MAX_CANDIDATES
    from countenance.primitives.clock import system_clock
    from countenance.search.values import ACT, SearchRequest

    request = SearchRequest(
        case=str(wanted.get("case", "")),
        gallery=str(wanted.get("gallery", "")),
        purpose=str(wanted.get("purpose", "")),
        photographs=tuple(photographs),
        faces=faces,
        k=int(str(wanted.get("k", MAX_CANDIDATES))),
        identify=wanted.get("identify") is True,
    )
    signed = key.sign(workspace_id=searcher.workspace_id, act=ACT, params=request.params(), at=system_clock())
    return searcher.search(signed, request.photographs)


def _check_words(case: str, photographs: tuple[Path, ...], many: Path | None) -> None:
    """What a first search gets wrong: no case, or nothing to search with."""
    from countenance.primitives.ids import read_code

    if read_code(case) is None and Path(case).exists():
        raise UsageError(
            N_("A search belongs to a case; {path} is a file."),
            remedy=N_(
                "Name the case first: countenance search CASE PHOTO. See yours with: countenance case list"
            ),
            code="case-first",
            path=case,
        )
    if bool(photographs) == (many is not None):
        raise UsageError(
            N_("Name the photographs of one person, or many people with --many."),
            remedy=N_("For example: countenance search {case} photo.jpg"),
            code="photographs",
            case=case,
        )


def _show(door: Door, answer: SearchAnswer, names: list[str], case: str) -> None:
    from countenance.policy.decisions import Refused
    from countenance.search.values import FailureToAcquire, LoggedCandidates

    screen = door.screen
    if screen.json:
        screen.document(answer_document(answer))
    elif isinstance(answer, LoggedCandidates):
        show_candidates(screen, answer)
    elif isinstance(answer, Refused):
        report_refusal(door, answer.error())
        _what_next(door, answer.reason, case)
    elif isinstance(answer, FailureToAcquire):
        screen.paragraph(say(UNREADABLE, number=names_of(names, answer.photograph), reason=answer.reason))
    else:
        show_which_face(screen, answer, names_of(names, answer.photograph), len(names))


def _what_next(door: Door, reason: str, case: str) -> None:
    """What a caseworker does about the two refusals that are slips of the keyboard."""
    if door.screen.json:
        return
    if reason == "no-case" and case:
        hint = say(
            N_("No case of yours has the code {case}. See yours with: countenance case list"), case=case
        )
    elif reason == "role-may-not-search":
        hint = say(N_("{account} signed. Another account: --as NAME --keys DIR."), account=door.account())
    else:
        return
    door.screen.paragraph(hint, err=True)


def _faces_for(faces: tuple[int, ...], count: int) -> tuple[int | None, ...]:
    """One number for each photograph; a single one serves a single photograph; -1 leaves it open."""
    if not faces:
        return (None,) * count
    if len(faces) != count:
        raise UsageError(
            N_("{faces} faces are named for {count} photographs."),
            remedy=N_(
                "Give --face once for each photograph, in their order; -1 for one that shows one face only."
            ),
            code="faces",
            faces=len(faces),
            count=count,
        )
    return tuple(None if face < 0 else face for face in faces)


def _search_many(
    door: Door, searcher: Searcher, key: AccountKey, wanted: Mapping[str, Json], many: Path
) -> int:
    """One JSON line for each probe, errors included; the exit code is 1 if any of them was not searched."""
    failed = False
    for path, face in _probes(many):
        line: dict[str, Json] = {"probe": _name(path)}
        try:
            answer = ask(searcher, key, wanted, [_read(path)], (face,))
        except CountenanceError as error:
            line |= {"error": {"code": error.code, "message": str(error)}}
            failed = True
        else:
            line |= answer_document(answer)
            failed = failed or answer_exit(answer) is not Exit.DONE
        door.screen.document(line)
    return Exit.FAILED if failed else Exit.DONE


def _probes(many: Path) -> Iterator[tuple[Path, int | None]]:
    """The photographs of a folder in order of name, or the rows of a CSV (paths count from the CSV's folder)."""
    if many.is_dir():
        for path in sorted(many.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                yield path, None
        return
    try:
        with many.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NotFoundError(
            N_("{path} is neither a folder nor a CSV that can be read."), code="many", path=str(many)
        ) from error
    unknown = {name for row in rows for name in row} - {"path", "face"}
    if unknown or any(not row.get("path") for row in rows):
        raise UsageError(
            N_("{path} must have the column path, and may have the column face; nothing else."),
            code="many",
            path=str(many),
        )
    for row in rows:
        face = row.get("face") or ""
        if face and not face.isdigit():
            raise UsageError(N_("A face is named by its number: 0, 1, 2 ..."), code="faces")
        yield many.parent / row["path"], int(face) if face else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(
            N_("There is no photograph {path}."), code="photograph-missing", path=_name(path)
        ) from error
    except IsADirectoryError as error:
        raise UsageError(
            N_("{path} is a folder, not a photograph."),
            remedy=N_("To search with each of its photographs, one by one: --many {path}"),
            code="photograph-folder",
            path=_name(path),
        ) from error
    except OSError as error:
        raise UnavailableError(
            N_("{path} cannot be read: {problem}."),
            code="photograph-unreadable",
            path=_name(path),
            problem=error.strerror,
        ) from error


def _name(path: Path) -> str:
    """A path of any bytes as one line of text, as lists of items have it."""
    return name_to_text(os.fsencode(path))
