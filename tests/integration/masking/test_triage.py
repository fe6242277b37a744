"""Triage with masking on: nothing personal goes out or is kept beside the ticket, and people read the originals."""

import json
from typing import Any

import pytest

from accounts.models import User
from tests.integration.classification.batching_cases import QUICK, drive, work_queued
from tests.integration.classification.cases import Desk, by_model, decision_on, features, says
from tests.integration.masking.cases import SECRETS, kept_of_calls, masked_text, ticket_text
from tests.integration.masking.tap import Tap
from tests.unit.gateway.upstream import Upstream
from triage.models import Label, MaskingPattern, Obtained, State
from triage.services import batches, taxonomy
from triage.simulator import RunningSimulator

LAWYER = "My lawyer will write to you, I will see you in court. Answer to {EMAIL} or {PHONE}, {MEMBER_ID}."


@pytest.fixture(autouse=True)
def member_ids(transactional_db: None) -> None:
    MaskingPattern.objects.create(name="MEMBER_ID", pattern=r"M-\d{6}")


def document(body: dict[str, Any]) -> str:
    """The ticket as the model gets it."""
    return str(body["messages"][0]["content"][0]["text"])


@pytest.mark.usefixtures("masked")
def test_what_reaches_claude_holds_no_address_and_no_number(
    desk: Desk, wire: Tap, claude: RunningSimulator
) -> None:
    desk.triage(desk.receive(ticket_text()))
    desk.triage(desk.receive(LAWYER.format(**SECRETS)))

    assert {row["model"] for row in claude.rows()} == {"claude-haiku-5-5", "claude-sonnet-5-5"}
    assert masked_text() in wire
    assert [secret for secret in SECRETS.values() if secret in wire] == []


@pytest.mark.usefixtures("masked")
def test_what_is_kept_of_a_call_holds_no_original(desk: Desk, claude: RunningSimulator) -> None:
    desk.triage(desk.receive(ticket_text()))

    kept = kept_of_calls()

    assert "claude-haiku-5-5" in kept
    assert [secret for secret in SECRETS.values() if secret in kept] == []


def test_with_the_switch_off_the_ticket_goes_out_as_it_is(
    desk: Desk, wire: Tap, claude: RunningSimulator
) -> None:
    desk.triage(desk.receive(ticket_text()))

    assert ticket_text() in wire
    assert "[EMAIL_1]" not in wire


@pytest.mark.usefixtures("masked")
def test_a_batch_holds_no_original_and_its_replies_are_found(
    desk: Desk, wire: Tap, claude: RunningSimulator, broker: Any
) -> None:
    claude.set_scenario(QUICK)
    tickets = [desk.receive(text.format(**SECRETS)) for text in (ticket_text(), LAWYER)]

    batches.submit_backfill()
    drive()
    work_queued()

    assert {row["batch_id"] is None for row in claude.rows()} == {False}
    assert [decision_on(ticket.triage).value for ticket in refreshed(tickets)] == [
        "refund",
        "legal",
    ]
    assert masked_text() in wire
    assert [secret for secret in SECRETS.values() if secret in wire] == []


def refreshed(tickets: list[Any]) -> list[Any]:
    for ticket in tickets:
        ticket.refresh_from_db()
    return tickets


@pytest.mark.usefixtures("masked")
def test_two_customers_make_one_request_and_each_reads_their_own_address(
    desk: Desk, upstream: Upstream
) -> None:
    upstream.script = by_model(says("refund", reason="[EMAIL_1] wants money; [EMAIL_2] does not."))
    maria = desk.receive(ticket_text())
    bob = desk.receive(ticket_text(EMAIL="bob@shop.example", MEMBER_ID="M-654321"))

    first, second = desk.triage(maria), desk.triage(bob)

    assert (len(upstream.heard), second.obtained) == (1, Obtained.STORED)
    assert first.reason == "maria.keller@example.com wants money; [EMAIL_2] does not."
    assert second.reason == "bob@shop.example wants money; [EMAIL_2] does not."


@pytest.mark.usefixtures("masked")
def test_both_stages_reasons_come_back(desk: Desk, upstream: Upstream) -> None:
    upstream.script = by_model(
        says("legal", reason="[PHONE_1] threatens."), says("legal", reason="[EMAIL_1] threatens.")
    )

    run = desk.triage(desk.receive(LAWYER.format(**SECRETS)))

    assert features(run.ticket) == ["classify", "escalate"]
    assert run.reason == f"{SECRETS['EMAIL']} threatens."
    assert run.first_answer is not None
    assert run.first_answer["reason"] == f"{SECRETS['PHONE']} threatens."


@pytest.mark.usefixtures("masked")
def test_a_reason_that_grows_too_long_is_cut(desk: Desk, upstream: Upstream) -> None:
    upstream.script = by_model(says("refund", reason="[EMAIL_1] " * 50))

    run = desk.triage(desk.receive(ticket_text()))

    assert run.state == State.DONE
    assert len(run.reason) == 500


@pytest.mark.usefixtures("masked")
def test_the_prefix_is_the_same_for_all_and_its_examples_are_masked(
    desk: Desk, upstream: Upstream
) -> None:
    Label.objects.filter(slug="refund").update(examples=["Pay it back to maria@example.com!"])
    taxonomy.publish(by=User.objects.system())
    upstream.script = by_model(says("refund"))

    desk.triage(desk.receive(ticket_text()))
    desk.triage(desk.receive("I want my money back."))

    first, second = (json.dumps(heard.body["system"]) for heard in upstream.heard)
    assert first == second
    assert "Pay it back to [EMAIL]!" in first
    assert "[EMAIL_1]" in document(upstream.heard[0].body)
