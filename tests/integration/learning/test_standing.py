"""How the promise stands by the audits, of all answers and of each group of labels, and how the page tells it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.integration.learning.cases import a_champion, audits, judge_all, publish_labels
from triage.models import Audit, Automation, LocalModel
from triage.services.evaluation.learning import standing

pytestmark = pytest.mark.django_db

PAGE = "/admin/automation/"
GROUPS = {"billing": "easy", "returns": "hard"}


@pytest.fixture(autouse=True)
def labels(db: None) -> None:
    publish_labels()


@pytest.fixture
def champion() -> LocalModel:
    return a_champion(certificate={"groups": GROUPS, "proofs": {}})


def judged(number: int, *, label: str, wrong: int, by: User) -> None:
    """Audits that were judged today, in two statements."""
    keys = [audit.pk for audit in audits(number, label=label)]
    rows = Audit.objects.filter(pk__in=keys)
    rows.update(truth=label, by=by, judged_at=timezone.now())
    rows.filter(pk__in=keys[:wrong]).update(truth="login")


def table(client: Client) -> list[str]:
    """The rows of the audits' table, as read."""
    page: Any = client.get(PAGE).context["watch_lines"]
    return [
        f"{row.name}: {row.audited}, {row.wrong}, {row.upper}, {row.verdict}, {row.bet} of {row.alarm_at}"
        for row in page
    ]


def test_each_group_stands_for_itself_beside_all_together(champion: LocalModel, bob: User) -> None:
    """At d = 5 % / 3 the bound of 0 of 300 is 1 - 0.0167^(1/300) = 1.36 %, and more than 2 % of 20 with 5 wrong are."""
    judged(300, label="billing", wrong=0, by=bob)
    judged(20, label="returns", wrong=5, by=bob)
    judged(3, label="shipping", wrong=1, by=bob)

    found = standing.standings(Automation(), champion)

    assert [(each.name, each.standing.audited, each.standing.wrong) for each in found] == [
        ("all", 323, 6),
        ("easy", 300, 0),
        ("hard", 20, 5),
        ("rare", 3, 1),
    ]
    assert [each.standing.verdict for each in found] == [
        "not yet proven",
        "proven",
        "broken",
        "not yet proven",
    ]
    assert found[1].standing.upper == pytest.approx(0.01355, abs=1e-5)


def test_the_groups_share_the_chance_of_a_wrong_verdict(champion: LocalModel) -> None:
    found = standing.standings(Automation(d=0.06), champion)

    assert [each.standing.d for each in found] == [0.06, 0.02, 0.02, 0.02]


def test_without_a_champion_all_together_are_told_alone(bob: User) -> None:
    judged(2, label="billing", wrong=1, by=bob)

    (found,) = standing.standings(Automation(), None)

    assert (found.name, found.standing.audited) == ("all", 2)


def test_what_was_judged_long_ago_counts_no_more(champion: LocalModel, bob: User) -> None:
    judged(2, label="billing", wrong=1, by=bob)
    Audit.objects.update(judged_at=timezone.now() - timedelta(weeks=14))

    found = standing.standings(Automation(), champion)

    assert {each.standing.audited for each in found} == {0}


def test_all_of_it_takes_one_query(
    champion: LocalModel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        standing.standings(Automation(), champion)


def test_the_page_has_a_line_for_each_group(
    champion: LocalModel, as_bob: Client, bob: User
) -> None:
    """Two wrong: 0.5 · 2.5^2 + 0.5 = 3.625 stakes."""
    judge_all(audits(2, label="returns"), [True, True], by=bob)

    assert table(as_bob) == [
        "All answers: 2, 2 (100.0 %), 100.00 %, broken, 3.62 of 400",
        "Easy labels: 0, —, —, nothing audited, 1.00 of 400",
        "Hard labels: 2, 2 (100.0 %), 100.00 %, broken, 3.62 of 400",
        "Rare labels: 0, —, —, nothing audited, 1.00 of 400",
    ]


def test_the_page_says_at_what_chance_the_verdicts_and_the_bets_hold(
    champion: LocalModel, as_bob: Client
) -> None:
    page = " ".join(as_bob.get(PAGE).content.decode().split())

    assert "all answers holds but for a chance of 5 %, that on each group but for 1.7 %" in page
    assert "Once it is worth 400 times its stake it raises the alarm" in page
    assert "the chance that any of the 4 ever does is at most 1 %" in page


def test_the_page_says_which_labels_an_alarm_was_of(as_bob: Client) -> None:
    watch = {"alarm": "Of 8 audited automatic answers with hard labels 8 were wrong."}
    Automation.objects.create(alarmed_at=timezone.now(), watch=watch)

    page = " ".join(as_bob.get(PAGE).content.decode().split())

    assert "and are doubled for a week. Of 8 audited automatic answers with hard labels" in page
