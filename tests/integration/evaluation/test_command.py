"""`manage.py evaluate` from a file to its figures, without a worker."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories.intake import write_csv
from tests.integration.evaluation.cases import requests, rows
from triage.management.commands import evaluate as command
from triage.models import Evaluation, EvaluationState
from triage.services import batches
from triage.simulator import RunningSimulator


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LOOK_SECONDS", 0.05)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    made = rows(refund=6, login=5, legal=3)
    cells = [[each["label"], each["description"]] for each in made]
    return write_csv(tmp_path / "labelled.csv", [["label", "description"], *cells, ["", "What?"]])


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("evaluate", *map(str, arguments), stdout=out, stderr=out)
    return out.getvalue()


def answering(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("builtins.input", lambda _: answer)


def test_from_a_file_to_figures_in_two_batches(
    simulated: RunningSimulator, labelled: Path, tmp_path: Path
) -> None:
    outs = {kind: tmp_path / f"out.{kind}" for kind in ("json", "csv", "html")}
    options = [part for kind, path in outs.items() for part in (f"--{kind}", path)]

    said = run(labelled, "--yes", *options)

    assert said.startswith("- 1 ticket without a label is left out. First: 15.")
    assert "14 tickets in batches" in said
    assert "of 14 right (simulated)" in said
    assert "Spent: $" in said
    assert all(each["batch_id"] for each in simulated.bill()["requests"])
    assert json.loads(outs["json"].read_text())["results"]["tickets"] == 14
    assert len(outs["csv"].read_text().splitlines()) >= 15
    assert "<html" in outs["html"].read_text()


def test_live_with_a_second_way(simulated: RunningSimulator, labelled: Path) -> None:
    said = run(
        labelled, "--yes", "--live", "--a", "strong_model=", "--b", "apply=0.5", "suggest=0.4"
    )

    assert "A: " in said
    assert "B: " in said
    assert Evaluation.objects.get().configurations[1]["apply"] == 0.5


def test_a_no_asks_nobody_and_a_resume_goes_on(
    simulated: RunningSimulator, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "n")

    said = run(labelled, "--live")

    assert "Nothing was asked." in said
    assert requests(simulated) == 0
    answering(monkeypatch, "y")
    assert "Spent: $" in run("--resume", Evaluation.objects.get().pk)


def test_interrupted_it_says_how_to_go_on_and_pays_nothing_twice(
    simulated: RunningSimulator, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(batches, "advance_all", interrupt)
        with pytest.raises(CommandError, match="--resume") as stopped:
            run(labelled, "--yes")
    evaluation = Evaluation.objects.get()
    assert stopped.value.returncode == 130
    assert evaluation.state == EvaluationState.CANCELLED

    said = run("--resume", evaluation.pk, "--yes")

    assert "of 14 right" in said
    assert requests(simulated) == 14 + sum(
        answer.stage == "escalate"
        for ticket in evaluation.tickets.all()
        for answer in ticket.answers.all()
    )


def test_a_budget_that_is_used_up_is_an_error_that_says_so(
    simulated: RunningSimulator, labelled: Path
) -> None:
    with pytest.raises(CommandError, match="the quoted budget is used up"):
        run(labelled, "--yes", "--live", "--budget", "0.000001")

    assert requests(simulated) == 0


def test_what_cannot_be_used_is_named(simulated: RunningSimulator, labelled: Path) -> None:
    with pytest.raises(CommandError, match=r"apply: 3\.0 is not 0 to 1"):
        run(labelled, "--a", "apply=3")
    with pytest.raises(CommandError, match="is no FIELD=VALUE"):
        run(labelled, "--a", "aply=3")
    with pytest.raises(CommandError, match="No such file"):
        run(labelled.with_name("nowhere.csv"))
    with pytest.raises(CommandError, match="there is no evaluation 999"):
        run("--resume", 999)
    with pytest.raises(CommandError, match="no label has been confirmed yet"):
        run("--confirmed")
    with pytest.raises(CommandError, match="--budget"):
        run(labelled, "--budget", "-1")
