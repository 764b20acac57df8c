"""Moving to another model pack: both spaces live, nothing else touched, what was erased stays erased, and back again."""

from __future__ import annotations

import io
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from house import House, photograph
from PIL import Image

from countenance.biometrics.templates import Template
from countenance.biometrics.vocabulary import Detail
from countenance.cli.main import main
from countenance.extraction.adding import NewPack, Origin, add
from countenance.extraction.engine import Extractor
from countenance.extraction.pack import ModelPack, Preparation, load_pack
from countenance.extraction.values import (
    PROBE_RULE,
    ExtractionLimits,
    GivenFace,
    PhotographExtraction,
    at_given,
)
from countenance.index.head import template_part
from countenance.ingest import moving
from countenance.ingest.moving import Moved, compare, left_to_move, move
from countenance.ingest.path import ingest
from countenance.ingest.values import Tuning
from countenance.policy.grants import AuthorityKind, Grant, compute_mac
from countenance.policy.purposes import Purpose
from countenance.primitives.errors import CountenanceError, NotFoundError, RefusedError
from countenance.records import models
from countenance.records.cropping import given_in_crop
from countenance.records.database import open_reading
from countenance.records.identity import SignedRequest
from countenance.records.suppressing.lists import SuppressionList
from countenance.search.values import LoggedCandidates, SearchRequest
from countenance.service.searcher import LocalSearcher
from countenance.vault.vault import Sealed

SELFIE = photograph("P001", "amateur_selfie")


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelPack:
    """A second pack that really recognises: the default one's network without mirror image and centre."""
    monkeypatch.setenv("COUNTENANCE_MODELS", str(tmp_path / "models"))
    ours = load_pack()
    origin = Origin(licence="Apache-2.0", training_data="undocumented", publisher="-")
    return add(
        NewPack(
            name="other",
            version="1",
            detector=ours.detector,
            recogniser=ours.recogniser,
            detector_origin=origin,
            recogniser_origin=origin,
            preparation=Preparation(),
            mirrored=False,
        ),
        datetime(2026, 11, 1, tzinfo=UTC),
    )


def test_a_pack_is_verified_and_removed(house: House, other: ModelPack) -> None:
    assert house.act("model-verify", pack="other")["state"] == "whole"
    assert house.act("model-remove", pack="other") == {"removed": "other"}
    assert house.events()[-1] == "model-removed"
    with pytest.raises(NotFoundError):
        load_pack(other.name)
    with pytest.raises(NotFoundError):
        house.act("model-remove", pack="other")


def signed(house: House, act: str, /, **params: Any) -> dict[str, Any]:
    made = house.act(act, **params)
    assert made["waits_for"] == "second-person"
    done: dict[str, Any] = house.act("approve", house.deputy, proposal=made["proposal"])
    return done


def go(house: House, pack: ModelPack, **more: Any) -> Moved:
    return move(house.workspace, models.Gallery.objects.get(), pack, workers=1, **more)


def request(house: House) -> tuple[SignedRequest, tuple[bytes, ...]]:
    asked = SearchRequest(case=house.case, gallery="people", purpose="", photographs=(SELFIE,), faces=(0,))
    made = house.caseworker.sign(workspace_id=house.id, act="search", params=asked.params(), at=house.clock())
    return made, asked.photographs


def templates(face: uuid.UUID) -> list[str]:
    with open_reading() as tx:
        rows = tx.execute("select space_id from index_template where face_id = %s", (str(face),))
    return sorted(str(row[0]) for row in rows)


def kept() -> list[object]:
    """All that moving must leave as it is."""
    return [
        list(kind.objects.order_by("pk").values())
        for kind in (
            models.Person, models.ConsentReceipt, models.Face, models.Reference, models.Photograph,
            models.Search, models.Candidate, models.Tombstone, models.Basis,
        )
    ]  # fmt: skip


