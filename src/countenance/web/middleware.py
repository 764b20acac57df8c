"""Around every page: headers, the language, who is in, and what an error becomes."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from countenance.cli.language import Language, speaking
from countenance.primitives.spans import Fact, Spanned, span
from countenance.web import failures
from countenance.web.entering.session import find
from countenance.web.site import HEADERS, site

SESSION_COOKIE = "__Host-session"
BROWSER_COOKIE = "__Host-browser"  # binds this browser to an account
JOURNEY_COOKIE = "__Host-journey"  # to a provider and back; lax, since the way back begins elsewhere
LANGUAGE_COOKIE = "__Host-lang"

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
"""What anything here is asked by (RFC 9110, section 9.3); TRACE and the rest reach no page."""

type View = Callable[[HttpRequest], HttpResponse]


def traced(get_response: View) -> View:
    """A span of each request, by its route: an address holds codes of cases. Nobody's `traceparent` is taken over."""

    def answer(request: HttpRequest) -> HttpResponse:
        with span(Spanned.REQUEST) as told:
            response = get_response(request)
            match = request.resolver_match
            known = request.method if request.method in METHODS else "_OTHER"
            told.tell({Fact.METHOD: known or "_OTHER", Fact.STATUS: response.status_code})
            if match is not None:
                told.tell({Fact.ROUTE: match.route})
        return response

    return answer


def methods(get_response: View) -> View:
    """Nothing is asked by a method that nothing here has."""

    def answer(request: HttpRequest) -> HttpResponse:
        return get_response(request) if request.method in METHODS else HttpResponseNotAllowed(sorted(METHODS))

    return answer


def headers(get_response: View) -> View:
    """Security headers on every answer, errors included."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure() or site().public:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return response

    return answer


def language(get_response: View) -> View:
    """The reader's language: chosen on a page, else what the browser asks for first, else English."""

    def answer(request: HttpRequest) -> HttpResponse:
        with speaking(_asked(request)) as spoken:
            response = get_response(request)
        response.headers.setdefault("Content-Language", spoken.value)
        return response

    return answer


def _asked(request: HttpRequest) -> Language:
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    if chosen in set(Language):
        return Language(chosen)
    for part in request.headers.get("Accept-Language", "").lower().split(",")[:20]:
        word = part.split(";")[0].strip()[:2]
        if word in set(Language):
            return Language(word)
    return Language.EN


def member(get_response: View) -> View:
    """`request.member`: who is in by the session cookie, both factors given or not; None where nobody is."""

    def answer(request: HttpRequest) -> HttpResponse:
        text = request.COOKIES.get(SESSION_COOKIE, "")
        request.member = find(site().keyring, text, site().now()) if text else None  # type: ignore[attr-defined]
        return get_response(request)

    return answer


class Failures:
    """What a view raises becomes a page that says what, why, and what to do."""

    def __init__(self, get_response: View) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return failures.page_of(request, error)
