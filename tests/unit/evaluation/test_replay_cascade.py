"""Routes through three stages, the thresholds that send tickets on, and what a route costs."""

import numpy as np
import pytest

from tests.unit.evaluation.replay_cases import rates
from triage.services.evaluation.replay.cascade import (
    NEVER,
    Board,
    Policy,
    at_random,
    by_oracle,
)
from triage.services.evaluation.replay.choosing import Plan, best_within, certified
from triage.services.evaluation.replay.costs import BATCHED, LIVE, unit_costs
from triage.services.statistics.thresholds import Promise

PROMISE = Promise(target=0.05, d=0.05)


def board(number: int = 1_000, *, seed: int = 1, hard: float = 0.3) -> Board:
    """Simulated: each stage is right with the chance that its confidence says, the later the surer."""
    rng = np.random.default_rng(seed)
    difficulty = rng.random(number) ** 2
    confidences = 1 - np.stack([difficulty, difficulty * 0.7, difficulty * hard])
    are_right = rng.random(number) < confidences
    costs = np.stack([np.zeros(number), np.full(number, 1.0), np.full(number, 21.0)])
    return Board(confidences, are_right, costs)


def test_a_ticket_leaves_at_the_first_stage_that_is_sure_enough() -> None:
    confidences = np.array([[0.9, 0.5, 0.5], [0.2, 0.8, 0.6], [0.2, 0.2, 0.2]])
    three = Board(confidences, confidences > 0.7, np.array([[0.0] * 3, [1.0] * 3, [21.0] * 3]))

    outcome = three.outcome(Policy(local=0.9, cheap=0.8).stages(three))

    assert outcome.stages.tolist() == [0, 1, 2]
    assert outcome.costs.tolist() == [0, 1, 21]
    assert outcome.are_right.tolist() == [True, True, False]
    assert outcome.escalated == pytest.approx(1 / 3)


def test_escalating_at_random_costs_the_same_and_helps_less() -> None:
    some = board(4_000)
    stages = Policy(local=0.95, cheap=0.6).stages(some)

    random = some.outcome(at_random(stages, np.random.default_rng(1)))

    chosen = some.outcome(stages)
    assert random.costs.sum() == chosen.costs.sum()
    assert ((random.stages == 0) == (stages == 0)).all()
    assert random.accuracy < chosen.accuracy


def test_an_oracle_asks_only_where_it_helps() -> None:
    some = board(4_000)
    stages = Policy(local=0.95, cheap=0.6).stages(some)

    seen = some.outcome(by_oracle(stages, some))

    assert (seen.stages == 2).sum() <= (stages == 2).sum()
    assert seen.are_right[seen.stages == 2].all()
    assert seen.accuracy > some.outcome(stages).accuracy


@pytest.mark.parametrize("budget", [500.0, 2_000.0, 10_000.0])
def test_the_best_policy_stays_within_its_budget(budget: float) -> None:
    some = board()

    policy = best_within(some, unjudged=board(seed=2).confidences, budget_nanousd=budget)

    outcome = some.outcome(policy.stages(some))
    assert outcome.costs.sum() <= budget
    assert outcome.accuracy >= some.are_right[0].mean()


def test_a_larger_budget_is_never_worse() -> None:
    some, unjudged = board(), board(seed=2).confidences

    policies = [best_within(some, unjudged=unjudged, budget_nanousd=b) for b in (0, 2e3, 1e4, 1e6)]

    accuracies = [some.outcome(policy.stages(some)).accuracy for policy in policies]
    assert accuracies == sorted(accuracies)
    assert accuracies[0] == some.are_right[0].mean()


def test_a_proven_threshold_keeps_its_promise_on_other_tickets() -> None:
    broken, runs = 0, 60
    for seed in range(runs):
        plan = certified(
            board(seed=seed), unjudged=board(300, seed=999).confidences, promise=PROMISE
        )
        fresh = board(20_000, seed=1_000 + seed)
        stages = plan.stages(fresh)
        answered = np.flatnonzero(stages < 3)
        wrong = ~fresh.are_right[stages[answered], answered]
        broken += bool(len(answered)) and wrong.mean() > PROMISE.target

    assert broken <= 8  # of 60 at 5 %: more have a chance of 0.4 %


def test_a_proof_leaves_many_tickets_automatic() -> None:
    some = board()

    stages = certified(some, unjudged=board(seed=2).confidences, promise=PROMISE).stages(some)

    assert (stages < 3).mean() > 0.4


def test_what_is_not_proven_goes_to_a_person() -> None:
    few, wrong = board(50), board()
    wrong.are_right[:] = False

    for each in (few, wrong):
        plan = certified(each, unjudged=board(seed=2).confidences, promise=PROMISE)
        assert plan == Plan(NEVER)
        assert (plan.stages(each) == 3).all()


def test_a_call_costs_its_guide_by_hits_its_ticket_and_its_answer() -> None:
    (cost,) = unit_costs(["x" * 41], rates=rates("2"))

    # nano-dollars: 45 out at 10,000; 11 in at 2,000; 1,500 of the guide at 200, but 0.5 % at 2,500
    assert cost == pytest.approx(450_000 + 22_000 + 0.995 * 300_000 + 0.005 * 3_750_000)
    assert LIVE.hits == 0.995


def test_a_batch_writes_for_an_hour_and_misses_more() -> None:
    (cost,) = unit_costs(["x" * 41], rates=rates("1"), way=BATCHED)

    # 45 at 5,000; 11 at 1,000; 1,500 at 100, but a tenth at 2,000
    assert cost == pytest.approx(225_000 + 11_000 + 0.9 * 150_000 + 0.1 * 3_000_000)
