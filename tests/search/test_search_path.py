"""A search from the signed request to the logged list: what is found, what never is, and what is written."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from house import PURPOSE, House, photograph

from countenance.policy.decisions import Refused
from countenance.primitives.errors import CountenanceError, RefusedError, UsageError
from countenance.records import models
from countenance.search.path import search
from countenance.search.values import FailureToAcquire, LoggedCandidates, SearchRequest, WhichFace


def _found(answer: Any) -> list[str | None]:
    assert isinstance(answer, LoggedCandidates), answer
    return [candidate.person for candidate in answer.candidates]


def _refused(answer: Any) -> str:
    assert isinstance(answer, Refused), answer
    assert answer.rule
    assert answer.authority
    assert answer.since
    return answer.reason


def test_the_right_person_is_the_first_candidate(house: House) -> None:
    for label in ("P001", "P002", "P006"):
        house.enrol(house.person(label), photograph(label))
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    first = answer.candidates[0]
    assert (first.rank, first.person, first.references) == (1, "P001", 1)
    assert first.score > 0.4
    assert (first.source, first.captured_at, first.contact) == ("archive", "1998-07", "archive@example.org")
    assert first.crop.startswith(b"\xff\xd8")
    assert (answer.coverage.searched, answer.coverage.permitted, answer.coverage.not_searchable) == (3, 3, 0)
    assert house.events()[answer.log_entry] == "search-made"
    made = models.Search.objects.get()
    assert (made.log_index, made.grant_id, made.searched) == (answer.log_entry, answer.grant_id, 3)
    assert made.candidates.order_by("rank").values_list("person__label", flat=True).first() == "P001"


def test_a_licence_is_in_force_from_the_moment_it_is_given(sqlite_house: House) -> None:
    """Policy reckons in whole seconds; what begins within one must not wait for the next."""
    house = sqlite_house
    house.clock.move(timedelta(milliseconds=700))
    house.act("client-add", name="Tracing too", jurisdiction="CA-ON", purposes=[PURPOSE])
    seeker = house.account("erin", "caseworker", "Tracing too")
    opened = {"purpose": PURPOSE, "reference": "1", "on_behalf_of": "P", "on_behalf_of_jurisdiction": "CA-ON"}
    case = str(house.act("case-open", seeker, **opened)["case"])
    house.clock.move(timedelta(milliseconds=100))
    assert _found(house.search(photograph("P001"), case=case, key=seeker)) == []


def test_references_of_one_person_are_one_candidate(house: House) -> None:
    receipt = house.person("P001")
    house.enrol(receipt, photograph("P001"))
    house.enrol(receipt, photograph("P001", "studio_posture"))
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert _found(answer) == ["P001"]
    assert isinstance(answer, LoggedCandidates)
    assert answer.candidates[0].references == 2


def test_photographs_of_one_person_are_fused(house: House) -> None:
    house.enrol(house.person("P001"), photograph("P001"))
    one = house.search(photograph("P001", "amateur_posture"))
    two = house.search(photograph("P001", "amateur_posture"), photograph("P001", "amateur_selfie"))
    assert isinstance(one, LoggedCandidates)
    assert isinstance(two, LoggedCandidates)
    assert two.candidates[0].score > one.candidates[0].score
    assert len(two.probe) == 2
    assert models.Probe.objects.filter(search__grant_id=two.grant_id).count() == 2


def test_who_withdrew_is_not_found_and_nothing_is_said(house: House) -> None:
    receipt = house.person("P001")
    house.enrol(receipt, photograph("P001"))
    house.enrol(house.person("P002"), photograph("P002"))
    assert "P001" in _found(house.search(photograph("P001", "amateur_selfie")))
    house.act("consent-withdraw", receipt=receipt)
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert "P001" not in _found(answer)
    assert isinstance(answer, LoggedCandidates)
    assert (answer.coverage.searched, answer.coverage.permitted) == (1, 1)


def test_a_receipt_that_expires_ends_with_the_minute(house: House) -> None:
    house.enrol(house.person("P001", expires_at="2026-11-10"), photograph("P001"))
    assert _found(house.search(photograph("P001", "amateur_selfie"))) == ["P001"]
    house.clock.move(timedelta(days=8))
    assert _found(house.search(photograph("P001", "amateur_selfie"))) == []


def test_who_withdraws_while_the_search_runs_is_not_shown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The consent ends after the scan and before the log: the list is checked in the transaction that logs it."""
    from countenance.search import path

    receipt = house.person("P001")
    house.enrol(receipt, photograph("P001"))
    house.enrol(house.person("P002"), photograph("P002"))
    scan, withdrawn = path._scan, threading.Event()

    def scan_then_withdraw(*args: Any) -> Any:
        found = scan(*args)
        if not withdrawn.is_set():
            withdrawn.set()
            house.act("consent-withdraw", receipt=receipt)
        return found

    monkeypatch.setattr(path, "_scan", scan_then_withdraw)
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert withdrawn.is_set()
    assert "P001" not in _found(answer)
    assert not models.Candidate.objects.filter(person__label="P001").exists()


