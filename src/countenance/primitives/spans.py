"""Spans: how long a request, an act, a search, a stage of an ingest took, for an operator who wants to see it.

Nothing is measured, and nothing leaves, until a door hands in a tracer (`service.tracing`). What a span may tell is the
closed list `Fact`: kinds, counts and outcomes, for which no name, code, picture, template or score of anybody is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from typing import Protocol


class Spanned(StrEnum):
    """What a span stands for."""

    REQUEST = "request"  # one request to the web application or the API, from its headers to its answer
    ACT = "act"  # one signed act, as the searcher carries it out
    SEARCH = "search"  # one search, as the searcher carries it out
    SEARCH_DECIDE = "search-decide"  # steps 1 and 2: authorise, policy
    SEARCH_PROBE = "search-probe"  # step 3: a template of the photographs
    SEARCH_SCAN = "search-scan"  # steps 4 and 5: scan, exact scores, candidates
    SEARCH_LOG = "search-log"  # step 6: the transaction that logs
    INGEST = "ingest"  # one process's part of a run
    INGEST_LIST = "ingest-list"  # listing the source
    INGEST_BATCH = "ingest-batch"  # one batch, from results to rows
    INGEST_SUPPRESS = "ingest-suppress"  # who of the batch is on the suppression list
    INGEST_SEAL = "ingest-seal"  # keys and crops of the batch
    INGEST_ROWS = "ingest-rows"  # the transaction of the batch


class Fact(StrEnum):
    """What a span may tell. The first four go out under OpenTelemetry's own names for them, the others as `countenance.…`."""

    METHOD = "method"  # of HTTP
    ROUTE = "route"  # the pattern of the address, never the address
    STATUS = "status"  # of the answer
    ERROR = "error"  # the code of an error, or its class
    ACT = "act"  # the act's word
    RULE = "rule"  # the rule that refused
    PHOTOGRAPHS = "photographs"  # how many
    ENROLLED = "enrolled"  # how many references came of a batch
    BOTTLENECK = "bottleneck"  # the stage (`Stage`) that most of the time goes to


type Facts = Mapping[Fact, str | int]


class Open(Protocol):
    """A span that has not ended."""

    def tell(self, facts: Facts) -> None:
        """Add what is known by now."""


class Tracer(Protocol):
    """Keeps spans, and sends them where the operator said."""

    def span(self, name: Spanned, facts: Facts) -> AbstractContextManager[Open]:
        """A span for the length of the block, below the one that is open in this thread."""

    def below(self, parent: str) -> AbstractContextManager[None]:
        """As if the span `parent` (a `traceparent`, W3C Trace Context) were open in this thread; nonsense is none."""

    def here(self) -> str:
        """The open span of this thread as `traceparent`, or empty."""


class _Untraced:
    def tell(self, facts: Facts) -> None:  # noqa: ARG002 - there is nobody to tell
        return None


_tracer: Tracer | None = None
_UNTRACED = _Untraced()


@contextmanager
def span(name: Spanned, facts: Facts | None = None) -> Iterator[Open]:
    """Measure the block, where there is a tracer."""
    if _tracer is None:
        yield _UNTRACED
        return
    with _tracer.span(name, facts or {}) as made:
        yield made


def here() -> str:
    """What another process needs in order to go on below the open span; empty where nothing is traced."""
    return _tracer.here() if _tracer is not None else ""


@contextmanager
def below(parent: str) -> Iterator[None]:
    """Go on in this process below a span of another (`here`)."""
    if _tracer is None or not parent:
        yield
        return
    with _tracer.below(parent):
        yield


@contextmanager
def traced_by(tracer: Tracer) -> Iterator[None]:
    """Hand spans of this process to `tracer` while the block lasts."""
    global _tracer  # noqa: PLW0603 - one tracer in a process, as one log
    before, _tracer = _tracer, tracer
    try:
        yield
    finally:
        _tracer = before
