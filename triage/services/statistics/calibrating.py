"""Fits the curve from confidence to chance on judged tickets: Platt's, or from 1,000 tickets on an isotonic one.

Sources: J. Platt, "Probabilistic outputs for support vector machines" (1999), with his targets (N+ + 1) / (N+ + 2) and
1 / (N- + 2); B. Zadrozny and C. Elkan, KDD 2002, for isotonic regression. Neither guarantees anything: the guarantee comes from
`thresholds`, on other tickets.
"""

from collections.abc import Sequence

from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from triage.exceptions import InvalidInput
from triage.services.statistics.calibration import Calibration, Kind, log_odds
from triage.services.statistics.checking import check_judged

LEAST = 30  # tickets; with fewer the curve is that of chance
ISOTONIC_FROM = 1_000  # tickets; with fewer the steps follow single ones


def fit(confidences: Sequence[float], are_right: Sequence[bool]) -> Calibration:
    """The curve that these tickets support. It never falls: a confidence that says nothing gets one level chance.

    Raises:
        InvalidInput: There are fewer than LEAST tickets, or all are right, or all wrong.
    """
    check_judged(confidences, are_right)
    number, right = len(confidences), sum(map(bool, are_right))
    if number < LEAST:
        raise InvalidInput("tickets", f"{number} are too few, at least {LEAST} are needed")
    if right in {0, number}:
        raise InvalidInput("tickets", f"all {number:,} are {'right' if right else 'wrong'}")
    if number >= ISOTONIC_FROM:
        return _isotonic(confidences, are_right)
    return _platt(confidences, are_right)


def _platt(confidences: Sequence[float], are_right: Sequence[bool]) -> Calibration:
    """Logistic regression on the log-odds; each ticket counts as right and as wrong, in the proportion of Platt's targets."""
    number, right = len(are_right), sum(map(bool, are_right))
    if_right, if_wrong = (right + 1) / (right + 2), 1 / (number - right + 2)
    targets = [if_right if is_right else if_wrong for is_right in are_right]
    odds = [[log_odds(confidence)] for confidence in confidences]
    slope, intercept = 0.0, 0.0
    if len(set(map(tuple, odds))) > 1:
        model = LogisticRegression(C=float("inf"), tol=1e-8, max_iter=1_000)
        weights = targets + [1 - target for target in targets]
        model.fit(odds * 2, [True] * number + [False] * number, sample_weight=weights)
        slope, intercept = float(model.coef_[0][0]), float(model.intercept_[0])
    if slope <= 0:
        slope, intercept = 0.0, log_odds(right / number)
    return Calibration(Kind.PLATT, number, slope=slope, intercept=intercept)


def _isotonic(confidences: Sequence[float], are_right: Sequence[bool]) -> Calibration:
    """Never nearer to 0 or 1 than 1 / (n + 2): that nothing was wrong so far is no certainty."""
    number = len(confidences)
    margin = 1 / (number + 2)
    model = IsotonicRegression(y_min=margin, y_max=1 - margin, out_of_bounds="clip")
    model.fit(list(confidences), [float(is_right) for is_right in are_right])
    knots = zip(model.X_thresholds_.tolist(), model.y_thresholds_.tolist(), strict=True)
    return Calibration(Kind.ISOTONIC, number, knots=tuple(knots))
