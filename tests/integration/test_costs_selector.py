"""What the reports of costs add up, checked by hand."""

from datetime import date, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Team, User
from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from tests.integration.cost_cases import (
    asked,
    of_team,
    picked,
    rows_of,
    table_of,
    total_of,
)
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import (
    Certainty,
    Decision,
    Draft,
    DraftState,
    Feature,
    Field,
    FieldDecision,
    Obtained,
    Stage,
    TicketDay,
    Triage,
)
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS, costs, costs_cells, costs_tickets
from triage.selectors.reports.headline import headline
from triage.selectors.tables import About
from triage.types import Usage

NAMES = [report.name for report in costs.REPORTS]

pytestmark = pytest.mark.django_db


def test_costs_add_up_to_the_nano_dollar() -> None:
    # 142_301 + 99 = 142_400 for classify on Haiku; 9_007_199_254_740_993 is beyond what a float can hold.
    add_attempt(add_call(), 142_301)
    add_attempt(add_call(), 99)
    add_attempt(add_call(Feature.ESCALATE), 9_007_199_254_740_993, model=SONNET)

    table = table_of("costs-by-model")

    assert picked(rows_of(table), "feature", "model", "cost") == [
        (Feature.CLASSIFY, HAIKU, 142_400),
        (Feature.ESCALATE, SONNET, 9_007_199_254_740_993),
    ]
    assert total_of(table)["cost"] == 9_007_199_254_883_393


def test_calls_attempts_and_errors_are_counted_apart() -> None:
    retried = add_call(obtained=Obtained.RETRY)
    add_attempt(retried, 0, certainty=Certainty.NONE, error="overloaded")
    add_attempt(retried, 500, number=2)
    failed = add_call(obtained="")
    add_attempt(failed, 0, certainty=Certainty.NONE, error="overloaded")

    figures = headline(asked())
    (row,) = rows_of(table_of("costs-by-model"))

    assert (row["calls"], row["attempts"], row["errors"]) == (2, 3, 2)
    assert row["error_rate"] == pytest.approx(2 / 3)
    assert (figures.calls.made, figures.calls.failed) == (2, 1)


def test_a_call_that_changed_models_counts_with_each_but_once_in_all() -> None:
    call = add_call(Feature.DRAFT)
    add_attempt(call, 0, model=SONNET, certainty=Certainty.NONE, error="overloaded")
    add_attempt(call, 700, number=2, model=HAIKU)

    table = table_of("costs-by-model")

    assert picked(rows_of(table), "model", "calls") == [(HAIKU, 1), (SONNET, 1)]
    assert total_of(table)["calls"] is None
    assert headline(asked()).calls.made == 1


def test_tokens_keep_their_classes() -> None:
    tokens = Usage(1, 20, 300, 4_000, 50_000)
    for _ in range(2):
        add_attempt(
            add_call(),
            1,
            uncached_input_tokens=tokens.uncached_input_tokens,
            cache_write_5m_tokens=tokens.cache_write_5m_tokens,
            cache_write_1h_tokens=tokens.cache_write_1h_tokens,
            cache_read_tokens=tokens.cache_read_tokens,
            output_tokens=tokens.output_tokens,
        )

    usage = headline(asked()).spent.usage
    total = total_of(table_of("costs-by-model"))

    assert usage == Usage(2, 40, 600, 8_000, 100_000)
    assert usage.input_tokens == 8_642
    assert (total["cache_write_5m_tokens"], total["cache_write_1h_tokens"]) == (40, 600)
    assert total["cache_hit_rate"] == pytest.approx(8_000 / 8_642)


def test_percentiles_are_at_most_two_percent_off() -> None:
    # Of 100, 200 … 2,000 ms: half took at most 1,000 ms, 95 % (19 of 20) at most 1,900 ms, 99 % at most 2,000.
    for tenths in range(1, 21):
        add_attempt(add_call(), 1, latency_ms=100 * tenths, first_token_ms=50 * tenths)
    add_attempt(add_call(), 1, certainty=Certainty.OPEN)

    (row,) = rows_of(table_of("costs-by-model"))

    assert row["p50"] == pytest.approx(1_000, rel=0.021)
    assert row["p95"] == pytest.approx(1_900, rel=0.021)
    assert row["p99"] == pytest.approx(2_000, rel=0.021)
    assert row["first_token_p50"] == pytest.approx(500, rel=0.021)
    assert row["first_token_p95"] == pytest.approx(950, rel=0.021)


