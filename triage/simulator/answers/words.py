"""Text as countable features."""

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from triage.simulator.answers.language import STOP_WORDS

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
COMMON = frozenset().union(*STOP_WORDS.values())
MAX_WORDS = 400  # of a text to judge: a long thread is judged by its beginning


def words(text: str) -> list[str]:
    """The words of a text in order, case-folded, without the commonest."""
    found = WORD.findall(text.casefold())
    return [word for word in found if word not in COMMON][:MAX_WORDS]


def unigrams(text: str) -> Counter[str]:
    """Words alone."""
    return Counter(words(text))


def phrases(text: str) -> Counter[str]:
    """Words and pairs of neighbours."""
    found = words(text)
    return Counter([*found, *(f"{a} {b}" for a, b in pairwise(found))])


def shapes(text: str) -> Counter[str]:
    """Words, pairs, and pieces of three and four letters within words."""
    found = phrases(text)
    for word in words(text):
        found.update(_pieces(word))
    return found


@lru_cache(maxsize=20_000)
def _pieces(word: str) -> tuple[str, ...]:
    padded = f"_{word}_"
    return tuple(
        f"~{padded[n : n + size]}" for size in (3, 4) for n in range(len(padded) - size + 1)
    )
