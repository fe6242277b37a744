"""What is kept for a time only goes when that is over, and nothing else; in slices, beside running traffic."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts import tokens
from accounts.models import User
from tests.integration.admin_cases import add_attempt, add_call
from tests.integration.gateway.conftest import build_request
from tests.integration.pruning.cases import add_answer, add_change, add_prompt, add_reply, ago
from tests.integration.webhooks.cases import add_delivery, add_webhook
from triage.models import (
    Attempt,
    AttemptCell,
    BulkChange,
    Call,
    Certainty,
    Delivery,
    DeliveryState,
    Event,
    Feature,
    Grain,
    KeptAnswer,
    Prompt,
    PromptGuide,
    Scope,
    Spend,
    StoredReply,
)
from triage.queue import TaskName
from triage.services import pruning, rollups
from triage.services.gateway import About, journal, prompts
from triage.services.gateway.journal import CallRow
from triage.services.gateway.prompts import prompt_of

T = TypeVar("T")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_guide_written() -> None:
    prompts._Written.guides.clear()


def fingerprints() -> set[str]:
    return set(StoredReply.objects.values_list("fingerprint", flat=True))


def guides() -> set[str]:
    return set(PromptGuide.objects.values_list("digest", flat=True))


def test_prompts_go_after_thirty_days_and_their_calls_stay() -> None:
    old, young = add_prompt(ago(days=30, minutes=1)), add_prompt(ago(days=29))
    add_attempt(old.call, 5)

    pruned = pruning.prune()

    assert pruned.rows["prompts"] == 1
    assert list(Prompt.objects.all()) == [young]
    assert (Call.objects.count(), Attempt.objects.count()) == (2, 1)


def test_a_guide_goes_with_its_last_prompt() -> None:
    add_prompt(ago(days=31), guide="gone")
    add_prompt(ago(days=31), guide="used")
    add_prompt(ago(days=1), guide="used")

    assert pruning.prune().rows[pruning.GUIDES] == 1

    assert guides() == {"used"}


def test_stored_replies_go_after_thirty_days_unless_somebody_is_asking_anew() -> None:
    asking = ago(minutes=-1)
    add_reply("old", ago(days=31))
    add_reply("young", ago(days=29))
    add_reply("asked anew", ago(days=31), lease_until=asking)
    add_reply("asked", None, lease_until=asking)
    add_reply("died asking", None, lease_until=ago(days=31))

    assert pruning.prune().rows["stored replies"] == 2

    assert fingerprints() == {"young", "asked anew", "asked"}


def test_stored_replies_stay_for_as_long_as_they_may_be_reused(settings: Settings) -> None:
    settings.TRIAGE_STORED_REPLY_DAYS = 60
    add_reply("reusable", ago(days=59))
    add_reply("old", ago(days=61))

    pruning.prune()

    assert fingerprints() == {"reusable"}


def test_answers_by_idempotency_key_go_after_a_day_and_bulk_changes_after_thirty(
    alice: User,
) -> None:
    token = tokens.issue(alice, name="t", scopes=["tickets:read"], by=alice).token
    add_answer(token, "old", ago(hours=24, minutes=1))
    young = add_answer(token, "young", ago(hours=23))
    add_change(alice, ago(days=31))
    recent = add_change(alice, ago(days=29))

    pruning.prune()

    assert list(KeptAnswer.objects.all()) == [young]
    assert list(BulkChange.objects.all()) == [recent]


def test_deliveries_and_events_go_as_webhooks_say_and_are_counted_alike_before() -> None:
    webhook = add_webhook()
    done: dict[str, Any] = {"state": DeliveryState.DELIVERED, "finished_at": timezone.now()}
    add_delivery(webhook, created_at=ago(days=31), **done)
    waiting = add_delivery(webhook, created_at=ago(days=31))
    young = add_delivery(webhook, created_at=ago(days=29), **done)
    Event.objects.update(created_at=ago(days=31))

    counted = pruning.count()
    pruned = pruning.prune()

    assert counted.rows[pruning.TOLD] == pruned.rows[pruning.TOLD] == 2
    assert set(Delivery.objects.all()) == {waiting, young}


def test_a_dry_run_counts_what_would_go_and_changes_nothing(alice: User) -> None:
    add_prompt(ago(days=31), guide="gone")
    add_prompt(ago(days=31), guide="used")
    add_prompt(ago(days=1), guide="used")
    add_reply("old", ago(days=31))
    add_change(alice, ago(days=31))

    counted = pruning.count()

    assert Prompt.objects.count() == 3
    assert guides() == {"gone", "used"}
    assert counted == pruning.prune()
    assert set(counted.rows.values()) == {0, 1, 2}


def test_it_goes_slice_by_slice_and_goes_on_where_it_was_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pruning, "SLICE_ROWS", 2)
    for number in range(5):
        add_reply(f"old {number}", ago(days=40 - number))
    seen: list[int] = []

    def stop(table: str, rows: int) -> None:
        if table == "stored replies":
            seen.append(rows)
        if rows == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pruning.prune(tell=stop)

    assert seen == [0, 2, 4]
    assert fingerprints() == {"old 4"}
    assert pruning.prune().rows["stored replies"] == 1


def test_one_task_ends_in_time_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "SLICE_ROWS", 2)
    monkeypatch.setattr(pruning, "NIGHT_SECONDS", 0.0)
    sent: list[TaskName] = []
    monkeypatch.setattr(pruning, "enqueue", sent.append)
    for number in range(3):
        add_reply(f"old {number}", ago(days=31))

    pruning.prune_in_slices()
    assert StoredReply.objects.count() == 1
    assert sent == [TaskName.PRUNE]

    monkeypatch.setattr(pruning, "NIGHT_SECONDS", 60.0)
    pruning.prune_in_slices()
    assert StoredReply.objects.count() == 0
    assert sent == [TaskName.PRUNE]


def test_a_row_that_somebody_holds_is_not_waited_for() -> None:
    add_reply("held", ago(days=31))
    add_reply("free", ago(days=31))

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        StoredReply.objects.select_for_update().get(pk="held")
        pruned = in_thread(threads, pruning.prune).result(timeout=10)

    assert pruned.rows["stored replies"] == 1
    assert fingerprints() == {"held"}


def test_a_guide_that_a_call_takes_into_use_meanwhile_stays() -> None:
    row = a_call_row()
    digest = row.prompt.guide_digest
    PromptGuide.objects.create(digest=digest, system="of a prompt that is pruned already")

    with ThreadPoolExecutor(1) as threads:
        with journal.durable() as cursor:
            journal.insert_call(cursor, row)
            dropping = in_thread(threads, prompts.drop_unused_guides)
            wait_until(lambda: is_waiting() or dropping.done())
        assert dropping.result(timeout=10) == 0

    assert Prompt.objects.get().guide_digest == digest
    assert guides() == {digest}


def test_while_a_call_is_in_the_way_for_long_the_guides_wait_for_the_next_night(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prompts, "LOCK_TIMEOUT", "100ms")
    PromptGuide.objects.create(digest="unused", system="")

    with ThreadPoolExecutor(1) as threads, journal.durable() as cursor:
        journal.insert_call(cursor, a_call_row())
        assert in_thread(threads, prompts.drop_unused_guides).result(timeout=10) == 0

    assert prompts.drop_unused_guides() == 1


def a_call_row() -> CallRow:
    return CallRow(
        feature=Feature.CLASSIFY,
        by_id=add_call().by_id,
        about=About("ticket", "1"),
        fingerprint="f",
        prompt_version="p",
        model_asked="m",
        prompt=prompt_of(build_request()),
    )


def in_thread(threads: ThreadPoolExecutor, work: Callable[[], T]) -> Future[T]:
    def closing() -> T:
        try:
            return work()
        finally:
            connection.close()

    return threads.submit(closing)


def is_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'relation'")
        return cursor.fetchone() is not None


def wait_until(is_true: Callable[[], bool], *, seconds: float = 5) -> None:
    ends = monotonic() + seconds
    while not is_true():
        assert monotonic() < ends, "it did not happen in time"
        sleep(0.02)


def test_old_calls_and_attempts_go_and_their_sums_stay(settings: Settings) -> None:
    settings.TRIAGE_LEDGER_DAYS = 100
    for days in (102, 99):
        add_attempt(add_call(at=ago(days=days)), 5, at=ago(days=days))
    rollups.refresh()

    pruned = pruning.prune()

    assert (pruned.rows["attempts"], pruned.rows["calls"]) == (1, 1)
    assert (Attempt.objects.count(), Call.objects.count()) == (1, 1)
    rollups.rebuild()
    cells = AttemptCell.objects.filter(grain=Grain.DAY)
    assert sum(cells.values_list("cost_nanousd", flat=True)) == 10
    assert (
        Spend.objects.get(scope=Scope.FEATURE, period="day", starts_on=ago(days=102)).spent_nanousd
        == 5
    )


def test_what_is_not_summed_yet_is_not_pruned(settings: Settings) -> None:
    settings.TRIAGE_LEDGER_DAYS = 100
    add_attempt(add_call(at=ago(days=102)), 5, at=ago(days=102))

    pruned = pruning.prune()

    assert (pruned.rows["attempts"], Attempt.objects.count()) == (0, 1)


def test_the_ledger_is_kept_forever_where_that_is_wished(settings: Settings) -> None:
    settings.TRIAGE_LEDGER_DAYS = 0
    add_attempt(add_call(at=ago(days=5_000)), 5, at=ago(days=5_000))
    rollups.refresh()

    pruning.prune()

    assert Attempt.objects.count() == 1


def test_an_attempt_that_is_still_open_stays_with_its_call(settings: Settings) -> None:
    settings.TRIAGE_LEDGER_DAYS = 100
    add_attempt(add_call(at=ago(days=102)), 5, at=ago(days=102), certainty=Certainty.OPEN)
    rollups.refresh()

    pruning.prune()

    assert (Attempt.objects.count(), Call.objects.count()) == (1, 1)
