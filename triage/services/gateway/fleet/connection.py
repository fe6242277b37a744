"""The one door to Redis for the gateway: the cache's own connections, so address and timeouts are read in one place."""

from django_redis import get_redis_connection  # type: ignore[import-untyped]
from redis import Redis


def get_redis() -> Redis:
    """A client of this thread; connects when it is first used."""
    client: Redis = get_redis_connection("default")
    return client
