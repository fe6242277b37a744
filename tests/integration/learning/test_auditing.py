"""Audits: drawn at random from the automatic answers, judged once, and counted into the watches that raise the alarm."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.integration.learning.cases import (
    a_champion,
    a_ticket,
    answer,
    audits,
    judge_all,
    publish_labels,
)
from triage.exceptions import Conflict, InvalidInput
from triage.models import (
    Audit,
    Automation,
    Decision,
    Label,
    LocalModel,
    Stage,
    Triage,
)
from triage.services.evaluation.learning import auditing, drifting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def labels(db: None) -> None:
    publish_labels()


def test_only_automatic_answers_of_the_last_week_are_drawn() -> None:
    automatic = answer(a_ticket(), "billing")
    answer(a_ticket(), "billing", decision=Decision.SUGGESTED)
    answer(a_ticket(), "billing", at=timezone.now() - timedelta(days=8))

    drawn = auditing.draw()

    assert drawn == 1
    assert Audit.objects.get().triage == automatic


def test_all_stages_are_drawn_with_what_they_answered_and_by_which_model() -> None:
    champion = a_champion()
    for stage in (Stage.LOCAL, Stage.FIRST, Stage.STRONG):
        run = answer(a_ticket(), "login", stage=stage)
        Triage.objects.filter(pk=run.pk).update(local_answer={"version": "v1"})

    auditing.draw()

    found = {audit.stage: (audit.label, audit.local_model) for audit in Audit.objects.all()}
    assert found == {
        "local": ("login", champion),
        "classify": ("login", None),
        "escalate": ("login", None),
    }


def test_answers_with_labels_that_were_withdrawn_are_neither_drawn_nor_judged() -> None:
    answer(a_ticket(), "billing")
    auditing.draw()
    answer(a_ticket(), "login")
    Label.objects.filter(slug__in=("billing", "login")).update(is_active=False)

    drawn = auditing.draw()

    assert drawn == 0
    assert (auditing.count_waiting(), auditing.find_next()) == (0, None)


def test_an_answer_that_was_corrected_is_drawn_like_any_other(alice: User) -> None:
    answer(a_ticket(), "billing", corrected_to="login", by=alice)

    assert auditing.draw() == 1
    assert Audit.objects.get().label == "billing"


def test_a_night_draws_a_seventh_of_the_week_and_once() -> None:
    Automation.objects.create(audits_a_week=14)
    for number in range(9):
        answer(a_ticket(f"Ticket {number}"))

    assert (auditing.draw(), auditing.draw()) == (2, 0)


def test_a_week_draws_no_more_than_its_number() -> None:
    Automation.objects.create(audits_a_week=10)
    earlier = audits(9)
    Audit.objects.update(drawn_at=timezone.now() - timedelta(days=2))
    for number in range(9):
        answer(a_ticket(f"Another {number}"))

    assert len(earlier) + auditing.draw() == 10


def test_the_week_after_an_alarm_draws_twice_as_many() -> None:
    row = Automation.objects.create(audits_a_week=14, alarmed_at=timezone.now())

    doubled = auditing.a_week(row)
    row.alarmed_at = timezone.now() - timedelta(days=8)

    assert (doubled, auditing.a_week(row)) == (28, 14)


def test_every_answer_has_the_same_chance() -> None:
    """Of 20 answers 5 are drawn, 200 times: each some 50 times. With 20 of them none is beyond 4.5 standard deviations of 6.1."""
    Automation.objects.create(audits_a_week=35)
    runs = [answer(a_ticket(f"Ticket {number}")).pk for number in range(20)]
    times = dict.fromkeys(runs, 0)

    for _ in range(200):
        auditing.draw()
        for run in Audit.objects.values_list("triage_id", flat=True):
            times[run] += 1
        Audit.objects.all().delete()

    assert sum(times.values()) == 1_000
    assert all(22 < number < 78 for number in times.values())


def test_who_judges_gets_the_oldest_one_that_waits(bob: User) -> None:
    first, second = audits(2)

    auditing.judge(first.pk, truth="billing", by=bob)

    assert auditing.find_next() == second
    assert auditing.count_waiting() == 1


def test_a_judgement_says_whether_the_answer_was_right(bob: User) -> None:
    right, wrong = audits(2)

    judged = judge_all([right, wrong], [False, True], by=bob)

    assert [each.agrees for each in judged] == [True, False]
    wrong.refresh_from_db()
    assert (wrong.truth, wrong.by) == ("login", bob)


def test_an_audit_is_judged_and_counted_once(alice: User, bob: User) -> None:
    a_champion()
    (audit,) = audits(1)
    auditing.judge(audit.pk, truth="billing", by=alice)

    with pytest.raises(Conflict, match="Somebody else"):
        auditing.judge(audit.pk, truth="login", by=bob)

    row = Automation.objects.get()
    counted = drifting.watches_of(row).by_name
    assert {name: each.audited for name, each in counted.items()} == {
        "all": 1,
        "easy": 1,
        "hard": 0,
        "rare": 0,
    }
    assert row.watched_until == audit.pk


def test_a_label_that_is_none_is_refused_and_counts_nothing(bob: User) -> None:
    (audit,) = audits(1)

    with pytest.raises(InvalidInput):
        auditing.judge(audit.pk, truth="nonsense\0", by=bob)

    assert not Automation.objects.exists()


def test_a_deleted_ticket_takes_its_audit_along() -> None:
    (audit,) = audits(1)

    audit.triage.ticket.delete()

    assert not Audit.objects.exists()


def test_a_deleted_model_leaves_its_audits() -> None:
    champion = a_champion()
    run = answer(a_ticket(), stage=Stage.LOCAL)
    Audit.objects.create(triage=run, label="billing", stage=Stage.LOCAL, local_model=champion)

    LocalModel.objects.filter(pk=champion.pk).delete()

    assert Audit.objects.get().local_model is None
