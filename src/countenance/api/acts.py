"""Routes of acts and of lists: one for each, made from the tables of acts and forms, so that none is forgotten."""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field, JsonValue

from countenance.acting.form import FieldKind
from countenance.acting.path import APPROVE, ActResult
from countenance.api.answers import Errand, answer, json_answer
from countenance.api.asking import asking_of
from countenance.api.bodies import Body, body_of, params_of
from countenance.policy.questions import TWO_PERSON_ACTS, Act
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.service.acts import FORMS, HANDLERS

MOST_ROWS = 200

# This module does not put off its annotations: the framework reads them from functions that are made here.

LISTS: Mapping[Act, str] = {
    Act.RECORDS_READ: "records",
    Act.OVERSIGHT_READ: "oversight",
    Act.WATCH_READ: "watch",
    Act.REVIEW_READ: "review",
}
"""Acts that read one listing, and where their lists are found."""

ELSEWHERE: Mapping[Act, str] = {
    Act.MODEL_MIGRATE: "makes the templates, on the workspace's own machine: countenance models migrate",
    Act.LOG_EXPORT: "is written on the workspace's own machine: countenance log export",
    Act.YEAR_COUNT: "is counted from the log, on the workspace's own machine: countenance yearly",
    Act.BREACH_REPORT: "needs the leaked files, on the workspace's own machine",
    Act.TOKEN_MAKE: "is made where the account's key is: countenance token make",
    Act.REQUEST_SEARCH: "takes a picture: requests/search",
    Act.REQUEST_DISCLOSE: "makes a search again from its sealed inputs: countenance request disclose",
    Act.REQUEST_READ: "is a list: requests",
}
"""Acts without a route of their own here, and why."""


SHOWS_FACES = frozenset({Act.CANDIDATE_SHOW, Act.INSPECT_FACES, Act.REQUEST_SEARCH, Act.REVIEW_NEXT})
"""Acts whose record shows faces. It is not kept for a repetition: a face whose basis ends within the day stays away."""

_INGEST = "Take in a source's photographs: the run goes on by itself, and is seen under /records/ingests."


class Done(Schema):
    """What came of an act. `log_entry`: its number in the log, null where nothing was changed. `record`: null in the
    repetition of an answer that showed faces.
    """

    act: str
    record: JsonValue
    log_entry: int | None


class UnderWay(Schema):
    """An answer that is still being made."""

    answer: str
    state: str


class Page(Schema):
    """One page of a list, in its order. `next`: what to give as `after` for the following page; null on the last."""

    items: list[dict[str, JsonValue]]
    next: str | None


class Turn(Schema):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=MOST_ROWS, description="Rows of a page.")] = 50
    after: Annotated[
        str, Field(max_length=20, pattern=r"^[0-9]{0,12}$", description="`next` of the page before.")
    ] = ""


class Approve(Body):
    """The further signature under an act that waits; its code is bound to what was proposed."""

    proposal: Annotated[str, Field(min_length=1, max_length=100)]


def act_router() -> Router:
    """`POST /acts/ACT` for every act, `POST /acts/approve`."""
    router = Router(tags=["acts"])
    for act in sorted(HANDLERS):
        if act in LISTS or act in ELSEWHERE:
            continue
        two = (
            " Takes two persons: the answer is a proposal until the second has signed."
            if act in TWO_PERSON_ACTS
            else ""
        )
        _post(
            router, act.value, body_of(act.value, FORMS[act]), f"The act {act.value}, signed and logged.{two}"
        )
    _post(router, Act.INGEST.value, body_of(Act.INGEST.value, FORMS[Act.INGEST]), _INGEST)
    _post(router, APPROVE, Approve, "Sign, as the second person, an act that waits.")
    return router


def list_router() -> Router:
    """`GET /LISTS/LISTING` for every listing, and `GET /requests`."""
    router = Router(tags=["lists"])
    for act, folder in LISTS.items():
        field, *_ = FORMS[act]  # which list; a page of it is cut here
        assert field.kind is FieldKind.WORD
        for listing in field.words:
            _get(router, f"/{folder}/{listing}", act.value, listing)
    router.add_api_operation(
        "/requests",
        ["GET"],
        read_requests,
        response=Page,
        operation_id="list_requests",
        summary="Requests, the next due first.",
    )
    return router


def read_requests(
    request: HttpRequest,
    turn: Query[Turn],
    all: Annotated[bool, Field(description="Closed ones too.")] = False,  # noqa: A002 - the act's own word
    overdue: Annotated[bool, Field(description="Only those whose day is over.")] = False,
) -> HttpResponse:
    """Requests, for the desk."""
    flags = {name: True for name, given in (("all", all), ("overdue", overdue)) if given}
    return _page(request, turn, Act.REQUEST_READ.value, flags, "requests")


def _post(router: Router, act: str, body: type[Body], told: str) -> None:
    def view(request: HttpRequest, data: Body) -> HttpResponse:
        asking = asking_of(request)
        params: dict[str, Json] = params_of(data)

        def run(nonce: str | None) -> tuple[int, dict[str, Json]]:
            return done(asking.perform(act, params, nonce=nonce))

        errand = Errand(what={"act": act, "params": params}, run=run, kept=kept_of(act))
        return answer(request, asking, errand)

    _describe(view, {"data": body})
    router.add_api_operation(
        f"/{act}",
        ["POST"],
        view,
        response={200: Done, 202: UnderWay},
        operation_id=act.replace("-", "_"),
        summary=told,
    )


def done(result: ActResult) -> tuple[int, dict[str, Json]]:
    """Status and document of an act that was carried out, or proposed."""
    return 200, {"act": result.act, "record": result.record, "log_entry": result.log_entry}


def kept_of(act: str) -> Callable[[dict[str, Json]], dict[str, Json]]:
    """What is kept of an act's answer: all of it, or only that it was given."""
    shows = act in SHOWS_FACES
    return lambda document: {**document, "record": None} if shows and "record" in document else document


def _get(router: Router, path: str, act: str, listing: str) -> None:
    def view(request: HttpRequest, turn: Query[Turn]) -> HttpResponse:
        return _page(request, turn, act, {"listing": listing}, listing)

    router.add_api_operation(
        path,
        ["GET"],
        view,
        response=Page,
        operation_id=f"list_{path.strip('/').replace('/', '_').replace('-', '_')}",
        summary=f"{listing.capitalize()}, as the account may see them.",
    )


def _page(request: HttpRequest, turn: Turn, act: str, params: Mapping[str, Json], name: str) -> HttpResponse:
    record = asking_of(request).perform(act, params).record
    rows = record[name] if isinstance(record, Mapping) else []
    assert isinstance(rows, list)
    start = int(turn.after or "0")
    if start > len(rows):
        raise UsageError(N_("The list has no such page."), code="page")
    end = start + turn.limit
    following = str(end) if end < len(rows) else None
    made = json_answer(200, {"items": rows[start:end], "next": following})
    if following is not None:
        made["Link"] = f'<{request.path}?limit={turn.limit}&after={following}>; rel="next"'
    return made


def _describe(view: Callable[..., Any], bodies: Mapping[str, type[Body]]) -> None:
    """Give a function that was made in a loop the signature that the framework reads."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    request = inspect.Parameter("request", kind, annotation=HttpRequest)
    rest = [inspect.Parameter(name, kind, annotation=body) for name, body in bodies.items()]
    vars(view)["__signature__"] = inspect.Signature([request, *rest])
