"""Another process that serves a checkout, and what can be asked of its servers."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import redis

from config.embedded.process import find_identity

CODE = Path(__file__).resolve().parents[3]
NAMES = ("DATABASE_URL", "REDIS_URL")
# Serves until its standard input closes, and says where.
OWNER = """
import json, os, sys
from pathlib import Path
from config.embedded import servers
with servers(root=Path.cwd()) as urls:
    print(json.dumps(urls), flush=True)
    sys.stdin.read()
"""


class Owner:
    """Another process that serves the checkout."""

    def __init__(self, root: Path) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", OWNER],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(CODE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.popen.stdout
        self.urls: dict[str, str] = json.loads(self.popen.stdout.readline())
        roster = json.loads((root / "var" / "run" / "roster.json").read_text())
        self.pids = [record["pid"] for record in roster["records"]]
        self.watchdog: int = roster["watchdog"]["pid"]

    def end(self) -> None:
        """Let it stop its servers."""
        self.popen.communicate(timeout=15)

    def kill(self) -> None:
        """End it as a crash would."""
        self.popen.kill()
        self.popen.communicate(timeout=15)


def find_socket_folder(urls: dict[str, str]) -> Path:
    return Path(unquote(urlsplit(urls["REDIS_URL"]).path)).parent.parent


def is_served(urls: dict[str, str]) -> bool:
    """Whether both servers answer."""
    with redis.Redis.from_url(urls["REDIS_URL"]) as client:
        client.ping()
    with psycopg.connect(urls["DATABASE_URL"]) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def wait_until_gone(pids: list[int], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(find_identity(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def read_setting(urls: dict[str, str], name: str) -> str:
    with psycopg.connect(urls["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row
    return str(row[0])
