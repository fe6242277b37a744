"""A private PostgreSQL: its data folder, its command, its URL.

It listens on a Unix socket only and asks for a random password (scram-sha-256). The wheel has no
collations but its own, so text is ordered and folded by the provider `builtin`.
"""

import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path
from signal import SIGKILL
from urllib.parse import quote

import psycopg

from config.embedded.errors import EmbeddedError, in_words
from config.embedded.log import find_telling_line
from config.embedded.place import Place
from config.embedded.process import Program, Rank, find_strays, send
from config.embedded.roster import write_whole
from config.embedded.stopping import TICK_SECONDS
from config.embedded.wheel import get_postgres, install_postgres

USER = DATABASE = "triage"
PORT = 5432
STRAY_SECONDS = 5.0
INITDB_OPTIONS = (
    f"--username={USER}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
# What tests do without: nothing of theirs has to outlive a crash.
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def prepare(place: Place, *, throwaway: bool) -> Program:
    """The program that serves `place`'s data, which is made if missing.

    Raises:
        EmbeddedError: No wheel is installed, or the data cannot be made or is another version's.
    """
    programs = install_postgres(place.postgres, account=place.account)
    if not place.data.exists():
        make_data(place, programs=programs, throwaway=throwaway)
    check_data(place)
    settings = SETTINGS | (THROWAWAY_SETTINGS if throwaway else {})
    settings["unix_socket_directories"] = str(place.sockets / "postgres")
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="PostgreSQL",
        argv=(str(programs / "postgres"), "-D", str(place.data), *options),
        rank=Rank.POSTGRES,
        env=build_environment(),
        cwd=place.postgres,
        log=place.log / "postgres.log",
        account=place.account,
        before=lambda: clear_strays(place.data),
    )


def build_environment() -> dict[str, str]:
    """The servers' environment: nothing of the caller's settings reaches them."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def make_data(place: Place, *, programs: Path, throwaway: bool) -> None:
    """Set up a new data folder, complete or not at all.

    Raises:
        EmbeddedError: It could not be; the line gives initdb's reason.
    """
    unfinished = place.postgres / "postgres-unfinished"
    account = place.account
    with in_words("cannot set up PostgreSQL"):
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        if account:
            os.chown(unfinished, account.uid, account.gid)
        write_whole(place.password, secrets.token_hex(24), uid=account.uid if account else -1)
        done = subprocess.run(
            [
                programs / "initdb",
                f"--pgdata={unfinished}",
                f"--pwfile={place.password}",
                *INITDB_OPTIONS,
                *(["--no-sync"] if throwaway else []),
            ],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=place.postgres,
            env=build_environment(),
            start_new_session=True,
            **(account.switch if account else {}),
        )
        if done.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            reason = find_telling_line(done.stdout.decode(errors="replace"))
            raise EmbeddedError(f"cannot set up PostgreSQL in {place.data}: {reason}")
        unfinished.rename(place.data)


def check_data(place: Place) -> None:
    """Raise EmbeddedError unless the data is our PostgreSQL's and its password is known."""
    with in_words("cannot read PostgreSQL's data"):
        found = (place.data / "PG_VERSION").read_text().strip()
        wanted = get_postgres().major
        if found != wanted:
            raise EmbeddedError(
                f"the data in {place.data} is PostgreSQL {found}'s, the installed one is {wanted}; "
                "move it away to start afresh, or dump it with the old one first"
            )
        place.password.read_text()


def clear_strays(data: Path) -> None:
    """End processes that still serve `data` though their run is dead, and forget its pid file.

    PostgreSQL refuses to start while the process id in the file is alive, whoever has it by now.
    """
    deadline = time.monotonic() + STRAY_SECONDS
    while (strays := find_strays("postgres", folder=data)) and time.monotonic() < deadline:
        for pid in strays:
            send(pid, SIGKILL)
        time.sleep(TICK_SECONDS)
    with in_words("cannot clean up PostgreSQL's data"):
        (data / "postmaster.pid").unlink(missing_ok=True)


def build_url(place: Place, *, database: str = DATABASE) -> str:
    """The server's URL, in a form libpq and dj-database-url both read.

    The port is named because libpq would take another from PGPORT.
    """
    with in_words("cannot read PostgreSQL's password"):
        password = place.password.read_text().strip()
    host = quote(str(place.sockets / "postgres"), safe="")
    return f"postgresql://{USER}:{password}@{host}:{PORT}/{database}"


def find_reason_unready(place: Place) -> str | None:
    """Why the server does not answer yet, or None if it does; the database is made if missing."""
    try:
        with psycopg.connect(
            build_url(place, database="postgres"), autocommit=True, connect_timeout=5
        ) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if not found:
                connection.execute(f"CREATE DATABASE {DATABASE}")
    except psycopg.Error as error:
        return find_telling_line(str(error))
    return None
