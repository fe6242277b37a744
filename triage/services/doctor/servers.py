"""Probes of what has to run beside the web server: PostgreSQL, Redis, the workers and the clock."""

from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from triage.queue import QUEUES, find_queues
from triage.selectors import rollups
from triage.services.doctor.probing import Found, State

ANSWER_SECONDS = 2.0
WORKER = "celery -A config worker -Q {queues}"
BEAT = "celery -A config beat"


def database() -> Found:
    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if waiting:
        text = f"{waiting} migrations are not applied: the database is older than the code."
        return Found(State.BROKEN, text, "python manage.py migrate")
    number = connection.pg_version  # type: ignore[attr-defined]
    most = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    text = f"PostgreSQL {number // 10_000}.{number % 10_000}, every migration applied, up to {most} connections a process."
    return Found(State.OK, text)


def broker() -> Found:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS
    )
    try:
        facts = client.info()
    except redis.RedisError:
        fix = f"Start Redis at {_place(settings.REDIS_URL)}, or set REDIS_URL."
        return Found(State.BROKEN, "Redis does not answer.", fix)
    finally:
        client.close()
    text = f"Redis {facts.get('redis_version', '')} answers."
    if facts.get("maxmemory") and facts.get("maxmemory_policy") != "noeviction":
        fix = "Set maxmemory-policy to noeviction."
        return Found(State.WARNING, f"{text} When it is full it forgets what waits in queues.", fix)
    return Found(State.OK, text)


def workers() -> Found:
    """Which queues somebody takes work from."""
    consumed = find_queues(within_seconds=ANSWER_SECONDS)
    if consumed is None:
        return Found(State.BROKEN, "They cannot be asked: Redis does not answer.", "Start Redis.")
    idle = sorted(set(QUEUES.values()) - consumed.keys())
    taken = sorted(set(QUEUES.values()) & consumed.keys())
    if idle:
        found = f"Workers take from {', '.join(taken)}. " if taken else ""
        text = f"{found}Nobody takes from {', '.join(idle)}."
        return Found(State.BROKEN, text, WORKER.format(queues=",".join(idle)))
    number = len({name for names in consumed.values() for name in names})
    return Found(State.OK, f"{number} workers take from {', '.join(taken)}.")


def clock() -> Found:
    """Whether what is done by the clock is done: figures are added up twice a minute."""
    at = rollups.refreshed_at()
    if at is None:
        return Found(State.WARNING, "Nothing has been added up yet.", BEAT)
    minutes = (timezone.now() - at).total_seconds() / 60
    if rollups.is_old(at):
        text = f"Nothing has been done by the clock for {minutes:,.0f} minutes."
        return Found(State.BROKEN, text, f"{BEAT} (and a worker for the queue default)")
    return Found(State.OK, f"Figures were added up {minutes * 60:,.0f} seconds ago.")


def _place(url: str) -> str:
    """Host and port of an address, or the path of its socket; never who logs in with what."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
