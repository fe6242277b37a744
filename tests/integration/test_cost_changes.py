"""What is marked on the chart of costs as changed, and what is not."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.integration.admin_cases import NOON, add_call
from tests.integration.cost_cases import NOVEMBER, asked
from triage.models import Feature, Grain, Subject, Tally
from triage.selectors.periods import Period
from triage.selectors.reports.changes import Change, changes
from triage.selectors.tables import Asked

pytestmark = pytest.mark.django_db


def add_seen(
    value: str,
    first: str,
    last: str,
    *,
    subject: Subject = Subject.PROMPT,
    feature: str = "classify",
    model: str = "haiku",
) -> None:
    """A value that was seen on one day of November, from one time to another: "10 09:00", "10 17:00"."""
    first_at, last_at = moment(first), moment(last)
    is_run = subject != Subject.PROMPT
    Tally.objects.create(
        grain=Grain.DAY,
        starts_at=first_at.replace(hour=0, minute=0),
        subject=subject,
        feature="" if is_run else feature,
        model="" if is_run else model,
        value=value,
        number=1,
        cost_nanousd=0,
        tokens=0,
        first_at=first_at,
        last_at=last_at,
    )


def moment(text: str) -> datetime:
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def test_a_new_prompt_is_a_change_from_its_first_call() -> None:
    add_seen("aaaaaaaaaaaa", "09 08:00", "09 18:00")
    add_seen("aaaaaaaaaaaa", "10 08:00", "10 14:00")
    add_seen("bbbbbbbbbbbb", "10 14:05", "10 18:00")
    add_seen("bbbbbbbbbbbb", "11 08:00", "11 18:00")

    assert changes(Asked(NOVEMBER)) == (
        Change(moment("10 14:05"), "Prompt of classify", "aaaaaaaaaaaa", "bbbbbbbbbbbb"),
    )


def test_the_first_prompt_of_all_is_no_change() -> None:
    add_seen("a", "09 08:00", "09 18:00")

    assert changes(Asked(NOVEMBER)) == ()


def test_another_model_under_the_same_prompt_is_a_change_of_the_model() -> None:
    add_seen("a", "09 08:00", "09 18:00", model="haiku")
    add_seen("a", "10 08:00", "10 18:00", model="sonnet")

    assert changes(Asked(NOVEMBER)) == (
        Change(moment("10 08:00"), "Model of classify", "haiku", "sonnet"),
    )


def test_taxonomy_and_thresholds_are_marked_too() -> None:
    for subject, what in (
        (Subject.TAXONOMY, "Taxonomy version"),
        (Subject.THRESHOLDS, "Thresholds"),
    ):
        Tally.objects.all().delete()
        add_seen("3", "09 08:00", "09 18:00", subject=subject)
        add_seen("4", "12 08:00", "12 18:00", subject=subject)

        assert changes(Asked(NOVEMBER)) == (Change(moment("12 08:00"), what, "3", "4"),)


def test_values_that_take_turns_change_once() -> None:
    add_seen("a", "09 08:00", "09 18:00")
    for day in ("10", "11", "14"):
        add_seen("a", f"{day} 08:00", f"{day} 18:00")
        add_seen("b", f"{day} 08:10", f"{day} 18:10")

    assert [change.at for change in changes(Asked(NOVEMBER))] == [moment("10 08:10")]


def test_going_back_on_another_day_is_a_change() -> None:
    add_seen("a", "08 08:00", "08 18:00")
    add_seen("a", "09 08:00", "09 14:00")
    add_seen("b", "09 14:10", "09 18:00")
    add_seen("b", "10 08:00", "10 09:00")
    add_seen("a", "10 09:10", "10 18:00")

    assert [(change.before, change.after) for change in changes(Asked(NOVEMBER))] == [
        ("a", "b"),
        ("b", "a"),
    ]


def test_what_stood_before_the_range_is_known_for_a_week() -> None:
    add_seen("a", "09 08:00", "09 18:00")
    add_seen("b", "12 08:00", "12 18:00")

    twelfth = Period(date(2026, 11, 12), date(2026, 11, 12))
    later = Period(date(2026, 11, 13), date(2026, 11, 30))

    assert len(changes(Asked(twelfth))) == 1
    assert changes(Asked(later)) == ()


def test_evaluations_try_prompts_and_models_without_a_change() -> None:
    add_seen("a", "09 08:00", "09 18:00", feature="evaluate")
    add_seen("b", "10 08:00", "10 18:00", feature="evaluate", model="sonnet")

    assert changes(Asked(NOVEMBER)) == ()


def test_a_feature_alone_has_its_own_changes() -> None:
    for feature in ("classify", "draft"):
        add_seen("a", "09 08:00", "09 18:00", feature=feature)
        add_seen("b", "10 08:00", "10 18:00", feature=feature)
    add_seen("3", "09 08:00", "09 18:00", subject=Subject.TAXONOMY)
    add_seen("4", "12 08:00", "12 18:00", subject=Subject.TAXONOMY)

    def what(feature: Feature) -> list[str]:
        return [change.what for change in changes(Asked(NOVEMBER, feature))]

    assert what(Feature.DRAFT) == ["Prompt of draft"]
    assert what(Feature.CLASSIFY) == ["Prompt of classify", "Taxonomy version"]


def test_changes_take_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for day in range(9, 20):
        add_seen(str(day), f"{day:02} 08:00", f"{day:02} 18:00")

    with django_assert_num_queries(1):
        changes(Asked(NOVEMBER))


def test_rows_of_the_ledger_become_changes() -> None:
    add_call(prompt_version="a" * 16)
    add_call(prompt_version="b" * 16, at=NOON + timedelta(days=1))

    assert [change.at for change in changes(asked())] == [NOON + timedelta(days=1)]
