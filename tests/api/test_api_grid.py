"""Every route x every role x own and foreign organisation: whoever policy refuses is refused, and by the same rule."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass
from typing import Any

from api_parts import Api
from house import PURPOSE, House, photograph

from countenance.acting.form import Field, FieldKind
from countenance.acting.step import Step
from countenance.api.acts import ELSEWHERE, LISTS
from countenance.policy.decisions import Refused
from countenance.policy.questions import TWO_PERSON_ACTS, Act, ActQuestion
from countenance.primitives.errors import CountenanceError
from countenance.records.identity import AccountKey, Caller, caller_facts
from countenance.records.models import Account
from countenance.records.params import Params
from countenance.service.acts import FORMS, HANDLERS

CLIENTS, AUTHORITIES = ("Tracing", "Elsewhere"), ("Commissioner", "Ombudsman")


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """One account. `at`: the organisation it works for, if any."""

    key: AccountKey
    token: str
    role: str
    at: str | None


def _everybody(api: Api) -> list[Somebody]:
    house = api.house
    house.act("client-add", name=CLIENTS[1], jurisdiction="CA", purposes=[PURPOSE])
    for name in AUTHORITIES:
        code = house.act("authority-add", name=name, jurisdiction="CA")["proposal"]
        house.act("approve", house.deputy, proposal=code)
    found = [Somebody(key=house.operator, token=api.token(house.operator), role="operator", at=None)]
    for role, places in (
        ("auditor", (None,)),
        ("request-desk", (None,)),
        ("caseworker", CLIENTS),
        ("reviewer", CLIENTS),
        ("supervisor", CLIENTS),
        ("commissioner", AUTHORITIES),
        ("inspector", AUTHORITIES),
    ):
        for place in places:
            name = f"{role}-{place or 'house'}".lower()
            key = _account(house, name, role, place)
            found.append(Somebody(key=key, token=api.token(key), role=role, at=place))
    return found


def _account(house: House, name: str, role: str, place: str | None) -> AccountKey:
    key = AccountKey.generate(name)
    wanted = {"authority": place} if place in AUTHORITIES else {"client": place} if place else {}
    added = house.act("account-add", name=name, role=role, public_key=key.public_bytes().hex(), **wanted)
    if "waits_for" in added:
        house.act("approve", house.deputy, proposal=added["proposal"])
    return key


def _things(house: House, everybody: list[Somebody]) -> dict[str, str]:
    """Names of things that are there: of the client Tracing and the authority Commissioner, where they are somebody's."""
    commissioner = next(each for each in everybody if each.role == "commissioner")
    inquiry = house.act(
        "inquiry-open", commissioner.key, title="Whom do they search?", reference="1", client="Tracing"
    )["inquiry"]
    order = house.act(
        "order-issue", commissioner.key, kind="cease-collecting", place="CA-YT", number="O-1", text="x"
    )["order"]
    waits = house.act("account-add", name="w", role="operator", public_key="11" * 32)["proposal"]
    return {
        "case": house.case,
        "inquiry": inquiry,
        "order": order,
        "proposal": waits,
        "account": "reviewer-tracing",
        "client": "Tracing",
        "gallery": "people",
        "source": "archive",
        "jurisdiction": "CA",
        "place": "CA-YT",
        "on_behalf_of_jurisdiction": "CA",
    }


def _body(act: Act, things: dict[str, str]) -> dict[str, Any]:
    """A body by the act's form; what names a thing names one that is there."""
    made: dict[str, Any] = {}
    for field in FORMS[act]:
        if field.required or (field.name == "client" and act is Act.CASE_OPEN):
            made[field.name] = things.get(field.name, _value(field))
    if "name" in made and act.value.startswith("account-") and act is not Act.ACCOUNT_ADD:
        made["name"] = "inspector-commissioner" if act is Act.ACCOUNT_CERTIFY else "reviewer-tracing"
    if "name" in made and act.value.startswith("client-") and act is not Act.CLIENT_ADD:
        made["name"] = "Tracing"
    if act in {Act.ORDER_ISSUE, Act.ORDER_PREVIEW, Act.LOCK_SET}:
        made["place"] = "CA-YT"
    return made


def _value(field: Field) -> Any:
    match field.kind:
        case FieldKind.WORD:
            return field.words[0]
        case FieldKind.PURPOSES:
            return [PURPOSE]
        case FieldKind.NUMBER | FieldKind.NUMBER_OR_WORD:
            return field.least
        case FieldKind.NUMBERS:
            return []
        case FieldKind.TEXTS:
            return {"a": "b"}
        case FieldKind.DOCUMENT:
            return base64.b64encode(b"a document").decode()
        case FieldKind.PLACE:
            return "CA"
        case FieldKind.MOMENT:
            return "2026-12-01"
        case FieldKind.FEATURES:
            return []
        case _:
            return "nothing of this name"


