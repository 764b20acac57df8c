"""The request desk: received, verified, answered; clocks; receipts. On both databases, with real parts."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from house import House, photograph

from countenance.policy.pack import shipped_pack_files
from countenance.primitives.errors import ConflictError, NotFoundError, RefusedError, UsageError
from countenance.records import models
from countenance.records.requests import destroy_closed_requests, picture_name
from countenance.records.workspace import Workspace
from countenance.rights.portal import standing
from countenance.tlog import verifier

ASKING: dict[str, Any] = {"name": "Anne Tremblay", "contact": "anne@example.org"}


def opened(house: House, **params: Any) -> dict[str, Any]:
    return dict(house.act("request-open", **{"kind": "erasure", "pointer": "receipt", **ASKING, **params}))


def verified(house: House, **params: Any) -> str:
    """A request whose requester was verified by a document; returns its number."""
    number = str(opened(house, **params)["request"])
    tier = "own-face-seen" if params.get("pointer") == "own-face" else "document-seen"
    house.act("request-verify", request=number, tier=tier, seen="passport, number not noted")
    return number


def receipts(house: House, number: str) -> list[dict[str, Any]]:
    return list(house.act("request-receipts", request=number)["receipts"])


def test_erasure_by_receipt_code_from_opening_to_proof(house: House) -> None:
    code = house.person("P001")
    house.enrol(code, photograph("P001"))
    asked = opened(house, value=code)
    number = asked["request"]
    assert asked["secret"].startswith("S-")
    assert house.act("request-verify", request=number, tier="receipt-holder", code=code)["verified"]
    found = house.act("request-find", request=number)["faces"]
    assert [face["confirmed"] for face in found] == [True]
    done = house.act("request-fulfil", request=number)
    assert (done["step"], done["state"]) == ("erased", "fulfilled")
    assert models.Erasure.objects.get(code=done["erasures"][0]).state == "done"
    assert not models.Person.objects.filter(label="P001").exists()
    vkey = house.workspace.log.vkey
    for each in receipts(house, number):
        verdict = verifier.verify_statement(each["file"], vkey)
        assert verdict.ok, verdict.text()
        assert verdict.statement is not None
        assert verdict.statement["request"] == number
        assert "Anne" not in each["file"]
    steps = [each["step"] for each in receipts(house, number)]
    assert steps == ["received", "verified", "erased"]


def test_a_changed_receipt_is_seen(sqlite_house: House) -> None:
    number = verified(sqlite_house, value="R-0000-0000-0000-0000")
    file = json.loads(receipts(sqlite_house, number)[1]["file"])
    vkey = sqlite_house.workspace.log.vkey
    assert verifier.verify_statement(json.dumps(file), vkey).ok
    file["statement"]["due"] = "2030-01-01"
    assert not verifier.verify_statement(json.dumps(file), vkey).ok


def test_nothing_is_looked_up_before_verification(house: House) -> None:
    code = house.person("P001")
    for kind in ("access", "erasure", "objection"):
        number = opened(house, kind=kind, value=code)["request"]
        for act, more in (("find", {}), ("confirm", {"faces": []}), ("fulfil", {})):
            with pytest.raises(ConflictError) as refused:
                house.act(f"request-{act}", request=number, **more)
            assert refused.value.code == "request-not-verified"


def test_answers_before_verification_do_not_tell_who_is_enrolled(sqlite_house: House) -> None:
    """The same fields, the same statements to the database and no time that differs: for a code that exists, and for none."""
    house = sqlite_house
    code = house.person("P001")
    house.enrol(code, photograph("P001"))
    there: list[float] = []
    nowhere: list[float] = []
    shapes = set()
    for number in range(60):
        for value, times in ((code, there), ("R-0000-0000-0000-0000", nowhere))[:: 1 if number % 2 else -1]:
            started = time.perf_counter()
            answer = opened(house, value=value)
            times.append(time.perf_counter() - started)
            shapes.add(
                tuple((key, None if key in {"request", "secret"} else answer[key]) for key in sorted(answer))
            )
    assert len(shapes) == 1
    # Time on a busy machine shows a gross difference only; that the same is done shows in what the database is asked.
    assert alike(there, nowhere)
    assert statements(lambda: opened(house, value=code)) == statements(
        lambda: opened(house, value="R-0000-0000-0000-0000")
    )
    # Negative control: once somebody is verified, a code that exists leads to more.
    found = []
    for value in (code, "R-0000-0000-0000-0000"):
        request = verified(house, value=value)
        found.append(statements(lambda request=request: house.act("request-find", request=request)))  # type: ignore[misc]
    assert found[0] != found[1]


def statements(work: Callable[[], object]) -> list[str]:
    """The SQL that `work` runs, without its values."""
    asked: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(note):
        work()
    return asked


def alike(there: list[float], nowhere: list[float]) -> bool:
    """Whether two series of seconds, taken in turns, have middles within a quarter of each other. Ten are warm-up."""
    one, other = statistics.median(there[10:]), statistics.median(nowhere[10:])
    return max(one, other) < 1.25 * min(one, other)


def test_a_wrong_code_takes_as_long_as_an_unknown_one(sqlite_house: House) -> None:
    """Verification too does not tell whether the code in a request is that of somebody who is enrolled."""
    house = sqlite_house
    code = house.person("P001")
    house.enrol(code, photograph("P001"))
    wrong = "R-1111-1111-1111-1111"
    times: dict[str, list[float]] = {code: [], wrong: []}
    events = set()
    for number in range(50):
        for value in (code, wrong)[:: 1 if number % 2 else -1]:
            asked = opened(house, value=value)["request"]
            started = time.perf_counter()
            answer = house.act(
                "request-verify", request=asked, tier="receipt-holder", code="R-2222-2222-2222-2222"
            )
            times[value].append(time.perf_counter() - started)
            assert answer["verified"] is False
            events.add(house.events()[-1])
    assert events == {"request-not-verified"}
    # As above: time shows a gross difference only, the statements show any.
    assert alike(times[code], times[wrong])
    asked_for = {value: opened(house, value=value)["request"] for value in times}
    asked, other = (
        statements(
            lambda number=number: house.act(  # type: ignore[misc]
                "request-verify", request=number, tier="receipt-holder", code="R-2222-2222-2222-2222"
            )
        )
        for number in asked_for.values()
    )
    assert asked == other


def test_a_wrong_code_and_an_unknown_one_are_answered_alike(house: House) -> None:
    code = house.person("P001")
    wrong = "R-1111-1111-1111-1111"
    answers = []
    for value, shown in ((code, wrong), (wrong, wrong)):
        number = opened(house, value=value)["request"]
        answer = house.act("request-verify", request=number, tier="receipt-holder", code=shown)
        answers.append({key: value for key, value in answer.items() if key != "request"})
        assert answer["verified"] is False
    assert answers[0] == answers[1]
    for _ in range(4):
        house.act("request-verify", request=number, tier="receipt-holder", code=wrong)
    with pytest.raises(ConflictError):
        house.act("request-verify", request=number, tier="receipt-holder", code=wrong)


def test_what_a_code_alone_opens_ends_something_and_shows_nothing(house: House) -> None:
    code = house.person("P001")
    for kind in ("access", "correction"):
        number = opened(house, kind=kind, value=code)["request"]
        with pytest.raises(UsageError) as refused:
            house.act("request-verify", request=number, tier="receipt-holder", code=code)
        assert refused.value.code == "request-tier"


def test_withdrawing_is_as_easy_as_giving(house: House) -> None:
    code = house.person("P001")
    house.enrol(code, photograph("P001"))
    number = opened(house, kind="withdrawal", value=code)["request"]
    house.act("request-verify", request=number, tier="receipt-holder", code=code)
    done = house.act("request-fulfil", request=number)
    assert (done["step"], done["receipts"], done["references_ended"]) == ("consent-withdrawn", 1, 1)


def test_objection_and_correction(house: House) -> None:
    code = house.person("P001")
    house.enrol(code, photograph("P001"))
    number = verified(house, kind="correction", value=code)
    house.act("request-find", request=number)
    done = house.act("request-fulfil", request=number, field="label", value="P-0001")
    assert done["records"] == 1
    assert models.Person.objects.get().label == "P-0001"
    number = verified(house, kind="objection", value=code)
    house.act("request-find", request=number)
    assert house.act("request-fulfil", request=number)["references_ended"] == 1
    assert models.Reference.objects.get().ended_at is not None


def test_each_correction_of_a_record(house: House) -> None:
    """A label, a declared minority, and a face that is somebody else's: what rested on it ends."""
    code = house.person("P001")
    reference = house.enrol(code, photograph("P001"))
    for field, more in (("declared-minor", {"value": "yes"}), ("not-me", {})):
        number = verified(house, kind="correction", value=code)
        house.act("request-find", request=number)
        done = house.act("request-fulfil", request=number, field=field, **more)
        assert (done["step"], done["field"], done["records"]) == ("corrected", field, 1)
    assert models.Person.objects.get().declared_minor
    assert models.Face.objects.get().person is None
    assert models.Reference.objects.get(pk=reference).ended_at is not None
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert not getattr(answer, "candidates", ())
    house.person("P002")
    number = verified(house, kind="correction", value=code)
    house.act("request-find", request=number)
    with pytest.raises(ConflictError) as refused:  # nobody becomes somebody else by asking
        house.act("request-fulfil", request=number, field="label", value="p002")
    assert refused.value.code == "person-exists"


