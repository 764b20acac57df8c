"""Attacks on the API's door: what is sent is wrong, too large, too deep, sent twice at once, or not what its headers say."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from api_parts import Api
from house import PURPOSE

from countenance.web.serving import listen
from countenance.web.site import application

LIST = "/api/v1/records/cases"


@pytest.fixture
def door(api: Api) -> Iterator[int]:
    """The port of the server as `countenance serve` runs it on this machine alone."""
    server = listen(application(api.house.workspace.directory, clock=api.house.clock), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.close()
        thread.join(10)


def _said(port: int, lines: list[str], body: bytes = b"") -> bytes:
    """All that the server answers to these very bytes, until it hangs up or says no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while part := connection.recv(65536):
            found += part
    return found


def _get(token: str, *more: str, target: str = LIST, method: str = "GET") -> list[str]:
    return [
        f"{method} {target} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {token}",
        *more,
        "Connection: close",
    ]


def test_headers_that_could_hide_another_request_are_refused(api: Api, door: int) -> None:
    token = api.token(api.house.operator)
    assert _said(door, _get(token)).startswith(b"HTTP/1.1 200 ")
    hidden = f"POST /api/v1/acts/person-add HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    hidden += 'Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{"label":"P1"}'
    for lines in (
        _get(token, "Content-Length: 0", f"Content-Length: {len(hidden)}"),
        _get(token, "Content-Length: -1"),
        _get(token, "Content-Length: 0x10"),
        _get(token, "Content-Length: +0"),
        _get(token, "Transfer-Encoding: xchunked"),
        _get(token, "Transfer-Encoding: chunked, identity"),
        _get(token, "Transfer-Encoding : chunked"),
        _get(token, "A\0: x"),
    ):
        answer = _said(door, lines, hidden.encode())
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ", b"HTTP/1.1 501 ", b"HTTP/1.0 501 ")), (
            lines
        )
        assert answer.count(b"HTTP/1.") == 1, lines
    assert "person-added" not in api.house.events()


def test_who_asks_is_not_said_by_headers_of_strangers(api: Api, door: int) -> None:
    near = ["GET /metrics HTTP/1.1", "Host: localhost", "Connection: close"]
    assert _said(door, near).startswith(b"HTTP/1.1 200 ")
    # Handed on by a server in front that keeps the caller's host, and says nothing of the caller.
    assert api.client.get("/metrics", HTTP_HOST="127.0.0.1:8460").status_code == 200
    for host in ("faces.example.org", "10.0.0.5", "localhost.example.org"):
        assert api.client.get("/metrics", HTTP_HOST=host).status_code in {400, 404}
    for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA"):
        assert api.client.get("/metrics", **{name: "192.0.2.1"}).status_code == 404, name


