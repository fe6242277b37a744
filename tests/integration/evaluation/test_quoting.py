"""The quote: its upper bound is what the gateway holds, its estimates say what they rest on."""

import pytest
from django.utils import timezone

from accounts.models import User
from tests.integration.classification.cases import Desk
from tests.integration.evaluation.cases import advance, drive, propose, rows, started
from triage.exceptions import InvalidInput
from triage.models import Attempt, Grain, TriageCell
from triage.services.evaluation import running
from triage.services.evaluation.configurations import in_force
from triage.services.evaluation.reading import spent_nanousd
from triage.simulator import RunningSimulator


@pytest.mark.parametrize("is_batch", [False, True])
def test_the_most_is_to_the_nano_dollar_what_the_gateway_holds(
    simulated: RunningSimulator, is_batch: bool
) -> None:
    always = [in_force(asks_strong_always=True)]

    evaluation = started(rows(refund=3, login=3), configurations=always, is_batch=is_batch)
    drive(evaluation)

    held = sum(Attempt.objects.values_list("bound_nanousd", flat=True))
    assert held == evaluation.quote["most_nanousd"]
    assert spent_nanousd(evaluation) < held


def test_a_batch_costs_about_half_and_both_ways_are_named(desk: Desk) -> None:
    live = propose(rows(refund=20, login=20)).quote
    batch = propose(rows(refund=20, login=20), is_batch=True).quote

    assert live["other_way_nanousd"] == batch["expected_nanousd"] < live["expected_nanousd"]
    assert batch["other_way_nanousd"] == live["expected_nanousd"]
    assert (batch["minutes"], batch["other_minutes"]) == (live["other_minutes"], live["minutes"])


def test_the_calls_of_each_stage_stand_apart(desk: Desk) -> None:
    both = [in_force(), in_force(strong_model="")]

    quote = propose(rows(refund=10, login=10), configurations=both).quote

    assert [(each["configuration"], each["stage"], each["calls"]) for each in quote["calls"]] == [
        ("A", "classify", 20),
        ("A", "escalate", 4),
        ("B", "classify", 20),
    ]
    assert sum(each["cost_nanousd"] for each in quote["calls"]) == quote["expected_nanousd"]
    assert "20% are assumed to be escalated" in quote["basis"]
    assert "Tokens are estimated" in quote["basis"]


def test_packed_calls_are_fewer_and_cheaper(desk: Desk) -> None:
    made = rows(refund=20, login=20)

    single = propose(made, configurations=[in_force(strong_model="")]).quote
    packed = propose(made, configurations=[in_force(strong_model="", tickets_a_call=10)]).quote

    assert (single["calls"][0]["calls"], packed["calls"][0]["calls"]) == (40, 4)
    assert packed["expected_nanousd"] < single["expected_nanousd"]


def test_the_share_of_escalations_is_that_of_the_last_days(desk: Desk) -> None:
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    numbers = [
        field.name
        for field in TriageCell._meta.get_fields()
        if field.get_internal_type() in ("BigIntegerField", "DecimalField")
    ]
    TriageCell.objects.create(
        **dict.fromkeys(numbers, 0)
        | {
            "grain": Grain.DAY,
            "starts_at": today,
            "stage": "classify",
            "label": "refund",
            "decision": "applied",
            "band": 9,
            "runs": 100,
            "escalated": 35,
        }
    )

    quote = propose(rows(refund=10, login=10)).quote

    assert quote["calls"][1]["calls"] == 7
    assert "35% are escalated, as in the last 30 days" in quote["basis"]


def test_a_budget_of_nothing_and_three_ways_are_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="budget_usd"):
        propose(rows(refund=2, login=2), budget_nanousd=0)
    with pytest.raises(InvalidInput, match="configurations"):
        propose(rows(refund=2, login=2), configurations=[in_force()] * 3)


def test_nothing_is_asked_while_it_is_only_quoted(simulated: RunningSimulator) -> None:
    evaluation = propose(rows(refund=2, login=2))

    advance(evaluation)

    assert not Attempt.objects.exists()
    assert running.start(evaluation.pk, by=User.objects.system()).started_at
