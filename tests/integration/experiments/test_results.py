"""How the variants compare: figures by variant, intervals of the differences, and a verdict in words."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.integration.admin_cases import NOON
from tests.integration.experiments.cases import begin, control_of, tried_in
from tests.integration.quality.cases import DAY, add_runs, asked, rows_of
from triage.models import Decision, Experiment, Stage, Variant
from triage.selectors.periods import Period
from triage.selectors.quality import Sums
from triage.selectors.reports import REPORTS
from triage.selectors.reports.experiments import verdict
from triage.services import experiments

NAME = "experiment-results"
PAGE = "admin:triage_experiment_results"
pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """Running since noon of 10 November."""
    return at(begin(), NOON)


def at(experiment: Experiment, moment: Any) -> Experiment:
    experiment.started_at = moment
    experiment.save()
    return experiment


def judged(variant: Variant, right: int, of: int, **counts: Any) -> None:
    add_runs("refund", of, variant_id=variant.pk, judged=of, right=right, **counts)


def test_each_variant_adds_up_its_own_runs_the_control_first(experiment: Experiment) -> None:
    control, tried = control_of(experiment), tried_in(experiment)
    add_runs("a", 30, variant_id=tried.pk, decision=Decision.APPLIED, judged=10, right=9)
    add_runs("b", 10, variant_id=tried.pk, stage=Stage.STRONG, at=DAY + timedelta(days=1))
    add_runs("a", 20, variant_id=control.pk, judged=4, right=2)
    add_runs("a", 999, judged=999)

    found = rows_of(NAME)

    assert [(row["variant"], row["runs"], row["judged"]) for row in found] == [
        ("arm 0", 20, 4),
        ("arm 1", 40, 10),
    ]
    assert (found[1]["applied_share"], found[1]["escalated_share"]) == (0.75, 0.25)
    assert (found[1]["accuracy"], found[0]["difference_points"]) == (0.9, None)
    assert found[0]["verdict"].startswith("The control")
    assert {row["experiment"] for row in found} == {"Short reasons"}


def test_the_difference_to_the_control_is_newcombes_in_points(experiment: Experiment) -> None:
    judged(tried_in(experiment), 56, 70)
    judged(control_of(experiment), 48, 80)

    found = rows_of(NAME)[1]

    # 56/70 - 48/80 = 0.8 - 0.6; Newcombe 1998, table II: 0.0524 to 0.3339
    assert found["difference_points"] == pytest.approx(20)
    assert found["difference_low"] == pytest.approx(5.24, abs=0.005)
    assert found["difference_high"] == pytest.approx(33.39, abs=0.005)
    assert found["verdict"] == "Right more often than the control. Adopt it by hand."


def test_the_cost_of_a_run_has_an_interval(experiment: Experiment) -> None:
    # three runs of $0.000200, $0.000400, $0.000600: 4 ± 2.263 in hundreds of millionths
    add_runs(
        "a",
        3,
        variant_id=tried_in(experiment).pk,
        cost_nanousd=1_200_000,
        cost_square_e12=200**2 + 400**2 + 600**2,
    )

    found = rows_of(NAME)[1]

    assert found["cost_per_run"] == 400_000
    assert found["cost_per_run_low"] == pytest.approx(173_700, abs=100)
    assert found["cost_per_run_high"] == pytest.approx(626_300, abs=100)


@pytest.mark.parametrize(
    ("mine", "control", "words"),
    [
        # 82 of 104 each: 2 × (7.849 × 2 × 0.788 × 0.212 / 0.01² - 100) = 52,200
        ((80, 100), (80, 100), "about 53,000 more judged tickets"),
        ((8, 10), (9, 10), "No difference can be told yet: about"),
        ((50, 100), (80, 100), "Right less often than the control."),
        ((0, 0), (80, 100), "no ticket is judged"),
    ],
)
def test_the_verdict_says_what_can_be_told(
    mine: tuple[int, int], control: tuple[int, int], words: str
) -> None:
    sums = [Sums(runs=of, judged=of, right=right) for right, of in (mine, control)]

    assert words in verdict(*sums)


def test_a_table_of_results_takes_three_queries(
    experiment: Experiment, django_assert_num_queries: Any
) -> None:
    for number in range(10):
        judged(tried_in(experiment), 5, 10, team_id=number)

    with django_assert_num_queries(3):  # the experiment, its variants, their cells
        REPORTS[NAME].build(asked())


def test_a_day_before_a_later_experiment_shows_the_earlier_one(experiment: Experiment) -> None:
    experiments.end(experiment.pk)
    at(begin(name="Later"), NOON + timedelta(days=5))

    earlier = rows_of(NAME, period=Period(date(2026, 11, 10), date(2026, 11, 10)))

    assert {row["experiment"] for row in earlier} == {"Short reasons"}
    assert {row["experiment"] for row in rows_of(NAME)} == {"Later"}
    assert rows_of(NAME, period=Period(date(2026, 1, 1), date(2026, 1, 2))) == []


def test_the_page_shows_the_running_experiment_or_the_one_that_is_named(
    as_bob: Client, experiment: Experiment
) -> None:
    experiments.end(experiment.pk)
    judged(tried_in(experiment), 7, 9)
    at(begin(name="Later"), NOON + timedelta(days=5))

    newest = as_bob.get(reverse(PAGE))
    named = as_bob.get(reverse(PAGE), {"experiment": experiment.pk})

    assert "<h2>Later</h2>" in newest.text
    assert "<h2>Short reasons</h2>" in named.text
    assert f"{reverse('admin:report', args=[NAME])}?from=2026-11-10&amp;to=2026-11-10" in named.text


@pytest.mark.parametrize("name", ["x", "0", "99999999999999999999", "\0", "<b>"])
def test_an_experiment_that_is_none_is_named(
    name: str, as_bob: Client, experiment: Experiment
) -> None:
    response = as_bob.get(reverse(PAGE), {"experiment": name})

    assert response.status_code == 200
    assert 'role="alert"' in response.text
    assert "<h2>Short reasons</h2>" in response.text


def test_without_an_experiment_the_page_says_what_one_is(as_bob: Client) -> None:
    html = as_bob.get(reverse(PAGE)).text

    assert "No experiment has begun" in html
    assert REPORTS[NAME].build(asked()).rows == ()


def test_the_page_tells_what_was_tried_and_how_to_adopt_it(
    as_bob: Client, experiment: Experiment
) -> None:
    html = " ".join(as_bob.get(reverse(PAGE)).text.split())

    assert "<strong>arm 0</strong> The control: what the others are compared with." in html
    assert "at most eight words" in html
    assert "Nothing is added: the control." in html
    assert "To adopt a variant, end the experiment" in html
