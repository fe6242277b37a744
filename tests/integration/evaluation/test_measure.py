"""`measure`: refused without a key, priced before it costs anything, and every number marked; against the simulator."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from accounts.models import User
from triage.management.commands import measure as command
from triage.models import Attempt, Evaluation, EvaluationState, Label
from triage.services import taxonomy
from triage.services.evaluation.reading import spent_nanousd
from triage.simulator import RunningSimulator

WORDS = {
    "refund": ("money back", "a refund", "the payment returned", "my order reimbursed"),
    "login": ("a password reset", "to sign in", "my account unlocked", "access to my account"),
}
WHEN = ("today", "soon", "please", "at once", "after all", "this week", "before Monday")


@pytest.fixture
def labels(transactional_db: None) -> None:
    for slug, wishes in WORDS.items():
        texts = [f"I want {wish} {when}." for wish in wishes for when in WHEN[:2]]
        description = f"The customer wants {', or '.join(wishes)}. " * 8
        Label.objects.create(slug=slug, name=slug.title(), description=description, examples=texts)
    taxonomy.publish(by=User.objects.system())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LOOK_SECONDS", 0.02)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """56 tickets of two labels, no two alike."""
    path = tmp_path / "labelled.jsonl"
    rows = [
        {"description": f"{start} {wish} {when}, order {place}{when[:2]}", "label": slug}
        for slug, wishes in WORDS.items()
        for place, wish in enumerate(wishes)
        for when in WHEN
        for start in ("Hello, I need",)
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def run(*options: str) -> str:
    out = StringIO()
    call_command("measure", *options, stdout=out)
    return out.getvalue()


def line(text: str, start: str) -> str:
    return next(each for each in text.splitlines() if each.startswith(f"| {start}"))


def test_without_a_key_it_refuses_in_words(db: None, settings: Settings, file: Path) -> None:
    settings.ANTHROPIC_API_KEY, settings.TRIAGE_SIMULATOR = "", False

    with pytest.raises(CommandError, match="there is no key: set ANTHROPIC_API_KEY"):
        run(str(file), "--yes")

    assert not Evaluation.objects.exists()


def test_it_wants_a_file_or_a_run_to_go_on_with(db: None) -> None:
    with pytest.raises(CommandError, match="give a FILE"):
        run("--yes")
    with pytest.raises(CommandError, match="there are no evaluations 1 and 2"):
        run("--go-on", "1", "2")


def test_a_no_costs_nothing_and_says_how_to_go_on(
    labels: None, file: Path, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "n")

    text = run(str(file))

    batched, live = Evaluation.objects.order_by("pk")
    assert re.search(r"about \$[\d.]+, at most \$[\d.]+; never more is spent", text)
    assert f"Nothing was asked. Go on with: measure --go-on {batched.pk} {live.pk}" in text
    assert {batched.state, live.state} == {EvaluationState.QUOTED}
    assert not Attempt.objects.exists()
    assert not claude.bill()["requests"]


def test_everything_is_measured_and_called_simulated(
    labels: None, file: Path, claude: RunningSimulator
) -> None:
    text = run(
        str(file), "--yes", "--tickets", "40", "--live-tickets", "20", "--tickets-a-call", "5"
    )

    for start in (
        *("Right, Haiku 5.5 alone", "Right, Sonnet 5.5 alone", "Right, the cascade"),
        *("Calibration error of Haiku 5.5", "Calibration error of Sonnet 5.5", "Escalated"),
        *("Packing", "Cost a ticket, the cascade in batches", "Cost a ticket, the cascade live"),
        *("Cost a ticket, Sonnet 5.5 alone", "Guide read from the cache, live", "Latency"),
    ):
        found = line(text, start)
        assert found.endswith("| SIMULATED |"), found
    assert "of 40, " in line(text, "Right, Haiku 5.5 alone")
    assert "5 tickets a call were right" in line(text, "Packing")
    assert "MEASURED" not in text
    assert "| Escalated | " in text
    assert "of 40 labelled tickets | --escalated |" in text
    assert "| Sonnet 5.5 only, naive | $" in text


def test_it_spends_no_more_than_it_said(labels: None, file: Path, claude: RunningSimulator) -> None:
    text = run(str(file), "--yes", "--tickets", "20", "--live-tickets", "10")

    quoted = re.search(r"at most \$([\d.]+)", text)
    spent = re.search(r"Spent: \$([\d.]+)\.", text)
    assert quoted
    assert spent
    assert 0 < float(spent[1]) <= float(quoted[1]) + 0.005
    every = list(Evaluation.objects.all())
    assert sum(map(spent_nanousd, every)) / 1e9 == pytest.approx(float(spent[1]), abs=1e-4)
    assert all(spent_nanousd(each) <= each.budget_nanousd for each in every)


def test_a_run_whose_budget_is_used_up_ends_and_says_how_to_go_on(
    labels: None, file: Path, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "")
    run(str(file), "--tickets", "20", "--live-tickets", "10")
    batched, live = Evaluation.objects.order_by("pk")
    Evaluation.objects.update(budget_nanousd=1)

    with pytest.raises(CommandError, match=f"--go-on {batched.pk} {live.pk}"):
        run("--go-on", str(batched.pk), str(live.pk), "--yes")

    assert spent_nanousd(batched) <= 1


def test_a_finished_measuring_is_told_again_for_nothing(
    labels: None, file: Path, claude: RunningSimulator
) -> None:
    first = run(str(file), "--yes", "--tickets", "20", "--live-tickets", "10")
    batched, live = Evaluation.objects.order_by("pk")
    asked = Attempt.objects.count()

    again = run("--go-on", str(batched.pk), str(live.pk), "--yes")

    assert Attempt.objects.count() == asked
    assert line(again, "Right, the cascade") == line(first, "Right, the cascade")
