"""The written rule, over everything that two or three people can say."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from countenance.review.figures import wilson
from countenance.review.rule import Stance, conclude_pair, conclude_review, stance_of
from countenance.review.values import ReviewOutcome

SCALE = [*range(-3, 4), None]
LEAD, NOBODY, OPEN = ReviewOutcome.LEAD, ReviewOutcome.NO_CANDIDATE, ReviewOutcome.INCONCLUSIVE


def test_a_lead_needs_two_for_and_none_against() -> None:
    for scales in [*product(SCALE, repeat=2), *product(SCALE, repeat=3)]:
        if conclude_pair(scales) is LEAD:
            stances = [stance_of(scale) for scale in scales]
            assert stances.count(Stance.FOR) >= 2
            assert Stance.AGAINST not in stances


def test_nobody_is_ruled_out_by_one_voice() -> None:
    for scales in [*product(SCALE, repeat=2), *product(SCALE, repeat=3)]:
        if conclude_pair(scales) is NOBODY:
            stances = [stance_of(scale) for scale in scales]
            assert stances.count(Stance.AGAINST) >= 2
            assert Stance.FOR not in stances


def test_the_order_of_examiners_does_not_count() -> None:
    for scales in product(SCALE, repeat=3):
        assert len({conclude_pair(order) for order in permutations(scales)}) == 1


def test_a_third_is_asked_where_two_differ_and_never_a_fourth() -> None:
    for first, second in product(SCALE, repeat=2):
        assert (conclude_pair([first, second]) is None) == (stance_of(first) is not stance_of(second))
    assert all(conclude_pair(scales) is not None for scales in product(SCALE, repeat=3))
    for count in (0, 1, 4):
        with pytest.raises(ValueError, match="two people or three"):
            conclude_pair([3] * count)


@pytest.mark.parametrize(
    ("pairs", "outcome"),
    [
        ([], NOBODY),
        ([NOBODY, NOBODY], NOBODY),
        ([NOBODY, LEAD, OPEN], LEAD),
        ([NOBODY, OPEN], OPEN),
    ],
)
def test_the_review_follows_from_its_pairs(pairs: list[ReviewOutcome], outcome: ReviewOutcome) -> None:
    assert conclude_review(pairs) is outcome


def test_there_is_no_outcome_beyond_a_lead() -> None:
    assert {each.value for each in ReviewOutcome} == {"lead", "no-candidate", "inconclusive"}


def test_the_interval_of_a_rate() -> None:
    # Wilson's interval of 1 in 10, as tables give it.
    assert wilson(1, 10) == (0.0179, 0.4042)
    assert wilson(0, 0) == (0.0, 1.0)
