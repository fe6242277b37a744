"""Texts as counts of their words, pairs of words and pieces of words, and those counts weighed by how rare they are.

TF-IDF as in G. Salton and C. Buckley (1988): (1 + log n) · (log((1 + N) / (1 + d)) + 1), words and pieces each brought to length
1 so that the many pieces do not drown the words. Pieces are 3 to 5 characters in a row between two blanks, with those.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

WORD = re.compile(r"[^\W_]+")
PIECES = (3, 4, 5)
MOST_CHARACTERS = 20_000  # of a text: what comes after says nothing new about its label
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Vocabulary:
    """The n-grams that count, each with its column: `words` (and pairs) first, then `pieces`."""

    words: tuple[str, ...]
    pieces: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.words) + len(self.pieces)

    @cached_property
    def columns(self) -> tuple[dict[str, int], dict[str, int]]:
        start = len(self.words)
        words = {gram: column for column, gram in enumerate(self.words)}
        return words, {gram: column for column, gram in enumerate(self.pieces, start)}


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """A row a text: how often it has each n-gram of a vocabulary (sparse), and how many n-grams it has in all."""

    matrix: csr_matrix
    totals: NDArray[np.int64]

    def rows(self, places: Sequence[int] | NDArray[np.int64]) -> "Counts":
        return Counts(self.matrix[places], self.totals[places])


def gather(texts: Iterable[str], *, least: int = 1) -> Vocabulary:
    """Every n-gram that at least so many of these texts have, in order of the alphabet."""
    words, pieces = Counter[str](), Counter[str]()
    for text in texts:
        found, parts = _grams(text)
        words.update(set(found))
        pieces.update(set(parts))
    return Vocabulary(_frequent(words, least), _frequent(pieces, least))


def count(texts: Sequence[str], vocabulary: Vocabulary) -> Counts:
    """One pass over the texts: some 100 µs each, by their length."""
    columns: list[int] = []
    ends, totals = [0], []
    for text in texts:
        grams = _grams(text)
        for known, found in zip(vocabulary.columns, grams, strict=True):
            columns += [known[gram] for gram in found if gram in known]
        ends.append(len(columns))
        totals.append(sum(map(len, grams)))
    shape = (len(texts), len(vocabulary))
    matrix = csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=shape)
    matrix.sum_duplicates()
    return Counts(matrix, np.array(totals, dtype=np.int64))


def rarity(matrix: csr_matrix, *, least: int) -> Floats:
    """The weight of each n-gram by how few texts have it; 0 for one that fewer than `least` have: it is not known."""
    texts = np.bincount(matrix.indices, minlength=matrix.shape[1])
    weights = np.log((1 + matrix.shape[0]) / (1 + texts)) + 1
    return np.where(texts >= least, weights, 0).astype(np.float32)


def weigh(matrix: csr_matrix, rarities: Floats, *, words: int) -> csr_matrix:
    """The vectors of counted texts; the first `words` columns are words. A text without a known n-gram is all 0."""
    values = (1 + np.log(matrix.data)) * rarities[matrix.indices]
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    blocks = 2 * rows + (matrix.indices >= words)
    squares = np.bincount(blocks, weights=values**2, minlength=2 * matrix.shape[0])
    lengths = np.sqrt(np.where(squares > 0, squares, 1))
    scaled = (values / lengths[blocks]).astype(np.float32)
    vectors = csr_matrix((scaled, matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape)
    vectors.eliminate_zeros()
    return vectors


def unknown(counts: Counts, rarities: Floats) -> Floats:
    """For each text the share of its n-grams that are not known: 1 for one that has none at all."""
    known = counts.matrix @ (rarities > 0).astype(np.float64)
    return np.asarray(1 - known / np.maximum(counts.totals, 1))


def _grams(text: str) -> tuple[list[str], list[str]]:
    said = normalize("NFKC", text[:MOST_CHARACTERS]).lower()
    words = WORD.findall(said)
    pairs = [f"{left} {right}" for left, right in pairwise(words)]
    return words + pairs, [piece for word in said.split() for piece in _pieces(f" {word} ")]


def _pieces(word: str) -> Iterator[str]:
    for size in PIECES:
        yield word[:size]
        for start in range(1, len(word) - size + 1):
            yield word[start : start + size]
        if len(word) <= size:
            return


def _frequent(texts: Counter[str], least: int) -> tuple[str, ...]:
    return tuple(sorted(gram for gram, number in texts.items() if number >= least))
