"""Rates against implementations that are not ours (scikit-learn, SciPy), and what must hold of every evaluation."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_parts import all_pairs, made_samples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap
from sklearn.metrics import det_curve, roc_curve

from countenance.evaluation import pairs
from countenance.evaluation.bootstrap import rate_over_persons, rule_of_three
from countenance.evaluation.differentials import differential
from countenance.evaluation.extrapolation import check_growth, fit
from countenance.evaluation.folds import best_threshold, ten_folds
from countenance.evaluation.identification import fnir, identify, missed, threshold_for
from countenance.evaluation.pairs import HighScores, PairStream
from countenance.evaluation.quality import rejection, reliability
from countenance.evaluation.searches import Plan, Searches, search_split
from countenance.evaluation.trials import Samples, check_persons
from countenance.evaluation.values import Fusion
from countenance.evaluation.verification import det, fnmr_at, threshold_at, verify
from countenance.primitives.errors import UsageError


@pytest.mark.parametrize("lost", [0.0, 0.1])
def test_fmr_and_fnmr_are_those_of_scikit_learn(lost: float) -> None:
    samples = made_samples(120, lost=lost)
    score, mated, _, _ = all_pairs(samples)
    got = verify(PairStream(samples, seed=1).run(), seed=1, targets=(0.05, 0.01))
    assert (got.mated, got.non_mated) == (int(mated.sum()), int((~mated).sum()))
    finite = np.where(np.isfinite(score), score, -2.0)
    fpr, tpr, thresholds = roc_curve(mated, finite, drop_intermediate=False)
    for point in got.points:
        place = int(np.searchsorted(-thresholds, -point.threshold, side="right")) - 1
        assert point.fmr.value == pytest.approx(fpr[place], abs=2e-6)
        assert point.fnmr.value == pytest.approx(1 - tpr[place], abs=1e-9)
        assert point.tar.value == pytest.approx(tpr[place], abs=1e-9)
        assert point.fmr.value <= point.target
    fmr, fnmr, _ = det_curve(mated, finite)
    equal = fmr[np.argmin(np.abs(fmr - fnmr))]
    curve = got.curve
    ours = curve.false_positive[np.argmin(np.abs(curve.false_positive - curve.false_negative))]
    assert ours == pytest.approx(equal, abs=1e-3)


def test_failures_to_acquire_count_against_fnmr_and_stay_in_the_number_of_comparisons() -> None:
    whole, lossy = made_samples(80), made_samples(80, lost=0.2)
    for samples in (whole, lossy):
        counts = PairStream(samples, seed=1).run()
        assert counts.all_mated == 80 * 6
    rate = fnmr_at(PairStream(lossy, seed=1).run(), -0.99, np.ones(80, bool), seed=1)
    score, mated, _, _ = all_pairs(lossy)
    assert rate.value == pytest.approx(float(np.isinf(score[mated]).mean()))
    assert rate.value > 0.3


def test_the_interval_is_that_of_scipy_where_each_person_has_one_trial() -> None:
    errors = (np.random.default_rng(3).random(400) < 0.1).astype(float)
    ours = rate_over_persons(errors, np.ones(400), seed=5)
    theirs = bootstrap(
        (errors,), np.mean, method="percentile", n_resamples=2000, rng=np.random.default_rng(5)
    )
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.008)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.008)


def test_persons_make_the_interval_wide_not_photographs() -> None:
    errors = (np.random.default_rng(3).random(50) < 0.3).astype(float)
    few = rate_over_persons(errors, np.ones(50), seed=5)
    many = rate_over_persons(errors * 100, np.full(50, 100.0), seed=5)
    assert (many.low, many.high) == pytest.approx((few.low, few.high))
    assert many.n == 5000


def test_a_rate_of_zero_is_told_with_the_rule_of_three() -> None:
    rate = rate_over_persons(np.zeros(10), np.ones(10), seed=1)
    assert (rate.value, rate.low, rate.high) == (0, 0, rule_of_three(10))
    assert rule_of_three(10) == pytest.approx(0.2589, abs=1e-4)
    assert rate_over_persons(np.zeros(3), np.zeros(3), seed=1).value is None


def test_an_interval_of_fmr_holds_the_truth_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(40):
        counts = PairStream(made_samples(60, seed=seed), seed=1).run()
        rate = verify(counts, seed=seed, targets=(0.01,)).points[0]
        # The truth at this threshold, from far more persons.
        truth = _truth(rate.threshold)
        held += rate.fmr.low <= truth <= rate.fmr.high
    assert held >= 34


_BIG = made_samples(900, 2, seed=99)
_BIG_CURVE = det(PairStream(_BIG, seed=1).run())


def _truth(threshold: float) -> float:
    return float(_BIG_CURVE.false_positive[np.searchsorted(_BIG_CURVE.threshold, threshold)])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 0.3))
def test_curves_are_monotone_and_order_does_not_matter(seed: int, lost: float) -> None:
    samples = made_samples(30, 3, seed=seed, lost=lost)
    order = np.random.default_rng(seed).permutation(len(samples.person))
    shuffled = Samples(
        vectors=samples.vectors[order],
        person=samples.person[order],
        acquired=samples.acquired[order],
        quality=samples.quality[order],
    )
    one, other = (PairStream(each, seed=1).run() for each in (samples, shuffled))
    curve = det(one)
    assert (np.diff(curve.false_positive) <= 0).all()
    assert (np.diff(curve.false_negative) >= 0).all()
    for name in ("non_mated", "mated", "mated_attempts", "non_mated_attempts"):
        assert (
            np.abs(getattr(one, name) - getattr(other, name)).sum() <= 2
        )  # a score on an edge may round either way
    search = search_split(samples, Plan(seed=seed), 0)
    open_set = identify([search], samples.persons, seed=1, targets=(0.1,))
    assert (np.diff(open_set.curve.false_positive) <= 1e-12).all()
    assert (np.diff(open_set.curve.false_negative) >= -1e-12).all()


def test_stopping_and_going_on_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "_ROWS", 64)
    samples = made_samples(100)
    whole = PairStream(samples, seed=1).run()

    class StoppedError(Exception):
        pass

    first = PairStream(samples, seed=1)

    def stop() -> None:
        if first.state()["row"][0] >= 192:
            raise StoppedError

    with pytest.raises(StoppedError):
        first.run(pause=stop)
    second = PairStream(samples, seed=1)
    second.restore(first.state())
    rest: list[int] = []
    again = second.run(progress=lambda done, _: rest.append(done))
    assert len(rest) < 7
    for name in ("mated", "non_mated", "mated_score", "mated_person"):
        assert np.array_equal(getattr(again, name), getattr(whole, name))
    assert sorted(again.high_score) == sorted(whole.high_score)


def test_the_highest_scores_are_kept_when_there_are_too_many() -> None:
    high = HighScores(-1.0, most=100)
    score = np.random.default_rng(1).random(1000).astype(np.float32)
    for part in np.split(score, 10):
        high.add(part, np.zeros(100, np.int32), np.ones(100, np.int32))
    kept, _, _ = high.arrays()
    assert sorted(kept) == sorted(score[score >= high.floor])
    assert 100 <= len(kept) <= 200


def plain_search(samples: Samples, plan: Plan, found: Searches) -> None:
    """Compare with sums written the plain way: N, counts, and that FNIR and the share identified make one."""
    assert found.gallery == plan.enrolled
    for rank in (1, 5, found.gallery):
        wrong = missed(found, len(found.sizes) - 1, rank, None).mean()
        right = ((found.mate_rank[:, -1] <= rank) & np.isfinite(found.mate_score)).mean()
        assert wrong + right == pytest.approx(1)


@pytest.mark.parametrize("fusion", list(Fusion))
@pytest.mark.parametrize("references", [1, 2])
def test_searches_are_those_of_a_plain_loop(fusion: Fusion, references: int) -> None:
    samples = made_samples(40, 4, lost=0.1)
    plan = Plan(enrolled=25, references=references, fusion=fusion, seed=3, sizes=(5, 12))
    found = search_split(samples, plan, 0)
    plain_search(samples, plan, found)
    assert list(found.sizes) == [5, 12, 25]
    assert len(found.mate_score) == 25 * (4 - references)
    assert len(found.top) == 15 * 4
    # Ranks grow with the gallery, and strangers' best scores as well.
    assert (np.diff(found.mate_rank, axis=1) >= 0).all()
    assert (found.top[:, 1:] >= found.top[:, :-1]).all()
    assert np.array_equal(found.tail[:, 0], found.top[:, 0])


def test_a_rank_is_one_more_than_those_above() -> None:
    samples = made_samples(30, 2)
    found = search_split(samples, Plan(enrolled=20, seed=2, sizes=(7,)), 0)
    rng = np.random.default_rng((2, 0))
    order = rng.permutation(30)[:20]
    shuffled = rng.permutation(60)
    first = {person: next(n for n in shuffled if samples.person[n] == person) for person in order}
    gallery = samples.vectors[[first[person] for person in order]]
    for place, person in enumerate(order):
        probe = next(n for n in range(60) if samples.person[n] == person and n != first[person])
        score = gallery @ samples.vectors[probe]
        at = list(found.mate_person).index(person)
        assert found.mate_score[at] == pytest.approx(score[place], abs=1e-6)
        assert found.mate_rank[at, 1] == 1 + (score > score[place]).sum()
        small = {*range(7)} if place < 7 else {*range(6), place}
        assert found.mate_rank[at, 0] == 1 + sum(score[n] > score[place] for n in small)


def test_a_reference_that_was_not_acquired_loses_its_person() -> None:
    samples = made_samples(30, 2)
    gone = Samples(
        vectors=np.zeros_like(samples.vectors),
        person=samples.person,
        acquired=np.zeros(60, bool),
        quality=np.full(60, np.nan),
    )
    found = search_split(gone, Plan(enrolled=20), 0)
    assert fnir([found], 30, len(found.sizes) - 1, 20, None, seed=1).value == 1
    assert np.isneginf(found.top).all()


def test_fpir_never_passes_its_target_and_ties_are_counted() -> None:
    tops = np.array([0.9, 0.8, 0.8, 0.8, 0.1] + [0.0] * 95)
    for target in (0.01, 0.02, 0.03, 0.04, 0.5):
        threshold = threshold_for(tops, target)
        assert (tops >= threshold).mean() <= target
    assert (tops >= threshold_for(tops, 0.04)).sum() == 4
    assert (tops >= threshold_for(tops, 0.02)).sum() == 1


def test_fusing_references_and_growing_galleries_do_what_they_should() -> None:
    samples = made_samples(400, 4)
    rates = {}
    for references in (1, 3):
        splits = [search_split(samples, Plan(references=references), number) for number in range(3)]
        rates[references] = identify(splits, 400, seed=1, targets=(0.1, 0.03))
    assert rates[3].points[1].fnir.value < rates[1].points[1].fnir.value
    sizes = [point.gallery for point in rates[1].by_size]
    assert sizes == sorted(sizes)
    assert sizes[-1] == rates[1].gallery == 267
    ranked = [one.fnir.value for one in rates[1].investigation]
    assert ranked == sorted(ranked, reverse=True)


def test_growth_is_predicted_within_a_factor_of_one_and_a_half() -> None:
    samples = made_samples(3000, 2, seed=11)
    splits = [search_split(samples, Plan(enrolled=2000, sizes=(200,)), number) for number in range(2)]
    told = check_growth(splits)
    assert {one.known for one in told} == {200}
    assert {one.gallery for one in told} == {2000}
    assert len(told) == 3
    assert max(one.factor for one in told) < 1.5, told
    few = search_split(made_samples(20, 2), Plan(), 0)
    assert fit([few]) is None
    assert check_growth([few]) == ()


def test_a_tail_that_is_known_is_found_again() -> None:
    rng = np.random.default_rng(4)
    scores = 0.2 + 0.05 * rng.exponential(size=(4000, 100))
    top = -np.sort(-scores, axis=1)[:, :20].astype(np.float32)
    known = Searches(
        sizes=np.array([100, 1000]),
        mate_score=np.zeros(0, np.float32),
        mate_rank=np.zeros((0, 2), np.int32),
        mate_person=np.zeros(0, np.int32),
        mate_quality=np.zeros(0),
        top=np.repeat(top[:, :1], 2, axis=1),
        tail=top,
        stranger=np.arange(4000, dtype=np.int32),
    )
    tail = fit([known])
    assert tail is not None
    assert tail.shape == pytest.approx(0, abs=0.12)
    assert tail.scale == pytest.approx(0.05, rel=0.15)
    assert tail.index == pytest.approx(1, abs=0.1)
    truth = 1 - (1 - np.exp(-(0.6 - 0.2) / 0.05)) ** 1000
    assert tail.fpir(1000, 0.6) == pytest.approx(truth, rel=0.25)


def test_ten_folds_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    mated = rng.random(600) < 0.5
    score = (rng.normal(size=600) + 3 * mated).astype(np.float32)
    score[:5] = -np.inf
    fold = np.arange(600) % 10
    got = ten_folds(score, mated, fold)
    plain = []
    for number in range(10):
        known, tried = fold != number, fold == number
        best = max(((score[known] >= t) == mated[known]).mean() for t in score[known])
        assert ((score[known] >= got.thresholds[number]) == mated[known]).mean() == pytest.approx(best)
        plain.append(((score[tried] >= got.thresholds[number]) == mated[tried]).mean())
    assert got.accuracy == pytest.approx(np.mean(plain))
    assert got.standard_error == pytest.approx(np.std(plain, ddof=1) / np.sqrt(10))
    assert (got.n, got.not_acquired) == (600, 5)
    assert best_threshold(np.array([1.0, 2.0], np.float32), np.array([True, True])) == 1.0


def test_groups_are_told_apart_and_small_ones_say_so() -> None:
    samples = made_samples(200, 3, grouped=True)
    counts = PairStream(samples, seed=1).run()
    threshold = threshold_at(det(counts), 0.02)
    told = differential(samples, counts, "hall", threshold, seed=1)
    by_name = {one.group: one for one in told.groups}
    assert (by_name["a"].enough, by_name["b"].enough, by_name["c"].enough) == (True, True, False)
    assert by_name["c"].persons == 1
    assert by_name["c"].fmr.value is None  # nobody else to compare with
    score, mated, first, second = all_pairs(samples)
    labels = np.array(samples.groups["hall"])
    for name in ("a", "b"):
        inside = (labels[first] == name) & (labels[second] == name)
        above = (
            counts.bins.place(score.astype(np.float32))
            >= counts.bins.place(np.array([threshold], np.float32))[0]
        )
        assert by_name[name].fmr.value == pytest.approx(above[inside & ~mated].mean())
        assert by_name[name].fnmr.value == pytest.approx((~above[inside & mated]).mean())
    assert told.worst_fmr is not None
    assert told.worst_fmr.low <= told.worst_fmr.ratio <= told.worst_fmr.high


def test_rejecting_and_reliability_are_told_over_persons() -> None:
    samples = made_samples(300, 4, lost=0.05)
    splits = [search_split(samples, Plan(), number) for number in range(4)]
    curve = rejection(splits, 300, 0.4, 20, seed=1)
    assert curve[0].rejected == 0
    assert curve[0].fnir.value > curve[3].fnir.value  # what was not acquired goes first
    assert [one.fnir.n for one in curve] == sorted((one.fnir.n for one in curve), reverse=True)
    kept = reliability(splits, 300, seed=1)
    assert all(one.seen.low <= one.said <= one.seen.high for one in kept[:3])


def test_what_cannot_be_measured_is_named() -> None:
    with pytest.raises(UsageError) as one:
        check_persons(["a", "a"])
    assert one.value.code == "one-person"
    with pytest.raises(UsageError) as none:
        check_persons(["a", "b"])
    assert none.value.code == "no-mated"
    samples = made_samples(4)
    with pytest.raises(UsageError) as nan:
        Samples(
            vectors=np.full_like(samples.vectors, np.nan),
            person=samples.person,
            acquired=samples.acquired,
            quality=samples.quality,
        )
    assert nan.value.code == "evaluation-nan"
    for enrolled in (0, 4):
        with pytest.raises(UsageError) as wrong:
            search_split(samples, Plan(enrolled=enrolled), 0)
        assert wrong.value.code == "evaluation-enrolled"
