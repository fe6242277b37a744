"""The cascade's rule, case by case and for any numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from tests.unit.classification.builders import answer, label, taxonomy
from triage.models import Decision
from triage.services.classification.rule import (
    Thresholds,
    decide_label,
    decide_side,
    reason_to_escalate,
    thresholds_in_force,
)
from triage.services.taxonomy import LabelSnapshot

USUAL = Thresholds(apply=0.85, suggest=0.50)
PLAIN = label("refund")
AUTO = label("refund", auto_apply=True)
STRICT = label("refund", auto_apply=True, threshold=0.95)
LENIENT = label("refund", auto_apply=True, threshold=0.6)
ANYTHING = label("refund", auto_apply=True, threshold=0.0)
BELOW_SUGGEST = label("refund", auto_apply=True, threshold=0.3)
APPLIED, SUGGESTED, WITHHELD = Decision.APPLIED, Decision.SUGGESTED, Decision.WITHHELD

confidences = st.floats(0, 1)
labels = st.builds(
    label,
    st.just("refund"),
    auto_apply=st.booleans(),
    always_escalate=st.booleans(),
    threshold=st.none() | confidences,
)


@st.composite
def thresholds(draw: st.DrawFn) -> Thresholds:
    suggest, apply = sorted((draw(confidences), draw(confidences)))
    return Thresholds(apply=apply, suggest=suggest)


# --- applied, suggested, withheld


@pytest.mark.parametrize(
    ("confidence", "of", "is_flagged", "is_outage", "expected"),
    [
        (1.0, AUTO, False, False, APPLIED),
        (0.85, AUTO, False, False, APPLIED),
        (0.8499, AUTO, False, False, SUGGESTED),
        (0.50, AUTO, False, False, SUGGESTED),
        (0.4999, AUTO, False, False, WITHHELD),
        (0.0, AUTO, False, False, WITHHELD),
        (1.0, AUTO, True, False, SUGGESTED),
        (1.0, AUTO, False, True, SUGGESTED),
        (1.0, AUTO, True, True, SUGGESTED),
        (0.4, AUTO, True, True, WITHHELD),
        (1.0, PLAIN, False, False, SUGGESTED),
        (0.85, PLAIN, False, False, SUGGESTED),
        (0.4, PLAIN, False, False, WITHHELD),
        (0.94, STRICT, False, False, SUGGESTED),
        (0.95, STRICT, False, False, APPLIED),
        (0.6, LENIENT, False, False, APPLIED),
        (0.59, LENIENT, False, False, SUGGESTED),
        (0.3, BELOW_SUGGEST, False, False, APPLIED),
        (0.3, BELOW_SUGGEST, True, False, WITHHELD),
        (0.29, BELOW_SUGGEST, False, False, WITHHELD),
        (0.0, ANYTHING, False, False, APPLIED),
    ],
)
def test_the_label_is_applied_suggested_or_withheld(
    confidence: float, of: LabelSnapshot, is_flagged: bool, is_outage: bool, expected: Decision
) -> None:
    decision = decide_label(confidence, of, USUAL, is_flagged=is_flagged, is_outage=is_outage)

    assert decision is expected


@given(confidences, labels, thresholds(), st.booleans(), st.booleans())
def test_applied_means_sure_allowed_unflagged_and_without_outage(
    confidence: float, of: LabelSnapshot, limits: Thresholds, is_flagged: bool, is_outage: bool
) -> None:
    decision = decide_label(confidence, of, limits, is_flagged=is_flagged, is_outage=is_outage)

    own = limits.apply if of.threshold is None else of.threshold
    may_apply = of.auto_apply and confidence >= own and not is_flagged and not is_outage
    assert (decision is APPLIED) == may_apply
    assert (decision is WITHHELD) == (not may_apply and confidence < limits.suggest)


# --- when the strong model decides

EASY = label("easy")
OTHER = label("other")
HARD = label("hard", name="Legal threat", always_escalate=True)
CHOOSY = label("choosy", threshold=0.95)
RELAXED = label("relaxed", threshold=0.4)
ALL = taxonomy(EASY, OTHER, HARD, CHOOSY, RELAXED)


@pytest.mark.parametrize(
    ("slug", "confidence", "second", "why"),
    [
        ("easy", 0.85, None, ""),
        ("easy", 0.85, "other", ""),
        ("easy", 1.0, "choosy", ""),
        ("easy", 0.84, None, "confidence 0.84 is below 0.85"),
        ("easy", 0.0, "other", "confidence 0.00 is below 0.85"),
        ("choosy", 0.94, None, "confidence 0.94 is below 0.95"),
        ("choosy", 0.95, None, ""),
        ("relaxed", 0.41, None, ""),
        ("relaxed", 0.39, None, "confidence 0.39 is below 0.40"),
        ("hard", 1.0, None, "“Legal threat” is always escalated"),
        ("hard", 1.0, "easy", "“Legal threat” is always escalated"),
        ("easy", 1.0, "hard", "the second choice “Legal threat” is always escalated"),
        ("hard", 0.1, None, "confidence 0.10 is below 0.85"),
    ],
)
def test_the_strong_model_decides_what_is_unsure_or_hard(
    slug: str, confidence: float, second: str | None, why: str
) -> None:
    assert reason_to_escalate(answer(slug, confidence, second), ALL, USUAL) == why


@given(
    confidences,
    labels,
    st.none() | st.builds(label, st.just("second"), always_escalate=st.booleans()),
    thresholds(),
)
def test_the_first_model_decides_only_what_is_sure_and_not_hard(
    confidence: float, first: LabelSnapshot, second: LabelSnapshot | None, limits: Thresholds
) -> None:
    of = taxonomy(first, second) if second else taxonomy(first)

    reason = reason_to_escalate(
        answer("refund", confidence, "second" if second else None), of, limits
    )

    own = limits.apply if first.threshold is None else first.threshold
    is_hard = first.always_escalate or (second is not None and second.always_escalate)
    assert bool(reason) == (confidence < own or is_hard)


# --- the other fields


@pytest.mark.parametrize(
    ("confidence", "beside", "expected"),
    [
        (0.85, APPLIED, APPLIED),
        (0.84, APPLIED, SUGGESTED),
        (0.50, APPLIED, SUGGESTED),
        (0.49, APPLIED, WITHHELD),
        (1.0, SUGGESTED, SUGGESTED),
        (1.0, WITHHELD, SUGGESTED),
        (0.49, WITHHELD, WITHHELD),
    ],
)
def test_a_side_field_is_applied_only_beside_an_applied_label(
    confidence: float, beside: Decision, expected: Decision
) -> None:
    assert decide_side(confidence, USUAL, label=beside) is expected


@given(confidences, thresholds(), st.sampled_from(Decision))
def test_a_side_field_follows_its_own_confidence(
    confidence: float, limits: Thresholds, beside: Decision
) -> None:
    decision = decide_side(confidence, limits, label=beside)

    may_apply = beside is APPLIED and confidence >= limits.apply
    assert (decision is APPLIED) == may_apply
    assert (decision is WITHHELD) == (not may_apply and confidence < limits.suggest)


def test_the_thresholds_in_force_are_the_settings(settings: Settings) -> None:
    assert thresholds_in_force() == USUAL

    settings.TRIAGE_THRESHOLD_APPLY, settings.TRIAGE_THRESHOLD_SUGGEST = 0.9, 0.4

    assert thresholds_in_force() == Thresholds(apply=0.9, suggest=0.4)
