"""The curve from confidence to chance: fitted, kept as JSON, and read without the library that fitted it."""

import json
import subprocess
import sys
from math import exp
from random import Random

import pytest
from sklearn.isotonic import IsotonicRegression

from tests.servers import ROOT
from triage.exceptions import InvalidInput
from triage.services.statistics.calibrating import fit
from triage.services.statistics.calibration import (
    Calibration,
    Kind,
    from_json,
    log_odds,
    to_json,
)
from triage.services.statistics.reliability import ece, equal_mass

STATED = (0.6, 0.7, 0.8, 0.9, 0.95)


def boaster(number: int, *, seed: int = 1) -> tuple[list[float], list[bool]]:
    """States too much: log-odds of half of what is stated, less 0.3."""
    rng = Random(seed)
    confidences = [rng.uniform(0.5, 0.999) for _ in range(number)]
    return confidences, [rng.random() < truth(each) for each in confidences]


def truth(confidence: float) -> float:
    return 1 / (1 + exp(0.3 - 0.5 * log_odds(confidence)))


@pytest.mark.parametrize(("number", "kind"), [(999, Kind.PLATT), (1_000, Kind.ISOTONIC)])
def test_the_number_of_tickets_chooses_the_curve(number: int, kind: Kind) -> None:
    assert fit(*boaster(number)).kind is kind


@pytest.mark.parametrize("number", [900, 4_000])
def test_a_boaster_is_seen_through(number: int) -> None:
    curve = fit(*boaster(number))

    fresh, are_right = boaster(4_000, seed=2)
    before = ece(equal_mass(fresh, are_right))
    after = ece(equal_mass([curve.chance(each) for each in fresh], are_right))
    assert before > 0.15
    assert after < 0.04


def test_platts_curve_has_the_parameters_of_the_truth() -> None:
    curve = fit(*boaster(999))

    assert curve.slope == pytest.approx(0.5, abs=0.1)
    assert curve.intercept == pytest.approx(-0.3, abs=0.25)


def test_the_isotonic_curve_is_the_librarys_between_and_beyond_its_points() -> None:
    confidences, are_right = boaster(2_000)
    margin = 1 / 2_002
    library = IsotonicRegression(y_min=margin, y_max=1 - margin, out_of_bounds="clip")
    library.fit(confidences, [float(each) for each in are_right])

    curve = fit(confidences, are_right)

    asked = [place / 777 for place in range(778)]
    assert [curve.chance(each) for each in asked] == pytest.approx(library.predict(asked))


@pytest.mark.parametrize("number", [40, 999, 1_500])
def test_a_curve_never_falls_and_is_never_certain(number: int) -> None:
    curve = fit(*boaster(number))

    chances = [curve.chance(place / 500) for place in range(501)]
    assert chances == sorted(chances)
    assert 0 < chances[0] <= chances[-1] < 1


def test_a_confidence_that_falls_with_success_gets_one_level() -> None:
    confidences = [0.6] * 50 + [0.9] * 50
    are_right = [True] * 45 + [False] * 5 + [True] * 5 + [False] * 45

    curve = fit(confidences, are_right)

    assert [curve.chance(each) for each in STATED] == [pytest.approx(0.5)] * 5


def test_one_stated_confidence_gets_the_share_that_was_right() -> None:
    curve = fit([0.95] * 40, [True] * 30 + [False] * 10)

    assert curve.chance(0.95) == pytest.approx(0.75)


def test_tickets_that_a_confidence_parts_cleanly_give_a_finite_curve() -> None:
    curve = fit([0.6] * 20 + [0.9] * 20, [False] * 20 + [True] * 20)

    # Platt's targets: 1/22 and 21/22
    assert curve.chance(0.6) == pytest.approx(1 / 22, abs=1e-4)
    assert curve.chance(0.9) == pytest.approx(21 / 22, abs=1e-4)


@pytest.mark.parametrize("number", [200, 1_200])
def test_a_curve_is_the_same_after_json(number: int) -> None:
    curve = fit(*boaster(number))

    again = from_json(json.loads(json.dumps(to_json(curve))))

    assert again == curve
    assert again.version == curve.version
    assert fit(*boaster(number, seed=3)).version != curve.version


def test_reading_a_curve_needs_no_scientific_library() -> None:
    module = "triage.services.statistics.calibration"
    code = f"import sys, {module}; print([m for m in ('sklearn', 'scipy', 'numpy') if m in sys.modules])"

    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"format": 2}, "format: 2 is not 1"),
        ({"kind": "magic"}, "calibration: not readable: 'magic'"),
        ({"slope": None}, "calibration: not readable"),
        ({"slope": -1}, "slope: -1.0, 0.0 is no rising curve"),
        ({"slope": float("nan")}, "slope: nan"),
        ({"kind": "isotonic"}, "knots: there are none"),
        ({"knots": [[0.1, 0.5], [0.2, 0.4]]}, "knots: they do not rise"),
        ({"knots": [[0.1, 1.5]]}, r"knots: number 2 is 1\.5"),
        ({"knots": [[0.1]]}, "calibration: not readable"),
    ],
)
def test_what_is_no_curve_is_named(changed: dict[str, object], problem: str) -> None:
    stored = to_json(Calibration(Kind.PLATT, 100, slope=1.0)) | changed

    with pytest.raises(InvalidInput, match=problem):
        from_json(stored)


@pytest.mark.parametrize(
    ("confidences", "are_right", "problem"),
    [
        ([0.9] * 3, [True, True, False], "tickets: 3 are too few, at least 30"),
        ([0.9] * 40, [True] * 40, "tickets: all 40 are right"),
        ([0.9] * 40, [False] * 40, "tickets: all 40 are wrong"),
        ([], [], "confidences: there are none"),
        ([0.9] * 39 + [float("nan")], [True, False] * 20, "confidences: number 40 is nan"),
    ],
)
def test_what_supports_no_curve_is_named(
    confidences: list[float], are_right: list[bool], problem: str
) -> None:
    with pytest.raises(InvalidInput, match=problem):
        fit(confidences, are_right)


def test_a_chance_is_asked_for_a_confidence() -> None:
    with pytest.raises(InvalidInput, match="is nan"):
        Calibration(Kind.PLATT, 100).chance(float("nan"))
