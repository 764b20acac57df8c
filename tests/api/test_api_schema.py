"""The description of the API holds: what is sent by it never breaks the service, what comes back is as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import openapi
import pytest
import schemathesis
from api_parts import Api, make_token
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from countenance.policy.purposes import Role
from countenance.web.site import application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def tokens(api: Api) -> dict[str, str]:
    """A token of each role."""
    house = api.house
    made = {"operator": make_token(house, house.operator)}
    code = house.act("authority-add", name="Commissioner", jurisdiction="CA")["proposal"]
    house.act("approve", house.deputy, proposal=code)
    for role in Role:
        if role is Role.OPERATOR:
            continue
        place = {
            **{key: {"client": "Tracing"} for key in (Role.CASEWORKER, Role.REVIEWER, Role.SUPERVISOR)},
            **{key: {"authority": "Commissioner"} for key in (Role.COMMISSIONER, Role.INSPECTOR)},
        }.get(role, {})
        from countenance.records.identity import AccountKey

        key = AccountKey.generate(f"any-{role.value}")
        added = house.act(
            "account-add", name=key.account, role=role.value, public_key=key.public_bytes().hex(), **place
        )
        if "waits_for" in added:
            house.act("approve", house.deputy, proposal=added["proposal"])
        made[role.value] = make_token(house, key)
    return made


def test_the_page_is_what_the_code_says() -> None:
    assert openapi.PAGE.read_text("utf-8") == openapi.described()


def _operations(api: Api) -> Iterator[schemathesis.APIOperation]:
    app = application(api.house.workspace.directory, clock=api.house.clock)
    for found in schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).get_all_operations():
        yield found.ok()


def _try(operation: schemathesis.APIOperation, token: str, examples: int) -> None:
    # The same examples each time: a failure here can be looked at again, and CI does not fail by luck.
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def run(case: schemathesis.Case) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    run()


def test_every_operation_bears_what_its_description_allows(api: Api, tokens: dict[str, str]) -> None:
    """Each operation with one of the roles, which change from one to the next; `make test-all` tries every pair."""
    roles = sorted(tokens)
    tried = 0
    for number, operation in enumerate(_operations(api)):
        _try(operation, tokens[roles[number % len(roles)]], 3)
        tried += 1
    assert tried > 100


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", sorted(role.value for role in Role))
def test_every_operation_with_every_role(api: Api, tokens: dict[str, str], role: str) -> None:
    for operation in _operations(api):
        _try(operation, tokens[role], 25)


def test_no_answer_is_described_with_a_template_or_a_bare_score() -> None:
    text = Path(openapi.PAGE).read_text("utf-8")
    schemas = json.loads(text)["components"]["schemas"]
    words = {name for schema in schemas.values() for name in schema.get("properties", {})}
    assert not words & {"template", "embedding", "vector", "score", "confidence", "similarity"}
    assert schemas["Score"]["required"] == ["value", "space_id", "stranger", "missed"]


def test_whatever_is_done_may_be_done_once_and_answered_later() -> None:
    paths = json.loads(Path(openapi.PAGE).read_text("utf-8"))["paths"]
    done = [operation for each in paths.values() for method, operation in each.items() if method == "post"]
    assert len(done) > 90
    for operation in done:
        headers = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
        assert {"Idempotency-Key", "Prefer"} <= headers, operation["operationId"]
        assert "202" in operation["responses"], operation["operationId"]
