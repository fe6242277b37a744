"""Which variant a ticket gets: the same one always, by weight, and cheap to ask."""

from collections import Counter
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from tests.integration.admin_cases import NOON
from tests.integration.experiments.cases import SHORT, begin, plan
from triage.exceptions import Conflict, InvalidInput
from triage.models import Experiment, ExperimentState, Variant
from triage.services import experiments

TICKETS = range(1, 4_001)


def shares() -> Counter[str]:
    found = (experiments.variant_of(number) for number in TICKETS)
    return Counter(variant.name for variant in found if variant)


def test_a_ticket_keeps_its_variant(db: None) -> None:
    begin()
    before = [experiments.variant_of(number) for number in range(100)]

    experiments.forget()

    assert [experiments.variant_of(number) for number in range(100)] == before
    assert len(set(before)) == 2


def test_tickets_are_shared_out_by_the_weights(db: None) -> None:
    experiment = plan()
    experiment.variants.exclude(instruction="").update(weight=3)
    experiments.start(experiment.pk)
    experiments.forget()

    found = shares()

    # 4,000 × 3/4 = 3,000, give or take four standard deviations of 27
    assert 2_890 < found["arm 1"] < 3_110
    assert found.total() == 4_000


def test_another_experiment_shares_the_tickets_out_anew(db: None) -> None:
    first = begin()
    had = [v and v.name for v in map(experiments.variant_of, range(200))]
    experiments.end(first.pk)

    begin(name="Another")

    has = [v and v.name for v in map(experiments.variant_of, range(200))]
    assert 50 < sum(a == b for a, b in zip(had, has, strict=True)) < 150


def test_who_is_in_no_experiment_has_no_variant_and_asking_again_asks_no_database(
    db: None, django_assert_num_queries: Any
) -> None:
    plan()

    with django_assert_num_queries(1):
        assert experiments.variant_of(1) is None
    with django_assert_num_queries(0):
        assert experiments.variant_of(2) is None


def test_a_running_experiment_is_read_with_one_query(
    db: None, django_assert_num_queries: Any
) -> None:
    begin()

    with django_assert_num_queries(1):
        assert all(experiments.variant_of(number) for number in range(50))


def test_what_is_known_is_read_anew_after_some_seconds(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert experiments.variant_of(1) is None
    experiment = plan()
    Experiment.objects.filter(pk=experiment.pk).update(state="running", started_at=NOON)

    assert experiments.variant_of(1) is None
    monkeypatch.setattr(experiments._Known, "until", experiments._Known.until - 5)
    assert experiments.variant_of(1) is not None


def test_an_ended_experiment_gives_out_nothing(db: None) -> None:
    experiment = begin()

    ended = experiments.end(experiment.pk)
    experiments.forget()

    assert (ended.state, experiments.variant_of(1)) == (ExperimentState.ENDED, None)
    assert ended.ended_at is not None


def test_a_second_experiment_is_refused_with_the_price(db: None) -> None:
    begin()
    second = plan(name="Second")

    with pytest.raises(Conflict, match=r"“Short reasons” is running.*cost twice as many"):
        experiments.start(second.pk)

    second.refresh_from_db()
    assert second.state == ExperimentState.PLANNED


@pytest.mark.django_db(transaction=True)
def test_of_two_started_at_once_one_runs() -> None:
    numbers = [plan(name=name).pk for name in ("One", "Two")]
    together, outcomes = Barrier(2), list[str]()

    def start(number: int) -> None:
        together.wait()
        try:
            experiments.start(number)
            outcomes.append("runs")
        except Conflict:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=start, args=[number]) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused", "runs"]


def test_what_has_begun_is_not_started_again_and_what_does_not_run_is_not_ended(db: None) -> None:
    experiment = begin()

    with pytest.raises(Conflict, match="is running"):
        experiments.start(experiment.pk)
    experiments.end(experiment.pk)
    with pytest.raises(Conflict, match="is ended"):
        experiments.end(experiment.pk)
    with pytest.raises(Conflict, match="is planned"):
        experiments.end(plan(name="Later").pk)


@pytest.mark.parametrize("instructions", [[], [""], ["", ""], [SHORT, "Another."]])
def test_without_something_to_compare_nothing_starts(instructions: list[str], db: None) -> None:
    experiment = Experiment.objects.create(name="Bare", by=User.objects.system())
    for number, words in enumerate(instructions):
        Variant.objects.create(experiment=experiment, name=str(number), instruction=words)

    with pytest.raises(InvalidInput, match="at least two"):
        experiments.start(experiment.pk)
