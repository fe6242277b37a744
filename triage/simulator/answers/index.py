"""Scores texts by shared features: BM25 and TF-IDF cosine over an inverted index.

BM25: Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), k1 = 1.2, b = 0.75.
Both scores are scaled to 0..1 of what a perfect match of the whole query would get, so that
words the index has never seen count against a match.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from heapq import nlargest

K1, B = 1.2, 0.75
MAX_FEATURES = 300  # of a query: the rarest say most, and the time per request stays bounded

Postings = dict[str, list[tuple[int, float]]]


class Bm25:
    """Documents scored with BM25."""

    def __init__(self, documents: Sequence[Counter[str]]) -> None:
        self._size = len(documents)
        self._idf = _idf(documents)
        self._unknown = math.log(1 + 2 * self._size)
        self._postings: Postings = defaultdict(list)
        mean = sum(doc.total() for doc in documents) / max(self._size, 1) or 1.0
        for n, doc in enumerate(documents):
            norm = K1 * (1 - B + B * doc.total() / mean)
            for term, count in doc.items():
                weight = self._idf[term] * count * (K1 + 1) / (count + norm)
                self._postings[term].append((n, weight))

    def score(self, query: Counter[str]) -> list[float]:
        """One score per document, 0 to 1."""
        scores = [0.0] * self._size
        for term in query:
            for n, weight in self._postings.get(term, ()):
                scores[n] += weight
        best = sum(self._idf.get(term, self._unknown) for term in query) * (K1 + 1) or 1.0
        return [score / best for score in scores]


class Cosine:
    """Documents scored with the cosine of TF-IDF vectors."""

    def __init__(self, documents: Sequence[Counter[str]]) -> None:
        self._size = len(documents)
        self._idf = _idf(documents)
        self._unknown = math.log(1 + 2 * self._size)
        self._postings: Postings = defaultdict(list)
        for n, doc in enumerate(documents):
            vector = {term: self._weight(term, count) for term, count in doc.items()}
            length = math.hypot(*vector.values()) or 1.0
            for term, weight in vector.items():
                self._postings[term].append((n, weight / length))

    def score(self, query: Counter[str]) -> list[float]:
        """One score per document, 0 to 1."""
        vector = {term: self._weight(term, count) for term, count in query.items()}
        if len(vector) > MAX_FEATURES:
            vector = dict(nlargest(MAX_FEATURES, vector.items(), key=lambda item: item[1]))
        length = math.hypot(*vector.values()) or 1.0
        scores = [0.0] * self._size
        for term, weight in vector.items():
            for n, posted in self._postings.get(term, ()):
                scores[n] += weight * posted
        return [score / length for score in scores]

    def _weight(self, term: str, count: int) -> float:
        return (1 + math.log(count)) * self._idf.get(term, self._unknown)


def _idf(documents: Sequence[Counter[str]]) -> dict[str, float]:
    """BM25's idf, which is positive also for a feature of every document."""
    frequency = Counter(term for doc in documents for term in doc)
    size = len(documents)
    return {term: math.log(1 + (size - n + 0.5) / (n + 0.5)) for term, n in frequency.items()}
