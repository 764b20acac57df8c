"""Acts and lists over the API: signed with the token's account, decided by the engine, told as problems where refused."""

from __future__ import annotations

from api_parts import Api
from house import PURPOSE


def test_an_act_is_the_same_as_anywhere(api: Api) -> None:
    house = api.house
    token = api.token(house.caseworker)
    opened = api.act(
        "case-open",
        token,
        {
            "purpose": PURPOSE,
            "reference": "File 9",
            "on_behalf_of": "Tracing",
            "on_behalf_of_jurisdiction": "CA",
        },
    )
    assert opened.status == 200, opened.json
    assert opened.json["record"]["case"].startswith("C-")
    assert house.events()[opened.json["log_entry"]] == "case-opened"
    listed = api.ask("GET", "/records/cases", token)
    assert [row["reference"] for row in listed.json["items"]] == ["File 2026-17", "File 9"]


def test_a_refusal_names_rule_authority_and_date(api: Api) -> None:
    token = api.token(api.house.caseworker)
    answer = api.act("client-suspend", token, {"name": "Tracing", "reason": "x"})
    assert answer.status == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["reason"] == "role-may-not"
    assert answer.json["rule"]
    assert answer.json["authority"]
    assert answer.json["since"] <= "2026-11-01"
    assert api.house.events()[-1] == "act-refused"


def test_problems_speak_the_callers_language(api: Api) -> None:
    token = api.token(api.house.caseworker)
    said = {
        language: api.ask("GET", "/records/cases", None, accept_language=language).json["detail"]
        for language in ("en", "fr-CA, en;q=0.5", "de")
    }
    assert "jeton" in said["fr-CA, en;q=0.5"]
    assert said["en"] == said["de"]
    missing = api.act("case-close", token, {"case": "C-0000-0000"}, accept_language="fr")
    assert (missing.status, missing.headers["Content-Language"]) == (404, "fr")


def test_wrong_bodies_are_named_field_by_field(api: Api) -> None:
    token = api.token(api.house.caseworker)
    answer = api.act("case-open", token, {"purpose": "curiosity", "extra": 1})
    assert answer.status == 422
    assert {"data.purpose", "data.extra", "data.reference"} <= set(answer.json["fields"])
    for body in ("", "{", "[]", '"x"', "null", '{"case": "\\ud800"}', "\x00"):
        found = api.client.generic(
            "POST", "/api/v1/acts/case-close", body, "application/json", HTTP_AUTHORIZATION=f"Bearer {token}"
        )
        assert found.status_code in {400, 422}, body
        assert found.headers["Content-Type"] == "application/problem+json"


def test_what_is_not_there_is_a_problem_too(api: Api) -> None:
    token = api.token(api.house.caseworker)
    for method, path in (("GET", "/nothing"), ("POST", "/acts/nothing"), ("GET", "/records/nothing")):
        answer = api.ask(method, path, token, {})
        assert (answer.status, answer.json["code"]) == (404, "not-found")
    wrong = api.ask("GET", "/acts/case-close", token)
    assert (wrong.status, wrong.json["code"], wrong.headers["Allow"]) == (405, "method", "POST")


def test_pages_of_a_list(api: Api) -> None:
    house = api.house
    for number in range(5):
        house.act("person-add", label=f"P{number:03}")
    token = api.token(house.operator)
    seen, after = [], ""
    while True:
        page = api.ask("GET", f"/records/persons?limit=2&after={after}", token)
        assert page.status == 200
        seen += [row["person"] for row in page.json["items"]]
        if page.json["next"] is None:
            assert "Link" not in page.headers
            break
        assert 'rel="next"' in page.headers["Link"]
        after = page.json["next"]
    assert seen == [f"P{number:03}" for number in range(5)]
    for wrong in ("limit=0", "limit=201", "after=-1", "after=x"):
        assert api.ask("GET", f"/records/persons?{wrong}", token).status == 422
    assert api.ask("GET", "/records/persons?after=99", token).status == 400