def test_both_are_live_switched_and_switched_back(house: House, other: ModelPack) -> None:
    for label in ("P001", "P002", "P003"):
        house.enrol(house.person(label), photograph(label))
    first = house.search(SELFIE)
    assert isinstance(first, LoggedCandidates)
    before = kept()
    with LocalSearcher(house.workspace, workers=1) as searcher:
        assert house.act("model-migrate", gallery="people", pack="other")["left"] == 3
        done = go(house, other)
        assert (done.references, done.before, done.moved, done.not_moved) == (3, 0, 3, ())
        assert kept() == before
        assert left_to_move(None, str(other.space_id)) == []
        # The pack in use is the one of before until two persons say otherwise.
        answer = searcher.search(*request(house))
        assert isinstance(answer, LoggedCandidates)
        assert (answer.space_id, answer.coverage.searched) == (load_pack().space_id, 3)
        (compared, again) = compare(house.workspace, models.Gallery.objects.get(), other, workers=1)
        assert compared.case == house.case
        assert compared.log_entry == first.log_entry
        assert compared.places[0].rank_now == 1
        assert compared.places == again.places
        made = house.act("model-switch", pack="other")
        with pytest.raises(RefusedError):
            house.act("approve", proposal=made["proposal"])
        house.act("approve", house.deputy, proposal=made["proposal"])
        assert house.events()[-1] == "model-switched"
        answer = searcher.search(*request(house))
        assert isinstance(answer, LoggedCandidates)
        assert (answer.space_id, answer.coverage.searched) == (other.space_id, 3)
        assert answer.coverage.not_searchable == 0
        assert answer.candidates[0].person == "P001"
        assert answer.evidence is None  # nobody has measured this pack: no statement
        assert answer.candidates[0].statement is None
        # Of a saved probe there is the crop alone, on which the face was found once more.
        assert answer.candidates[0].score == pytest.approx(compared.places[0].score_now or 0, abs=0.1)
        # Who ends their consent now is gone from both.
        face = models.Face.objects.get(person__label="P002").pk
        assert len(templates(face)) == 2
        house.act("consent-withdraw", person="P002")
        assert templates(face) == []
        assert signed(house, "model-switch", pack="sface")["before"] == "other"
        answer = searcher.search(*request(house))
        assert isinstance(answer, LoggedCandidates)
        assert (answer.space_id, answer.coverage.searched) == (load_pack().space_id, 2)
        assert answer.candidates[0].score == pytest.approx(first.candidates[0].score, abs=1e-3)


