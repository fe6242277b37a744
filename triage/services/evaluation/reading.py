"""What an evaluation has brought so far: its cases, what it has cost, how far it is. Costs nothing and writes nothing."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum, TextField
from django.db.models.functions import Cast

from triage.models import (
    AnswerState,
    Attempt,
    Evaluation,
    EvaluationAnswer,
    EvaluationTicket,
    Part,
    Stage,
)
from triage.services.evaluation.cases import Case, Said
from triage.services.evaluation.configurations import Configuration, from_json
from triage.services.evaluation.ruling import escalation_of, strong_model_of
from triage.services.gateway.batches import ENDED

ABOUT = "evaluation"  # the kind of thing that its calls are about; the id is a ticket's of the evaluation
Answers = Mapping[Stage, EvaluationAnswer]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many answers are there: `asked` wait in a batch, `answered` are usable, `failed` are not, of `total` in all.

    How many the strong model will be asked for is known only as the first model answers, so `total` may grow.
    """

    asked: int
    answered: int
    failed: int
    total: int
    batches_underway: int

    @property
    def done(self) -> int:
        return self.answered + self.failed


def configurations_of(evaluation: Evaluation) -> tuple[Configuration, ...]:
    return tuple(from_json(kept) for kept in evaluation.configurations)


def is_simulated(evaluation: Evaluation) -> bool:
    """Whether its answers are the simulator's; of one that is not done: whether they would be now."""
    results: Mapping[str, Any] = evaluation.results or {}
    return bool(results.get("is_simulated", settings.TRIAGE_SIMULATOR))


def cases_of(evaluation: Evaluation, *, configuration: int) -> tuple[Case, ...]:
    """The tickets with a part, in order of number, as far as all that the rule asks about them is there."""
    chosen = configurations_of(evaluation)[configuration]
    answers = _answers(evaluation, configuration)
    rows = EvaluationTicket.objects.filter(evaluation=evaluation).exclude(part="")
    cases = (_case(row, answers[row.pk], chosen) for row in rows.order_by("number"))
    return tuple(case for case in cases if case is not None)


def spent_nanousd(evaluation: Evaluation) -> int:
    """What all its attempts count as spent in the ledger, with what is held for those underway."""
    mine = EvaluationTicket.objects.filter(evaluation=evaluation)
    ids = mine.values_list(Cast("pk", TextField()), flat=True)
    attempts = Attempt.objects.filter(call__about_kind=ABOUT, call__about_id__in=ids)
    return attempts.aggregate(sum=Sum("cost_nanousd"))["sum"] or 0


def progress_of(evaluation: Evaluation) -> Progress:
    """Counts, in two queries."""
    tickets = evaluation.tickets.exclude(part="").count()
    rows = EvaluationAnswer.objects.filter(ticket__evaluation=evaluation).order_by()
    counts = rows.aggregate(
        asked=Count("pk", filter=Q(state=AnswerState.ASKED)),
        answered=Count("pk", filter=Q(state=AnswerState.ANSWERED)),
        failed=Count("pk", filter=Q(state=AnswerState.FAILED)),
        escalated=Count("pk", filter=Q(stage=Stage.STRONG, configuration__in=_ruled(evaluation))),
        batches_underway=Count(
            "batch",
            filter=Q(state=AnswerState.ASKED, batch__isnull=False) & ~Q(batch__state__in=ENDED),
            distinct=True,
        ),
    )
    total = tickets * _calls_a_ticket(evaluation) + counts.pop("escalated")
    return Progress(total=total, **counts)


def _answers(evaluation: Evaluation, configuration: int) -> Mapping[int, Answers]:
    rows = EvaluationAnswer.objects.filter(
        ticket__evaluation=evaluation, configuration=configuration
    )
    found: dict[int, dict[Stage, EvaluationAnswer]] = defaultdict(dict)
    for row in rows:
        found[row.ticket_id][Stage(row.stage)] = row
    return found


def _case(row: EvaluationTicket, answers: Answers, configuration: Configuration) -> Case | None:
    """None while an answer that the rule needs is not there."""
    first, strong = answers.get(Stage.FIRST), answers.get(Stage.STRONG)
    if first is None or first.state == AnswerState.ASKED:
        return None
    escalation = escalation_of(first, configuration)
    if escalation and (strong is None or strong.state == AnswerState.ASKED):
        return None
    return Case(
        number=row.number,
        ticket_id=row.ticket_id,
        text=text_of(row),
        truth=row.label,
        part=Part(row.part),
        first=usable(first),
        strong=usable(strong),
        escalation=escalation,
        cost_nanousd=first.cost_nanousd + (strong.cost_nanousd if strong and escalation else 0),
        first_problem=first.problem,
        strong_problem=strong.problem if strong else "",
    )


def text_of(row: EvaluationTicket) -> str:
    return f"{row.subject}\n{row.description}" if row.subject else row.description


def usable(row: EvaluationAnswer | None) -> Said | None:
    """What it says, if that is an answer."""
    return said_of(row) if row is not None and row.state == AnswerState.ANSWERED else None


def said_of(row: EvaluationAnswer) -> Said:
    """What an answered row says."""
    return Said(
        label=row.label,
        confidence=row.confidence or 0.0,
        runner_up=row.runner_up,
        runner_up_confidence=row.runner_up_confidence or 0.0,
        cost_nanousd=row.cost_nanousd,
        latency_ms=row.latency_ms,
        local_chance=row.local_chance,
        calibrated=row.chance,
    )


def _ruled(evaluation: Evaluation) -> list[int]:
    """The configurations in which the rule decides who is escalated."""
    configurations = configurations_of(evaluation)
    return [place for place, each in enumerate(configurations) if not each.asks_strong_always]


def _calls_a_ticket(evaluation: Evaluation) -> int:
    """Answers that every ticket needs, whatever is said: the first model's, and the strong one's where it is always asked."""
    return sum(
        1 + bool(each.asks_strong_always and strong_model_of(each))
        for each in configurations_of(evaluation)
    )
