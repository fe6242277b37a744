"""Chooses a value of a closed list for a text, with a confidence.

Two readers: the weak one (Haiku class) knows words of names, descriptions and a few examples and
is unsure of its own scores; the strong one (Sonnet class and above) also knows pairs of words,
pieces of words and every example. Neither is tuned to any data set.
"""

import hashlib
import math
import random
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from triage.simulator.answers.evidence import Evidence, gather
from triage.simulator.answers.index import Bm25, Cosine
from triage.simulator.answers.words import phrases, shapes, unigrams

WEAK_EXAMPLES = 3
NAME_WEIGHT = 2
WEAK_NOISE = 0.2  # relative spread of the weak reader's scores
SMOOTHING = 0.05  # a lead is worth less where even the best match is poor
MIDDLE = ("neutral", "normal", "medium", "middle", "moderate", "mixed")
REST = ("other", "general", "unknown", "unclear", "none")
MIDDLE_CONFIDENCE, REST_CONFIDENCE, NO_CONFIDENCE = 0.6, 0.3, 0.15
INDEXES = 32


@dataclass(frozen=True, slots=True)
class Judgement:
    """Values with their shares, best first; those without any evidence are left out.

    The first share is the confidence. `matched` are words the text has in common with the best.
    """

    ranked: tuple[tuple[str, float], ...]
    matched: tuple[str, ...]


def judge(
    text: str, *, guide: str, values: tuple[str, ...], model_id: str, is_weak: bool
) -> Judgement:
    """Rank `values` for `text` by what `guide` says about them."""
    reader = _reader(guide, values, is_weak)
    scores = reader.score(text)
    if is_weak:
        scores = _blur(scores, f"{model_id}\n{text}")
    order = sorted(range(len(values)), key=lambda n: -scores[n])
    if scores[order[0]] <= 0:
        return _fall_back(values)
    shares = _shares([scores[n] for n in order])
    ranked = [(values[n], share) for n, share in zip(order, shares, strict=True) if scores[n] > 0]
    return Judgement(tuple(ranked), reader.matched(text, order[0]))


def confidence(best: float, second: float) -> float:
    """A fixed map from the lead of the best score to a confidence in (0, 1).

    Rises with the lead from 0.25 (none) towards 1; it is not calibrated on anything.
    """
    lead = (best - second) / (best + SMOOTHING)
    return min(1 - 0.75 * math.exp(-6 * lead), 0.99)


class _WeakReader:
    def __init__(self, evidence: tuple[Evidence, ...]) -> None:
        self._words = [_known_words(item, item.examples[:WEAK_EXAMPLES]) for item in evidence]
        self._index = Bm25(self._words)

    def score(self, text: str) -> list[float]:
        return self._index.score(unigrams(text))

    def matched(self, text: str, n: int) -> tuple[str, ...]:
        return _common(text, self._words[n])


class _StrongReader:
    def __init__(self, evidence: tuple[Evidence, ...]) -> None:
        self._words = [_known_words(item, item.examples) for item in evidence]
        self._values = Cosine([shapes(_all_text(item)) for item in evidence])
        examples = [(n, text) for n, item in enumerate(evidence) for text in item.examples]
        self._owners = [n for n, _ in examples]
        self._examples = Cosine([phrases(text) for _, text in examples])

    def score(self, text: str) -> list[float]:
        scores = self._values.score(shapes(text))
        nearest = [0.0] * len(scores)
        for owner, score in zip(self._owners, self._examples.score(phrases(text)), strict=True):
            nearest[owner] = max(nearest[owner], score)
        return [(a + b) / 2 for a, b in zip(scores, nearest, strict=True)]

    def matched(self, text: str, n: int) -> tuple[str, ...]:
        return _common(text, self._words[n])


@lru_cache(maxsize=INDEXES)
def _reader(guide: str, values: tuple[str, ...], is_weak: bool) -> _WeakReader | _StrongReader:
    evidence = gather(guide, values)
    return _WeakReader(evidence) if is_weak else _StrongReader(evidence)


def _known_words(item: Evidence, examples: list[str]) -> Counter[str]:
    names = unigrams(item.name)
    known = Counter({word: count * NAME_WEIGHT for word, count in names.items()})
    for text in (*item.descriptions, *examples):
        known.update(unigrams(text))
    return known


def _all_text(item: Evidence) -> str:
    return "\n".join([item.name, *item.descriptions, *item.examples])


def _common(text: str, known: Counter[str]) -> tuple[str, ...]:
    shared = [word for word in unigrams(text) if word in known]
    return tuple(sorted(shared, key=lambda word: -len(word))[:3])


def _blur(scores: list[float], text: str) -> list[float]:
    """The scores with noise that depends on the text and the model alone."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    noise = random.Random(digest)
    return [score * (1 + WEAK_NOISE * (noise.random() - 0.5)) for score in scores]


def _shares(scores: list[float]) -> list[float]:
    """The confidence for the best, the rest divided in proportion to the scores."""
    second = scores[1] if len(scores) > 1 else 0.0
    first = confidence(scores[0], second)
    rest = sum(scores[1:]) or 1.0
    others = [min((1 - first) * score / rest, first) for score in scores[1:]]
    return [first, *others]


def _fall_back(values: tuple[str, ...]) -> Judgement:
    """No evidence at all: a middle value with some confidence, else a rest, else the first."""
    for names, share in ((MIDDLE, MIDDLE_CONFIDENCE), (REST, REST_CONFIDENCE)):
        for value in values:
            if value.casefold() in names:
                return Judgement(((value, share),), ())
    return Judgement(((values[0], NO_CONFIDENCE),), ())
