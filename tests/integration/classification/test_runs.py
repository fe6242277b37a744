"""Runs beside people and beside each other: whoever lost the claim writes nothing, and a person's word stays."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts.models import Team, User
from tests.integration.classification.cases import (
    Desk,
    by_model,
    decision_on,
    decisions,
    features,
    ledger_nanousd,
    newest,
    says,
)
from tests.unit.gateway.upstream import Canned, Script, Upstream
from triage.models import Call, Decision, Field, FieldDecision, Label, State, Ticket, Triage
from triage.services import classification, tickets
from triage.simulator import RunningSimulator

APPLIED, SUGGESTED = Decision.APPLIED, Decision.SUGGESTED


def meanwhile(happens: Callable[[], object], answer: Canned) -> Script:
    """Something that happens in another thread while Claude is thinking."""

    def script(body: dict[str, Any]) -> Canned:
        try:
            happens()
        finally:
            connection.close()
        return answer

    return script


def test_running_twice_asks_once_and_changes_nothing(desk: Desk, claude: RunningSimulator) -> None:
    ticket = desk.receive()
    run = desk.triage(ticket)
    before = (Triage.objects.values().get(pk=run.pk), Ticket.objects.values().get(pk=ticket.pk))
    requests = len(claude.bill()["requests"])

    desk.triage(ticket)

    after = (Triage.objects.values().get(pk=run.pk), Ticket.objects.values().get(pk=ticket.pk))
    assert after == before
    assert len(claude.bill()["requests"]) == requests


def test_a_run_that_somebody_else_holds_is_left_alone(desk: Desk, upstream: Upstream) -> None:
    ticket = desk.receive()
    later = timezone.now() + timedelta(minutes=5)
    Triage.objects.update(state=State.RUNNING, claims=1, lease_until=later)

    run = desk.triage(ticket)

    assert (run.state, run.claims) == (State.RUNNING, 1)
    assert upstream.heard == []


def test_a_run_whose_owner_died_is_taken_over(desk: Desk, upstream: Upstream) -> None:
    upstream.script = by_model(says("refund", 0.9))
    ticket = desk.receive()
    earlier = timezone.now() - timedelta(seconds=1)
    Triage.objects.update(state=State.RUNNING, claims=1, lease_until=earlier)

    run = desk.triage(ticket)

    assert (run.state, run.claims) == (State.DONE, 2)


def test_a_run_whose_claim_was_lost_meanwhile_writes_nothing(
    desk: Desk, upstream: Upstream
) -> None:
    ticket = desk.receive()
    upstream.script = meanwhile(
        lambda: Triage.objects.update(claims=F("claims") + 1), says("refund", 1.0)
    )

    run = desk.triage(ticket)

    assert (run.state, run.claims, run.stage, run.cost_nanousd) == (State.RUNNING, 2, "", 0)
    assert not FieldDecision.objects.exists()
    assert (ticket.label, ticket.version) == (None, 1)
    assert ledger_nanousd(ticket) > 0


def test_an_outage_noticed_after_the_claim_was_lost_writes_nothing_either(
    desk: Desk, upstream: Upstream
) -> None:
    ticket = desk.receive()
    lose_claim = lambda: Triage.objects.update(claims=F("claims") + 1)  # noqa: E731  (one word)
    upstream.script = meanwhile(lose_claim, Canned({}, 401))

    run = desk.triage(ticket)

    assert (run.state, run.skip_reason) == (State.RUNNING, "")
    assert not ticket.needs_review


def test_the_run_that_took_over_pays_nothing_for_the_stored_answer(
    desk: Desk, upstream: Upstream
) -> None:
    ticket = desk.receive()
    upstream.script = meanwhile(
        lambda: Triage.objects.update(claims=F("claims") + 1), says("refund", 0.9)
    )
    desk.triage(ticket)
    Triage.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    run = desk.triage(ticket)

    assert (run.state, len(upstream.heard)) == (State.DONE, 1)
    assert decision_on(run).decision == APPLIED


# --- people


def test_a_persons_label_is_never_overwritten_by_a_later_run(
    desk: Desk, upstream: Upstream, alice: User
) -> None:
    upstream.script = by_model(says("refund", 1.0))
    ticket = desk.receive()
    desk.triage(ticket)
    tickets.correct_label(ticket.pk, label="login", by=alice)
    classification.request_rerun(ticket.pk)

    run = desk.triage(ticket)

    assert run.is_rerun
    assert ticket.label == Label.objects.get(slug="login")
    assert decision_on(run).decision == SUGGESTED
    assert not ticket.needs_review


def test_a_label_chosen_while_claude_was_thinking_is_not_overwritten(
    desk: Desk, upstream: Upstream, alice: User
) -> None:
    ticket = desk.receive()
    upstream.script = meanwhile(
        lambda: tickets.correct_label(ticket.pk, label="login", by=alice),
        says("refund", 1.0, priority="urgent"),
    )

    run = desk.triage(ticket)

    assert ticket.label == Label.objects.get(slug="login")
    assert decision_on(run).decision == SUGGESTED
    assert ticket.priority == ""


def test_a_priority_that_came_with_the_ticket_is_kept(desk: Desk, upstream: Upstream) -> None:
    upstream.script = by_model(says("refund", 1.0, priority="urgent", priority_confidence=1.0))
    ticket = desk.receive(priority="low")

    run = desk.triage(ticket)

    assert ticket.priority == "low"
    assert decision_on(run, Field.PRIORITY).decision == SUGGESTED
    assert decision_on(run).decision == APPLIED


def test_a_team_that_a_person_chose_is_kept_when_the_label_is_applied(
    desk: Desk, upstream: Upstream
) -> None:
    upstream.script = by_model(says("refund", 1.0))
    ticket = desk.receive()
    trust = Team.objects.create(slug="trust", name="Trust")
    Ticket.objects.filter(pk=ticket.pk).update(team=trust, set_by_person=["team"])

    desk.triage(ticket)

    assert ticket.team == trust
    assert ticket.label is not None


def test_a_correction_survives_the_catch_up_of_its_own_run(
    desk: Desk, upstream: Upstream, alice: User
) -> None:
    upstream.script = by_model(says("legal", 1.0))
    ticket = desk.receive()
    desk.triage(ticket)
    tickets.correct_label(ticket.pk, label="refund", by=alice)
    upstream.script = by_model(says("legal", 1.0), says("legal", 1.0))

    run = desk.catch_up(ticket)

    assert run.state == State.DONE
    assert (decision_on(run).corrected_to, decision_on(run).corrected_by) == ("refund", alice)
    assert ticket.label == Label.objects.get(slug="refund")
    assert not ticket.needs_review


# --- reruns


def test_a_rerun_asks_anew_and_both_runs_together_cost_what_the_ledger_says(
    desk: Desk, claude: RunningSimulator
) -> None:
    ticket = desk.receive()
    first = desk.triage(ticket)
    classification.request_rerun(ticket.pk)

    second = desk.triage(ticket)

    assert second.pk != first.pk
    assert newest(ticket) == ticket.triage
    assert second.cost_nanousd > 0
    total = first.cost_nanousd + second.cost_nanousd
    assert total == ledger_nanousd(ticket) == claude.bill()["totals"]["cost_nanousd"]


def test_a_late_first_run_does_not_touch_the_ticket_of_a_newer_one(
    desk: Desk, upstream: Upstream
) -> None:
    upstream.script = by_model(says("refund", 1.0))
    ticket = desk.receive()
    first = newest(ticket)
    Triage.objects.filter(pk=first.pk).update(state=State.SKIPPED, skip_reason="an outage")
    classification.request_rerun(ticket.pk)

    classification.run(first.pk)

    ticket.refresh_from_db()
    first.refresh_from_db()
    assert first.state == State.DONE
    assert decisions(first)[Field.LABEL] == APPLIED
    assert ticket.label is None


def test_a_rerun_asked_for_while_a_run_waits_is_that_run_and_is_paid_once(desk: Desk) -> None:
    ticket = desk.receive()

    assert classification.request_rerun(ticket.pk) == newest(ticket)
    assert Triage.objects.count() == 1


def test_every_call_is_about_its_ticket_and_by_the_system(desk: Desk, upstream: Upstream) -> None:
    upstream.script = by_model(says("refund", 0.2), says("refund", 0.9))
    ticket = desk.receive()

    desk.triage(ticket)

    assert features(ticket) == ["classify", "escalate"]
    assert {call.by for call in Call.objects.all()} == {User.objects.system()}
