"""What the tests of backfill share: tickets of known kinds, batches driven to their end, the queued runs worked."""

import time

from tests.integration.classification.cases import REFUND_TEXT, Desk
from triage.models import State, Ticket, Triage
from triage.services import batches, classification
from triage.services.gateway.batches import find_underway
from triage.simulator import RunningSimulator

QUICK = "batchseconds(0.1)"
LOGIN_TEXT = "I forgot my password and my account is locked, I cannot sign in."
LEGAL_TEXT = (
    "My lawyer will write to you, I will see you in court."  # always goes to the strong model
)


def receive(desk: Desk, *texts: str) -> list[Ticket]:
    """A ticket for each text, told apart by a number."""
    return [desk.receive(f"{text} My order is {n}.") for n, text in enumerate(texts)]


def drive(*, seconds: float = 20.0) -> None:
    """Step all batches until none is underway and no run waits for one."""
    ends = time.monotonic() + seconds
    while find_underway() or Triage.objects.filter(state=State.BATCHED).exists():
        assert time.monotonic() < ends, f"still underway: {batches.progress()}"
        batches.advance_all()
        time.sleep(0.05)


def work_queued() -> None:
    """What the workers do with the runs that are queued."""
    for pk in Triage.objects.filter(state=State.QUEUED).values_list("pk", flat=True):
        classification.run(pk)


def states() -> dict[str, int]:
    rows = list(Triage.objects.values_list("state", flat=True))
    return {state: rows.count(state) for state in set(rows)}


def run_of(ticket: Ticket) -> Triage:
    return Triage.objects.get(ticket=ticket)


def live_requests(claude: RunningSimulator) -> list[str]:
    """The models of the requests that were not in a batch."""
    return [row["model"] for row in claude.bill()["requests"] if not row["batch_id"]]


__all__ = [
    "LEGAL_TEXT",
    "LOGIN_TEXT",
    "QUICK",
    "REFUND_TEXT",
    "drive",
    "live_requests",
    "receive",
    "run_of",
    "states",
    "work_queued",
]
