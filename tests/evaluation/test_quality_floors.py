"""Where a rejection curve says that photographs are too weak, and what then becomes of enrolments and probes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from house import House, photograph, shared_pool

from countenance.biometrics.vocabulary import Detail, FaceReason, QualityComponent, QualityReason
from countenance.evaluation.quality import LEAST_STEP, Floors, Rejected, floors
from countenance.evaluation.values import Rate
from countenance.extraction.values import PROBE_RULE, PhotographExtraction
from countenance.records import models
from countenance.records.measuring import QualityFloors, floors_of
from countenance.search.values import LoggedCandidates


def _curve(*steps: tuple[float, float, int], rest: tuple[int, int]) -> list[Rejected]:
    """From (norm at its lower end, share missed, searches) of each step, and (missed, searches) of what is left at the end."""
    told = []
    for place in range(len(steps) + 1):
        left = steps[place:]
        missed = sum(share * count for _, share, count in left) + rest[0]
        tried = sum(count for _, _, count in left) + rest[1]
        floor = left[0][0] if left else 20.0
        rate = Rate(value=missed / tried, low=0.0, high=1.0, n=tried)
        told.append(Rejected(rejected=0.0, floor=floor, fnir=rate))
    return told


def test_each_step_is_judged_by_its_own_searches() -> None:
    curve = _curve((2.0, 0.9, 100), (6.0, 0.6, 100), (8.0, 0.3, 100), (10.0, 0.05, 100), rest=(10, 1000))
    found = floors(curve)
    assert found.enrol == 8.0  # up to the beginning of the first step that misses no more than half
    assert (
        found.weak == 10.0
    )  # 195 of 1,400 missed over all: a step must miss more than 0.28, as the third does
    assert floors(_curve((2.0, 0.3, 100), rest=(10, 1000))) == Floors(enrol=None, weak=20.0)


def test_what_is_borne_out_by_too_few_or_by_nothing_is_no_floor() -> None:
    assert floors(_curve((2.0, 1.0, LEAST_STEP - 1), rest=(0, 1000))) == Floors(enrol=None, weak=None)
    assert floors(_curve((2.0, 0.0, 100), rest=(0, 1000))) == Floors(enrol=None, weak=None)
    assert floors([]) == Floors(enrol=None, weak=None)


def test_a_photograph_below_the_measured_floor_is_not_enrolled_and_says_why() -> None:
    rule = replace(PROBE_RULE, floor=True)
    for least, reason in ((0.0, None), (1e6, FaceReason.LOW_QUALITY)):
        asked = replace(rule, least_norm=least)
        result = shared_pool().submit(photograph("P001"), detail=Detail.STANDARD, rule=asked).result()
        assert isinstance(result, PhotographExtraction)
        (face,) = result.pages[0].faces
        assert face.reason is reason
        assert (face.template is None) == (reason is not None)
        assert set(face.components) == set(QualityComponent)
        assert all(0 <= score <= 100 for score in face.components.values())


def test_components_lie_below_fifty_exactly_where_a_reason_is_given() -> None:
    pairs = {
        QualityComponent.INTER_EYE_DISTANCE: QualityReason.SMALL,
        QualityComponent.SHARPNESS: QualityReason.BLURRED,
        QualityComponent.DYNAMIC_RANGE: QualityReason.LOW_CONTRAST,
        QualityComponent.YAW: QualityReason.TURNED,
        QualityComponent.TEMPLATE: QualityReason.WEAK_TEMPLATE,
    }
    seen = 0
    for name in ("studio_portrait", "amateur_posture", "emotions_sheet"):
        for face in _faces(name):
            for component, reason in pairs.items():
                score = face.components[component]
                assert (score < 50) <= (reason in face.quality), (component, score)
                assert (score > 50) <= (reason not in face.quality), (component, score)
                seen += reason in face.quality
    assert seen


def _faces(name: str):  # type: ignore[no-untyped-def]
    result = shared_pool().submit(photograph("P001", name), detail=Detail.STANDARD, rule=PROBE_RULE).result()
    assert isinstance(result, PhotographExtraction)
    return result.pages[0].faces


@pytest.mark.parametrize(("weak", "warned"), [(None, False), (1e6, True)])
def test_an_adopted_evaluation_warns_of_probes(sqlite_house: House, weak: float | None, warned: bool) -> None:
    house = sqlite_house
    house.enrol(house.person("P001"), photograph("P001"))
    gallery = models.Gallery.objects.get(name="people")
    space = str(house.workspace.models.space_id)
    models.AdoptedEvaluation.objects.create(
        code="M-TEST",
        gallery=gallery,
        space_id=space,
        report_sha256="0" * 64,
        measured_at=house.clock(),
        people=100,
        references_each=1,
        strangers=50,
        mates=50,
        curve={"T": [0.1, 0.9], "FPIR": [1.0, 0.0], "FNIR": [0.0, 1.0]},
        floor_norm=4.0,
        weak_norm=weak,
        adopted_by=models.Account.objects.first(),
        adopted_at=house.clock(),
        expires_at=house.clock() + timedelta(days=30),
    )
    assert floors_of(gallery, space, house.clock()) == QualityFloors(enrol=4.0, weak=weak or 0.0)
    assert floors_of(gallery, "another-space", house.clock()) == QualityFloors()
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    assert (QualityReason.WEAK_TEMPLATE in answer.probe[0].quality) == warned
    row = models.Probe.objects.get()
    assert set(row.components) == {component.value for component in QualityComponent}