def test_an_objection_or_withdrawal_has_effect_in_the_next_search_and_a_receipt(house: House) -> None:
    for kind, person in (("objection", "P001"), ("withdrawal", "P002")):
        code = house.person(person)
        house.enrol(code, photograph(person))
        picture = photograph(person, "amateur_selfie")
        assert [each.person for each in house.search(picture).candidates[:1]] == [person]  # type: ignore[union-attr]
        number = verified(house, kind=kind, value=code)
        house.act("request-find", request=number)
        house.act("request-fulfil", request=number)
        answer = house.search(picture)
        assert person not in [each.person for each in getattr(answer, "candidates", ())]
        last = receipts(house, number)[-1]["file"]
        assert verifier.verify_statement(last, house.workspace.log.vkey).ok
        row = models.RequestRecord.objects.get(number=number)
        assert (bytes(row.details), row.state) == (b"", "fulfilled")


def test_by_photograph_and_by_reference_somebody_looks_first(house: House) -> None:
    one, other = house.person("P001"), house.person("P002")
    house.enrol(one, photograph("P001"))
    house.enrol(other, photograph("P002"))
    picture = models.Photograph.objects.get(path="P001.jpg")
    for pointer, value in (("photograph", str(picture.pk)), ("source-reference", "P001.jpg")):
        number = verified(house, kind="objection", pointer=pointer, value=value)
        (face,) = house.act("request-find", request=number)["faces"]
        assert (face["photograph"], face["confirmed"]) == ("P001.jpg", False)
        assert "P001" not in str({key: text for key, text in face.items() if key != "photograph"})
        with pytest.raises(ConflictError):
            house.act("request-fulfil", request=number)
        house.act("request-confirm", request=number, faces=[])
        assert house.act("request-fulfil", request=number)["step"] == "nothing-found"


