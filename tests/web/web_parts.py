"""The application as tests reach it: a founded workspace, its searcher, and browsers without a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.test import Client
from house import House

from countenance.records.identity import AccountKey
from countenance.web import totp
from countenance.web.entering.link import invite, invited, totp_of
from countenance.web.site import site

PASSWORD = "a quiet room with many windows"


@dataclass(kw_only=True)
class Visitor:
    """One browser: keeps cookies, sends the form's CSRF token with each form, as a browser does."""

    house: House
    lang: str = "en"
    secret: bytes = b""
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True, HTTP_HOST="localhost"))

    def get(self, path: str) -> Any:
        return self.client.get(path, secure=True, HTTP_ACCEPT_LANGUAGE=self.lang)

    def post(self, path: str, at: str | None = None, /, **data: Any) -> Any:
        """Load the page with the form, then send it."""
        page = self.get(at or path).content.decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        token = found.group(1) if found else ""
        return self.client.post(
            path,
            {"csrfmiddlewaretoken": token, **data},
            secure=True,
            HTTP_ACCEPT_LANGUAGE=self.lang,
            HTTP_ORIGIN="https://localhost",
        )

    def code(self) -> str:
        """The code of this moment; the clock is moved on so that none is asked for twice."""
        self.house.clock.move(timedelta(seconds=31))
        return totp.code_at(self.secret, totp.step_of(self.house.clock()))

    def enter(self, key: AccountKey) -> Visitor:
        """Through a one-time link: password, second factor, in."""
        link = invite(site().keyring, key, self.house.clock())
        _row, token = invited(link, self.house.clock())
        self.secret = totp_of(site().keyring, token)
        answer = self.post(f"/welcome/{link}", None, password=PASSWORD, code=self.code())
        assert answer.status_code == 302, answer.content.decode()
        return self
