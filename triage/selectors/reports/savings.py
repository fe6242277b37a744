"""What was not spent, lever by lever, and against what that is counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from triage.models import CallCell, Feature, Stage, TriageCell
from triage.selectors import prices
from triage.selectors.reports.costs_cells import (
    FIRST_STAGE,
    Group,
    Sums,
    cells,
    spent,
    total,
    within,
)
from triage.selectors.tables import Asked, Column, Filter, Kind, Table
from triage.types import TOKEN_FIELDS, Rates, Usage

COLUMNS = (
    Column("lever", "Lever"),
    Column("saved", "Saved", Kind.MONEY, "Below zero it cost more than it saved."),
    Column("counted", "What is counted"),
    Column("against", "Against what"),
)
CHEAP_FIRST = "A small model first"
UNESCALATED = "Nothing was escalated: there is no strong model to compare with"
LOCAL, LOCAL_OF_STRONG = "The local model, against the first", "The local model, against the strong"
UNASKED = "The first model was not asked: it is not known what a ticket costs"
UNPRICED = "A price is no longer known: the attempts that it was stamped on are gone"
NOTE = "Each lever is counted against something else, so they are not added up."
LIVE_OF_BATCH = 2  # a batch is billed half
ALWAYS_LIVE = frozenset({Feature.CLASSIFY, Feature.ESCALATE, Feature.DRAFT})


@dataclass(frozen=True, slots=True)
class Saved:
    """`nanousd` is None where it is not known."""

    lever: str
    nanousd: int | None
    counted: str
    against: str


def by_lever(asked: Asked) -> Table:
    """At most eight queries."""
    groups = spent(asked, "feature", "model")
    reused, alone = _reused(asked), _answered_locally(asked)
    levers = _levers(asked, groups, reused, alone) if groups or reused.nanousd or alone else ()
    return Table(
        columns=COLUMNS,
        rows=tuple((row.lever, row.nanousd, row.counted, row.against) for row in levers),
        note=NOTE,
        empty="No call to Claude was made in this time.",
    )


def _levers(
    asked: Asked, groups: Mapping[Group, Sums], reused: Saved, alone: int
) -> Iterator[Saved]:
    whole = total(groups)
    first = {key: sums for key, sums in groups.items() if key[0] in FIRST_STAGE}
    yield reused
    yield _cached(whole)
    yield _batched(whole)
    if alone:
        yield _instead_of_first(total(first), alone)
        yield _instead_of_strong(asked, total(first), alone)
    if asked.feature is None or asked.feature in FIRST_STAGE:
        yield _cheap_first(asked, first)


def _reused(asked: Asked) -> Saved:
    sums = cells(CallCell, asked).aggregate(
        stored=Sum("stored", default=0),
        joined=Sum("joined", default=0),
        saved=Sum("saved_nanousd", default=0),
    )
    return Saved(
        "Replies used again",
        int(sums["saved"]),
        f"{sums['stored']:,} stored replies, {sums['joined']:,} shared with an equal call under way",
        "What the calls that paid for these replies had cost",
    )


def _cached(whole: Sums) -> Saved:
    usage = whole.usage
    written = usage.cache_write_5m_tokens + usage.cache_write_1h_tokens
    return Saved(
        "Prompt cache",
        whole.uncached_nanousd - whole.cost_nanousd,
        f"{usage.cache_read_tokens:,} tokens read, {written:,} written",
        "The same tokens without the cache, at the prices stamped on the attempts; what writing costs more is taken off",
    )


def _batched(whole: Sums) -> Saved:
    return Saved(
        "Batches",
        whole.batch_nanousd * (LIVE_OF_BATCH - 1),
        f"{whole.batch_attempts:,} attempts in batches",
        "The same requests one by one, which cost twice as much",
    )


def _answered_locally(asked: Asked) -> int:
    """How many runs the local model decided alone. It has no feature and no model of Claude: asked for one, there are none."""
    if asked.model or (asked.feature and asked.feature not in FIRST_STAGE):
        return 0
    runs = cells(TriageCell, asked, heeding=frozenset({Filter.TEAM})).filter(stage=Stage.LOCAL)
    return int(runs.aggregate(runs=Sum("runs", default=0))["runs"])


def _instead_of_first(first: Sums, alone: int) -> Saved:
    counted = f"{alone:,} tickets that the local model answered alone"
    answered = first.attempts - first.errors
    if not answered:
        return Saved(LOCAL, None, counted, UNASKED)
    saved = round(Decimal(first.cost_nanousd) * alone / answered)
    against = f"What the first model cost for each of its {answered:,} answers in this time"
    return Saved(LOCAL, saved, counted, against)


def _instead_of_strong(asked: Asked, first: Sums, alone: int) -> Saved:
    """As many tokens as the first model had for a ticket, at the strong model's price, its guide cached, and in a batch."""
    counted = f"{alone:,} tickets that the local model answered alone"
    answered, strong = first.attempts - first.errors, _strong_model(asked)
    if not answered or not strong:
        return Saved(LOCAL_OF_STRONG, None, counted, UNESCALATED if answered else UNASKED)
    rates = prices.stamped(asked.period).get((Feature.ESCALATE, strong))
    if rates is None:
        return Saved(LOCAL_OF_STRONG, None, counted, UNPRICED)
    saved = round(Decimal(_cost(first.usage, rates)) * alone / answered / LIVE_OF_BATCH)
    against = f"The first model's tokens for a ticket at the price of {strong}, as often from the cache, in a batch"
    return Saved(LOCAL_OF_STRONG, saved, counted, against)


