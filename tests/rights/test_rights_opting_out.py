"""Being left out, in the form that its person chose: each does what it says, no more, and its receipt says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from house import House, photograph

from countenance.cli.commands import request_answers, requests
from countenance.ingest.path import ingest
from countenance.ingest.values import Tuning
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import UsageError
from countenance.records import models
from countenance.records.suppressing.lists import SuppressionList
from countenance.rights.acts.fulfilling import _CORRECTIONS
from countenance.rights.opting_out import fulfil_with_picture
from countenance.rights.portal import standing
from countenance.rights.values import OptOutForm, Tier
from countenance.tlog import verifier

SELFIE = photograph("P001", "amateur_selfie")
FIRST, SECOND, OTHER = "first.jpg", "second.jpg", "other.jpg"


@pytest.fixture
def filled(sqlite_house: House) -> House:
    """Two photographs of one person and one of another, taken in from a folder without labels."""
    house = sqlite_house
    folder = house.workspace.directory.parent / "pictures"
    folder.mkdir()
    house.act(
        "source-add", name="pictures", gallery="people", basis="public-task", purposes=["missing-person"],
        jurisdiction="CA", evidence="Archives Act", permits_unlabelled=True, location=str(folder),
        holder="The archive", contact="x@example.org", notice="At the door.",
    )  # fmt: skip
    (folder / FIRST).write_bytes(photograph("P001"))
    (folder / OTHER).write_bytes(photograph("P002"))
    take_in(house)
    return house


def take_in(house: House) -> None:
    request = house.operator.sign(
        workspace_id=house.id, act="ingest", at=house.clock(), params={"source": "pictures", "workers": 1}
    )
    ingest(house.workspace, request, tuning=Tuning(batch_photographs=4, batch_seconds=0.2, shard_items=4))


def enrolled() -> set[str]:
    return set(
        models.Reference.objects.filter(ended_at=None).values_list("face__photograph__path", flat=True)
    )


def asked(house: House, **params: Any) -> dict[str, Any]:
    """A verified request to be left out, by the first photograph; its face is confirmed."""
    value = str(models.Photograph.objects.get(path=FIRST).pk)
    made = house.act(
        "request-open",
        **{
            "kind": "opt-out",
            "pointer": "photograph",
            "value": value,
            "name": "Anne Roy",
            "contact": "by post",
            **params,
        },
    )
    house.act("request-verify", request=made["request"], tier="own-face-seen", seen="passport")
    house.act("request-find", request=made["request"])
    house.act("request-confirm", request=made["request"], faces=[1])
    return dict(made)


def with_picture(house: House, number: str, picture: bytes, **more: Any) -> dict[str, Any]:
    params = {"request": number, "picture": sha256_hex(picture), **more}
    signed = house.operator.sign(workspace_id=house.id, act="request-fulfil", at=house.clock(), params=params)
    result: Any = fulfil_with_picture(house.workspace, signed, picture, house.pool).record
    return dict(result)


def last_receipt(house: House, number: str) -> dict[str, Any]:
    """The last receipt's statement; it verifies with one file."""
    file = house.act("request-receipts", request=number, latest=True)["receipts"][-1]["file"]
    assert verifier.verify_statement(file, house.workspace.log.vkey).ok
    return dict(json.loads(file)["statement"])


def later_photograph(house: House) -> None:
    """Another photograph of the same person comes in, and the first one again under another name."""
    folder = Path(models.Source.objects.get(name="pictures").location)
    (folder / SECOND).write_bytes(SELFIE)
    (folder / "again.jpg").write_bytes(photograph("P001"))
    take_in(house)


def test_the_first_form_erases_and_keeps_nothing(filled: House) -> None:
    """It is what is done where nothing is said; a later photograph may be taken in again."""
    number = str(asked(filled)["request"])
    done = filled.act("request-fulfil", request=number)
    assert (done["step"], done["form"], len(done["erasures"])) == ("left-out", "erase", 1)
    assert enrolled() == {OTHER}
    assert SuppressionList(filled.workspace).length() == 0
    later_photograph(filled)
    assert enrolled() == {OTHER, SECOND}
    assert last_receipt(filled, number)["form"] == "erase"


