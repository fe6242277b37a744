"""What each feature cost on each model, with the tokens, the times, and the price of what was of use."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from triage.models import Feature, Measure
from triage.selectors.reports.costs_cells import (
    FIRST_STAGE,
    Group,
    Histogram,
    Sums,
    change,
    each,
    histograms,
    share,
    spent,
    total,
    useful_results,
)
from triage.selectors.rollups import percentile
from triage.selectors.tables import About, Asked, Column, Filter, Kind, Table
from triage.types import TOKEN_FIELDS

COLUMNS = (
    Column("feature", "Feature", Kind.FEATURE),
    Column("model", "Model", Kind.MODEL),
    Column("cost", "Cost", Kind.MONEY),
    Column("cost_per_call", "Per call", Kind.MONEY),
    Column("cost_per_useful", "Per useful result", Kind.MONEY, "Of the feature as a whole."),
    Column("trend", "Trend", Kind.SHARE, "How much more than in as many days before."),
    Column("calls", "Calls", Kind.COUNT, "A call that changed models counts with each of them."),
    Column("attempts", "Attempts", Kind.COUNT, "Requests to Claude: what is billed."),
    Column("errors", "Errors", Kind.COUNT, "Attempts that failed."),
    Column("error_rate", "Error rate", Kind.SHARE, "Of the attempts."),
    Column("p50", "p50", Kind.MILLISECONDS, "Half of the attempts took at most this long."),
    Column("p95", "p95", Kind.MILLISECONDS, "95 % of the attempts took at most this long."),
    Column("p99", "p99", Kind.MILLISECONDS, "99 % of the attempts took at most this long."),
    Column("first_token_p50", "First token p50", Kind.MILLISECONDS, "Until the answer began."),
    Column("first_token_p95", "First token p95", Kind.MILLISECONDS, "Until the answer began."),
    Column("uncached_input_tokens", "Uncached in", Kind.COUNT, "Tokens."),
    Column("cache_write_5m_tokens", "Cache write 5 min", Kind.COUNT, "Tokens."),
    Column("cache_write_1h_tokens", "Cache write 1 h", Kind.COUNT, "Tokens."),
    Column("cache_read_tokens", "Cache read", Kind.COUNT, "Tokens."),
    Column("output_tokens", "Output", Kind.COUNT, "Tokens."),
    Column("cache_hit_rate", "Hit rate", Kind.SHARE, "Tokens read from the cache, of all input."),
)
NOTE = (
    "Times are per attempt and at most 2 % off; they do not add up over models. The trend compares with as many days right"
    " before."
)
USEFUL_NOTE = (
    " Useful are decisions that were applied or suggested and not found wrong, drafts that were sent, and answers of"
    " evaluations. They belong to a feature on all its models; classify and backfill share the first model's decisions."
)
NO_USEFUL_NOTE = (
    " What a useful result cost is left out: it belongs to a feature, not to one of its models."
)
ORDER = {feature.value: place for place, feature in enumerate(Feature)}
BY_MODEL_AND_TEAM = frozenset({Filter.MODEL, Filter.TEAM})


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rows are read from, by feature and model. `useful` is the price of a useful result, None where there was none."""

    now: Mapping[Group, Sums]
    before: Mapping[Group, Sums]
    times: Mapping[tuple[str, str, str], Histogram]
    useful: Mapping[Feature, int | None]


def by_model(asked: Asked) -> Table:
    """Six queries. Narrowed to a model, what a useful result cost is left out: results belong to no model."""
    figures = _figures(asked)
    keys = sorted(figures.now, key=lambda key: (ORDER[key[0]], key[1]))
    return Table(
        columns=COLUMNS,
        rows=tuple(_row(key, figures) for key in keys),
        total=_total(figures) if keys else None,
        abouts=tuple(
            About("admin:triage_call_changelist", query=(("feature", feature), ("served", model)))
            for feature, model in keys
        ),
        note=NOTE + (NO_USEFUL_NOTE if asked.model else USEFUL_NOTE),
        empty="No call to Claude was made in this time.",
    )


def _figures(asked: Asked) -> Figures:
    every = spent(asked, "feature", "model", heeding=BY_MODEL_AND_TEAM)
    return Figures(
        now={key: sums for key, sums in every.items() if asked.feature in (None, key[0])},
        before=spent(replace(asked, period=asked.period.before), "feature", "model"),
        times=histograms(asked),
        useful={} if asked.model else _per_useful(every, useful_results(asked)),
    )


def _per_useful(
    every: Mapping[Group, Sums], results: Mapping[Feature, int]
) -> dict[Feature, int | None]:
    costs = dict.fromkeys(Feature, 0)
    for (feature, _), sums in every.items():
        costs[Feature(feature)] += sums.cost_nanousd
    first_stage = sum(costs[feature] for feature in FIRST_STAGE)
    costs |= dict.fromkeys(FIRST_STAGE, first_stage)
    return {feature: each(costs[feature], results[feature]) for feature in Feature}


def _row(key: Group, figures: Figures) -> Group:
    feature, model = key
    sums, before = figures.now[key], figures.before.get(key, Sums())
    latency = figures.times.get((feature, model, Measure.LATENCY), {})
    first_token = figures.times.get((feature, model, Measure.FIRST_TOKEN), {})
    return (
        feature,
        model,
        sums.cost_nanousd,
        each(sums.cost_nanousd, sums.calls),
        figures.useful.get(Feature(feature)),
        change(sums.cost_nanousd, before.cost_nanousd),
        sums.calls,
        *_counts(sums),
        *(percentile(latency, fraction) for fraction in (0.5, 0.95, 0.99)),
        *(percentile(first_token, fraction) for fraction in (0.5, 0.95)),
        *_tokens(sums),
    )


def _total(figures: Figures) -> Group:
    """Calls, times and useful results are left out: they do not add up over features and models."""
    sums, before = (total(part) for part in (figures.now, figures.before))
    trend = change(sums.cost_nanousd, before.cost_nanousd)
    no_times = (None,) * 5
    cost = (sums.cost_nanousd, None, None, trend)
    return ("All", None, *cost, None, *_counts(sums), *no_times, *_tokens(sums))


def _counts(sums: Sums) -> Group:
    return (sums.attempts, sums.errors, share(sums.errors, sums.attempts))


def _tokens(sums: Sums) -> Group:
    usage = sums.usage
    counts = (getattr(usage, name) for name in TOKEN_FIELDS)
    return (*counts, share(usage.cache_read_tokens, usage.input_tokens))
