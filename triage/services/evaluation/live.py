"""Asking live, a few at a time: each answer is saved as it comes, so that a kill costs no more than what is in flight."""

from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from time import monotonic

from triage.exceptions import GatewayError
from triage.models import EvaluationAnswer, EvaluationState, EvaluationTicket, Obtained, Stage
from triage.models.ledger import CallState
from triage.services.evaluation import claims, stopping
from triage.services.evaluation.asking import (
    Asking,
    Question,
    ask,
    build_question,
    calls_of,
    paid_nanousd,
    read_answers,
    save,
    unusable,
)
from triage.services.evaluation.claims import Claimed
from triage.services.evaluation.spending import Purse
from triage.services.evaluation.stopping import BUDGET_USED, Stop
from triage.services.evaluation.work import Key, Run
from triage.services.gateway import Reply

AT_ONCE = 4
ASK_SECONDS = 25.0  # a call's deadline: what is underway when a slice ends is over soon after
TRIES = 3  # calls that reached the provider and failed, before that is the answer
FAILURES_IN_A_ROW = 6  # an outage: the run waits
NOT_TIMED = frozenset({Obtained.STORED, Obtained.JOINED})
Todo = tuple[tuple[EvaluationTicket, ...], Asking, Stage]


@dataclass(slots=True)
class Slice:
    """A stretch of live asking: until when (monotonic), with what money, and what came of it.

    `tried` has failed for now and has its next chance in the next slice. `stop` is why the run must not go on.
    """

    run: Run
    claimed: Claimed
    purse: Purse
    until: float
    tried: set[Key] = field(default_factory=set)
    failures: int = 0
    stop: Stop | None = None

    @property
    def is_outage(self) -> bool:
        return self.failures >= FAILURES_IN_A_ROW

    @property
    def is_over(self) -> bool:
        return self.stop is not None or self.is_outage or monotonic() >= self.until


def ask_what_is_left(now: Slice, *, is_alone: bool = False) -> None:
    """Ask what is missing, live, as long as the slice lasts.

    Args:
        is_alone: Only what a batch brought no answer for.

    Raises:
        Stop: The budget is used up, or going on makes no sense. What was underway is saved.
        ClaimLost: Somebody ended the run, or another process goes on with it; likewise.
    """
    while not now.is_over and (todo := _todo(now, is_alone)):
        _ask_all(now, todo)
    if now.stop:
        raise now.stop


def _todo(now: Slice, is_alone: bool) -> list[Todo]:
    run = now.run
    left: list[Todo] = [((ticket,), asking, stage) for ticket, asking, stage in run.alone()]
    if not is_alone:
        left += [
            (tickets, asking, stage)
            for asking in run.askings
            for stage in (Stage.FIRST, Stage.STRONG)
            for tickets in run.missing(asking, stage)
        ]
    return [each for each in left if not now.tried & _keys(*each)]


def _keys(tickets: Iterable[EvaluationTicket], asking: Asking, stage: Stage) -> set[Key]:
    return {(each.pk, asking.place, stage) for each in tickets}


def _ask_all(now: Slice, todo: Iterable[Todo]) -> None:
    underway: dict[Future[Reply], Question] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="evaluation") as pool:
        try:
            for tickets, asking, stage in todo:
                question = build_question(tickets, asking, stage=stage, is_batch=False)
                if not _may_ask(now, question, underway):
                    break
                underway[pool.submit(ask, question, deadline_seconds=ASK_SECONDS)] = question
        finally:
            while underway:
                _settle_some(now, underway)


def _may_ask(now: Slice, question: Question, underway: dict[Future[Reply], Question]) -> bool:
    """Whether there are time and money for it, after waiting for what is underway."""
    while len(underway) >= AT_ONCE:
        _settle_some(now, underway)
    if now.is_over:
        return False
    claims.check_running(now.claimed)
    while not now.purse.take(question.bound_nanousd):
        if not underway:
            now.stop = Stop(BUDGET_USED, state=EvaluationState.CANCELLED)
            return False
        _settle_some(now, underway)
    return True


def _settle_some(now: Slice, underway: dict[Future[Reply], Question]) -> None:
    done, _ = wait(underway, return_when=FIRST_COMPLETED)
    for future in done:
        _settle(now, underway.pop(future), future)


def _settle(now: Slice, question: Question, future: Future[Reply]) -> None:
    """Save what was answered, and count what it did not cost as money again."""
    try:
        reply = future.result()
        cost = reply.cost_nanousd
        rows = _answered(now, question, reply)
    except GatewayError as error:
        cost = error.cost_nanousd
        rows = _failed(now, question, error)
    now.purse.give_back(question.bound_nanousd - cost)
    if rows:
        save(rows, cost_nanousd=paid_nanousd(question), carried=now.run.of(question))
        now.run.keep(rows)


def _answered(now: Slice, question: Question, reply: Reply) -> list[EvaluationAnswer]:
    now.failures = 0
    latency = None if reply.obtained in NOT_TIMED else reply.latency_ms
    return read_answers(question, reply.text, call_id=reply.call_id, latency_ms=latency)


def _failed(now: Slice, question: Question, error: GatewayError) -> list[EvaluationAnswer]:
    """The rows of a failure that is final; none where it is asked again later."""
    if stopping.is_about_the_ticket(error):
        now.failures = 0
        return unusable(question, error, call_id=None)
    now.stop = now.stop or stopping.reason_to_stop(error)
    now.failures += 1
    now.tried |= _keys(question.tickets, question.asking, question.stage)
    failed = calls_of(question).filter(state=CallState.FAILED, tries__gte=1).count()
    is_final = now.stop is None and failed >= TRIES
    return unusable(question, error, call_id=None) if is_final else []
