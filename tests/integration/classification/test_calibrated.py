"""A calibrator in use: thresholds compare with the calibrated confidence, and both numbers are kept."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from tests.integration.classification.batching_cases import drive, work_queued
from tests.integration.classification.calibrated_cases import HALF, MODEST, put_to_use
from tests.integration.classification.cases import (
    Desk,
    by_model,
    decision_on,
    features,
    says,
)
from tests.integration.classification.stage_0_cases import REFUND_TEXT, crown
from tests.unit.gateway.upstream import Canned, Upstream
from triage.models import Decision, Label, Stage
from triage.services import batches, taxonomy
from triage.services.classification.calibrating import (
    GUIDE,
    LOCAL_VERSION,
    SIMULATED,
    why_passed_over,
)
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5, SONNET
from triage.services.statistics.signals import Signal, Signalled
from triage.simulator import RunningSimulator

APPLIED, SUGGESTED = Decision.APPLIED, Decision.SUGGESTED


def from_sonnet(slug: str, confidence: float) -> Canned:
    """An answer that says it is Sonnet's."""
    said = says(slug, confidence)
    return replace(said, body=said.body | {"model": SONNET})


def test_a_confidence_is_calibrated_before_the_rule_is_asked(
    desk: Desk, upstream: Upstream
) -> None:
    put_to_use()
    upstream.script = by_model(says("refund", 0.95), says("refund", 0.9))
    ticket = desk.receive()

    run = desk.triage(ticket)

    assert features(ticket) == ["classify", "escalate"]
    assert run.escalation_reason == "confidence 0.81 is below 0.85"
    # The strong model has no calibrator.
    assert (run.calibrator, decision_on(run).confidence) == ("", 0.9)
    assert decision_on(run).stated is None
    assert run.first_answer is not None
    assert run.first_answer["label"]["stated"] == 0.95


def test_both_confidences_and_the_version_are_kept(desk: Desk, upstream: Upstream) -> None:
    put_to_use()
    upstream.script = by_model(says("refund", 0.99, runner_up="login", runner_up_confidence=0.01))

    run = desk.triage(desk.receive())

    row = decision_on(run)
    assert (run.stage, row.decision, row.stated) == (Stage.FIRST, APPLIED, 0.99)
    assert row.confidence == pytest.approx(0.909, abs=0.001)
    assert run.calibrator == MODEST.version
    # The second choice's number is stated, and stands beside no calibrated one.
    assert row.alternatives == [{"value": "login", "confidence": None}]


def test_the_strong_models_confidence_is_calibrated_by_its_own(
    desk: Desk, upstream: Upstream
) -> None:
    agreed = Signalled(500, {Signal.STATED: 0.5, Signal.AGREED: 2.0}, 0.0, HALF)
    put_to_use(agreed, stage=Stage.STRONG, model=SONNET)
    upstream.script = by_model(says("refund", 0.7), from_sonnet("refund", 0.9))
    same = desk.triage(desk.receive())
    upstream.script = by_model(says("login", 0.7), from_sonnet("refund", 0.9))
    other = desk.triage(desk.receive("My order is broken and I cannot sign in."))

    # Half the log-odds of 0.9 are 1.1; agreement adds 2.
    assert decision_on(same).confidence == pytest.approx(0.957, abs=0.001)
    assert decision_on(same).decision == APPLIED
    assert decision_on(other).confidence == pytest.approx(0.75)
    assert decision_on(other).decision == SUGGESTED
    assert same.calibrator == agreed.version


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model": HAIKU_4_5}, "it was fitted on answers of Haiku 4.5, and Haiku 5.5 is asked now"),
        ({"beside": {GUIDE: "another"}}, "it was fitted with another guide"),
        ({"beside": {SIMULATED: False}}, "it was fitted on real answers"),
        ({"beside": {"format": 99}}, ""),
    ],
    ids=["model", "guide", "real", "not readable"],
)
def test_a_calibrator_that_does_not_fit_is_passed_over(
    desk: Desk, upstream: Upstream, changes: dict[str, Any], why: str
) -> None:
    row = put_to_use(**changes)
    upstream.script = by_model(says("refund", 0.95))

    run = desk.triage(desk.receive())

    assert (run.stage, run.calibrator, decision_on(run).confidence) == (Stage.FIRST, "", 0.95)
    assert why_passed_over(row, taxonomy.current()).startswith(why)