def test_times_of_a_team_are_its_own() -> None:
    labels = add_labels()
    ticket = of_team(add_ticket(), labels["billing-wrong-charge"].team)
    add_attempt(add_call(about_id=str(ticket.pk)), 1, latency_ms=100)
    add_attempt(add_call(), 1, latency_ms=9_000)

    (row,) = rows_of(table_of("costs-by-model", team_id=ticket.team_id))

    assert row["p95"] == pytest.approx(100, rel=0.021)


def test_the_table_of_days_leaves_out_those_without_cost_and_leads_to_the_others() -> None:
    add_attempt(add_call(), 5)
    add_attempt(add_call(Feature.DRAFT), 7, at=NOON + timedelta(days=1))

    table = table_of("costs-by-day")

    assert picked(rows_of(table), "day", "classify", "draft", "total") == [
        (date(2026, 11, 11), 0, 7, 7),
        (date(2026, 11, 10), 5, 0, 5),
    ]
    assert total_of(table)["total"] == 12
    assert table.abouts[0] == About(
        "admin:costs", query=(("from", "2026-11-11"), ("to", "2026-11-11"))
    )


def test_one_feature_is_reported_alone() -> None:
    add_attempt(add_call(), 5)
    add_attempt(add_call(Feature.DRAFT), 70)

    table = table_of("costs-by-model", feature=Feature.DRAFT)
    figures = headline(asked(feature=Feature.DRAFT))
    days = table_of("costs-by-day", feature=Feature.DRAFT)

    assert picked(rows_of(table), "feature") == [(Feature.DRAFT,)]
    assert (figures.calls.made, figures.spent.cost_nanousd) == (1, 70)
    assert rows_of(days) == [{"day": NOON.date(), "draft": 70, "total": 70}]


def test_nothing_spent_is_an_empty_report() -> None:
    tables = {name: table_of(name) for name in NAMES}

    assert headline(asked()).is_empty
    assert len(costs_cells.daily(asked())) == 30
    assert {name: (table.rows, table.total) for name, table in tables.items()} == dict.fromkeys(
        tables, ((), None)
    )


def test_a_useful_result_is_one_that_nobody_found_wrong() -> None:
    add_labels()
    for wrong, decision in (
        (False, Decision.APPLIED),
        (False, Decision.SUGGESTED),
        (True, Decision.SUGGESTED),
        (False, Decision.WITHHELD),
    ):
        run = decide(add_ticket(), decision=decision)
        Triage.objects.filter(pk=run.pk).update(finished_at=NOON, stage=Stage.FIRST)
        if wrong:
            FieldDecision.objects.filter(triage=run, field=Field.LABEL).update(
                corrected_to="account-login", corrected_at=NOON, corrected_by=User.objects.system()
            )
    add_attempt(add_call(), 600)
    add_attempt(add_call(), 40, model=SONNET)
    add_attempt(add_call(Feature.BACKFILL), 60)

    rows = rows_of(table_of("costs-by-model"))
    alone = rows_of(table_of("costs-by-model", feature=Feature.BACKFILL))

    # (600 + 40 + 60) by the two that were applied or suggested and not found wrong.
    assert picked(rows, "feature", "cost_per_useful") == [
        (Feature.CLASSIFY, 350),
        (Feature.CLASSIFY, 350),
        (Feature.BACKFILL, 350),
    ]
    assert picked(alone, "cost_per_useful") == [(350,)]


def test_drafts_are_useful_once_sent_and_answers_of_evaluations_always() -> None:
    for state in (DraftState.SENT, DraftState.SENT, DraftState.DISCARDED):
        Draft.objects.create(
            ticket=add_ticket(),
            by=User.objects.system(),
            state=state,
            created_at=NOON,
            finished_at=NOON,
        )
    add_attempt(add_call(Feature.DRAFT), 900)
    add_attempt(add_call(Feature.EVALUATE), 30)
    add_attempt(add_call(Feature.EVALUATE, obtained=""), 0, error="timeout")

    rows = rows_of(table_of("costs-by-model"))

    assert headline(asked()).sent_drafts == 2
    assert picked(rows, "feature", "cost_per_useful") == [
        (Feature.DRAFT, 450),
        (Feature.EVALUATE, 30),
    ]


def test_narrowed_to_a_model_nothing_is_said_of_useful_results() -> None:
    Draft.objects.create(
        ticket=add_ticket(),
        by=User.objects.system(),
        state=DraftState.SENT,
        created_at=NOON,
        finished_at=NOON,
    )
    add_attempt(add_call(Feature.DRAFT), 900)

    table = table_of("costs-by-model", model=HAIKU)

    assert picked(rows_of(table), "cost_per_useful") == [(None,)]
    assert "What a useful result cost is left out" in table.note