def test_a_client_suspended_while_the_search_runs_gets_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from countenance.search import path

    house.enrol(house.person("P001"), photograph("P001"))
    scan = path._scan

    def scan_then_suspend(*args: Any) -> Any:
        found = scan(*args)
        house.act("client-suspend", name="Tracing", reason="order")
        return found

    monkeypatch.setattr(path, "_scan", scan_then_suspend)
    assert _refused(house.search(photograph("P001", "amateur_selfie"))) == "client-suspended"
    assert not models.Search.objects.exists()
    assert not list(house.workspace.media.names())[1:]  # only the reference's crop; the probe is gone


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"case": ""}, "no-case"),
        ({"case": "C-0000-0000"}, "no-case"),
        ({"purpose": "archive-description"}, "purpose-not-of-case"),
        ({"purpose": "curiosity"}, "purpose-unknown"),
    ],
)
def test_a_search_without_case_or_purpose_is_refused_and_logged(
    sqlite_house: House, fields: dict[str, Any], reason: str
) -> None:
    assert _refused(sqlite_house.search(photograph("P001"), **fields)) == reason
    assert sqlite_house.events()[-1] == "search-refused"
    assert not models.Search.objects.exists()


def test_a_purpose_outside_the_gallery_is_refused(house: House) -> None:
    case = house.act(
        "case-open",
        house.caseworker,
        purpose="family-tracing",
        reference="File 18",
        on_behalf_of="Tracing",
        on_behalf_of_jurisdiction="CA",
    )["case"]
    assert _refused(house.search(photograph("P001"), case=case)) == "purpose-outside-gallery"


def test_a_closed_expired_or_spent_case_is_refused(house: House) -> None:
    def case(**more: Any) -> str:
        fields = {
            "purpose": PURPOSE,
            "reference": "F",
            "on_behalf_of": "T",
            "on_behalf_of_jurisdiction": "CA",
        }
        return str(house.act("case-open", house.caseworker, **{**fields, **more})["case"])

    spent, ending = case(searches=1), case(expires_at="2026-11-03")
    house.search(photograph("P001"), case=spent)
    assert _refused(house.search(photograph("P001"), case=spent)) == "case-spent"
    house.clock.move(timedelta(days=1))
    assert _refused(house.search(photograph("P001"), case=ending)) == "case-expired"
    house.act("case-close", house.caseworker, case=house.case)
    assert _refused(house.search(photograph("P001"))) == "case-closed"


def test_a_search_on_behalf_of_a_body_elsewhere_is_refused(sqlite_house: House) -> None:
    fields = {"purpose": PURPOSE, "reference": "F", "on_behalf_of": "Elsewhere"}
    case = sqlite_house.act("case-open", sqlite_house.caseworker, on_behalf_of_jurisdiction="US-IL", **fields)
    assert (
        _refused(sqlite_house.search(photograph("P001"), case=case["case"]))
        == "requester-place-not-permitted"
    )


def test_another_clients_case_is_not_a_case_of_ones_own(sqlite_house: House) -> None:
    sqlite_house.act("client-add", name="Other", jurisdiction="CA", purposes=[PURPOSE])
    stranger = sqlite_house.account("dave", "caseworker", "Other")
    assert _refused(sqlite_house.search(photograph("P001"), key=stranger)) == "case-not-yours"


def test_an_operator_and_a_reviewer_do_not_search(sqlite_house: House) -> None:
    reviewer = sqlite_house.account("rita", "reviewer")
    assert _refused(sqlite_house.search(photograph("P001"), key=reviewer)) == "role-may-not-search"
    assert isinstance(sqlite_house.search(photograph("P001"), key=sqlite_house.operator), Refused)


