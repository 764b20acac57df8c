"""One's own face: it serves one request, reaches its owner alone, and is gone; the access package; nobody else in it."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from house import House, photograph
from PIL import Image

from countenance.biometrics.geometry import Box
from countenance.biometrics.vocabulary import Detail
from countenance.extraction.values import PROBE_RULE, EmbedRule, PhotographExtraction
from countenance.index.head import template_part
from countenance.policy.decisions import Refused
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import ConflictError, RefusedError, UsageError
from countenance.records import models
from countenance.records.replaying import replay_entry
from countenance.records.requests import drop_picture, picture_name, sweep_pictures
from countenance.rights.access import pictures_of
from countenance.rights.desk import PICTURE_PART
from countenance.rights.own_face import OwnFaceAnswer, OwnFaceFound, search_own_face
from countenance.vault.vault import Plain

ASKING: dict[str, Any] = {"name": "Anne Tremblay", "contact": "anne@example.org"}
SELFIE = photograph("P001", "amateur_selfie")


def asked(house: House, kind: str = "access", *, seen: bool = True) -> str:
    number = str(house.act("request-open", kind=kind, pointer="own-face", **ASKING)["request"])
    if seen:
        house.act(
            "request-verify", request=number, tier="own-face-seen", seen="passport; she stood before me"
        )
    return number


def look(house: House, number: str, picture: bytes = SELFIE, key: Any = None) -> OwnFaceAnswer:
    params = {"request": number, "picture": sha256_hex(picture), "face": -1}
    signed = (key or house.operator).sign(
        workspace_id=house.id, act="request-search", params=params, at=house.clock()
    )
    return search_own_face(house.workspace, signed, picture, house.pool)


def everything(folder: Path) -> bytes:
    """Every byte of every file of a workspace, side files of the database and temporary ones too."""
    return b"\0\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_own_face_finds_ones_own_and_nothing_is_said_of_others(house: House) -> None:
    for person in ("P001", "P002", "P003"):
        house.enrol(house.person(person), photograph(person))
    number = asked(house)
    found = look(house, number)
    assert isinstance(found, OwnFaceFound)
    first = found.faces[0]
    assert first.photograph == "P001.jpg"
    assert {"person", "score", "label"}.isdisjoint(vars(first))
    done = house.act("request-confirm", request=number, faces=[first.number])
    assert done["forgotten"] == len(found.faces) - 1
    assert models.RequestFaceRecord.objects.count() == 1
    content = house.act("request-prepare", request=number)
    assert [face["photograph"] for face in content["faces"]] == ["P001.jpg"]
    assert "P002" not in str(content)
    search = models.Search.objects.get(rights_request_id__isnull=False)
    assert (search.case_id, search.purpose) == (None, "own-photo-access")


def test_it_needs_somebody_who_has_seen_the_requester(house: House) -> None:
    house.enrol(house.person("P001"), photograph("P001"))
    with pytest.raises(ConflictError):
        look(house, asked(house, seen=False))
    number = str(house.act("request-open", kind="access", pointer="own-face", **ASKING)["request"])
    with pytest.raises(UsageError) as low:
        house.act("request-verify", request=number, tier="document-seen", seen="passport")
    assert low.value.code == "request-tier"
    # And an account of the desk: a caseworker's is refused, and the refusal logged.
    number = asked(house)
    refused = look(house, number, key=house.caseworker)
    assert isinstance(refused, Refused)
    assert house.events()[-1] == "act-refused"
    again = replay_entry(house.workspace, len(house.events()) - 1)
    assert (again.logged, again.again, again.differences) == (refused.rule, refused.rule, ())


def test_a_grant_for_one_request_is_of_no_use_with_another_authority(house: House) -> None:
    house.enrol(house.person("P001"), photograph("P001"))
    number = asked(house)
    house.act("request-withdraw", request=number)
    with pytest.raises((ConflictError, RefusedError)):
        look(house, number)


def test_the_picture_is_gone_when_the_request_ends(sqlite_house: House) -> None:
    """Byte scan with negative control: picture, template and key, plain and sealed, before and after."""
    house = sqlite_house
    house.enrol(house.person("P001"), photograph("P001"))
    number = asked(house)
    look(house, number)
    row = models.RequestRecord.objects.get(number=number)
    folder = house.workspace.directory
    sealed = house.workspace.media.get(picture_name(row))
    (wrapped,) = house.workspace.vault._keys.wrapped([row.pk.bytes]).values()
    marks = {
        "sealed picture": sealed[64:128],
        "sealed name and contact": bytes(row.details)[12:60],
        "wrapped key": bytes(wrapped),
    }
    plain = {"picture": SELFIE[2000:2064], "name": b"Anne Tremblay", "contact": b"anne@example.org"}
    result = house.pool.submit(SELFIE, detail=Detail.STANDARD, rule=PROBE_RULE).result()
    assert isinstance(result, PhotographExtraction)
    template = result.pages[0].faces[0].template
    assert template is not None
    plain["template"] = template.to_bytes()[:64]
    before = everything(folder)
    assert {
        name for name, mark in marks.items() if mark not in before
    } == set()  # the look finds what is there
    assert {name for name, mark in plain.items() if mark in before} == set()
    house.act("request-confirm", request=number, faces=[])
    house.act("request-fulfil", request=number, package_sha256="0" * 64)
    after = everything(folder)
    assert {name for name, mark in {**marks, **plain}.items() if mark in after} == set()
    assert template_part(template.space_id)
    assert not models.Face.objects.filter(person__label="Anne Tremblay").exists()


def test_other_faces_are_destroyed_in_pixels(sqlite_house: House) -> None:
    """Two people side by side: the other's face can neither be detected nor found in any pixel."""
    left, right = (Image.open(io.BytesIO(photograph(person))).convert("RGB") for person in ("P001", "P002"))
    height = 512
    pair = [one.resize((round(one.width * height / one.height), height)) for one in (left, right)]
    both = Image.new("RGB", (pair[0].width + pair[1].width, height))
    both.paste(pair[0], (0, 0))
    both.paste(pair[1], (pair[0].width, 0))
    stream = io.BytesIO()
    both.save(stream, "JPEG", quality=92)
    pool = sqlite_house.pool
    result = pool.submit(stream.getvalue(), detail=Detail.STANDARD, rule=PROBE_RULE).result()
    assert isinstance(result, PhotographExtraction)
    faces = sorted(result.pages[0].faces, key=lambda face: face.box.x)
    assert len(faces) == 2
    own, other = faces[0].box, faces[1].box
    rule = EmbedRule(unlabelled=False, labels=(), show=(0, own))
    shown = pool.submit(stream.getvalue(), detail=Detail.FULL, rule=rule).result()
    assert isinstance(shown, PhotographExtraction)
    page = shown.pages[0]
    assert page.destroyed == 1
    assert all(face.template is None for face in page.faces)
    picture = Image.open(io.BytesIO(page.shown))
    assert not picture.getexif()
    scale = picture.width / both.width
    patch = np.asarray(picture).astype(int)[
        int(other.y * scale) + 4 : int((other.y + other.height) * scale) - 4,
        int(other.x * scale) + 4 : int((other.x + other.width) * scale) - 4,
    ]
    assert patch.reshape(-1, 3).std(axis=0).max() < 3  # one colour: nothing to undo
    again = pool.submit(page.shown, detail=Detail.FULL, rule=PROBE_RULE).result()
    assert isinstance(again, PhotographExtraction)
    assert [
        face.box.overlap(Box(**{k: v * scale for k, v in vars(own).items()})) > 0.3
        for face in again.pages[0].faces
    ] == [True]


