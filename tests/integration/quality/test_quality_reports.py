"""The tables of the quality page: sums over the days asked for, shares with their intervals, money per change for the better."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.integration.quality.cases import (
    DAY,
    add_confusion,
    add_runs,
    asked,
    rows_of,
    total_of,
)
from triage.models import Decision, Grain, Label, Stage
from triage.models.rollups import NO_BAND
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS

QUERIES = {
    "quality-by-label": 3,  # cells, pairs, labels
    "quality-by-stage": 1,
    "quality-escalation": 1,
    "quality-calibration": 1,
    "quality-confusions": 2,
    "quality-by-day": 1,
}
pytestmark = pytest.mark.django_db


def test_a_label_adds_up_its_days_and_decisions() -> None:
    add_runs("refund", 30, decision=Decision.APPLIED, judged=20, right=19)
    add_runs("refund", 12, at=DAY + timedelta(days=1), judged=10, right=7)
    add_runs("refund", 3, decision=Decision.WITHHELD, band=0)
    add_runs("login", 5)

    (refund, login) = rows_of("quality-by-label")

    names = ("label", "runs", "applied", "suggested", "withheld", "judged", "right")
    assert [refund[name] for name in names] == ["refund", 45, 30, 12, 3, 30, 26]
    # Wilson of 26 of 30
    assert refund["accuracy"] == pytest.approx(26 / 30)
    assert refund["accuracy_low"] == pytest.approx(0.7032, abs=1e-4)
    assert refund["accuracy_high"] == pytest.approx(0.9469, abs=1e-4)
    assert (login["runs"], login["accuracy"], login["accuracy_low"]) == (5, None, None)
    assert total_of("quality-by-label")["runs"] == 50


def test_only_the_day_cells_of_the_days_and_the_team_count() -> None:
    add_runs("refund", 1, team_id=7)
    add_runs("refund", 10, team_id=8)
    add_runs("refund", 100, team_id=7, grain=Grain.HOUR)
    add_runs("refund", 1_000, team_id=7, at=DAY - timedelta(days=10))
    add_runs("refund", 10_000, team_id=7, at=DAY + timedelta(days=21))

    assert rows_of("quality-by-label", team_id=7)[0]["runs"] == 1
    assert rows_of("quality-by-label")[0]["runs"] == 11
    assert total_of("quality-by-stage", team_id=8)["runs"] == 10


def test_the_mean_confidence_is_of_the_runs_that_named_one() -> None:
    add_runs("refund", 4, confidence_micro=3_600_000)
    add_runs("refund", 16, band=NO_BAND, stage=Stage.NONE, decision=Decision.WITHHELD)

    assert rows_of("quality-by-label")[0]["mean_confidence"] == pytest.approx(0.9)


def test_a_label_says_what_it_was_corrected_to_most_often_unless_one_team_is_asked_for() -> None:
    add_runs("refund", 10, team_id=7)
    add_confusion("refund", "login", 2)
    add_confusion("refund", "legal", 3)
    add_confusion("refund", "login", 4, at=DAY + timedelta(days=1))

    assert rows_of("quality-by-label")[0]["corrected_to"] == "login"
    assert rows_of("quality-by-label", team_id=7)[0]["corrected_to"] is None


def test_each_stage_says_how_often_it_was_right_and_what_a_run_cost() -> None:
    add_runs("refund", 3, stage=Stage.STRONG, judged=2, right=2, cost_nanousd=10_000_001)
    add_runs("refund", 10, judged=4, right=3, cost_nanousd=1_000_000)
    add_runs("", 1, stage=Stage.NONE, band=NO_BAND, cost_nanousd=7)

    found = rows_of("quality-by-stage")

    assert [row["stage"] for row in found] == ["First model", "Strong model", "Nobody"]
    # 1,000,000 / 10, 10,000,001 / 3 rounded, 7 / 1
    assert [row["cost_per_run"] for row in found] == [100_000, 3_333_334, 7]
    assert [row["right"] for row in found] == [3, 2, 0]


def test_escalating_is_worth_what_it_cost_for_each_change_that_people_agree_with() -> None:
    strong: dict[str, Any] = {"stage": Stage.STRONG, "changed_judged": 5, "judged": 9}
    add_runs(
        "refund",
        40,
        changed=10,
        changed_right=4,
        first_right=2,
        cost_nanousd=80_000_000,
        **strong,
    )
    add_runs("refund", 500, cost_nanousd=50_000_000, judged=50, right=50)
    add_runs("login", 9)

    (refund,) = rows_of("quality-escalation")

    names = ("escalated", "changed", "changed_judged", "changed_right", "first_right", "cost")
    assert [refund[name] for name in names] == [40, 10, 5, 4, 2, 80_000_000]
    # 10 changed × 4 of 5 right = 8; 80,000,000 / 8
    assert refund["cost_per_changed_right"] == 10_000_000


def test_the_local_model_has_its_own_row_and_nothing_it_cost_counts_as_escalating() -> None:
    add_runs("refund", 40, stage=Stage.LOCAL, escalated=0, judged=10, right=9, cost_nanousd=999)
    add_runs("refund", 1, stage=Stage.STRONG, changed=1, changed_judged=1, changed_right=1)

    (local, _) = rows_of("quality-by-stage")

    assert (local["stage"], local["runs"], local["right"]) == ("Local model", 40, 9)
    assert rows_of("quality-escalation")[0]["cost"] == 0


def test_what_nobody_judged_has_no_price_per_change() -> None:
    add_runs("refund", 40, stage=Stage.STRONG, changed=10, cost_nanousd=80_000_000)

    assert rows_of("quality-escalation")[0]["cost_per_changed_right"] is None


def test_confidence_stands_against_truth_band_by_band() -> None:
    add_runs("refund", 10, band=4, confidence_micro=9_800_000, judged=10, right=9)
    add_runs("login", 10, band=4, confidence_micro=9_600_000, judged=10, right=10)
    add_runs("login", 2, band=1, confidence_micro=1_200_000, judged=2, right=0)
    add_runs("", 7, band=NO_BAND, judged=1, right=0)

    found = rows_of("quality-calibration")

    assert [row["confidence"] for row in found] == [
        "0.00 to 0.50",
        "0.50 to 0.70",
        "0.70 to 0.85",
        "0.85 to 0.95",
        "0.95 to 1.00",
    ]
    assert [row["runs"] for row in found] == [0, 2, 0, 0, 20]
    assert (found[4]["mean_confidence"], found[4]["accuracy"]) == (pytest.approx(0.97), 0.95)
    assert (found[1]["accuracy"], found[2]["accuracy"]) == (0.0, None)


def test_the_most_frequent_mistakes_come_first_and_lead_to_their_tickets() -> None:
    refund, login = (Label.objects.create(slug=slug, name=slug) for slug in ("refund", "login"))
    add_confusion("refund", "login", 2)
    add_confusion("refund", "login", 3, at=DAY + timedelta(days=1))
    add_confusion("login", "gone", 4)
    for number in range(30):
        add_confusion(f"label {number}", "login", 1)

    table = REPORTS["quality-confusions"].build(asked())

    assert len(table.rows) == len(table.abouts) == 20
    assert table.rows[:2] == (("refund", "login", 5), ("login", "gone", 4))
    assert table.abouts[0]
    assert table.abouts[0].query == (
        ("label__id__exact", str(login.pk)),
        ("suggested_label__id__exact", str(refund.pk)),
    )
    assert table.abouts[1] is None


def test_days_are_the_newest_first_and_those_that_nobody_judged_are_left_out() -> None:
    add_runs("refund", 10, judged=4, right=3)
    add_runs("refund", 10, at=DAY + timedelta(days=1))
    add_runs("refund", 10, at=DAY + timedelta(days=2), judged=2, right=2)

    found = rows_of("quality-by-day")

    assert [(row["day"], row["judged"], row["right"]) for row in found] == [
        (date(2026, 11, 12), 2, 2),
        (date(2026, 11, 10), 4, 3),
    ]


@pytest.mark.parametrize("name", QUERIES)
def test_a_table_takes_as_many_queries_for_much_as_for_little(
    name: str, django_assert_num_queries: Any
) -> None:
    for number in range(12):
        add_runs(f"label {number}", 5, stage=Stage.STRONG, judged=3, right=2)
        add_confusion(f"label {number}", "other", 1)

    with django_assert_num_queries(QUERIES[name]):
        REPORTS[name].build(asked())


@pytest.mark.parametrize("name", QUERIES)
def test_a_table_of_nothing_is_empty_and_says_so(name: str) -> None:
    table = REPORTS[name].build(asked(period=Period(date(2020, 1, 1), date(2020, 1, 2))))

    assert (table.rows, table.total) == ((), None)
    assert table.empty.endswith(".")
