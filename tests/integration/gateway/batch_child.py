"""A process that works on a batch and dies where it is told: `python -m tests.integration.gateway.batch_child WHAT [BATCH]`.

`prepare COUNT` dies once the batch is written, `send BATCH` once the provider has answered the creation, `collect BATCH` after
three lines. `share BATCH` says `ready`, waits for a line on its input and collects all; it prints how many lines it settled.
"""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from tests.integration.gateway.batch_cases import prepared  # noqa: E402
from triage.models import Batch  # noqa: E402
from triage.services.gateway import batches, client  # noqa: E402
from triage.services.gateway.batches import collecting  # noqa: E402

LINES = 3


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def send_and_die(batch_id: int) -> None:
    create = client.create_batch

    def create_and_die(*args: Any, **kwargs: Any) -> client.BatchStatus:
        status = create(*args, **kwargs)
        die()
        return status

    client.create_batch = create_and_die
    batches.advance(batch_id)


def collect_and_die(batch_id: int) -> None:
    settle, settled = collecting._settle, []

    def settle_and_die(batch: Batch, line: client.BatchLine) -> bool:
        settled.append(settle(batch, line))
        if len(settled) == LINES:
            die()
        return settled[-1]

    collecting._settle = settle_and_die
    batches.advance(batch_id)


def share(batch_id: int) -> None:
    batch = Batch.objects.get(pk=batch_id)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(f"{collecting.collect(batch)}\n")


if __name__ == "__main__":
    what, number = sys.argv[1], int(sys.argv[2])
    if what == "prepare":
        prepared(number)
        die()
    {"send": send_and_die, "collect": collect_and_die, "share": share}[what](number)
