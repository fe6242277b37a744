"""A process that asks the same question from several threads: `python -m tests.integration.gateway.caller COUNT`.

Says `ready`, waits for a line on its input, then prints one line `obtained cost` a call.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from accounts.models import User  # noqa: E402
from tests.integration.gateway.conftest import build_request  # noqa: E402
from triage.models import Feature  # noqa: E402
from triage.services import gateway  # noqa: E402
from triage.services.gateway import About  # noqa: E402


def ask(_: int) -> str:
    reply = gateway.ask(
        build_request(),
        feature=Feature.CLASSIFY,
        by=User.objects.system(),
        about=About("ticket", "1"),
    )
    return f"{reply.obtained} {reply.cost_nanousd}"


if __name__ == "__main__":
    User.objects.system()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    count = int(sys.argv[1])
    with ThreadPoolExecutor(count) as threads:
        for line in threads.map(ask, range(count)):
            sys.stdout.write(f"{line}\n")