def test_the_second_form_blocks_the_picture_itself(filled: House) -> None:
    number = str(asked(filled, form="block-picture")["request"])
    done = filled.act("request-fulfil", request=number)
    assert (done["step"], done["photographs"]) == ("left-out", 1)
    assert models.Erasure.objects.get().scope == "photograph"
    assert models.Tombstone.objects.get().kind == "photograph"
    later_photograph(filled)
    assert enrolled() == {OTHER, SECOND}
    told = {row.path: row.state for row in models.Photograph.objects.all()}
    assert "done" not in {told.get(FIRST), told.get("again.jpg")}
    assert SuppressionList(filled.workspace).length() == 0
    assert last_receipt(filled, number)["photographs"] == 1


def test_the_third_form_keeps_a_template_only_to_leave_out(filled: House) -> None:
    made = asked(filled, form="protected-template")
    number = str(made["request"])
    seen = standing(filled.workspace, number, str(made["secret"]))
    assert seen["form"] == "protected-template"
    done = with_picture(filled, number, SELFIE, days=100, every_answer=True)
    assert (done["step"], done["expires_at"][:10]) == ("left-out", "2027-02-10")
    assert 0 < float(done["misses"]) < 1
    later_photograph(filled)
    assert enrolled() == {OTHER}
    held = [row["path"] for row in filled.act("suppression-status")["held"]]
    assert held == [SECOND]
    told = last_receipt(filled, number)
    assert (told["misses"], told["expires_at"]) == (done["misses"], done["expires_at"])
    assert done["code"].startswith("S-")
    assert done["code"] not in json.dumps(told)
    row = models.RequestRecord.objects.get(number=number)
    assert (row.state, bytes(row.details)) == ("fulfilled", b"")
    filled.act("suppression-release", code=done["code"], photograph=str(photograph_id(SECOND)))
    take_in(filled)
    assert enrolled() == {OTHER, SECOND}


def photograph_id(path: str) -> object:
    return models.Photograph.objects.get(path=path).pk


def test_who_was_not_found_may_join_as_well(filled: House) -> None:
    number = str(asked(filled, form="protected-template")["request"])
    filled.act("request-confirm", request=number, faces=[])
    assert with_picture(filled, number, photograph("P002"))["step"] == "left-out"
    assert enrolled() == {FIRST, OTHER}


def test_nobody_puts_another_s_face_on_the_list(filled: House) -> None:
    """Whoever asks for the third form was seen to be the person on the picture, however they are to be found."""
    code = filled.person("P009")
    made = filled.act(
        "request-open", kind="opt-out", form="protected-template", pointer="receipt", value=code,
        name="A", contact="by post",
    )  # fmt: skip
    for tier, more in (("receipt-holder", {"code": code}), ("document-seen", {"seen": "passport"})):
        with pytest.raises(UsageError) as refused:
            filled.act("request-verify", request=made["request"], tier=tier, **more)
        assert refused.value.code == "request-tier"


def test_a_picture_belongs_to_the_third_form_and_shows_one_face(filled: House) -> None:
    third = str(asked(filled, form="protected-template")["request"])
    with pytest.raises(UsageError) as missing:
        filled.act("request-fulfil", request=third)
    assert missing.value.code == "opt-out-picture"
    with pytest.raises(UsageError) as none:
        with_picture(filled, third, b"no picture")
    assert none.value.code == "opt-out-face"
    first = str(asked(filled)["request"])
    with pytest.raises(UsageError) as unasked:
        with_picture(filled, first, SELFIE)
    assert unasked.value.code == "opt-out-no-picture"
    assert enrolled() == {FIRST, OTHER}  # nothing was done by halves
    assert SuppressionList(filled.workspace).length() == 0


def test_the_words_of_the_command_are_those_of_the_code() -> None:
    assert tuple(requests.FORMS) == tuple(OptOutForm)
    assert tuple(requests.TIERS) == tuple(Tier)
    assert tuple(request_answers.FIELDS) == tuple(_CORRECTIONS)
