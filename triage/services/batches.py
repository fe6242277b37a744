"""Backfill at half price: what waits is handed to the provider in batches, and triaged as their answers come.

Batches are written here, handed in, polled and collected step by step; every function can be run twice and by several
processes at once, and `advance_all` finds whatever was left in the middle.
"""

from dataclasses import dataclass, replace
from time import monotonic

import structlog
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from triage.exceptions import AttemptFailed, BudgetExceeded
from triage.models import Batch, BatchState, State, Triage
from triage.queue import TaskName, enqueue
from triage.services.classification import batching
from triage.services.classification.work import database_now
from triage.services.gateway import batches
from triage.services.gateway.batches import ENDED, LINES_AT_MOST

log = structlog.get_logger(__name__)

SLICE_SECONDS = 30.0  # then the next slice is sent; the last step of a slice may take as long again


@dataclass(frozen=True, slots=True)
class Submitted:
    """How many batches are underway now with how many lines; `reused` runs need no line of their own.

    `refusal` is why it ended before all that waits was taken.
    """

    batches: int = 0
    lines: int = 0
    reused: int = 0
    refusal: BudgetExceeded | None = None

    @property
    def runs(self) -> int:
        return self.lines + self.reused


@dataclass(frozen=True, slots=True)
class Progress:
    """What is underway: batches, those of them that the provider has, their lines, and the runs that wait for them."""

    batches: int
    at_provider: int
    lines: int
    runs: int


def submit_backfill(limit: int | None = None) -> Submitted:
    """Write batches for up to `limit` runs that wait, and hold what they may cost; `advance_all` hands them in.

    The runs that a budget has no room for are queued as before.

    Raises:
        NoTaxonomy: There is nothing to choose from yet.
        ModelNotPriced: The first model has no price in batches.
    """
    started = database_now()
    done = Submitted()
    while limit is None or done.runs < limit:
        most = LINES_AT_MOST if limit is None else min(LINES_AT_MOST, limit - done.runs)
        runs = batching.pick(most, due_by=started)
        if not runs:
            break
        try:
            prepared = batching.fill(runs)
        except BudgetExceeded as refusal:
            return replace(done, refusal=refusal)
        done = Submitted(
            done.batches + bool(prepared.batch),
            done.lines + prepared.lines,
            done.reused + prepared.reused,
        )
    return done


def advance_all() -> list[str]:
    """Take every batch's next step and do what follows, for SLICE_SECONDS; what is left is sent as the next slice.

    Returns what went wrong on the way, in words; those steps are taken again next time.
    """
    ends = monotonic() + SLICE_SECONDS
    problems = []
    for batch_id in batching.find_over():
        _follow(batch_id)
    for batch_id in batches.find_underway():
        if monotonic() >= ends:
            enqueue(TaskName.ADVANCE_BATCHES)
            break
        try:
            _advance(batch_id)
        except AttemptFailed as error:
            log.warning("a batch's step failed", batch=batch_id, error=str(error))
            problems.append(f"Batch {batch_id}: {error}")
    return problems


def progress() -> Progress:
    """Counts of what is underway."""
    underway = Batch.objects.exclude(state__in=ENDED)
    counts = underway.aggregate(
        batches=Count("pk"),
        at_provider=Count("pk", filter=Q(state=BatchState.SUBMITTED)),
        lines=Coalesce(Sum("lines"), 0),
    )
    return Progress(**counts, runs=Triage.objects.filter(state=State.BATCHED).count())


def _advance(batch_id: int) -> None:
    batch = batches.advance(batch_id)
    if batch is None:
        return
    if batch.state in ENDED:
        _follow(batch_id)
    else:
        batching.keep(batch)


def _follow(batch_id: int) -> None:
    """Move all of its runs on, unless another process is at them."""
    while (moved := batching.follow(batch_id)).runs:
        log.info("a batch is over", batch=batch_id, runs=moved.runs, escalated=moved.escalated)