METHODS = ("TRACE", "TRACK", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND", "X" * 99)


def test_methods_that_are_not_used_do_nothing(api: Api, door: int) -> None:
    token = api.token(api.house.operator)
    for method in METHODS:
        for target in (LIST, "/", "/healthz", "/static/app.css"):
            answer = _said(door, _get(token, target=target, method=method))
            status = int(answer.split(b" ", 2)[1])
            assert status in {400, 403, 404, 405, 501}, (method, target, answer[:200])
            assert token.encode() not in answer


def _post(api: Api, token: str, body: bytes, kind: str = "application/json", act: str = "person-add") -> Any:
    return api.client.generic("POST", f"/api/v1/acts/{act}", body, kind, HTTP_AUTHORIZATION=f"Bearer {token}")


BODIES = (
    b"[" * 200_000,
    b'{"label":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"label":' + b"9" * 20_000 + b"}",
    b'{"label": NaN}',
    b'{"label": 1e99999}',
    b'{"label": "\\ud800"}',
    b'{"label": "P\\u0000"}',
    b'{"label": {"$ne": null}}',
    b'{"label": ["P1"]}',
    b'{"label": "P1", "__proto__": {}, "account": "operator"}',
    b'\xff\xfe{\x00"\x00',
    b'{"label": "' + b"x" * (2 << 20) + b'"}',
)


def test_bodies_that_are_no_body_change_nothing(api: Api) -> None:
    token = api.token(api.house.operator)
    for body in BODIES:
        answer = _post(api, token, body)
        assert answer.status_code in {400, 413, 422}, (body[:40], answer.content)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert len(answer.content) < 5_000
    assert "person-added" not in api.house.events()


def test_a_body_over_the_limit_is_not_read(api: Api, door: int) -> None:
    token = api.token(api.house.operator)
    lines = _get(token, f"Content-Length: {65 << 20}", target="/api/v1/acts/person-add", method="POST")
    assert _said(door, lines).split(b" ", 2)[1] in {b"400", b"413"}


def test_a_body_of_another_kind_is_not_guessed_at(api: Api) -> None:
    token = api.token(api.house.operator)
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert _post(api, token, b"label=P1", kind).status_code in {400, 415, 422}
    assert "person-added" not in api.house.events()


def test_a_parameter_given_twice_is_one_parameter(api: Api) -> None:
    """What the token's bounds are checked against is what is signed, whichever of the two it is."""
    house = api.house
    for number in range(3):
        house.act("person-add", label=f"P{number}")
    token = api.token(house.operator)
    page = api.ask("GET", "/records/persons?limit=1&limit=2", token)
    assert (page.status, len(page.json["items"])) == (200, 2)
    bounded = api.token(house.caseworker, name="bounded", acts="", purposes=["family-tracing"])
    body = '{"purpose": "family-tracing", "purpose": "%s", "reference": "9", "on_behalf_of": "T", %s}'
    twice = body % (PURPOSE, '"on_behalf_of_jurisdiction": "CA"')
    refused = _post(api, bounded, twice.encode(), act="case-open")
    assert (refused.status_code, json.loads(refused.content)["rule"]) == (403, "TOKEN-03")


def test_the_same_key_from_many_sides_at_once_is_one_act(api: Api) -> None:
    from countenance.records.database import disconnect

    token = api.token(api.house.operator)
    gate, statuses = threading.Barrier(6), []

    def ask() -> None:
        gate.wait(30)
        statuses.append(api.act("person-add", token, {"label": "P1"}, idempotency_key="same").status)
        disconnect()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert api.house.events().count("person-added") == 1
    assert set(statuses) <= {200, 409}
    assert 200 in statuses


def test_an_answer_to_come_is_not_read_with_a_token_that_ended(api: Api) -> None:
    house = api.house
    token = api.token(house.operator)
    place = api.act("purge-plan", token, {}, prefer="respond-async").headers["Location"]
    house.act("token-revoke", token="tests")
    assert api.ask("GET", place.removeprefix("/api/v1"), token).status == 401
    other = api.token(house.operator, name="other")
    assert api.ask("GET", place.removeprefix("/api/v1"), other).status == 404


TARGETS = (
    "/api/v1/../../etc/passwd",
    "/api/v1/records/%2e%2e/cases",
    "/api/v1//records/cases",
    "/api/v1/records/cases/",
    "/api/v1/records/cases%00",
    "/api/v1/answers/" + "0" * 5_000,
    "/static/../site.py",
    "/static/",
    "/static/.git",
)


def test_addresses_that_lead_out_lead_nowhere(api: Api, door: int) -> None:
    token = api.token(api.house.operator)
    for target in TARGETS:
        answer = _said(door, _get(token, target=target))
        assert answer.split(b" ", 2)[1] in {b"400", b"404"}, (target, answer[:200])
        assert b"Traceback" not in answer


def test_a_fault_is_told_by_a_name_alone(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    from countenance.api import acts

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Annabelle-0815")

    monkeypatch.setattr(acts, "asking_of", broken)
    answer = api.ask("GET", "/records/cases", api.token(api.house.operator))
    assert (answer.status, answer.json["code"]) == (500, "crash")
    assert "Annabelle" not in json.dumps(answer.json)
    assert settings.DEBUG is False