def _cheap_first(asked: Asked, groups: Mapping[Group, Sums]) -> Saved:
    """The first stage's tokens at the strong model's price instead of their own."""
    strong = _strong_model(asked)
    counted = f"{total(groups).usage.input_tokens:,} input tokens of classify and backfill"
    if not strong:
        return Saved(CHEAP_FIRST, None, counted, UNESCALATED)
    rates = _live_rates(asked, groups)
    if not rates.keys() >= {strong, *(model for _, model in groups)}:
        return Saved(CHEAP_FIRST, None, counted, UNPRICED)
    saved = sum(
        _cost(sums.usage, rates[strong]) - _cost(sums.usage, rates[model])
        for (_, model), sums in groups.items()
    )
    against = f"The same tokens at the price of {strong}, token counts held equal, none in batches"
    return Saved(CHEAP_FIRST, saved, counted, against)


def _strong_model(asked: Asked) -> str:
    """The model that most escalations were asked of; "" where there was none."""
    calls = within(CallCell, asked.period).filter(feature=Feature.ESCALATE).values_list("model")
    most = calls.annotate(number=Sum("calls")).order_by("-number", "model").first()
    return str(most[0]) if most else ""


def _live_rates(asked: Asked, groups: Mapping[Group, Sums]) -> dict[str, Rates]:
    """What a request that is in no batch costs, by model; left out where no attempt is there any more to tell."""
    stamped = prices.stamped(asked.period)
    found = {}
    for (feature, model), sums in groups.items():
        if rates := stamped.get((feature, model)):
            is_batched = sums.batch_attempts * 2 > sums.attempts
            found[model] = _doubled(rates) if is_batched else rates
    return found | {
        model: rates for (feature, model), rates in stamped.items() if feature in ALWAYS_LIVE
    }


def _doubled(rates: Rates) -> Rates:
    return Rates(*(LIVE_OF_BATCH * getattr(rates, name) for name in Rates.__slots__))


def _cost(usage: Usage, rates: Rates) -> int:
    """Nano-dollars, without the band above which some models cost more."""
    names = zip(TOKEN_FIELDS, Rates.__slots__, strict=True)
    return sum(prices.nanousd(getattr(usage, field), getattr(rates, rate)) for field, rate in names)