def test_the_package_shows_the_holders_file_only_if_it_is_the_very_one(sqlite_house: House) -> None:
    house = sqlite_house
    house.enrol(house.person("P001"), photograph("P001"))
    folder = house.workspace.directory.parent / "photographs"
    folder.mkdir(exist_ok=True)
    face = str(models.Face.objects.get().pk)
    (missing,) = pictures_of(house.workspace, [face], house.pool)
    assert (missing.photograph, missing.crop is not None) == (None, True)
    (folder / "P001.jpg").write_bytes(photograph("P002"))
    (other,) = pictures_of(house.workspace, [face], house.pool)
    assert other.photograph is None
    (folder / "P001.jpg").write_bytes(photograph("P001"))
    (same,) = pictures_of(house.workspace, [face], house.pool)
    assert same.photograph is not None
    assert same.destroyed == 0


def test_access_says_who_searched_as_far_as_the_law_lets_one_say(house: House) -> None:
    house.enrol(house.person("P001"), photograph("P001"))
    house.search(photograph("P001", "amateur_selfie"))
    number = asked(house)
    found = look(house, number)
    assert isinstance(found, OwnFaceFound)
    house.act("request-confirm", request=number, faces=[found.faces[0].number])
    content = house.act("request-prepare", request=number)
    (search,) = content["searches"]
    assert (search["purpose"], search["licensed_in"], search["for_place"]) == ("missing-person", "CA", "CA")
    said = str(content)
    assert "Tracing" not in said
    assert house.case not in said
    assert "File 2026-17" not in said
    assert [entry["rule"] for entry in content["withheld"]] == ["RIGHTS-01", "RIGHTS-02"]


