"""The path as a whole: what is enrolled, on what, and how a photograph ends."""

from __future__ import annotations

import threading

import pytest
from ingest_setup import PURPOSE, Desk, collage, face_states, live_references, states
from PIL import Image

from countenance.biometrics.vocabulary import PhotographState
from countenance.ingest.planning import plan
from countenance.primitives.errors import ConflictError, NotFoundError, RefusedError
from countenance.records.models import Basis, Face, IngestRun, Person, Photograph, Reference


def test_unlabelled_faces_are_enrolled_where_the_basis_permits(
    archive: Desk, portraits: dict[str, bytes]
) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.put("deep/er/b.jpg", collage(portraits, "P002", "P003"))
    result = archive.ingest()
    assert result.photographs == {"done": 2}
    assert result.faces == {"enrolled": 3}
    assert not result.stopped
    references = live_references()
    assert len(references) == 3
    assert {reference.face.person for reference in references} == {None}
    assert {reference.permission_class.basis_kind for reference in references} == {"public-task"}
    assert all(reference.permission_class.purposes == {PURPOSE} for reference in references)
    assert archive.log_is_sound()
    events = " ".join(archive.events())
    for word in ("ingest-started", "faces-enrolled", "ingest-finished"):
        assert word in events
    assert str(references[0].pk) not in events


def test_each_enrolled_face_has_template_and_crop_under_its_own_key(
    archive: Desk, portraits: dict[str, bytes]
) -> None:
    archive.put("a.jpg", collage(portraits, "P001", "P002"))
    archive.ingest()
    face = Face.objects.first()
    assert face is not None
    keys = set(archive.workspace.vault.record_ids())
    assert keys == set(Face.objects.values_list("id", flat=True))
    assert sorted(archive.workspace.media.names()) == sorted(Face.objects.values_list("crop", flat=True))
    assert archive.workspace.media.get(face.crop)[:2] != b"\xff\xd8"  # sealed, no JPEG
    with archive.workspace.transaction() as (tx, _):
        archive.workspace.index.sync(tx)
    assert archive.workspace.index.statistics().references == 2
    assert not archive.workspace.index.statistics().not_searchable


def test_consent_decides_by_person_and_purpose(consented: Desk, portraits: dict[str, bytes]) -> None:
    consented.person("Ada", PURPOSE, "victim-identification")
    consented.person("Ben", PURPOSE)
    (withdrawn,) = consented.person("Cai", PURPOSE)
    consented.do("consent-withdraw", receipt=withdrawn)
    consented.person("Dee")
    for number, name in enumerate(["Ada", "Ben", "Cai", "Dee", "Eve"], start=1):
        consented.put(f"{name}.jpg", portraits[f"P{number:03}"])
    consented.put("nobody.jpg", portraits["P006"])
    names = ["Ada", "Ben", "Cai", "Dee", "Eve"]
    manifest = consented.manifest(
        "path,person\n" + "".join(f"{name}.jpg,{name}\n" for name in names) + "nobody.jpg,\n"
    )
    result = consented.ingest(manifest=manifest)
    assert states() == {
        "Ada.jpg": ("done", ""),
        "Ben.jpg": ("done", ""),
        "Cai.jpg": ("refused", "consent-withdrawn"),
        "Dee.jpg": ("refused", "no-consent"),
        "Eve.jpg": ("refused", "no-consent"),
        "nobody.jpg": ("refused", "no-consent"),
    }
    assert result.references == 3
    assert result.failed == 0
    by_person = sorted(
        (reference.face.person.label, reference.receipt.purpose)  # type: ignore[union-attr]
        for reference in live_references()
    )
    assert by_person == [("Ada", PURPOSE), ("Ada", "victim-identification"), ("Ben", PURPOSE)]
    assert not Person.objects.filter(label="Eve").exists()
    refused = Face.objects.filter(state="refused")
    assert {(face.norm, face.crop, face.space_id) for face in refused} == {(None, "", "")}
    assert all(face.rule.startswith("CA-") for face in refused)
    listed = {report.path: report for report in consented.items()}
    assert set(listed) == {"Cai.jpg", "Dee.jpg", "Eve.jpg", "nobody.jpg"}
    assert listed["Cai.jpg"].faces[0].rule == "CA-71"
    assert set(consented.workspace.vault.record_ids()) == {ref.face_id for ref in live_references()}


