"""Sending what is due: each delivery is tried until it arrives, is refused for good, or a day is over."""

from time import monotonic

import structlog
from django.db import connection, transaction
from django.utils import timezone

from triage.models import DeliveryState
from triage.queue import TaskName, enqueue
from triage.services.webhooks import claims, switching
from triage.services.webhooks.claims import Claimed, Line
from triage.services.webhooks.judging import Verdict, judge, pause_seconds
from triage.services.webhooks.sending import Answer, post
from triage.services.webhooks.signing import build_headers, secrets_of

log = structlog.get_logger(__name__)

SLICE_SECONDS = 20.0


def deliver_due(webhook_id: int) -> int:
    """Send what is due for this webhook, unless somebody is at it; returns the number of tries.

    After SLICE_SECONDS the rest is sent as the next slice, so that no webhook keeps a worker for itself.
    """
    ends, tries = monotonic() + SLICE_SECONDS, 0
    while claimed := claims.claim(webhook_id):
        deliver(claimed)
        tries += 1
        if monotonic() >= ends:
            enqueue(TaskName.DELIVER_WEBHOOKS, webhook_id)
            break
    return tries


def deliver(claimed: Claimed) -> Verdict:
    """One try, written down. No database connection is held while the receiver is waited for."""
    delivery, webhook = claimed.delivery, claimed.delivery.webhook
    at = timezone.now()
    headers = build_headers(
        delivery.message_id, delivery.body, secrets=secrets_of(webhook, at=at), at=at
    )
    if not connection.in_atomic_block:
        connection.close()
    answer = post(webhook.url, body=delivery.body, headers=headers)
    judged = judge(answer)
    line = Line(at, answer.status, judged.error, answer.response, answer.milliseconds)
    with transaction.atomic():
        _record(claimed, judged.verdict, line, answer)
    return judged.verdict


def _record(claimed: Claimed, verdict: Verdict, line: Line, answer: Answer) -> None:
    delivery = claimed.delivery
    claims.lock(delivery.webhook_id)  # before the delivery, as everywhere
    if verdict is Verdict.DELIVERED:
        is_ours = claims.finish(delivery, DeliveryState.DELIVERED, line)
    elif verdict is Verdict.RETRY and not claimed.is_last:
        pause = pause_seconds(delivery.tries, retry_after=answer.retry_after, now=timezone.now())
        is_ours = claims.postpone(delivery, line, seconds=pause)
    else:
        is_ours = claims.finish(delivery, DeliveryState.FAILED, line)
    if is_ours and not claimed.is_test:
        _note(claimed, verdict)


def _note(claimed: Claimed, verdict: Verdict) -> None:
    """What the try says about the webhook."""
    webhook_id = claimed.delivery.webhook_id
    if verdict is Verdict.DELIVERED:
        claims.note_success(webhook_id)
        return
    webhook = claims.note_failure(webhook_id)
    log.info("a delivery failed", webhook=webhook_id, delivery=claimed.delivery.pk)
    if verdict is Verdict.GONE:
        switching.switch_off_with_notice(webhook, "The receiver answered 410: it wants no more.")
    elif switching.has_failed_for_days(webhook):
        switching.switch_off_with_notice(webhook, "It failed for 3 days without one success.")
