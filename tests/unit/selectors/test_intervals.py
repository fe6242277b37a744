"""Intervals against the values printed in the papers they come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.selectors.intervals import Interval, Share, difference, needed, of_mean


def shares() -> st.SearchStrategy[Share]:
    wholes = st.integers(1, 5_000)
    return wholes.flatmap(lambda whole: st.builds(Share, st.integers(0, whole), st.just(whole)))


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, of single proportions
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0000),
    ],
)
def test_the_interval_of_a_share_is_wilsons(part: int, whole: int, low: float, high: float) -> None:
    found = Share(part, whole).interval

    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("share", "other", "low", "high"),
    [
        (Share(56, 70), Share(48, 80), 0.0524, 0.3339),  # Newcombe 1998, table II, method 10
        (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
        (Share(6, 7), Share(2, 7), 0.0582, 0.8062),
        (Share(5, 56), Share(0, 29), -0.0381, 0.1926),
        (Share(0, 10), Share(0, 10), -0.2775, 0.2775),
        (Share(10, 10), Share(0, 20), 0.6791, 1.0000),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(
    share: Share, other: Share, low: float, high: float
) -> None:
    found = difference(share, other)

    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_nothing_is_known_of_a_share_of_nothing() -> None:
    nothing = Share(0, 0)

    assert (nothing.value, nothing.interval) == (None, None)
    assert difference(nothing, Share(1, 2)) is None
    assert difference(Share(1, 2), nothing) is None


@given(shares())
def test_a_share_lies_in_its_interval_and_that_between_0_and_1(share: Share) -> None:
    found, value = share.interval, share.value

    assert found is not None
    assert value is not None
    assert 0 <= found.low <= value + 1e-12
    assert value - 1e-12 <= found.high <= 1


@given(shares(), shares())
def test_a_difference_the_other_way_round_is_its_mirror(share: Share, other: Share) -> None:
    found, mirrored = difference(share, other), difference(other, share)

    assert found is not None
    assert mirrored is not None
    assert found.low == pytest.approx(-mirrored.high)
    assert found.high == pytest.approx(-mirrored.low)


def test_more_is_needed_for_a_smaller_difference() -> None:
    # (1.96 + 0.8416)² × (0.8 × 0.2 + 0.9 × 0.1) / 0.1² = 196; with two of each kind added 200
    assert needed(Share(800, 1_000), Share(900, 1_000)) == 200
    assert needed(Share(880, 1_000), Share(900, 1_000)) > 3_500


def test_a_difference_of_nothing_needs_what_a_point_needs_and_three_right_ones_are_few() -> None:
    # 7.849 × (0.5 × 0.5 + 0.5 × 0.5) / 0.01² = 39,244.4
    assert needed(Share(500, 1_000), Share(500, 1_000)) == 39_245
    assert needed(Share(3, 3), Share(3, 3)) > 1_000


def test_the_interval_of_a_mean_is_by_its_standard_error() -> None:
    # 2, 4 and 6: mean 4, variance 4, standard error 2/√3 = 1.1547, reach 2.2632
    found = of_mean(12, 4 + 16 + 36, 3)

    assert found is not None
    assert (round(found.low, 3), round(found.high, 3)) == (1.737, 6.263)


def test_a_mean_of_equal_values_has_no_reach_and_one_value_no_interval() -> None:
    assert of_mean(30, 300, 3) == Interval(10, 10)
    assert of_mean(10, 100, 1) is None
    assert of_mean(0, 0, 0) is None


def test_a_mean_of_what_cannot_be_negative_does_not_reach_below_nothing() -> None:
    found = of_mean(100, 10_000, 10)

    assert found is not None
    assert found.low == 0
