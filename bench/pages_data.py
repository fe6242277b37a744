"""Two databases with simulated histories, one small and one large, and the way from one to the other."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import Role, User
from bench.stage import ROOT

SMALL, LARGE = "small", "large"
DAYS = 30
STALE = (
    "triage_label, triage_taxonomyversion"  # the stage's own; a history brings the demo company's
)
ADMIN = "admin@bench.example"


@contextmanager
def databases(sizes: Mapping[str, int]) -> Iterator[None]:
    """One for each size (attempts), filled by the command as anybody would; gone afterwards."""
    default = connections["default"]
    template = str(default.settings_dict["NAME"])
    default.close()
    default.close_pool()  # type: ignore[attr-defined]
    with psycopg.connect(**_server(default), autocommit=True) as server:
        for name in sizes:
            server.execute(f"CREATE DATABASE bench_{name} TEMPLATE {template}")
        try:
            for name, attempts in sizes.items():
                _fill(name, attempts)
                _wrappers[name] = _connect(default, name)
                with within(name):
                    User.objects.create_user(ADMIN, role=Role.ADMIN)
                size = server.execute(f"SELECT pg_database_size('bench_{name}') >> 20").fetchone()
                print(f"{name}: {size[0] if size else 0:,} MB on disk", flush=True)
            yield
        finally:
            for wrapper in _wrappers.values():
                wrapper.close()
            _wrappers.clear()
            for name in sizes:
                server.execute(f"DROP DATABASE bench_{name} WITH (FORCE)")


@contextmanager
def within(name: str) -> Iterator[None]:
    """Everything that asks a database asks this one, also what knows no router."""
    usual = connections["default"]
    connections["default"] = _wrappers[name]
    try:
        yield
    finally:
        connections["default"] = usual


_wrappers: dict[str, BaseDatabaseWrapper] = {}


def _connect(default: BaseDatabaseWrapper, name: str) -> BaseDatabaseWrapper:
    """One lasting connection: a pool would be shared with the other database."""
    options = {
        key: value for key, value in default.settings_dict["OPTIONS"].items() if key != "pool"
    }
    settings = {**default.settings_dict, "NAME": f"bench_{name}", "OPTIONS": options}
    return type(default)({**settings, "CONN_MAX_AGE": None}, "default")


def _fill(name: str, attempts: int) -> None:
    """By `seed_history`, in a process of its own; what it says of its speed is part of the measurement."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/bench_{name}").geturl()
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(f"TRUNCATE {STALE} RESTART IDENTITY CASCADE")
    started = time.perf_counter()
    command = ["manage.py", "seed_history", f"--attempts={attempts}", f"--days={DAYS}", "--seed=1"]
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    said = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.splitlines()
    print(f"{name}: {said[-1]} Process: {time.perf_counter() - started:.0f} s", flush=True)


def _server(default: BaseDatabaseWrapper) -> dict[str, Any]:
    """How to reach the server without a database of ours."""
    parameters = default.get_connection_params()
    wanted = ("host", "port", "user", "password")
    found = {name: parameters[name] for name in wanted if name in parameters}
    return found | {"dbname": "postgres"}
