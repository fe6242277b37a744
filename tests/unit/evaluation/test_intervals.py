"""Exact bounds against the library's distribution, published values and the definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom

from triage.exceptions import InvalidInput
from triage.selectors.intervals import Share
from triage.services.statistics.intervals import (
    at_most,
    exact,
    lower_error,
    needed_for,
    needed_without_error,
    upper_error,
)

D = 0.05


def counts() -> st.SearchStrategy[tuple[int, int]]:
    """Errors and tickets."""
    return st.integers(1, 3_000).flatmap(lambda m: st.tuples(st.integers(0, m), st.just(m)))


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2527, 0.3676),  # Newcombe 1998, table I, of single proportions, method 5
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0000, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_the_exact_interval_is_that_of_the_paper(
    part: int, whole: int, low: float, high: float
) -> None:
    found = exact(Share(part, whole))

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(counts(), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_bounds_are_quantiles_of_beta(pair: tuple[int, int], d: float) -> None:
    errors, tickets = pair

    upper, lower = upper_error(errors, tickets, d), lower_error(errors, tickets, d)

    expected = 1.0 if errors == tickets else beta.ppf(1 - d, errors + 1, tickets - errors)
    assert upper == pytest.approx(expected)
    expected = 0.0 if errors == 0 else beta.ppf(d, errors, tickets - errors + 1)
    assert lower == pytest.approx(expected)


@given(counts())
def test_at_its_upper_bound_so_few_errors_have_the_chance_d(pair: tuple[int, int]) -> None:
    errors, tickets = pair

    upper = upper_error(errors, tickets, D)

    if errors < tickets:
        assert at_most(errors, tickets, upper) == pytest.approx(D)


@given(counts(), st.floats(0.001, 0.999))
def test_the_chance_of_so_few_errors_is_binomial(pair: tuple[int, int], risk: float) -> None:
    errors, tickets = pair

    chance = at_most(errors, tickets, risk)

    assert chance == pytest.approx(binom.cdf(errors, tickets, risk), abs=1e-9)


def test_seven_errors_in_640_audits_do_not_prove_two_percent_yet() -> None:
    assert round(upper_error(7, 640, D), 4) == 0.0204


def test_nothing_judged_proves_nothing() -> None:
    assert (lower_error(0, 0, D), upper_error(0, 0, D)) == (0.0, 1.0)
    assert at_most(0, 0, 0.02) == 1.0


@pytest.mark.parametrize(("target", "needed"), [(0.05, 59), (0.02, 149), (0.01, 299)])
def test_a_proof_without_error_takes_as_many_as_its_bound_says(target: float, needed: int) -> None:
    found = needed_without_error(target, D)

    assert found == needed
    assert upper_error(0, found, D) <= target < upper_error(0, found - 1, D)


def test_more_is_needed_the_nearer_the_truth_is_to_the_target() -> None:
    needed = [needed_for(0.02, D, true) for true in (0.0, 0.005, 0.01, 0.015, 0.018)]

    assert needed == sorted(needed, key=lambda number: number or 0)
    assert needed[0] == 149
    assert needed[2] == 969


@pytest.mark.parametrize("true", [0.0, 0.005, 0.01, 0.015])
def test_what_is_needed_proves_it_with_the_chance_that_was_asked(true: float) -> None:
    needed = needed_for(0.02, D, true, chance=0.8)

    assert needed is not None
    allowed = max(k for k in range(needed) if binom.cdf(k, needed, 0.02) <= D)
    assert binom.cdf(allowed, needed, true) >= 0.8


@pytest.mark.parametrize("true", [0.02, 0.5, 0.019999])
def test_no_number_proves_what_is_not_so_or_hardly_so(true: float) -> None:
    assert needed_for(0.02, D, true) is None


@pytest.mark.parametrize("errors", [-1, 4])
def test_more_errors_than_tickets_are_named(errors: int) -> None:
    with pytest.raises(InvalidInput, match=r"errors: .* of 3 cannot be"):
        upper_error(errors, 3, D)


@pytest.mark.parametrize("d", [0, 1, -0.1, float("nan")])
def test_a_chance_at_either_end_is_named(d: float) -> None:
    with pytest.raises(InvalidInput, match=r"d: .* is not between 0 and 1"):
        upper_error(1, 3, d)
