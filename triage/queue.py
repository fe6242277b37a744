"""enqueue(): the one door to Celery.

State is committed first; the message goes out on commit. A broker that is down is logged and never shown: what waits
stands in the database, and the sweeper finds it.
"""

from enum import StrEnum
from functools import partial
from time import monotonic

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

log = structlog.get_logger(__name__)

BROKER_ERRORS = (OSError, OperationalError, RedisError)
BROKER_PAUSE_SECONDS = 3.0  # after a failed publish, so that a burst of creates does not wait each


class _Pause:
    """Until when (monotonic seconds) this process leaves a broker alone that was down."""

    until = 0.0


class TaskName(StrEnum):
    TRIAGE_TICKET = "triage.triage_ticket"
    SWEEP = "triage.sweep"
    ADVANCE_BATCHES = "triage.advance_batches"
    ADVANCE_EVALUATION = "triage.advance_evaluation"
    CHECK_MODELS = "triage.check_models"
    READ_UPLOAD = "triage.read_upload"
    WRITE_DRAFT = "triage.write_draft"
    MAIL_REPLY = "triage.mail_reply"
    TELL_WEBHOOKS = "triage.tell_webhooks"
    DELIVER_WEBHOOKS = "triage.deliver_webhooks"
    PRUNE = "triage.prune"
    ROLL_UP = "triage.roll_up"
    WATCH = "triage.watch"
    LEARN = "triage.learn"
    FIT_CALIBRATOR = "triage.fit_calibrator"


QUEUES = {
    TaskName.TRIAGE_TICKET: "triage",
    TaskName.SWEEP: "default",
    TaskName.ADVANCE_BATCHES: "bulk",
    TaskName.ADVANCE_EVALUATION: "bulk",
    TaskName.CHECK_MODELS: "default",
    TaskName.READ_UPLOAD: "bulk",
    TaskName.WRITE_DRAFT: "drafts",
    TaskName.MAIL_REPLY: "drafts",  # it waits too, and for the same people
    # Waits for others' servers, so it needs threads; and not behind thousands of tickets.
    TaskName.TELL_WEBHOOKS: "drafts",
    TaskName.DELIVER_WEBHOOKS: "drafts",
    TaskName.PRUNE: "bulk",
    TaskName.ROLL_UP: "default",
    TaskName.WATCH: "default",
    TaskName.LEARN: "bulk",
    TaskName.FIT_CALIBRATOR: "bulk",
}


def enqueue(task: TaskName, *args: int | str) -> None:
    """Send `task` to its queue once the current transaction is committed (at once outside of one)."""
    transaction.on_commit(partial(_publish, task, args))


def find_workers(*, within_seconds: float, at_most: int | None = None) -> list[str] | None:
    """The names of the workers that answer in time; None where the broker is down.

    Args:
        at_most: Once so many have answered, no others are waited for.
    """
    try:
        answers = current_app.control.ping(timeout=within_seconds, limit=at_most) or []
    except BROKER_ERRORS:
        return None
    return sorted(name.split("@")[0] for answer in answers for name in answer)


def find_queues(*, within_seconds: float) -> dict[str, list[str]] | None:
    """The workers that take from each queue, of those that answer in time; None where the broker is down."""
    try:
        answers = current_app.control.inspect(timeout=within_seconds).active_queues() or {}
    except BROKER_ERRORS:
        return None
    found: dict[str, list[str]] = {}
    for worker, queues in answers.items():
        for each in queues:
            found.setdefault(each["name"], []).append(worker)
    return found


def _publish(task: TaskName, args: tuple[int | str, ...]) -> None:
    if monotonic() < _Pause.until:
        return
    try:
        current_app.send_task(task, args=args, queue=QUEUES[task], retry=False)
    except BROKER_ERRORS as error:
        _Pause.until = monotonic() + BROKER_PAUSE_SECONDS
        log.warning("enqueue failed; the sweeper will find it", task=task, error=str(error))
