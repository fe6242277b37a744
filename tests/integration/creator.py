"""A process that takes tickets in: `python -m tests.integration.creator COUNT` prints the slowest create in seconds."""

import sys
import time

import django

django.setup()

from triage.models import Channel  # noqa: E402
from triage.services import intake  # noqa: E402
from triage.services.intake import NewTicket  # noqa: E402


def create(number: int) -> float:
    started = time.monotonic()
    intake.receive(NewTicket(description=f"Order {number} came broken", channel=Channel.API))
    return time.monotonic() - started


if __name__ == "__main__":
    sys.stdout.write(f"{max(create(n) for n in range(int(sys.argv[1]))):.3f}\n")
