"""The trials of `make faults`, small: processes killed, budgets contended, models dead, and the promises hold."""

import pytest

from faults.trials_budget import budget, budget_with_a_kill
from faults.trials_kill import kill
from faults.trials_leader import kill_leader
from faults.trials_outage import outage
from faults.trials_pace import pace
from faults.trials_redis import stop_redis
from faults.trials_world import Finding, World
from tests import processes
from triage.simulator import RunningSimulator

SCALE = 20
FIRST_SECOND = 16  # requests that may leave before the fleet has heard of any limit


@pytest.fixture
def world(transactional_db: None, claude: RunningSimulator) -> World:
    return World(claude, processes.environment())


def broken(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.holds]


def test_whatever_moment_a_worker_is_killed_at_the_ledger_is_the_bill(world: World) -> None:
    findings = kill(world, calls=100, attempt_seconds=2.0, settle_seconds=0.5)

    assert broken(findings) == []


def test_calls_from_many_processes_do_not_overrun_a_budget(world: World) -> None:
    assert broken(budget(world, calls=40)) == []


def test_what_a_killed_process_held_can_be_spent_once_it_is_reconciled(world: World) -> None:
    findings = budget_with_a_kill(
        world, calls=40, attempt_seconds=2.0, settle_seconds=0.5, patience_seconds=2.0
    )

    assert broken(findings) == []


def test_all_who_survive_their_leader_get_one_reply(world: World) -> None:
    findings = kill_leader(world, lease_seconds=1.0, slow_seconds=4.0)

    assert broken(findings) == []


def test_nobody_notices_that_the_first_model_is_dead(world: World) -> None:
    assert broken(outage(world, scale=SCALE, slack_seconds=1.0)) == []


def test_the_fleet_keeps_to_a_limit_that_it_has_to_learn(world: World) -> None:
    findings = pace(
        world, tickets=50, per_minute=600, workers=1, threads=24, most_429s=FIRST_SECOND
    )

    assert broken(findings) == []


def test_without_redis_calls_go_on_and_money_is_safe(world: World) -> None:
    assert broken(stop_redis(world, calls=12, seconds=0.4)) == []
