"""Whether the process lives, whether it can serve, and counts for Prometheus: no names, no acts of anybody, no addresses."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from countenance.api import problems
from countenance.api.answers import json_answer
from countenance.primitives.addresses import is_here
from countenance.primitives.errors import CountenanceError
from countenance.primitives.text import N_
from countenance.records.database import open_reading
from countenance.web.desk import searcher
from countenance.web.site import site

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "countenance_api_requests", "Requests to the API.", ["operation", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "countenance_api_seconds", "Time until the answer, in seconds.", ["operation"], registry=REGISTRY
)
REFUSALS = Counter(
    "countenance_api_refusals", "Requests that policy refused, by rule.", ["rule"], registry=REGISTRY
)


def healthz(_: HttpRequest) -> HttpResponse:
    """The process answers."""
    return json_answer(200, {"state": "alive"})


def readyz(_: HttpRequest) -> HttpResponse:
    """Database and searcher answer too; else 503."""
    try:
        with open_reading() as tx:
            tx.execute("select 1")
        with searcher(site()):
            pass
    except CountenanceError as error:
        return problems.of_error(error)
    return json_answer(200, {"state": "ready"})


def metrics(request: HttpRequest) -> HttpResponse:
    """Counts and times, for this machine alone."""
    if not _is_near(request):
        return problems.problem(
            404, N_("Nothing is here."), code="not-found"
        )  # not told to strangers, nor that it exists
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def counted(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that counts requests to the API by operation and status."""

    def answer(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/api/"):
            return get_response(request)
        began = time.perf_counter()
        made = get_response(request)
        match = request.resolver_match
        # The route, never the path: a path holds codes of cases and requests.
        operation = match.route if match is not None and made.status_code != 404 else "none"
        SECONDS.labels(operation).observe(time.perf_counter() - began)
        REQUESTS.labels(operation, str(made.status_code)).inc()
        return made

    return answer


def _is_near(request: HttpRequest) -> bool:
    """Asked from this machine, by this machine's own name, and not by a server in front that asks for somebody else.

    Such a server may say nothing of the caller; it hands on the public host then, or leaves another trace.
    """
    host, _ = split_domain_port(request.META.get("HTTP_HOST", ""))
    return (
        is_here(request.META.get("REMOTE_ADDR", ""))
        and is_here(host.strip("[]"))
        and not _HANDED_ON & request.META.keys()
    )


_HANDED_ON = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA"}
