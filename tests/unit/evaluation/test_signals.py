"""Several signals as one chance of being right: fitted, kept as JSON, and read without the library that fitted it."""

import json
import subprocess
import sys
from dataclasses import replace
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.servers import ROOT
from triage.exceptions import InvalidInput
from triage.services.statistics.calibrating import fit_signals
from triage.services.statistics.calibration import Calibration, Kind, log_odds
from triage.services.statistics.reliability import ece, equal_mass
from triage.services.statistics.signals import Signal, Signalled, Signals, from_json, to_json

chances = st.floats(0, 1)
PLAIN = Calibration(Kind.PLATT, 100, slope=1.0)


def tickets(number: int, *, seed: int = 1) -> tuple[list[Signals], list[bool]]:
    """States too much; the local model's chance and the agreement say a part that the stated confidence does not."""
    rng = Random(seed)
    signals = [
        Signals(rng.uniform(0.6, 0.99), rng.uniform(0, 0.3), rng.random() < 0.7, rng.random())
        for _ in range(number)
    ]
    return signals, [rng.random() < truth(each) for each in signals]


def truth(each: Signals) -> float:
    local = log_odds(each.local_chance or 0.5)
    return 1 / (
        1 + exp(0.5 - 0.4 * log_odds(each.stated) - 0.8 * local - 1.2 * bool(each.is_agreed))
    )


def error(chances_: list[float], are_right: list[bool]) -> float:
    return ece(equal_mass(chances_, are_right))


@pytest.mark.parametrize("number", [800, 4_000])
def test_a_boaster_is_seen_through(number: int) -> None:
    calibrator = fit_signals(*tickets(number))

    fresh, are_right = tickets(4_000, seed=2)
    assert error([each.stated for each in fresh], are_right) > 0.1
    assert error([calibrator.chance(each) for each in fresh], are_right) < 0.04


def test_the_signals_part_right_from_wrong_better_than_the_stated_confidence() -> None:
    calibrator = fit_signals(*tickets(2_000))

    fresh, are_right = tickets(4_000, seed=2)
    sure = [right for s, right in zip(fresh, are_right, strict=True) if calibrator.chance(s) > 0.9]
    said = [right for s, right in zip(fresh, are_right, strict=True) if s.stated > 0.9]
    assert sum(sure) / len(sure) > 0.9 > sum(said) / len(said) + 0.1


@pytest.mark.parametrize(("number", "is_curved"), [(999, False), (1_000, True)])
def test_the_number_of_tickets_chooses_the_curve(number: int, is_curved: bool) -> None:
    assert bool(fit_signals(*tickets(number)).curve) is is_curved


def test_a_signal_that_most_tickets_lack_is_left_out() -> None:
    signals, are_right = tickets(400)
    few = [replace(s, local_chance=None) if n % 2 else s for n, s in enumerate(signals)]

    calibrator = fit_signals(few, are_right)

    assert Signal.LOCAL not in calibrator.weights
    assert Signal.AGREED in calibrator.weights


def test_a_signal_that_counts_against_what_it_stands_for_is_left_out() -> None:
    signals, are_right = tickets(800)
    turned = [replace(s, local_chance=1 - (s.local_chance or 0)) for s in signals]

    assert Signal.LOCAL not in fit_signals(turned, are_right).weights


def test_an_answer_that_lacks_a_signal_is_judged_by_its_stated_confidence() -> None:
    calibrator = fit_signals(*tickets(800))

    without = Signals(0.9, 0.1, is_agreed=None, local_chance=0.99)

    assert calibrator.chance(without) == calibrator.plain.chance(0.9)


@given(chances, chances, chances, chances)
def test_surer_signals_never_give_a_smaller_chance(
    stated: float, second: float, local: float, other: float
) -> None:
    weights = {Signal.STATED: 0.5, Signal.RUNNER_UP: -0.2, Signal.LOCAL: 1.0}
    calibrator = Signalled(100, weights, -0.3, PLAIN)
    low, high = sorted((local, other))

    assert calibrator.chance(Signals(stated, second, None, low)) <= calibrator.chance(
        Signals(stated, second, None, high)
    )


@pytest.mark.parametrize("number", [200, 1_200])
def test_a_calibrator_is_the_same_after_json(number: int) -> None:
    calibrator = fit_signals(*tickets(number))

    again = from_json(json.loads(json.dumps(to_json(calibrator))))

    assert again == calibrator
    assert again.version == calibrator.version
    assert fit_signals(*tickets(number, seed=3)).version != calibrator.version


def test_reading_a_calibrator_needs_no_scientific_library() -> None:
    module = "triage.services.statistics.signals"
    code = f"import sys, {module}; print([m for m in ('sklearn', 'scipy', 'numpy') if m in sys.modules])"

    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"format": 2}, "format: 2 is not 1"),
        ({"weights": {"magic": 1}}, "calibrator: not readable: 'magic'"),
        ({"weights": {"stated": float("nan")}}, "weights: they are no numbers"),
        ({"weights": [1]}, "calibrator: not readable"),
        ({"plain": None}, "calibrator: not readable"),
        ({"plain": {"format": 9}}, "format: 9 is not 1"),
        ({"intercept": None}, "calibrator: not readable"),
    ],
)
def test_what_is_no_calibrator_is_named(changed: dict[str, object], problem: str) -> None:
    stored = to_json(Signalled(100, {Signal.STATED: 1.0}, 0.0, PLAIN)) | changed

    with pytest.raises(InvalidInput, match=problem):
        from_json(stored)


@pytest.mark.parametrize(
    ("number", "are_right", "problem"),
    [
        (3, [True, True, False], "tickets: 3 are too few, at least 30"),
        (40, [True] * 40, "tickets: all 40 are right"),
        (40, [True] * 39, "judgements: there are 39, where 40 belong"),
    ],
)
def test_what_supports_no_calibrator_is_named(
    number: int, are_right: list[bool], problem: str
) -> None:
    with pytest.raises(InvalidInput, match=problem):
        fit_signals([Signals(0.9)] * number, are_right)
