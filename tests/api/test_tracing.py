"""Spans: told to the collector an operator named, below one another across processes, and with nothing of anybody in them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from api_parts import Api
from django.core.files.uploadedfile import SimpleUploadedFile
from house import PURPOSE, photograph
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from countenance.primitives.errors import UnavailableError, UsageError
from countenance.primitives.spans import Fact, Spanned, below, here, span
from countenance.service.tracing import NAMES, VARIABLE, traced

FACTS = {name: fact for fact, name in NAMES.items()}


class Collector(HTTPServer):
    """An OTLP receiver. `status`: what it answers; with 302 it sends elsewhere on itself."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[tuple[str, str, bytes]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[Any]:
        found = []
        for _path, _kind, body in self.heard:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                found += [each for scope in resource.scope_spans for each in scope.spans]
        return found

    def resources(self) -> set[str]:
        read = [ExportTraceServiceRequest.FromString(body) for *_, body in self.heard]
        return {
            each.key
            for request in read
            for group in request.resource_spans
            for each in group.resource.attributes
        }


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, self.headers["Content-Type"], body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv(VARIABLE, server.url)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _facts(each: Any) -> dict[str, Any]:
    return {
        FACTS[fact.key]: fact.value.string_value
        if fact.value.HasField("string_value")
        else fact.value.int_value
        for fact in each.attributes
    }


def test_a_story_is_told_without_anybody_in_it(api: Api, collector: Collector) -> None:
    house = api.house
    folder = house.workspace.directory.parent / "photographs"
    folder.mkdir()
    (folder / "Annabelle.jpg").write_bytes(photograph("P001"))
    house.enrol(house.person("Annabelle-0815"), photograph("P001"))
    operator, caseworker = api.token(house.operator), api.token(house.caseworker)
    probe = SimpleUploadedFile("Annabelle.jpg", photograph("P001", "amateur_selfie"), "image/jpeg")
    asked = {"case": house.case, "purpose": PURPOSE, "photographs": [probe]}
    with traced():
        assert api.act("person-add", operator, {"label": "Barbara-0815"}).status == 200
        assert api.act("client-suspend", caseworker, {"name": "Tracing", "reason": "x"}).status == 403
        assert api.act("case-close", caseworker, {"case": "C-0000-0000"}).status == 404
        assert api.upload("/searches", caseworker, asked).json["kind"] == "candidates"
        assert api.act("ingest", operator, {"source": "archive", "workers": 1}).status == 200
        for thread in threading.enumerate():
            if thread.name == "ingest":
                thread.join()
        assert api.client.get(f"/cases/{house.case}").status_code == 302
    assert {(path, kind) for path, kind, _ in collector.heard} == {("/v1/traces", "application/x-protobuf")}
    assert collector.resources() == {"service.name", "service.version"}
    spans = collector.spans()
    assert {each.name for each in spans} == set(Spanned)
    named = {(each.name, _facts(each).get(Fact.ACT) or _facts(each).get(Fact.ROUTE)): each for each in spans}
    act, request = named["act", "person-add"], named["request", "api/v1/acts/person-add"]
    assert (act.parent_span_id, act.trace_id) == (request.span_id, request.trace_id)
    scan, search = named["search-scan", None], named["search", None]
    assert (scan.parent_span_id, search.parent_span_id) == (
        search.span_id,
        named["request", "api/v1/searches"].span_id,
    )
    assert _facts(search) == {Fact.PHOTOGRAPHS: 1}
    assert _facts(named["act", "client-suspend"])[Fact.RULE]
    assert _facts(named["act", "case-close"])[Fact.ERROR] == "case-missing"
    assert _facts(named["request", "cases/<str:code>"])[Fact.STATUS] == 302
    assert _facts(named["ingest-batch", None])[Fact.PHOTOGRAPHS] == 1
    for each in spans:
        assert {fact.key for fact in each.attributes} <= set(FACTS), each.name
        assert not each.events
        assert not each.status.message
    for secret in (
        "Annabelle",
        "Barbara",
        house.case,
        "carol",
        "people",
        "archive",
        "Tracing",
        operator[:20],
    ):
        assert not any(secret.encode() in body for *_, body in collector.heard), secret


def test_a_collector_that_does_not_take_them_disturbs_nobody(api: Api, collector: Collector) -> None:
    token = api.token(api.house.operator)
    for status in (302, 500):
        collector.status = status
        collector.heard.clear()
        with traced():
            assert api.act("person-add", token, {"label": f"P{status}"}).status == 200
        assert [path for path, *_ in collector.heard] == ["/v1/traces"]


def test_nonsense_from_another_process_is_no_parent(collector: Collector) -> None:
    with traced():
        for text in ("", "x", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "00-zz", "\x00" * 9_999):
            with below(text), span(Spanned.ACT):
                assert here().startswith("00-")
    assert {bytes(each.parent_span_id) for each in collector.spans()} == {b""}


def test_without_an_address_nothing_is_loaded_or_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with traced(), span(Spanned.ACT) as told:
        told.tell({Fact.ACT: "person-add"})
        assert here() == ""
    script = (
        "import sys; from countenance.cli.main import main; main(['--version']);"
        "print([each for each in sys.modules if each.startswith('opentelemetry')])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "url", ["http://collector.example:4318", "ftp://127.0.0.1", "https://a:b@c.example", "x"]
)
def test_spans_go_encrypted_or_stay_here(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(VARIABLE, url)
    with pytest.raises(UsageError), traced():
        pass


def test_without_the_extra_it_says_so(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.common.trace_encoder", None)
    with pytest.raises(UnavailableError) as told, traced():
        pass
    assert told.value.code == "extra-missing"
