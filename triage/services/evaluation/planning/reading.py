"""The inputs of a plan as this installation knows them: from its ledger, its records of the last 30 days, its own texts.

What it does not know stays assumed. Answers of the simulator say nothing about Claude: what was measured on them is called
simulated.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Max, Sum
from django.utils import timezone

from triage.exceptions import NoTaxonomy
from triage.models import Attempt, CallCell, Feature, Grain, Subject, Tally, Ticket, TriageCell
from triage.selectors.periods import Period
from triage.selectors.reports.cache_cells import by_group, total
from triage.selectors.tables import Asked
from triage.services import taxonomy
from triage.services.classification.answer import answer_schema
from triage.services.classification.prompt import (
    INSTRUCTION,
    prompt_version,
    system_prompt,
    ticket_document,
)
from triage.services.evaluation.planning.inputs import Figure, Inputs, Origin, plain
from triage.services.evaluation.planning.ledger import ENOUGH, Lengths, lengths_of
from triage.services.taxonomy import Taxonomy

DAYS = 30
ATTEMPTS = 2_000  # of the newest day with the prompt; more would say no more
TICKETS = 300
BYTES_PER_TOKEN = 4
FIRST_STAGE = (Feature.CLASSIFY, Feature.BACKFILL)

ASSUMED: Mapping[str, str] = {
    "tickets": "a round number",
    "guide_tokens": "nothing has been published yet",
    "question_tokens": "nothing has been published yet",
    "ticket_tokens": "there is no ticket yet",
    "output_tokens": "a short reason and six fields; none has been counted yet",
    "escalated": "fewer than 20 runs in 30 days; real help desks may have 5 to 20 %",
    "few_escalated": "what a well-set threshold might reach",
    "duplicates": "fewer than 20 calls in 30 days",
    "live_hits": "calls follow each other within 5 minutes; fewer than 20 to count in 30 days",
    "batch_hits": "the provider says 30 to 98 %, best effort; fewer than 20 to count in 30 days",
    "batch_cache_minutes": "as this application writes it",
    "tickets_a_call": "whether that loses accuracy is for a paired test to say",
    "strong_tickets_a_call": "the strong model is asked one by one",
    "id_tokens": "a number and its punctuation",
    "answered_locally": "none of them is a promise; labels decide",
    "relabelled": "so that drift is seen",
    "local_usd_per_million": "of one processor",
    "audits_a_week": "a fixed number, not a share",
    "audit_usd": "a minute or two of an agent",
    "weeks": "a year",
}


def measured() -> Origin:
    """What a number is called that was counted on this installation's answers."""
    return Origin.SIMULATED if settings.TRIAGE_SIMULATOR else Origin.MEASURED


def figures(*, first_model: str, strong_model: str) -> dict[str, Figure]:
    """Every input's, by name. About ten queries, none of which grows with the age of the ledger."""
    assumed = Inputs()
    found = {
        name: Figure(getattr(assumed, name), Origin.ASSUMED, why) for name, why in ASSUMED.items()
    }
    period = _last_days()
    return (
        found
        | dict(_lengths(first_model, period))
        | dict(_escalated(period))
        | dict(_duplicates(first_model, period))
        | dict(_hits(period, models=(first_model, strong_model)))
    )


def _last_days() -> Period:
    today = timezone.now().date()
    return Period(today - timedelta(days=DAYS - 1), today)


def _lengths(model: str, period: Period) -> Iterator[tuple[str, Figure]]:
    """Counted where this prompt's answers are in the ledger, else estimated from the bytes of the prompt and of tickets."""
    yield from _sampled()
    try:
        current = taxonomy.current()
    except NoTaxonomy:
        return
    shared = estimates(current)
    yield from shared.items()
    if counted := _counted(prompt_version(current), model, period):
        yield from from_lengths(counted, shared, origin=measured())


def estimates(current: Taxonomy) -> dict[str, Figure]:
    """How many tokens the guide in force has, and the question with the form of the answer, by their bytes."""
    form = json.dumps(answer_schema(tuple(current.labels)))
    return {
        "guide_tokens": _estimate(system_prompt(current), "the guide in force"),
        "question_tokens": _estimate(INSTRUCTION + form, "the question and the answer's form"),
    }


