"""Whether the prompt cache earns its price, and why it misses.

Prices are those stamped on the newest attempt of a feature and model; what the same tokens would have cost uncached is summed
at each attempt's own. Attempts that failed before they were answered used no cache and are left out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from triage.selectors import prices
from triage.selectors.prices import nanousd
from triage.selectors.reports.cache_cells import (
    CacheUse,
    Group,
    Missed,
    by_day,
    by_group,
    missed,
    spacing,
    total,
)
from triage.selectors.reports.cache_words import (
    FLOOR_TOKENS,
    advice,
    break_even,
    lost_usd_per_mtok,
    verdict,
)
from triage.selectors.tables import About, Asked, Column, Filter, Kind, Report, Table
from triage.types import Rates

NOTHING_ASKED = (
    "Claude answered nothing in this time: with the first calls stands here what the cache did."
)
GROUP = (Column("feature", "Feature", Kind.FEATURE), Column("model", "Model", Kind.MODEL))
HEEDED = frozenset({Filter.FEATURE, Filter.MODEL})
USE = (
    Column("requests", "Requests", Kind.COUNT, "Attempts that were answered."),
    Column("hits", "Hits", Kind.COUNT, "Requests that read their prefix from the cache."),
    Column("writes", "Writes", Kind.COUNT, "Requests that wrote it and read nothing."),
    Column(
        "neither", "Neither", Kind.COUNT, "Requests whose prefix is shorter than the model caches."
    ),
    Column(
        "hit_rate",
        "Hit rate",
        Kind.SHARE,
        "Tokens read, of all that were read, written or too short to be cached.",
    ),
    Column("read_tokens", "Tokens read", Kind.COUNT),
    Column("written_5m_tokens", "Written, 5 min", Kind.COUNT),
    Column("written_1h_tokens", "Written, 1 h", Kind.COUNT),
)
SAVED = Column(
    "saved",
    "Won or lost",
    Kind.MONEY,
    "What the same tokens would have cost without the cache, less what they cost: writing is paid for in it.",
)
MODEL_COLUMNS = (
    *GROUP,
    Column("verdict", "In words"),
    *USE,
    Column("writes_per_read", "Written per token read", Kind.NUMBER, "From 10 on it is a warning."),
    Column("prefix_tokens", "Prefix", Kind.COUNT, "Tokens of a cached prefix, on average."),
    Column("floor_tokens", "Floor", Kind.COUNT, "Shorter prefixes this model does not cache."),
    SAVED,
    Column("break_even_5m", "Pays above, 5 min", Kind.SHARE, "Of the prefix's tokens, read."),
    Column("break_even_1h", "Pays above, 1 h", Kind.SHARE, "Of the prefix's tokens, read."),
)
MISS_COLUMNS = (
    Column("cause", "Cause"),
    Column("what_to_do", "What to do"),
    *GROUP,
    Column("requests", "Requests", Kind.COUNT),
    Column("tokens", "Tokens", Kind.COUNT, "Written; below the floor all input."),
    Column(
        "lost",
        "Lost",
        Kind.MONEY,
        "What reading these tokens would have saved. Below the floor it is the most: a ticket is never cached.",
    ),
    Column("last_at", "Last (UTC)", Kind.MOMENT),
)


def by_model(asked: Asked) -> Table:
    """By feature and model, what is read most first."""
    uses, rates = by_group(asked), prices.stamped(asked.period)
    groups = sorted(uses, key=lambda group: (-uses[group].read_tokens, group))
    answered = [group for group in groups if uses[group].requests]
    return Table(
        columns=MODEL_COLUMNS,
        rows=tuple(_model_row(group, uses[group], rates.get(group)) for group in answered),
        total=_model_total(total(uses.values())) if answered else None,
        abouts=tuple(map(_calls_of, answered)),
        note="A hit costs a fraction of plain input, a write more than plain input. The cache pays for itself while the share "
        "of a prefix's tokens that is read stays above the break-even of its lifetime; days are those with calls.",
        empty=NOTHING_ASKED,
    )


def misses(asked: Asked) -> Table:
    """By cause, feature and model, what cost most first."""
    uses, rates, apart = by_group(asked), prices.stamped(asked.period), spacing(asked)
    found = [(miss, _lost(miss, uses, rates)) for miss in missed(asked)]
    found.sort(key=lambda pair: (-(pair[1] or 0), -pair[0].tokens, pair[0].cause, pair[0].group))
    return Table(
        columns=MISS_COLUMNS,
        rows=tuple(
            (
                miss.cause.label,
                advice(miss, apart.get(miss.group)),
                *miss.group,
                miss.number,
                miss.tokens,
                lost,
                miss.last_at,
            )
            for miss, lost in found
        ),
        total=_miss_total(found) if found else None,
        abouts=tuple(_calls_of(miss.group) for miss, _ in found),
        note="Why requests read nothing from the cache, by what was asked before them and what the provider says of it; what "
        "cost most stands first.",
        empty="No request missed the cache in this time.",
    )


def each_day(asked: Asked) -> Table:
    """The newest first; days without answers are left out."""
    uses = {day: use for day, use in by_day(asked).items() if use.requests}
    return Table(
        columns=(Column("day", "UTC day", Kind.DAY), *USE, SAVED),
        rows=tuple(
            (day, *_use(uses[day]), uses[day].saved_nanousd) for day in sorted(uses, reverse=True)
        ),
        note="A fall on one day is a changed prompt or an outage; a low rate every day is calls too far apart.",
        empty=NOTHING_ASKED,
    )


def _model_row(group: Group, use: CacheUse, rates: Rates | None) -> tuple[Any, ...]:
    return (
        *group,
        verdict(use, rates),
        *_use(use),
        use.writes_per_read,
        use.prefix_tokens,
        FLOOR_TOKENS.get(group[1]),
        use.saved_nanousd,
        break_even(rates.cache_write_5m, rates) if rates else None,
        break_even(rates.cache_write_1h, rates) if rates else None,
    )


def _model_total(use: CacheUse) -> tuple[Any, ...]:
    return (
        "All",
        None,
        None,
        *_use(use),
        use.writes_per_read,
        None,
        None,
        use.saved_nanousd,
        None,
        None,
    )


def _use(use: CacheUse) -> tuple[Any, ...]:
    return (
        use.requests,
        use.hits,
        use.writes,
        use.neither,
        use.hit_rate,
        use.read_tokens,
        use.write_5m_tokens,
        use.write_1h_tokens,
    )


def _calls_of(group: Group) -> About:
    feature, model = group
    return About("admin:triage_call_changelist", query=(("feature", feature), ("served", model)))


def _lost(miss: Missed, uses: Mapping[Group, CacheUse], rates: Mapping[Group, Rates]) -> int | None:
    """None where no price is known any more."""
    if (known := rates.get(miss.group)) is None:
        return None
    use = uses.get(miss.group, CacheUse())
    return nanousd(miss.tokens, lost_usd_per_mtok(miss, use, known))


def _miss_total(found: Iterable[tuple[Missed, int | None]]) -> tuple[Any, ...]:
    every = list(found)
    return (
        "All",
        None,
        None,
        None,
        sum(miss.number for miss, _ in every),
        sum(miss.tokens for miss, _ in every),
        sum(lost or 0 for _, lost in every),
        None,
    )


REPORTS: tuple[Report, ...] = (
    Report(
        "cache-by-model",
        "The prompt cache by feature and model",
        "Whether the prompt cache earns its price: hits, writes, and what they won or lost.",
        by_model,
        HEEDED,
    ),
    Report(
        "cache-misses",
        "Why the prompt cache missed",
        "What read nothing from the prompt cache, by cause, with what it cost and what to do.",
        misses,
        HEEDED,
    ),
    Report(
        "cache-by-day",
        "The prompt cache by day",
        "The hit rate of the prompt cache on each UTC day.",
        each_day,
        HEEDED,
    ),
)
