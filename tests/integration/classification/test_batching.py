"""Which runs go into a batch and what becomes of them: at half price, under the cascade's own rules, and never twice."""

from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.utils import timezone

from tests.integration.classification.batching_cases import (
    LEGAL_TEXT,
    LOGIN_TEXT,
    QUICK,
    REFUND_TEXT,
    drive,
    live_requests,
    receive,
    run_of,
    states,
    work_queued,
)
from tests.integration.classification.cases import Desk, decision_on
from tests.integration.gateway.batch_cases import check_equals_bill
from triage.exceptions import NoTaxonomy
from triage.models import (
    Attempt,
    Batch,
    BatchState,
    Budget,
    Call,
    Feature,
    Period,
    Scope,
    Stage,
    State,
    TaxonomyVersion,
    Triage,
)
from triage.services import batches, classification, taxonomy
from triage.services.classification import batching
from triage.services.classification.work import database_now
from triage.services.gateway.catalog import HAIKU, SONNET
from triage.simulator import RunningSimulator

pytestmark = pytest.mark.usefixtures("broker", "quick_batches")


def set_budget(hard: int, feature: Feature = Feature.BACKFILL) -> None:
    Budget.objects.create(scope=Scope.FEATURE, key=feature, period=Period.DAY, hard_nanousd=hard)


def spend_of_backfill() -> int:
    lines = Attempt.objects.filter(call__feature=Feature.BACKFILL)
    return sum(lines.values_list("cost_nanousd", flat=True))


def test_a_backfill_decides_all_at_half_price_and_asks_nothing_live(
    desk: Desk, claude: RunningSimulator
) -> None:
    tickets = receive(desk, REFUND_TEXT, LOGIN_TEXT, LEGAL_TEXT, LEGAL_TEXT)

    submitted = batches.submit_backfill()
    drive()
    work_queued()

    assert (submitted.batches, submitted.lines, submitted.reused) == (1, 4, 0)
    assert states() == {State.DONE: 4}
    assert live_requests(claude) == []
    check_equals_bill(claude)
    hard = run_of(tickets[2])
    assert (hard.stage, hard.model_asked, hard.cost_nanousd) == (Stage.STRONG, SONNET, 0)
    assert hard.escalation_reason


def test_a_backfill_decides_what_live_triage_decides(desk: Desk, claude: RunningSimulator) -> None:
    texts = (REFUND_TEXT, LOGIN_TEXT, LEGAL_TEXT)
    live = [decision_on(desk.triage(ticket)) for ticket in receive(desk, *texts)]
    Call.objects.update(fingerprint="")
    forget_replies()

    again = receive(desk, *texts)
    batches.submit_backfill()
    drive()
    work_queued()

    for before, ticket in zip(live, again, strict=True):
        now = decision_on(run_of(ticket))
        assert (now.value, now.confidence, now.decision) == (
            before.value,
            before.confidence,
            before.decision,
        )


def forget_replies() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM triage_storedreply")


def test_only_what_the_rule_says_goes_to_the_strong_model(
    desk: Desk, claude: RunningSimulator
) -> None:
    receive(desk, REFUND_TEXT, LEGAL_TEXT, LEGAL_TEXT)
    batches.submit_backfill()
    drive()
    work_queued()

    asked = list(Batch.objects.order_by("pk").values_list("model", "lines", "feature"))
    escalated = Triage.objects.filter(escalated=True).count()
    assert asked == [(HAIKU, 3, Feature.BACKFILL), (SONNET, escalated, Feature.BACKFILL)]
    assert 2 <= escalated <= 3


def test_a_batched_run_is_nobody_else_s(desk: Desk, claude: RunningSimulator) -> None:
    (ticket,) = receive(desk, REFUND_TEXT)

    batches.submit_backfill()
    classification.run(run_of(ticket).pk)

    run = run_of(ticket)
    assert (run.state, run.claims) == (State.BATCHED, 0)
    assert run.batch_id == Batch.objects.get().pk
    assert run.lease_until
    assert run.lease_until > timezone.now() + timedelta(hours=25)
    assert classification.sweep() == 0
    assert classification.progress().waiting == 1


def test_what_is_not_due_skipped_underway_or_asked_for_anew_is_not_picked(
    desk: Desk, claude: RunningSimulator
) -> None:
    runs = [run_of(ticket) for ticket in receive(desk, *[REFUND_TEXT] * 5)]
    soon = timezone.now() + timedelta(minutes=1)
    Triage.objects.filter(pk=runs[0].pk).update(due_at=soon)
    Triage.objects.filter(pk=runs[1].pk).update(state=State.SKIPPED, skip_reason="an outage")
    Triage.objects.filter(pk=runs[2].pk).update(state=State.RUNNING, lease_until=soon)
    Triage.objects.filter(pk=runs[3].pk).update(is_rerun=True)

    picked = batching.pick(10, due_by=database_now())

    assert [run.pk for run in picked] == [runs[4].pk]


def test_a_limit_takes_the_oldest_and_large_numbers_are_split(
    desk: Desk, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "LINES_AT_MOST", 2)
    runs = [run_of(ticket) for ticket in receive(desk, *[REFUND_TEXT] * 7)]

    submitted = batches.submit_backfill(5)

    assert (submitted.batches, submitted.lines) == (3, 5)
    assert list(Batch.objects.order_by("pk").values_list("lines", flat=True)) == [2, 2, 1]
    assert {run.pk for run in runs[:5]} == set(
        Triage.objects.filter(state=State.BATCHED).values_list("pk", flat=True)
    )


