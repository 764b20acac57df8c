"""Several references of one person are one comparison: of those that are there, live and permitted, and of no other."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from house import PURPOSE, House, photograph

from countenance.records import models
from countenance.records.ending import end_references
from countenance.records.erasing.steps import finish
from countenance.records.references import fused_score
from countenance.search.fusing import REACH
from countenance.search.values import Candidate, LoggedCandidates

_EXACT = 0.01  # the scan scores from int8 values


def _first(answer: object) -> Candidate:
    assert isinstance(answer, LoggedCandidates), answer
    return answer.candidates[0]


def _vector(house: House, name: str) -> np.ndarray:
    template = house.faces(photograph("P001", name))[0].template
    assert template is not None
    return template.vector.astype(np.float64)


def _by_hand(house: House, *names: str) -> float:
    mean = np.mean([_vector(house, name) for name in names], axis=0)
    return float(mean @ _vector(house, "amateur_selfie") / np.linalg.norm(mean))


def _two(house: House) -> list[uuid.UUID]:
    receipt = house.person("P001")
    return [house.enrol(receipt, photograph("P001", name)) for name in ("studio_portrait", "studio_posture")]


def _end(house: House, reference: uuid.UUID) -> None:
    with house.workspace.transaction() as (tx, now):
        end_references(house.workspace, tx, models.Reference.objects.filter(pk=reference), now)


def test_the_score_is_that_of_the_mean_of_the_references(house: House) -> None:
    references = _two(house)
    found = _first(house.search(photograph("P001", "amateur_selfie")))
    assert found.score == pytest.approx(_by_hand(house, "studio_portrait", "studio_posture"), abs=1e-4)
    assert found.references == 2
    rows = models.FusedReference.objects.filter(candidate__rank=1)
    assert set(rows.values_list("reference_id", flat=True)) == set(references)


def test_a_reference_that_ends_is_in_no_later_score(house: House) -> None:
    ended, _ = _two(house)
    _end(house, ended)
    found = _first(house.search(photograph("P001", "amateur_selfie")))
    assert found.score == pytest.approx(_by_hand(house, "studio_posture"), abs=_EXACT)
    assert found.references == 1
    assert not models.FusedReference.objects.exists()


def test_one_that_ends_between_the_scan_and_the_log_is_fused_out_again(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended in the records only: no grant is revoked, and the index still holds the row."""
    from countenance.search import path

    house = sqlite_house
    references = _two(house)
    scan, scans = path._scan, 0

    def scan_then_end(*args: Any) -> Any:
        nonlocal scans
        answer = scan(*args)
        scans += 1
        best = answer.leads[0].reference_id
        other = next(key for key in references if key != best)
        models.Reference.objects.filter(pk=other).update(ended_at=house.clock())
        return answer

    monkeypatch.setattr(path, "_scan", scan_then_end)
    found = _first(house.search(photograph("P001", "amateur_selfie")))
    assert scans == 2
    assert found.references == 1


def test_what_this_search_may_not_use_is_not_in_the_mean(sqlite_house: House) -> None:
    house = sqlite_house
    house.enrol(house.person("P001"), photograph("P001", "studio_posture"))
    house.act("gallery-add", name="others", purposes=[PURPOSE], jurisdiction="CA", notice="Another one.")
    house.act(
        "source-add",
        name="elsewhere",
        gallery="others",
        basis="consent",
        purposes=[PURPOSE],
        jurisdiction="CA",
        evidence="Consent forms, binder 8",
        location="/srv/elsewhere",
        holder="Archive",
        contact="archive@example.org",
        notice="Photographs.",
    )
    record = house.act(
        "consent-record", person="P001", gallery="others", purposes=[PURPOSE], notice_text="There as well."
    )
    house.enrol(record["receipts"][0]["receipt"], photograph("P001"), source="elsewhere")
    found = _first(house.search(photograph("P001", "amateur_selfie")))
    assert found.references == 1
    assert found.score == pytest.approx(_by_hand(house, "studio_posture"), abs=_EXACT)


def test_an_erased_photograph_leaves_the_saved_scores_of_its_person(sqlite_house: House) -> None:
    house = sqlite_house
    _two(house)
    candidate = _first(house.search(photograph("P001", "amateur_selfie")))
    shown = models.Candidate.objects.get(rank=1).reference
    other = models.FusedReference.objects.exclude(reference=shown).get().reference
    house.act("erase", scope="photograph", target=str(other.face.photograph_id), ground="test")
    finish(house.workspace)
    assert candidate.references == 2
    assert not models.Reference.objects.filter(pk=other.pk).exists()
    assert list(models.FusedReference.objects.values_list("reference_id", flat=True)) == [shown.pk]


def test_a_mean_is_at_most_as_much_better_as_it_is_short() -> None:
    rng = np.random.default_rng(5)
    for count in range(2, 6):
        held = rng.normal(size=(count, 64)) + 1.0
        vectors = (held / np.linalg.norm(held, axis=1, keepdims=True)).astype(np.float32)
        probe = vectors[0] + rng.normal(size=64).astype(np.float32)
        probe /= np.linalg.norm(probe)
        best = float((vectors @ probe).max())
        length = float(np.linalg.norm(vectors.mean(axis=0)))
        assert length > REACH
        assert fused_score(list(vectors), probe) <= best / length + 1e-6


def test_references_that_cancel_out_keep_the_best_score() -> None:
    one = np.zeros(8, np.float32)
    one[0] = 1
    assert fused_score([one, -one], one) == 1.0
