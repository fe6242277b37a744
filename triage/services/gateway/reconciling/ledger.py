"""The ledger's side of a reconciliation: attempts in order of time, a bounded number at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from triage.models import Attempt, BatchState, Certainty
from triage.models.ledger import CallState
from triage.types import Usage

CHUNK = 5_000
CLOCKS_DIFFER = timedelta(seconds=2)  # the provider's clock and the database's
LONGEST_CALL = timedelta(minutes=5)  # 90 s and the settling; a call that runs longer has no owner
UNSURE = (Certainty.UNKNOWN, Certainty.LOWER_BOUND)
OVER = (BatchState.COLLECTED, BatchState.FAILED)
FIELDS = (
    "id",
    "call_id",
    "model",
    "certainty",
    "opened_at",
    "settled_at",
    "lease_until",
    "cost_nanousd",
    "bound_nanousd",
    "request_id",
    "price",
    "batch__state",
    "call__state",
    "call__created_at",
    "uncached_input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
)
USAGE_AT = FIELDS.index("uncached_input_tokens")


@dataclass(frozen=True, slots=True)
class Line:
    """One attempt. Its request arrived, if at all, between `opened_at` and `ended_at`, give or take what the clocks differ.

    `is_early`: whoever owns it may still settle it, so it is judged another time.
    """

    id: int
    model: str
    certainty: Certainty
    opened_at: datetime
    ended_at: datetime
    cost_nanousd: int
    bound_nanousd: int
    usage: Usage
    request_id: str
    price: dict[str, Any]
    is_batch: bool
    is_early: bool

    @property
    def earliest(self) -> datetime:
        return self.opened_at - CLOCKS_DIFFER

    @property
    def latest(self) -> datetime:
        return self.ended_at + CLOCKS_DIFFER

    @property
    def is_unsure(self) -> bool:
        return self.certainty in UNSURE

    @property
    def is_free(self) -> bool:
        """Known to have cost nothing (as a refusal before any output does), so no account need have it."""
        return not self.is_unsure and not self.is_early and not self.cost_nanousd

    @property
    def lowest_nanousd(self) -> int:
        """The least it can have cost."""
        return 0 if self.certainty in (Certainty.OPEN, Certainty.UNKNOWN) else self.cost_nanousd

    @property
    def highest_nanousd(self) -> int:
        """The most it can have cost."""
        is_open = self.certainty is Certainty.OPEN
        return self.bound_nanousd if is_open or self.is_unsure else self.cost_nanousd

    @property
    def key(self) -> str:
        """What its entry in an account is recognised by; "" where nothing is."""
        return line_key(self.id) if self.is_batch else self.request_id


def line_key(custom_id: int | str) -> str:
    """The key of a line of a batch, by its `custom_id`, which is its attempt's id."""
    return f"line {custom_id}"


def chunks(since: datetime, until: datetime, *, as_of: datetime) -> Iterator[list[Line]]:
    """The attempts opened from `since` to before `until`, oldest first, as they stood at `as_of`."""
    rows = Attempt.objects.filter(opened_at__gte=since, opened_at__lt=until)
    rows = rows.order_by("opened_at", "id")
    after = Q()
    while True:
        found = list(rows.filter(after).values_list(*FIELDS)[:CHUNK])
        if found:
            yield [_line(row, as_of) for row in found]
        if len(found) < CHUNK:
            return
        last = dict(zip(FIELDS, found[-1], strict=True))
        after = Q(opened_at__gt=last["opened_at"]) | Q(
            opened_at=last["opened_at"], id__gt=last["id"]
        )


def _line(row: tuple[Any, ...], as_of: datetime) -> Line:
    said = dict(zip(FIELDS, row, strict=True))
    settled_at: datetime | None = said["settled_at"]
    certainty = Certainty(said["certainty"])
    if certainty is Certainty.OPEN and said["lease_until"] < as_of:
        certainty = Certainty.UNKNOWN
    elif settled_at and settled_at > as_of:
        certainty = Certainty.OPEN
    return Line(
        id=said["id"],
        model=said["model"],
        certainty=certainty,
        opened_at=said["opened_at"],
        ended_at=_ended_at(settled_at, said["lease_until"]),
        cost_nanousd=said["cost_nanousd"],
        bound_nanousd=said["bound_nanousd"],
        usage=Usage(*row[USAGE_AT:]),
        request_id=said["request_id"],
        price=said["price"],
        is_batch=said["batch__state"] is not None,
        is_early=_is_early(said, certainty, as_of),
    )


def _ended_at(settled_at: datetime | None, lease_until: datetime) -> datetime:
    """An attempt whose owner died is settled long after its request can have arrived."""
    return min(settled_at, lease_until) if settled_at else lease_until


def _is_early(said: dict[str, Any], certainty: Certainty, as_of: datetime) -> bool:
    if certainty not in UNSURE:
        return certainty is Certainty.OPEN
    if said["batch__state"] is not None:
        return said["batch__state"] not in OVER
    is_running: bool = said["call__state"] == CallState.RUNNING
    return is_running and bool(said["call__created_at"] > as_of - LONGEST_CALL)


def count_before(moment: datetime, *, since: datetime | None) -> int:
    """How many attempts were opened before `moment`, from `since` on."""
    rows = Attempt.objects.filter(opened_at__lt=moment)
    return (rows.filter(opened_at__gte=since) if since else rows).count()


def has_batch_line(custom_id: str) -> bool:
    """Whether the ledger has the attempt of a batch's line, whenever it was opened."""
    if not custom_id.isdecimal():
        return False
    return Attempt.objects.filter(pk=int(custom_id), batch__isnull=False).exists()
