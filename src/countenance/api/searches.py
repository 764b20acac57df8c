"""Searches: photographs of one sought person in, leads out. No score goes out without the space it was made in."""

import base64
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema, UploadedFile
from pydantic import Field, StringConstraints

from countenance.api.acts import UnderWay
from countenance.api.answers import Errand, answer
from countenance.api.asking import asking_of
from countenance.api.bodies import Body
from countenance.cli.leads import STATEMENT
from countenance.policy.decisions import Refused
from countenance.policy.grants import MAX_CANDIDATES
from countenance.policy.purposes import Purpose
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.search.path import SearchAnswer
from countenance.search.values import (
    MOST_PHOTOGRAPHS,
    Candidate,
    FailureToAcquire,
    LoggedCandidates,
    ProbeFace,
    SearchRequest,
    WhichFace,
)
from countenance.web.site import MOST_UPLOADED

_Face = Annotated[int, Field(ge=-1, le=10_000)]


class SearchBody(Body):
    """What is searched for, where and why. The purpose is named, so that a token can be held to its own."""

    case: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    purpose: Purpose
    gallery: Annotated[str, StringConstraints(max_length=200)] = ""
    faces: Annotated[
        list[_Face],
        Field(
            default_factory=list,
            max_length=MOST_PHOTOGRAPHS,
            description="Number of the sought face, once for each photograph; -1 where it shows one only. None: all such.",
        ),
    ]
    k: Annotated[int, Field(ge=1, le=MAX_CANDIDATES, description="Most candidates.")] = MAX_CANDIDATES
    pictures: Annotated[bool, Field(description="Thumbnails too, JPEG in base64.")] = False


class Score(Schema):
    """A comparison score, a cosine of -1..1, and the template space in which alone it means anything. `stranger`, `missed`:
    shares, 0..1: how often somebody else reaches it among as many references, and how often the right one stays below;
    null where no valid evaluation says so.
    """

    value: float
    space_id: str
    stranger: float | None
    missed: float | None


class Lead(Schema):
    """One line of the list: a lead, not an identification."""

    rank: int
    person: str | None
    photo: str
    face: int
    comparison_score: Score
    references: int
    frames: int
    source: str
    source_ref: str
    captured_at: str
    holder: str
    contact: str
    picture: str | None


class CoverageShown(Schema):
    """How much of what may be searched was searched: counts of references."""

    searched: int
    of: int
    not_searchable: int


class FaceShown(Schema):
    """One face of a photograph, in pixels of the photograph as it is displayed."""

    number: int
    x: float
    y: float
    width: float
    height: float
    quality: list[str]
    picture: str | None


class Candidates(Schema):
    """The list, as it stands in the log."""

    kind: Literal["candidates"]
    case: str
    purpose: str
    gallery: str
    candidates: list[Lead]
    coverage: CoverageShown
    space_id: str
    grant: str
    log_entry: int
    statement: str


class Which(Schema):
    """A photograph shows several faces: say which, and ask again."""

    kind: Literal["which-face"]
    photograph: int
    faces: list[FaceShown]


class NotAcquired(Schema):
    """No template could be made of a photograph: failure to acquire."""

    kind: Literal["failure-to-acquire"]
    photograph: int
    reason: str


class SearchKept(Schema):
    """What is kept of a search that was asked for twice: that it was made. The list is not stored a second time."""

    kind: Literal["search-made"]
    log_entry: int


router = Router(tags=["searches"])


def search(
    request: HttpRequest, data: Form[SearchBody], photographs: File[list[UploadedFile]]
) -> HttpResponse:
    """Search a gallery in a case. A refusal is a problem of status 403, and logged."""
    asking = asking_of(request)
    pictures = read_pictures(photographs)
    wanted = SearchRequest(
        case=data.case,
        gallery=data.gallery,
        purpose=data.purpose.value,
        photographs=pictures,
        faces=_faces(data.faces, len(pictures)),
        k=data.k,
    )

    def run(nonce: str | None) -> tuple[int, dict[str, Json]]:
        found = asking.search(wanted, nonce=nonce)
        if isinstance(found, Refused):
            raise found.error()
        return 200, shown(found, pictures=data.pictures)

    return answer(
        request, asking, Errand(what={"act": "search", "params": wanted.params()}, run=run, kept=_kept)
    )


