"""The journal says who came in and who did not, by ids; what was typed is in no line of it."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from house import House
from web_parts import PASSWORD, Visitor

from countenance.records.models import Account


@pytest.fixture
def visitor(web: House) -> Visitor:
    return Visitor(house=web)


def test_every_way_in_is_noted_by_id_alone(
    web: House, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="countenance.web.door")
    visitor.enter(web.caseworker)
    other = Visitor(house=web, secret=visitor.secret)
    assert other.post("/login", None, name="carol", password="a wrong password").status_code == 403
    assert other.post("/login", None, name="carol", password=PASSWORD).status_code == 302
    assert other.post("/login/second", None, code="000000").status_code == 403
    assert other.post("/login/second", None, code=other.code()).status_code == 302
    gone = other.post("/logout", "/account")
    assert gone.headers["Clear-Site-Data"] == '"cache", "storage"'
    account = Account.objects.get(name="carol").pk.hex
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "one-time-link: let in, account -",
        "password: refused (403), account -",
        "password: let in, account -",
        f"second-factor: refused (403), account {account}",
        f"second-factor: let in, account {account}",
        f"logout: done, account {account}",
    ]
    assert not any(word in line for line in told for word in ("carol", "wrong", PASSWORD))


def test_the_journal_is_in_utc_on_standard_error_and_kept_once() -> None:
    script = (
        "import logging; from countenance.cli.journal import keep_journal; keep_journal(); keep_journal();"
        "logging.getLogger('countenance.web.door').info('x'); logging.getLogger('other').info('y')"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    (line,) = run.stderr.splitlines()
    assert line.endswith("Z INFO countenance.web.door: x")
    assert run.stdout == ""


def test_browsers_come_back_over_tls_alone(web: House, visitor: Visitor) -> None:
    answer = visitor.get("/login")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
