"""How a scenario is written, and that every name is told of."""

import io
import re

import pytest
from django.core.management import call_command

from triage.simulator import Fault, RunningSimulator, scenarios_help
from triage.simulator.scenarios import Scenario

from .helpers import HAIKU, SONNET

SAMPLE_VALUES = {"rpm": "(300)", "itpm": "(9)", "otpm": "(9)", "batchseconds": "(0)"}
SAMPLE_MODELS = {"retired": "@opus-4-5", "retiring": "@opus-4-6"}


def written(fault: Fault) -> str:
    """A part with this name and what the name needs."""
    return fault + SAMPLE_VALUES.get(fault, "") + SAMPLE_MODELS.get(fault, "")


@pytest.mark.parametrize("fault", list(Fault))
def test_every_name_is_accepted_and_documented(fault: Fault) -> None:
    Scenario(written(fault))

    assert fault in re.findall(r"[a-z0-9]+", scenarios_help)


def test_all_names_go_together(simulator: RunningSimulator) -> None:
    name = "+".join(written(fault) for fault in Fault)

    simulator.set_scenario(name, 7)

    with simulator.outage("529"):
        pass
    assert simulator.rows() == []
    assert Scenario(name).name == name


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("rpm", "needs a .number"),
        ("rpm(0)", "whole number from 1"),
        ("rpm(1.5)", "whole number from 1"),
        ("rpm(9):0.5", "no :rate, no xCOUNT"),
        ("retired", "needs an @model"),
        ("retired@haikux2", "no :rate, no xCOUNT"),
        ("batchseconds", "needs a .number"),
        ("cut(1.5)", "fraction between 0 and 1"),
        ("cut(a)", "a number"),
        ("529(2)", "takes no .value"),
        ("refusal(rude)", "a category is one of cyber, bio"),
        ("429(-1)", "unknown scenario"),
        ("429()", "unknown scenario"),
        ("429@haiku(2)", "unknown scenario"),
    ],
)
def test_a_part_that_does_not_fit_its_name_is_refused(name: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Scenario(name)


def test_value_model_and_count_go_together() -> None:
    scenario = Scenario("429(7)@haikux2")

    fates = [scenario.draw(model) for model in (SONNET, HAIKU, HAIKU, HAIKU)]

    assert [fate.ending for fate in fates] == [None, Fault.RATE_LIMIT, Fault.RATE_LIMIT, None]
    assert fates[1].end is not None
    assert fates[1].end.number(1) == 7


def test_parts_after_an_error_are_not_asked() -> None:
    scenario = Scenario("529x1+slowx1")

    fates = [scenario.draw(HAIKU) for _ in range(3)]

    assert [fate.is_slow for fate in fates] == [False, True, False]


def test_parts_for_batches_strike_no_live_request_and_the_other_way_round() -> None:
    scenario = Scenario("529@batches+500+batcherrored+batchlost")

    assert scenario.draw(HAIKU).ending is Fault.ERROR
    assert scenario.draw_line(HAIKU).ending is Fault.BATCH_ERRORED
    assert scenario.draw_call(creates=False).ending is Fault.OVERLOAD
    assert Scenario("batchlost").draw_call(creates=True).ending is Fault.BATCH_LOST
    assert Scenario("batchlost").draw_call(creates=False).ending is None


def test_the_commands_help_tells_every_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("simulator", "--help", stdout=io.StringIO())

    told = capsys.readouterr().out
    assert all(fault in told for fault in Fault)
    assert "reset before the answer" in told
