"""refresh() beside others: notes are taken once, what is pruned stays summed, and percentiles are at most 2 % off."""

import random
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from tests.integration.admin_cases import HAIKU, NOON, add_attempt, add_call
from triage.models import (
    Attempt,
    AttemptCell,
    Certainty,
    Grain,
    LatencyCell,
    Measure,
    RollupNote,
    RollupState,
    TicketDay,
)
from triage.models.rollups import ALL_TEAMS
from triage.selectors.rollups import percentile
from triage.services import rollups

DAY = NOON.replace(hour=0)


def spent(grain: Grain = Grain.DAY) -> int:
    return sum(AttemptCell.objects.filter(grain=grain).values_list("cost_nanousd", flat=True))


@pytest.mark.django_db
def test_a_percentile_is_at_most_two_percent_off_over_hours_and_days() -> None:
    drawn = random.Random(7)
    times = [round(drawn.lognormvariate(7, 1.1)) + 2 for _ in range(400)]
    for number, ms in enumerate(times):
        at = DAY + timedelta(minutes=3 * number)
        add_attempt(add_call(at=at), 1, at=at, latency_ms=ms)

    rollups.refresh()

    cell = LatencyCell.objects.get(
        grain=Grain.DAY, team_id=ALL_TEAMS, measure=Measure.LATENCY, starts_at=DAY
    )
    histogram = dict(zip(cell.buckets, cell.counts, strict=True))
    for fraction in (0.01, 0.5, 0.95, 0.99, 1.0):
        exact = sorted(times)[max(0, -int(-fraction * len(times) // 1) - 1)]
        read = percentile(histogram, fraction)
        assert read is not None
        assert abs(read - exact) <= 0.02 * exact + 0.5  # and the rounding to whole milliseconds


@pytest.mark.django_db
def test_batches_have_no_latency() -> None:
    add_attempt(add_call(), 5)

    rollups.refresh()

    assert not LatencyCell.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_refreshes_at_once_sum_each_hour_once() -> None:
    User.objects.system()
    for _ in range(20):
        add_attempt(add_call(), 100)

    threads = [Thread(target=_refresh_and_close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rollups.refresh()

    assert (spent(), spent(Grain.HOUR)) == (2_000, 2_000)
    assert not RollupNote.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_refresh_that_breaks_off_keeps_its_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    add_attempt(add_call(), 100)

    def fail(*_: Any) -> None:
        raise RuntimeError("pulled the plug")

    monkeypatch.setattr("triage.services.rollups.refreshing.sum_tickets", fail)
    with pytest.raises(RuntimeError, match="pulled"):
        rollups.refresh()

    monkeypatch.undo()
    assert spent() == 0
    rollups.refresh()
    assert spent() == 100


@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_during_a_refresh_is_summed_by_the_next() -> None:
    call = add_call()
    rollups.refresh()

    with transaction.atomic():
        add_attempt(call, 100)
        thread = Thread(target=_refresh_and_close)
        thread.start()
        thread.join()

    assert spent() == 0
    rollups.refresh()
    assert spent() == 100


@pytest.mark.django_db
def test_what_was_pruned_stays_summed() -> None:
    old, young = add_call(at=DAY), add_call(at=DAY + timedelta(days=2))
    add_attempt(old, 100, at=DAY)
    add_attempt(young, 7, at=DAY + timedelta(days=2))
    rollups.refresh()

    assert rollups.keep_from(DAY + timedelta(days=1))
    old.attempts.all().delete()
    old.delete()
    RollupNote.objects.create(subject="ledger", starts_at=DAY)  # as if something had changed there
    rollups.refresh()
    rollups.rebuild()

    assert spent() == 107
    assert spent(Grain.HOUR) == 107


@pytest.mark.django_db
def test_nothing_may_be_pruned_before_it_is_summed() -> None:
    add_attempt(add_call(at=DAY), 100, at=DAY)

    assert not rollups.keep_from(DAY + timedelta(days=1))
    rollups.refresh()
    assert rollups.keep_from(DAY + timedelta(days=1))
    assert RollupState.objects.get().ledger_from == DAY + timedelta(days=1)


@pytest.mark.django_db
def test_of_days_that_are_over_only_the_dearest_tickets_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(TicketDay, "TICKETS_A_DAY", 2)
    for ticket_id, cost in ((1, 10), (2, 30), (3, 20)):
        add_attempt(add_call(about_id=str(ticket_id)), cost)

    rollups.refresh()

    kept = TicketDay.objects.order_by("-cost_nanousd").values_list("ticket_id", "cost_nanousd")
    assert list(kept) == [(2, 30), (3, 20)]
    rollups.rebuild()
    assert list(kept.all()) == [(2, 30), (3, 20)]


@pytest.mark.django_db
def test_the_cost_without_the_cache_goes_by_the_stamped_price_and_its_band() -> None:
    price = {
        "uncached_input": "0.1",
        "output": "0.5",
        "above_tokens": 1_000,
        "above": {"uncached_input": "0.5", "output": "2.5"},
    }
    # Below the band: 1000 * (500 * 0.1 + 10 * 0.5) = 55,000. Above: 1000 * (2,000 * 0.5 + 10 * 2.5) = 1,025,000.
    for read in (400, 1_900):
        Attempt.objects.create(
            call=add_call(),
            number=1,
            model=HAIKU,
            certainty=Certainty.KNOWN,
            bound_nanousd=9,
            cost_nanousd=9,
            price=price,
            lease_until=NOON,
            opened_at=NOON,
            settled_at=NOON,
            uncached_input_tokens=100,
            cache_read_tokens=read,
            output_tokens=10,
        )

    rollups.refresh()

    cell = AttemptCell.objects.get(grain=Grain.DAY, model=HAIKU)
    assert cell.uncached_nanousd == 55_000 + 1_025_000


@pytest.mark.django_db
def test_an_attempt_whose_tokens_nobody_knows_saves_nothing() -> None:
    add_attempt(add_call(), 5_000, certainty=Certainty.UNKNOWN)

    rollups.refresh()

    cell = AttemptCell.objects.get(grain=Grain.DAY)
    assert cell.uncached_nanousd == cell.cost_nanousd == 5_000


def _refresh_and_close() -> None:
    try:
        rollups.refresh()
    finally:
        connection.close()
