"""The embedded servers: started, private, shared."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from config.embedded import servers
from tests.integration.embedded.cases import (
    CODE,
    NAMES,
    Owner,
    find_socket_folder,
    is_served,
    read_setting,
    wait_until_gone,
)


def test_throwaway_servers_answer_and_leave_nothing(root: Path) -> None:
    with servers(root=root, throwaway=True) as urls:
        assert is_served(urls)
        assert {name: os.environ[name] for name in NAMES} == urls
        assert read_setting(urls, "fsync") == "off"
        data = Path(read_setting(urls, "data_directory"))

    assert not data.exists()
    assert not find_socket_folder(urls).exists()
    assert not set(NAMES) & set(os.environ)
    assert not (root / "var").exists()


def test_lasting_servers_keep_the_database_and_its_password(root: Path) -> None:
    with servers(root=root) as first, psycopg.connect(first["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'Größe' AS word")

    with servers(root=root) as second, psycopg.connect(second["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT lower(word) FROM kept").fetchone()
        fsync = read_setting(second, "fsync")

    assert row == ("größe",)
    assert fsync == "on"


def test_servers_listen_on_private_sockets_alone(root: Path) -> None:
    with servers(root=root, throwaway=True) as urls:
        folder = find_socket_folder(urls)
        modes = [path.stat().st_mode & 0o077 for path in (folder / "redis", folder / "postgres")]
        assert read_setting(urls, "listen_addresses") == ""
        with redis.Redis.from_url(urls["REDIS_URL"]) as client:
            port = client.config_get("port")

    assert modes == [0, 0]
    assert port == {"port": "0"}


def test_the_database_asks_for_its_password(root: Path) -> None:
    with servers(root=root, throwaway=True) as urls:
        password = str(urlsplit(urls["DATABASE_URL"]).password)
        wrong = urls["DATABASE_URL"].replace(password, "guess")

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


def test_the_url_is_read_alike_by_django(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dj_database_url = pytest.importorskip("dj_database_url")
    monkeypatch.setenv("PGPORT", "1")
    with servers(root=root, throwaway=True) as urls:
        parsed = dj_database_url.parse(urls["DATABASE_URL"])

        assert is_served(urls)
        assert Path(parsed["HOST"]).is_dir()
        assert parsed["NAME"] == "triage"


def test_given_servers_are_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"DATABASE_URL": "postgresql://db.test/x", "REDIS_URL": "redis://cache.test/0"}
    for name, url in given.items():
        monkeypatch.setenv(name, url)

    with servers(root=root) as urls:
        assert urls == given

    assert list(root.iterdir()) == []


def test_the_env_file_gives_servers_except_to_throwaway_runs(root: Path) -> None:
    (root / ".env").write_text("DATABASE_URL=postgresql://db.test/x\nREDIS_URL=redis://r.test/0\n")

    with servers(root=root) as urls:
        assert os.environ["DATABASE_URL"] == urls["DATABASE_URL"] == "postgresql://db.test/x"
    with servers(root=root, throwaway=True) as urls:
        assert is_served(urls)


def test_only_the_missing_server_is_started(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.test/x")

    with servers(root=root) as urls:
        assert urls["DATABASE_URL"] == "postgresql://db.test/x"
        with redis.Redis.from_url(urls["REDIS_URL"]) as client:
            assert client.ping()

    assert not (root / "var" / "postgres").exists()


def test_a_second_process_joins_and_stops_nothing(root: Path) -> None:
    owner = Owner(root)
    try:
        with servers(root=root) as urls:
            assert urls == owner.urls

        assert is_served(owner.urls)
    finally:
        owner.end()
    wait_until_gone([*owner.pids, owner.watchdog], seconds=1)


def test_processes_that_start_at_once_share_one_set(root: Path) -> None:
    wait = "import os, sys; print(os.environ['DATABASE_URL'], flush=True); sys.stdin.read()"
    starts = [
        subprocess.Popen(
            [sys.executable, "-m", "config.embedded", "--", sys.executable, "-c", wait],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(CODE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    urls = {start.stdout.readline() for start in starts if start.stdout}
    for start in starts:
        start.communicate(timeout=15)

    assert len(urls) == 1
    assert [start.returncode for start in starts] == [0, 0]
