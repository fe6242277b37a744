"""Message Batches: many requests handed over at once, at half the price, answered within a day.

An unknown batch is a 404 and so a `ModelGone`, as everywhere in the client.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import anthropic
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse
from anthropic.types.shared import ErrorResponse

from triage.exceptions import AttemptFailed, ConnectionLost, RequestRejected
from triage.services.gateway.client import sdk
from triage.services.gateway.client.answers import Answer, read_answer
from triage.services.gateway.client.clocks import Clock, Limit, total
from triage.services.gateway.client.errors import class_of

SECONDS = 30.0
PAGE_SIZE = 100


class BatchState(StrEnum):
    IN_PROGRESS = "in_progress"
    CANCELING = "canceling"
    ENDED = "ended"


class BatchOutcome(StrEnum):
    SUCCEEDED = "succeeded"
    ERRORED = "errored"
    EXPIRED = "expired"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """How far a batch is. Times are aware. `counts` by outcome and "processing"; all lines are processing until the end."""

    id: str
    state: BatchState
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    counts: dict[str, int]

    @property
    def requests(self) -> int:
        """How many lines the batch has."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class BatchLine:
    """What became of one line. Only `succeeded` is billed; it has an answer, or an error where that cannot be read."""

    custom_id: str
    outcome: BatchOutcome
    answer: Answer | None = None
    error: AttemptFailed | None = None


def create_batch(lines: Sequence[tuple[str, dict[str, Any]]], *, seconds: float) -> BatchStatus:
    """Hand over `lines`, each a custom id (1 to 64 letters, digits, `_` and `-`) and a request's body. Costs money.

    Raises:
        AttemptFailed: One of its kinds. Where it `may_be_billed`, the batch may exist: look for it in `list_batches`.
    """
    requests: Any = [{"custom_id": custom_id, "params": body} for custom_id, body in lines]
    with sdk.asking(total(seconds)):
        raw = _batches().with_raw_response.create(requests=requests, timeout=sdk.timeout(seconds))
    with sdk.reading():
        return _status(raw.parse())


def get_batch(batch_id: str, *, seconds: float = SECONDS) -> BatchStatus:
    """How far the batch is. Raises `AttemptFailed`."""
    with sdk.asking(total(seconds)):
        raw = _batches().with_raw_response.retrieve(batch_id, timeout=sdk.timeout(seconds))
    with sdk.reading():
        return _status(raw.parse())


def cancel_batch(batch_id: str, *, seconds: float = SECONDS) -> BatchStatus:
    """Ask the provider to end the batch early; lines already answered stay answered. Raises `AttemptFailed`."""
    with sdk.asking(total(seconds)):
        raw = _batches().with_raw_response.cancel(batch_id, timeout=sdk.timeout(seconds))
    with sdk.reading():
        return _status(raw.parse())


def list_batches(*, created_since: datetime, seconds: float = SECONDS) -> Iterator[BatchStatus]:
    """The workspace's batches created at `created_since` or later, newest first, each page within `seconds`.

    Raises:
        AttemptFailed: One of its kinds, at the first batch of a page.
    """
    after: str | anthropic.Omit = anthropic.omit
    while True:
        with sdk.asking(total(seconds)):
            raw = _batches().with_raw_response.list(
                after_id=after, limit=PAGE_SIZE, timeout=sdk.timeout(seconds)
            )
        with sdk.reading():
            page = raw.parse()
            statuses = [_status(batch) for batch in page.data]
        recent = [status for status in statuses if status.created_at >= created_since]
        yield from recent
        if not page.has_more or len(recent) < len(statuses) or not page.last_id:
            return
        after = page.last_id


def batch_results(batch_id: str, *, seconds: float = SECONDS) -> Generator[BatchLine]:
    """What became of each line of an ended batch, in any order; no silence is longer than `seconds`.

    Raises:
        AttemptFailed: One of its kinds, also between two lines; then begin anew. `RequestRejected` where there are no results,
            because the batch has not ended or is older than 29 days.
    """
    _check_has_results(batch_id, seconds=seconds)
    with sdk.asking(total(seconds)):
        lines = _batches().results(batch_id, timeout=sdk.timeout(seconds))
    clock = Clock({Limit.BYTE: seconds})
    try:
        while True:
            with sdk.reading(), sdk.asking(clock):
                line = next(lines, None)
            if line is None:
                return
            yield _line(line)
    finally:
        lines.close()


def _batches() -> anthropic.resources.messages.Batches:
    return sdk.client().messages.batches


def _status(batch: MessageBatch) -> BatchStatus:
    counts = batch.request_counts
    return BatchStatus(
        id=batch.id,
        state=BatchState(batch.processing_status),
        created_at=sdk.utc(batch.created_at),
        expires_at=sdk.utc(batch.expires_at),
        ended_at=sdk.utc(batch.ended_at) if batch.ended_at else None,
        counts={
            "processing": int(counts.processing),
            BatchOutcome.SUCCEEDED: int(counts.succeeded),
            BatchOutcome.ERRORED: int(counts.errored),
            BatchOutcome.EXPIRED: int(counts.expired),
            BatchOutcome.CANCELED: int(counts.canceled),
        },
    )


def _check_has_results(batch_id: str, *, seconds: float) -> None:
    with sdk.asking(total(seconds)):
        raw = _batches().with_raw_response.retrieve(batch_id, timeout=sdk.timeout(seconds))
    with sdk.reading():
        has_results = bool(raw.parse().results_url)
    if not has_results:
        raise RequestRejected("The batch has no results: it goes on, or they are no longer kept.")


def _line(line: MessageBatchIndividualResponse) -> BatchLine:
    with sdk.reading():
        custom_id, result, outcome = line.custom_id, line.result, BatchOutcome(line.result.type)
    try:
        with sdk.reading():
            if result.type == "succeeded":
                return BatchLine(custom_id, outcome, answer=read_answer(result.message, {}))
            if result.type == "errored":
                return BatchLine(custom_id, outcome, error=_line_error(result.error))
    except ConnectionLost as error:
        return BatchLine(custom_id, outcome, error=error)
    return BatchLine(custom_id, outcome)


def _line_error(said: ErrorResponse) -> AttemptFailed:
    kind = class_of(HTTPStatus.OK, said.error.type)
    return kind(f"Claude answered: {said.error.message}", request_id=said.request_id or "")
