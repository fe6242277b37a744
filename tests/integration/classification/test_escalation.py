"""The strong model: when it is asked, what is kept of the first, and what happens when it is not there."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.integration.classification.cases import (
    REFUND_TEXT,
    Desk,
    by_model,
    decision_on,
    decisions,
    features,
    ledger_nanousd,
    says,
)
from tests.unit.gateway.upstream import Canned, Upstream, failure, message
from triage.models import Decision, Field, Obtained, Stage, State
from triage.services import classification
from triage.services.classification import prompt, recording
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5, SONNET, SONNET_5
from triage.simulator import RunningSimulator

APPLIED, SUGGESTED, WITHHELD = Decision.APPLIED, Decision.SUGGESTED, Decision.WITHHELD
LEGAL_TEXT = "My lawyer will see you in court over this legal matter."
NOT_JSON = message("I think it is a refund.")


def models_on(bill: dict[str, list[dict[str, str]]]) -> list[str]:
    return [row["model"] for row in bill["requests"]]


def test_a_hard_label_of_the_simulator_is_decided_by_sonnet(
    desk: Desk, claude: RunningSimulator
) -> None:
    ticket = desk.receive(LEGAL_TEXT)

    run = desk.triage(ticket)

    assert (run.stage, run.model_served, run.escalated) == (Stage.STRONG, SONNET, True)
    assert run.escalation_reason
    assert run.first_answer is not None
    assert models_on(claude.bill()) == [HAIKU, SONNET]
    assert run.cost_nanousd == ledger_nanousd(ticket) == claude.bill()["totals"]["cost_nanousd"]


def test_an_unsure_answer_is_escalated_and_kept_beside_the_strong_one(
    desk: Desk, upstream: Upstream
) -> None:
    upstream.script = by_model(
        says("login", 0.6, runner_up="refund", runner_up_confidence=0.3),
        says("refund", 0.97, reason="A broken order."),
    )
    ticket = desk.receive()

    run = desk.triage(ticket)

    assert run.escalation_reason == "confidence 0.60 is below 0.85"
    assert run.first_answer == {
        "label": {"value": "login", "confidence": 0.6},
        "runner_up": {"value": "refund", "confidence": 0.3},
        "reason": "It asks for money back.",
    }
    assert (run.reason, run.model_asked) == ("A broken order.", SONNET)
    row = decision_on(run)
    assert (row.value, row.confidence, row.decision) == ("refund", 0.97, APPLIED)
    # Two models' confidences are not on one scale: the first stage's label stands without its number.
    assert row.alternatives == [{"value": "login", "confidence": None}]
    assert features(ticket) == ["classify", "escalate"]


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (says("legal", 1.0), "“Legal threat” is always escalated"),
        (
            says("refund", 0.9, runner_up="legal", runner_up_confidence=0.05),
            "the second choice “Legal threat” is always escalated",
        ),
    ],
    ids=["first choice", "second choice"],
)
def test_a_hard_label_in_play_is_escalated_however_sure(
    desk: Desk, upstream: Upstream, first: Canned, why: str
) -> None:
    upstream.script = by_model(first, says("legal", 0.9))

    run = desk.triage(desk.receive())

    assert (run.escalation_reason, run.stage) == (why, Stage.STRONG)
    assert decision_on(run).decision == APPLIED


def test_a_sure_answer_never_reaches_sonnet(desk: Desk, upstream: Upstream) -> None:
    upstream.script = by_model(says("login", 0.85))

    desk.triage(desk.receive())

    assert upstream.models == [HAIKU]


# --- Sonnet is not there


def test_without_sonnet_the_first_value_is_at_most_suggested_and_caught_up_later(
    desk: Desk, claude: RunningSimulator
) -> None:
    claude.set_scenario("529@sonnet", 0)
    ticket = desk.receive(LEGAL_TEXT)

    run = desk.triage(ticket)

    assert (run.state, run.skip_reason) == (State.SKIPPED, recording.ESCALATION_UNAVAILABLE)
    assert run.stage == Stage.FIRST
    assert run.escalated
    assert run.due_at > timezone.now()
    assert APPLIED not in decisions(run).values()
    assert (ticket.label, ticket.needs_review, ticket.is_skipped) == (None, True, True)
    assert ticket.suggested_label
    assert ticket.filed_label == ticket.suggested_label.pk
    assert run.cost_nanousd == ledger_nanousd(ticket)


def test_the_surest_first_value_is_only_suggested_while_sonnet_is_away(
    desk: Desk, upstream: Upstream
) -> None:
    upstream.script = by_model(
        says("refund", 1.0, runner_up="legal", runner_up_confidence=0, priority="urgent")
    )
    ticket = desk.receive()

    run = desk.triage(ticket)

    assert (decision_on(run).value, decision_on(run).decision) == ("refund", SUGGESTED)
    assert decision_on(run, Field.PRIORITY).decision == SUGGESTED
    assert (ticket.label, ticket.priority) == (None, "")


def test_the_catch_up_asks_sonnet_alone_and_never_pays_the_first_stage_twice(
    desk: Desk, claude: RunningSimulator
) -> None:
    claude.set_scenario("529@sonnet", 0)
    ticket = desk.receive(LEGAL_TEXT)
    desk.triage(ticket)
    claude.set_scenario("calm", 0)
    cache.clear()  # 20 s later: the breaker lets Sonnet be asked again

    run = desk.catch_up(ticket)

    assert (run.state, run.stage, run.skip_reason) == (State.DONE, Stage.STRONG, "")
    paid = [row["model"] for row in claude.bill()["requests"] if row["cost_nanousd"]]
    assert paid == [HAIKU, SONNET]
    assert run.cost_nanousd == ledger_nanousd(ticket) == claude.bill()["totals"]["cost_nanousd"]
    assert len(decisions(run)) == 4


def test_a_ticket_waits_longer_after_each_outage(desk: Desk, upstream: Upstream) -> None:
    upstream.script = by_model(says("legal", 1.0))
    ticket = desk.receive()

    waits = [desk.catch_up(ticket).due_at - timezone.now() for _ in range(3)]

    minutes = [round(wait.total_seconds() / 60) for wait in waits]
    assert minutes == [1, 2, 4]


# --- answers that cannot be used


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (NOT_JSON, "The answer is not JSON"),
        (says("invoice"), "The answer's label 'invoice' is not in the taxonomy"),
        (says("refund", 1.2), "The answer's confidence is not a number from 0 to 1"),
        (message("", stop_reason="refusal"), "Claude declined to answer this"),
        (message('{"label": "ref', stop_reason="max_tokens"), "Claude's answer was cut off"),
        (message('{"label": "ref', stop_reason=None), "Claude's answer broke off"),
        (failure(400, "invalid_request_error"), "It says invalid_request_error"),
    ],
    ids=["no JSON", "label", "confidence", "refusal", "cut", "broken off", "refused request"],
)
def test_an_unusable_first_answer_goes_to_sonnet(
    desk: Desk, upstream: Upstream, first: Canned, why: str
) -> None:
    upstream.script = by_model(first, says("refund", 0.95))
    ticket = desk.receive()

    run = desk.triage(ticket)

    assert (run.state, run.stage) == (State.DONE, Stage.STRONG)
    assert why in run.escalation_reason
    assert run.first_answer is None
    assert decision_on(run).decision == APPLIED
    assert run.cost_nanousd == ledger_nanousd(ticket)


def test_two_unusable_answers_end_with_a_person(desk: Desk, upstream: Upstream) -> None:
    upstream.script = by_model(NOT_JSON, says("invoice"))
    ticket = desk.receive()

    run = desk.triage(ticket)

    assert (run.state, run.stage) == (State.DONE, Stage.NONE)
    assert run.escalation_reason == (
        "The answer is not JSON; then: The answer's label 'invoice' is not in the taxonomy"
    )
    assert set(decisions(run).values()) == {WITHHELD}
    assert (decision_on(run).value, decision_on(run).confidence) == ("", None)
    assert (ticket.label, ticket.needs_review) == (None, True)
    # Haiku: 100 x 100 + 20 x 500 = 20,000; Sonnet: 100 x 2,000 + 20 x 10,000 = 400,000
    assert run.cost_nanousd == ledger_nanousd(ticket) == 420_000


def test_an_unsure_value_whose_second_opinion_is_unusable_is_withheld_and_shown(
    desk: Desk, upstream: Upstream
) -> None:
    upstream.script = by_model(says("refund", 0.8), NOT_JSON)
    ticket = desk.receive()

    run = desk.triage(ticket)

    assert run.stage == Stage.NONE
    assert (decision_on(run).value, decision_on(run).decision) == ("refund", WITHHELD)
    assert APPLIED not in decisions(run).values()
    assert ticket.needs_review


def test_answers_cut_by_the_simulator_at_both_stages_end_with_a_person(
    desk: Desk, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt, "MAX_OUTPUT_TOKENS", 5)
    ticket = desk.receive()

    run = desk.triage(ticket)

    assert (run.state, run.stage) == (State.DONE, Stage.NONE)
    assert models_on(claude.bill()) == [HAIKU, SONNET]
    assert run.cost_nanousd == ledger_nanousd(ticket) == claude.bill()["totals"]["cost_nanousd"]


def test_an_unusable_first_answer_while_sonnet_is_away_is_skipped_and_paid_once(
    desk: Desk, upstream: Upstream
) -> None:
    upstream.script = by_model(NOT_JSON)
    ticket = desk.receive()
    run = desk.triage(ticket)
    assert (run.state, run.stage) == (State.SKIPPED, "")
    assert ticket.needs_review
    assert run.cost_nanousd == ledger_nanousd(ticket) == 20_000

    upstream.script = by_model(NOT_JSON, says("refund", 0.95))
    run = desk.catch_up(ticket)

    assert (run.state, run.stage) == (State.DONE, Stage.STRONG)
    assert run.cost_nanousd == ledger_nanousd(ticket) == 420_000


# --- nobody is there


def test_a_total_outage_skips_the_ticket_and_the_catch_up_triages_it(
    desk: Desk, claude: RunningSimulator
) -> None:
    claude.set_scenario("529", 0)
    ticket = desk.receive(REFUND_TEXT)

    run = desk.triage(ticket)

    assert run.state == State.SKIPPED
    assert run.skip_reason.startswith("route_exhausted: ")
    assert run.due_at > timezone.now()
    assert run.lease_until is None
    assert (ticket.needs_review, ticket.is_skipped, ticket.label) == (True, True, None)
    assert run.cost_nanousd == ledger_nanousd(ticket) == 0

    claude.set_scenario("calm", 0)
    run = desk.catch_up(ticket)

    ticket.refresh_from_db()
    assert (run.state, ticket.is_skipped) == (State.DONE, False)
    assert run.cost_nanousd == ledger_nanousd(ticket) == claude.bill()["totals"]["cost_nanousd"] > 0


def test_what_was_perhaps_billed_in_an_outage_stays_on_the_ticket(
    desk: Desk, claude: RunningSimulator
) -> None:
    claude.set_scenario("resetx6", 0)
    ticket = desk.receive()

    skipped = desk.triage(ticket)
    run = desk.catch_up(ticket)

    assert skipped.state == State.SKIPPED
    assert skipped.cost_nanousd > 0
    assert run.state == State.DONE
    assert run.cost_nanousd == ledger_nanousd(ticket) > skipped.cost_nanousd


def test_a_wrong_key_skips_the_ticket_in_words(desk: Desk, upstream: Upstream) -> None:
    upstream.says(failure(401, "authentication_error"))

    run = desk.triage(desk.receive())

    assert run.state == State.SKIPPED
    assert run.skip_reason.startswith("key_rejected: ")
    assert upstream.models == [HAIKU]


def test_the_second_model_of_each_route_serves_when_the_first_is_gone(
    desk: Desk, upstream: Upstream
) -> None:
    gone = failure(404, "not_found_error")
    answers = {
        HAIKU: gone,
        HAIKU_4_5: says("refund", 0.4),
        SONNET: gone,
        SONNET_5: says("refund", 0.9),
    }
    upstream.script = lambda body: answers[body["model"]]

    run = desk.triage(desk.receive())

    assert upstream.models == [HAIKU, HAIKU_4_5, SONNET, SONNET_5]
    assert (run.stage, run.obtained) == (Stage.STRONG, Obtained.FALLBACK)
    assert run.model_asked == SONNET


def test_a_run_before_any_taxonomy_is_skipped_and_not_lost(
    transactional_db: None, upstream: Upstream
) -> None:
    desk = Desk()

    run = desk.triage(desk.receive())

    assert run.state == State.SKIPPED
    assert run.skip_reason.startswith("no_taxonomy: ")
    assert upstream.heard == []


def test_a_run_that_is_not_due_is_left_alone(desk: Desk, claude: RunningSimulator) -> None:
    claude.set_scenario("529", 0)
    ticket = desk.receive()
    run = desk.triage(ticket)
    requests = len(claude.bill()["requests"])

    classification.run(run.pk)

    assert len(claude.bill()["requests"]) == requests
