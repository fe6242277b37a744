"""A pytest plugin: real PostgreSQL and Redis for the run, throwaway ones where the environment names none.

Loaded before Django's settings are read. Each xdist worker has a database and a Redis number of its own.
"""

import atexit
import os
from contextlib import ExitStack
from pathlib import Path

from config.embedded import servers

ROOT = Path(__file__).resolve().parent.parent
running = ExitStack()


def start() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        atexit.register(running.close)
        running.enter_context(servers(root=ROOT, throwaway=True))
        os.environ |= {"DEBUG": "0", "SECRET_KEY": "only-for-tests", "TRIAGE_HTTPS": "0"}
        os.environ |= {"TRIAGE_SIMULATOR": "1", "TRIAGE_LOG_LEVEL": "WARNING"}
        os.environ |= {"ANTHROPIC_API_KEY": "simulator", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
        os.environ["ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
    else:
        url = os.environ["REDIS_URL"].partition("?")[0]
        os.environ["REDIS_URL"] = f"{url}?db={int(worker.removeprefix('gw')) + 1}"


start()