router.add_api_operation(
    "/searches",
    ["POST"],
    search,
    response={200: Candidates | Which | NotAcquired | SearchKept, 202: UnderWay},
    operation_id="search",
    summary="Search a gallery in a case; yields leads, not identifications.",
)


def read_pictures(files: list[UploadedFile]) -> tuple[bytes, ...]:
    """The bytes of uploads; their names are not looked at. Raises UsageError for none, too many, or too much."""
    if not 1 <= len(files) <= MOST_PHOTOGRAPHS:
        raise UsageError(
            N_("A search takes 1 to {most} photographs of one person."),
            code="photographs",
            most=MOST_PHOTOGRAPHS,
        )
    if sum(file.size or 0 for file in files) > MOST_UPLOADED:
        raise UsageError(
            N_("The photographs have more than {most} bytes together."),
            code="photographs-size",
            most=MOST_UPLOADED,
        )
    return tuple(file.read() for file in files)


def shown(found: SearchAnswer, *, pictures: bool) -> dict[str, Json]:
    """An answer that is no refusal, by the schemas above."""
    if isinstance(found, FailureToAcquire):
        return {"kind": "failure-to-acquire", "photograph": found.photograph, "reason": found.reason}
    if isinstance(found, WhichFace):
        faces: list[Json] = [_face(face, pictures=pictures) for face in found.faces]
        return {"kind": "which-face", "photograph": found.photograph, "faces": faces}
    assert isinstance(found, LoggedCandidates)
    leads: list[Json] = [_lead(found, line, pictures=pictures) for line in found.candidates]
    return {
        "kind": "candidates",
        "case": found.case,
        "purpose": found.purpose,
        "gallery": found.gallery,
        "candidates": leads,
        "coverage": {
            "searched": found.coverage.searched,
            "of": found.coverage.permitted,
            "not_searchable": found.coverage.not_searchable,
        },
        "space_id": str(found.space_id),
        "grant": found.grant_id,
        "log_entry": found.log_entry,
        "statement": STATEMENT,
    }


def _kept(document: dict[str, Json]) -> dict[str, Json]:
    if document["kind"] != "candidates":
        return document
    return {"kind": "search-made", "log_entry": document["log_entry"]}


def _lead(found: LoggedCandidates, line: Candidate, *, pictures: bool) -> dict[str, Json]:
    said = line.statement
    score: dict[str, Json] = {
        "value": round(line.score, 4),
        "space_id": str(found.space_id),
        "stranger": None if said is None or said.stranger is None else said.stranger.value,
        "missed": None if said is None else said.missed.value,
    }
    return {
        "rank": line.rank,
        "person": line.person,
        "photo": line.photo,
        "face": line.face,
        "comparison_score": score,
        "references": line.references,
        "frames": line.frames,
        "source": line.source,
        "source_ref": line.source_ref,
        "captured_at": line.captured_at,
        "holder": line.holder,
        "contact": line.contact,
        "picture": _picture(line.crop) if pictures else None,
    }


def _face(face: ProbeFace, *, pictures: bool) -> dict[str, Json]:
    return {
        "number": face.number,
        "x": round(face.box.x, 1),
        "y": round(face.box.y, 1),
        "width": round(face.box.width, 1),
        "height": round(face.box.height, 1),
        "quality": [reason.value for reason in face.quality],
        "picture": _picture(face.crop) if pictures else None,
    }


def _picture(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _faces(given: list[int], count: int) -> tuple[int | None, ...]:
    if not given:
        return (None,) * count
    if len(given) != count:
        raise UsageError(N_("Name a face, or none, for each photograph."), code="faces")
    return tuple(None if face < 0 else face for face in given)
