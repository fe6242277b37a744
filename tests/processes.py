"""Real child processes for tests: workers, commands and callers on the test's own database, Redis and simulator."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.servers import ROOT


def environment(**more: str) -> dict[str, str]:
    """The environment of a child that shares this test's world."""
    database = connection.settings_dict
    url = (
        f"postgresql://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        f"@{quote(database['HOST'], safe='')}:{database['PORT']}/{database['NAME']}"
    )
    return {
        **os.environ,
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "ANTHROPIC_BASE_URL": settings.ANTHROPIC_BASE_URL,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def start(*arguments: str, **more: str) -> subprocess.Popen[str]:
    """`python …` in a session of its own, with its output kept."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the whole session: nothing gets to say goodbye."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate()


@contextmanager
def worker(
    *, queues: str = "triage,default", threads: int = 8, **more: str
) -> Iterator[subprocess.Popen[str]]:
    """A Celery worker for the time of the block, killed at its end."""
    process = start(
        *(
            "-m",
            "celery",
            "-A",
            "config",
            "worker",
            "-Q",
            queues,
            "-P",
            "threads",
            "-c",
            str(threads),
        ),
        *(
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "-l",
            "error",
            "-n",
            f"w{os.getpid()}@test",
        ),
        **more,
    )
    try:
        yield process
    finally:
        kill(process)


@contextmanager
def beat(**more: str) -> Iterator[subprocess.Popen[str]]:
    """Celery's clock for the time of the block."""
    process = start(
        *("-m", "celery", "-A", "config", "beat", "-l", "error", "--pidfile="),
        *("-s", f"/tmp/triage-test-beat-{os.getpid()}"),
        **more,
    )
    try:
        yield process
    finally:
        kill(process)
