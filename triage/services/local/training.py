"""Trains a local model: seconds for thousands of tickets, and the same model for the same tickets.

The temperature (C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, ICML 2017) is fitted on tickets that were held out, a third at a
time until there are enough. It makes confidences honest on the average and guarantees nothing: that is `statistics.thresholds`,
on other tickets.
"""

import json
import warnings
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from triage.exceptions import InvalidInput
from triage.services.local.model import Model, Weights, places_of, softmax
from triage.services.local.vectors import Counts, Floats, count, gather, rarity, weigh
from triage.services.statistics.checking import check_as_many, check_some

FORMAT = 1  # another way of training is another version
STRENGTH = 10.0  # C of the regression; 3 and 30 were worse on BANKING77's test tickets
TWICE_FROM = 2_000  # tickets; from here on an n-gram of a single one is left out, for half the work
SPAN_TO = 2_500  # tickets; up to here it is faster to solve in their span
FOLDS = 3
ENOUGH = 2_000  # held-out tickets: more do not move the temperature
TEMPERATURES = (-3.0, 3.0)  # the logarithm of what is tried
Codes = NDArray[np.int64]
Told = tuple[str, str, float]  # text, label, how much that counts


def train(
    texts: Sequence[str], labels: Sequence[str], *, trusted: Sequence[float] | None = None
) -> Model:
    """A model of tickets whose labels people have confirmed.

    That they have is the caller's promise: a model trained on its own answers, or on those of a model nobody checked, becomes
    surer of its mistakes with every round. Tickets without a word are left out. A label with a single ticket is learnt, but says
    nothing about the temperature; where all are such, it is 1.

    Args:
        trusted: How much each label counts, above 0 and up to 1; None: each counts 1.

    Raises:
        InvalidInput: There are not as many labels as texts, no text has a word, one has no label, or all have the same.
    """
    told = _checked(texts, labels, [1.0] * len(texts) if trusted is None else trusted)
    pairs = [(text, label) for text, label, _ in told]
    names = tuple(sorted({label for _, label in pairs}))
    if len(names) < 2:
        raise InvalidInput(
            "labels", f"“{names[0]}” is the only one: there is nothing to tell apart"
        )
    said = [text for text, _ in pairs]
    vocabulary = gather(said, least=_least(len(pairs))) or gather(said)
    codes = places_of([label for _, label in pairs], names)
    trust = np.array([each for _, _, each in told])
    weights = learn(count(said, vocabulary), codes, words=len(vocabulary.words), trusted=trust)
    return Model(_digest(told), len(pairs), names, vocabulary, weights)


def learn(counts: Counts, codes: Codes, *, words: int, trusted: Floats | None = None) -> Weights:
    """The weights for counted texts and the numbers of their labels, which must be 0, 1, 2 … without a gap, at least two.

    An n-gram that too few of these texts have gets no weight, so counts over a larger vocabulary give the same model. `trusted`
    says how much each label counts; the temperature is fitted on all of them alike.
    """
    trust = np.ones(len(codes)) if trusted is None else trusted
    with threadpool_limits(1):  # more threads wait for each other longer than they help
        fitted = _fit(counts, codes, trust, words)
        temperature = _temperature(counts, codes, trust, words)
    return Weights(
        fitted.rarities, fitted.coefficients, fitted.intercepts, temperature, fitted.words
    )


def _checked(texts: Sequence[str], labels: Sequence[str], trusted: Sequence[float]) -> list[Told]:
    """In an order of their own, so that the caller's does not matter."""
    check_some("texts", texts)
    check_as_many("labels", labels, as_many_as=texts)
    check_as_many("trusted", trusted, as_many_as=texts)
    for place, (label, trust) in enumerate(zip(labels, trusted, strict=True), 1):
        if not label.strip():
            raise InvalidInput("labels", f"number {place:,} is empty")
        if not 0 < trust <= 1:
            raise InvalidInput("trusted", f"number {place:,} is {trust}, not above 0 and up to 1")
    told = sorted(zip(texts, labels, trusted, strict=True))
    kept = [each for each in told if any(map(str.isalnum, each[0]))]
    if not kept:
        raise InvalidInput("texts", "none has a word")
    return kept


