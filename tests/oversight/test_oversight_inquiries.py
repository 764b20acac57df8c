"""Inquiries: opened with a scope, joined, inspected inside the scope only, reported, closed; each look in the log."""

from __future__ import annotations

import base64
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from house import PURPOSE, House, photograph
from oversight_parts import SELFIE, Authority, authority, found_person, people, refused_as
from PIL import Image

from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.identity import AccountKey
from countenance.search.values import LoggedCandidates
from countenance.service.acts import perform
from countenance.tlog import verifier
from countenance.tlog.statement import issue

WHY = "Who used it and what for"
FINDINGS = b"%PDF-1.4 findings"


def force(house: House, name: str = "Force", place: str = "CA-ON") -> tuple[AccountKey, str]:
    """Another client with its caseworker and a case."""
    house.act("client-add", name=name, jurisdiction=place, purposes=[PURPOSE], until="2028-01-01")
    key = house.account(f"{name.lower()}-1", "caseworker", name)
    case = house.act(
        "case-open",
        key,
        purpose=PURPOSE,
        reference=f"{name} 1",
        on_behalf_of=name,
        on_behalf_of_jurisdiction=place,
    )
    return key, case["case"]


def opened(house: House, by: Authority, **scope: str) -> str:
    words = {"title": "Use of face search", "reference": "PA-057"}
    return str(house.act("inquiry-open", by.commissioner, **words, **scope)["inquiry"])


def look(house: House, by: Authority, inquiry: str, what: str, **more: Any) -> Any:
    seen = house.act("inspect", by.inspector, inquiry=inquiry, look=what, reason=WHY, **more)
    return seen[what]


def entry_of(answer: object) -> int:
    assert isinstance(answer, LoggedCandidates)
    return answer.log_entry


def test_an_inspector_sees_the_client_of_the_inquiry_and_no_other(house: House) -> None:
    found_person(house)
    key, case = force(house)
    own = entry_of(house.search(SELFIE, key=key, case=case))
    other = entry_of(house.search(SELFIE))
    opc = authority(house)
    inquiry = opened(house, opc, client="Force")
    assert [row["entry"] for row in look(house, opc, inquiry, "searches")] == [own]
    assert [row["account"] for row in look(house, opc, inquiry, "accounts")] == ["force-1"]
    assert [row["case"] for row in look(house, opc, inquiry, "cases")] == [case]
    assert look(house, opc, inquiry, "purposes") == {PURPOSE: 1}
    assert look(house, opc, inquiry, "outcomes") == {"with-candidates": 1}
    assert look(house, opc, inquiry, "counts")["searches"] == 1
    assert [row["entry"] for row in look(house, opc, inquiry, "samples")["searches"]] == [own]
    with pytest.raises(NotFoundError):
        house.act("inspect-faces", opc.inspector, inquiry=inquiry, entry=other, reason=WHY)
    text = json.dumps([look(house, opc, inquiry, what) for what in ("searches", "cases", "accounts")])
    assert "carol" not in text
    assert "P001" not in text  # no name of who was found


def test_the_period_and_the_place_narrow_what_is_seen(sqlite_house: House) -> None:
    house = sqlite_house
    found_person(house)
    early = entry_of(house.search(SELFIE))
    house.clock.move(timedelta(days=2))
    late = entry_of(house.search(SELFIE))
    opc = authority(house)
    whole = opened(house, opc)
    assert [row["entry"] for row in look(house, opc, whole, "searches")] == [early, late]
    narrow = opened(house, opc, **{"from": "2026-11-03", "until": "2026-12-01"})
    assert [row["entry"] for row in look(house, opc, narrow, "searches")] == [late]
    elsewhere = opened(house, opc, place="CA-BC")
    assert look(house, opc, elsewhere, "searches") == []
    assert look(house, opc, elsewhere, "accounts") == []


def test_every_look_is_in_the_log_with_its_reason(house: House) -> None:
    opc = authority(house)
    inquiry = opened(house, opc)
    before = models.Account.objects.count()
    look(house, opc, inquiry, "policy")
    assert house.events()[-1] == "inspected"
    with open_reading() as tx:
        payload = house.workspace.log.payload(tx, house.workspace.log.head(tx).size - 1)
    assert payload is not None
    told = json.loads(payload.details)
    assert (told["inquiry"], told["look"], told["reason"]) == (inquiry, "policy", WHY)
    assert models.Account.objects.count() == before
    for reason in ("", "curious"):
        with pytest.raises(UsageError):
            house.act("inspect", opc.inspector, inquiry=inquiry, look="policy", reason=reason)


def test_faces_are_shown_with_a_logged_reason_one_search_at_a_time(house: House) -> None:
    found_person(house)
    entry = entry_of(house.search(SELFIE))
    opc = authority(house)
    inquiry = opened(house, opc, client="Tracing")
    seen = house.act("inspect-faces", opc.inspector, inquiry=inquiry, entry=entry, reason=WHY)
    assert [face["what"] for face in seen["faces"]] == ["probe", "candidate 1"]
    for face in seen["faces"]:
        assert Image.open(io.BytesIO(base64.b64decode(face["picture"]))).size[0] > 0
    assert house.events()[-1] == "faces-inspected"
    with pytest.raises(UsageError):
        house.act("inspect-faces", opc.inspector, inquiry=inquiry, entry=entry, reason="look")