def from_lengths(
    counted: Lengths, shared: Mapping[str, Figure], *, origin: Origin
) -> Iterator[tuple[str, Figure]]:
    """The lengths that some attempts had, as inputs; what they do not tell apart is taken off as it was estimated."""
    words = f"mean of {counted.attempts:,} attempts"
    yield "output_tokens", Figure(round(counted.output, 1), origin, words)
    own = counted.own - plain(shared["question_tokens"].value)
    if counted.guide is None:
        own -= plain(shared["guide_tokens"].value)
        off = "less guide and question; nothing was cached"
    else:
        guide = f"{words}: read from the cache or written"
        yield "guide_tokens", Figure(round(counted.guide), origin, guide)
        off = "not cached, less the question"
    yield "ticket_tokens", Figure(max(1.0, round(own, 1)), origin, f"{words}: {off}")


def _estimate(text: str, what: str) -> Figure:
    words = f"{len(text.encode()):,} bytes of {what}, {BYTES_PER_TOKEN} a token"
    return Figure(_tokens(text), Origin.ESTIMATED, words)


def _counted(version: str, model: str, period: Period) -> Lengths | None:
    """Of the newest attempts of the newest day on which that prompt was used."""
    last_at = Tally.objects.filter(
        grain=Grain.HOUR, subject=Subject.PROMPT, value=version, starts_at__gte=period.starts_at
    ).aggregate(last=Max("last_at"))["last"]
    if last_at is None:
        return None
    newest = (
        Attempt.objects.filter(
            opened_at__gte=last_at - timedelta(days=1),
            call__prompt_version=version,
            call__feature__in=FIRST_STAGE,
            model=model,
        )
        .order_by("-opened_at")
        .values_list("pk", flat=True)[:ATTEMPTS]
    )
    return lengths_of(Attempt.objects.filter(pk__in=list(newest)))


def _sampled() -> Iterator[tuple[str, Figure]]:
    """The length of tickets, from their texts."""
    newest = list(Ticket.objects.order_by("-pk").prefetch_related("messages")[:TICKETS])
    if newest:
        tokens = sum(_tokens(ticket_document(each)) for each in newest) / len(newest)
        words = f"bytes of the newest {len(newest):,} tickets, {BYTES_PER_TOKEN} a token"
        yield "ticket_tokens", Figure(round(tokens, 1), Origin.ESTIMATED, words)


def _escalated(period: Period) -> Iterator[tuple[str, Figure]]:
    sums = _of_days(TriageCell, period).aggregate(
        runs=Sum("runs", default=0), escalated=Sum("escalated", default=0)
    )
    runs, escalated = int(sums["runs"]), int(sums["escalated"])
    if runs >= ENOUGH:
        words = f"{escalated:,} of {runs:,} runs in {DAYS} days"
        yield "escalated", Figure(escalated / runs, measured(), words)


def _duplicates(model: str, period: Period) -> Iterator[tuple[str, Figure]]:
    """A batch's answer is later read as a stored reply: that is no duplicate, and is taken off."""
    cells = _of_days(CallCell, period)
    asked = cells.filter(feature=Feature.CLASSIFY).aggregate(
        calls=Sum("calls", default=0), reused=Sum(F("stored") + F("joined"), default=0)
    )
    batched = cells.filter(feature=Feature.BACKFILL, model=model)
    answered = int(batched.aggregate(found=Sum("answered", default=0))["found"])
    reused = max(0, int(asked["reused"]) - answered)
    if (calls := int(asked["calls"])) >= ENOUGH:
        words = f"{reused:,} of {calls:,} calls got a stored or shared reply in {DAYS} days"
        yield "duplicates", Figure(reused / calls, measured(), words)


def _hits(period: Period, *, models: tuple[str, str]) -> Iterator[tuple[str, Figure]]:
    """Of tokens of the guide. Catching up goes in batches, the rest live."""
    uses = by_group(Asked(period))
    for name, features in (
        ("live_hits", (Feature.CLASSIFY, Feature.ESCALATE)),
        ("batch_hits", (Feature.BACKFILL,)),
    ):
        keys = [(feature.value, model) for feature in features for model in models]
        use = total(uses[key] for key in keys if key in uses)
        requests = use.hits + use.writes
        if requests >= ENOUGH and use.prefix_hit_rate is not None:
            words = f"{use.hits:,} of {requests:,} requests hit in {DAYS} days"
            yield name, Figure(use.prefix_hit_rate, measured(), f"by tokens; {words}")


def _of_days(cells: Any, period: Period) -> Any:
    return cells.objects.filter(
        grain=Grain.DAY, starts_at__gte=period.starts_at, starts_at__lt=period.ends_before
    )


def _tokens(text: str) -> float:
    return round(len(text.encode()) / BYTES_PER_TOKEN)
