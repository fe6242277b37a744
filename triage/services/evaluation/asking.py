"""What is asked about an evaluation's tickets, as the cascade asks it, and how the answers are read.

Every request has a fingerprint of the run's own, so no reply of others is taken for an answer, and a run that goes on after a
kill finds what it has paid for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.db import transaction
from django.db.models import Prefetch, QuerySet, Sum, prefetch_related_objects

from accounts.models import User
from triage.exceptions import AnswerUnusable, GatewayError
from triage.models import (
    AnswerState,
    Call,
    EvaluationAnswer,
    EvaluationTicket,
    Feature,
    Message,
    Stage,
    Ticket,
    Variant,
)
from triage.services import gateway
from triage.services.classification.answer import Answer, parse
from triage.services.classification.packing import build_packed_request, parse_packed
from triage.services.classification.prompt import build_request, ticket_document
from triage.services.evaluation import claims
from triage.services.evaluation.claims import Claimed
from triage.services.evaluation.configurations import Configuration
from triage.services.evaluation.reading import ABOUT
from triage.services.evaluation.ruling import strong_model_of
from triage.services.gateway import About, Reply
from triage.services.gateway.batches import Line, prepare
from triage.services.gateway.bounds import bound_of
from triage.services.masking import Masked, mask
from triage.services.taxonomy import Taxonomy

PROBLEM_MAX_CHARACTERS = 150
SAVED = (
    *("state", "batch", "call_id", "tickets_in_call", "label", "confidence", "runner_up"),
    *("runner_up_confidence", "problem", "cost_nanousd", "latency_ms"),
)


@dataclass(frozen=True, slots=True)
class Asking:
    """One configuration of a run, by its place, with the labels it chooses from."""

    evaluation_id: int
    place: int
    configuration: Configuration
    taxonomy: Taxonomy
    seed: int

    def model_of(self, stage: Stage) -> str:
        if stage == Stage.STRONG:
            return strong_model_of(self.configuration)
        return self.configuration.first_model


@dataclass(frozen=True, slots=True)
class Question:
    """One call: about one ticket, or about several at once. It holds `bound_nanousd`."""

    tickets: tuple[EvaluationTicket, ...]
    asking: Asking
    stage: Stage
    masked: Masked
    bound_nanousd: int

    @property
    def model(self) -> str:
        return self.asking.model_of(self.stage)

    @property
    def is_packed(self) -> bool:
        return len(self.tickets) > 1

    @property
    def about(self) -> About:
        return About(ABOUT, str(self.tickets[0].pk))


def build_question(
    tickets: Sequence[EvaluationTicket], asking: Asking, *, stage: Stage, is_batch: bool
) -> Question:
    """What the cascade would ask about the ticket; about several, all in one call.

    Raises:
        ModelNotPriced: Nobody knows the model's price.
    """
    configuration, taxonomy = asking.configuration, asking.taxonomy
    if len(tickets) == 1:
        variant = Variant(instruction=configuration.instruction)
        request = build_request(_unsaved(tickets[0]), taxonomy, variant=variant)
    else:
        request = build_packed_request(
            [(str(each.number), ticket_document(_unsaved(each))) for each in tickets],
            taxonomy,
            seed=asking.seed + tickets[0].number,
            instruction=configuration.instruction,
            room=configuration.tickets_a_call,
        )
    version = f"{request.prompt_version}+evaluation-{asking.evaluation_id}-{asking.place}"
    masked = mask(replace(request, prompt_version=version))
    bound = bound_of(masked.request, model=asking.model_of(stage), is_batch=is_batch)
    return Question(tuple(tickets), asking, stage, masked, bound)


def _unsaved(row: EvaluationTicket) -> Ticket:
    """The ticket as the cascade would read it, with no thread beside it."""
    ticket = Ticket(pk=-row.number, subject=row.subject, description=row.description)
    nothing = Prefetch("messages", queryset=Message.objects.none())
    prefetch_related_objects([ticket], nothing)
    return ticket


def ask(question: Question, *, deadline_seconds: float) -> Reply:
    """The reply to it, live. Costs at most its bound, and nothing where the run has paid for it before.

    Raises:
        GatewayError: As `gateway.ask`.
    """
    return gateway.ask(
        question.masked.request,
        feature=Feature.EVALUATE,
        by=User.objects.system(),
        about=question.about,
        deadline_seconds=deadline_seconds,
        model=question.model,
        most_nanousd=question.bound_nanousd,
    )


def submit(questions: Sequence[Question], claimed: Claimed) -> int:
    """Write a batch with what is asked of one model, and tie the tickets to it; how many lines it has.

    Raises:
        BudgetExceeded, ModelNotPriced: Nothing is written or held.
        ClaimLost: Another process goes on with the run; nothing is written or held.
    """
    return prepare(
        [Line(question.masked.request, question.about) for question in questions],
        model=questions[0].model,
        feature=Feature.EVALUATE,
        by=User.objects.system(),
        link=partial(_link, questions, claimed),
    ).lines


def _link(questions: Sequence[Question], claimed: Claimed, batch_ids: Sequence[int | None]) -> None:
    """In the transaction that writes the batch. What needs no line has its reply already: it is asked live, and finds it."""
    claims.lock(claimed)
    EvaluationAnswer.objects.bulk_create(
        _row(question, ticket, state=AnswerState.ASKED, batch_id=batch_id)
        for question, batch_id in zip(questions, batch_ids, strict=True)
        for ticket in question.tickets
    )


def find_stored(question: Question) -> str | None:
    """The text of its reply, if an equal question of the run got one."""
    return gateway.find_stored(question.masked.request, model=question.model)


def paid_nanousd(question: Question) -> int:
    """What all calls cost that were made for it, by this process or one before."""
    calls = calls_of(question).aggregate(sum=Sum("cost_nanousd"))
    return calls["sum"] or 0


def calls_of(question: Question) -> QuerySet[Call]:
    return Call.objects.filter(
        about_kind=ABOUT,
        about_id=question.about.id,
        prompt_version=question.masked.request.prompt_version,
        model_asked=question.model,
    )


def read_answers(
    question: Question, text: str, *, call_id: int | None, latency_ms: int | None = None
) -> list[EvaluationAnswer]:
    """A row a ticket, unsaved and without a cost. What a packed reply leaves out is `asked`, to be asked alone."""
    same = {"call_id": call_id, "latency_ms": latency_ms}
    if question.is_packed:
        ids = [str(each.number) for each in question.tickets]
        found = parse_packed(text, question.asking.taxonomy, ids).answers
        return [
            _packed(question, each, found.get(str(each.number)), same) for each in question.tickets
        ]
    try:
        said = parse(text, question.asking.taxonomy)
    except AnswerUnusable as error:
        return unusable(question, error, call_id=call_id)
    return [_answered(question, question.tickets[0], said, same)]


def unusable(
    question: Question, error: GatewayError, *, call_id: int | None
) -> list[EvaluationAnswer]:
    """The rows of an answer that cannot be used, or never came: of several tickets each is asked again alone."""
    return [
        _row(question, each, state=AnswerState.ASKED)
        if question.is_packed
        else _row(
            question, each, state=AnswerState.FAILED, problem=in_words(error), call_id=call_id
        )
        for each in question.tickets
    ]


def unanswered(question: Question) -> list[EvaluationAnswer]:
    """Rows that say that each ticket is to be asked alone, live."""
    return [_row(question, each, state=AnswerState.ASKED) for each in question.tickets]


def in_words(error: GatewayError) -> str:
    return str(error).rstrip(".")[:PROBLEM_MAX_CHARACTERS]


def save(
    rows: Sequence[EvaluationAnswer],
    *,
    cost_nanousd: int,
    carried: Sequence[EvaluationAnswer | None] = (),
) -> None:
    """Keep the answers to one question, all or none; its cost is split evenly, to the nano-dollar.

    Args:
        carried: The rows that stood in their place, whose cost is theirs too.
    """
    share, rest = divmod(cost_nanousd, len(rows))
    before = [each.cost_nanousd if each else 0 for each in carried] or [0] * len(rows)
    for place, (row, cost) in enumerate(zip(rows, before, strict=True)):
        row.cost_nanousd = cost + share + (place < rest)
    with transaction.atomic():
        EvaluationAnswer.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["ticket", "configuration", "stage"],
            update_fields=SAVED,
        )


def _packed(
    question: Question, ticket: EvaluationTicket, said: Answer | None, same: dict[str, int | None]
) -> EvaluationAnswer:
    if said is None:
        return _row(question, ticket, state=AnswerState.ASKED)
    return _answered(question, ticket, said, same)


def _answered(
    question: Question, ticket: EvaluationTicket, said: Answer, same: dict[str, int | None]
) -> EvaluationAnswer:
    second = said.runner_up
    return _row(
        question,
        ticket,
        state=AnswerState.ANSWERED,
        label=said.label.value,
        confidence=said.label.confidence,
        runner_up=second.value if second else "",
        runner_up_confidence=second.confidence if second else None,
        **same,
    )


def _row(
    question: Question, ticket: EvaluationTicket, *, state: AnswerState, **values: object
) -> EvaluationAnswer:
    return EvaluationAnswer(
        ticket=ticket,
        configuration=question.asking.place,
        stage=question.stage,
        state=state,
        tickets_in_call=len(question.tickets),
        **values,
    )
