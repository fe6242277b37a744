"""Batches that nobody wants any more: never handed in, or ended at the provider, where only what is answered by then is billed.

What would be sent is deleted first, so that no worker hands it in, also after it was sought in vain. A batch at the provider is
stepped on as any other: it ends early there, and its lines come back answered or canceled.
"""

from collections.abc import Collection
from itertools import chain
from time import monotonic

import structlog

from triage.exceptions import AttemptFailed, ModelGone, RequestRejected
from triage.models import Batch, BatchLine, BatchState
from triage.services.gateway import client, journal
from triage.services.gateway.batches.steps import ENDED, advance
from triage.services.gateway.journal import durable

SECONDS = 10.0  # a batch; people wait for it
SECONDS_IN_ALL = 15.0  # then no further one is tried
log = structlog.get_logger(__name__)


def cancel(batch_ids: Collection[int]) -> None:
    """End these batches, as far as that can be done now. Ask again for those that are not over: it is safe to do often.

    Takes at most some 25 s. Those that it has no time for are chosen by chance: asked again, all get their turn, whichever hang.

    Raises:
        AttemptFailed: The provider could not be asked about some of them, this is the first; it kept no other from it.
        InsideTransaction: The caller holds a transaction open.
    """
    journal.check_outside_transaction()
    for batch_id in sorted(batch_ids):
        _withdraw(batch_id)
    if errors := _end_all(batch_ids):
        raise errors[0]


def _end_all(batch_ids: Collection[int]) -> list[AttemptFailed]:
    """The errors of those that the provider could not be asked about."""
    ends = monotonic() + SECONDS_IN_ALL
    batches = Batch.objects.filter(pk__in=batch_ids)
    withdrawn = batches.filter(state=BatchState.READY).order_by("pk")
    submitted = batches.filter(state=BatchState.SUBMITTED).order_by("?")
    errors = []
    for batch in chain(withdrawn, submitted):
        if monotonic() >= ends:
            log.warning("there was no time to cancel all batches")
            break
        try:
            _end(batch)
        except AttemptFailed as error:
            log.warning("a batch could not be cancelled", batch=batch.pk, error=str(error))
            errors.append(error)
    return errors


def _withdraw(batch_id: int) -> None:
    """Delete what would be sent, unless the provider has it."""
    with durable():
        waiting = Batch.objects.filter(pk=batch_id, provider_id=None).exclude(state__in=ENDED)
        BatchLine.objects.filter(attempt__batch__in=waiting).delete()
        waiting.update(system="")


def _end(batch: Batch) -> None:
    """One that has ended meanwhile, or is not there any more, is collected by its next step."""
    if batch.state == BatchState.READY:
        advance(batch.pk)
        return
    try:
        client.cancel_batch(str(batch.provider_id), seconds=SECONDS)
    except (ModelGone, RequestRejected) as error:
        log.info("a batch was over when it was cancelled", batch=batch.pk, error=str(error))
