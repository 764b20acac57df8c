"""Spans to an operator's own collector: OTLP over HTTP (OpenTelemetry protocol 1.x, protobuf), as the extra `otel`.

Off without the extra, and off without an address in `COUNTENANCE_OTLP`: nobody is told anything that the operator did not
ask for. The exporter is ours, since the maintained one follows redirections and takes proxies and addresses from the
environment; encoding, batching and span ids are OpenTelemetry's. What is told stands in `primitives.spans`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from countenance.primitives.addresses import exchange, is_private_on_the_way
from countenance.primitives.errors import CountenanceError, RefusedError, UnavailableError, UsageError
from countenance.primitives.spans import Fact, Facts, Open, Spanned, traced_by
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

VARIABLE = "COUNTENANCE_OTLP"
PATH = "/v1/traces"
SECONDS = 10.0
NAMES = {
    **{fact: f"countenance.{fact}" for fact in Fact},
    Fact.METHOD: "http.request.method",
    Fact.ROUTE: "http.route",
    Fact.STATUS: "http.response.status_code",
    Fact.ERROR: "error.type",
}
"""Names of attributes; the last four by OpenTelemetry's semantic conventions 1.23 and later (HTTP, errors)."""
_log = logging.getLogger("countenance.tracing")


@contextmanager
def traced() -> Iterator[None]:
    """With spans going to the collector that the operator named, or to nobody.

    Raises UsageError for an address that is neither https nor on this machine, UnavailableError without the extra.
    """
    address = os.environ.get(VARIABLE, "").rstrip("/")
    if not address:
        yield
        return
    if not is_private_on_the_way(address):
        raise UsageError(
            N_("The collector's address must be https, or http on this machine: {variable}."),
            code="collector-address",
            variable=VARIABLE,
        )
    tracer = _Tracer(_exporter(address if address.endswith(PATH) else address + PATH))
    try:
        with traced_by(tracer):
            yield
    finally:
        tracer.close()


class _Tracer:
    """OpenTelemetry's, under our names."""

    def __init__(self, exporter: SpanExporter) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._carrier = TraceContextTextMapPropagator()
        # Not Resource.create: it would add what it finds of the machine and its environment.
        about = Resource({"service.name": "countenance", "service.version": version("countenance")})
        self._provider = TracerProvider(resource=about, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer: Tracer = self._provider.get_tracer("countenance")

    @contextmanager
    def span(self, name: Spanned, facts: Facts) -> Iterator[Open]:
        with self._tracer.start_as_current_span(
            name.value,
            # An error's text may name a person or a case: its code is told instead.
            record_exception=False,
            set_status_on_exception=False,
        ) as made:
            opened = _Open(made)
            opened.tell(facts)
            try:
                yield opened
            except BaseException as error:
                opened.fail(error)
                raise

    @contextmanager
    def below(self, parent: str) -> Iterator[None]:
        from opentelemetry.context import attach, detach

        token = attach(self._carrier.extract({"traceparent": parent}))
        try:
            yield
        finally:
            detach(token)

    def here(self) -> str:
        carried: dict[str, str] = {}
        self._carrier.inject(carried)
        return carried.get("traceparent", "")

    def close(self) -> None:
        """Send what is left; a collector that does not answer holds nobody up for long."""
        self._provider.shutdown()


class _Open:
    def __init__(self, made: Span) -> None:
        self._made = made

    def tell(self, facts: Facts) -> None:
        for name, value in facts.items():
            self._made.set_attribute(NAMES[name], value)

    def fail(self, error: BaseException) -> None:
        from opentelemetry.trace import StatusCode

        self._made.set_status(StatusCode.ERROR)
        self.tell({Fact.ERROR: error.code if isinstance(error, CountenanceError) else type(error).__name__})
        if isinstance(error, RefusedError):
            self.tell({Fact.RULE: error.rule})


def _exporter(address: str) -> SpanExporter:
    """Sends batches of spans to `address`, and drops what is not taken."""
    try:
        from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
        from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
    except ImportError as error:
        raise UnavailableError(
            N_("Spans need the extra otel, which is not installed."),
            remedy=N_("Install it with: pip install 'countenance[otel]', or unset {variable}."),
            code="extra-missing",
            variable=VARIABLE,
        ) from error

    class Exporter(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            taken = _post(address, encode_spans(spans).SerializeToString())
            return SpanExportResult.SUCCESS if taken else SpanExportResult.FAILURE

        def shutdown(self) -> None:
            return None

        def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - nothing is held here
            return True

    return Exporter()


def _post(address: str, body: bytes) -> bool:
    """Whether the collector answered 2xx in time. Its answer is not read."""
    headers = {"Content-Type": "application/x-protobuf"}
    try:
        answer = exchange("POST", address, body=body, headers=headers, seconds=SECONDS, longest=None)
    except (OSError, ValueError) as error:
        _log.warning("no spans were taken: %s", type(error).__name__)
        return False
    if not 200 <= answer.status < 300:
        _log.warning("no spans were taken: status %d", answer.status)
        return False
    return True
