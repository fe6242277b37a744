"""Thresholds by Learn then Test: what passes, where the walk starts and ends, and what a refusal says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.exceptions import InvalidInput
from triage.services.statistics.thresholds import (
    Certified,
    Promise,
    Refused,
    Step,
    Why,
    certify,
    certify_groups,
    spread_grid,
    steps,
)

PROMISE = Promise(target=0.02, d=0.05)
GRID = (0.9, 0.8, 0.7)
JUDGED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1)


def tickets(*bands: tuple[float, int, int]) -> tuple[list[float], list[bool]]:
    """Confidences and judgements of bands: a confidence, so many tickets, so many of them wrong."""
    confidences = [confidence for confidence, number, _ in bands for _ in range(number)]
    are_right = [place >= wrong for _, number, wrong in bands for place in range(number)]
    return confidences, are_right


def test_the_loosest_threshold_of_an_unbroken_walk_is_taken() -> None:
    judged = tickets((0.95, 300, 0), (0.85, 200, 1), (0.75, 500, 60))

    found = certify(*judged, promise=PROMISE, grid=GRID)

    assert isinstance(found, Certified)
    assert found.step == Step(0.8, answered=500, errors=1)
    assert found.coverage == 0.5
    assert found.upper_error <= 0.02


def test_the_walk_does_not_go_on_behind_a_threshold_that_fails() -> None:
    """At 0.7 there are 8 errors in 2,300, which alone would pass."""
    judged = tickets((0.95, 300, 0), (0.85, 100, 8), (0.75, 1_900, 0))

    found = certify(*judged, promise=PROMISE, grid=GRID)

    assert PROMISE.is_proven(Step(0.7, 2_300, 8))
    assert isinstance(found, Certified)
    assert found.step.threshold == 0.9


def test_a_confidence_at_the_threshold_is_answered() -> None:
    found = steps([0.9, 0.8999, 0.7], [True, False, False], grid=GRID)

    assert found == (Step(0.9, 1, 0), Step(0.8, 2, 1), Step(0.7, 3, 2))


def test_few_tickets_at_a_strict_threshold_do_not_end_the_walk() -> None:
    """One error in the 100 surest fails alone; the walk starts at 298 answered, twice the 149 of a proof without an error."""
    judged = tickets((0.95, 100, 1), (0.85, 300, 0))

    found = certify(*judged, promise=PROMISE, grid=GRID)

    assert PROMISE.starts_at == 298
    assert isinstance(found, Certified)
    assert found.step.answered == 400


@pytest.mark.parametrize(("answered", "errors", "is_proven"), [(298, 1, True), (298, 2, False)])
def test_one_error_in_298_proves_two_percent_and_two_do_not(
    answered: int, errors: int, is_proven: bool
) -> None:
    assert PROMISE.is_proven(Step(0.9, answered, errors)) is is_proven


def test_three_tickets_are_too_few_and_it_says_how_many_are_missing() -> None:
    found = certify(*tickets((0.95, 3, 0)), promise=PROMISE, grid=GRID)

    assert isinstance(found, Refused)
    assert (found.why, found.missing) == (Why.TOO_FEW, 295)
    assert found.words == (
        "at most 2 % wrong is not proven: of 3 answered tickets 0 are wrong; "
        "at least 295 more judged tickets are needed"
    )


def test_what_is_missing_counts_the_tickets_that_will_not_be_answered() -> None:
    judged = tickets((0.95, 10, 0), (0.75, 90, 0), (0.1, 100, 50))

    found = certify(*judged, promise=PROMISE, grid=GRID)

    # half are answered at 0.7: 596 judged bring 298 answered, 200 are there
    assert isinstance(found, Refused)
    assert (found.step, found.missing) == (Step(0.7, 100, 0), 396)


def test_as_many_as_are_missing_are_enough() -> None:
    few = certify(*tickets((0.95, 500, 5)), promise=PROMISE, grid=GRID)
    assert isinstance(few, Refused)
    assert few.missing == 469

    enough = certify(*tickets((0.95, 969, 10)), promise=PROMISE, grid=GRID)

    assert isinstance(enough, Certified)


def test_tickets_that_are_wrong_more_often_than_promised_need_no_more_of_the_same() -> None:
    found = certify(*tickets((0.95, 1_000, 30)), promise=PROMISE, grid=GRID)

    assert isinstance(found, Refused)
    assert (found.why, found.missing) == (Why.TOO_WRONG, None)
    assert found.words.endswith("more tickets like these would not prove it")


def test_where_nothing_is_sure_enough_no_number_is_named() -> None:
    found = certify(*tickets((0.3, 1_000, 0)), promise=PROMISE, grid=GRID)

    assert isinstance(found, Refused)
    assert (found.why, found.step.answered, found.missing) == (Why.TOO_FEW, 0, None)


def test_groups_share_the_chance_of_a_broken_promise() -> None:
    easy, hard = tickets((0.95, 400, 2)), tickets((0.95, 1_000, 5))
    alone = certify(*easy, promise=PROMISE, grid=GRID)

    found = certify_groups({"easy": easy, "hard": hard}, promise=PROMISE, grid=GRID)

    # 2 errors in 400 have a p-value of 0.013: below 0.05 / 2, above 0.05 / 5
    assert isinstance(alone, Certified)
    assert isinstance(found["easy"], Certified)
    assert {each.promise.d for each in found.values()} == {0.025}
    five = dict.fromkeys("abcde", easy)
    refused = certify_groups(five, promise=PROMISE, grid=GRID)
    assert all(isinstance(each, Refused) for each in refused.values())


def test_a_grid_parts_tickets_evenly_and_falls() -> None:
    found = spread_grid([place / 1_000 for place in range(1_000)], points=4)

    assert found == (0.75, 0.5, 0.25, 0.0)


def test_equal_confidences_give_one_threshold() -> None:
    assert spread_grid([0.9] * 10 + [0.8], points=5) == (0.9, 0.8)


@given(JUDGED, st.integers(1, 20))
def test_the_loosest_point_of_a_spread_grid_answers_all_it_was_made_from(
    judged: list[tuple[float, bool]], points: int
) -> None:
    confidences, are_right = zip(*judged, strict=True)

    curve = steps(confidences, are_right, grid=spread_grid(confidences, points=points))

    assert curve[-1].answered == len(judged)
    assert curve[-1].errors == are_right.count(False)
    for step in curve:
        chosen = [right for confidence, right in judged if confidence >= step.threshold]
        assert (step.answered, step.errors) == (len(chosen), chosen.count(False))


@pytest.mark.parametrize(
    ("confidences", "are_right", "grid", "problem"),
    [
        ([], [], GRID, "confidences: there are none"),
        ([float("nan")], [True], GRID, "confidences: number 1 is nan"),
        ([0.5], [True, False], GRID, "judgements: there are 2, where 1 belong"),
        ([0.5], [True], (), "grid: there are none"),
        ([0.5], [True], (1.5, 0.9), r"grid: number 1 is 1\.5"),
        ([0.5], [True], (0.8, 0.9), "grid: the thresholds do not fall"),
        ([0.5], [True], (0.9, 0.9), "grid: the thresholds do not fall"),
    ],
)
def test_what_cannot_be_certified_is_named(
    confidences: list[float], are_right: list[bool], grid: tuple[float, ...], problem: str
) -> None:
    with pytest.raises(InvalidInput, match=problem):
        certify(confidences, are_right, promise=PROMISE, grid=grid)


def test_a_promise_of_no_errors_or_without_a_doubt_is_refused() -> None:
    with pytest.raises(InvalidInput, match="target: 0 is not between"):
        Promise(target=0, d=0.05)
    with pytest.raises(InvalidInput, match="d: 1 is not between"):
        Promise(target=0.02, d=1)
    with pytest.raises(InvalidInput, match="groups: there are none"):
        certify_groups({}, promise=PROMISE, grid=GRID)