def test_clocks_pause_extend_and_survive_a_restart(house: House) -> None:
    number = opened(house, kind="access", value="x", place="CA-BC")["request"]
    due = models.RequestRecord.objects.get().received_at.date() + timedelta(days=30)
    listed = house.act("request-read")["requests"]
    assert [(row["request"], row["due"], row["overdue"]) for row in listed] == [
        (number, due.isoformat(), False)
    ]
    with pytest.raises(UsageError):  # the law of the place knows no such reason
        house.act("request-pause", request=number, reason="identity-not-established", text="A document?")
    house.act("request-pause", request=number, reason="authority-asked", text="May it be disregarded?")
    house.clock.move(timedelta(days=10))
    house.act("request-resume", request=number)
    (row,) = house.act("request-read")["requests"]
    assert row["due"] == (due + timedelta(days=10)).isoformat()
    database = house.workspace.directory
    house.workspace.close()
    house.workspace = Workspace.open(database, clock=house.clock)
    house.clock.move(timedelta(days=31))
    (row,) = house.act("request-read", overdue=True)["requests"]
    assert (row["request"], row["overdue"]) == (number, True)
    with pytest.raises((ConflictError, UsageError)):
        house.act("request-extend", request=number, reason="volume")


def with_terms(house: House) -> None:
    """Put a pack in force whose law gives an answer to access 20 days, 10 more for volume, and lets the clock stand."""
    files = shipped_pack_files("CA")
    manifest = json.loads(files["pack.json"])
    clock = {
        "request": "access",
        "within": "20 days",
        "extension": "10 days",
        "extension_for": ["volume"],
        "notice_within": "15 days",
        "pauses": ["clarification-asked"],
        "sources": ["pipeda-4-9"],
        "en": "Twenty days, for this test.",
        "fr": "Vingt jours, pour cet essai.",
    }
    terms = json.loads(files["terms.json"])
    terms["clocks"] = [clock]
    manifest["version"] = "2027.1.1"
    files = {**files, "terms.json": json.dumps(terms), "pack.json": json.dumps(manifest)}
    waiting = house.act("policy-activate", files=files, signatures=house.vouched(files))
    house.act("approve", house.deputy, proposal=waiting["proposal"])