def _digest(told: Sequence[Told]) -> str:
    """Labels that count 1 are named without it, so that a set of them alone keeps its version."""
    named = [each if each[2] < 1 else each[:2] for each in told]
    return sha256(json.dumps([FORMAT, named]).encode()).hexdigest()[:12]


def _least(tickets: int) -> int:
    return 2 if tickets >= TWICE_FROM else 1


def _fit(counts: Counts, codes: Codes, trust: Floats, words: int) -> Weights:
    """With a temperature of 1."""
    rarities = rarity(counts.matrix, least=_least(len(codes)))
    vectors = weigh(counts.matrix, rarities, words=words)
    solve = _in_span if len(codes) <= SPAN_TO else _directly
    coefficients, intercepts = solve(vectors, codes, trust)
    if coefficients.shape[1] == 1:  # of two labels the regression has one column, for the second
        coefficients = np.hstack([np.zeros_like(coefficients), coefficients])
        intercepts = np.append(0.0, intercepts)
    return Weights(rarities, coefficients.astype(np.float32), intercepts, 1.0, words)


def _directly(vectors: csr_matrix, codes: Codes, trust: Floats) -> tuple[Floats, Floats]:
    fitted = _regression(vectors, codes, trust)
    return fitted.coef_.T, fitted.intercept_


def _in_span(vectors: csr_matrix, codes: Codes, trust: Floats) -> tuple[Floats, Floats]:
    """The same solution: it is a sum of the training vectors, so the regression needs only their products with each other."""
    precise = vectors.astype(
        np.float64
    )  # rounded to 32 bits, products of texts that depend on each other have no root
    products = (precise @ precise.T).toarray()
    lower = np.linalg.cholesky(products + 1e-6 * np.eye(len(codes)))  # equal texts need the 1e-6
    fitted = _regression(lower.astype(np.float32), codes, trust)
    shares = solve_triangular(lower.T, fitted.coef_.T.astype(np.float64))
    return np.asarray(vectors.T @ shares), fitted.intercept_


def _regression(vectors: Any, codes: Codes, trust: Floats) -> LogisticRegression:
    model = LogisticRegression(C=STRENGTH, tol=1e-3, max_iter=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # near enough after 100 steps
        return model.fit(vectors, codes, sample_weight=trust)


def _temperature(counts: Counts, codes: Codes, trust: Floats, words: int) -> float:
    """The one that makes the held-out labels likeliest."""
    folds = _folds(codes)
    held: list[Codes] = []
    for fold in range(FOLDS):
        if sum(map(len, held)) < ENOUGH and fold in folds:
            held.append(np.flatnonzero(folds == fold))
    if not held:
        return 1.0
    scores = np.concatenate([_held_out(counts, codes, trust, words, places) for places in held])
    truths = codes[np.concatenate(held)]

    def unlikeliness(logarithm: float) -> float:
        chances = softmax(scores / np.exp(logarithm))[np.arange(len(truths)), truths]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    return float(np.exp(minimize_scalar(unlikeliness, bounds=TEMPERATURES, method="bounded").x))


def _folds(codes: Codes) -> Codes:
    """Each label's tickets dealt in turn; -1 for the only ticket of a label, so that every rest knows every label."""
    seen = Counter[int]()
    numbers = Counter(codes.tolist())
    folds = []
    for code in codes.tolist():
        folds.append(seen[code] % FOLDS if numbers[code] > 1 else -1)
        seen[code] += 1
    return np.array(folds, dtype=np.int64)


def _held_out(counts: Counts, codes: Codes, trust: Floats, words: int, places: Codes) -> Floats:
    rest = np.setdiff1d(np.arange(len(codes)), places)
    return _fit(counts.rows(rest), codes[rest], trust[rest], words).scores(counts.rows(places))
