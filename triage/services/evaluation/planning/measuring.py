"""What a plan only assumes, measured on labelled tickets: two evaluations, one in batches and one live, and what they say.

The batched one asks both models about every ticket one by one (A), and the first one in packed calls (B); the live one asks as
triage does, for latencies and for the cache. What comes of the simulator is called simulated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import User
from triage.models import Attempt, Evaluation, EvaluationAnswer, Stage
from triage.services import taxonomy
from triage.services.evaluation.cases import Case, Said
from triage.services.evaluation.configurations import in_force
from triage.services.evaluation.packing import PackingVerdict, compare_packed
from triage.services.evaluation.planning.inputs import Figure, Origin
from triage.services.evaluation.planning.ledger import Hits, hits_of, lengths_of
from triage.services.evaluation.planning.reading import (
    estimates,
    from_lengths,
    measured,
)
from triage.services.evaluation.reading import cases_of, configurations_of, spent_nanousd
from triage.services.evaluation.results import costs, escalation
from triage.services.evaluation.results.rule import is_first_right, is_strong_right
from triage.services.evaluation.results.shares import Json, counted
from triage.services.evaluation.running import FileSource, propose
from triage.services.statistics.reliability import ece, equal_mass

PACKED = 10  # tickets a call
LIVE_TICKETS = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """The two evaluations of one measuring."""

    batched: Evaluation
    live: Evaluation

    @property
    def both(self) -> tuple[Evaluation, Evaluation]:
        return self.batched, self.live

    @property
    def expected_nanousd(self) -> int:
        return sum(each.quote["expected_nanousd"] for each in self.both)

    @property
    def most_nanousd(self) -> int:
        return sum(each.budget_nanousd for each in self.both)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the answers say. Shares are as `results.shares` tells them; None where nothing could be measured.

    Args:
        escalation: How many tickets the rule escalated, and how many of those the strong model put right or spoilt.
        first_ece: The calibration error of what the first model states, in 10 bins of equal mass.
        latency: Milliseconds from the first question to the last answer, live.
        figures: The inputs of a plan that were measured.
    """

    tickets: int
    first: Json
    strong: Json
    cascade: Json
    first_ece: float | None
    strong_ece: float | None
    escalated: Json
    escalation: Json
    packing: PackingVerdict | None
    batch_nanousd: int
    live_nanousd: int
    strong_only_nanousd: int | None
    live_hits: Hits | None
    batch_hits: Hits | None
    latency: Json | None
    spent_nanousd: int
    figures: Mapping[str, Figure]
    is_simulated: bool


def propose_both(
    path: Path, *, tickets: int, live_tickets: int, tickets_a_call: int, by: User
) -> Pair:
    """Both evaluations, quoted. Asks nobody and costs nothing.

    Raises:
        InvalidInput: The file has no usable ticket, or an argument makes no sense.
        NoTaxonomy: Nothing has been published yet.
        ModelNotPriced: Nobody knows the price of a model.
    """
    single = in_force(asks_strong_always=True)
    packed = in_force(tickets_a_call=tickets_a_call)
    batched = propose(
        FileSource(path, path.name, tickets),
        configurations=[single, packed],
        by=by,
        name=f"Measuring in batches: {path.name}"[:120],
    )
    live = propose(
        FileSource(path, path.name, min(live_tickets, tickets)),
        configurations=[in_force()],
        by=by,
        name=f"Measuring live: {path.name}"[:120],
        is_batch=False,
    )
    return Pair(batched, live)


def measure(pair: Pair) -> Measured:
    """What two finished evaluations say. Asks nobody."""
    single = cases_of(pair.batched, configuration=0)
    packed = cases_of(pair.batched, configuration=1)
    live = cases_of(pair.live, configuration=0)
    hits = {
        "live": hits_of(_attempts(pair.live)),
        "batch": hits_of(_attempts(pair.batched)),
    }
    return Measured(
        tickets=len(single),
        first=counted(map(is_first_right, single)),
        strong=counted(map(is_strong_right, single)),
        cascade=counted(case.is_right for case in single),
        first_ece=_ece([(case.first, case) for case in single]),
        strong_ece=_ece([(case.strong, case) for case in single]),
        escalated=counted(bool(case.escalation) for case in single),
        escalation=escalation.told_of(single),
        packing=_packing(pair.batched, single, packed),
        batch_nanousd=costs.cost_per_ticket(single),
        live_nanousd=costs.cost_per_ticket(live),
        strong_only_nanousd=_mean(costs.strong_costs(single)),
        live_hits=hits["live"],
        batch_hits=hits["batch"],
        latency=costs.latency(live),
        spent_nanousd=sum(spent_nanousd(each) for each in pair.both),
        figures=dict(_figures(pair, single, live_hits=hits["live"], batch_hits=hits["batch"])),
        is_simulated=settings.TRIAGE_SIMULATOR,
    )


def _attempts(evaluation: Evaluation, *stages: Stage) -> QuerySet[Attempt]:
    """Those of A's calls about one ticket each."""
    answers = EvaluationAnswer.objects.filter(
        ticket__evaluation=evaluation,
        configuration=0,
        tickets_in_call=1,
        stage__in=stages or (Stage.FIRST, Stage.STRONG),
        call_id__isnull=False,
    )
    return Attempt.objects.filter(call__in=answers.values("call_id"))


def _ece(said: Sequence[tuple[Said | None, Case]]) -> float | None:
    usable = [(answer, case) for answer, case in said if answer]
    if not usable:
        return None
    stated = [answer.confidence for answer, _ in usable]
    return ece(equal_mass(stated, [answer.label == case.truth for answer, case in usable]))


def _packing(
    evaluation: Evaluation, single: Sequence[Case], packed: Sequence[Case]
) -> PackingVerdict | None:
    """None where no ticket was asked both ways."""
    if not {case.number for case in single} & {case.number for case in packed}:
        return None
    tickets_a_call = configurations_of(evaluation)[1].tickets_a_call
    return compare_packed(single, packed, tickets_a_call=tickets_a_call)


def _figures(
    pair: Pair, single: Sequence[Case], *, live_hits: Hits | None, batch_hits: Hits | None
) -> Iterator[tuple[str, Figure]]:
    origin = measured()
    if single:
        escalated = sum(bool(case.escalation) for case in single)
        words = f"{escalated:,} of {len(single):,} labelled tickets"
        yield "escalated", Figure(escalated / len(single), origin, words)
    yield from _hits("live_hits", live_hits, origin)
    yield from _hits("batch_hits", batch_hits, origin)
    version = configurations_of(pair.batched)[0].taxonomy_version_id
    shared = estimates(taxonomy.load(version))
    yield from shared.items()
    if lengths := lengths_of(_attempts(pair.batched, Stage.FIRST)):
        yield from from_lengths(lengths, shared, origin=origin)


def _hits(name: str, hits: Hits | None, origin: Origin) -> Iterator[tuple[str, Figure]]:
    if hits:
        yield name, Figure(hits.share, origin, f"by tokens, of {hits.requests:,} requests")


def _mean(values: Sequence[int]) -> int | None:
    return round(sum(values) / len(values)) if values else None
