"""Real child processes for tests: workers, commands and callers on the test's own database, Redis and simulator."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
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


def start(*arguments: str, is_heard: bool = True, **more: str) -> subprocess.Popen[str]:
    """`python …` in a session of its own.

    Args:
        is_heard: Keep its output for `communicate`; what nobody reads would block the child once the pipe is full.
    """
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(**more),
        stdin=subprocess.PIPE if is_heard else subprocess.DEVNULL,
        stdout=subprocess.PIPE if is_heard else subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the whole session: nothing gets to say goodbye."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


@contextmanager
def worker(**more: str) -> Iterator[subprocess.Popen[str]]:
    """A Celery worker for the queues `triage` and `default`, killed at the end of the block.

    It is started again when it ends by itself, as the supervisor does: Celery gives up where Redis goes while it holds
    an unacknowledged message (kombu's channel reads its connection after closing it).
    """
    process = start(
        *("-m", "tests.restarting", "-m", "celery", "-A", "config", "worker"),
        *("-Q", "triage,default", "-P", "threads", "-c", "8"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "error"),
        is_heard=False,
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
        is_heard=False,
        **more,
    )
    try:
        yield process
    finally:
        kill(process)


@contextmanager
def web(**more: str) -> Iterator[str]:
    """The application on a real server: its address."""
    port = free_port()
    process = start(
        *("-m", "uvicorn", "config.asgi:application", "--port", str(port)),
        *("--log-level", "error", "--lifespan", "off"),
        is_heard=False,
        **{"ALLOWED_HOSTS": "127.0.0.1", "TRIAGE_HTTPS": "0", **more},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _await(f"{address}/healthz", seconds=30)
        yield address
    finally:
        kill(process)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _await(address: str, *, seconds: float) -> None:
    ends = monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except OSError:
            if monotonic() > ends:
                raise
            sleep(0.05)
        else:
            return
