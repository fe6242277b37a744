"""What an evaluation will cost, before anything is asked: what is expected, live and in batches, and the most it can be.

The most is exact: the sum of what the gateway would hold for every call, were every ticket escalated. What is expected rests on
measured means where the ledger has some of the same prompt, else on the length of the texts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from math import ceil
from statistics import fmean
from typing import Any

from django.conf import settings
from django.db.models import Avg, F, Q, Sum
from django.utils import timezone

from triage.models import (
    Attempt,
    Certainty,
    EvaluationTicket,
    Feature,
    Grain,
    Stage,
    TriageCell,
)
from triage.services.classification.prompt import prompt_version
from triage.services.evaluation.asking import Asking, Question, build_question
from triage.services.gateway.catalog import CATALOG
from triage.services.gateway.pricing import card_of
from triage.types import Usage

BYTES_PER_TOKEN = 4
OUTPUT_TOKENS = 130  # of an answer, where none was measured
PACKED_TOKENS = 6  # more a ticket in a packed call, to tell it from the others
LOOKED_AT = 2_000  # the newest attempts that a mean is taken of
MEASURED_FROM = 20  # attempts
ESCALATED = 0.2  # where nothing was triaged in SHARE_DAYS
SHARE_DAYS = 30
READ_IN_BATCHES = (
    0.9  # of the lines read the guide from the cache; the provider promises nothing (30 to 98 %)
)
LIVE_SECONDS = (1.0, 4.0)  # a call, from quick to slow
AT_ONCE = 4
BATCH_MINUTES = (5, 60)  # a wave; the provider allows itself a day


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of one call: the guide, what comes after it, and the answer. `is_measured` on the ledger, else estimated."""

    guide: float
    ticket: float
    output: float
    is_measured: bool


@dataclass(frozen=True, slots=True)
class Calls:
    """What one stage of one configuration will ask; tokens and nano-dollars of all its calls."""

    configuration: str
    stage: str
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_nanousd: int


@dataclass(frozen=True, slots=True)
class _Wave:
    """All questions of one stage, of which about a `share` will be asked."""

    asking: Asking
    stage: Stage
    questions: tuple[Question, ...]
    share: float
    tokens: Tokens

    @property
    def calls(self) -> int:
        return ceil(len(self.questions) * self.share)


def quote(
    tickets: Sequence[EvaluationTicket], askings: Sequence[Asking], *, is_batch: bool
) -> dict[str, Any]:
    """The quote as it is kept with the run: dollars are nano-dollars, minutes from quick to slow.

    Raises:
        ModelNotPriced: Nobody knows the price of a model.
    """
    share, is_share_measured = _escalated_share()
    waves = [wave for asking in askings for wave in _waves(asking, tickets, is_batch, share=share)]
    chosen = [_calls(wave, is_batch=is_batch) for wave in waves]
    other = [_calls(wave, is_batch=not is_batch) for wave in waves]
    bounds = (question.bound_nanousd for wave in waves for question in wave.questions)
    return {
        "tickets": len(tickets),
        "calls": [asdict(each) for each in chosen],
        "expected_nanousd": sum(each.cost_nanousd for each in chosen),
        "most_nanousd": sum(bounds),
        "other_way_nanousd": sum(each.cost_nanousd for each in other),
        "minutes": _minutes(waves, is_batch=is_batch),
        "other_minutes": _minutes(waves, is_batch=not is_batch),
        "basis": _basis(waves, share, is_share_measured),
    }


def packs(
    tickets: Sequence[EvaluationTicket], asking: Asking, stage: Stage
) -> list[tuple[EvaluationTicket, ...]]:
    """The tickets in the calls in which they are asked: for the same tickets always the same."""
    size = asking.configuration.tickets_a_call if stage == Stage.FIRST else 1
    return [tuple(tickets[at : at + size]) for at in range(0, len(tickets), size)]


def _waves(
    asking: Asking, tickets: Sequence[EvaluationTicket], is_batch: bool, *, share: float
) -> Iterable[_Wave]:
    yield _wave(asking, Stage.FIRST, tickets, is_batch, share=1.0)
    if asking.model_of(Stage.STRONG):
        is_always = asking.configuration.asks_strong_always
        yield _wave(asking, Stage.STRONG, tickets, is_batch, share=1.0 if is_always else share)


def _wave(
    asking: Asking,
    stage: Stage,
    tickets: Sequence[EvaluationTicket],
    is_batch: bool,
    *,
    share: float,
) -> _Wave:
    questions = tuple(
        build_question(some, asking, stage=stage, is_batch=is_batch)
        for some in packs(tickets, asking, stage)
    )
    return _Wave(asking, stage, questions, share, _tokens(asking, stage, questions))


