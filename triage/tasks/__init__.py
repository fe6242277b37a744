"""Celery's tasks: load, call one service. Each takes ids and can run twice with the same result."""

from celery import shared_task

from triage.queue import TaskName
from triage.services import batches, classification
from triage.services.gateway import life


@shared_task(name=TaskName.TRIAGE_TICKET.value)
def triage_ticket(triage_id: int) -> None:
    classification.run(triage_id)


@shared_task(name=TaskName.SWEEP.value, soft_time_limit=60)
def sweep() -> None:
    classification.sweep()


@shared_task(name=TaskName.ADVANCE_BATCHES.value, soft_time_limit=110)
def advance_batches() -> None:
    batches.advance_all()


@shared_task(name=TaskName.CHECK_MODELS.value, soft_time_limit=110)
def check_models() -> None:
    life.check_models_daily()
