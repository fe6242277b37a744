"""`roll_up` on the command line, and the task that does the same twice a minute."""

from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.integration.admin_cases import add_attempt, add_call
from triage import tasks
from triage.models import AttemptCell, Grain, RollupNote
from triage.queue import QUEUES, TaskName

pytestmark = pytest.mark.django_db


def roll_up(*options: str) -> str:
    out = StringIO()
    call_command("roll_up", *options, stdout=out)
    return out.getvalue()


def test_it_adds_up_what_has_changed_and_says_so() -> None:
    add_attempt(add_call(), 5)

    assert roll_up() == "The figures are up to date.\n"
    assert AttemptCell.objects.get(grain=Grain.DAY).cost_nanousd == 5


def test_a_rebuild_mends_cells_that_somebody_spoiled() -> None:
    add_attempt(add_call(), 5)
    roll_up()
    AttemptCell.objects.update(cost_nanousd=999)

    roll_up("--rebuild")

    assert set(AttemptCell.objects.values_list("cost_nanousd", flat=True)) == {5}


def test_the_task_does_the_same_twice_a_minute_on_its_queue() -> None:
    add_attempt(add_call(), 5)

    tasks.roll_up()

    assert not RollupNote.objects.exists()
    entry: Any = settings.CELERY_BEAT_SCHEDULE["roll-up"]
    assert entry["task"] == TaskName.ROLL_UP
    assert entry["options"]["queue"] == QUEUES[TaskName.ROLL_UP]
    assert entry["schedule"] == 30