def test_a_calibrator_of_simulated_answers_never_speaks_for_claude(
    desk: Desk, upstream: Upstream, settings: Settings
) -> None:
    settings.TRIAGE_SIMULATOR = False
    row = put_to_use()
    upstream.script = by_model(says("refund", 0.99))

    assert desk.triage(desk.receive()).calibrator == ""
    assert "simulator" in why_passed_over(row, taxonomy.current())


def test_a_switch_of_a_label_keeps_the_calibrator_and_new_words_in_the_guide_do_not(
    desk: Desk, upstream: Upstream
) -> None:
    put_to_use()
    upstream.script = by_model(says("refund", 0.99))
    Label.objects.filter(slug="login").update(auto_apply=True, auto_apply_reason="tests")
    taxonomy.publish(by=User.objects.system())
    assert desk.triage(desk.receive()).calibrator

    Label.objects.filter(slug="login").update(description="Whoever cannot get in.")
    taxonomy.publish(by=User.objects.system())

    assert not desk.triage(desk.receive("A broken order again.")).calibrator


def test_the_local_models_chance_is_a_signal_where_it_is_trusted_beside_that_model(
    desk: Desk, upstream: Upstream
) -> None:
    champion = crown(trust={HAIKU: 0.9})
    with_local = Signalled(500, {Signal.STATED: 0.2, Signal.LOCAL: 1.0}, 0.0, HALF)
    put_to_use(with_local, beside={LOCAL_VERSION: champion.version})
    upstream.script = by_model(says("refund", 0.9), says("legal", 0.9))
    agreed = desk.triage(desk.receive(REFUND_TEXT))
    upstream.script = by_model(says("login", 0.9), says("legal", 0.9))
    apart = desk.triage(desk.receive(f"{REFUND_TEXT} Thanks."))

    assert (agreed.stage, agreed.calibrator) == (Stage.FIRST, with_local.version)
    assert (decision_on(agreed).confidence or 0) > 0.99
    # The local model is sure of another label: Claude's, as surely as it was stated, counts for little.
    assert apart.escalation_reason.startswith("confidence 0.")
    assert apart.stage == Stage.STRONG


@pytest.mark.parametrize(
    "changes", [{"trust": {}}, {"version": "newer"}], ids=["not trusted", "another model"]
)
def test_without_the_chance_that_it_was_fitted_with_the_stated_confidence_is_calibrated_alone(
    desk: Desk, upstream: Upstream, changes: dict[str, Any]
) -> None:
    champion = crown(**{"trust": {HAIKU: 0.9}} | changes)
    with_local = Signalled(500, {Signal.STATED: 0.2, Signal.LOCAL: 1.0}, 0.0, HALF)
    version = "older" if "version" in changes else champion.version
    put_to_use(with_local, beside={LOCAL_VERSION: version})
    upstream.script = by_model(says("refund", 0.99))

    run = desk.triage(desk.receive(REFUND_TEXT))

    assert decision_on(run).confidence == pytest.approx(HALF.chance(0.99))


@pytest.mark.usefixtures("broker", "quick_batches")
def test_a_backfill_sends_to_the_strong_model_what_the_calibrated_confidence_says(
    desk: Desk, claude: RunningSimulator
) -> None:
    timid = Signalled(500, {Signal.STATED: 0.0}, -2.0, HALF)
    put_to_use(timid)
    ticket = desk.receive(REFUND_TEXT)

    batches.submit_backfill()
    drive()
    work_queued()

    run = ticket.runs.get()
    assert (run.stage, run.escalation_reason[:15]) == (Stage.STRONG, "confidence 0.12")
    assert all(row["batch_id"] for row in claude.bill()["requests"])
