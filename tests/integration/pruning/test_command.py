"""`prune` on the command line, and the night's task."""

from io import StringIO

import pytest
from django.core.management import call_command

from config.celery import app
from tests.integration.pruning.cases import add_prompt, ago
from triage import tasks
from triage.models import Prompt
from triage.queue import QUEUES, TaskName

pytestmark = pytest.mark.django_db(transaction=True)


def prune(*options: str) -> list[str]:
    out = StringIO()
    call_command("prune", *options, stdout=out)
    return out.getvalue().splitlines()


def test_it_says_what_it_removed_table_by_table() -> None:
    add_prompt(ago(days=31))

    assert prune() == [
        "prompts: 1 removed",
        "stored replies: 0 removed",
        "answers by Idempotency-Key: 0 removed",
        "changes of many tickets: 0 removed",
        "attempts: 0 removed",
        "calls: 0 removed",
        "guides of prompts: 1 removed",
        "webhook deliveries and events: 0 removed",
    ]
    assert not Prompt.objects.exists()


def test_a_dry_run_says_so_and_removes_nothing() -> None:
    add_prompt(ago(days=31))

    said = prune("--dry-run")

    assert said[0] == "prompts: 1 to be removed"
    assert "guides of prompts: 1 to be removed" in said
    assert Prompt.objects.exists()


def test_the_task_prunes_every_night_on_its_own_queue() -> None:
    add_prompt(ago(days=31))

    tasks.prune()

    assert not Prompt.objects.exists()
    entry = app.conf.beat_schedule["prune"]
    assert entry["task"] == TaskName.PRUNE
    assert entry["options"]["queue"] == QUEUES[TaskName.PRUNE]