def test_two_persons_sign_over_the_api_too(api: Api) -> None:
    house = api.house
    one, two = api.token(house.operator), api.token(house.deputy)
    house.act("gallery-suspend", name="people", reason="x")
    waits = api.act("gallery-reinstate", one, {"name": "people"})
    assert waits.json["record"]["waits_for"] == "second-person"
    code = waits.json["record"]["proposal"]
    assert api.act("approve", one, {"proposal": code}).status == 403
    done = api.act("approve", two, {"proposal": code})
    assert (done.status, done.json["act"]) == (200, "gallery-reinstate")


def test_an_act_is_done_once_under_one_key(api: Api) -> None:
    house = api.house
    token = api.token(house.operator)
    body = {"label": "P001"}
    first = api.act("person-add", token, body, idempotency_key="k1")
    again = api.act("person-add", token, body, idempotency_key="k1")
    assert (first.status, again.status) == (200, 200)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert house.events().count("person-added") == 1
    other = api.act("person-add", token, {"label": "P002"}, idempotency_key="k1")
    assert (other.status, other.json["code"]) == (400, "idempotency-key-reused")
    # A refusal is kept as well; another token's key is another key.
    conflict = api.act("person-add", token, body, idempotency_key="k2")
    assert (conflict.status, api.act("person-add", token, body, idempotency_key="k2").json) == (
        409,
        conflict.json,
    )
    deputy = api.token(house.deputy)
    assert api.act("person-add", deputy, {"label": "P003"}, idempotency_key="k1").status == 200


def test_an_answer_that_was_cut_off_is_not_begun_again(api: Api) -> None:
    from countenance.records.models import ApiAnswer

    house = api.house
    token = api.token(house.operator)
    assert api.act("person-add", token, {"label": "P001"}, idempotency_key="k").status == 200
    ApiAnswer.objects.update(status=None, sealed=b"", process="another")
    again = api.act("person-add", token, {"label": "P001"}, idempotency_key="k")
    assert (again.status, again.json["code"]) == (409, "cut-off")
    assert house.events().count("person-added") == 1


def test_kept_answers_are_sealed_and_go_after_a_day(api: Api) -> None:
    from datetime import timedelta

    from countenance.records.models import ApiAnswer

    house = api.house
    token = api.token(house.operator)
    api.act("person-add", token, {"label": "Annabelle-0815"}, idempotency_key="k")
    row = ApiAnswer.objects.get()
    assert b"Annabelle" not in bytes(row.sealed)
    assert "Annabelle" not in row.request + row.key
    house.clock.move(timedelta(hours=25))
    api.act("person-add", token, {"label": "P2"}, idempotency_key="k2")
    assert not ApiAnswer.objects.filter(pk=row.pk).exists()


def test_an_answer_may_come_later(api: Api) -> None:
    import time

    house = api.house
    token = api.token(house.operator)
    answer = api.act("purge-plan", token, {}, prefer="respond-async")
    assert (answer.status, answer.headers["Preference-Applied"]) == (202, "respond-async")
    place = answer.headers["Location"].removeprefix("/api/v1")
    for _ in range(600):
        found = api.ask("GET", place, token)
        if found.status != 202:
            break
        time.sleep(0.1)
    assert (found.status, found.json["act"]) == (200, "purge-plan")
    stranger = api.token(house.deputy)
    assert api.ask("GET", place, stranger).status == 404
    assert api.ask("GET", "/answers/nothing", token).status == 404


def test_life_and_metrics(api: Api) -> None:
    assert api.client.get("/healthz").status_code == 200
    assert api.client.get("/readyz").status_code == 200
    token = api.token(api.house.caseworker)
    api.act("case-close", token, {"case": api.house.case})
    here = {"HTTP_HOST": "localhost"}
    told = api.client.get("/metrics", **here).content.decode()
    assert 'operation="api/v1/acts/case-close",status="200"' in told
    assert api.house.case not in told
    assert api.client.get("/metrics", REMOTE_ADDR="192.0.2.1", **here).status_code == 404
    assert api.client.get("/metrics", HTTP_X_FORWARDED_FOR="192.0.2.1", **here).status_code == 404
