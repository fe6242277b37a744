"""What the tests of batches share: lines, a batch driven to its end, and the ledger held against the simulator's bill."""

import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from tests.integration.gateway.conftest import build_request
from triage.exceptions import AttemptFailed
from triage.models import (
    Attempt,
    Batch,
    BatchState,
    Call,
    Certainty,
    Feature,
    Period,
    Scope,
    Spend,
)
from triage.models.ledger import CallState
from triage.services.gateway import About, batches
from triage.services.gateway.batches import Line, Prepared, steps
from triage.services.gateway.catalog import HAIKU
from triage.simulator import RunningSimulator

QUICK = "batchseconds(0.1)"
TOKENS = {
    "input": "uncached_input_tokens",
    "cache_write_5m": "cache_write_5m_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "cache_read": "cache_read_tokens",
    "output": "output_tokens",
}


def lines(count: int, *, first: int = 1) -> list[Line]:
    """As many different ones."""
    numbers = range(first, first + count)
    return [
        Line(build_request(f"Order {n} is broken, money back."), About("ticket", str(n)))
        for n in numbers
    ]


def prepare(asked: list[Line]) -> Prepared:
    return batches.prepare(asked, model=HAIKU, feature=Feature.BACKFILL, by=User.objects.system())


def prepared(count: int, *, first: int = 1) -> Batch:
    """A batch that is ready to be handed in."""
    batch = prepare(lines(count, first=first)).batch
    assert batch is not None
    return batch


def step(batch: Batch) -> str:
    """The batch's state after one more step, also where the provider could not be asked."""
    with suppress(AttemptFailed):
        batches.advance(batch.pk)
    batch.refresh_from_db()
    return batch.state


def finish(batch: Batch, *, seconds: float = 15.0) -> str:
    """Step it until it is over."""
    ends = time.monotonic() + seconds
    while step(batch) not in steps.ENDED:
        assert time.monotonic() < ends, f"{batch} is not over in time"
        time.sleep(0.05)
    return batch.state


def handed_in(count: int, *, first: int = 1) -> Batch:
    """A batch that has ended at the provider and is not collected."""
    batch = prepared(count, first=first)
    assert step(batch) == BatchState.SUBMITTED
    return batch


def give_lease_back(batch: Batch) -> None:
    """What the time does for a worker that was killed in a step."""
    Batch.objects.filter(pk=batch.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def certainties(batch: Batch) -> dict[str, int]:
    rows = Attempt.objects.filter(batch=batch).values_list("certainty", flat=True)
    return {value: list(rows).count(value) for value in set(rows)}


def check_equals_bill(claude: RunningSimulator) -> None:
    """Every row of the bill has its attempt, with the same tokens and the same cost; nothing else is spent."""
    bill = claude.bill()
    in_batches = [row for row in bill["requests"] if row["custom_id"]]
    known = Attempt.objects.in_bulk([int(row["custom_id"]) for row in in_batches])
    for row in in_batches:
        attempt = known[int(row["custom_id"])]
        assert attempt.cost_nanousd == row["cost_nanousd"], row
        assert {key: getattr(attempt, TOKENS[key]) for key in row["tokens"]} == row["tokens"]
    assert total_cost() == bill["totals"]["cost_nanousd"]
    assert not Attempt.objects.filter(certainty__in=[Certainty.OPEN, Certainty.UNKNOWN]).exists()
    assert not Call.objects.filter(state=CallState.RUNNING).exists()
    check_spend()


def check_spend() -> None:
    """What counts in the budgets is the sum of the attempts."""
    for period in Period:
        row = Spend.objects.filter(scope=Scope.INSTALLATION, period=period).aggregate(
            held=Sum("held_nanousd"), spent=Sum("spent_nanousd")
        )
        assert (row["held"] or 0) == total_cost(certainty=Certainty.OPEN)
        assert (row["spent"] or 0) == total_cost() - total_cost(certainty=Certainty.OPEN)


def total_cost(**which: object) -> int:
    """Nano-dollars, over all attempts or those that match."""
    total = Attempt.objects.filter(**which).aggregate(total=Sum("cost_nanousd"))["total"]
    return int(total or 0)


def provider_has(claude: RunningSimulator) -> int:
    """How many batches were created at the provider, by its bill."""
    return len({row["batch_id"] for row in claude.bill()["requests"] if row["batch_id"]})


def wait_until_ended(claude: RunningSimulator) -> None:
    claude.wait_until_settled()
    time.sleep(0.1)  # the last line is settled a moment before its batch says that it has ended


def appears_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lost need not be waited for: the simulator lists a batch from its creation."""
    monkeypatch.setattr(steps, "APPEARS_WITHIN", timedelta(0))
