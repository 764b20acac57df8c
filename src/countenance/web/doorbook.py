"""Who came to the door, and with what end: one line each in the process's own journal, by the account's id alone.

What was typed is not noted, not even a name: people type passwords into the field for names. The log of acts holds acts;
coming in is none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from countenance.web.middleware import SESSION_COOKIE

_log = logging.getLogger("countenance.web.door")
_WAYS = {
    "login": "password",
    "second": "second-factor",
    "confirm": "second-factor-again",
    "welcome": "one-time-link",
    "arrived": "provider",
    "account-password": "password-change",
    "passkey-new": "passkey-add",
    "passkey": "passkey-remove",
    "link": "browser-bind",
    "unlink": "browsers-unbind",
    "account-sessions": "sessions-end",
    "logout": "logout",
}
"""Addresses at which somebody comes in, goes, or changes how they come in, by name; and how it is noted."""


def noted(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, inside the one that says who is in."""

    def answer(request: HttpRequest) -> HttpResponse:
        member = request.member  # type: ignore[attr-defined]
        account = member.account.pk.hex if member is not None else "-"
        response = get_response(request)
        match = request.resolver_match
        way = _WAYS.get(match.url_name or "") if match is not None else None
        if way == "logout":
            response.headers["Clear-Site-Data"] = (
                '"cache", "storage"'  # not cookies: a bound browser stays so
            )
        if way is not None and (request.method == "POST" or way == "provider"):
            done = response.status_code < 400
            let_in = done and SESSION_COOKIE in response.cookies and way != "logout"
            end = "let in" if let_in else "done" if done else f"refused ({response.status_code})"
            _log.info("%s: %s, account %s", way, end, account)
        return response

    return answer
