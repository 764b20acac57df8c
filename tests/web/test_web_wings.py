"""Request desk, oversight and operator: what lies there, what is done there, and who is told no, in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from house import PURPOSE, House, photograph
from web_parts import Visitor

from countenance.records import models
from countenance.search.values import LoggedCandidates
from countenance.service.acts import FORMS
from countenance.web.titles import TITLES
from countenance.web.wings import WINGS
from countenance.web.wings.doing import acts_of


@pytest.fixture
def operator(served: House) -> Visitor:
    return Visitor(house=served).enter(served.operator)


def _text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_every_act_on_a_desk_has_a_title_and_a_form() -> None:
    for wing in WINGS:
        for act in acts_of(wing):
            assert TITLES[act]
            assert act in FORMS


def _raw(page: str) -> list[str]:
    """Names of fields that no sentence was found for: `like_this`."""
    said = re.findall(r"<(?:dt|th|label|legend)\b[^>]*>([^<]*)", page)
    return [each for each in said if re.search(r"[a-z]_[a-z]", each)]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_page_of_every_desk(served: House, lang: str) -> None:
    served.person("P001")
    visitor = Visitor(house=served, lang=lang).enter(served.operator)
    for wing in WINGS:
        for shelf in wing.shelves:
            answer = visitor.get(f"{wing.path}/{shelf.name}")
            assert answer.status_code == 200, (shelf.name, _text(answer))
            assert _raw(answer.content.decode()) == [], shelf.name
            found = re.search(rf'href="({wing.path}/{shelf.name}/[^"]+)"', answer.content.decode())
            if found:
                one = visitor.get(found.group(1))
                assert one.status_code == 200
                assert _raw(one.content.decode()) == [], found.group(1)
        for act in sorted(acts_of(wing)):
            answer = visitor.get(f"{wing.path}/act/{act.value}")
            if answer.status_code == 302:  # a fresh second factor first
                assert answer["Location"].startswith("/confirm")
                continue
            page = answer.content.decode()
            assert answer.status_code == 200, act
            assert _raw(page) == [], act
            assert set(re.findall(r'<label for="([^"]+)"', page)) <= set(re.findall(r' id="([^"]+)"', page))
            if lang == "fr":
                assert TITLES[act] not in re.sub(r'value="[^"]*"|name="[^"]*"', "", page), act


def test_nobody_is_let_in_without_a_session(visitor: Visitor) -> None:
    for path in ("/operator", "/requests/open", "/oversight/act/lock-set", "/shown/x"):
        answer = visitor.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login")


def test_a_person_is_added_and_consents(operator: Visitor) -> None:
    done = operator.post("/operator/act/person-add", label="P001")
    assert done.status_code == 200, _text(done)
    assert "Log entry" in _text(done)
    done = operator.post(
        "/operator/act/consent-record",
        person="P001",
        gallery="people",
        purposes=[PURPOSE],
        notice_text="We may look for you.",
    )
    assert done.status_code == 200, _text(done)
    assert "R-" in _text(done)
    assert "P001" in _text(operator.get("/operator/persons"))
    assert operator.house.events()[-2:] == ["person-added", "consent-recorded"]


def test_what_was_typed_stays_and_the_fault_is_told(operator: Visitor) -> None:
    answer = operator.post(
        "/operator/act/gallery-add", name="new one", jurisdiction="Nowhere", purposes=[PURPOSE]
    )
    assert answer.status_code == 400
    assert 'value="new one"' in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()


def test_a_request_from_the_door_to_its_receipt(operator: Visitor) -> None:
    house = operator.house
    receipt = house.person("P001")
    house.enrol(receipt, photograph("P001"))
    done = operator.post(
        "/requests/act/request-open",
        kind="erasure",
        pointer="receipt",
        value=receipt,
        name="Anne",
        contact="anne@example.org",
    )
    found = re.search(r"Q-[0-9A-Z-]+", _text(done))
    assert found, _text(done)
    number = found.group()
    assert number in _text(operator.get("/requests/open"))
    for act, fields in (
        ("request-verify", {"tier": "receipt-holder"}),
        ("request-find", {}),
        ("request-fulfil", {}),
        ("request-receipts", {}),
    ):
        done = operator.post(f"/requests/act/{act}", request=number, **fields)
        assert done.status_code == 200, (act, _text(done))
    kept = re.findall(r'href="(/files/[^"]+)"', done.content.decode())
    assert b"countenance-statement/1" in operator.get(kept[-1]).content  # a file that verifies without us
    assert "request-fulfilled" in house.events()


def test_a_requester_is_found_by_their_own_face(operator: Visitor) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    house = operator.house
    house.enrol(house.person("P001"), photograph("P001"))
    opened = operator.post(
        "/requests/act/request-open", kind="access", pointer="own-face", name="Anne", contact="a@example.org"
    )
    found = re.search(r"Q-[0-9A-Z-]+", _text(opened))
    assert found
    number = found.group()
    seen = operator.post("/requests/act/request-verify", request=number, tier="own-face-seen", seen="licence")
    assert seen.status_code == 200, _text(seen)
    picture = SimpleUploadedFile("../a.jpg", photograph("P001", "amateur_selfie"), "image/jpeg")
    done = operator.post("/requests/act/request-search", request=number, picture=picture)
    assert done.status_code == 200, _text(done)
    shown = re.findall(r'src="(/shown/[^"]+)"', done.content.decode())
    assert len(shown) == 2  # the requester's picture, and the face that may be theirs
    crop = operator.get(shown[1])
    assert crop["Content-Type"] == "image/jpeg"
    assert crop.content.startswith(b"\xff\xd8")
    stranger = Visitor(house=house).enter(house.deputy)
    assert stranger.get(shown[1]).status_code == 404
    confirmed = operator.post("/requests/act/request-confirm", request=number, faces="1")
    assert confirmed.status_code == 200, _text(confirmed)
    nothing = operator.post("/requests/act/request-search", request=number)
    assert nothing.status_code in {200, 400}


def test_a_person_is_kept_out_by_their_own_picture(operator: Visitor) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    opened = operator.post(
        "/requests/act/request-open",
        kind="opt-out",
        form="protected-template",
        pointer="own-face",
        name="Anne",
        contact="a@example.org",
    )
    found = re.search(r"Q-[0-9A-Z-]+", _text(opened))
    assert found
    number = found.group()
    operator.post("/requests/act/request-verify", request=number, tier="own-face-seen", seen="licence")
    assert operator.post("/requests/act/request-fulfil", request=number).status_code == 400
    picture = SimpleUploadedFile("a.jpg", photograph("P002"), "image/jpeg")
    done = operator.post("/requests/act/request-fulfil", request=number, picture=picture, days="30")
    assert done.status_code == 200, _text(done)
    assert operator.house.events()[-1] == "request-fulfilled"


def test_suspending_asks_for_a_fresh_second_factor(operator: Visitor) -> None:
    from datetime import timedelta

    operator.house.clock.move(timedelta(minutes=6))
    answer = operator.get("/operator/act/client-suspend?name=Tracing")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/confirm")
    assert operator.post("/confirm", code=operator.code(), next="/operator").status_code == 302
    page = operator.get("/operator/act/client-suspend?name=Tracing").content.decode()
    assert 'class="danger"' in page
    assert 'value="Tracing"' in page
    done = operator.post("/operator/act/client-suspend", name="Tracing", reason="under inquiry")
    assert done.status_code == 200, _text(done)
    assert operator.house.events()[-1] == "client-suspended"


def test_two_persons_one_after_the_other(operator: Visitor) -> None:
    house = operator.house
    house.act("gallery-suspend", name="people", reason="x")
    waits = operator.post("/operator/act/gallery-reinstate", name="people")
    code = re.search(r"P-[0-9A-Z-]+", _text(waits))
    assert code, _text(waits)
    page = f"/operator/proposals/{code.group()}"
    alone = operator.post("/operator/act/approve", page, proposal=code.group())
    assert alone.status_code == 403
    deputy = Visitor(house=house).enter(house.deputy)
    done = deputy.post("/operator/act/approve", page, proposal=code.group())
    assert done.status_code == 200, _text(done)
    assert house.events()[-1] == "gallery-reinstated"


def test_an_order_is_seen_before_it_is_issued(served: House) -> None:
    from countenance.records.identity import AccountKey

    code = served.act("authority-add", name="Commissioner", jurisdiction="CA")["proposal"]
    served.act("approve", served.deputy, proposal=code)
    key = AccountKey.generate("commissioner")
    added = served.act(
        "account-add",
        name=key.account,
        role="commissioner",
        authority="Commissioner",
        public_key=key.public_bytes().hex(),
    )
    served.act("approve", served.deputy, proposal=added["proposal"])
    visitor = Visitor(house=served).enter(key)
    seen = visitor.post("/oversight/act/order-preview", kind="cease-offering", place="CA-ON")
    assert seen.status_code == 200, _text(seen)
    page = seen.content.decode()
    assert page.count('class="danger"') == 1
    assert 'name="place" value="CA-ON"' in page
    issued = visitor.post(
        "/oversight/act/order-issue", kind="cease-offering", place="CA-ON", number="O-2026-1", text="Cease."
    )
    assert issued.status_code == 200, _text(issued)
    assert served.events()[-1] == "order-issued"
    # What the operator sees of it, and cannot lift.
    operator = Visitor(house=served).enter(served.operator)
    assert "O-2026-1" in _text(
        operator.get(
            re.search(
                r'href="(/oversight/orders/[^"]+)"', operator.get("/oversight/orders").content.decode()
            ).group(1)
        )
    )  # type: ignore[union-attr]
    denied = operator.get("/oversight/act/order-lift?order=O-2026-1")
    assert denied.status_code in {200, 302}


def test_the_log_is_verified_now(operator: Visitor) -> None:
    from countenance.records.database import open_transaction

    page = _text(operator.get("/oversight/log"))
    assert "Every entry is as it was logged" in page
    assert "✓" in page
    with open_transaction() as tx:
        tx.execute(
            "update tlog_payload set salt = (select salt from tlog_payload where position = 2) where position = 1"
        )
    assert "✓" not in _text(operator.get("/oversight/log"))


def test_a_role_is_told_no_by_the_rule(served: House) -> None:
    visitor = Visitor(house=served).enter(served.caseworker)
    answer = visitor.get("/requests/open")
    assert answer.status_code == 403
    assert "role-may-not" in _text(answer)
    assert "Request desk" not in _text(visitor.get("/"))


def test_what_does_not_exist_is_not_there(operator: Visitor) -> None:
    for path in (
        "/operator/nothing",
        "/operator/persons/nobody",
        "/operator/act/case-open",
        "/shown/nothing",
    ):
        assert operator.get(path).status_code == 404, path


def test_the_operator_sees_models_keys_backups_and_index(operator: Visitor, tmp_path: Path) -> None:
    from countenance.registry.backup import backup

    house = operator.house
    signed = house.operator.sign(workspace_id=house.id, act="backup", params={}, at=house.clock())
    backup(house.workspace, signed, tmp_path / "copy")
    assert str(tmp_path / "copy") in _text(operator.get("/operator/backups"))
    house.act("backup-verify", made_at=house.clock().isoformat())
    assert models.BackupRecord.objects.get().verified_at == house.clock()
    assert "sface" in _text(operator.get("/operator/models"))
    assert "Apache-2.0" in _text(operator.get("/operator/models/sface"))
    keys = _text(operator.get("/operator/keys"))
    assert "founder-1" in keys
    assert house.workspace.log.vkey in keys.replace("&#x27;", "'").replace("&amp;", "&")
    assert "In sealed segments" in _text(operator.get("/operator/index"))


def test_a_policy_pack_is_tried_before_it_is_put_in_force(operator: Visitor) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from countenance.policy.pack import shipped_pack_files

    assert "/operator/act/policy-activate" not in operator.get("/operator/policies").content.decode()
    files = [
        SimpleUploadedFile(name, text.encode(), "text/plain")
        for name, text in shipped_pack_files("CA-QC").items()
    ]
    done = operator.post("/operator/act/policy-try", files=files)
    text = _text(done)
    assert done.status_code == 200, text
    assert "Questions asked" in text
    assert "/operator/act/policy-activate" in text  # offered once its effect has been seen
    assert operator.house.events()[-1] != "policy-activated"


def test_a_timeline_with_grants_and_proofs_that_check_elsewhere(operator: Visitor, tmp_path: Path) -> None:
    house = operator.house
    house.enrol(house.person("P001"), photograph("P001"))
    found = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(found, LoggedCandidates)
    listed = operator.get("/oversight/timeline").content.decode()
    assert f"/oversight/timeline/{found.log_entry}" in listed
    assert 'class="button danger" href="/oversight/act/lock-set"' in listed  # one red control
    one = _text(operator.get(f"/oversight/timeline/{found.log_entry}"))
    assert found.grant_id in one
    done = operator.post("/oversight/act/log-prove", entry=str(found.log_entry))
    address = re.findall(r'href="(/files/[^"]+)"', done.content.decode())[0]
    (tmp_path / "entry.proof").write_bytes(operator.get(address).content)
    program = tmp_path / "verifier.py"
    program.write_bytes(Visitor(house=house).get("/transparency/verifier.py").content)
    checked = subprocess.run(
        [sys.executable, program, "proof", tmp_path / "entry.proof", "--key", house.workspace.log.vkey],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    stranger = Visitor(house=house).enter(house.deputy)
    assert stranger.get(address).status_code == 404


def test_failed_items_of_an_ingest_are_told_and_tried_again(operator: Visitor) -> None:
    house = operator.house
    folder = house.workspace.directory.parent / "photographs"
    folder.mkdir(exist_ok=True)
    (folder / "not-a-picture.jpg").write_bytes(b"x" * 400)
    started = operator.post("/operator/act/ingest", source="archive")
    assert started.status_code == 200, _text(started)
    for _ in range(600):
        listed = operator.get("/operator/ingests").content.decode()
        if "hx-get" not in listed:
            break
        assert "htmx" in listed
        time.sleep(0.1)
    run = re.findall(r'href="(/operator/ingests/[^"]+)"', listed)[0]
    page = operator.get(run).content.decode()
    assert "not-a-picture.jpg" in page
    assert "unreadable" in page
    assert "/operator/act/ingest?source=archive" in page  # try again, for this source
