"""Learn then Test keeps its promise where the truth is known, and choosing by observed error does not: small, seeds fixed."""

import numpy as np
import pytest

from eval.monte_carlo import PROMISE, WORLDS, World, main, play

RUNS = 100
BY_CHANCE = 11  # of 100 runs at 5 %: more have a chance of 0.4 %
CLEAR, UNCLEAR, SPOILT = WORLDS


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_certified_threshold_keeps_its_promise(world: World) -> None:
    for tickets in (500, 1_000):
        found = play(world, tickets, runs=RUNS)["Learn then Test"]

        assert found.broken <= BY_CHANCE


def test_a_threshold_by_observed_error_breaks_it_in_a_third_of_the_runs() -> None:
    found = play(CLEAR, 500, runs=RUNS)["observed error"]

    assert found.broken > RUNS // 4


def test_a_proof_leaves_most_clear_tickets_automatic() -> None:
    found = play(CLEAR, 1_000, runs=RUNS)["Learn then Test"]

    assert found.refused < 10
    assert found.coverage > 0.7


def test_the_truth_of_a_world_is_that_of_many_tickets() -> None:
    confidences, are_right = SPOILT.draw(200_000, np.random.default_rng(1))

    for threshold in (0.99, 0.9):
        answered = [r for c, r in zip(confidences, are_right, strict=True) if c >= threshold]
        assert SPOILT.coverage(threshold) == pytest.approx(len(answered) / 200_000, abs=0.005)
        assert SPOILT.risk(threshold) == pytest.approx(
            answered.count(False) / len(answered), abs=0.001
        )


def test_the_table_names_what_is_simulated_and_says_whether_it_held(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = main(["--runs", "3"])

    said = capsys.readouterr().out
    assert said.startswith("MEASURED: 3 runs a row")
    assert "the tickets are simulated" in said
    assert said.count("\n| ") == 1 + 3 * len(WORLDS)
    assert f"the promise {'held' if held else 'BROKE'}" in said
    assert PROMISE.target == 0.02


def test_no_runs_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--runs", "0"])

    assert "--runs must be at least 1" in capsys.readouterr().err
