"""Fits what turns confidence, or several signals, into a chance, on judged tickets: Platt's curve or a logistic regression, and
from 1,000 tickets on an isotonic curve.

Sources: J. Platt, "Probabilistic outputs for support vector machines" (1999), with his targets (N+ + 1) / (N+ + 2) and
1 / (N- + 2); B. Zadrozny and C. Elkan, KDD 2002, for isotonic regression. Neither guarantees anything: the guarantee comes from
`thresholds`, on other tickets.
"""

from collections.abc import Sequence

from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from triage.exceptions import InvalidInput
from triage.services.statistics.calibration import Calibration, Kind, log_odds
from triage.services.statistics.checking import check_as_many, check_judged
from triage.services.statistics.signals import Signal, Signalled, Signals

LEAST = 30  # tickets; with fewer the curve is that of chance
ISOTONIC_FROM = 1_000  # tickets; with fewer the steps follow single ones
ENOUGH = 0.75  # a signal that fewer of the tickets have is left out
STRENGTH = 10.0  # C of the regression: what two signals say alike is shared out between them
FALLS = {Signal.RUNNER_UP}  # the surer of the second choice, the less likely is the first
Rows = Sequence[tuple[float, ...]]


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


def fit_signals(signals: Sequence[Signals], are_right: Sequence[bool]) -> Signalled:
    """The calibrator that these tickets support: of their signals only those that say what they should.

    One that many tickets lack is left out, and so is one that would count against what it stands for. Chances of a local
    model must be of tickets that it was not trained on.

    Raises:
        InvalidInput: There are fewer than LEAST tickets, or all are right, or all wrong.
    """
    check_as_many("judgements", are_right, as_many_as=signals)
    plain = fit([each.stated for each in signals], are_right)
    used = [each for each in Signal if sum(s.has(each) for s in signals) >= _enough(signals)]
    pairs = zip(signals, map(bool, are_right), strict=True)
    whole = [(each, is_right) for each, is_right in pairs if all(map(each.has, used))]
    weights, intercept = _rising([each for each, _ in whole], [right for _, right in whole], used)
    fitted = Signalled(len(signals), weights, intercept, plain)
    if len(whole) < ISOTONIC_FROM:
        return fitted
    curve = _isotonic([fitted.chance(each) for each, _ in whole], [right for _, right in whole])
    return Signalled(len(signals), weights, intercept, plain, curve)


def _enough(signals: Sequence[Signals]) -> float:
    return max(LEAST, ENOUGH * len(signals))


def _rising(
    signals: Sequence[Signals], are_right: Sequence[bool], used: Sequence[Signal]
) -> tuple[dict[Signal, float], float]:
    """Weights by signal and the intercept, without the signals whose weight has the wrong sign."""
    if not used or len(set(are_right)) < 2:
        right = sum(are_right) / len(are_right) if are_right else 0.5
        return {}, log_odds(right)
    weights, intercept = _regress([each.values(used) for each in signals], are_right, STRENGTH)
    kept = [s for s, weight in zip(used, weights, strict=True) if (weight < 0) == (s in FALLS)]
    if len(kept) < len(used):
        return _rising(signals, are_right, kept)
    return dict(zip(used, weights, strict=True)), intercept


def _platt(confidences: Sequence[float], are_right: Sequence[bool]) -> Calibration:
    """Logistic regression on the log-odds."""
    number, right = len(are_right), sum(map(bool, are_right))
    odds = [(log_odds(confidence),) for confidence in confidences]
    slope, intercept = 0.0, 0.0
    if len(set(odds)) > 1:
        (slope,), intercept = _regress(odds, are_right, float("inf"))
    if slope <= 0:
        slope, intercept = 0.0, log_odds(right / number)
    return Calibration(Kind.PLATT, number, slope=slope, intercept=intercept)


def _regress(
    rows: Rows, are_right: Sequence[bool], strength: float
) -> tuple[tuple[float, ...], float]:
    """Weights and intercept; each ticket counts as right and as wrong, in the proportion of Platt's targets."""
    number, right = len(are_right), sum(map(bool, are_right))
    if_right, if_wrong = (right + 1) / (right + 2), 1 / (number - right + 2)
    targets = [if_right if is_right else if_wrong for is_right in are_right]
    weights = targets + [1 - target for target in targets]
    model = LogisticRegression(C=strength, tol=1e-8, max_iter=1_000)
    model.fit(list(rows) * 2, [True] * number + [False] * number, sample_weight=weights)
    return tuple(map(float, model.coef_[0])), float(model.intercept_[0])


def _isotonic(confidences: Sequence[float], are_right: Sequence[bool]) -> Calibration:
    """Never nearer to 0 or 1 than 1 / (n + 2): that nothing was wrong so far is no certainty."""
    number = len(confidences)
    margin = 1 / (number + 2)
    model = IsotonicRegression(y_min=margin, y_max=1 - margin, out_of_bounds="clip")
    model.fit(list(confidences), [float(is_right) for is_right in are_right])
    knots = zip(model.X_thresholds_.tolist(), model.y_thresholds_.tolist(), strict=True)
    return Calibration(Kind.ISOTONIC, number, knots=tuple(knots))
