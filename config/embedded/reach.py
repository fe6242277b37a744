"""Whether given servers answer: `DATABASE_URL` and `REDIS_URL` as set by a person."""

import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import psycopg
import redis

from config.embedded.claim import Pause
from config.embedded.errors import EmbeddedError

PATIENCE_SECONDS = 5.0
RETRY_SECONDS = 0.25
POSTGRES_SCHEMES = ("postgres", "postgresql", "pgsql", "postgis")
REDIS_SCHEMES = ("redis", "rediss", "unix")


def check_database(url: str, *, pause: Pause = time.sleep) -> None:
    """Return once the database answers.

    Raises:
        EmbeddedError: It did not within five seconds; the line names the host, not the password.
    """
    check_scheme(url, setting="DATABASE_URL", allowed=POSTGRES_SCHEMES)

    def connect() -> None:
        psycopg.connect(f"postgresql:{url.partition(':')[2]}", connect_timeout=2).close()

    check(connect, url=url, setting="DATABASE_URL", errors=(psycopg.Error,), pause=pause)


def check_redis(url: str, *, pause: Pause = time.sleep) -> None:
    """Return once Redis answers.

    Raises:
        EmbeddedError: It did not within five seconds; the line names the host, not the password.
    """
    check_scheme(url, setting="REDIS_URL", allowed=REDIS_SCHEMES)

    def ping() -> None:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            client.ping()

    errors = (redis.RedisError, OSError, ValueError)
    check(ping, url=url, setting="REDIS_URL", errors=errors, pause=pause)


def check_scheme(url: str, *, setting: str, allowed: tuple[str, ...]) -> None:
    """Raise EmbeddedError unless `url` begins as `setting` must."""
    if url.partition(":")[0] not in allowed:
        raise EmbeddedError(f"{setting} must begin with {' or '.join(f'{s}://' for s in allowed)}")


def check(
    attempt: Callable[[], None],
    *,
    url: str,
    setting: str,
    errors: tuple[type[Exception], ...],
    pause: Pause,
) -> None:
    """Call `attempt` until it raises none of `errors`, or raise EmbeddedError in the end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return attempt()
        except errors as error:
            reason = " ".join(str(error).split()) or type(error).__name__
        if time.monotonic() >= deadline:
            raise EmbeddedError(
                f"{setting}: no answer from {describe_host(url)}: {hide_password(reason, url=url)}"
            )
        pause(RETRY_SECONDS)


def describe_host(url: str) -> str:
    """Host and port, or socket, of `url`, without its user and password."""
    parts = urlsplit(url)
    host = parts.path if parts.scheme == "unix" else parts.netloc.rpartition("@")[2]
    return unquote(host) or "the local socket"


def hide_password(text: str, *, url: str) -> str:
    """`text` without the password in `url`, as written there or decoded."""
    authority = urlsplit(url).netloc.rpartition("@")[0]
    password = authority.partition(":")[2]
    for secret in {password, unquote(password)} - {""}:
        text = text.replace(secret, "***")
    return text
