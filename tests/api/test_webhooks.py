"""Webhooks: told in order, signed, only to addresses that were registered, and nothing of persons."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from house import House

from countenance.primitives.errors import RefusedError, UsageError
from countenance.records.models import Webhook
from countenance.service.webhooks import deliver


class Listener(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 204

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_new_entries_are_told_signed_and_once(sqlite_house: House, listener: Listener) -> None:
    house = sqlite_house
    added = house.act("webhook-add", url=listener.url)
    house.act("person-add", label="Annabelle-0815")
    assert deliver(house.workspace) == 1
    assert deliver(house.workspace) == 0
    ((headers, body),) = listener.heard
    told = json.loads(body)
    assert [each["event"] for each in told["data"]["entries"]] == ["webhook-added", "person-added"]
    assert b"Annabelle" not in body
    assert set(told["data"]["entries"][0]) == {
        *("entry", "event", "at", "purpose", "jurisdiction", "client", "pack")
    }
    raw = base64.b64decode(added["public_key"].removeprefix("whpk_"))
    version, _, signature = headers["webhook-signature"].partition(",")
    assert version == "v1a"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = Ed25519PublicKey.from_public_bytes(raw)
    key.verify(base64.b64decode(signature), signed)
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signature), signed + b" ")


def test_it_is_repeated_until_it_is_taken(sqlite_house: House, listener: Listener) -> None:
    house = sqlite_house
    house.act("webhook-add", url=listener.url, events="person-added")
    house.act("person-add", label="P1")
    for status in (500, 302):
        listener.status = status
        assert deliver(house.workspace) == 0
        assert deliver(house.workspace) == 0  # not at once again
        house.clock.move(timedelta(hours=7))
    listener.status = 200
    house.act("person-add", label="P2")
    assert deliver(house.workspace) == 1
    entries = json.loads(listener.heard[-1][1])["data"]["entries"]
    assert [each["event"] for each in entries] == ["person-added", "person-added"]
    assert len(listener.heard) == 3
    assert Webhook.objects.get().failures == 0


def test_nothing_is_told_after_removal(sqlite_house: House, listener: Listener) -> None:
    house = sqlite_house
    code = house.act("webhook-add", url=listener.url)["webhook"]
    house.act("webhook-remove", webhook=code)
    assert deliver(house.workspace) == 0
    assert listener.heard == []


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.org/",
            "ftp://127.0.0.1/",
            "https://",
            "https://a:b@example.org/",
            "x",
            "file:///etc/passwd",
        ),
        *("http://127.0.0.1.example.org/", "http://[::1", "https://example.org:99999/"),
        *("http://169.254.169.254/latest", "http://10.0.0.1/", "http://0.0.0.0/", "http://127.1/"),
        *(
            "http://2130706433/",
            "http://0x7f000001/",
            "http://127.0.0.1@example.org/",
            "http://[::ffff:10.0.0.1]/",
        ),
        *("https://example.org/\r\nX: y", "https://example.org /", "gopher://127.0.0.1/", "//127.0.0.1/"),
    ],
)
def test_only_https_or_this_machine(sqlite_house: House, url: str) -> None:
    with pytest.raises(UsageError):
        sqlite_house.act("webhook-add", url=url)


def test_only_an_operator_registers_one(sqlite_house: House) -> None:
    with pytest.raises(RefusedError):
        sqlite_house.act("webhook-add", sqlite_house.caseworker, url="https://example.org/")
    sqlite_house.act("webhook-add", url="https://example.org/hook?x=1")
    with pytest.raises(UsageError):
        sqlite_house.act("webhook-add", url="https://example.org/", events="anything")
