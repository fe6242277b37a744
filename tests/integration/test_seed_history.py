"""`seed_history`: what it writes is simulated, adds up to the nano-dollar, and leaves everything as live rows would."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, F, Q, Sum
from pytest_django import Settings

from accounts.models import User
from tests.integration.admin_cases import add_attempt, add_call
from triage.exceptions import InvalidInput
from triage.models import (
    Attempt,
    AttemptCell,
    Batch,
    Call,
    Certainty,
    Draft,
    Feature,
    Field,
    FieldDecision,
    Obtained,
    RollupNote,
    Scope,
    Spend,
    Ticket,
    TicketCell,
    Triage,
    TriageCell,
)
from triage.services import history
from triage.services.gateway.reconciling.prices import card_from
from triage.services.history import Wish, seeding, writing
from triage.types import Usage

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)  # a Saturday
WISH = Wish(attempts=2_500, days=6, seed=7)
ALONE = "DO $$ BEGIN RAISE insufficient_privilege; END $$"


def seed(wish: Wish = WISH) -> None:
    for _ in history.seed(wish, now=NOW):
        pass


def figures() -> list[tuple[Any, ...]]:
    """What the ledger holds, without the ids."""
    groups = Attempt.objects.values_list("model", "certainty", "opened_at__date")
    sums = groups.annotate(n=Count("id"), cost=Sum("cost_nanousd"), out=Sum("output_tokens"))
    return list(sums.order_by("model", "certainty", "opened_at__date"))


def test_history_has_exactly_the_attempts_and_tickets_that_were_wished_for() -> None:
    seed()

    assert Attempt.objects.count() == 2_500
    assert Ticket.objects.count() == Triage.objects.count() == 1_500
    assert FieldDecision.objects.filter(field=Field.LABEL).count() == 1_500
    assert FieldDecision.objects.count() == 4 * 1_500


def test_everything_lies_in_the_days_up_to_now_and_has_ended() -> None:
    seed()

    first = datetime(2026, 11, 16, tzinfo=UTC)
    assert not Attempt.objects.exclude(opened_at__gte=first, settled_at__lte=NOW).exists()
    assert not Call.objects.exclude(created_at__gte=first, finished_at__lte=NOW).exists()
    assert not Ticket.objects.filter(Q(solved_at__gt=NOW) | Q(updated_at__gt=NOW)).exists()
    assert not Draft.objects.filter(Q(decided_at__gt=NOW) | Q(finished_at__gt=NOW)).exists()
    assert not FieldDecision.objects.filter(corrected_at__gt=NOW).exists()


def test_each_known_attempt_costs_what_its_stamped_price_says() -> None:
    seed()

    for attempt in Attempt.objects.filter(certainty=Certainty.KNOWN):
        card = card_from(attempt.price, attempt.model, is_batch=attempt.batch_id is not None)
        usage = Usage(**{name: getattr(attempt, name) for name in Usage.__slots__})
        assert attempt.cost_nanousd == card.cost_nanousd(usage)


def test_calls_and_runs_cost_what_their_attempts_cost() -> None:
    seed()

    summed = Call.objects.annotate(paid=Sum("attempts__cost_nanousd", default=0))
    assert not summed.exclude(cost_nanousd=F("paid")).exists()
    sorting = Call.objects.filter(feature__in=("classify", "escalate"), created_at__lte=NOW)
    for run in Triage.objects.all()[:200]:
        calls = sorting.filter(about_id=run.ticket_id, created_at__lt=run.finished_at)
        assert run.cost_nanousd == sum(calls.values_list("cost_nanousd", flat=True))


def test_spend_is_the_sum_of_the_attempts_in_every_scope() -> None:
    before = add_call(at=NOW - timedelta(days=1))
    add_attempt(before, 1_000, at=NOW - timedelta(days=1))

    seed()

    attempts = Attempt.objects.values_list(
        "call__feature", "call__by_id", "opened_at", "cost_nanousd"
    )
    expected: dict[tuple[str, str, str, object], int] = {}
    for feature, by_id, at, cost in attempts:
        for scope, key in (("installation", ""), ("feature", feature), ("user", str(by_id))):
            for period, day in (("day", at.date()), ("month", at.date().replace(day=1))):
                place = (scope, key, period, day)
                expected[place] = expected.get(place, 0) + cost
    kept = {
        (row.scope, row.key, row.period, row.starts_on): row.spent_nanousd
        for row in Spend.objects.all()
    }
    assert kept == {place: cost for place, cost in expected.items() if cost}


def test_cells_are_equal_to_the_rows_and_nothing_is_left_to_sum() -> None:
    seed()

    history.finish(datetime(2026, 11, 16, tzinfo=UTC), tell=lambda _day: None)

    hours = AttemptCell.objects.filter(grain="hour").aggregate(Sum("attempts"), Sum("cost_nanousd"))
    rows = Attempt.objects.aggregate(Count("id"), Sum("cost_nanousd"))
    assert list(hours.values()) == list(rows.values())
    runs = TriageCell.objects.filter(grain="day").aggregate(Sum("runs"), Sum("judged"))
    assert runs["runs__sum"] == 1_500
    assert runs["judged__sum"] == FieldDecision.objects.exclude(corrected_to="").count()
    assert TicketCell.objects.filter(grain="day").aggregate(n=Sum("created"))["n"] == 1_500
    assert not RollupNote.objects.exists()


def test_history_tells_of_all_that_pages_show() -> None:
    seed(Wish(attempts=12_000, days=10, tickets=3_000, seed=3))

    features = Call.objects.values_list("feature", flat=True).distinct()
    obtained = Call.objects.exclude(obtained="").values_list("obtained", flat=True).distinct()
    assert set(features) == set(Feature.values)
    assert set(obtained) == {"first", "retry", "fallback", "stored", "joined", "batch"}
    errors = set(Attempt.objects.values_list("error", flat=True))
    assert {"overloaded", "rate_limited", "upstream_error", "timeout"} <= errors
    certainties = set(Attempt.objects.values_list("certainty", flat=True))
    assert certainties == {"known", "none", "unknown", "lower_bound"}
    assert Call.objects.filter(error="rate_exceeded", tries=0).exists()
    assert Call.objects.filter(
        obtained=Obtained.STORED, saved_nanousd__gt=0, cost_nanousd=0
    ).exists()
    states = set(Draft.objects.values_list("state", flat=True))
    assert {"sent", "discarded", "ready", "failed"} <= states
    assert Draft.objects.filter(state="sent", edited_share=0).exists()
    assert Triage.objects.filter(stage="escalate", first_answer__label__value__gt="").exists()


def test_batches_have_their_lines_and_half_the_price() -> None:
    seed(Wish(attempts=6_000, days=4, tickets=1_000))

    batches = Batch.objects.annotate(found=Count("attempts"))
    assert batches.exists()
    assert not batches.exclude(lines=F("found")).exists()
    inputs = Attempt.objects.filter(model="claude-haiku-5-5").values_list("price__uncached_input")
    (batch,) = inputs.filter(batch__isnull=False).distinct()
    (live,) = inputs.filter(batch=None).distinct()
    assert 2 * float(batch[0]) == float(live[0])


def test_first_model_is_overloaded_on_one_afternoon() -> None:
    seed(Wish(attempts=9_000, days=10, tickets=1_000))

    overloaded = Attempt.objects.filter(model="claude-haiku-5-5", error="overloaded")
    by_day = dict(overloaded.values_list("opened_at__date").annotate(n=Count("id")))
    worst = max(by_day, key=lambda day: by_day[day])
    assert by_day[worst] > 5 * sorted(by_day.values())[-2]
    hours = set(overloaded.filter(opened_at__date=worst).values_list("opened_at__hour", flat=True))
    assert {13, 14, 15, 16} <= hours
    assert Call.objects.filter(created_at__date=worst, obtained=Obtained.FALLBACK).exists()


def test_prompt_thresholds_and_taxonomy_change_in_the_middle() -> None:
    seed()

    runs = Triage.objects.values_list("prompt_version", "taxonomy_version", "thresholds__apply")
    before, after = sorted(set(runs), key=lambda kept: kept[2])
    assert before[0] != after[0]
    assert before[1] != after[1]
    change = Triage.objects.filter(prompt_version=after[0]).order_by("created_at")[0].created_at
    assert not Triage.objects.filter(prompt_version=before[0], created_at__gt=change).exists()


def test_people_find_sure_labels_right_more_often() -> None:
    seed(Wish(attempts=5_000, days=6, tickets=3_000))

    judged = FieldDecision.objects.filter(field=Field.LABEL, decision="suggested").exclude(
        corrected_to=""
    )
    unsure = judged.filter(confidence__lt=0.75).aggregate(
        n=Count("id"), right=Count("id", filter=Q(corrected_to=F("value")))
    )
    sure = judged.filter(confidence__gte=0.85).aggregate(
        n=Count("id"), right=Count("id", filter=Q(corrected_to=F("value")))
    )
    assert sure["n"] > 30
    assert sure["right"] / sure["n"] > unsure["right"] / unsure["n"] + 0.1


def test_at_night_calls_come_in_bursts_between_which_the_cache_lapses() -> None:
    seed(Wish(attempts=12_000, days=2, tickets=2_000))

    asked = Attempt.objects.filter(model="claude-haiku-5-5", batch=None)
    night = asked.filter(opened_at__hour__lt=5)
    minutes = set(night.values_list("opened_at__minute", flat=True))
    noon = asked.filter(opened_at__hour__gte=9, opened_at__hour__lt=12)
    assert {minute % 20 for minute in minutes} <= {0, 1, 2}
    written = Q(cache_write_5m_tokens__gt=0)
    share = {
        name: hours.filter(written).count() / hours.count()
        for name, hours in (("night", night), ("noon", noon))
    }
    assert share["night"] > 5 * share["noon"]


def test_same_seed_tells_the_same_history_and_a_second_run_adds_to_it() -> None:
    seed()
    once = figures()

    seed()

    assert [(*kind, 2 * n, 2 * cost, 2 * out) for *kind, n, cost, out in once] == figures()


def test_several_processes_write_what_one_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    seed()
    alone = figures()
    Attempt.objects.all().delete()
    monkeypatch.setattr(seeding, "ALONE_BELOW", 0)

    seed()

    assert figures() == alone


def test_stopped_history_keeps_whole_days_with_their_sums() -> None:
    steps = history.seed(WISH, now=NOW)
    next(steps)
    second = next(steps)

    steps.close()

    assert Attempt.objects.count() == second.attempts < WISH.attempts
    days = set(Attempt.objects.values_list("opened_at__date", flat=True))
    assert len(days) == 2
    spent = Spend.objects.filter(scope=Scope.INSTALLATION, period="day").aggregate(
        n=Sum("spent_nanousd")
    )
    assert spent["n"] == Attempt.objects.aggregate(n=Sum("cost_nanousd"))["n"]
    assert {note.starts_at.date() for note in RollupNote.objects.filter(subject="ledger")} == days


def test_day_that_fails_leaves_nothing_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "NOTES", "SELECT 1/0")

    with pytest.raises(Exception, match="division by zero"):
        seed()

    assert not Attempt.objects.exists()
    assert not Ticket.objects.exists()
    assert not Spend.objects.exists()


@pytest.mark.parametrize("is_superuser", [True, False])
def test_triggers_work_again_afterwards(
    is_superuser: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_superuser:
        monkeypatch.setattr(writing, "NO_TRIGGERS", ALONE)
    seed()
    RollupNote.objects.all().delete()
    day = NOW + timedelta(days=2)

    add_attempt(add_call(at=day), 1_500, at=day)

    spent = Spend.objects.get(scope=Scope.INSTALLATION, period="day", starts_on=day.date())
    assert spent.spent_nanousd == 1_500
    assert RollupNote.objects.filter(subject="ledger").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'")
        assert cursor.fetchone() == (0,)


def test_without_superuser_the_triggers_of_the_tables_are_off_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writing, "NO_TRIGGERS", ALONE)

    seed()

    spent = Spend.objects.filter(scope=Scope.INSTALLATION, period="day").aggregate(
        n=Sum("spent_nanousd")
    )
    assert spent["n"] == Attempt.objects.aggregate(n=Sum("cost_nanousd"))["n"]


def test_new_rows_get_ids_after_those_of_the_history() -> None:
    seed()

    call = add_call()

    assert call.pk > Call.objects.exclude(pk=call.pk).order_by("-pk")[0].pk


def test_people_who_are_missing_are_made_and_cannot_log_in() -> None:
    seed()

    made = User.objects.filter(email__endswith="@simulated.example")
    assert made.count() == 12
    assert not any(user.has_usable_password() for user in made)


def test_tickets_and_drafts_stand_to_what_they_point_at() -> None:
    seed()

    assert not Ticket.objects.filter(requester=None).exists()
    assert not Ticket.objects.exclude(triage__ticket=F("pk")).exists()
    assert not Draft.objects.filter(created_at__lt=F("ticket__created_at")).exists()
    about = Call.objects.filter(about_kind="ticket").values_list("about_id", flat=True)
    assert {int(ticket) for ticket in about} <= set(Ticket.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    "wish", [Wish(attempts=0), Wish(attempts=10, days=0), Wish(attempts=10, tickets=11)]
)
def test_wish_that_cannot_be_had_is_refused(wish: Wish) -> None:
    with pytest.raises(InvalidInput):
        seed(wish)

    assert not User.objects.filter(email__endswith="@simulated.example").exists()


def test_command_says_that_all_is_simulated() -> None:
    said = StringIO()

    call_command("seed_history", attempts=300, days=2, stdout=said)

    assert "Everything that is written now is simulated" in said.getvalue()
    assert "300 simulated attempts of 180 tickets" in said.getvalue()


def test_command_refuses_beside_a_history_that_is_no_simulation(settings: Settings) -> None:
    settings.TRIAGE_SIMULATOR = False
    add_call()

    with pytest.raises(CommandError, match="--yes"):
        call_command("seed_history", attempts=300, days=2, stdout=StringIO())

    assert not Attempt.objects.exists()
    call_command("seed_history", attempts=300, days=2, yes=True, stdout=StringIO())
    assert Attempt.objects.count() == 300