def test_several_authorities_share_an_inquiry_and_others_are_shut_out(sqlite_house: House) -> None:
    house = sqlite_house
    opc = authority(house)
    cai = authority(house, "CAI", "CA-QC", "cai")
    inquiry = opened(house, opc)
    assert refused_as(house, "inspect", cai.inspector, inquiry=inquiry, look="counts", reason=WHY).reason == (
        "other-organisation"
    )
    joined = house.act("inquiry-join", cai.commissioner, inquiry=inquiry)
    assert joined["authorities"] == [opc.name, "CAI"]
    assert look(house, cai, inquiry, "counts")["searches"] == 0
    with pytest.raises(ConflictError):
        house.act("inquiry-join", cai.commissioner, inquiry=inquiry)
    for key in (house.operator, house.caseworker):
        assert (
            refused_as(house, "inspect", key, inquiry=inquiry, look="counts", reason=WHY).reason
            == "role-may-not"
        )
        assert refused_as(house, "inquiry-close", key, inquiry=inquiry).reason == "role-may-not"


def test_an_inquiry_stays_open_after_the_operator_left_and_ends_with_findings(house: House) -> None:
    opc = authority(house)
    inquiry = opened(house, opc)
    house.act("account-suspend", house.deputy, name="operator", reason="Left")
    house.act("account-suspend", house.deputy, name="deputy", reason="Left too")
    assert look(house, opc, inquiry, "counts")["searches"] == 0
    for _ in range(3):  # nobody of the operator confirms them any more: they confirm each other
        house.clock.move(timedelta(days=80))
        house.act("account-certify", opc.commissioner, name=opc.inspector.account)
        models.Account.objects.filter(name=opc.commissioner.account).update(certified_at=house.clock())
    (row,) = house.act("oversight-read", opc.inspector, listing="inquiries")["inquiries"]
    assert row["state"] == "open"
    document = base64.b64encode(FINDINGS).decode()
    closed = house.act(
        "inquiry-close",
        opc.commissioner,
        inquiry=inquiry,
        name="findings.pdf",
        document=document,
        findings="Collection without consent",
    )
    import hashlib

    sha256 = hashlib.sha256(FINDINGS).hexdigest()
    assert closed["documents"] == [{"name": "findings.pdf", "sha256": sha256}]
    with open_reading() as tx:
        payload = house.workspace.log.payload(tx, house.workspace.log.head(tx).size - 1)
    assert payload is not None
    assert json.loads(payload.details)["sha256"] == sha256
    assert FINDINGS not in bytes(models.InquiryDocument.objects.get().content)
    with pytest.raises(ConflictError):
        look(house, opc, inquiry, "counts")


def test_a_document_can_be_read_again_while_the_inquiry_is_open(sqlite_house: House) -> None:
    house = sqlite_house
    opc = authority(house)
    inquiry = opened(house, opc)
    document = base64.b64encode(FINDINGS).decode()
    attached = house.act("inquiry-attach", opc.commissioner, inquiry=inquiry, name="a.pdf", document=document)
    sha256 = attached["documents"][0]["sha256"]
    assert base64.b64decode(look(house, opc, inquiry, "documents", sha256=sha256)) == FINDINGS
    for bad in ("", "not base64!"):
        with pytest.raises(UsageError):
            house.act("inquiry-attach", opc.commissioner, inquiry=inquiry, name="a.pdf", document=bad)


def test_the_report_of_a_client_s_use_names_its_entries_and_verifies_offline(
    house: House, tmp_path: Path
) -> None:
    found_person(house)
    key, case = force(house)
    made = [
        entry_of(house.search(SELFIE, key=key, case=case)),
        entry_of(house.search(SELFIE, key=key, case=case)),
    ]
    nobody = entry_of(house.search(photograph("P002"), key=key, case=case))
    house.search(SELFIE)  # another client's
    house.search(SELFIE, key=key, case="")  # refused: no case
    opc = authority(house)
    inquiry = opened(house, opc, client="Force")
    signed = opc.inspector.sign(
        workspace_id=house.id, act="inquiry-report", params={"inquiry": inquiry}, at=house.clock()
    )
    result = perform(house.workspace, signed)
    assert isinstance(result.record, dict)
    assert result.log_entry is not None
    told: Any = result.record["statement"]
    assert told["searches"]["count"] == 3
    assert told["purposes"] == {PURPOSE: told["searches"]}
    found = people(house.search(photograph("P002")))
    with_candidates = [*made, nobody] if found else made
    assert told["outcomes"]["with-candidates"]["count"] == len(with_candidates)
    assert told["refused"] == {"no-case": {"count": 1, "entries": str(_last_refused(house))}}
    (account,) = told["accounts"]["each"]
    assert (account["account"], account["searches"]["count"]) == ("force-1", 3)
    assert house.events()[int(account["entries"])] == "account-added"
    events = house.events()
    for part in told["searches"]["entries"].replace("-", ", ").split(", "):
        assert events[int(part)] == "search-made"

    house.workspace.checkpoint()
    with open_reading() as tx:
        text = issue(house.workspace.log, tx, result.log_entry, told)
    verdict = verifier.verify_statement(text, house.workspace.log.vkey)
    assert verdict.ok
    changed = json.loads(text)
    changed["statement"]["searches"]["count"] = 2
    assert not verifier.verify_statement(json.dumps(changed), house.workspace.log.vkey).ok


def _last_refused(house: House) -> int:
    return max(index for index, event in enumerate(house.events()) if event == "search-refused")


def test_samples_are_drawn_by_the_log_and_can_be_drawn_again(sqlite_house: House) -> None:
    import hmac

    house = sqlite_house
    found_person(house)
    entries = [entry_of(house.search(SELFIE)) for _ in range(6)]
    opc = authority(house)
    inquiry = opened(house, opc)
    drawn = look(house, opc, inquiry, "samples", count=3)
    root = bytes.fromhex(drawn["log_root"])
    again = sorted(entries, key=lambda entry: hmac.digest(root, str(entry).encode(), "sha256"))[:3]
    assert [row["entry"] for row in drawn["searches"]] == sorted(again)
