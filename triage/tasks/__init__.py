"""Celery's tasks: load, call one service. Each takes ids and can run twice with the same result."""

from celery import shared_task

from triage.queue import TaskName
from triage.services import classification


@shared_task(name=TaskName.TRIAGE_TICKET.value)
def triage_ticket(triage_id: int) -> None:
    classification.run(triage_id)


@shared_task(name=TaskName.SWEEP.value, soft_time_limit=60)
def sweep() -> None:
    classification.sweep()
