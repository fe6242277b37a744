"""The plans, from the dearest on, each with one lever more, and what each costs. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from triage.services.evaluation.planning.costs import (
    Priced,
    Way,
    break_even,
    hits_of,
    unit_nanousd,
)
from triage.services.evaluation.planning.inputs import Inputs
from triage.types import NANOUSD_PER_USD

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Models:
    """The one that is asked first, and the one for hard tickets."""

    first: Priced
    strong: Priced


@dataclass(frozen=True, slots=True)
class Plan:
    """Which levers are pulled.

    Args:
        asks_first: Else every ticket goes to the strong model.
        escalated: The share of tickets that reaches the strong model.
        local: The share that a local model answers before anybody is asked.
        is_adverse: Those are easy ones, so that as many as ever are escalated; else a share of what is left.
    """

    name: str
    asks_first: bool = True
    escalated: float = 0.0
    is_cached: bool = False
    is_batch: bool = False
    is_packed: bool = False
    is_deduped: bool = False
    local: float = 0.0
    is_adverse: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One plan's bill in nano-dollars, and as shares of asking the strong model alone: without, and with cache and batch."""

    plan: Plan
    nanousd: int
    of_naive: float
    of_fair: float
    remarks: tuple[str, ...]


def rows(inputs: Inputs, models: Models) -> tuple[Row, ...]:
    """Every plan's bill. The first plan is the naive baseline, the second the fair one."""
    plans = tuple(ladder(inputs, models))
    bills = [bill_nanousd(plan, inputs, models) for plan in plans]
    naive, fair = bills[:2]
    return tuple(
        Row(plan, bill, bill / naive, bill / fair, tuple(_remarks(plan, inputs, models)))
        for plan, bill in zip(plans, bills, strict=True)
    )


def ladder(inputs: Inputs, models: Models) -> Iterator[Plan]:
    first, strong = models.first.name, models.strong.name
    cascade = Plan(f"{first} + {inputs.escalated:.0%} {strong}", escalated=inputs.escalated)
    yield Plan(f"{strong} only, naive", asks_first=False)
    yield Plan(f"{strong} only, cached and batched", False, is_cached=True, is_batch=True)
    yield Plan(f"{first} only, naive")
    yield cascade
    live = replace(cascade, name="+ cache", is_cached=True)
    yield live
    batched = replace(live, name="+ cache + batch", is_batch=True)
    yield batched
    packed = replace(batched, name=f"+ packed, {inputs.tickets_a_call:g} a call", is_packed=True)
    yield packed
    full = replace(packed, name=f"{packed.name} + dedup {inputs.duplicates:.0%}", is_deduped=True)
    yield full
    yield from _with_local(full, "…", inputs.answered_locally)
    few = f"… no local model, only {inputs.few_escalated:.0%} escalated"
    yield replace(full, name=few, escalated=inputs.few_escalated)
    live = replace(live, name="Live: cache + dedup", is_deduped=True)
    yield live
    yield from _with_local(live, "Live:", inputs.answered_locally)


def bill_nanousd(plan: Plan, inputs: Inputs, models: Models) -> int:
    tickets = inputs.tickets * (1 - inputs.duplicates if plan.is_deduped else 1)
    asked = tickets * (1 - plan.local) * _asked_nanousd(plan, inputs, models)
    return round(asked + _local_nanousd(plan, inputs, models, tickets=tickets))


def hard_share(plan: Plan) -> float:
    """The share of what reaches the first model that goes on to the strong one."""
    return min(1.0, plan.escalated / (1 - plan.local)) if plan.is_adverse else plan.escalated


def skips_first(plan: Plan) -> bool:
    """Whether all that the local model leaves is hard, so that the strong model is asked straight away."""
    return plan.is_adverse and hard_share(plan) == 1


def _asked_nanousd(plan: Plan, inputs: Inputs, models: Models) -> float:
    """Per ticket that the local model leaves."""
    first, strong = _units(plan, inputs, models)
    if not plan.asks_first or skips_first(plan):
        return strong
    return first + hard_share(plan) * strong


def _units(plan: Plan, inputs: Inputs, models: Models) -> tuple[float, float]:
    first = _way(plan, inputs.tickets_a_call)
    strong = _way(plan, inputs.strong_tickets_a_call)
    return unit_nanousd(models.first, inputs, first), unit_nanousd(models.strong, inputs, strong)


def _local_nanousd(plan: Plan, inputs: Inputs, models: Models, *, tickets: float) -> float:
    """The computer, and the strong model's answers, one by one, to the share of local ones that is checked."""
    if not plan.local:
        return 0.0
    computer = inputs.local_usd_per_million * inputs.tickets / MILLION * NANOUSD_PER_USD
    checked = tickets * plan.local * inputs.relabelled
    way = Way(plan.is_batch, plan.is_cached)
    return computer + checked * unit_nanousd(models.strong, inputs, way)


def _way(plan: Plan, tickets_a_call: float) -> Way:
    return Way(plan.is_batch, plan.is_cached, tickets_a_call if plan.is_packed else 1)


def _with_local(plan: Plan, start: str, shares: Sequence[float]) -> Iterator[Plan]:
    for share in shares:
        name = f"{start} + local model {share:.0%}"
        yield replace(plan, name=f"{name}, proportional", local=share)
        yield replace(plan, name=f"{name}, adverse", local=share, is_adverse=True)


def _remarks(plan: Plan, inputs: Inputs, models: Models) -> Iterator[str]:
    first, strong = _units(plan, inputs, models)
    if skips_first(plan):
        yield f"{models.strong.name} is asked straight away: all that is left is hard"
    elif plan.asks_first and first + hard_share(plan) * strong >= strong:
        yield f"asking {models.strong.name} alone in this way would be cheaper"
    if plan.is_cached:
        yield from _uncached(plan, inputs, models)


def _uncached(plan: Plan, inputs: Inputs, models: Models) -> Iterator[str]:
    """Why models do not cache the guide, each reason once."""
    way = _way(plan, 1)
    hits = hits_of(inputs, way)
    asked = (models.first, models.strong) if plan.asks_first else (models.strong,)
    short = [model for model in asked if inputs.guide_tokens < model.floor_tokens]
    if short:
        least = max(model.floor_tokens for model in short)
        yield f"not cached by {names(short)}: the guide is shorter than {least:,} tokens"
    long = [model for model in asked if model not in short]
    rare = [model for model in long if hits <= break_even(model, inputs, way)]
    if rare:
        yield f"not cached by {names(rare)}: {hits:.0%} hits are below the break-even"


def names(models: Iterable[Priced]) -> str:
    return " and ".join(model.name for model in models)
