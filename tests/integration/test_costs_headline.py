"""The headline figures of costs, checked by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.integration.admin_cases import NOON, add_attempt, add_call
from tests.integration.cost_cases import (
    asked,
    of_team,
)
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import (
    Certainty,
    Feature,
    Obtained,
    Ticket,
    Triage,
)
from triage.models.rollups import NO_TEAM
from triage.selectors.periods import Period
from triage.selectors.reports import costs_cells
from triage.selectors.reports.headline import Unsure, headline, month

pytestmark = pytest.mark.django_db


def test_a_day_is_a_utc_day_and_the_last_one_counts() -> None:
    midnight = datetime(2026, 11, 10, tzinfo=UTC)
    add_attempt(add_call(), 1, at=midnight - timedelta(microseconds=1))
    add_attempt(add_call(), 20, at=midnight)
    add_attempt(add_call(), 300, at=midnight + timedelta(days=1, microseconds=-1))
    add_attempt(add_call(), 4_000, at=midnight + timedelta(days=1))

    tenth = headline(asked(Period(midnight.date(), midnight.date())))
    two_days = costs_cells.daily(asked(Period(date(2026, 11, 9), date(2026, 11, 10))))

    assert tenth.spent.cost_nanousd == 320
    assert [day.cost_nanousd for day in two_days] == [
        {Feature.CLASSIFY: 1},
        {Feature.CLASSIFY: 320},
    ]


def test_days_show_their_features_and_empty_days_too() -> None:
    add_attempt(add_call(), 5)
    add_attempt(add_call(Feature.DRAFT), 7)

    days = costs_cells.daily(asked(Period(date(2026, 11, 9), date(2026, 11, 11))))

    assert [day.cost_nanousd for day in days] == [
        {},
        {Feature.CLASSIFY: 5, Feature.DRAFT: 7},
        {},
    ]


def test_what_is_not_sure_is_named_with_its_amount() -> None:
    for cost, certainty in (
        (1_000, Certainty.KNOWN),
        (200, Certainty.UNKNOWN),
        (30, Certainty.UNKNOWN),
        (4, Certainty.LOWER_BOUND),
        (5, Certainty.OPEN),
    ):
        add_attempt(add_call(), cost, certainty=certainty)

    figures = headline(asked())

    assert figures.spent.cost_nanousd == 1_239
    assert figures.unsure_nanousd == 239
    assert figures.unsure == (
        Unsure(Certainty.UNKNOWN, 2, 230),
        Unsure(Certainty.LOWER_BOUND, 1, 4),
        Unsure(Certainty.OPEN, 1, 5),
    )


def test_how_sure_costs_are_is_not_kept_by_team() -> None:
    add_attempt(add_call(), 200, certainty=Certainty.UNKNOWN)

    assert headline(asked(team_id=NO_TEAM)).unsure is None


def test_reused_replies_are_counted_with_what_they_saved() -> None:
    add_call(obtained=Obtained.STORED, saved_nanousd=150)
    add_call(obtained=Obtained.STORED, saved_nanousd=150)
    add_call(obtained=Obtained.JOINED, saved_nanousd=7)

    figures = headline(asked())

    assert (figures.calls.reused, figures.calls.saved_nanousd) == (3, 307)
    assert figures.spent.cost_nanousd == 0
    assert not figures.is_empty


def test_triage_costs_classify_escalate_and_backfill() -> None:
    for feature, cost in zip(Feature, (1, 20, 300, 4_000, 50_000), strict=True):
        add_attempt(add_call(feature), cost)

    figures = headline(asked())

    # classify 1 + escalate 20 + backfill 50,000; draft 300 and evaluate 4,000 are no part of it.
    assert figures.sorting_nanousd == 50_021
    assert figures.draft_nanousd == 300


def test_a_ticket_that_was_triaged_twice_counts_once() -> None:
    add_labels()
    first, second = add_ticket(), add_ticket("Other")
    runs = [decide(first), decide(second)]
    Triage.objects.filter(pk__in=[run.pk for run in runs]).update(finished_at=NOON)
    again = Triage.objects.get(pk=runs[0].pk)
    again.pk, again.is_rerun = None, True
    again.save()
    waiting = add_ticket("Waits")

    figures = headline(asked())

    assert waiting.triage is not None
    assert figures.triaged == 2


def test_tickets_that_are_solved_are_counted_by_their_team() -> None:
    labels = add_labels()
    billing = of_team(add_ticket(), labels["billing-wrong-charge"].team)
    Ticket.objects.filter(pk__in=[billing.pk, add_ticket("Other").pk]).update(
        status="solved", solved_at=NOON
    )

    assert headline(asked()).solved == 2
    assert headline(asked(team_id=billing.team_id)).solved == 1


def test_a_month_is_expected_to_go_on_like_its_days_so_far() -> None:
    add_attempt(add_call(), 1_000, at=datetime(2026, 11, 3, tzinfo=UTC))
    asked()

    # Ten of thirty days are over: three times as much by the end.
    then = month(datetime(2026, 11, 11, tzinfo=UTC))

    assert (then.so_far_nanousd, then.expected_nanousd) == (1_000, 3_000)
    assert (then.days_so_far, then.last_day) == (10.0, date(2026, 11, 30))


def test_the_first_day_of_a_month_expects_nothing() -> None:
    add_attempt(add_call(), 70, at=datetime(2026, 11, 1, 3, tzinfo=UTC))
    asked()

    first = month(datetime(2026, 11, 1, 12, tzinfo=UTC))

    assert (first.so_far_nanousd, first.expected_nanousd, first.budget_nanousd) == (70, None, None)


def test_the_headline_takes_six_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    add_attempt(add_call(), 1)
    wanted = asked()

    with django_assert_num_queries(6):
        headline(wanted)
