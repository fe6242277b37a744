"""Two ways compared on the same tickets."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from triage.exceptions import InvalidInput
from triage.services.statistics.mcnemar import (
    Paired,
    is_not_worse,
    loss_at_most,
    p_value,
    pair,
)


def test_tickets_are_counted_by_who_was_right() -> None:
    found = pair([True, True, True, False, False], [True, False, False, True, False])

    assert found == Paired(both=1, only_first=2, only_second=1, neither=1)
    assert (found.tickets, found.loss) == (5, -0.2)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_p_value_is_that_of_the_binomial_test(first: int, second: int) -> None:
    found = p_value(Paired(10, first, second, 10))

    differing = first + second
    expected = binomtest(first, differing, 0.5).pvalue if differing else 1.0
    assert found == pytest.approx(expected)


def test_ten_against_none_are_no_chance_and_ten_against_ten_are() -> None:
    # 2 / 2^10
    assert p_value(Paired(0, 10, 0, 0)) == pytest.approx(2 / 1_024)
    assert p_value(Paired(0, 10, 10, 0)) == 1.0


def test_a_point_is_proven_by_1_800_tickets_that_differ_in_2_percent() -> None:
    enough, too_few = Paired(1_764, 18, 18, 0), Paired(1_372, 14, 14, 0)

    assert is_not_worse(enough, margin=0.01)
    assert not is_not_worse(too_few, margin=0.01)


def test_the_bound_is_on_the_firsts_loss_and_not_on_its_gain() -> None:
    loses, gains = Paired(900, 0, 50, 50), Paired(900, 50, 0, 50)

    assert loss_at_most(loses) > 0.05
    assert loss_at_most(gains) < 0


def test_the_bound_holds_as_often_as_it_says() -> None:
    """Of all results of 60 tickets with a true loss of 10 points, those whose bound is below it have a chance of 5 % at most."""
    tickets, only_first, only_second = 60, 0.05, 0.15

    broken = 0.0
    for b in range(tickets + 1):
        for c in range(tickets + 1 - b):
            if loss_at_most(Paired(tickets - b - c, c, b, 0)) < only_second - only_first:
                broken += trinomial(tickets, b, c, only_second, only_first)

    assert 0 < broken <= 0.05


def trinomial(n: int, b: int, c: int, p: float, q: float) -> float:
    """The chance of b and c of n, at chances p and q."""
    return comb(n, b) * comb(n - b, c) * p**b * q**c * (1 - p - q) ** (n - b - c)


def test_unequal_lengths_and_no_tickets_are_named() -> None:
    with pytest.raises(InvalidInput, match="second: there are 1, where 2 belong"):
        pair([True, False], [True])
    with pytest.raises(InvalidInput, match="first: there are none"):
        pair([], [])
    with pytest.raises(InvalidInput, match="tickets: there are none"):
        loss_at_most(Paired(0, 0, 0, 0))
