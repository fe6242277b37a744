"""A table of invented tickets with the answers of two invented models, whose mistakes go together."""

from decimal import Decimal
from random import Random

from tests.unit.evaluation.local_cases import LABELS, tickets
from triage.services.evaluation.replay.costs import Prices
from triage.services.evaluation.replay.records import Answers, Judged, Recorded
from triage.types import Rates

CHEAP_RIGHT, STRONG_RIGHT = 0.75, 0.85


def rates(dollars: str) -> Rates:
    """Input at so many dollars a million tokens, output at five times as much, the cache as is usual."""
    each = Decimal(dollars)
    return Rates(
        uncached_input=each,
        cache_write_5m=each * Decimal("1.25"),
        cache_write_1h=each * 2,
        cache_read=each / 10,
        output=each * 5,
    )


PRICES = Prices(cheap=rates("0.1"), strong=rates("2"), batched=rates("1"))


def recorded(number: int = 600, *, pool: int = 0, seed: int = 1) -> Recorded:
    """Simulated answers: a hard ticket is hard for both models."""
    texts, labels = tickets(number + pool, seed=seed, strays=2)
    rng = Random(seed)
    cheap, strong = [], []
    for label in labels[:number]:
        difficulty = rng.random()
        cheap.append(_answer(label, difficulty < CHEAP_RIGHT, rng))
        strong.append(_answer(label, difficulty < STRONG_RIGHT, rng))
    return Recorded(
        files={"invented.csv": "0" * 64},
        tickets=Judged(tuple(texts[:number]), tuple(labels[:number])),
        models={"cheap": Answers(tuple(cheap)), "strong": Answers(tuple(strong))},
        pool=Judged(tuple(texts[number:]), tuple(labels[number:])),
    )


def _answer(label: str, is_right: bool, rng: Random) -> str:
    return label if is_right else rng.choice([each for each in LABELS if each != label])