def _decided(house: House, somebody: Somebody, act: Act, body: dict[str, Any]) -> Refused | None | str:
    """What policy says, asked without the API; a text where the act is not decided since its thing is not there."""
    account = Account.objects.select_related("organisation", "sponsor").get(name=somebody.key.account)
    with house.workspace.transaction() as (tx, now):
        caller = Caller(account=account, facts=caller_facts(account))
        step = Step(workspace=house.workspace, tx=tx, caller=caller, params=Params(body), now=now)
        try:
            client = HANDLERS[act].client_of(step)
            two = act in TWO_PERSON_ACTS or HANDLERS[act].needs_two(step)
        except CountenanceError as error:
            return error.code
    asked = ActQuestion(caller=caller.facts, act=act, client_id=client, approvals=2 if two else 1, now=now)
    decision = house.workspace.policy().decide(asked)
    return decision if isinstance(decision, Refused) else None


def test_whoever_policy_refuses_is_refused(api: Api) -> None:
    house = api.house
    everybody = _everybody(api)
    things = _things(house, everybody)
    seen: Counter[str] = Counter()
    wrong = []
    for act in sorted(set(HANDLERS) - set(ELSEWHERE)):
        body = _body(act, things)
        for each in everybody:
            decision = _decided(house, each, act, body)
            if isinstance(decision, str):
                seen["not decided"] += 1
                continue
            if decision is None:
                seen["permitted"] += 1  # what it then does is the business of the act's own tests
                continue
            answer = _ask(api, each.token, act, body)
            seen["refused"] += 1
            if (answer.status, answer.json.get("rule")) != (403, decision.rule):
                wrong.append((act.value, each.key.account, decision.rule, answer.status, answer.json))
    assert wrong == []
    assert seen["refused"] > 500, seen
    assert seen["permitted"] > 100, seen


def _ask(api: Api, token: str, act: Act, body: dict[str, Any]) -> Any:
    if act in LISTS:
        return api.ask("GET", f"/{LISTS[act]}/{FORMS[act][0].words[0]}", token)
    return api.act(act.value, token, body)


def test_nobody_but_the_cases_own_caseworker_searches(api: Api) -> None:
    house = api.house
    for each in _everybody(api):
        answer = api.upload(
            "/searches",
            each.token,
            {"case": house.case, "purpose": PURPOSE, "photographs": [_file(photograph("P001"))]},
        )
        mine = each.role == "caseworker" and each.at == "Tracing"
        assert answer.status == (200 if mine else 403), (each.key.account, answer.json)
        if not mine:
            assert answer.json["rule"]
            assert answer.json["authority"]


def _file(data: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("probe.jpg", data, "image/jpeg")


def test_every_act_has_a_route_or_a_reason() -> None:
    import json
    from pathlib import Path

    described = json.loads(Path(__file__).parents[2].joinpath("docs/openapi.json").read_text())
    routes = {path.removeprefix("/api/v1/acts/") for path in described["paths"]}
    for act in HANDLERS:
        assert act.value in routes or act in LISTS or act in ELSEWHERE, act
    assert {act.value for act in ELSEWHERE} & routes == set()


def test_forms_name_what_handlers_read() -> None:
    """A parameter that is read in the paths stands in some form, and one that stands in a form is read."""
    import ast
    from pathlib import Path

    source = Path(__file__).parents[2] / "src/countenance"
    read: set[str] = set()
    folders = ("registry", "rights", "review", "oversight")
    paths = [path for folder in folders for path in (source / folder).rglob("*.py")]
    for path in (*paths, source / "evaluation/acts.py", source / "ingest/acts.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            read |= _names_read(node)
    named = {field.name for form in FORMS.values() for field in form}
    kinds = {
        "place",
        "client",
        "account",
        "gallery",
        "source",
    }  # read by their vocabulary (oversight.targets)
    # By the door, from the committed log; and by the path of ingest, in its own way.
    counted_elsewhere = {"year", "payloads", "manifest", "detail", "retry_failed", "restart", "workers"}
    assert named - read - kinds == counted_elsewhere
    assert read - named == set()


def _names_read(node: Any) -> set[str]:
    import ast

    methods = {"text", "line", "flag", "number", "place", "choice", "moment"}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = ast.unparse(node.func.value)
        if owner.endswith("params") and node.func.attr == "purposes":
            return {"purposes"}
        if (owner.endswith("params") and node.func.attr in methods) or owner.endswith("params.json"):
            first = node.args[0] if node.args else None
            return {first.value} if isinstance(first, ast.Constant) else set()
    return set()