def test_the_law_of_the_place_sets_the_clock(house: House) -> None:
    """The pack's time, its one extension with a notice in time, and its pauses; the shorter law counts; others stay at 30 days."""
    with_terms(house)
    received = house.clock().date()
    due = {kind: opened(house, kind=kind, value="x", place="CA-ON")["due"] for kind in ("access", "erasure")}
    assert due == {
        "access": (received + timedelta(days=20)).isoformat(),
        "erasure": (received + timedelta(days=30)).isoformat(),
    }
    number = opened(house, kind="access", value="x", place="BR")["request"]  # the operator's law holds
    with pytest.raises(UsageError):
        house.act("request-pause", request=number, reason="identity-not-established")
    house.act("request-pause", request=number, reason="clarification-asked", text="Which album?")
    house.clock.move(timedelta(days=3))
    house.act("request-resume", request=number)
    done = house.act("request-extend", request=number, reason="volume", text="Many albums.")
    assert done["due"] == (received + timedelta(days=33)).isoformat()
    with pytest.raises(ConflictError):
        house.act("request-extend", request=number, reason="volume")
    late = opened(house, kind="access", value="x")["request"]
    house.clock.move(timedelta(days=16))
    with pytest.raises(ConflictError) as refused:
        house.act("request-extend", request=late, reason="volume")
    assert refused.value.code == "clock-notice-late"
    told = json.loads(receipts(house, number)[-1]["file"])["statement"]
    assert (told["step"], told["reason"], told["due"]) == (
        "extended",
        "volume",
        (received + timedelta(days=33)).isoformat(),
    )


def test_only_the_desk_takes_requests(house: House) -> None:
    desk = house.account("dora", "request-desk", client=None)
    number = house.act("request-open", desk, kind="access", pointer="receipt", value="x", **ASKING)["request"]
    house.act("request-verify", desk, request=number, tier="document-seen", seen="passport")
    for act, params in (("request-read", {}), ("request-receipts", {"request": number})):
        with pytest.raises(RefusedError):
            house.act(act, house.caseworker, **params)
    with pytest.raises(RefusedError):
        house.act("person-add", desk, label="P009")


def test_residence_opens_and_closes_nothing(house: House) -> None:
    for place in ("", "CA-QC", "FR", "BR", "US-IL"):
        assert opened(house, value="x", place=place)["state"] == "received"


def test_a_refusal_names_reason_rule_and_where_to_complain(house: House) -> None:
    number = opened(house, value="x", place="CA-BC")["request"]
    house.act("request-refuse", request=number, reason="Made by somebody else.", authority="PIPEDA, s. 8(1)")
    told = json.loads(receipts(house, number)[-1]["file"])["statement"]
    assert told["authority"] == "PIPEDA, s. 8(1)"
    assert [entry["address"] for entry in told["complain_to"]] == [
        "https://www.oipc.bc.ca",
        "https://www.priv.gc.ca",
    ]
    with pytest.raises(ConflictError):
        house.act("request-withdraw", request=number)


def test_a_requester_sees_where_it_stands_by_number_and_secret_alone(house: House) -> None:
    asked = opened(house, value="x")
    seen = standing(house.workspace, asked["request"], asked["secret"].lower())
    assert (seen["state"], [step["step"] for step in seen["steps"]]) == ("received", ["received"])
    answers = set()
    for number, secret in ((asked["request"], "S-0000"), ("Q-0000-0000", asked["secret"]), ("", "")):
        with pytest.raises(NotFoundError) as refused:
            standing(house.workspace, number, secret)
        answers.add((refused.value.code, str(refused.value)))
    assert len(answers) == 1


def test_a_closed_request_knows_nobody(house: House) -> None:
    number = verified(house, value="R-0000-0000-0000-0000")
    row = models.RequestRecord.objects.get(number=number)
    assert row.pk in set(house.workspace.vault.record_ids())
    house.act("request-withdraw", request=number)
    row.refresh_from_db()
    assert (bytes(row.details), row.destroyed_at is not None) == (b"", True)
    assert row.pk not in set(house.workspace.vault.record_ids())
    assert picture_name(row) not in set(house.workspace.media.names())
    assert destroy_closed_requests(house.workspace) == 0
