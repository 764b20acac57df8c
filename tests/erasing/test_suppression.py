"""The suppression list: keeps out, tells nothing, and cannot be asked anything else."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from house import House, photograph
from PIL import Image

from countenance.biometrics.templates import Template
from countenance.biometrics.vocabulary import Detail
from countenance.extraction.values import PROBE_RULE, PhotographExtraction
from countenance.ingest.path import ingest
from countenance.ingest.suppression import expire_holds
from countenance.ingest.values import Tuning
from countenance.policy.grants import AuthorityKind, Grant, compute_mac
from countenance.policy.purposes import Purpose
from countenance.primitives.errors import IntegrityError, NotFoundError, RefusedError, UnavailableError
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.suppressing.lists import SuppressionList
from countenance.records.suppressing.operating import MOST_FALSE_HOLDS, operating_point
from countenance.records.workspace import Workspace
from countenance.registry.backup import backup
from countenance.registry.restore import restore


def small(person: str, name: str = "studio_portrait") -> bytes:
    stream = io.BytesIO()
    with Image.open(io.BytesIO(photograph(person, name))) as picture:
        picture.thumbnail((320, 320))
        picture.convert("RGB").save(stream, "JPEG", quality=90)
    return stream.getvalue()


def template(house: House, data: bytes) -> Template:
    result = house.pool.submit(data, detail=Detail.STANDARD, rule=PROBE_RULE).result()
    assert isinstance(result, PhotographExtraction)
    found = result.pages[0].faces[0].template
    assert found is not None
    return found


def grant(house: House, kind: AuthorityKind = AuthorityKind.SUPPRESSION_CHECK) -> Grant:
    made = Grant(
        id="g", authority_kind=kind, authority_id="g", purpose=Purpose.MISSING_PERSON, on_behalf_of="CA",
        gallery_id="g", permission_classes=(), k=1, expires_at=house.clock() + timedelta(minutes=1),
        pack_hash="0" * 64, revocation_epoch=house.workspace.epoch(),
    )  # fmt: skip
    return replace(made, mac=compute_mac(made, house.workspace.grant_key))


@pytest.fixture
def source(sqlite_house: House) -> House:
    folder = sqlite_house.workspace.directory.parent / "pictures"
    folder.mkdir()
    sqlite_house.act(
        "source-add", name="pictures", gallery="people", basis="public-task", purposes=["missing-person"],
        jurisdiction="CA", evidence="Archives Act", permits_unlabelled=True, location=str(folder),
        holder="The archive", contact="x@example.org", notice="At the door.",
    )  # fmt: skip
    (folder / "one.jpg").write_bytes(small("P001"))
    (folder / "two.jpg").write_bytes(small("P002"))
    return sqlite_house


def take_in(house: House) -> None:
    request = house.operator.sign(
        workspace_id=house.id, act="ingest", at=house.clock(), params={"source": "pictures", "workers": 1}
    )
    ingest(house.workspace, request, tuning=Tuning(batch_photographs=4, batch_seconds=0.2, shard_items=4))


def states() -> dict[str, tuple[str, str]]:
    rows = models.Face.objects.filter(number__gte=0)
    return {
        path: (state, reason)
        for path, state, reason in rows.values_list("photograph__path", "state", "reason")
    }


def test_the_threshold_follows_the_length(sqlite_house: House) -> None:
    pack = sqlite_house.workspace.models
    points = [operating_point(pack, length) for length in (1, 10, 100, 1_000, 10_000)]
    assert all(point.false_holds <= MOST_FALSE_HOLDS for point in points)
    for shorter, longer in itertools.pairwise(points):
        assert shorter.threshold < longer.threshold
        assert shorter.misses <= longer.misses
    for point in points:  # and no lower threshold would have done
        assert operating_point(pack, point.length).threshold == point.threshold
    assert points[0].misses < 0.05 < points[-1].misses
    with pytest.raises(UnavailableError):
        operating_point(pack, 1_000_000)


def test_who_joined_is_held_and_nobody_else(source: House) -> None:
    listed = SuppressionList(source.workspace)
    joined = listed.join(template(source, photograph("P001", "amateur_selfie")))
    assert joined.terms.misses > 0  # told beforehand
    take_in(source)
    assert states() == {"one.jpg": ("held", "suppressed"), "two.jpg": ("enrolled", "")}
    held = models.Face.objects.get(photograph__path="one.jpg")
    assert (held.crop, held.norm, held.person) == ("", None, None)
    assert held.pk not in set(source.workspace.vault.record_ids())
    assert models.Photograph.objects.get(path="one.jpg").state == "held"


def test_without_the_list_the_same_face_is_enrolled(source: House) -> None:
    """Negative control."""
    take_in(source)
    assert states()["one.jpg"] == ("enrolled", "")


def test_a_hold_expires_to_not_enrolled(source: House) -> None:
    SuppressionList(source.workspace).join(template(source, photograph("P001", "amateur_selfie")))
    take_in(source)
    source.clock.move(timedelta(days=29))
    assert expire_holds(source.workspace) == 0
    source.clock.move(timedelta(days=1))
    assert expire_holds(source.workspace) == 1
    assert states()["one.jpg"] == ("refused", "hold-expired")
    take_in(source)
    assert states()["one.jpg"] == ("refused", "hold-expired")


def test_release_takes_that_faces_own_code(source: House) -> None:
    listed = SuppressionList(source.workspace)
    own = listed.join(template(source, photograph("P001", "amateur_selfie")))
    other = listed.join(template(source, photograph("P003")))
    take_in(source)
    sha256 = models.Photograph.objects.get(path="one.jpg").sha256
    listed.release(other.code, sha256)
    take_in(source)
    assert states()["one.jpg"] == ("held", "suppressed")
    with pytest.raises(NotFoundError):
        listed.release("S-0000-0000-0000-0000", sha256)
    listed.release(own.code, sha256)
    take_in(source)
    assert states()["one.jpg"] == ("enrolled", "")


def test_entries_run_out_are_renewed_and_leave_no_byte(sqlite_house: House) -> None:
    listed = SuppressionList(sqlite_house.workspace)
    face = template(sqlite_house, photograph("P001"))
    kept, going = (listed.join(face, life=timedelta(days=10)) for _ in range(2))
    listed.renew(kept.code, life=timedelta(days=100))
    folder = sqlite_house.workspace.directory / "suppression"
    with listed._open() as opened:
        (row,) = opened.execute(
            "select sealed from entry where code = ?", (listed._hash(going.code),)
        ).fetchall()
    assert row[0] in (folder / "list.sqlite3").read_bytes()
    sqlite_house.clock.move(timedelta(days=11))
    assert listed.end_expired() == 1
    assert row[0] not in b"".join(path.read_bytes() for path in folder.iterdir())
    assert listed.is_suppressed(grant(sqlite_house), [(face, "0" * 64)]) == [True]
    listed.leave(kept.code)
    assert listed.is_suppressed(grant(sqlite_house), [(face, "0" * 64)]) == [False]
    with pytest.raises(NotFoundError):
        listed.renew(kept.code)


def test_only_a_grant_for_this_check_is_answered(sqlite_house: House) -> None:
    listed = SuppressionList(sqlite_house.workspace)
    face = template(sqlite_house, photograph("P001"))
    listed.join(face)
    for kind in (AuthorityKind.CASE, AuthorityKind.RIGHTS_REQUEST, AuthorityKind.EVALUATION):
        with pytest.raises(RefusedError) as refused:
            listed.is_suppressed(grant(sqlite_house, kind), [(face, "0" * 64)])
        assert refused.value.reason == "grant-kind"
    with pytest.raises(IntegrityError):
        listed.is_suppressed(replace(grant(sqlite_house), k=2), [(face, "0" * 64)])


def test_it_lists_and_exports_nothing(sqlite_house: House) -> None:
    listed = SuppressionList(sqlite_house.workspace)
    face = template(sqlite_house, photograph("P001"))
    joined = listed.join(face)
    public = {name for name in dir(SuppressionList) if not name.startswith("_")}
    assert public == {
        "join", "renew", "leave", "release", "end_expired", "remove", "terms", "exists", "is_suppressed",
    }  # fmt: skip
    data = (sqlite_house.workspace.directory / "suppression" / "list.sqlite3").read_bytes()
    assert joined.code.encode() not in data
    assert np.asarray(face.vector).tobytes()[:64] not in data
    assert (sqlite_house.workspace.directory / "suppression" / "list.sqlite3").stat().st_mode & 0o077 == 0


def test_it_comes_back_from_a_backup_without_who_left(sqlite_house: House, tmp_path: Path) -> None:
    house = sqlite_house
    listed = SuppressionList(house.workspace)
    stays, left = template(house, photograph("P001")), template(house, photograph("P002"))
    listed.join(stays)
    leaving = listed.join(left)
    request = house.operator.sign(workspace_id=house.id, act="backup", params={}, at=house.clock())
    backup(house.workspace, request, tmp_path / "backup")
    listed.leave(leaving.code)
    house.workspace.checkpoint()
    with open_reading() as tx:
        house.workspace.log.export(tx, tmp_path / "log", payloads=True)
    restore(tmp_path / "backup", tmp_path / "restored", log=tmp_path / "log", clock=house.clock)
    with Workspace.open(tmp_path / "restored", clock=house.clock) as restored:
        house.workspace = restored
        asked = [(stays, "0" * 64), (left, "0" * 64)]
        assert SuppressionList(restored).is_suppressed(grant(house), asked) == [True, False]