def test_equal_tickets_share_a_line_and_both_wait_for_it(
    desk: Desk, claude: RunningSimulator
) -> None:
    tickets = [desk.receive(LEGAL_TEXT) for _ in range(3)]

    submitted = batches.submit_backfill()
    assert states() == {State.BATCHED: 3}
    drive()
    work_queued()

    assert (submitted.lines, submitted.reused) == (1, 2)
    assert [run_of(ticket).state for ticket in tickets] == [State.DONE] * 3
    assert claude.bill()["totals"]["requests"] == 2
    check_equals_bill(claude)


def test_a_ticket_equal_to_one_in_another_batch_waits_for_that_one(
    desk: Desk, claude: RunningSimulator
) -> None:
    desk.receive(REFUND_TEXT)
    batches.submit_backfill()
    later = desk.receive(REFUND_TEXT)

    submitted = batches.submit_backfill()

    assert (submitted.batches, submitted.reused) == (0, 1)
    assert run_of(later).batch_id == Batch.objects.get().pk
    drive()
    assert states() == {State.QUEUED: 2}


def test_a_ticket_with_a_stored_reply_is_queued_at_once_and_free(
    desk: Desk, claude: RunningSimulator, broker: redis.Redis
) -> None:
    desk.triage(desk.receive(REFUND_TEXT))
    asked = len(live_requests(claude))
    ticket = desk.receive(REFUND_TEXT)
    broker.delete("triage")

    submitted = batches.submit_backfill()

    assert (submitted.batches, submitted.lines, submitted.reused) == (0, 0, 1)
    assert run_of(ticket).state == State.QUEUED
    assert broker.llen("triage") == 1
    assert desk.triage(ticket).state == State.DONE
    assert len(live_requests(claude)) == asked


def test_lines_without_an_answer_are_asked_live(desk: Desk, claude: RunningSimulator) -> None:
    claude.set_scenario(f"{QUICK}+batchexpired:0.4+batcherrored:0.4", 1)
    receive(desk, *[REFUND_TEXT] * 8)

    batches.submit_backfill()
    drive()
    claude.set_scenario("calm")
    work_queued()

    assert states() == {State.DONE: 8}
    assert HAIKU in live_requests(claude)
    check_equals_bill(claude)


def test_answers_that_cannot_be_read_go_to_the_strong_model_s_batch(
    desk: Desk, claude: RunningSimulator
) -> None:
    claude.set_scenario(f"{QUICK}+badlabel@haiku")
    receive(desk, REFUND_TEXT, LOGIN_TEXT)

    batches.submit_backfill()
    drive()
    work_queued()

    assert set(Triage.objects.values_list("stage", flat=True)) == {Stage.STRONG}
    assert live_requests(claude) == []
    check_equals_bill(claude)


def test_a_ticket_that_changed_meanwhile_is_asked_live_as_it_is_now(
    desk: Desk, claude: RunningSimulator
) -> None:
    (ticket,) = receive(desk, REFUND_TEXT)
    batches.submit_backfill()
    type(ticket).objects.filter(pk=ticket.pk).update(description="My password is lost.")

    drive()
    work_queued()

    assert states() == {State.DONE: 1}
    assert HAIKU in live_requests(claude)


def test_a_refused_batch_gives_its_runs_back_to_live_triage(
    desk: Desk, claude: RunningSimulator, broker: redis.Redis
) -> None:
    claude.set_scenario("401@batches")
    receive(desk, REFUND_TEXT, LOGIN_TEXT)
    broker.delete("triage")
    batches.submit_backfill()

    batches.advance_all()

    assert Batch.objects.get().state == BatchState.FAILED
    assert states() == {State.QUEUED: 2}
    assert broker.llen("triage") == 2
    work_queued()
    assert states() == {State.DONE: 2}
    check_equals_bill(claude)


def test_without_room_in_a_budget_nothing_is_held_and_the_runs_wait_as_before(
    desk: Desk, claude: RunningSimulator
) -> None:
    set_budget(1_000)
    receive(desk, REFUND_TEXT, LOGIN_TEXT)
    before = list(Triage.objects.order_by("pk").values("pk", "state", "due_at", "enqueued_at"))

    submitted = batches.submit_backfill()

    assert submitted.refusal
    assert "budget of backfill" in str(submitted.refusal)
    after = list(Triage.objects.order_by("pk").values("pk", "state", "due_at", "enqueued_at"))
    assert after == before
    assert not Batch.objects.exists()
    assert not Attempt.objects.exists()


def test_batches_that_fit_go_ahead_of_the_one_that_does_not(
    desk: Desk, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "LINES_AT_MOST", 2)
    receive(desk, *[REFUND_TEXT] * 4)
    batches.submit_backfill(2)
    set_budget(int(spend_of_backfill() * 1.5))

    submitted = batches.submit_backfill()

    assert submitted.refusal
    assert submitted.runs == 0
    assert states() == {State.BATCHED: 2, State.QUEUED: 2}


def test_without_room_for_the_strong_model_s_batch_it_is_asked_live(
    desk: Desk, claude: RunningSimulator
) -> None:
    receive(desk, LEGAL_TEXT)
    batches.submit_backfill()
    set_budget(spend_of_backfill())

    drive()
    work_queued()

    assert Batch.objects.count() == 1
    assert states() == {State.DONE: 1}
    assert live_requests(claude) == [SONNET]
    check_equals_bill(claude)


def test_without_a_taxonomy_nothing_is_taken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> None:
        raise NoTaxonomy("No labels are published yet.")

    receive(desk, REFUND_TEXT)
    monkeypatch.setattr(taxonomy, "current", nothing)

    with pytest.raises(NoTaxonomy):
        batches.submit_backfill()

    assert states() == {State.QUEUED: 1}
    assert TaxonomyVersion.objects.exists()