def test_a_persons_no_is_heard_under_every_basis(archive: Desk, portraits: dict[str, bytes]) -> None:
    (receipt,) = archive.person("Ada", PURPOSE)
    archive.do("consent-withdraw", receipt=receipt)
    archive.put("a.jpg", portraits["P001"])
    archive.put("b.jpg", portraits["P002"])
    archive.ingest(manifest=archive.manifest("path,person\na.jpg,Ada\nb.jpg,Bob\n"))
    assert states() == {"a.jpg": ("refused", "consent-withdrawn"), "b.jpg": ("done", "")}
    assert Person.objects.filter(label="Bob").exists()


def test_a_declared_minor_needs_a_guardian(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.person("Kim", PURPOSE, minor=True, guardian="Mother of Kim")
    for name, number in (("kim", 1), ("lee", 2), ("max", 3)):
        archive.put(f"{name}.jpg", portraits[f"P{number:03}"])
    archive.ingest(
        manifest=archive.manifest(
            "path,person,declared_minor\nkim.jpg,Kim,\nlee.jpg,Lee,true\nmax.jpg,Max,no\n"
        )
    )
    assert states() == {
        "kim.jpg": ("done", ""),
        "lee.jpg": ("refused", "minor-needs-guardian-consent"),
        "max.jpg": ("done", ""),
    }


def test_which_face_is_whose(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("boxes.jpg", collage(portraits, "P001", "P002", "P003"))
    archive.put("guess.jpg", collage(portraits, "P004", "P005"))
    archive.put("wrong.jpg", portraits["P006"])
    archive.ingest(
        manifest=archive.manifest(
            "path;person;face_box\n"
            "boxes.jpg;Ada;60,40,140,180\nboxes.jpg;Ben;316 40 140 180\n"
            "guess.jpg;Cai;\n"
            "wrong.jpg;Dee;1,1,8,8\n"
        )
    )
    labels = {
        (face.photograph.path, face.person.label if face.person else None, face.state, face.reason)
        for face in Face.objects.select_related("photograph", "person")
    }
    assert labels == {
        ("boxes.jpg", "Ada", "enrolled", ""),
        ("boxes.jpg", "Ben", "enrolled", ""),
        ("boxes.jpg", None, "enrolled", ""),
        ("guess.jpg", None, "held", "which-face"),
        ("wrong.jpg", None, "enrolled", ""),
    }
    assert states()["guess.jpg"] == ("held", "which-face")
    assert states()["wrong.jpg"] == ("done", "no-such-face")
    assert Face.objects.filter(photograph__path="guess.jpg", crop="", norm=None).count() == 2


def test_the_same_again_changes_nothing(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.put("b.jpg", collage(portraits, "P002", "P003"))
    archive.put("c.txt", b"not a picture")
    archive.ingest()
    before = (list(Photograph.objects.order_by("path").values()), list(Face.objects.order_by("id").values()))
    references = list(Reference.objects.order_by("id").values())
    second = archive.ingest()
    after = (list(Photograph.objects.order_by("path").values()), list(Face.objects.order_by("id").values()))
    assert after == before
    assert list(Reference.objects.order_by("id").values()) == references
    assert second.photographs == {"done": 2, "unreadable": 1}
    assert IngestRun.objects.count() == 2


def test_same_bytes_twice_are_a_duplicate_and_a_moved_file_is_not(
    archive: Desk, portraits: dict[str, bytes]
) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.put("b.jpg", portraits["P001"])
    assert archive.ingest().photographs == {"done": 1, "duplicate": 1}
    assert archive.ingest().photographs == {"done": 1, "duplicate": 1}
    (archive.photos / "a.jpg").unlink()
    (archive.photos / "b.jpg").rename(archive.photos / "z.jpg")
    result = archive.ingest()
    assert result.photographs == {"done": 1}
    assert result.missing == 0
    assert states() == {"z.jpg": ("done", "")}
    assert Reference.objects.count() == 1


def test_missing_is_not_deleted(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.put("b.jpg", portraits["P002"])
    archive.ingest()
    (archive.photos / "a.jpg").unlink()
    result = archive.ingest()
    assert result.missing == 1
    assert len(live_references()) == 2


def test_consent_withdrawn_and_given_again(consented: Desk, portraits: dict[str, bytes]) -> None:
    receipt, other = consented.person("Ada", PURPOSE, "victim-identification")
    consented.put("a.jpg", portraits["P001"])
    manifest = consented.manifest("path,person\na.jpg,Ada\n")
    consented.ingest(manifest=manifest)
    (first,) = Face.objects.all()
    consented.do("consent-withdraw", receipt=receipt)
    consented.ingest(manifest=manifest)
    assert [ref.receipt.code for ref in live_references()] == [other]  # type: ignore[union-attr]
    (again,) = consented.consent("Ada", PURPOSE)
    consented.ingest(manifest=manifest)
    assert {ref.receipt.code for ref in live_references()} == {other, again}  # type: ignore[union-attr]
    assert {ref.face_id for ref in live_references()} == {first.pk}
    consented.do("consent-withdraw", person="Ada")
    assert live_references() == []
    assert list(consented.workspace.vault.record_ids()) == []
    consented.ingest(manifest=manifest)
    assert states() == {"a.jpg": ("refused", "consent-withdrawn")}
    consented.consent("Ada", PURPOSE)
    consented.ingest(manifest=manifest)
    (reference,) = live_references()
    assert reference.face_id != first.pk  # the old key is gone for ever
    assert reference.face.number == 0
    assert Face.objects.get(pk=first.pk).number < 0
    assert set(consented.workspace.vault.record_ids()) == {reference.face_id}
    with consented.workspace.transaction() as (tx, _):
        consented.workspace.index.sync(tx)
    assert consented.workspace.index.statistics().references == 1


def test_a_corrected_label_moves_the_face_to_the_other_person(
    archive: Desk, portraits: dict[str, bytes]
) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.ingest(manifest=archive.manifest("path,person\na.jpg,Ada\n"))
    (before,) = live_references()
    archive.ingest(manifest=archive.manifest("path,person\na.jpg,Ben\n"))
    (after,) = live_references()
    assert after.face.person is not None
    assert after.face.person.label == "Ben"
    assert after.face_id != before.face_id
    assert set(archive.workspace.vault.record_ids()) == {after.face_id}


def test_other_detail_looks_again_and_replaces(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.ingest()
    (before,) = live_references()
    archive.ingest(detail="full")
    (after,) = live_references()
    assert after.pk != before.pk
    assert Photograph.objects.get().extraction != ""
    assert "detail=full" in Photograph.objects.get().extraction


def test_a_manifest_narrows_the_basis(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.person("Ada", PURPOSE)
    archive.put("a.jpg", portraits["P001"])
    archive.put("b.jpg", portraits["P002"])
    archive.put("c.jpg", portraits["P003"])
    archive.put("d.jpg", portraits["P004"])
    archive.ingest(
        manifest=archive.manifest(
            "path,person,basis,jurisdiction,captured_at,source_ref,id\n"
            "a.jpg,Ada,consent,,1987~,box 4,\nb.jpg,Ben,consent,,,,\nc.jpg,,,CA-NB,1985/1990,,n3\nd.jpg,,,,,,\n"
        )
    )
    assert states()["b.jpg"] == ("refused", "no-consent")
    classes = {
        ref.face.photograph.path: (ref.permission_class.basis_kind, ref.permission_class.jurisdiction)
        for ref in Reference.objects.select_related("face__photograph", "permission_class")
    }
    assert classes == {
        "a.jpg": ("consent", "CA"),
        "c.jpg": ("public-task", "CA-NB"),
        "d.jpg": ("public-task", "CA"),
    }
    assert Basis.objects.filter(narrows__isnull=False).count() == 2
    ada = Photograph.objects.get(path="a.jpg")
    assert (ada.captured_at, ada.source_ref) == ("1987~", "box 4")
    assert Photograph.objects.get(path="c.jpg").source_ref == "n3"


def test_publicly_available_is_no_basis(desk: Desk, portraits: dict[str, bytes]) -> None:
    desk.gallery()
    desk.source(basis="publicly-available")
    desk.put("a.jpg", portraits["P001"])
    desk.ingest()
    assert states() == {"a.jpg": ("refused", "basis-publicly-available")}
    assert list(desk.workspace.vault.record_ids()) == []


def test_only_registered_sources_and_permitted_accounts(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("a.jpg", portraits["P001"])
    with pytest.raises(NotFoundError) as unknown:
        archive.ingest(source="internet")
    assert unknown.value.code == "source-missing"
    archive.do("account-suspend", name="deputy", reason="left")
    with pytest.raises(RefusedError) as refused:
        archive.ingest(key=archive.keys[1])
    assert refused.value.reason == "account-suspended"
    assert IngestRun.objects.count() == 0
    assert "act-refused" in " ".join(archive.events())


def test_a_request_is_good_once(archive: Desk, portraits: dict[str, bytes]) -> None:
    from countenance.ingest.path import ingest

    archive.put("a.jpg", portraits["P001"])
    request = archive.sign("ingest", source="archive", workers=1)
    ingest(archive.workspace, request)
    with pytest.raises(RefusedError) as refused:
        ingest(archive.workspace, request)
    assert refused.value.reason == "replayed"


def test_suspending_the_gallery_stops_the_run_at_the_next_batch(
    archive: Desk, portraits: dict[str, bytes]
) -> None:
    for number in range(24):
        archive.put(f"{number:02}.jpg", _tinted(portraits["P001"], number))

    def suspend(_: object) -> None:
        from countenance.records.models import Gallery

        if Gallery.objects.filter(suspended_at__isnull=True).exists():
            archive.do("gallery-suspend", name="people", reason="order")

    with pytest.raises(RefusedError) as refused:
        archive.ingest(progress=suspend)
    assert refused.value.reason == "gallery-suspended"
    assert refused.value.rule.startswith("CA-")
    written = Photograph.objects.count()
    assert 0 < written < 24
    assert set(archive.workspace.vault.record_ids()) == set(Face.objects.values_list("id", flat=True))
    assert archive.log_is_sound()
    with pytest.raises(RefusedError):
        archive.ingest()
    archive.do("gallery-reinstate", name="people")
    request = archive.sign("approve", archive.keys[1], proposal=_proposal())
    from countenance.service.acts import perform

    perform(archive.workspace, request)
    assert archive.ingest().photographs == {"done": 24}


def test_consent_withdrawn_while_the_photograph_is_looked_at(
    consented: Desk, portraits: dict[str, bytes]
) -> None:
    consented.person("Ada", PURPOSE)
    for number in range(12):
        consented.put(f"{number:02}.jpg", _tinted(portraits["P001"], number))
    rows = "".join(f"{number:02}.jpg,Ada\n" for number in range(12))
    done = []

    def withdraw(_: object) -> None:
        if not done:
            done.append(True)
            consented.do("consent-withdraw", person="Ada")

    consented.ingest(manifest=consented.manifest(f"path,person\n{rows}"), progress=withdraw)
    assert live_references() == []
    assert {state for _, state, _ in [(f[0], f[2], f[3]) for f in face_states()]} == {"withdrawn", "refused"}
    assert list(consented.workspace.vault.record_ids()) == []
    assert list(consented.workspace.media.names()) == []


def test_stop_and_go_on(archive: Desk, portraits: dict[str, bytes]) -> None:
    for number in range(16):
        archive.put(f"{number:02}.jpg", _tinted(portraits["P001"], number))
    stop = threading.Event()
    first = archive.ingest(stop=stop, progress=lambda _: stop.set())
    assert first.stopped
    assert 0 < first.photographs["done"] < 16
    assert first.photographs["pending"] + first.photographs["done"] == 16
    with pytest.raises(ConflictError) as differs:
        archive.ingest(detail="full")
    assert differs.value.code == "run-differs"
    second = archive.ingest()
    assert second.run == first.run
    assert second.photographs == {"done": 16}
    assert archive.progress[-1].finished == archive.progress[-1].total == 16
    assert archive.progress[-1].bottleneck is not None


def test_restart_gives_the_open_run_up(archive: Desk, portraits: dict[str, bytes]) -> None:
    for number in range(12):
        archive.put(f"{number:02}.jpg", _tinted(portraits["P001"], number))
    stop = threading.Event()
    first = archive.ingest(stop=stop, progress=lambda _: stop.set())
    second = archive.ingest(restart=True)
    assert second.run != first.run
    assert second.photographs == {"done": 12}


def test_plan_counts_and_writes_nothing(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.put("b.JPG", collage(portraits, "P001", "P002"))
    archive.put("notes.txt", b"hello")
    archive.put(".DS_Store", b"x")
    before = _dump(archive)
    planned = plan(archive.workspace, archive.sign("ingest", source="archive", workers=2))
    assert (planned.files, planned.skipped, planned.sample) == (3, 1, 3)
    assert planned.formats == {"jpg": 2, "txt": 1}
    assert planned.faces == 3
    assert planned.seconds > 0
    assert planned.seconds_full >= planned.seconds
    assert planned.disk_bytes > 0
    assert planned.memory_bytes > 1 << 20
    assert _dump(archive) == before


def test_pages_of_a_tiff_are_photographs(archive: Desk, portraits: dict[str, bytes]) -> None:
    import io

    pages = [Image.open(io.BytesIO(portraits[name])).convert("RGB") for name in ("P001", "P002")]
    blank = Image.new("RGB", (64, 64), "white")
    pages[0].save(archive.photos / "album.tif", save_all=True, append_images=[pages[1], blank])
    result = archive.ingest()
    assert result.photographs == {"done": 1}
    assert result.faces == {"enrolled": 2}
    assert sorted(Photograph.objects.values_list("page", "state")) == [
        (0, "done"),
        (1, "done"),
        (2, "no-face"),
    ]
    assert archive.ingest().faces == {"enrolled": 2}


def test_lists_every_state_asked_for(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.ingest()
    assert archive.items() == []
    (done,) = archive.items(PhotographState.DONE)
    assert (done.path, done.state, done.faces) == ("a.jpg", "done", ())


def _tinted(data: bytes, number: int) -> bytes:
    """The same face in other bytes."""
    import io

    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.putpixel((0, 0), (number * 9 % 256, 0, 0))
    stream = io.BytesIO()
    picture.resize((160, 160)).save(stream, "JPEG", quality=80 + number % 16, comment=str(number).encode())
    return stream.getvalue()


def _proposal() -> str:
    from countenance.records.models import Proposal

    return Proposal.objects.get(carried_out_at__isnull=True).code


def _dump(desk: Desk) -> dict[str, int]:
    from django.apps import apps

    del desk
    return {model.__name__: model.objects.count() for model in apps.get_models()}
