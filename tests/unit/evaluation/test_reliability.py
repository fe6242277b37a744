"""Confidence against what came of it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from triage.exceptions import InvalidInput
from triage.selectors.intervals import Share
from triage.services.statistics.reliability import brier, ece, equal_mass, equal_width

JUDGED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1)


def test_the_error_of_two_bins_is_the_mean_of_their_gaps_by_tickets() -> None:
    confidences, are_right = [0.9, 0.9, 0.9, 0.9, 0.3], [True, True, True, False, False]

    found = equal_width(confidences, are_right, bins=10)

    assert [(each.low, each.high, each.right) for each in found] == [
        (0.3, 0.4, Share(0, 1)),
        (0.9, 1.0, Share(3, 4)),
    ]
    # 4/5 · |0.9 - 0.75| + 1/5 · |0.3 - 0|
    assert ece(found) == pytest.approx(0.18)


def test_whoever_is_right_as_often_as_he_says_has_no_error() -> None:
    confidences, are_right = [0.75] * 4 + [0.5] * 2, [True, True, True, False, True, False]

    assert ece(equal_width(confidences, are_right)) == pytest.approx(0)
    assert ece(equal_mass(confidences, are_right)) == pytest.approx(0)


def test_a_stated_100_percent_is_in_the_last_bin() -> None:
    found = equal_width([1.0, 0.95], [True, False], bins=10)

    assert [each.right for each in found] == [Share(1, 2)]


def test_bins_of_equal_mass_have_as_many_tickets() -> None:
    rng = Random(1)
    confidences = [rng.random() for _ in range(1_000)]

    found = equal_mass(confidences, [True] * 1_000, bins=10)

    assert [each.right.whole for each in found] == [100] * 10


@given(JUDGED, st.randoms(use_true_random=False), st.integers(1, 12))
def test_the_order_of_tickets_changes_nothing(
    judged: list[tuple[float, bool]], rng: Random, bins: int
) -> None:
    shuffled = rng.sample(judged, len(judged))

    for kind in (equal_width, equal_mass):
        first = kind(*zip(*judged, strict=True), bins=bins)
        assert first == kind(*zip(*shuffled, strict=True), bins=bins)
        assert sum(each.right.whole for each in first) == len(judged)
        assert len(first) <= bins
        assert 0 <= ece(first) <= 1


@given(JUDGED)
def test_the_brier_score_is_scikit_learns(judged: list[tuple[float, bool]]) -> None:
    confidences, are_right = zip(*judged, strict=True)

    found = brier(confidences, are_right)

    expected = brier_score_loss(are_right, confidences, pos_label=True, labels=[False, True])
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("confidences", "are_right", "problem"),
    [
        ([], [], "confidences: there are none"),
        ([0.5, float("nan")], [True, True], "confidences: number 2 is nan"),
        ([1.2], [True], r"confidences: number 1 is 1\.2"),
        ([0.5, 0.6], [True], "judgements: there are 1, where 2 belong"),
    ],
)
def test_what_cannot_be_judged_is_named(
    confidences: list[float], are_right: list[bool], problem: str
) -> None:
    for figure in (equal_width, equal_mass, brier):
        with pytest.raises(InvalidInput, match=problem):
            figure(confidences, are_right)


def test_no_bins_are_named() -> None:
    with pytest.raises(InvalidInput, match="bins: 0 is fewer than one"):
        equal_width([0.5], [True], bins=0)
