"""A batch, its lines and their results, and all batches there are."""

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import uuid4

from triage.simulator.bill import Bill, Row, as_time
from triage.simulator.errors import not_found
from triage.simulator.scenarios import Fate
from triage.simulator.wire import JsonObject

LIFE_SECONDS = 86_400.0  # what is not worked by then expires
RESULTS_SECONDS = 29 * 86_400.0  # from creation; then the results are gone


class Result(StrEnum):
    """What became of a line."""

    SUCCEEDED = "succeeded"
    ERRORED = "errored"
    CANCELED = "canceled"
    EXPIRED = "expired"


@dataclass(slots=True)
class Line:
    """One request of a batch; `result` is the JSON of its outcome once there is one."""

    custom_id: str
    params: JsonObject
    row: Row
    fate: Fate
    result: JsonObject | None = None


@dataclass(slots=True)
class Batch:
    """One batch of the organisation `key`; times are Unix seconds of the simulator's clock."""

    key: str
    bill: Bill
    created_at: float
    seconds: float
    order_seed: str
    id: str = field(default_factory=lambda: f"msgbatch_{uuid4().hex[:24]}")
    lines: list[Line] = field(default_factory=list)
    cancel_initiated_at: float | None = None
    ended_at: float | None = None
    canceled: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    @property
    def expires_at(self) -> float:
        """When lines that wait expire."""
        return self.created_at + LIFE_SECONDS

    def archived_at(self, now: float) -> float | None:
        """When the results went, None while they are there."""
        at = self.created_at + RESULTS_SECONDS
        return at if now >= at else None

    def has_results(self, now: float) -> bool:
        """Whether the results can be read."""
        return self.ended_at is not None and self.archived_at(now) is None

    def as_json(self, base_url: str, now: float) -> JsonObject:
        """The batch as the API's MessageBatch."""
        url = f"{base_url}v1/messages/batches/{self.id}/results"
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": self._status(),
            "request_counts": self._counts(),
            "created_at": as_time(self.created_at),
            "expires_at": as_time(self.expires_at),
            "ended_at": as_time(self.ended_at),
            "cancel_initiated_at": as_time(self.cancel_initiated_at),
            "archived_at": as_time(self.archived_at(now)),
            "results_url": url if self.has_results(now) else None,
        }

    def results(self) -> bytes:
        """One JSON line per request, in an order of the seed's."""
        shuffled = random.Random(self.order_seed).sample(self.lines, len(self.lines))
        lines = ({"custom_id": line.custom_id, "result": line.result} for line in shuffled)
        return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)

    def _status(self) -> str:
        if self.ended_at is not None:
            return "ended"
        return "in_progress" if self.cancel_initiated_at is None else "canceling"

    def _counts(self) -> dict[str, int]:
        """All lines are in process until the whole batch has ended."""
        if self.ended_at is None:
            return {**dict.fromkeys(Result, 0), "processing": len(self.lines)}
        counts = Counter(str(line.result["type"]) for line in self.lines if line.result)
        return {**{kind: counts[kind] for kind in Result}, "processing": 0}


@dataclass(slots=True)
class Batches:
    """Every batch, in order of creation."""

    _by_id: dict[str, Batch] = field(default_factory=dict)
    created: int = 0

    def add(self, batch: Batch) -> None:
        """Keep a new batch."""
        self._by_id[batch.id] = batch
        self.created += 1

    def newest_first(self, key: str) -> list[Batch]:
        """The batches of one organisation."""
        return [batch for batch in reversed(self._by_id.values()) if batch.key == key]

    def get(self, batch_id: str, *, key: str) -> Batch:
        """One batch of an organisation.

        Raises:
            ApiError: 404 when it has none of this id.
        """
        batch = self._by_id.get(batch_id)
        if batch is None or batch.key != key:
            raise not_found(f"message batch: {batch_id}")
        return batch

    def remove(self, batch: Batch) -> None:
        """Forget a batch and its results."""
        del self._by_id[batch.id]

    def clear(self) -> None:
        """Forget all batches and end their work."""
        for batch in self._by_id.values():
            if batch.task is not None:
                batch.task.cancel()
        self._by_id.clear()
        self.created = 0