def test_what_a_lock_closes_is_not_looked_through_and_is_named(house: House) -> None:
    """With one gallery closed the other is searched and the closed one named; with all closed the lock refuses."""
    house.enrol(house.person("P001"), photograph("P001"))
    house.act("gallery-add", name="other", purposes=["missing-person"], jurisdiction="CA", notice="A notice.")
    number = asked(house)
    whole = look(house, number)
    assert isinstance(whole, OwnFaceFound)
    assert (whole.closed, whole.coverage.permitted) == ((), 1)
    lock = house.act("lock-set", kind="search", gallery="people", reason="an inquiry")
    found = look(house, number)
    assert isinstance(found, OwnFaceFound)
    assert [(each.gallery, each.authority) for each in found.closed] == [
        ("people", "Operator of the workspace: lock")
    ]
    assert (found.faces, found.coverage.permitted) == ((), 0)
    assert lock["lock"] in found.closed[0].rule
    house.act("lock-set", kind="search", gallery="other", reason="an inquiry")
    refused = look(house, number)
    assert isinstance(refused, Refused)
    assert refused.authority == "Operator of the workspace: lock"
    assert house.events()[-1] == "act-refused"


def test_what_a_lock_keeps_back_within_a_gallery_is_named_too(house: House) -> None:
    house.enrol(house.person("P001"), photograph("P001"))
    number = asked(house)
    house.act("lock-set", kind="search", source="archive", reason="an inquiry")
    found = look(house, number)
    assert isinstance(found, OwnFaceFound)
    assert [(each.gallery, each.rule) for each in found.closed] == [("people", "")]
    assert found.faces == ()


def test_a_picture_that_comes_after_the_end_is_destroyed_with_its_key(sqlite_house: House) -> None:
    """A search that was under way when its request ended: at its end, or, where it was killed, at the next start."""
    house = sqlite_house
    number = asked(house)
    row = models.RequestRecord.objects.get(number=number)
    house.act("request-withdraw", request=number)

    def late() -> None:
        (sealed,) = house.workspace.vault.seal([Plain(record_id=row.pk, part=PICTURE_PART, data=SELFIE)])
        house.workspace.media.put(picture_name(row), sealed)
        assert row.pk in set(house.workspace.vault.record_ids())

    late()
    drop_picture(house.workspace, row)
    assert picture_name(row) not in set(house.workspace.media.names())
    assert row.pk not in set(house.workspace.vault.record_ids())
    late()
    assert sweep_pictures(house.workspace) == 0  # it may still be under way
    (path,) = [path for path in house.workspace.directory.rglob("*") if path.name == picture_name(row)]
    os.utime(path, (0, 0))
    assert sweep_pictures(house.workspace) == 1
    assert picture_name(row) not in set(house.workspace.media.names())
    assert row.pk not in set(house.workspace.vault.record_ids())