def test_it_stops_and_goes_on_and_names_what_cannot_be_moved(
    sqlite_house: House, other: ModelPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    for label in ("P001", "P002", "P003"):
        house.enrol(house.person(label), photograph(label))
    monkeypatch.setattr(moving, "_BATCH", 1)
    stop = threading.Event()
    cut = go(house, other, progress=lambda _done, _total: stop.set(), stop=stop)
    assert (cut.moved, cut.stopped) == (1, True)
    lost = models.Face.objects.get(
        pk=models.Reference.objects.get(pk=left_to_move(None, str(other.space_id))[0]).face_id
    )
    models.Face.objects.filter(pk=lost.pk).update(crop="")
    done = go(house, other)
    assert (done.before, done.moved, [one.reason for one in done.not_moved]) == (1, 1, ["no-crop"])
    assert go(house, other).moved == 0
    with pytest.raises(CountenanceError) as caught:
        signed(house, "model-switch", pack="other")
    assert caught.value.code == "models-left"
    assert signed(house, "model-switch", pack="other", leave=True)["left"] == 1
    # New references are made with the pack in use; the old one lacks them until it is moved to again.
    assert house.workspace.models.name == "other"
    with pytest.raises(CountenanceError) as caught:
        house.act("model-migrate", gallery="people", pack="other")
    assert caught.value.code == "models-in-use"


def test_a_template_of_a_crop_is_near_the_one_of_the_photograph(
    sqlite_house: House, other: ModelPack
) -> None:
    """The same network both times, so only the crop's scale and the second look at the face are between them."""
    house = sqlite_house
    near = []
    for label in ("P001", "P002", "P003", "P004"):
        house.enrol(house.person(label), photograph(label))
        face = models.Face.objects.get(person__label=label)
        go(house, other)
        with open_reading() as tx:
            ((data,),) = tx.execute(
                "select sealed from index_template where face_id = %s and space_id = %s",
                (str(face.pk), str(other.space_id)),
            )
        assert isinstance(data, bytes)
        item = Sealed(record_id=face.pk, part=template_part(other.space_id), data=data)
        (opened,) = house.workspace.vault.unseal([item])
        whole = Extractor(other).extract(
            photograph(label), detail=Detail.STANDARD, rule=PROBE_RULE, limits=ExtractionLimits()
        )
        assert isinstance(whole, PhotographExtraction)
        template = whole.pages[0].faces[0].template
        assert template is not None
        near.append(float(np.frombuffer(opened, "<f4") @ template.vector))
    assert min(near) > 0.97


def test_what_has_no_crop_is_read_from_its_source_if_it_is_the_same_photograph(
    sqlite_house: House, other: ModelPack
) -> None:
    house = sqlite_house
    folder = Path(models.Source.objects.get().location)
    folder.mkdir()
    for label, there in (("P001", photograph("P001")), ("P002", photograph("P003")), ("P004", None)):
        house.enrol(house.person(label), photograph(label))
        if there is not None:
            (folder / f"{label}.jpg").write_bytes(there)
    models.Face.objects.update(crop="")
    done = go(house, other)
    assert done.moved == 1
    assert [one.reason for one in done.not_moved] == ["no-crop", "no-crop"]
    assert len(templates(models.Face.objects.get(person__label="P001").pk)) == 2


def test_a_face_found_before_is_not_looked_for_again(other: ModelPack) -> None:
    """With the landmarks of before the template is the same one, whatever else is in the picture."""
    extractor = Extractor(other)
    whole = extractor.extract(SELFIE, detail=Detail.STANDARD, rule=PROBE_RULE, limits=ExtractionLimits())
    assert isinstance(whole, PhotographExtraction)
    face = whole.pages[0].faces[0]
    there = GivenFace(box=face.box, landmarks=face.landmarks, score=face.detector_score)
    again = extractor.extract(
        SELFIE, detail=Detail.STANDARD, rule=at_given(0, there), limits=ExtractionLimits()
    )
    assert isinstance(again, PhotographExtraction)
    (one,) = again.pages[0].faces
    assert one.template is not None
    assert face.template is not None
    assert one.template.to_bytes() == face.template.to_bytes()
    # The engine says where the eyes are on the crop it cut; the records reckon it from what they hold.
    held = models.Face(
        x=face.box.x, y=face.box.y, width=face.box.width, height=face.box.height,
        landmarks=[list(point) for point in face.landmarks.points()], detector_score=face.detector_score,
        photograph=models.Photograph(width=whole.pages[0].width, height=whole.pages[0].height),
    )  # fmt: skip
    with Image.open(io.BytesIO(face.crop)) as crop:
        reckoned = given_in_crop(held, crop.size)
    assert reckoned.landmarks == face.crop_landmarks


def test_who_chose_to_be_kept_out_is_kept_out_after_a_switch(sqlite_house: House, other: ModelPack) -> None:
    """The entry stays in the space it was made in; every face is asked about there too."""
    house = sqlite_house
    template = house.faces(photograph("P005"))[0].template
    assert template is not None
    listed = SuppressionList(house.workspace)
    with house.workspace.transaction() as (tx, _):
        listed.join(tx, template)
    assert listed.other_spaces() == frozenset()
    assert signed(house, "model-switch", pack="other")["pack"] == "other"
    house.reopen()
    listed = SuppressionList(house.workspace)
    assert listed.other_spaces() == {str(load_pack().space_id)}
    take_in = source_of(house, {"kept-out": photograph("P005"), "other": photograph("P001")})
    take_in()
    found = {face.photograph.path: face for face in models.Face.objects.select_related("photograph")}
    assert (found["kept-out.jpg"].state, found["kept-out.jpg"].reason) == ("held", "suppressed")
    assert (found["other.jpg"].state, found["other.jpg"].space_id) == ("enrolled", str(other.space_id))


def test_a_face_that_an_entry_cannot_be_compared_with_is_held(sqlite_house: House, other: ModelPack) -> None:
    house = sqlite_house
    template = house.faces(photograph("P005"))[0].template
    stranger = house.faces(photograph("P001"))[0].template
    assert template is not None
    assert stranger is not None
    with house.workspace.transaction() as (tx, _):
        SuppressionList(house.workspace).join(tx, template)
    signed(house, "model-switch", pack="other")
    house.reopen()
    listed = SuppressionList(house.workspace)
    vector = stranger.vector.copy()
    new = Template(vector=vector, norm=stranger.norm, space_id=other.space_id)
    asked = Grant(
        id="g", authority_kind=AuthorityKind.SUPPRESSION_CHECK, authority_id="g", purpose=Purpose.MISSING_PERSON,
        on_behalf_of="CA", gallery_id="g", permission_classes=(), k=1, expires_at=house.clock() + timedelta(minutes=1),
        pack_hash="0" * 64, revocation_epoch=house.workspace.epoch(),
    )  # fmt: skip
    grant = replace(asked, mac=compute_mac(asked, house.workspace.grant_key))
    faces = [(new, "0" * 64)]
    assert listed.is_suppressed(grant, faces) == [True]
    assert listed.is_suppressed(grant, faces, elsewhere=[{str(stranger.space_id): stranger}]) == [False]
    assert listed.is_suppressed(grant, faces, elsewhere=[{str(template.space_id): template}]) == [True]


def source_of(house: House, pictures: dict[str, bytes]) -> Callable[..., None]:
    """A source of small pictures that may enrol faces without a label; what is returned takes it in."""
    folder = house.workspace.directory.parent / "pictures"
    folder.mkdir()
    for name, data in pictures.items():
        with Image.open(io.BytesIO(data)) as picture:
            picture.thumbnail((320, 320))
            picture.convert("RGB").save(folder / f"{name}.jpg", quality=90)
    house.act(
        "source-add", name="pictures", gallery="people", basis="public-task", purposes=["missing-person"],
        jurisdiction="CA", evidence="Archives Act", permits_unlabelled=True, location=str(folder),
        holder="The archive", contact="x@example.org", notice="At the door.",
    )  # fmt: skip

    def take_in(**more: Any) -> None:
        params = {"source": "pictures", "workers": 1, **more}
        made = house.operator.sign(workspace_id=house.id, act="ingest", at=house.clock(), params=params)
        ingest(house.workspace, made, tuning=Tuning(batch_photographs=4, batch_seconds=0.2, shard_items=4))

    return take_in


def test_what_was_erased_is_not_taken_in_again_with_another_model(
    sqlite_house: House, other: ModelPack
) -> None:
    """Tombstones are of labels, photographs and places in them, never of templates."""
    house = sqlite_house
    once = source_of(house, {"one": photograph("P001"), "two": photograph("P002")})
    table = house.workspace.directory.parent / "manifest.csv"
    table.write_text("path,person\none.jpg,Ada\ntwo.jpg,\n")

    def take_in() -> None:
        once(manifest=str(table))

    take_in()
    assert models.Reference.objects.filter(ended_at=None).count() == 2
    go(house, other)
    house.act("erase", scope="person", target="Ada", ground="request")
    stones = list(models.Tombstone.objects.order_by("pk").values())
    assert stones
    with open_reading() as tx:
        assert (
            len(tx.execute("select face_id from index_template")) == 2
        )  # of the other person, one in each space
    signed(house, "model-switch", pack="other")
    take_in()
    assert models.Reference.objects.filter(ended_at=None).count() == 1
    assert not models.Face.objects.filter(photograph__path="one.jpg").exists()
    assert not models.Person.objects.filter(label="Ada").exists()
    assert list(models.Tombstone.objects.order_by("pk").values()) == stones


def test_the_commands(sqlite_house: House, other: ModelPack, capsys: pytest.CaptureFixture[str]) -> None:
    house = sqlite_house
    for label in ("P001", "P002"):
        house.enrol(house.person(label), photograph(label))
    house.search(SELFIE)
    directory = str(house.workspace.directory)
    now = house.clock()
    house.close()
    if now > datetime.now(UTC):
        pytest.skip("the machine's clock is behind the test's")
    words = ("--workspace", directory, "--as", "operator")
    assert main(["models", "migrate", "people", "other", *words]) == 0
    said = capsys.readouterr().out
    assert "2 of 2 references have a template of other now; 0 could not be moved." in said
    assert "candidates change place" in said
    assert main(["models", "switch", "other", *words]) == 0
    assert "waits for the second" in capsys.readouterr().out
