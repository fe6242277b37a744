"""What is kept for a time only, deleted when its time is over: a slice of rows a transaction, so that nobody waits for long.

Stopped anywhere it is simply run again. Rows that somebody holds just now are left for the next night. Of calls and attempts the
sums stay in the rollups; none goes before it is summed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from triage.models import (
    Attempt,
    BulkChange,
    Call,
    Delivery,
    DeliveryState,
    Event,
    KeptAnswer,
    Prompt,
)
from triage.queue import TaskName, enqueue
from triage.services import rollups, webhooks
from triage.services.gateway import dedup, history, prompts
from triage.services.webhooks.pruning import KEPT_FOR as EVENTS_KEPT_FOR

SLICE_ROWS = 1_000
NIGHT_SECONDS = 60.0  # of one task; the next goes on
ANSWERS_KEPT_FOR = timedelta(hours=24)  # what the API promises for an Idempotency-Key
CHANGES_KEPT_FOR = timedelta(days=30)

GUIDES, TOLD = "guides of prompts", "webhook deliveries and events"
ATTEMPTS, CALLS = "attempts", "calls"

Tell = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Pruned:
    """The rows removed, or in a dry run to be removed, by table. Not `is_complete`: the time was over, some are left."""

    rows: Mapping[str, int]
    is_complete: bool = True


def _tell_nobody(_table: str, _rows: int) -> None:
    """Nobody watches."""


def prune(*, within_seconds: float | None = None, tell: Tell = _tell_nobody) -> Pruned:
    """Delete what has been kept for long enough.

    Args:
        within_seconds: No slice is begun after that; by default all is done, however long it takes.
        tell: Called with a table's name and its rows removed so far, after each slice.
    """
    ends = None if within_seconds is None else monotonic() + within_seconds
    rows: dict[str, int] = {}
    for table, slices in _work().items():
        rows[table] = 0
        tell(table, 0)
        for removed in slices:
            rows[table] += removed
            tell(table, rows[table])
            if ends is not None and monotonic() > ends:
                return Pruned(rows, is_complete=False)
    return Pruned(rows)


def prune_in_slices() -> None:
    """`prune` for as long as one task may take; the next task goes on with what is left."""
    if not prune(within_seconds=NIGHT_SECONDS).is_complete:
        enqueue(TaskName.PRUNE)


def count() -> Pruned:
    """What `prune` would delete now. Nothing is changed."""
    kept = Prompt.objects.exclude(pk__in=prompts.old_prompts().values("pk"))
    floor = _ledger_floor()
    return Pruned(
        {
            **{table: old().count() for table, old in OLD.items()},
            **_count_ledger(floor),
            GUIDES: prompts.unused_guides(beside=kept).count(),
            TOLD: _count_told(),
        }
    )


def _work() -> dict[str, Iterator[int]]:
    """By table, what deletes a slice with each step and gives its rows. Guides go after their prompts."""
    return {
        **{table: _slices(old) for table, old in OLD.items()},
        **{table: _ledger_slices(old) for table, old in LEDGER.items()},
        GUIDES: _in_one(prompts.drop_unused_guides),
        TOLD: _in_one(webhooks.prune),
    }


def _ledger_floor() -> datetime | None:
    """Before this UTC midnight calls and attempts are no longer kept; None where they all are."""
    if not settings.TRIAGE_LEDGER_DAYS:
        return None
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=settings.TRIAGE_LEDGER_DAYS)


def _ledger_slices(old: Callable[[datetime], QuerySet[Any]]) -> Iterator[int]:
    """Nothing goes while something that old has changed and is not summed yet."""
    floor = _ledger_floor()
    if floor is not None and old(floor).exists() and rollups.keep_from(floor):
        yield from _slices(lambda: old(floor))


def _slices(old: Callable[[], QuerySet[Any]]) -> Iterator[int]:
    while removed := _delete_slice(old()):
        yield removed


def _in_one(work: Callable[[], int]) -> Iterator[int]:
    yield work()


def _delete_slice(old: QuerySet[Any]) -> int:
    with transaction.atomic():
        free = old.select_for_update(skip_locked=True)
        ids = list(free.values_list("pk", flat=True)[:SLICE_ROWS])
        return int(old.model.objects.filter(pk__in=ids).delete()[0])


def _old_answers() -> QuerySet[KeptAnswer]:
    before = timezone.now() - ANSWERS_KEPT_FOR
    return KeptAnswer.objects.filter(created_at__lt=before).order_by("created_at")


def _old_changes() -> QuerySet[BulkChange]:
    before = timezone.now() - CHANGES_KEPT_FOR
    return BulkChange.objects.filter(created_at__lt=before).order_by("created_at")


def _count_ledger(floor: datetime | None) -> dict[str, int]:
    """Calls whose attempts would all go first."""
    if floor is None:
        return dict.fromkeys(LEDGER, 0)
    younger = Attempt.objects.filter(call=OuterRef("pk")).exclude(
        pk__in=history.old_attempts(floor).values("pk")
    )
    calls = Call.objects.filter(~Exists(younger), created_at__lt=floor)
    return {ATTEMPTS: history.old_attempts(floor).count(), CALLS: calls.count()}


def _count_told() -> int:
    """What `webhooks.prune` would take: deliveries that are over, then events that are told and have no other delivery."""
    before = timezone.now() - EVENTS_KEPT_FOR
    is_kept = Q(created_at__gte=before) | Q(state=DeliveryState.PENDING)
    kept = Delivery.objects.filter(is_kept, event=OuterRef("pk"))
    events = Event.objects.filter(~Exists(kept), created_at__lt=before, is_told=True)
    return Delivery.objects.exclude(is_kept).count() + events.count()


OLD: Mapping[str, Callable[[], QuerySet[Any]]] = {
    "prompts": prompts.old_prompts,
    "stored replies": dedup.old_replies,
    "answers by Idempotency-Key": _old_answers,
    "changes of many tickets": _old_changes,
}
LEDGER: Mapping[str, Callable[[datetime], QuerySet[Any]]] = {
    ATTEMPTS: history.old_attempts,
    CALLS: history.old_calls,
}
