"""An authorisation is refused: what came of it is gone, the proofs stay, and so does a tombstone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from house import House, photograph
from oversight_parts import SELFIE, authority, found_person, people, refused_as

from countenance.policy.decisions import Refused
from countenance.primitives.errors import ConflictError
from countenance.records import models
from countenance.records.database import open_reading
from countenance.search.values import LoggedCandidates


def stored(house: House) -> bytes:
    """Every byte of the workspace's files, media and databases alike."""
    folder: Path = house.workspace.directory
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_refusing_an_authorisation_takes_searches_candidates_and_probes_and_leaves_a_tombstone(
    house: House,
) -> None:
    reference = found_person(house)
    answer = house.search(SELFIE)
    assert isinstance(answer, LoggedCandidates)
    probe = models.Probe.objects.get()
    assert house.workspace.media.get(probe.picture)
    supervisor = house.account("sue", "supervisor")

    denied = house.act(
        "case-deny", supervisor, case=house.case, authority="Cour du Québec", reason="Not authorised"
    )
    assert denied["removed"] == {"searches": 1, "candidates": 1, "probes": 1}
    assert not models.Search.objects.exists()
    assert not models.Candidate.objects.exists()
    assert not models.Probe.objects.exists()
    assert list(house.workspace.media.names()) == [f"crop-{models.Face.objects.get().pk.hex}"]
    case = models.Case.objects.get()
    assert (case.denied_authority, case.denied_reason) == ("Cour du Québec", "Not authorised")
    again = house.search(SELFIE)
    assert isinstance(again, Refused)
    assert again.reason == "case-closed"

    with open_reading() as tx:
        assert house.workspace.log.payload(tx, answer.log_entry) is None
        report = house.workspace.log.verify(tx)
        assert report.ok
        after = house.workspace.log.payload(tx, house.workspace.log.head(tx).size - 2)
    assert after is not None
    assert json.loads(after.details)["candidates"] == 1
    assert models.Reference.objects.get(pk=reference).ended_at is None  # the gallery is as it was


@pytest.mark.parametrize("control", [False, True])
def test_no_byte_of_a_probe_stays(sqlite_house: House, control: bool) -> None:
    house = sqlite_house
    found_person(house)
    house.search(SELFIE)
    probe = models.Probe.objects.get()
    picture, template = house.workspace.media.get(probe.picture), bytes(probe.template)
    assert picture[-64:] in stored(house)
    if not control:
        house.act("case-deny", case=house.case, authority="Court", reason="Not authorised")
    everything = stored(house)
    assert (picture[-64:] in everything) == control
    assert (template[-64:] in everything) == control


def test_who_may_refuse_an_authorisation(sqlite_house: House) -> None:
    house = sqlite_house
    opc = authority(house)
    words = {"case": house.case, "authority": "Court", "reason": "x"}
    assert refused_as(house, "case-deny", house.caseworker, **words).reason == "role-may-not"
    assert refused_as(house, "case-deny", opc.inspector, **words).reason == "role-may-not"
    house.act("client-add", name="Force", jurisdiction="CA", purposes=["missing-person"], until="2028-01-01")
    other = house.account("otto", "supervisor", "Force")
    assert refused_as(house, "case-deny", other, **words).reason == "other-organisation"
    assert house.act("case-deny", opc.commissioner, **words)["state"] == "denied"
    with pytest.raises(ConflictError):
        house.act("case-deny", **words)


def test_another_case_keeps_what_it_has(sqlite_house: House) -> None:
    house = sqlite_house
    found_person(house)
    house.search(SELFIE)
    second = house.act(
        "case-open",
        house.caseworker,
        purpose="missing-person",
        reference="G",
        on_behalf_of="Tracing",
        on_behalf_of_jurisdiction="CA",
    )["case"]
    assert people(house.search(photograph("P001"), case=second)) == ["P001"]
    house.act("case-deny", case=house.case, authority="Court", reason="x")
    assert models.Search.objects.count() == 1
    assert people(house.search(SELFIE, case=second)) == ["P001"]
