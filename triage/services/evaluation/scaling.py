"""What models stated, as chances of being right: worked out once all answers of a stage are there, and kept with them.

What decides must not move while a run goes on, nor after it, whatever calibrator or local model is in use by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from triage.exceptions import InvalidInput
from triage.models import (
    AnswerState,
    Calibrator,
    EvaluationAnswer,
    EvaluationState,
    EvaluationTicket,
    Part,
    Stage,
)
from triage.services.classification import stage_0
from triage.services.classification.calibrating import LOCAL_VERSION, weighs_local
from triage.services.evaluation import claims
from triage.services.evaluation.asking import Asking
from triage.services.evaluation.claims import Claimed
from triage.services.evaluation.configurations import OWN
from triage.services.evaluation.learnt import find_learnt
from triage.services.evaluation.reading import said_of, text_of, usable
from triage.services.evaluation.ruling import escalation_of
from triage.services.evaluation.signalling import signals_of
from triage.services.evaluation.stopping import Stop
from triage.services.evaluation.work import Run
from triage.services.statistics.calibrating import fit_signals
from triage.services.statistics.duplicates import digest
from triage.services.statistics.signals import Signalled, Signals, from_json

GONE = "its calibrator {} is not there any more"
REPLACED = "the local model that its calibrator {} weighs was replaced meanwhile: evaluate anew"
UNREADABLE = "its calibrator {} cannot be read"
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Answered:
    """A usable answer, with the first one to the same ticket."""

    ticket: EvaluationTicket
    row: EvaluationAnswer
    first: EvaluationAnswer | None

    @property
    def signals(self) -> Signals:
        before = None if self.first is self.row else usable(self.first)
        return signals_of(said_of(self.row), before=before)


def scale_firsts(run: Run, claimed: Claimed) -> bool:
    """Settle whom the rule escalates, as soon as every ticket has its first answer; whether that was news.

    Raises:
        Stop: A calibrator is not there any more.
        ClaimLost: Somebody ended the run, or another process goes on with it.
    """
    ready = [
        asking
        for asking in run.askings
        if asking.place not in run.scaled and run.is_first_wave_over(asking)
    ]
    for asking in ready:
        _scale(run, asking, Stage.FIRST, claimed)
        run.scaled.add(asking.place)
    return bool(ready)


def scale_strongs(run: Run, claimed: Claimed) -> None:
    """The same for the strong models' answers, once all are there."""
    for asking in run.askings:
        _scale(run, asking, Stage.STRONG, claimed)


def _scale(run: Run, asking: Asking, stage: Stage, claimed: Claimed) -> None:
    answered = _answered(run, asking, stage)
    rows = [each.row for each in answered]
    if not rows or any(row.chance is not None or row.local_chance is not None for row in rows):
        return  # a slice before this one has been here
    _add_local_chances(answered, asking, stage)
    calibrator, knows_local = _calibrator(answered, asking, stage)
    for each in answered:
        signals = each.signals if knows_local else replace(each.signals, local_chance=None)
        each.row.chance = calibrator.chance(signals) if calibrator else None
    if all(row.chance is None and row.local_chance is None for row in rows):
        return
    with transaction.atomic():
        claims.lock(claimed)
        EvaluationAnswer.objects.bulk_update(rows, ["local_chance", "chance"], batch_size=AT_ONCE)


def _answered(run: Run, asking: Asking, stage: Stage) -> list[Answered]:
    found = []
    for ticket in run.tickets:
        row, first = (run.row(ticket, asking, each) for each in (stage, Stage.FIRST))
        if row is not None and row.state == AnswerState.ANSWERED:
            found.append(Answered(ticket, row, first))
    return found


def _add_local_chances(answered: Sequence[Answered], asking: Asking, stage: Stage) -> None:
    """But for tickets that the local model may have learnt from.

    Calibrators of the run's own do without, where that is one of those that prove: else these would be judged on another scale
    than tickets that come.
    """
    local = stage_0.champion()
    if local is None or local.version != asking.configuration.local_version:
        return
    learnt = find_learnt(local)
    texts = [text_of(each.ticket) for each in answered]
    is_own = asking.configuration.calibrator_of(stage) == OWN
    if is_own and any(digest(text) in learnt for text in _proving(answered)):
        return
    labels = [each.row.label for each in answered]
    chances = stage_0.chances_beside(texts, labels, model=asking.model_of(stage))
    for each, text, chance in zip(answered, texts, chances, strict=True):
        each.row.local_chance = None if digest(text) in learnt else chance


def _proving(answered: Sequence[Answered]) -> list[str]:
    return [text_of(each.ticket) for each in answered if each.ticket.part != Part.CALIBRATE]


def _calibrator(
    answered: Sequence[Answered], asking: Asking, stage: Stage
) -> tuple[Signalled | None, bool]:
    """What the configuration calibrates this stage with, and whether it knows the chances of this local model."""
    version = asking.configuration.calibrator_of(stage)
    if version == OWN:
        return _own(answered, asking, stage), True
    if not version:
        return None, False
    row = Calibrator.objects.filter(stage=stage, version=version).first()
    if row is None:
        raise Stop(GONE.format(version), state=EvaluationState.FAILED)
    knows_local = row.parameters.get(LOCAL_VERSION, "") == asking.configuration.local_version
    if knows_local and weighs_local(row) and _champion_version() != row.parameters[LOCAL_VERSION]:
        raise Stop(REPLACED.format(version), state=EvaluationState.FAILED)
    try:
        return from_json(row.parameters), knows_local
    except InvalidInput as error:
        raise Stop(UNREADABLE.format(version), state=EvaluationState.FAILED) from error


def _champion_version() -> str:
    local = stage_0.champion()
    return local.version if local else ""


def _own(answered: Sequence[Answered], asking: Asking, stage: Stage) -> Signalled | None:
    """Fitted on the tickets for calibrating; None where they are too few, and what was stated stays."""
    fitting = [
        each
        for each in answered
        if each.ticket.part == Part.CALIBRATE
        and (stage is Stage.FIRST or _is_escalated(each, asking))
    ]
    try:
        are_right = [each.row.label == each.ticket.label for each in fitting]
        return fit_signals([each.signals for each in fitting], are_right)
    except InvalidInput:
        return None


def _is_escalated(each: Answered, asking: Asking) -> bool:
    return each.first is not None and bool(escalation_of(each.first, asking.configuration))
