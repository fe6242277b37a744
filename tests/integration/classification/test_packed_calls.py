"""A packed call that is really made: what the simulator, which reads the request alone, says to it, and what it costs."""

from collections import Counter

import pytest

from tests.integration.classification.cases import Desk
from tests.integration.classification.packed_cases import ask_alone, ask_packed, labels, receive
from triage.simulator import RunningSimulator


def test_every_ticket_of_a_pack_gets_the_label_that_it_gets_alone(
    desk: Desk, claude: RunningSimulator
) -> None:
    tickets = receive(desk, 9)
    alone = {str(each.pk): ask_alone(each) for each in tickets}

    said = ask_packed(tickets)

    assert (labels(said), said.again) == (alone, ())
    assert set(alone.values()) == {"refund", "login", "legal"}


def test_the_seed_changes_the_request_and_here_no_label(
    desk: Desk, claude: RunningSimulator
) -> None:
    tickets = receive(desk, 6)

    assert labels(ask_packed(tickets, seed=1)) == labels(ask_packed(tickets, seed=2))
    assert len(claude.bill()["requests"]) == 2


@pytest.mark.parametrize(
    ("scenario", "spoiled"),
    [
        ("idmissing", 1),
        ("iddoubled", 1),
        ("idinvented", 1),
        ("badlabel", 1),
        ("othercase", 0),
        ("badjson", 5),
    ],
)
def test_a_fault_spoils_only_the_tickets_that_it_strikes(
    desk: Desk, claude: RunningSimulator, scenario: str, spoiled: int
) -> None:
    tickets = receive(desk, 5)
    right = labels(ask_packed(tickets, seed=1))
    claude.set_scenario(scenario)

    said = ask_packed(tickets, seed=2)

    assert len(said.again) == spoiled
    assert labels(said) == {each: right[each] for each in right if each not in said.again}


def test_a_pack_of_ten_sends_the_guide_once_and_not_ten_times(
    desk: Desk, claude: RunningSimulator
) -> None:
    """Simulated: the simulator counts tokens by a rule of thumb. Each way has its guide in the cache before it is measured."""
    first, second, *tickets = receive(desk, 12)
    ask_alone(first)
    ask_packed([second])
    warm = len(claude.bill()["requests"])

    for each in tickets:
        ask_alone(each)
    ask_packed(tickets)

    *single, packed = claude.bill()["requests"][warm:]
    tokens = sum((Counter(row["tokens"]) for row in single), Counter[str]())
    assert len(single) == 10
    assert packed["tokens"]["cache_read"] * 10 == tokens["cache_read"]
    assert sum(packed["tokens"].values()) < 0.4 * tokens.total()
    assert packed["cost_nanousd"] < 0.85 * sum(row["cost_nanousd"] for row in single)
