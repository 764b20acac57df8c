"""The API of a house, reached as programs reach it: with tokens, over WSGI, through the searcher's own socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from house import House

from countenance.api.asking import RATES
from countenance.api.tokens import making, until
from countenance.policy.purposes import Purpose
from countenance.policy.questions import Act
from countenance.records.identity import AccountKey
from countenance.web.site import application

EVERY_ACT = " ".join(sorted({*(act.value for act in Act), "approve", "search"}))


@dataclass(kw_only=True)
class Answer:
    status: int
    json: Any
    headers: dict[str, str]


@dataclass(kw_only=True)
class Api:
    """One house's API; `client`: whoever asks, without a server in between."""

    house: House
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def token(self, key: AccountKey, **wanted: Any) -> str:
        """A token of this account: for every purpose and every act, unless said otherwise."""
        return make_token(self.house, key, **wanted)

    def ask(self, method: str, path: str, token: str | None, body: Any = None, **headers: str) -> Answer:
        made = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if token is not None:
            made["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body)
        found = self.client.generic(method, f"/api/v1{path}", data or "", "application/json", **made)
        return answer_of(found)

    def upload(self, path: str, token: str, fields: dict[str, Any], **headers: str) -> Answer:
        made = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        found = self.client.post(f"/api/v1{path}", fields, HTTP_AUTHORIZATION=f"Bearer {token}", **made)
        return answer_of(found)

    def act(self, act: str, token: str | None, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", f"/acts/{act}", token, body or {}, **headers)


def answer_of(found: Any) -> Answer:
    text = found.content.decode()
    return Answer(
        status=found.status_code, json=json.loads(text) if text else None, headers=dict(found.headers)
    )


def make_token(house: House, key: AccountKey, *, name: str = "tests", days: int = 90, **wanted: Any) -> str:
    wanted = {"purposes": [each.value for each in Purpose], "acts": EVERY_ACT, **wanted}
    made, params = making(
        key,
        name=name,
        expires_at=until(house.clock(), days),
        **{kind: value for kind, value in wanted.items() if value},
    )
    house.act("token-make", key, **params)
    return made.text()


def open_api(house: House) -> Api:
    application(house.workspace.directory, clock=house.clock)
    RATES.at_once, RATES.a_second = 1_000_000, 1_000_000.0
    return Api(house=house)
