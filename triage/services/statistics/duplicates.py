"""Tickets that say the same: equal but for numbers, case and punctuation, or sharing most of their words.

Every pair of texts is compared by the Jaccard index of their words (P. Jaccard, 1901), a block of texts with all others at once:
some seconds for 10,000 tickets, and a hundred times as much for ten times as many.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

ALIKE = 0.8
AT_ONCE = 4_000_000  # pairs in a block: some 50 MB
WORD = re.compile(r"[^\W\d_]+")
Places = NDArray[np.int64]


def clusters(texts: Sequence[str], *, alike: float = ALIKE) -> tuple[tuple[int, ...], ...]:
    """The places of `texts` in clusters: whoever is like one of a cluster belongs to it. Each place once, in order.

    Args:
        alike: From which share of common words, among all words of two texts, on they say the same; above 0.
    """
    by_digest: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        by_digest[digest(text)].append(place)
    groups = list(by_digest.values())
    joined: dict[int, list[int]] = defaultdict(list)
    for first, group in zip(_firsts([texts[g[0]] for g in groups], alike), groups, strict=True):
        joined[first] += group
    return tuple(sorted(tuple(sorted(group)) for group in joined.values()))


def words(text: str) -> list[str]:
    """The words in lower case; numbers and punctuation are none."""
    return WORD.findall(normalize("NFKC", text).lower())


def digest(text: str) -> str:
    """Equal for texts with the same words in the same order, and for equal texts without a word."""
    found = words(text)
    said = " ".join(found) if found else f"\0{text.strip()}"
    return sha256(said.encode(errors="surrogatepass")).hexdigest()


def _firsts(texts: Sequence[str], alike: float) -> list[int]:
    """For each text the place of the first one in its cluster."""
    number = len(texts)
    matrix = _incidence([set(words(text)) for text in texts])
    firsts = np.arange(number)
    block = max(1, AT_ONCE // max(1, number))
    for start in range(0, number, block):
        ones, others = _alike(matrix, start, start + block, alike)
        edges = np.append(ones, np.arange(number)), np.append(others, firsts)
        graph = coo_matrix((np.ones(len(edges[0]), dtype=bool), edges), shape=(number, number))
        found = connected_components(graph, directed=False)[1]
        firsts = np.unique(found, return_index=True)[1][found]
    return [int(place) for place in firsts]


def _incidence(sets: Sequence[set[str]]) -> Any:
    """A row a text, a column a word, 1 where it has it."""
    columns: dict[str, int] = {}
    held = [columns.setdefault(word, len(columns)) for found in sets for word in found]
    rows = np.repeat(np.arange(len(sets)), [len(found) for found in sets])
    ones = np.ones(len(held), dtype=np.int32)
    return csr_matrix((ones, (rows, held)), shape=(len(sets), len(columns)))


def _alike(matrix: Any, start: int, end: int, alike: float) -> tuple[Places, Places]:
    """Pairs of texts, the first of them in this block, that are alike."""
    common = (matrix[start:end] @ matrix.T).tocoo()
    sizes = np.diff(matrix.indptr)
    ones, others = common.row.astype(np.int64) + start, common.col.astype(np.int64)
    union = sizes[ones] + sizes[others] - common.data
    chosen = common.data >= alike * union - 1e-9
    return ones[chosen], others[chosen]