def test_the_trend_compares_with_as_many_days_before() -> None:
    tenth = Period(date(2026, 11, 10), date(2026, 11, 10))
    add_attempt(add_call(), 150)
    add_attempt(add_call(Feature.DRAFT), 50)
    add_attempt(add_call(), 100, at=NOON - timedelta(days=1))
    add_attempt(add_call(), 7_000, at=NOON - timedelta(days=2))

    table = table_of("costs-by-model", tenth)

    # Classify went from 100 to 150, drafts had not been there; all from 100 to 200.
    assert picked(rows_of(table), "trend") == [(0.5,), (None,)]
    assert total_of(table)["trend"] == 1.0


def test_users_stand_by_what_their_calls_cost(alice: User) -> None:
    mine, other = add_call(Feature.DRAFT), add_call()
    type(mine).objects.filter(pk=mine.pk).update(by=alice)
    add_attempt(mine, 300)
    add_attempt(other, 100)

    table = table_of("costs-by-user")

    assert picked(rows_of(table), "user", "cost", "cost_share") == [
        ("alice@example.com", 300, 0.75),
        ("system@triage.invalid", 100, 0.25),
    ]
    assert total_of(table)["cost"] == 400
    assert table.abouts[0]
    assert table.abouts[0].query[0] == ("q", "alice@example.com")


def test_teams_stand_by_the_tickets_they_have_now() -> None:
    labels = add_labels()
    ticket = add_ticket()
    add_attempt(add_call(about_id=str(ticket.pk)), 300)
    add_attempt(add_call(Feature.EVALUATE), 100)
    of_team(ticket, labels["billing-wrong-charge"].team)

    table = table_of("costs-by-team")
    alone = table_of("costs-by-model", team_id=Team.objects.get().pk)

    assert picked(rows_of(table), "team", "cost") == [("Billing", 300), ("No team", 100)]
    assert total_of(alone)["cost"] == 300
    assert "the team that has the ticket now" in table.note


def test_the_dearest_tickets_are_added_up_over_the_days() -> None:
    dear, cheap = add_ticket("Dear"), add_ticket("")
    for day, ticket, cost in ((10, dear, 50), (11, dear, 60), (10, cheap, 100), (31, cheap, 900)):
        add_day(date(2026, 10, 31) if day == 31 else date(2026, 11, day), ticket.pk, cost)
    add_day(date(2026, 11, 12), 987_654, 70)

    table = table_of("costs-by-ticket")

    assert picked(rows_of(table), "ticket", "subject", "days", "cost") == [
        (f"#{dear.pk}", "Dear", 2, 110),
        (f"#{cheap.pk}", "(no subject)", 1, 100),
        ("#987654", "(deleted)", 1, 70),
    ]
    assert table.abouts == (
        About("admin:triage_ticket_change", (dear.pk,)),
        About("admin:triage_ticket_change", (cheap.pk,)),
        None,
    )


def test_of_the_dearest_tickets_twenty_are_shown_of_those_that_were_dear_on_a_day() -> None:
    for number in range(25):
        add_day(date(2026, 11, 10), 1_000 + number, 500 + number)
    for day in range(1, 31):
        add_day(date(2026, 11, day), 1, 40)

    table = table_of("costs-by-ticket", Period(date(2026, 11, 10), date(2026, 11, 10)))

    assert len(table.rows) == costs_tickets.SHOWN
    assert picked(rows_of(table), "ticket")[0] == ("#1024",)
    assert f"each day's dearest {costs_tickets.CANDIDATES_A_DAY}" in table.note


@pytest.mark.parametrize("calls", [1, 30])
@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("costs-by-model", 6),
        ("costs-by-day", 1),
        ("costs-by-user", 2),
        ("costs-by-team", 2),
        ("costs-by-ticket", 2),
        ("savings", 6),
    ],
)
def test_a_report_takes_as_many_queries_however_much_was_spent(
    name: str, queries: int, calls: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ticket = add_ticket()
    for number in range(calls):
        call = add_call(list(Feature)[number % 5], about_id=str(ticket.pk))
        add_attempt(call, number, model=(HAIKU, SONNET)[number % 2])
    add_attempt(add_call(Feature.ESCALATE), 1, model=SONNET)
    wanted = asked()

    with django_assert_num_queries(queries):
        REPORTS[name].build(wanted)


def add_day(day: date, ticket_id: int, cost_nanousd: int) -> None:
    TicketDay.objects.create(
        day=day, ticket_id=ticket_id, calls=1, attempts=1, cost_nanousd=cost_nanousd
    )
