"""The cascade's rule on the kept answers of an evaluation. Pure but for the taxonomy, which is read once a process."""

from triage.models import AnswerState, EvaluationAnswer
from triage.services import taxonomy
from triage.services.classification.answer import Answer, Guess
from triage.services.classification.rule import Thresholds, reason_to_escalate
from triage.services.evaluation.configurations import Configuration


def strong_model_of(configuration: Configuration) -> str:
    """The strong model; "" where there is none, or where it is the first one, which would only repeat itself."""
    same = configuration.strong_model == configuration.first_model
    return "" if same else configuration.strong_model


def escalation_of(first: EvaluationAnswer, configuration: Configuration) -> str:
    """Why the strong model is asked after this answer of the first one, in words; "" where it is not.

    Of a configuration that calibrates nobody can say before `scaling` has been there.
    """
    if not strong_model_of(configuration):
        return ""
    if first.state != AnswerState.ANSWERED:
        return first.problem or "no usable answer"
    thresholds = Thresholds(configuration.apply, configuration.suggest)
    labels = taxonomy.load(configuration.taxonomy_version_id)
    return reason_to_escalate(_answer(first), labels, thresholds)


def _answer(row: EvaluationAnswer) -> Answer:
    runner_up = Guess(row.runner_up, row.runner_up_confidence or 0.0) if row.runner_up else None
    sure = row.confidence if row.chance is None else row.chance
    return Answer(Guess(row.label, sure or 0.0), runner_up, reason="", sides={})
