"""One probability from two answers: p(y) ~ p_local(y) · P(the model says l | y), with one parameter.

`trust` is the chance that a model names the right label, by which its wrong answers are spread evenly over the others. It is
fitted given the local answers, so what both get wrong together counts once.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from triage.exceptions import InvalidInput
from triage.services.local.vectors import Floats
from triage.services.statistics.checking import check_between

MOST = 0.999
Places = NDArray[np.int64]


def fuse(probabilities: Floats, said: Places, *, trust: float) -> Floats:
    """The probabilities after a model has answered.

    Args:
        probabilities: A row a ticket, a column a label, before it.
        said: By ticket the column of the label it named; -1 where it named none of them, which changes nothing.
        trust: Its chance (0 to 1) of naming the right label, by `fit_trust`.
    """
    _check_as_many("answers", said, probabilities)
    check_between("trust", trust)
    tickets, labels = probabilities.shape
    chances = np.full((tickets, labels), (1 - trust) / (labels - 1))
    chances[np.arange(tickets), said] = trust
    chances[said < 0] = 1
    joined = probabilities * chances
    return np.asarray(joined / joined.sum(axis=1, keepdims=True))


def fit_trust(probabilities: Floats, said: Places, truths: Places) -> float:
    """The trust that makes the known labels of these judged tickets likeliest; -1 in `truths` for one that is no column.

    Raises:
        InvalidInput: No ticket has both an answer and a known label among the columns.
    """
    _check_as_many("answers", said, probabilities)
    _check_as_many("labels", truths, probabilities)
    told = (said >= 0) & (truths >= 0)
    if not told.any():
        raise InvalidInput("tickets", "none has both an answer and a known label")
    before, answers, known = probabilities[told], said[told], truths[told]

    def unlikeliness(trust: float) -> float:
        chances = fuse(before, answers, trust=trust)[np.arange(len(known)), known]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    least = 1 / probabilities.shape[1]
    return float(minimize_scalar(unlikeliness, bounds=(least, MOST), method="bounded").x)


def _check_as_many(name: str, places: Places, probabilities: Floats) -> None:
    if len(places) != len(probabilities):
        problem = f"there are {len(places):,}, where {len(probabilities):,} belong"
        raise InvalidInput(name, problem)
