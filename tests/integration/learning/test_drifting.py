"""The watches over the audits: over all answers and each group of labels, what their alarms do, and what they tell."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from accounts.models import User
from tests.integration.learning.cases import (
    a_champion,
    audits,
    judge_all,
    publish_labels,
    switched_on,
)
from triage.models import Alert, AlertKind, Automation, LocalModel, Triage
from triage.services import alerts
from triage.services.alerts import readings
from triage.services.evaluation.learning import drifting
from triage.services.statistics.drift import ALL, Watch, Watches

pytestmark = pytest.mark.django_db

GROUPS = {"billing": "easy", "returns": "hard", "shipping": "rare"}
LADDER = {"ladder": [0.99, 0.95, 0.9], "words": "proven"}


@pytest.fixture(autouse=True)
def labels(db: None) -> None:
    publish_labels()


def a_grouped_champion(**thresholds: float) -> LocalModel:
    """Billing is easy, returns are hard, shipping is rare, and a login is unknown to it."""
    proofs = {"easy": LADDER, "hard": LADDER}
    return a_champion(thresholds=thresholds, certificate={"groups": GROUPS, "proofs": proofs})


def stream(number: int, *, error: float, seed: int) -> list[bool]:
    """Simulated: each answer is wrong with that chance."""
    rng = Random(seed)
    return [rng.random() < error for _ in range(number)]


def judge_until_alarm(by: User, *, label: str = "billing", every: int = 4) -> str:
    """Every so many one wrong, until the alarm; what it did."""
    for place, audit in enumerate(audits(60, label=label)):
        (judged,) = judge_all([audit], [place % every == 0], by=by)
        if judged.alarm:
            return judged.alarm
    raise AssertionError("no alarm")


def judge_hard_ones_wrong(by: User) -> list[str]:
    """400 answers: every fiftieth is a hard one and wrong, so that of all 2 % are, as promised. What the alarms did."""
    hard, easy = audits(8, label="returns"), audits(392)
    told = []
    for place, audit in enumerate(hard):
        told += judge_all(easy[49 * place : 49 * (place + 1)], [False] * 49, by=by)
        told += judge_all([audit], [True], by=by)
    return [each.alarm for each in told if each.alarm]


def counted() -> Mapping[str, int]:
    """How many audits each watch has seen."""
    watches = drifting.watches_of(Automation.objects.get()).by_name
    return {name: each.audited for name, each in watches.items()}


def about_to_alarm(*names: str) -> None:
    """The next wrong answer raises the alarm of these watches."""
    kept = Watches.begin(drifting.NAMES, target=0.02).as_dict()
    for name in names:
        kept["by_name"][name] |= {"staked": 399.0, "audited": 50, "wrong": 4}
    Automation.objects.update(watch=kept)


def judge_wrong(by: User, *, label: str = "billing") -> str:
    return judge_all(audits(1, label=label), [True], by=by)[0].alarm


def test_five_percent_of_errors_raise_the_alarm_where_two_are_promised(bob: User) -> None:
    """Simulated. An alarm is raised after some 275 audits in the middle."""
    switched_on()
    a_champion()
    waiting = audits(600)

    judged = judge_all(waiting, stream(600, error=0.05, seed=1), by=bob)

    assert any(each.alarm for each in judged)
    assert Automation.objects.get().alarmed_at is not None


def test_two_percent_of_errors_raise_none_where_two_are_promised(bob: User) -> None:
    """Simulated. A false alarm has a chance of one in a hundred, and this stream has none."""
    switched_on()

    judged = judge_all(audits(600), stream(600, error=0.02, seed=2), by=bob)

    assert not any(each.alarm for each in judged)
    assert counted()[ALL] == 600


def test_an_alarm_steps_back_to_the_next_stricter_threshold_that_was_proven(bob: User) -> None:
    switched_on()
    champion = a_champion(thresholds={"easy": 0.9})

    judge_until_alarm(bob)

    champion.refresh_from_db()
    assert champion.thresholds == {"easy": 0.95}
    assert Automation.objects.get().is_local_on


def test_an_alarm_without_a_stricter_threshold_switches_the_local_model_off(bob: User) -> None:
    switched_on()
    champion = a_champion(thresholds={"easy": 0.99})

    alarm = judge_until_alarm(bob)

    champion.refresh_from_db()
    assert (champion.thresholds, Automation.objects.get().is_local_on) == ({}, False)
    assert alarm.endswith("the local model is off.")


def test_a_group_that_goes_bad_alarms_although_all_together_hold(bob: User) -> None:
    """8 wrong ones in a row are worth 0.5 · 2.5^8 + 0.5 = 763 times the stake, 7 only 306; 1 / (0.01 / 4) = 400 are an alarm."""
    switched_on()
    champion = a_grouped_champion(easy=0.9, hard=0.9)

    (alarm,) = judge_hard_ones_wrong(bob)

    champion.refresh_from_db()
    assert champion.thresholds == {"easy": 0.9, "hard": 0.95}
    assert Automation.objects.get().is_local_on
    assert counted() == {"all": 400, "easy": 392, "hard": 0, "rare": 0}
    assert alarm == (
        "Of 8 audited automatic answers with hard labels 8 were wrong; at most 2 % are promised. From now on hard labels are"
        " answered by the local model only from a chance of 95.0 % on."
    )
    assert Alert.objects.get(kind=AlertKind.AUDIT_DRIFT).message == alarm


def test_an_alarm_of_all_steps_every_group_back_and_the_groups_are_watched_on(bob: User) -> None:
    switched_on()
    champion = a_grouped_champion(easy=0.9, hard=0.95)
    about_to_alarm(ALL)

    alarm = judge_wrong(bob)

    champion.refresh_from_db()
    assert champion.thresholds == {"easy": 0.95, "hard": 0.99}
    assert counted() == {"all": 0, "easy": 1, "hard": 0, "rare": 0}
    assert alarm.startswith("Of 51 audited automatic answers 5 were wrong; at most")


def test_all_and_a_group_that_alarm_at_once_step_back_once(bob: User) -> None:
    switched_on()
    champion = a_grouped_champion(easy=0.9, hard=0.95)
    about_to_alarm(ALL, "easy")

    alarm = judge_wrong(bob)

    champion.refresh_from_db()
    assert champion.thresholds == {"easy": 0.95, "hard": 0.99}
    assert "answers 5 were wrong and of 51 audited automatic answers with easy labels 5" in alarm
    assert Alert.objects.get().times == 1


def test_a_group_without_a_stricter_threshold_is_asked_of_claude_again(bob: User) -> None:
    switched_on()
    champion = a_grouped_champion(easy=0.9, hard=0.99)
    about_to_alarm("hard")

    alarm = judge_wrong(bob, label="returns")

    champion.refresh_from_db()
    assert (champion.thresholds, Automation.objects.get().is_local_on) == ({"easy": 0.9}, True)
    assert alarm.endswith("for hard labels: Claude is asked about them again.")


@pytest.mark.parametrize("label", ["shipping", "returns"])
def test_what_the_local_model_answers_never_alone_has_nothing_to_step_back(
    label: str, bob: User
) -> None:
    switched_on()
    champion = a_grouped_champion(easy=0.9)
    about_to_alarm(GROUPS[label])

    alarm = judge_wrong(bob, label=label)

    champion.refresh_from_db()
    assert (champion.thresholds, Automation.objects.get().is_local_on) == ({"easy": 0.9}, True)
    assert alarm.endswith("answers none of these alone; other stages gave these answers.")
    assert counted()[GROUPS[label]] == 0


def test_a_label_that_the_champion_does_not_know_counts_as_rare(bob: User) -> None:
    a_grouped_champion()

    judge_all(audits(2, label="login"), [False, False], by=bob)

    assert counted() == {"all": 2, "easy": 0, "hard": 0, "rare": 2}


def test_without_a_champion_only_all_together_are_watched(bob: User) -> None:
    judge_all(audits(2), [False, True], by=bob)

    assert counted() == {"all": 2, "easy": 0, "hard": 0, "rare": 0}


def test_one_watch_of_former_days_begins_anew_as_several(bob: User) -> None:
    """It had nearly raised the alarm."""
    former = Watch(target=0.02, feared=0.05, d=0.01, audited=700, wrong=30, staked=99.0)
    Automation.objects.create(watch=asdict(former))

    alarm = judge_wrong(bob)

    assert alarm == ""
    assert counted()[ALL] == 1


def test_while_the_local_model_is_off_an_alarm_leaves_its_thresholds(bob: User) -> None:
    champion = a_champion(thresholds={"easy": 0.9})

    alarm = judge_until_alarm(bob)

    champion.refresh_from_db()
    assert champion.thresholds == {"easy": 0.9}
    assert "other stages gave these answers" in alarm


def test_an_alarm_opens_an_alert_that_the_watch_keeps_open_for_a_week(bob: User) -> None:
    judge_until_alarm(bob)
    opened = Alert.objects.get(kind=AlertKind.AUDIT_DRIFT)

    judge_all(audits(1), [False], by=bob)
    alerts.watch()
    is_open = Alert.objects.filter(pk=opened.pk, resolved_at=None).exists()
    Automation.objects.update(alarmed_at=timezone.now() - timedelta(days=8))
    alerts.watch()

    assert is_open
    assert "at most 2 % are promised" in opened.message
    assert not Alert.objects.filter(pk=opened.pk, resolved_at=None).exists()


def test_after_an_alarm_its_watch_begins_anew(bob: User) -> None:
    judge_until_alarm(bob)

    watching = drifting.watches_of(Automation.objects.get()).by_name[ALL]

    assert (watching.audited, watching.wealth, watching.alarmed_at) == (0, 1, None)


def test_audits_drawn_under_the_old_threshold_step_back_once(bob: User) -> None:
    """Every fifth answer was wrong under the first threshold, and all were drawn before the alarm."""
    switched_on()
    champion = a_champion()
    waiting = audits(150)

    judged = judge_all(waiting, [place % 5 == 0 for place in range(150)], by=bob)

    champion.refresh_from_db()
    assert len([each for each in judged if each.alarm]) == 1
    assert champion.thresholds == {"easy": 0.95}
    assert Automation.objects.get().is_local_on
    assert (counted()[ALL], counted()["easy"]) == (0, 0)


def test_answers_given_before_an_alarm_count_no_more_in_its_watch_and_later_ones_do(
    bob: User,
) -> None:
    switched_on()
    a_grouped_champion(easy=0.9, hard=0.9)
    about_to_alarm("hard")
    judge_wrong(bob, label="returns")
    before, after = audits(2, label="returns"), audits(3, label="returns")
    old = Triage.objects.filter(audit__in=before)
    old.update(finished_at=timezone.now() - timedelta(hours=1))

    judge_all([*before, *after], [False] * 5, by=bob)

    assert counted() == {"all": 6, "easy": 0, "hard": 3, "rare": 0}


def test_while_an_alarm_holds_the_alert_says_what_it_did_and_then_the_counts_are_told(
    bob: User,
) -> None:
    switched_on()
    a_grouped_champion(easy=0.9, hard=0.9)
    about_to_alarm("hard")
    alarm = judge_wrong(bob, label="returns")

    judge_all(audits(1), [False], by=bob)
    (during,) = readings.audit_drift(timezone.now(), None)
    (after,) = readings.audit_drift(timezone.now() + timedelta(days=8), None)

    assert (during.is_over, during.text.endswith(f" UTC. {alarm}")) == (True, True)
    assert len(during.text) < 500
    assert not after.is_over
    assert after.text == (
        "Since the watch began, 1 of 2 audited automatic answers were wrong (50.0 %; 2 % are promised); with easy labels 0 of 1."
    )


def test_another_promise_begins_another_watch(bob: User) -> None:
    judge_all(audits(3), [True, True, True], by=bob)
    row = Automation.objects.get()
    row.target = 0.04

    assert drifting.watches_of(row) == Watches.begin(drifting.NAMES, target=0.04)
