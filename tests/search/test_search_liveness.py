"""What has ended is in no list, by the one liveness query alone; and what runs out is ended like what is withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from house import PURPOSE, House, photograph

from countenance.records import models
from countenance.records.ending import end_expired
from countenance.search.values import LoggedCandidates


def _people(answer: object) -> list[str | None]:
    assert isinstance(answer, LoggedCandidates), answer
    return [candidate.person for candidate in answer.candidates]


def _receipt(house: House) -> None:
    models.ConsentReceipt.objects.filter(person__label="P001").update(withdrawn_at=house.clock())


def _expiry(house: House) -> None:
    receipt = models.ConsentReceipt.objects.filter(person__label="P001")
    receipt.update(given_at=house.clock() - timedelta(days=2), expires_at=house.clock() - timedelta(days=1))


def _reference(house: House) -> None:
    models.Reference.objects.filter(face__person__label="P001").update(ended_at=house.clock())


def _source(house: House) -> None:
    models.Source.objects.update(withdrawn_at=house.clock())


def _basis(house: House) -> None:
    models.Basis.objects.update(ended_at=house.clock())


def _gallery(house: House) -> None:
    models.Gallery.objects.update(suspended_at=house.clock())


def _search_lock(house: House) -> None:
    models.Gallery.objects.update(search_locked_at=house.clock())


def _nothing(_: House) -> None:
    """The negative control: with nothing ended the person is found."""


@pytest.mark.parametrize(
    ("end", "found"),
    [
        (_receipt, False),
        (_expiry, False),
        (_reference, False),
        (_source, False),
        (_basis, False),
        (_gallery, False),
        (_search_lock, False),
        (_nothing, True),
    ],
)
def test_the_liveness_query_alone_keeps_what_ended_off_the_list(
    house: House, monkeypatch: pytest.MonkeyPatch, end: Callable[[House], None], found: bool
) -> None:
    """Ended after the scan, in the records only: no grant is revoked and the index still holds the row."""
    from countenance.search import path

    house.enrol(house.person("P001"), photograph("P001"))
    scan = path._scan

    def scan_then_end(*args: Any) -> Any:
        answer = scan(*args)
        end(house)
        return answer

    monkeypatch.setattr(path, "_scan", scan_then_end)
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert _people(answer) == (["P001"] if found else [])
    assert models.Candidate.objects.exists() == found


def test_a_consent_that_ran_out_is_in_no_count_and_its_key_is_destroyed(house: House) -> None:
    house.enrol(house.person("P001", expires_at="2026-11-10"), photograph("P001"))
    house.enrol(house.person("P002", expires_at="2026-12-24"), photograph("P002"))
    house.enrol(house.person("P006"), photograph("P006"))
    face = models.Face.objects.get(person__label="P001")
    house.clock.move(timedelta(days=7, hours=14, minutes=59))  # a minute before
    before = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(before, LoggedCandidates)
    assert _people(before)[0] == "P001"
    assert before.coverage.permitted == 3
    house.clock.move(timedelta(minutes=1))
    after = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(after, LoggedCandidates)
    assert "P001" not in _people(after)
    assert (after.coverage.searched, after.coverage.permitted, after.coverage.not_searchable) == (2, 2, 0)
    assert face.pk not in set(house.workspace.vault.record_ids())
    assert f"crop-{face.pk.hex}" not in set(house.workspace.media.names())
    face.refresh_from_db()
    assert (face.state, face.crop) == ("withdrawn", "")
    assert house.events().count("consent-expired") == 1
    assert end_expired(house.workspace) == 0
    assert house.events().count("consent-expired") == 1


def test_a_consent_given_anew_does_not_revive_the_old_reference(house: House) -> None:
    house.enrol(house.person("P001", expires_at="2026-11-10"), photograph("P001"))
    house.clock.move(timedelta(days=10))
    house.act(
        "consent-record", person="P001", gallery="people", purposes=[PURPOSE], notice_text="Once more, yes."
    )
    assert not models.Reference.objects.filter(ended_at__isnull=True).exists()
    assert not list(house.workspace.vault.record_ids())
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    assert answer.coverage.permitted == 0
