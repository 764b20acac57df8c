"""What an error becomes on a page: an HTTP status, and a text that says what was wrong, why, and what to do next.

::

    400 usage    403 refused by policy, or a form from elsewhere    404 not found    409 the state does not allow it
    413 too large    429 too often    500 a fault of ours, or stored bytes that are not what they must be    503 not available now
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from countenance.cli.failures import explain_in
from countenance.cli.language import _, say, tell
from countenance.cli.leads import UNREADABLE
from countenance.primitives.errors import (
    ConflictError,
    CountenanceError,
    IntegrityError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UsageError,
)
from countenance.primitives.text import N_
from countenance.records.database import unavailable
from countenance.web.site import site

_log = logging.getLogger("countenance.web")
_TOO_BIG = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An error before people. `rule`, `authority`, `since`: of a refusal, else empty."""

    status: int
    title: str
    message: str
    remedy: str = ""
    code: str = ""
    reason: str = ""
    rule: str = ""
    authority: str = ""
    since: str = ""


def status_of(error: CountenanceError) -> int:
    """The HTTP status of a branch of the error tree (RFC 9110, section 15)."""
    for branch, status in (
        (RefusedError, 403),
        (UsageError, 400),
        (NotFoundError, 404),
        (ConflictError, 409),
        (UnavailableError, 503),
        (IntegrityError, 500),
    ):
        if isinstance(error, branch):
            return status
    return 500


_TITLES = {
    400: N_("That cannot be read"),
    403: N_("Refused"),
    404: N_("Not found"),
    409: N_("Not as things stand"),
    413: N_("Too large"),
    429: N_("Too often"),
    500: N_("Something is wrong here"),
    503: N_("Not now"),
}


def failure_of(error: CountenanceError) -> Failure:
    """An error that was raised on purpose, in the language spoken now."""
    status = status_of(error)
    if isinstance(error, RefusedError):
        sentence, authority = explain_in(error, site().workspace)
        return Failure(
            status=status,
            title=_(_TITLES[status]),
            message=sentence,
            code=error.code,
            reason=error.reason,
            rule=error.rule,
            authority=authority,
            since=error.since,
        )
    return Failure(
        status=status,
        title=_(_TITLES[status]),
        message=tell(error.message),
        remedy=""
        if error.remedy is None or _for_a_command_line(error.remedy.template)
        else tell(error.remedy),
        code=error.code,
    )


def _for_a_command_line(remedy: str) -> bool:
    """Whether it names options of a command that is not named with them: on a page there are none to give."""
    return " --" in f" {remedy}" and "countenance " not in remedy


def page_of(request: HttpRequest, error: Exception) -> HttpResponse:
    """The page of an error that a view raised."""
    if isinstance(error, OperationalError):
        error = unavailable(error)
    if isinstance(error, CountenanceError):
        failure = failure_of(error)
    elif isinstance(error, _TOO_BIG):
        failure = _plain(413, N_("What was sent is larger than this page takes."))
    elif isinstance(error, Http404):
        failure = _plain(404, N_("There is no such page."))
    elif isinstance(error, SuspiciousOperation | BadRequest):
        failure = _plain(400, N_("What was sent is not a form of this application."))
    else:
        name = f"crash-{secrets.token_hex(4)}"
        _log.error("%s: %s", name, type(error).__name__, exc_info=error)
        failure = Failure(
            status=500,
            title=_(_TITLES[500]),
            message=_(
                "This is a fault of the program. Please tell whoever runs it, with the number {name}."
            ).format(name=name),
        )
    return show(request, failure)


def show(request: HttpRequest, failure: Failure) -> HttpResponse:
    """The page of a failure."""
    return render(request, "web/failure.html", {"failure": failure}, status=failure.status)


def failure_to_acquire(photograph: int, reason: str) -> Failure:
    """No face could be taken from a photograph: a named result (ISO/IEC 19795-1)."""
    return Failure(
        status=422,
        title=_(N_("No face could be taken")),
        message=say(UNREADABLE, number=photograph, reason=reason),
        remedy=_(N_("Nothing was searched, and no search was counted. Try another photograph.")),
        code="failure-to-acquire",
    )


def too_many() -> Failure:
    """Asked too often from one address (RFC 6585, section 4)."""
    return _plain(
        429, N_("This was asked too often from your address. Try again in an hour, or write to us.")
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form that this application did not make, or one that is too old."""
    return show(
        request,
        _plain(
            403,
            N_(
                "The form was not from this page, or was too old. Go back, load the page again, and send it again."
            ),
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """No such address."""
    return show(request, _plain(404, N_("There is no such page.")))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that Django refuses to read."""
    return page_of(request, exception if isinstance(exception, _TOO_BIG) else BadRequest())


def broken(request: HttpRequest) -> HttpResponse:
    """A fault that was not told on the way."""
    return show(request, _plain(500, N_("This is a fault of the program.")))


def _plain(status: int, message: str) -> Failure:
    return Failure(status=status, title=_(_TITLES[status]), message=_(message))
