"""Celery's tasks: load, call one service. Each takes ids and can run twice with the same result.

Those of `triage.tasks.learning` are known to the worker of the queue `bulk` alone.
"""

from celery import shared_task

from triage.queue import TaskName
from triage.services import (
    alerts,
    batches,
    classification,
    drafts,
    pruning,
    rollups,
    tickets,
    webhooks,
)
from triage.services.evaluation import running
from triage.services.gateway import life
from triage.services.intake import uploads


@shared_task(name=TaskName.TRIAGE_TICKET.value)
def triage_ticket(triage_id: int) -> None:
    classification.run(triage_id)


@shared_task(name=TaskName.SWEEP.value, soft_time_limit=60)
def sweep() -> None:
    classification.sweep()
    drafts.sweep()
    tickets.send_due()
    uploads.sweep_uploads()
    running.sweep()


@shared_task(name=TaskName.ADVANCE_BATCHES.value, soft_time_limit=110)
def advance_batches() -> None:
    batches.advance_all()


@shared_task(name=TaskName.READ_UPLOAD.value, soft_time_limit=110)
def read_upload(import_id: int) -> None:
    uploads.read_slice(import_id)


@shared_task(name=TaskName.CHECK_MODELS.value, soft_time_limit=110)
def check_models() -> None:
    life.check_models_daily()


@shared_task(name=TaskName.PRUNE.value, soft_time_limit=110)
def prune() -> None:
    pruning.prune_in_slices()


@shared_task(name=TaskName.ROLL_UP.value, soft_time_limit=110)
def roll_up() -> None:
    rollups.roll_up()


@shared_task(name=TaskName.WATCH.value, soft_time_limit=55)
def watch() -> None:
    alerts.watch()


# No time limits: they run in threads, in slices of their own.
@shared_task(name=TaskName.TELL_WEBHOOKS.value)
def tell_webhooks() -> None:
    webhooks.tell()


@shared_task(name=TaskName.DELIVER_WEBHOOKS.value)
def deliver_webhooks(webhook_id: int) -> None:
    webhooks.deliver_due(webhook_id)


@shared_task(name=TaskName.WRITE_DRAFT.value)
def write_draft(draft_id: int) -> None:
    drafts.write(draft_id)


@shared_task(name=TaskName.MAIL_REPLY.value)
def mail_reply(message_id: int) -> None:
    tickets.mail(message_id)
