"""The API as one thing: its routes, what its errors look like, and its description in OpenAPI 3.1."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError

from countenance.api import pictures, problems, searches
from countenance.api.acts import UnderWay, act_router, list_router
from countenance.api.answers import later_answer
from countenance.api.asking import TokenAuth, TooManyRequestsError, asking_of
from countenance.api.health import REFUSALS
from countenance.primitives.errors import CountenanceError, RefusedError
from countenance.primitives.text import N_

VERSION = "1"
_log = logging.getLogger("countenance.api")
_ERRORS = {
    "400": "The request is wrong.",
    "401": "No token, or one that has ended.",
    "403": "Refused, by policy or by the token's bounds: which rule, on what authority, since when.",
    "404": "What is named does not exist, or not for this account.",
    "405": "Another method.",
    "409": "The state does not allow it, or the same request is under way.",
    "413": "More was sent than is taken here.",
    "422": "A field is missing, unknown, or out of its bounds.",
    "429": "Too many requests with this token.",
    "503": "Not available now; the same request may succeed later.",
}
_DESCRIPTION = (
    "A face search that can only be used with permission. Each request is one act, signed with the account's own key; "
    "the engine decides it as it decides any other, and the log holds it. No answer holds a template, and no comparison "
    "score goes without the space it was made in. Give `Idempotency-Key` with what must be done once, and "
    "`Prefer: respond-async` with what takes long."
)


class _Api(NinjaAPI):
    """Ninja's, with problems of RFC 9457 in the description of every operation."""

    def get_openapi_schema(self, **options: Any) -> Any:
        schema: Any = json.loads(json.dumps(super().get_openapi_schema(**options), default=str))
        schema["components"]["schemas"]["Problem"] = problems.Problem.model_json_schema()
        content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for operations in schema["paths"].values():
            for method, operation in operations.items():
                for status, told in _ERRORS.items():
                    operation["responses"][status] = {"description": told, "content": content}
                if method == "post":
                    operation.setdefault("parameters", []).extend(_HEADERS)
        return schema


_HEADERS = [
    {
        "in": "header",
        "name": "Idempotency-Key",
        "required": False,
        "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]*$"},
        "description": "The same key with the same request: done once, answered again for a day.",
    },
    {
        "in": "header",
        "name": "Prefer",
        "required": False,
        "schema": {"type": "string", "enum": ["respond-async"]},
        "description": "Answer 202 at once; the answer comes under /api/v1/answers/ID (RFC 7240).",
    },
]


def make_api() -> NinjaAPI:
    """The API, whole."""
    api = _Api(
        title="Countenance",
        version=VERSION,
        description=_DESCRIPTION,
        auth=TokenAuth(),
        docs_url=None,
        urls_namespace="api-1",
    )
    api.add_router("/acts", act_router())
    api.add_router("", list_router())
    api.add_router("", searches.router)
    api.add_router("", pictures.router)
    api.add_router("", _answers())
    _on_errors(api)
    return api


def _answers() -> Router:
    router = Router(tags=["answers"])
    router.add_api_operation(
        "/answers/{answer}",
        ["GET"],
        read_answer,
        response={200: dict[str, Any], 202: UnderWay},
        operation_id="read_answer",
        summary="The answer to a request that was begun before, with this very token.",
    )
    return router


def read_answer(request: HttpRequest, answer: str) -> HttpResponse:
    """202 while it is being made; then the answer, with the status it has."""
    return later_answer(asking_of(request), answer)


def _on_errors(api: NinjaAPI) -> None:
    def on[E: Exception](kind: type[E], told: Callable[[HttpRequest, E], HttpResponse]) -> None:
        def handler(request: HttpRequest, error: E | type[E]) -> HttpResponse:
            assert isinstance(error, kind)  # what was raised, never a class
            return told(request, error)

        api.add_exception_handler(kind, handler)

    on(CountenanceError, _ours)
    on(ValidationError, _invalid)
    on(AuthenticationError, _unauthenticated)
    on(TooManyRequestsError, _too_many)
    on(HttpError, _malformed)
    on(MultiPartParserError, _unreadable)
    on(BadRequest, _unreadable)
    on(SuspiciousOperation, _unreadable)
    on(RequestDataTooBig, _too_large)
    on(TooManyFilesSent, _too_large)
    on(Http404, _missing)
    on(Exception, _crash)


def _ours(_request: HttpRequest, error: CountenanceError) -> HttpResponse:
    if isinstance(error, RefusedError):
        REFUSALS.labels(error.rule).inc()
    return problems.of_error(error)


def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = sorted({".".join(str(part) for part in each["loc"][1:]) for each in error.errors})
    return problems.problem(
        422,
        N_("Fields are missing, unknown, or out of their bounds."),
        code="fields",
        more={"fields": [field[:100] for field in fields[:50]]},
    )


def _unauthenticated(_request: HttpRequest, _: AuthenticationError) -> HttpResponse:
    return problems.problem(
        401, N_("A token that is in force is needed: Authorization: Bearer ..."), code="token"
    )


def _too_many(_request: HttpRequest, error: TooManyRequestsError) -> HttpResponse:
    told = problems.problem(429, N_("Too many requests with this token."), code="rate")
    told["Retry-After"] = str(error.seconds)
    return told


def _unreadable(_request: HttpRequest, _: Exception) -> HttpResponse:
    return problems.problem(400, N_("The body cannot be read."), code="body", title=N_("Wrong request"))


def _malformed(_request: HttpRequest, error: HttpError) -> HttpResponse:
    status = 400 if error.status_code < 500 else 500
    return problems.problem(status, N_("The body cannot be read."), code="body", title=N_("Wrong request"))


def _too_large(_request: HttpRequest, _: Exception) -> HttpResponse:
    return problems.problem(413, N_("What was sent is larger than is taken here."), code="too-large")


def _missing(_request: HttpRequest, _: Http404) -> HttpResponse:
    return problems.problem(404, N_("Nothing is here."), code="not-found")


def _crash(_request: HttpRequest, error: Exception) -> HttpResponse:
    name = f"crash-{secrets.token_hex(4)}"
    _log.error("%s: %s", name, type(error).__name__, exc_info=error)
    return problems.problem(500, N_("This is a fault of the program."), code="crash", more={"instance": name})


def no_route(_request: HttpRequest, rest: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Whatever else is asked for below /api/."""
    return problems.problem(404, N_("Nothing is here."), code="not-found")
