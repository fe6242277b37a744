"""What the installation stands on, looked at right now. Names parts and never addresses or secrets."""

from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from triage.queue import find_workers

OK = "ok"
UNREACHABLE = "unreachable"
LOOK_SECONDS = 0.5
BUSY_SECONDS = 5.0


def report() -> dict[str, Any]:
    """`{database, redis, workers, queue_age_seconds, claude}`; None where a part could not be asked."""
    broker = _redis()
    return {
        "database": (database := _database()),
        "redis": broker,
        "workers": find_workers(within_seconds=LOOK_SECONDS) if broker == OK else None,
        "queue_age_seconds": _queue_age_seconds() if database == OK else None,
        "claude": "simulator" if settings.TRIAGE_SIMULATOR else "api",
    }


def is_a_worker_there() -> bool:
    """Whether a worker answers, however busy it is."""
    return bool(find_workers(within_seconds=BUSY_SECONDS, at_most=1))


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return UNREACHABLE
    return OK


def _redis() -> str:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=LOOK_SECONDS, socket_timeout=LOOK_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError:
        return UNREACHABLE
    finally:
        client.close()
    return OK


def _queue_age_seconds() -> float:
    """How long the oldest due triage has been waiting; 0 where none waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0)
              FROM triage_triage
             WHERE state IN ('queued', 'running', 'skipped') AND due_at <= clock_timestamp()
            """
        )
        return round(float(cursor.fetchone()[0]), 1)
