"""The switches of what may run by itself: each asks who and why, and none goes beyond what is proven."""

import pytest

from accounts.models import User
from tests.integration.learning.cases import a_champion
from triage.exceptions import Conflict, InvalidInput
from triage.models import Automation, LocalModel
from triage.services.evaluation import automation

pytestmark = pytest.mark.django_db

WHY = "Proven on 640 audits."


def test_without_a_row_nothing_runs_by_itself() -> None:
    row = automation.current()

    assert (row.is_local_on, row.tickets_a_call, row.pk) == (False, 1, 1)
    assert not Automation.objects.exists()


def test_the_local_model_is_switched_on_with_a_name_and_a_reason(bob: User) -> None:
    a_champion()

    switched = automation.switch_local_on(by=bob, reason=f"  {WHY}\n")

    assert automation.current().is_local_on
    assert (switched.by, switched.reason) == (bob, WHY)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_without_a_reason_nothing_is_switched(reason: str, bob: User) -> None:
    a_champion()

    with pytest.raises(InvalidInput):
        automation.switch_local_on(by=bob, reason=reason)

    assert not automation.current().is_local_on


def test_without_a_champion_the_local_model_stays_off(bob: User) -> None:
    with pytest.raises(Conflict, match="There is no champion"):
        automation.switch_local_on(by=bob, reason=WHY)


def test_without_a_certificate_the_local_model_stays_off(bob: User) -> None:
    a_champion(thresholds={})

    with pytest.raises(Conflict, match="may not answer alone"):
        automation.switch_local_on(by=bob, reason=WHY)

    assert not automation.current().is_local_on


def test_it_is_switched_off_whatever_is_proven(bob: User) -> None:
    Automation.objects.create(is_local_on=True)

    automation.switch_local_off(by=bob, reason="Too many complaints.")

    assert not automation.current().is_local_on


def test_what_was_proven_for_a_laxer_promise_does_not_hold_for_a_stricter_one(bob: User) -> None:
    champion = a_champion()
    Automation.objects.create(is_local_on=True, watch={"target": 0.02})

    automation.change_promise(target=0.01, d=0.05, by=bob, reason=WHY)

    champion.refresh_from_db()
    row = automation.current()
    assert (row.target, row.is_local_on, row.watch, champion.thresholds) == (0.01, False, {}, {})


def test_what_was_proven_holds_for_a_laxer_promise(bob: User) -> None:
    champion = a_champion()
    Automation.objects.create(is_local_on=True)

    automation.change_promise(target=0.05, d=0.1, by=bob, reason=WHY)

    champion.refresh_from_db()
    assert automation.current().is_local_on
    assert champion.thresholds == {"easy": 0.9}


@pytest.mark.parametrize(("target", "d"), [(0, 0.05), (1, 0.05), (0.02, 0), (0.02, 1)])
def test_a_promise_lies_between_nothing_and_all(target: float, d: float, bob: User) -> None:
    with pytest.raises(InvalidInput):
        automation.change_promise(target=target, d=d, by=bob, reason=WHY)


@pytest.mark.parametrize(
    ("audits", "share"), [(-1, 0.01), (10_001, 0.01), (150, 1.01), (150, -0.1)]
)
def test_audits_and_exploration_make_sense(audits: int, share: float, bob: User) -> None:
    with pytest.raises(InvalidInput):
        automation.change_audits(audits_a_week=audits, exploration_share=share, by=bob, reason=WHY)


def test_audits_and_exploration_are_kept(bob: User) -> None:
    automation.change_audits(audits_a_week=300, exploration_share=0.02, by=bob, reason=WHY)

    row = automation.current()
    assert (row.audits_a_week, row.exploration_share) == (300, 0.02)
    assert LocalModel.objects.count() == 0
