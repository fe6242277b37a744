"""The simulator's bill: one row per request to POST /v1/messages, whatever became of it.

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


def new_request_id() -> str:
    """An id for the `request-id` header."""
    return f"req_{uuid4().hex[:24]}"


class Outcome(StrEnum):
    """What became of a request."""

    IN_FLIGHT = "in_flight"  # not settled yet
    ANSWERED = "answered"
    REFUSED = "refused"  # 4xx: broke a rule
    FAULTED = "faulted"  # 429, 500 or 529 by scenario
    SILENT = "silent"  # accepted, never answered
    RESET = "reset"  # connection reset before any header
    CUT = "cut"  # connection reset within the answer
    UNSEEN = "unseen"  # answered in full, but the client had left
    LEFT = "left"  # the client left before the request, or within the stream


@dataclass(slots=True)
class Row:
    """One request; `at` is its arrival in Unix seconds."""

    seq: int
    at: float
    request_id: str
    message_id: str
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
        at = datetime.fromtimestamp(self.at, UTC).isoformat()
        return {**fields, "at": at, "tokens": asdict(self.tokens)}


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

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._settled = 0
        self._totals = Totals()
        self._by_model: dict[str, Totals] = {}

    def open(self, at: float) -> Row:
        """A new row for a request that has just arrived."""
        row = Row(len(self._rows) + 1, at, new_request_id(), f"msg_{uuid4().hex[:24]}")
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
        row.outcome, row.status = outcome, status
        if model is not None:
            row.billed, row.tokens = True, tokens
            row.cost_nanousd = cost_nanousd(tokens, model.tariff)
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