def _tokens(asking: Asking, stage: Stage, questions: Sequence[Question]) -> Tokens:
    size = asking.configuration.tickets_a_call if stage == Stage.FIRST else 1
    measured = _measured(asking, stage)
    if measured and size == 1:
        return measured
    request = questions[0].masked.request
    guide = len(request.system.encode()) / BYTES_PER_TOKEN
    said = fmean(
        sum(len(text.encode()) for text in each.masked.request.content) for each in questions
    )
    output = (measured.output if measured else OUTPUT_TOKENS) + (PACKED_TOKENS if size > 1 else 0)
    return Tokens(
        guide=measured.guide if measured else guide,
        ticket=said / BYTES_PER_TOKEN,
        output=output * size,
        is_measured=False,
    )


def _measured(asking: Asking, stage: Stage) -> Tokens | None:
    """The means of the newest attempts of this prompt on this model, if there are enough."""
    feature = Feature.ESCALATE if stage == Stage.STRONG else Feature.CLASSIFY
    newest = Attempt.objects.order_by("-opened_at").values("pk")[:LOOKED_AT]
    mine = Attempt.objects.filter(
        pk__in=list(newest.values_list("pk", flat=True)),
        certainty=Certainty.KNOWN,
        model=asking.model_of(stage),
        call__feature__in=(feature, Feature.BACKFILL),
        call__prompt_version=prompt_version(asking.taxonomy),
    )
    if mine.count() < MEASURED_FROM:
        return None
    cached = F("cache_read_tokens") + F("cache_write_5m_tokens") + F("cache_write_1h_tokens")
    means = mine.aggregate(
        guide=Avg(cached), ticket=Avg("uncached_input_tokens"), output=Avg("output_tokens")
    )
    return Tokens(**{name: float(mean) for name, mean in means.items()}, is_measured=True)


def _calls(wave: _Wave, *, is_batch: bool) -> Calls:
    model, tokens, number = wave.asking.model_of(wave.stage), wave.tokens, wave.calls
    usage = _usage(tokens, number, CATALOG[model].cache_floor_tokens, is_batch=is_batch)
    rates = card_of(model, is_batch=is_batch).rates_for(ceil(tokens.guide + tokens.ticket))
    return Calls(
        configuration=wave.asking.configuration.name,
        stage=wave.stage.value,
        model=model,
        calls=number,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_nanousd=rates.cost_nanousd(usage),
    )


def _usage(tokens: Tokens, calls: int, floor: int, *, is_batch: bool) -> Usage:
    """The first live call writes the guide and the others read it; below the floor nothing is cached."""
    ticket, output = ceil(calls * tokens.ticket), ceil(calls * tokens.output)
    guide = ceil(tokens.guide)
    if guide < floor or not calls:
        return Usage(uncached_input_tokens=calls * guide + ticket, output_tokens=output)
    writes = max(1, ceil(calls * (1 - READ_IN_BATCHES))) if is_batch else 1
    written = {"cache_write_1h_tokens" if is_batch else "cache_write_5m_tokens": writes * guide}
    return Usage(
        uncached_input_tokens=ticket,
        cache_read_tokens=(calls - writes) * guide,
        output_tokens=output,
        **written,
    )


def _escalated_share() -> tuple[float, bool]:
    """The share of runs that the strong model was asked for in the last days, and whether there were any."""
    since = timezone.now() - timedelta(days=SHARE_DAYS)
    cells = TriageCell.objects.filter(Q(grain=Grain.DAY, starts_at__gte=since))
    sums = cells.aggregate(runs=Sum("runs"), escalated=Sum("escalated"))
    if not sums["runs"]:
        return ESCALATED, False
    return sums["escalated"] / sums["runs"], True


def _minutes(waves: Sequence[_Wave], *, is_batch: bool) -> list[int]:
    if is_batch:
        depth = 1 + any(
            wave.stage == Stage.STRONG and not wave.asking.configuration.asks_strong_always
            for wave in waves
        )
        return [depth * each for each in BATCH_MINUTES]
    calls = sum(wave.calls for wave in waves)
    return [ceil(calls * seconds / AT_ONCE / 60) for seconds in LIVE_SECONDS]


def _basis(waves: Sequence[_Wave], share: float, is_share_measured: bool) -> str:
    measured = sum(wave.tokens.is_measured for wave in waves)
    simulated = " (of the simulator)" if settings.TRIAGE_SIMULATOR else ""
    parts: Mapping[bool, str] = {
        True: f"Tokens are means of this prompt's newest calls in the ledger{simulated}.",
        False: f"Tokens are estimated: {BYTES_PER_TOKEN} bytes each, {OUTPUT_TOKENS} in an answer.",
    }
    tokens = [words for is_so, words in parts.items() if is_so == (measured == len(waves))]
    if 0 < measured < len(waves):
        tokens = ["Tokens are means of the ledger where there are some, else estimated by length."]
    escalated = (
        f"{share:.0%} are escalated, as in the last {SHARE_DAYS} days{simulated}."
        if is_share_measured
        else f"{share:.0%} are assumed to be escalated: nothing was triaged in the last {SHARE_DAYS} days."
    )
    cache = (
        "The guide is read from the cache by all live calls but the first, and by "
        f"{READ_IN_BATCHES:.0%} of a batch's lines."
    )
    return " ".join([*tokens, escalated, cache])
