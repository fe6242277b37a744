"""Recorded answers made ready for many splits: what is the same in all of them is worked out once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from triage.exceptions import InvalidInput
from triage.services.evaluation.replay.cascade import Places
from triage.services.evaluation.replay.costs import BATCHED, Prices, unit_costs
from triage.services.evaluation.replay.records import Answers, Recorded
from triage.services.local.model import places_of
from triage.services.local.vectors import Counts, Floats, count, gather
from triage.services.statistics.duplicates import clusters
from triage.types import NANOUSD_PER_USD


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Tickets and the pool after them, row by row; labels are numbers, -1 for one that nobody gave a ticket.

    Args:
        counts: Of tickets and pool, over all their n-grams; the first `words` columns are words.
        codes: Of tickets and pool, the known labels.
        said: What the cheap and the strong model answered to the tickets.
        costs: Their calls' in nano-dollars; a third row: the strong model's in a batch.
        groups: Tickets that say the same, by their rows.
        pool: Rows to train on; none: a part of the tickets is.
        dropped: How many of the pool say the same as a ticket, and so are not in it.
    """

    labels: tuple[str, ...]
    counts: Counts
    words: int
    codes: Places
    said: tuple[Places, Places]
    costs: Floats
    groups: tuple[tuple[int, ...], ...]
    pool: Places
    dropped: int

    @property
    def tickets(self) -> int:
        return len(self.said[0])


def prepare(recorded: Recorded, *, cheap: str, strong: str, prices: Prices) -> Table:
    """Some seconds for thousands of tickets.

    Args:
        prices: For a model without a recorded cost of every ticket; how much cheaper a batch is, is always theirs.

    Raises:
        InvalidInput: There is no such model.
    """
    cheap_said, strong_said = (_model(recorded, name) for name in (cheap, strong))
    tickets, pool = recorded.tickets, recorded.pool
    texts = (*tickets.texts, *pool.texts)
    known = (*tickets.labels, *pool.labels)
    labels = tuple(sorted(set(known)))
    vocabulary = gather(texts)
    groups, rows = _apart(texts, len(tickets.texts))
    return Table(
        labels=labels,
        counts=count(texts, vocabulary),
        words=len(vocabulary.words),
        codes=places_of(known, labels),
        said=(places_of(cheap_said.labels, labels), places_of(strong_said.labels, labels)),
        costs=_costs(tickets.texts, cheap_said, strong_said, prices),
        groups=groups,
        pool=rows,
        dropped=len(pool.texts) - len(rows),
    )


def _model(recorded: Recorded, name: str) -> Answers:
    if name not in recorded.models:
        known = ", ".join(recorded.models)
        raise InvalidInput("model", f"“{name}” was not recorded; there are {known}")
    return recorded.models[name]


def _apart(texts: Sequence[str], tickets: int) -> tuple[tuple[tuple[int, ...], ...], Places]:
    """The tickets in groups that say the same, and the rows of the pool that say the same as none of them."""
    groups: list[tuple[int, ...]] = []
    pool: list[int] = []
    for cluster in clusters(texts):
        asked = tuple(place for place in cluster if place < tickets)
        if asked:
            groups.append(asked)
        else:
            pool += cluster
    return tuple(groups), np.array(sorted(pool), dtype=np.int64)


def _costs(texts: Sequence[str], cheap: Answers, strong: Answers, prices: Prices) -> Floats:
    """Three rows: cheap, strong, and strong in a batch."""
    by_rates = unit_costs(texts, rates=prices.strong)
    batched = unit_costs(texts, rates=prices.batched, way=BATCHED)
    strong_costs = _recorded(strong, or_else=by_rates)
    return np.stack(
        [
            _recorded(cheap, or_else=unit_costs(texts, rates=prices.cheap)),
            strong_costs,
            batched * strong_costs / by_rates,
        ]
    )


def _recorded(answers: Answers, *, or_else: Floats) -> Floats:
    return np.array(answers.costs_usd) * NANOUSD_PER_USD if answers.costs_usd else or_else
