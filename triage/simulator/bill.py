"""The simulator's bill: one row per request to POST /v1/messages, whatever became of it.

A line of a batch has a row too, from the creation of its batch; it is billed half.

A row exists from the moment the request arrives (`in_flight`) and is settled once, before the
last byte of the answer leaves. Rows live in memory and end with the process or a reset.
"""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from triage.simulator.models import ServedModel
from triage.simulator.pricing import NOTHING, Tokens, TokenSum, cost_nanousd
from triage.simulator.wire import Clock


def new_request_id() -> str:
    """An id for the `request-id` header."""
    return f"req_{uuid4().hex[:24]}"


class Outcome(StrEnum):
    """What became of a request."""

    IN_FLIGHT = "in_flight"  # not settled yet
    ANSWERED = "answered"
    REFUSED = "refused"  # 4xx: broke a rule
    FAULTED = "faulted"  # an error status by scenario, or a 429 by an enforced limit
    SILENT = "silent"  # accepted, never answered
    RESET = "reset"  # connection reset before any header
    CUT = "cut"  # the answer ended in its middle
    STALLED = "stalled"  # connection held open in the middle of the answer
    BROKEN = "broken"  # an error event within a 200 stream
    UNSEEN = "unseen"  # answered in full, but the client had left
    LEFT = "left"  # the client left before the request, or within the stream
    CANCELED = "canceled"  # a line whose batch was canceled first
    EXPIRED = "expired"  # a line that was not worked in time


@dataclass(slots=True)
class Row:
    """One request; `at` is its arrival, `ended_at` its end, both in Unix seconds.

    The end is when the row was settled or, where the connection was held open without an answer,
    when the client left. `batch_id` and `custom_id` are None for live requests.
    """

    seq: int
    at: float
    request_id: str
    message_id: str
    batch_id: str | None = None
    custom_id: str | None = None
    ended_at: float | None = None
    user_id: str | None = None
    model: str | None = None
    status: int | None = None
    tokens: Tokens = NOTHING
    cost_nanousd: int = 0
    billed: bool = False
    outcome: Outcome = Outcome.IN_FLIGHT

    def as_json(self) -> dict[str, Any]:
        """The row as `GET /bill` shows it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        times = {"at": as_time(self.at), "ended_at": as_time(self.ended_at)}
        return {**fields, **times, "tokens": asdict(self.tokens)}


def as_time(seconds: float | None) -> str | None:
    """Unix seconds as RFC 3339 in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


@dataclass(slots=True)
class Totals:
    """Sums over settled rows."""

    billed: int = 0
    cost_nanousd: int = 0
    tokens: TokenSum = field(default_factory=TokenSum)

    def add(self, row: Row) -> None:
        """Count a settled row."""
        self.billed += row.billed
        self.cost_nanousd += row.cost_nanousd
        self.tokens.add(row.tokens)

    def as_json(self) -> dict[str, Any]:
        """The sums as `GET /bill` shows them."""
        return {
            "billed": self.billed,
            "cost_nanousd": self.cost_nanousd,
            "tokens": dict(self.tokens.by_class),
        }


class Bill:
    """All rows in order of arrival, and their totals."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: list[Row] = []
        self._settled = 0
        self._totals = Totals()
        self._by_model: dict[str, Totals] = {}

    def open(self, *, batch_id: str | None = None, custom_id: str | None = None) -> Row:
        """A new row for a request or a line that has just arrived."""
        ids = new_request_id(), f"msg_{uuid4().hex[:24]}"
        row = Row(len(self._rows) + 1, self._clock(), *ids, batch_id, custom_id)
        self._rows.append(row)
        return row

    def settle(
        self,
        row: Row,
        outcome: Outcome,
        *,
        status: int | None = None,
        model: ServedModel | None = None,
        tokens: Tokens = NOTHING,
    ) -> None:
        """Close a row, once. It is billed when `model` is given.

        Args:
            status: The HTTP status the client was sent, None when no header left.
            tokens: What is billed.
        """
        if row.outcome is not Outcome.IN_FLIGHT:
            return
        row.outcome, row.status, row.ended_at = outcome, status, self._clock()
        if model is not None:
            row.billed, row.tokens = True, tokens
            is_batch = row.batch_id is not None
            row.cost_nanousd = cost_nanousd(tokens, model.tariff, batch=is_batch)
            self._by_model.setdefault(model.id, Totals()).add(row)
        self._settled += 1
        self._totals.add(row)

    def page(self, *, after: int, limit: int) -> dict[str, Any]:
        """Up to `limit` rows whose `seq` is above `after`, and the totals of all rows.

        `next` is the `after` of the next page, None on the last.
        """
        rows = self._rows[after : after + limit]
        more = after + limit < len(self._rows)
        return {
            "requests": [row.as_json() for row in rows],
            "totals": self._totals_json(),
            "next": after + limit if more else None,
        }

    def _totals_json(self) -> dict[str, Any]:
        return {
            "requests": len(self._rows),
            "in_flight": len(self._rows) - self._settled,
            **self._totals.as_json(),
            "by_model": {name: totals.as_json() for name, totals in self._by_model.items()},
        }
