"""Errors as problem details (RFC 9457): the branch gives the status; a refusal names rule, authority and date."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from countenance.cli.failures import explain_in
from countenance.cli.language import spoken, tell
from countenance.primitives.canonical import Json
from countenance.primitives.errors import CountenanceError, IntegrityError, RefusedError
from countenance.primitives.text import N_, Message
from countenance.web.failures import status_of
from countenance.web.site import site

MEDIA_TYPE = "application/problem+json"


class Problem(Schema):
    """What went wrong (RFC 9457). `code`: lasting, for programs. The last four stand in refusals: which rule refused, on
    what authority, and since when it has applied.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    remedy: str | None = None
    fields: list[str] | None = None
    reason: str | None = None
    rule: str | None = None
    authority: str | None = None
    since: str | None = None


_TITLES = {
    400: N_("Wrong request"),
    401: N_("Not signed in"),
    403: N_("Refused"),
    404: N_("Not found"),
    405: N_("Not here"),
    409: N_("The state does not allow it"),
    413: N_("Too large"),
    415: N_("Wrong kind of content"),
    422: N_("Wrong request"),
    429: N_("Too many requests"),
    500: N_("A fault of ours"),
    503: N_("Not available"),
}


def of_error(error: CountenanceError) -> HttpResponse:
    """The problem that an error of ours is."""
    status, said = status_of(error), error.message
    title = N_("Stored bytes are not what they must be") if isinstance(error, IntegrityError) else None
    more: dict[str, Json] = {}
    if error.remedy is not None:
        more["remedy"] = tell(error.remedy)
    if isinstance(error, RefusedError):
        sentence, authority = explain_in(error, site().workspace)
        said = Message("{sentence}", {"sentence": sentence})
        more |= {
            "reason": error.reason,
            "rule": error.rule,
            "authority": authority,
            "since": error.since,
        }
    code = error.reason if isinstance(error, RefusedError) else error.code
    answer = problem(status, said, code=code, title=title, more=more)
    if status == 503:
        answer["Retry-After"] = "5"
    return answer


def problem(
    status: int,
    message: Message | str,
    *,
    code: str,
    title: str | None = None,
    more: Mapping[str, Json] | None = None,
) -> HttpResponse:
    """Any problem. `message`: what went wrong, in words of the catalogue."""
    said = Message(message) if isinstance(message, str) else message
    body = {
        "type": f"urn:countenance:problem:{code}",
        "title": tell(Message(title or _TITLES[status])),
        "status": status,
        "detail": tell(said),
        "code": code,
        **(more or {}),
    }
    answer = HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE)
    answer["Content-Language"] = spoken().value
    answer["Cache-Control"] = "no-store"
    if status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def only(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: below /api/ every error is a problem, those too that the framework answers by itself."""

    def answer(request: HttpRequest) -> HttpResponse:
        made = get_response(request)
        told = made.headers.get("Content-Type", "")
        if (
            not request.path_info.startswith("/api/")
            or made.status_code < 400
            or told.startswith("application/")
        ):
            return made
        status = made.status_code if made.status_code in _TITLES else 500 if made.status_code >= 500 else 400
        found = problem(status, N_("It is not taken in this form here."), code=_CODES.get(status, "request"))
        for name in ("Allow", "Retry-After"):
            if name in made.headers:
                found[name] = made.headers[name]
        return found

    return answer


_CODES = {405: "method", 413: "too-large", 415: "content", 500: "crash"}
