"""The cascade's rule, as pure functions: when Sonnet decides, and whether a value is applied, suggested or withheld."""

from dataclasses import dataclass

from django.conf import settings

from triage.models import Decision
from triage.services.classification.answer import Answer
from triage.services.taxonomy import LabelSnapshot, Taxonomy


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The confidences, 0 to 1, from which a value is applied or at least suggested."""

    apply: float
    suggest: float

    def for_label(self, label: LabelSnapshot) -> float:
        return self.apply if label.threshold is None else label.threshold


def thresholds_in_force() -> Thresholds:
    return Thresholds(settings.TRIAGE_THRESHOLD_APPLY, settings.TRIAGE_THRESHOLD_SUGGEST)


def reason_to_escalate(answer: Answer, taxonomy: Taxonomy, thresholds: Thresholds) -> str:
    """Why the strong model must decide, in words; "" if the first model's label stands."""
    label = taxonomy.labels[answer.label.value]
    threshold = thresholds.for_label(label)
    if answer.label.confidence < threshold:
        return f"confidence {answer.label.confidence:.2f} is below {threshold:.2f}"
    if label.always_escalate:
        return f"“{label.name}” is always escalated"
    second = taxonomy.labels[answer.runner_up.value] if answer.runner_up else None
    if second and second.always_escalate:
        return f"the second choice “{second.name}” is always escalated"
    return ""


def decide_label(
    confidence: float,
    label: LabelSnapshot,
    thresholds: Thresholds,
    *,
    is_flagged: bool,
    is_outage: bool,
) -> Decision:
    """Whether the label is applied.

    Args:
        is_flagged: The ticket has text that reads like an instruction.
        is_outage: The strong model should have decided and could not.
    """
    is_sure = confidence >= thresholds.for_label(label)
    if is_sure and label.auto_apply and not is_flagged and not is_outage:
        return Decision.APPLIED
    return Decision.SUGGESTED if confidence >= thresholds.suggest else Decision.WITHHELD


def decide_side(confidence: float, thresholds: Thresholds, *, label: Decision) -> Decision:
    """Whether a priority, sentiment or language is applied: only beside an applied label."""
    if confidence >= thresholds.apply and label is Decision.APPLIED:
        return Decision.APPLIED
    return Decision.SUGGESTED if confidence >= thresholds.suggest else Decision.WITHHELD
