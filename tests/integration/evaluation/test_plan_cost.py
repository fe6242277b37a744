"""`plan_cost`: its inputs as this installation knows them, each with where it comes from, and what it prints."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.integration.admin_cases import HAIKU, SONNET, add_call
from tests.integration.cache_cases import add_request
from triage.models import Feature, Label, Obtained, Ticket
from triage.services import rollups, taxonomy
from triage.services.classification.prompt import prompt_version
from triage.services.evaluation.planning import reading
from triage.services.evaluation.planning.inputs import Figure, Origin, plain

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture(autouse=True)
def of_claude(settings: Settings) -> None:
    settings.TRIAGE_SIMULATOR, settings.ANTHROPIC_API_KEY = False, "sk-ant-test"


@pytest.fixture
def labels(db: None) -> None:
    """Two that are published, with enough words for a guide."""
    for slug in ("refund", "login"):
        Label.objects.create(slug=slug, name=slug, description=f"Everything about {slug}. " * 10)
    taxonomy.publish(by=User.objects.system())


def run(*options: str) -> str:
    out = StringIO()
    call_command("plan_cost", *options, stdout=out)
    return out.getvalue()


def figures() -> dict[str, Figure]:
    return reading.figures(first_model=HAIKU, strong_model=SONNET)


def test_a_new_installation_plans_with_assumptions_and_says_so() -> None:
    text = run()

    assert "| Tickets | 10,000,000 | assumed | a round number | --tickets |" in text
    assert "| Escalated | 0.2 | assumed |" in text
    assert "| Sonnet 5.5 only, naive |" in text
    assert "The shares of naive flatter" in text
    assert "A ticket costs batch · [p_in" in text
    assert "Prices: genai-prices" in text
    assert {figure.origin for figure in figures().values()} == {Origin.ASSUMED}


def test_an_option_goes_before_what_is_known_and_may_be_a_percentage() -> None:
    text = run("--escalated", "5%", "--answered-locally", "0.5", "--tickets", "1000000")

    assert "| Escalated | 0.05 | given | given as an option | --escalated |" in text
    assert "1,000,000 tickets" in text
    assert "… + local model 50%, adverse" in text
    assert "local model 30%" not in text


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--escalated", "2", "--escalated: “2” is not from 0 to 1."),
        ("--tickets", "many", "--tickets: “many” is not a number."),
    ],
)
def test_a_bad_option_is_refused_by_its_name(option: str, text: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(option, text)


def test_the_file_has_all_inputs_plans_and_prices(tmp_path: Path) -> None:
    run("--json", str(tmp_path / "plan.json"), "--guide-tokens", "500")

    found: dict[str, Any] = json.loads((tmp_path / "plan.json").read_text())
    assert found["inputs"]["guide_tokens"] == {
        "value": 500.0,
        "origin": "given",
        "words": "given as an option",
    }
    assert found["plans"][0]["of_naive"] == 1
    assert found["prices"]["first"]["uncached_input"] == "0.1"
    assert found["prices"]["date"]
    assert "shorter than the 512 that caching by Haiku 5.5 and Sonnet 5.5 takes" in " ".join(
        found["remarks"]
    )


def test_a_file_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        run("--json", str(tmp_path / "missing" / "plan.json"))


def test_the_prompt_and_the_tickets_are_estimated_from_their_bytes_before_any_call(
    labels: None,
) -> None:
    words = "word " * 100
    for number in range(3):
        Ticket.objects.create(
            external_id=str(number), description=words, original_characters=500, channel="api"
        )

    known = figures()

    assert known["guide_tokens"].origin is Origin.ESTIMATED
    assert plain(known["guide_tokens"].value) > 400
    assert "bytes of the guide in force" in known["guide_tokens"].words
    assert known["ticket_tokens"].origin is Origin.ESTIMATED
    assert known["question_tokens"].origin is Origin.ESTIMATED
    assert plain(known["question_tokens"].value) > 100
    assert 125 < plain(known["ticket_tokens"].value) < 150
    assert known["output_tokens"].origin is Origin.ASSUMED


def test_lengths_are_measured_on_the_newest_attempts_with_the_prompt_in_force(labels: None) -> None:
    version = prompt_version(taxonomy.current())
    question = plain(figures()["question_tokens"].value)
    for number in range(30):
        add_request(
            read=0 if number < 3 else 1_200,
            written=1_200 if number < 3 else 0,
            uncached=160 + round(question),
            at=NOW - timedelta(minutes=number),
            prompt=version,
        )
    for number in range(30):
        add_request(read=9_000, uncached=900, at=NOW - timedelta(minutes=number), prompt="older")
    rollups.refresh()

    known = figures()

    assert known["guide_tokens"].value == 1_200
    assert known["guide_tokens"].origin is Origin.MEASURED
    assert "mean of 30 attempts" in known["guide_tokens"].words
    assert known["ticket_tokens"].value == 160
    assert known["output_tokens"].value == 10


def test_a_guide_that_nothing_cached_is_estimated_and_taken_off_the_ticket(labels: None) -> None:
    version = prompt_version(taxonomy.current())
    before = figures()
    estimate = sum(plain(before[name].value) for name in ("guide_tokens", "question_tokens"))
    for number in range(25):
        add_request(
            uncached=int(estimate) + 140, at=NOW - timedelta(minutes=number), prompt=version
        )
    rollups.refresh()

    known = figures()

    assert known["guide_tokens"].origin is Origin.ESTIMATED
    assert known["ticket_tokens"].value == 140
    assert "nothing was cached" in known["ticket_tokens"].words


def test_hits_are_measured_live_and_in_batches_apart() -> None:
    for number in range(40):
        is_hit = number % 10 > 0
        add_request(read=1_000 * is_hit, written=1_000 * (not is_hit), at=NOW)
        add_request(
            read=1_000 * (number % 2),
            written=1_000 * (1 - number % 2),
            at=NOW,
            feature=Feature.BACKFILL,
            is_batch=True,
        )
    rollups.refresh()

    known = figures()

    assert known["live_hits"].value == pytest.approx(0.9)
    assert known["batch_hits"].value == pytest.approx(0.5)
    assert known["live_hits"].origin is Origin.MEASURED


def test_stored_and_shared_replies_are_duplicates_but_not_those_that_a_batch_had_brought() -> None:
    for number in range(40):
        obtained = Obtained.STORED if number < 10 else Obtained.JOINED if number < 12 else "first"
        add_call(Feature.CLASSIFY, at=NOW, obtained=obtained)
    for _ in range(8):
        add_call(Feature.BACKFILL, at=NOW, obtained=Obtained.BATCH)
    rollups.refresh()

    known = figures()

    assert known["duplicates"].value == pytest.approx(0.1)  # (10 + 2 - 8) of 40
    assert "4 of 40 calls" in known["duplicates"].words


def test_too_few_of_anything_leaves_it_assumed() -> None:
    for _ in range(19):
        add_request(read=1_000, at=NOW)
    rollups.refresh()

    known = figures()

    assert known["live_hits"].origin is Origin.ASSUMED
    assert known["duplicates"].origin is Origin.ASSUMED


def test_what_was_measured_on_the_simulator_is_called_simulated(settings: Settings) -> None:
    settings.TRIAGE_SIMULATOR = True
    for _ in range(20):
        add_request(read=1_000, at=NOW)
    rollups.refresh()

    text = run()

    assert text.startswith("SIMULATED: ")
    assert "| Cache hits, live | 1 | simulated |" in text
    assert "measured here" not in text


def test_the_inputs_are_read_in_a_dozen_queries() -> None:
    with CaptureQueriesContext(connection) as queries:
        figures()

    assert len(queries) <= 12
