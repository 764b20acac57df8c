"""What is asked with a person's own picture: their faces looked for on their request, and an opt-out that keeps its template."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, UploadedFile
from pydantic import Field, StringConstraints

from countenance.api.acts import Done, UnderWay, done, kept_of
from countenance.api.answers import Errand, answer
from countenance.api.asking import asking_of
from countenance.api.bodies import Body
from countenance.api.searches import read_pictures
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json, sha256_hex
from countenance.rights.suppression import MOST_DAYS

_Number = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_Face = Annotated[int, Field(ge=-1, le=10_000, description="Number of the face; -1: the only one.")]


class OwnFaceBody(Body):
    """A verified request, and which face of the picture is the requester's."""

    request: _Number
    face: _Face = -1


class KeepOutBody(Body):
    """The opt-out that asks for it, for how many days, and whether lists of candidates are meant too."""

    request: _Number
    face: _Face = -1
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None = None
    every_answer: bool = False


router = Router(tags=["requests"])


def search_own_face(
    request: HttpRequest, data: Form[OwnFaceBody], picture: File[UploadedFile]
) -> HttpResponse:
    """Look for a requester's own face; the picture serves this request alone."""
    asking = asking_of(request)
    (content,) = read_pictures([picture])
    params: dict[str, Json] = {"request": data.request, "picture": sha256_hex(content), "face": data.face}

    def run(nonce: str | None) -> tuple[int, dict[str, Json]]:
        return done(asking.perform_with(Act.REQUEST_SEARCH.value, params, content, nonce=nonce))

    what: dict[str, Json] = {"act": Act.REQUEST_SEARCH.value, "params": params}
    return answer(request, asking, Errand(what=what, run=run, kept=kept_of(Act.REQUEST_SEARCH)))


def keep_out(request: HttpRequest, data: Form[KeepOutBody], picture: File[UploadedFile]) -> HttpResponse:
    """Answer an opt-out by a protected template, by a picture that serves this alone."""
    asking = asking_of(request)
    (content,) = read_pictures([picture])
    params: dict[str, Json] = {"request": data.request, "picture": sha256_hex(content), "face": data.face}
    if data.days is not None:
        params["days"] = data.days
    if data.every_answer:
        params["every_answer"] = True

    def run(nonce: str | None) -> tuple[int, dict[str, Json]]:
        return done(asking.perform_with(Act.REQUEST_FULFIL.value, params, content, nonce=nonce))

    return answer(request, asking, Errand(what={"act": Act.REQUEST_FULFIL.value, "params": params}, run=run))


router.add_api_operation(
    "/requests/search",
    ["POST"],
    search_own_face,
    response={200: Done, 202: UnderWay},
    operation_id="request_search",
    summary="Look for a requester's own face.",
)
router.add_api_operation(
    "/requests/keep-out",
    ["POST"],
    keep_out,
    response={200: Done, 202: UnderWay},
    operation_id="request_keep_out",
    summary="Answer an opt-out by a protected template.",
)
