"""What a trained local model is, and how it answers: plain arrays, nothing but numpy and scipy's sparse product."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.services.local.vectors import (
    Counts,
    Floats,
    Vocabulary,
    count,
    unknown,
    weigh,
)

AT_ONCE = 2_000  # texts: their answers take some MB


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A multinomial logistic regression over weighed n-grams.

    Args:
        rarities: By n-gram, 0 for one that is not known.
        coefficients: A row an n-gram, a column a label.
        intercepts: By label.
        temperature: Above 0: what the scores are divided by, so that a probability means what it says.
        words: How many of the n-grams, the first ones, are words.
    """

    rarities: Floats
    coefficients: Floats
    intercepts: Floats
    temperature: float
    words: int

    def scores(self, counts: Counts) -> Floats:
        """A row a text, a column a label; any numbers, larger is likelier."""
        vectors = weigh(counts.matrix, self.rarities, words=self.words)
        return np.asarray(vectors @ self.coefficients + self.intercepts)

    def probabilities(self, counts: Counts) -> Floats:
        """The same as probabilities: each row adds up to 1."""
        return softmax(self.scores(counts) / self.temperature)


@dataclass(frozen=True, slots=True, eq=False)
class Guesses:
    """Answers to texts, in their order.

    Args:
        labels: What the columns stand for.
        probabilities: A row a text, a column a label.
        unknown: By text the share of its n-grams (0 to 1) that were in no training text: high, and the text is about something
            else, whatever the probabilities say.
    """

    labels: tuple[str, ...]
    probabilities: Floats
    unknown: Floats

    @property
    def chosen(self) -> list[str]:
        """The likeliest label of each text."""
        return [self.labels[place] for place in self.probabilities.argmax(axis=1)]

    @property
    def confidences(self) -> Floats:
        """Its probability."""
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def margins(self) -> Floats:
        """By how much the likeliest label is likelier than the next."""
        nearest = np.partition(self.probabilities, -2, axis=1)[:, -2:]
        return np.asarray(nearest[:, 1] - nearest[:, 0])


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A trained local model. `version` is that of its training set, whatever the order of it; `tickets` are how many it had."""

    version: str
    tickets: int
    labels: tuple[str, ...]
    vocabulary: Vocabulary
    weights: Weights

    def predict(self, texts: Sequence[str]) -> Guesses:
        """The answers to any texts; one without a known n-gram gets how frequent the labels were, with `unknown` 1."""
        parts = [
            self._guess(count(texts[start : start + AT_ONCE], self.vocabulary))
            for start in range(0, len(texts), AT_ONCE)
        ] or [(np.empty((0, len(self.labels))), np.empty(0))]
        probabilities, foreign = zip(*parts, strict=True)
        return Guesses(self.labels, np.concatenate(probabilities), np.concatenate(foreign))

    def _guess(self, counts: Counts) -> tuple[Floats, Floats]:
        return self.weights.probabilities(counts), unknown(counts, self.weights.rarities)


def softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def places_of(names: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Where each name stands among `labels`; -1 for one that does not."""
    known = {label: place for place, label in enumerate(labels)}
    return np.array([known.get(name, -1) for name in names], dtype=np.int64)