@pytest.mark.parametrize(
    ("declared", "refused"),
    [
        ({"sought_is_minor": True}, True),
        ({"sought_is_minor": True, "guardian_consent": True}, False),
        ({"sought_is_minor": True, "recorded_authority": "Order 2026-4"}, False),
    ],
)
def test_a_declared_minor_is_sought_with_guardian_or_authority(
    sqlite_house: House, declared: dict[str, Any], refused: bool
) -> None:
    fields = {"purpose": PURPOSE, "reference": "F", "on_behalf_of": "T", "on_behalf_of_jurisdiction": "CA"}
    case = sqlite_house.act("case-open", sqlite_house.caseworker, **fields, **declared)["case"]
    answer = sqlite_house.search(photograph("P001"), case=case)
    assert isinstance(answer, Refused) == refused


def test_a_suspended_or_locked_gallery_answers_nothing(sqlite_house: House) -> None:
    sqlite_house.act("gallery-suspend", name="people", reason="order")
    assert _refused(sqlite_house.search(photograph("P001"))) == "gallery-suspended"
    models.Gallery.objects.update(suspended_at=None, search_locked_at=sqlite_house.clock())
    assert _refused(sqlite_house.search(photograph("P001"))) == "gallery-search-locked"


def test_several_faces_are_offered_for_choice(sqlite_house: House) -> None:
    sqlite_house.enrol(sqlite_house.person("P001"), photograph("P001"))
    sheet = photograph("P001", "emotions_sheet")
    answer = sqlite_house.search(sheet, faces=[None])
    assert isinstance(answer, WhichFace)
    assert len(answer.faces) > 8
    chosen = answer.faces[3].number
    assert _found(sqlite_house.search(sheet, faces=[chosen])) == ["P001"]
    with pytest.raises(UsageError) as caught:
        sqlite_house.search(sheet, faces=[999])
    assert caught.value.code == "no-such-face"


def test_a_picture_without_a_face_is_a_named_failure_to_acquire(sqlite_house: House) -> None:
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (400, 300), (90, 120, 90)).save(stream, "PNG")
    for data, reason in ((stream.getvalue(), "no-face"), (b"", "empty"), (b"hello", "not-a-picture")):
        answer = sqlite_house.search(data, faces=[None])
        assert answer == FailureToAcquire(photograph=0, reason=reason)
        assert sqlite_house.events()[-1] == "probe-not-acquired"
    assert not models.Search.objects.exists()
    assert not models.Probe.objects.exists()


def test_a_request_cannot_be_replayed_or_carry_other_photographs(sqlite_house: House) -> None:
    request = SearchRequest(
        case=sqlite_house.case, gallery="", purpose="", photographs=(photograph("P001"),), faces=(0,)
    )
    signed = sqlite_house.caseworker.sign(
        workspace_id=sqlite_house.id, act="search", params=request.params(), at=sqlite_house.clock()
    )
    with pytest.raises(UsageError):
        search(sqlite_house.workspace, signed, (photograph("P002"),), sqlite_house.pool)
    search(sqlite_house.workspace, signed, request.photographs, sqlite_house.pool)
    with pytest.raises(RefusedError) as caught:
        search(sqlite_house.workspace, signed, request.photographs, sqlite_house.pool)
    assert caught.value.reason == "replayed"
    assert models.Search.objects.count() == 1


def test_the_signature_under_another_act_is_no_search(sqlite_house: House) -> None:
    signed = sqlite_house.caseworker.sign(
        workspace_id=sqlite_house.id, act="case-open", params={}, at=sqlite_house.clock()
    )
    with pytest.raises(UsageError):
        search(sqlite_house.workspace, signed, (photograph("P001"),), sqlite_house.pool)


def test_nothing_of_a_probe_or_a_reference_lies_in_the_clear(sqlite_house: House) -> None:
    """Byte scan of the whole workspace, with a negative control: the same scan finds what is planted."""
    house = sqlite_house
    house.enrol(house.person("P001"), photograph("P001"))
    picture = photograph("P001", "amateur_selfie")
    house.search(picture)
    probe_face = house.faces(picture)[0]
    reference_face = house.faces(photograph("P001"))[0]
    assert probe_face.template is not None
    assert reference_face.template is not None
    secrets = {
        "probe picture": picture[2000:2064],
        "probe template": probe_face.template.to_bytes()[:64],
        "reference template": reference_face.template.to_bytes()[:64],
        "reference crop": reference_face.crop[300:364],
    }

    def scan() -> set[str]:
        found: set[str] = set()
        for path in house.workspace.directory.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            found |= {name for name, secret in secrets.items() if secret in data}
        return found

    assert scan() == set()
    (house.workspace.directory / "run" / "planted").write_bytes(b"".join(secrets.values()))
    assert scan() == set(secrets)


