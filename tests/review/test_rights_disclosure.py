"""A search disclosed to the person it affected (requirement R25): complete, made again, and nobody else in it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from house import House, photograph
from review_desk import Desk

from countenance.cli.language import Language, speak
from countenance.cli.package import build_disclosure
from countenance.cli.sheet.disclosure import EDITS, NOTES, render_disclosure
from countenance.policy.decisions import Refused
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import ConflictError, NotFoundError
from countenance.records import models
from countenance.records.photographs import open_crop
from countenance.rights.disclosure import Disclosure, disclose
from countenance.search.values import LoggedCandidates
from countenance.tlog import verifier

SELFIE = photograph("P001", "amateur_selfie")
ORDER = "Order of 2 November 2026, file 500-01"


def examined(desk: Desk) -> None:
    """A search with a second candidate who looks alike; two examiners take the first for a lead and rule the other out."""
    house = desk.house
    house.enrol(house.person("Q001"), photograph("P001", "studio_posture"))
    answer = house.search(SELFIE)
    assert isinstance(answer, LoggedCandidates)
    assert len(answer.candidates) >= 2
    desk.open()
    face = models.Candidate.objects.select_related("face").get(rank=1).face
    crop = open_crop(house.workspace, face)
    assert crop is not None
    first = base64.b64encode(crop).decode()
    for name in ("ada", "bob"):
        desk.examine(name, lambda shown: 3 if shown["face"]["jpeg"] == first else -3)


def verified(house: House, rank: int = 1) -> str:
    """A request for access by the receipt of whoever stands at `rank` of the list, found and confirmed."""
    person = models.Candidate.objects.get(rank=rank).person
    code = models.ConsentReceipt.objects.get(person=person).code
    number = str(
        house.act(
            "request-open", kind="access", pointer="receipt", value=code, name="A. Roy", contact="by post"
        )["request"]
    )
    house.act("request-verify", request=number, tier="document-seen", seen="passport")
    house.act("request-find", request=number)
    return number


def ask(house: House, number: str, search: int = 1, key: Any = None) -> Disclosure | Refused:
    signed = (key or house.operator).sign(
        workspace_id=house.id,
        act="request-disclose",
        params={"request": number, "search": search, "authority": ORDER},
        at=house.clock(),
    )
    return disclose(house.workspace, signed, house.pool)


def test_everything_that_led_to_the_list_and_the_search_made_again(desk: Desk) -> None:
    house = desk.house
    examined(desk)
    number = verified(house)
    found = ask(house, number)
    assert isinstance(found, Disclosure)
    content: Any = found.content
    (probe,) = content["probe"]
    assert probe["sha256"] == sha256_hex(SELFIE)
    assert probe["unchanged"]
    assert set(probe["edits"]) <= set(EDITS)
    listed = models.Candidate.objects.order_by("rank")
    assert [each["score"] for each in content["candidates"]] == [round(each.score, 6) for each in listed]
    assert content["candidates"][0]["yours"] is True
    assert sum(each["yours"] for each in content["candidates"]) == 1
    assert content["threshold"]["candidate_floor"] == house.workspace.models.candidate_floor
    assert content["model"]["files"]["recogniser"]["training_data"]
    again = content["reproduction"]
    assert (again["done"], again["template_made_again"], again["same_scores"], again["same_order"]) == (
        True,
        True,
        True,
        True,
    )
    assert (again["compared"], again["gone"]) == (len(listed), 0)
    assert content["review"]["outcome"] == "lead"
    assert [each["examiner"] for each in content["review"]["examiners"]] == [1, 2]
    assert set(content["notes"]) == set(NOTES)
    assert content["contrary"]["ranked_above"] == 0


def test_it_says_what_speaks_against_as_well(desk: Desk) -> None:
    """For somebody further down the list, whom both examiners ruled out."""
    house = desk.house
    examined(desk)
    found = ask(house, verified(house, rank=2))
    assert isinstance(found, Disclosure)
    contrary: Any = found.content["contrary"]
    assert (contrary["verdicts_against"], contrary["ranked_above"], contrary["other_leads"]) == (2, 1, 1)
    assert contrary["searches_of_the_case"] == 1


def test_nobody_else_is_named_and_nobody_who_searched(desk: Desk) -> None:
    house = desk.house
    examined(desk)
    found = ask(house, verified(house))
    assert isinstance(found, Disclosure)
    said = found.data.decode()
    for secret in (
        "Tracing",
        house.case,
        "File 2026-17",
        "ada",
        "bob",
        "P002",
        "P003",
        house.caseworker.account,
    ):
        assert f'"{secret}"' not in said, secret
    assert {name.rsplit("-", 1)[0].split(".")[0] for name in found.pictures} <= {"probe-01", "probe", "face"}
    assert sum(name.startswith("face-") for name in found.pictures) == 1  # the requester's own
    for name, data in found.pictures.items():
        assert found.content["pictures"][name] == sha256_hex(data)  # type: ignore[index, call-overload]


def test_a_wrong_score_or_another_probe_is_told(desk: Desk) -> None:
    """Negative control: what was changed in the records is not reproduced."""
    house = desk.house
    examined(desk)
    models.Candidate.objects.filter(rank=1).update(score=0.99)
    found = ask(house, verified(house))
    assert isinstance(found, Disclosure)
    content: Any = found.content
    assert content["reproduction"]["same_scores"] is False
    assert content["candidates"][0]["again"]["same"] is False


def test_what_was_erased_since_is_counted_and_not_compared(desk: Desk) -> None:
    house = desk.house
    examined(desk)
    number = verified(house)
    probe = models.Probe.objects.get()
    house.workspace.vault.destroy([probe.pk])
    found = ask(house, number)
    assert isinstance(found, Disclosure)
    assert found.content["reproduction"] == {"done": False, "why": "probe-gone"}
    assert not any(name.startswith("probe") for name in found.pictures)


def test_only_for_a_verified_requester_of_the_desk_and_a_list_they_stood_on(desk: Desk) -> None:
    house = desk.house
    examined(desk)
    number = verified(house)
    with pytest.raises(NotFoundError):
        ask(house, number, search=2)
    refused = ask(house, number, key=house.caseworker)
    assert isinstance(refused, Refused)
    assert refused.reason == "role-may-not"
    assert house.events()[-1] == "act-refused"
    unverified = house.act(
        "request-open", kind="access", pointer="receipt", value="x", name="A", contact="b"
    )["request"]
    with pytest.raises(ConflictError):
        ask(house, str(unverified))


def test_a_lock_on_disclosure_stops_it_and_is_named(desk: Desk) -> None:
    house = desk.house
    examined(desk)
    number = verified(house)
    house.act("lock-set", kind="export", gallery="people", reason="under review")
    refused = ask(house, number)
    assert isinstance(refused, Refused)
    assert refused.authority == "Operator of the workspace: lock"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_package_is_checked_offline_by_one_file(sqlite_desk: Desk, tmp_path: Path, language: str) -> None:
    """Run alone, without this product on its path; and a change of one byte, or of the proof, is seen."""
    house = sqlite_desk.house
    examined(sqlite_desk)
    number = verified(house)
    found = ask(house, number)
    assert isinstance(found, Disclosure)
    (receipt,) = house.act("request-receipts", request=number, latest=True)["receipts"]
    speak(Language(language))
    try:
        page = render_disclosure(found)
    finally:
        speak(Language.EN)
    assert page.startswith("<!doctype html>")
    (tmp_path / "verifier.py").write_bytes(Path(verifier.__file__).read_bytes())
    package = build_disclosure(found, page, receipt["file"], Path(verifier.__file__))
    assert package[:2] == b"PK"
    said = json.loads(receipt["file"])
    assert said["statement"]["disclosure_sha256"] == sha256_hex(found.data)

    def check(text: str) -> int:
        (tmp_path / "receipt.json").write_text(text)
        command = [sys.executable, "-I", "verifier.py", "statement", "receipt.json", "--key"]
        done = subprocess.run(
            [*command, house.workspace.log.vkey],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            check=False,
        )
        return done.returncode

    assert check(receipt["file"]) == 0
    changed = {**said, "statement": {**said["statement"], "disclosure_sha256": "0" * 64}}
    assert check(json.dumps(changed)) != 0
    lines = said["proof"].split("\n")
    at = next(number for number, line in enumerate(lines) if number > 1 and len(line) == 44)
    lines[at] = ("B" if lines[at][0] == "A" else "A") + lines[at][1:]
    assert check(json.dumps({**said, "proof": "\n".join(lines)})) != 0
