"""What every measurement stands on: private servers with durable settings, a database with a taxonomy, child processes."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.embedded import servers

ROOT = Path(__file__).resolve().parent.parent
LABEL = "refund"


@contextmanager
def stage() -> Iterator[None]:
    """PostgreSQL (fsync and synchronous commit on) and Redis, migrated, Django set up in this process."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder, servers(root=Path(folder)):
        os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "0", "SECRET_KEY": "x"}
        os.environ |= {"TRIAGE_SIMULATOR": "1", "ANTHROPIC_API_KEY": "bench"}
        os.environ["TRIAGE_LOG_LEVEL"] = "ERROR"
        limits = {"requests": 1_000_000, "input_tokens": 10**10, "output_tokens": 10**9}
        os.environ["TRIAGE_PACE"] = json.dumps({"default": limits})
        run("manage.py", "migrate", "-v", "0")
        import django

        django.setup()
        _prepare()
        yield


def _prepare() -> None:
    from accounts.models import User
    from triage.models import Label
    from triage.services import taxonomy

    for slug in (LABEL, "login", "delivery", "other"):
        Label.objects.create(
            slug=slug,
            name=slug.title(),
            description=f"Everything about {slug}.",
            examples=[f"A customer writes about {slug}, number {n}." for n in range(8)],
            auto_apply=True,
            auto_apply_reason="bench",
        )
    taxonomy.publish(by=User.objects.system())


def durability() -> str:
    """The settings that make a commit a commit, read from the server."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(name || '=' || setting, ', ' ORDER BY name) FROM pg_settings "
            "WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"
        )
        return str(cursor.fetchone()[0])


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True)


@dataclass(frozen=True, slots=True)
class Upstream:
    base_url: str

    def seen(self) -> int:
        """How many messages it was asked."""
        with urllib.request.urlopen(f"{self.base_url}/count", timeout=5) as response:
            return int(json.load(response))


@contextmanager
def upstream(*, latency_seconds: float) -> Iterator[Upstream]:
    """The fixed-reply API in a process of its own; ANTHROPIC_BASE_URL names it, here and for children."""
    port = free_port()
    with process([sys.executable, "-m", "bench.upstream", str(port), str(latency_seconds), LABEL]):
        await_port(port)
        from django.conf import settings

        os.environ["ANTHROPIC_BASE_URL"] = settings.ANTHROPIC_BASE_URL = f"http://127.0.0.1:{port}"
        yield Upstream(settings.ANTHROPIC_BASE_URL)


@contextmanager
def process(argv: Sequence[str]) -> Iterator[psutil.Process]:
    """A command for the time of the block; what it says is not part of the table."""
    quiet = subprocess.DEVNULL
    started = subprocess.Popen(argv, cwd=ROOT, stdout=quiet, stderr=quiet)
    try:
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def children(commands: Mapping[str, Sequence[str]]) -> Iterator[dict[str, psutil.Process]]:
    """Several commands, by name, for the time of the block."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(process(argv)) for name, argv in commands.items()}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def await_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("error: the bench's upstream did not start")