def test_a_search_writes_one_entry_and_one_nonce(sqlite_house: House) -> None:
    before = len(sqlite_house.events())
    sqlite_house.search(photograph("P001"))
    assert len(sqlite_house.events()) == before + 1


def test_a_search_that_fails_at_the_end_leaves_no_probe(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from countenance.search import path

    def break_down(*_: Any) -> Any:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(path, "_conclude", break_down)
    with pytest.raises(RuntimeError):
        sqlite_house.search(photograph("P001"))
    assert not list(sqlite_house.workspace.media.names())
    assert not list(sqlite_house.workspace.vault.record_ids())


def test_what_a_killed_search_left_is_swept_but_not_what_is_under_way(sqlite_house: House) -> None:
    import os
    import uuid

    from countenance.search.keeping import sweep_probes
    from countenance.vault.vault import Plain

    house = sqlite_house
    house.search(photograph("P001"))
    kept = set(house.workspace.media.names())
    left, under_way = uuid.uuid4(), uuid.uuid4()
    for probe in (left, under_way):
        (sealed,) = house.workspace.vault.seal([Plain(record_id=probe, part="picture", data=b"x")])
        house.workspace.media.put(f"probe-{probe.hex}", sealed)
    for path in house.workspace.directory.rglob("probe-*"):
        if under_way.hex not in path.name:
            os.utime(path, (0, 0))
    assert sweep_probes(house.workspace) == 1
    assert set(house.workspace.media.names()) == kept | {f"probe-{under_way.hex}"}
    assert left not in set(house.workspace.vault.record_ids())


def test_a_key_without_its_picture_is_swept_too(sqlite_house: House) -> None:
    from datetime import UTC, datetime, timedelta

    from countenance.search import keeping
    from countenance.vault.vault import Plain

    house = sqlite_house
    house.search(photograph("P001"))
    vault = house.workspace.vault
    kept = set(vault.record_ids())
    assert {key.version for key in kept} == {7}  # the probe's; faces have others
    now = datetime.now(UTC)
    old, under_way = keeping._new_id(now - timedelta(hours=2)), keeping._new_id(now - timedelta(minutes=1))
    vault.seal([Plain(record_id=key, part="picture", data=b"x") for key in (old, under_way)])
    assert keeping.sweep_probes(house.workspace) == 1
    assert set(vault.record_ids()) == kept | {under_way}


def test_a_search_on_a_disk_that_is_really_full_leaves_nothing_for_long(
    sqlite_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil
    from datetime import timedelta

    from small_disk import small_disk

    from countenance.search import keeping

    house = sqlite_house
    house.search(photograph("P001"))
    there = house.workspace.directory
    with small_disk(tmp_path / "disk", 64) as disk:
        for name in ("media", "keys"):
            shutil.copytree(there / name, disk.folder / name)
        house.workspace.vault.close()
        for name in ("vault", "media"):
            house.workspace.__dict__.pop(name, None)
        for name in ("media", "keys"):
            shutil.rmtree(there / name)
            (there / name).symlink_to(disk.folder / name)
        keys, pictures = set(house.workspace.vault.record_ids()), set(house.workspace.media.names())
        refused: list[str] = []
        for room in range(0, 400 << 10, 40 << 10):
            disk.fill(room)
            try:
                house.search(photograph("P001"))
            except CountenanceError as error:
                refused.append(error.code)
            else:
                break
        assert set(refused) == {"disk-full"}
        disk.free()
        done = set(house.workspace.media.names()) - pictures
        monkeypatch.setattr(keeping, "_LONGEST_SEARCH", timedelta(seconds=-1))
        keeping.sweep_probes(house.workspace)
        # What is left belongs to the searches that were made.
        assert set(house.workspace.media.names()) == pictures | done
        assert {f"probe-{key.hex}" for key in set(house.workspace.vault.record_ids()) - keys} == done
        house.workspace.vault.close()


def test_a_person_with_very_many_references_does_not_crowd_out_others(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from countenance.search import path

    monkeypatch.setattr(path, "_ROWS_PER_CANDIDATE", 2)
    receipt = sqlite_house.person("P004")
    for name in ("studio_portrait", "amateur_posture", "studio_posture"):
        sqlite_house.enrol(receipt, photograph("P004", name))
    sqlite_house.enrol(sqlite_house.person("P010"), photograph("P010"))
    answer = sqlite_house.search(photograph("P004", "amateur_selfie"), k=2)
    assert _found(answer) == ["P004", "P010"]
    assert _found(sqlite_house.search(photograph("P004", "amateur_selfie"), k=1)) == ["P004"]
