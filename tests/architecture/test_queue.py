"""Every task that can be enqueued exists, and somebody consumes its queue."""

from importlib import import_module
from typing import Any

from django.conf import settings

from config.celery import app
from config.supervisor_table import LEARNING, Ports, build_product
from triage.queue import QUEUES, TaskName

KNOWN_QUEUES = {"triage", "drafts", "bulk", "default"}


def registered() -> set[str]:
    """Our own tasks, as the worker of `bulk` knows them."""
    app.loader.import_default_modules()
    import_module(LEARNING)
    return {name for name in app.tasks if name.startswith("triage.")}


def pools() -> dict[str, set[str]]:
    """The kinds of pools that consume each queue, over all workers that `make run` starts."""
    table = build_product(Ports(host="127.0.0.1", web=1, simulator=None))
    found: dict[str, set[str]] = {}
    for child in table.children:
        options = dict(zip(child.argv, child.argv[1:], strict=False))
        for queue in options.get("-Q", "").split(","):
            found.setdefault(queue, set()).add(options.get("-P", ""))
    found.pop("")
    return found


def test_every_task_name_is_a_registered_task_and_the_other_way_round() -> None:
    assert registered() == {name.value for name in TaskName}


def test_who_takes_from_bulk_and_nobody_else_knows_the_tasks_that_learn() -> None:
    table = build_product(Ports(host="127.0.0.1", web=1, simulator=None))
    including = [child.name for child in table.children if LEARNING in child.argv]
    learning = {name for name in TaskName if app.tasks[name].__module__ == LEARNING}

    assert including == ["bulk"]
    assert {QUEUES[name] for name in learning} == {"bulk"}


def test_every_task_has_a_queue_that_is_known() -> None:
    assert set(QUEUES) == set(TaskName)
    assert set(QUEUES.values()) <= KNOWN_QUEUES


def test_every_queue_is_consumed_and_what_waits_for_claude_runs_in_threads() -> None:
    assert pools() == {
        "triage": {"threads"},
        "drafts": {"threads"},
        "bulk": {"prefork"},
        "default": {"prefork"},
    }
    assert set(pools()) == KNOWN_QUEUES


def test_whatever_is_scheduled_is_a_task_on_its_own_queue() -> None:
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE

    for entry in schedule.values():
        assert QUEUES[TaskName(entry["task"])] == entry["options"]["queue"]


def test_a_task_without_a_queue_of_its_own_lands_where_somebody_looks() -> None:
    assert settings.CELERY_TASK_DEFAULT_QUEUE in pools()
