"""Asking in batches: a wave for the first model, then one for the strong model, each tied to its tickets as it is written.

A batch is handed in, polled and collected by whoever steps the gateway's batches; here only what it brought is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, takewhile
from time import monotonic
from typing import Any

from triage.exceptions import (
    AnswerCut,
    AnswerIncomplete,
    AnswerRefused,
    AnswerUnusable,
    GatewayError,
)
from triage.models import (
    AnswerState,
    Batch,
    Call,
    EvaluationAnswer,
    EvaluationState,
    EvaluationTicket,
    Stage,
)
from triage.models.ledger import CallState
from triage.services.evaluation.asking import (
    Asking,
    Question,
    build_question,
    find_stored,
    read_answers,
    save,
    submit,
    unanswered,
    unusable,
)
from triage.services.evaluation.claims import Claimed
from triage.services.evaluation.quoting import packs
from triage.services.evaluation.reading import ABOUT
from triage.services.evaluation.spending import Purse
from triage.services.evaluation.stopping import BUDGET_USED, Stop, reason_to_stop
from triage.services.evaluation.work import Run, key_of
from triage.services.gateway.batches import CANCELED, ENDED, LINES_AT_MOST

UNUSABLE: Mapping[str, AnswerUnusable] = {
    AnswerRefused.code: AnswerRefused("Claude declined to answer this."),
    AnswerCut.code: AnswerCut("Claude's answer was cut off at its length limit."),
    AnswerIncomplete.code: AnswerIncomplete("Claude's answer broke off."),
}
CallRow = Mapping[str, Any]


def collect(run: Run) -> None:
    """Read what ended batches have brought. A line without an answer leaves its ticket `asked`, to be asked live.

    One that was cancelled with its batch leaves no trace: nobody was asked.
    """
    waiting = [row for row in run.answers.values() if is_in_batch(row)]
    ended = Batch.objects.filter(pk__in={row.batch_id for row in waiting}, state__in=ENDED)
    for batch_id in ended.values_list("pk", flat=True):
        calls = _calls_of(batch_id)
        for question in _questions_of(run, [row for row in waiting if row.batch_id == batch_id]):
            if _was_cancelled(question, calls):
                _forget(run, question)
                continue
            call = calls.get(question.about.id)
            rows = _rows(question, call)
            is_open = rows[0].state == AnswerState.ASKED and not question.is_packed
            # What a single line cost without an answer is counted with the live call that follows it.
            save(rows, cost_nanousd=call["cost_nanousd"] if call and not is_open else 0)
            run.keep(rows)


def _was_cancelled(question: Question, calls: Mapping[str, CallRow]) -> bool:
    """Whether nobody was asked. One that shares its line with an equal question has no call here, and finds no reply then."""
    if call := calls.get(question.about.id):
        return bool(call["error"] == CANCELED)
    some_were = any(each["error"] == CANCELED for each in calls.values())
    return some_were and not find_stored(question)


def _forget(run: Run, question: Question) -> None:
    """Its tickets are missing again, as before they were put into the batch."""
    rows = [row for row in run.of(question) if row]
    EvaluationAnswer.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for row in rows:
        del run.answers[key_of(row)]


def submit_missing(run: Run, claimed: Claimed, purse: Purse, *, until: float) -> None:
    """Write batches with all that can be asked now, as far as the money goes; the rest follows when some is free again.

    Raises:
        Stop: There is no money for a single line and none will be free, or going on makes no sense.
        ClaimLost: Somebody ended the run, or another process goes on with it.
    """
    for asking in run.askings:
        for stage in (Stage.FIRST, Stage.STRONG):
            if stage == Stage.STRONG and not _may_begin_strong(run, asking):
                continue
            # Packed and single calls have a schema each, and the lines of a batch share one.
            for _, some in groupby(run.missing(asking, stage), key=lambda pack: len(pack) > 1):
                questions = [_line(tickets, asking, stage) for tickets in some]
                if monotonic() > until or not _submit_all(run, claimed, purse, questions):
                    return


def _line(tickets: Sequence[EvaluationTicket], asking: Asking, stage: Stage) -> Question:
    return build_question(tickets, asking, stage=stage, is_batch=True)


def is_in_batch(row: EvaluationAnswer) -> bool:
    return row.state == AnswerState.ASKED and row.batch_id is not None


def _may_begin_strong(run: Run, asking: Asking) -> bool:
    """At once where all are asked anyway, else when it is known who is."""
    return asking.configuration.asks_strong_always or run.is_first_wave_over(asking)


def _submit_all(run: Run, claimed: Claimed, purse: Purse, questions: Sequence[Question]) -> bool:
    """Whether there was money for all of them, and the gateway took them."""
    for start in range(0, len(questions), LINES_AT_MOST):
        lines = questions[start : start + LINES_AT_MOST]
        paid_for = list(takewhile(lambda each: purse.take(each.bound_nanousd), lines))
        if not paid_for and not any(map(is_in_batch, run.answers.values())):
            raise Stop(BUDGET_USED, state=EvaluationState.CANCELLED)
        if not paid_for or not _submit(run, claimed, paid_for):
            return False
        if len(paid_for) < len(lines):
            return False
    return True


def _submit(run: Run, claimed: Claimed, questions: Sequence[Question]) -> bool:
    """Raises Stop where the gateway refuses them for good; False where it may take them later."""
    try:
        submit(questions, claimed)
    except GatewayError as error:
        if stop := reason_to_stop(error):
            raise stop from error
        return False
    asking, stage = questions[0].asking, questions[0].stage
    tickets = [ticket for question in questions for ticket in question.tickets]
    run.keep(
        EvaluationAnswer.objects.filter(ticket__in=tickets, configuration=asking.place, stage=stage)
    )
    return True


def _calls_of(batch_id: int) -> dict[str, CallRow]:
    """The batch's calls by the ticket that each is about."""
    rows = Call.objects.filter(attempts__batch_id=batch_id, about_kind=ABOUT)
    values = rows.values("pk", "about_id", "state", "error", "cost_nanousd", "prompt__reply")
    return {row["about_id"]: row for row in values}


def _questions_of(run: Run, rows: Iterable[EvaluationAnswer]) -> Iterator[Question]:
    """What was asked in a batch, from the tickets that wait for it."""
    waiting = {(row.ticket_id, row.configuration, Stage(row.stage)): row for row in rows}
    for asking in run.askings:
        for stage in (Stage.FIRST, Stage.STRONG):
            for pack in packs(run.tickets, asking, stage):
                mine = [each for each in pack if (each.pk, asking.place, stage) in waiting]
                sizes = {waiting[each.pk, asking.place, stage].tickets_in_call for each in mine}
                if sizes == {len(pack)}:
                    yield _line(mine, asking, stage)
                else:
                    yield from (_line([each], asking, stage) for each in mine)


def _rows(question: Question, call: CallRow | None) -> list[EvaluationAnswer]:
    """What the line said. Equal questions share one line; the other ones find its reply stored."""
    if call is None:
        text = find_stored(question)
        return read_answers(question, text, call_id=None) if text else unanswered(question)
    if call["state"] == CallState.ANSWERED and call["prompt__reply"]:
        return read_answers(question, call["prompt__reply"], call_id=call["pk"])
    if error := UNUSABLE.get(call["error"]):
        return unusable(question, error, call_id=call["pk"])
    return unanswered(question)
