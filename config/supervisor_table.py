"""What `make run` starts, as plain data: what is run once first, and what then runs on."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from config.embedded.process import Rank


@dataclass(frozen=True)
class Child:
    """One command of the application, run in the checkout's root.

    What a child that `is_heard` prints on its standard output is shown ahead of the ready line.
    """

    name: str
    argv: tuple[str, ...]
    rank: Rank
    is_heard: bool = False


@dataclass(frozen=True)
class Ports:
    """Where the parts listen; `simulator` is None when Claude itself is asked."""

    host: str
    web: int
    simulator: int | None


@dataclass(frozen=True)
class Table:
    """`simulator` is up before `setup` runs, child by child; then `children` start together."""

    simulator: Child | None
    setup: tuple[Child, ...]
    children: tuple[Child, ...]


BuildTable = Callable[[Ports], Table]
LEARNING = "triage.tasks.learning"  # scikit-learn: some 140 MB, for one worker only


def build_product(ports: Ports) -> Table:
    """The table of the product itself."""
    simulator = manage("simulator", "--port", str(ports.simulator), rank=Rank.SIMULATOR)
    return Table(
        simulator=simulator if ports.simulator else None,
        setup=(
            manage("migrate", "--no-input", "-v", "0", rank=Rank.SETUP),
            manage("load_demo", rank=Rank.SETUP, is_heard=True),
        ),
        children=(
            build_web(ports),
            # Two, because one process of threads keeps one core busy at most; 96 waits of 0.8 s are 120 tickets a second.
            build_worker("triage-1", queues="triage", pool="threads", concurrency=48),
            build_worker("triage-2", queues="triage", pool="threads", concurrency=48),
            # Alone, so that whoever looks on while a draft is written does not wait for thousands of tickets. Twice the
            # drafts that are written at once: mails and webhooks wait here too.
            build_worker("drafts", queues="drafts", pool="threads", concurrency=16),
            build_worker(
                "bulk", queues="bulk,default", pool="prefork", concurrency=1, include=LEARNING
            ),
            build_beat(),
        ),
    )


def manage(command: str, *arguments: str, rank: Rank, is_heard: bool = False) -> Child:
    """A management command as a child of that name."""
    return Child(command, (sys.executable, "manage.py", command, *arguments), rank, is_heard)


def build_web(ports: Ports) -> Child:
    """The web server; an open request has three seconds to end when it stops."""
    options = {
        "--host": ports.host,
        "--port": str(ports.web),
        "--log-level": "warning",
        "--timeout-graceful-shutdown": "3",
    }
    command = (sys.executable, "-m", "uvicorn", "config.asgi:application", "--no-access-log")
    return Child(
        "web", command + tuple(part for pair in options.items() for part in pair), Rank.WEB
    )


def build_worker(
    name: str, *, queues: str, pool: str, concurrency: int, include: str = ""
) -> Child:
    """A Celery worker; it is alone on its broker, so it needs no talk with other workers.

    Args:
        include: A module with further tasks.
    """
    command = (sys.executable, "-m", "celery", "-A", "config", "worker", "-n", f"{name}@%h")
    work = ("-Q", queues, "-P", pool, "-c", str(concurrency), "-l", "warning")
    silence = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    further = ("-I", include) if include else ()
    return Child(name, command + work + silence + further, Rank.WORKER)


def build_beat() -> Child:
    """Celery's clock."""
    command = (sys.executable, "-m", "celery", "-A", "config", "beat")
    return Child("beat", (*command, "--pidfile=", "-l", "warning"), Rank.BEAT)
