"""What is left to do of an evaluation: read once a slice, kept up to date as answers come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from triage.models import AnswerState, Evaluation, EvaluationAnswer, EvaluationTicket, Stage
from triage.services import taxonomy
from triage.services.evaluation.asking import Asking, Question
from triage.services.evaluation.quoting import packs
from triage.services.evaluation.reading import configurations_of
from triage.services.evaluation.ruling import escalation_of

Key = tuple[int, int, Stage]  # ticket, configuration, stage


@dataclass(frozen=True, slots=True)
class Run:
    """An evaluation with its tickets that count, in order of number, and the answers there are.

    `scaled` are the places of the configurations of which it is settled whom the rule escalates.
    """

    evaluation: Evaluation
    askings: tuple[Asking, ...]
    tickets: tuple[EvaluationTicket, ...]
    answers: dict[Key, EvaluationAnswer]
    scaled: set[int]

    @property
    def is_complete(self) -> bool:
        if any(row.state == AnswerState.ASKED for row in self.answers.values()):
            return False
        return all(
            asking.place in self.scaled and not self.missing(asking, stage)
            for asking in self.askings
            for stage in (Stage.FIRST, Stage.STRONG)
        )

    def missing(self, asking: Asking, stage: Stage) -> list[tuple[EvaluationTicket, ...]]:
        """The tickets that this stage has not been asked about and, as far as is known, must be; by call."""
        if stage == Stage.FIRST:
            return list(self._unasked_packs(asking))
        return [(each,) for each in self._hard(asking) if self.row(each, asking, stage) is None]

    def alone(self) -> Iterator[tuple[EvaluationTicket, Asking, Stage]]:
        """Tickets whose batch or packed call brought nothing for them: to be asked live, one by one."""
        tickets = {each.pk: each for each in self.tickets}
        for (ticket_id, place, stage), row in list(self.answers.items()):
            if row.state == AnswerState.ASKED and row.batch_id is None:
                yield tickets[ticket_id], self.askings[place], stage

    def of(self, question: Question) -> list[EvaluationAnswer | None]:
        """The rows that stand for its tickets now."""
        return [self.row(each, question.asking, question.stage) for each in question.tickets]

    def keep(self, rows: Iterable[EvaluationAnswer]) -> None:
        self.answers.update({key_of(row): row for row in rows})

    def is_first_wave_over(self, asking: Asking) -> bool:
        """Whether every ticket has its first answer."""
        rows = (self.row(each, asking, Stage.FIRST) for each in self.tickets)
        return all(row is not None and row.state != AnswerState.ASKED for row in rows)

    def _unasked_packs(self, asking: Asking) -> Iterator[tuple[EvaluationTicket, ...]]:
        """A pack of which one has an answer was asked: the others of it are asked alone."""
        for pack in packs(self.tickets, asking, Stage.FIRST):
            unasked = [each for each in pack if self.row(each, asking, Stage.FIRST) is None]
            if len(unasked) == len(pack):
                yield pack
            else:
                yield from ((each,) for each in unasked)

    def _hard(self, asking: Asking) -> Iterator[EvaluationTicket]:
        """The tickets for the strong model, as far as it is known of them."""
        if not asking.model_of(Stage.STRONG):
            return
        for each in self.tickets:
            first = self.row(each, asking, Stage.FIRST)
            is_always = asking.configuration.asks_strong_always
            is_settled = asking.place in self.scaled and first is not None
            if is_always or (is_settled and first and escalation_of(first, asking.configuration)):
                yield each

    def row(
        self, ticket: EvaluationTicket, asking: Asking, stage: Stage
    ) -> EvaluationAnswer | None:
        return self.answers.get((ticket.pk, asking.place, stage))


def load(evaluation: Evaluation) -> Run:
    """The run as it stands now."""
    tickets = evaluation.tickets.exclude(part="").order_by("number")
    rows = EvaluationAnswer.objects.filter(ticket__evaluation=evaluation)
    askings = (
        Asking(
            evaluation_id=evaluation.pk,
            place=place,
            configuration=each,
            taxonomy=taxonomy.load(each.taxonomy_version_id),
            seed=evaluation.seed,
        )
        for place, each in enumerate(configurations_of(evaluation))
    )
    return Run(
        evaluation=evaluation,
        askings=tuple(askings),
        tickets=tuple(tickets),
        answers={key_of(row): row for row in rows},
        scaled=set(),
    )


def key_of(row: EvaluationAnswer) -> Key:
    return row.ticket_id, row.configuration, Stage(row.stage)
