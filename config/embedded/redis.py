"""A private Redis on a Unix socket: broker, cache and streams, nothing kept on disk."""

import socket
from pathlib import Path
from signal import SIGKILL
from urllib.parse import quote

from config.embedded.place import Place
from config.embedded.postgres import build_environment
from config.embedded.process import Program, Rank, find_strays, send
from config.embedded.wheel import get_redis

PING_SECONDS = 2.0


def prepare(place: Place) -> Program:
    """The program.

    Raises:
        EmbeddedError: No Redis server is installed.
    """
    options = {
        "port": "0",
        "unixsocket": str(build_socket(place)),
        "unixsocketperm": "700",
        "dir": str(place.redis),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Program(
        name="Redis",
        argv=(str(get_redis()), *arguments),
        rank=Rank.REDIS,
        env=build_environment(),
        cwd=place.redis,
        log=place.log / "redis.log",
        before=lambda: clear_strays(place.redis),
    )


def clear_strays(folder: Path) -> None:
    """End a server that still works in `folder` though its run is dead; it has nothing to save."""
    for pid in find_strays("redis-server", folder=folder):
        send(pid, SIGKILL)


def build_socket(place: Place) -> Path:
    """The path of the server's socket."""
    return place.sockets / "redis" / "redis.sock"


def build_url(place: Place) -> str:
    """The server's URL."""
    return f"unix://{quote(str(build_socket(place)))}"


def find_reason_unready(place: Place) -> str | None:
    """Why the server does not answer yet, or None if it does."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PING_SECONDS)
            connection.connect(str(build_socket(place)))
            connection.sendall(b"PING\r\n")
            answer = connection.recv(64)
    except OSError as error:
        return str(error)
    return None if answer.startswith(b"+PONG") else answer.decode(errors="replace")
