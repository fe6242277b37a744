"""The embedded servers: started, shared, left behind by a killed owner, refused in clear words."""

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil
import psycopg
import pytest
import redis

from config.embedded import EmbeddedError, place, servers
from config.embedded.account import Switch, find_account
from config.embedded.log import find_telling_line
from config.embedded.process import Rank, Record, find_family, find_identity
from config.embedded.reach import describe_host, hide_password

CODE = Path(__file__).resolve().parents[2]
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


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder that stands for a checkout."""
    yield tmp_path
    note = tmp_path / "var" / "postgres-location"
    if note.exists():
        shutil.rmtree(note.read_text().strip())


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


def test_servers_of_a_killed_owner_go_and_their_sockets_too(root: Path) -> None:
    owner = Owner(root)
    owner.kill()

    wait_until_gone([*owner.pids, owner.watchdog], seconds=8)

    assert not find_socket_folder(owner.urls).exists()


def test_what_a_killed_watchdog_left_is_cleaned_up_by_the_next(root: Path) -> None:
    owner = Owner(root)
    os.kill(owner.watchdog, signal.SIGKILL)
    owner.kill()

    with servers(root=root) as urls:
        assert is_served(urls)
        assert not [pid for pid in owner.pids if find_identity(pid)]

    assert not find_socket_folder(owner.urls).exists()


def test_even_without_a_list_strays_of_this_data_are_found(root: Path) -> None:
    owner = Owner(root)
    (root / "var" / "run" / "roster.json").unlink()
    os.kill(owner.watchdog, signal.SIGKILL)
    owner.kill()

    with servers(root=root) as urls:
        assert is_served(urls)

    wait_until_gone(owner.pids, seconds=1)
    shutil.rmtree(find_socket_folder(owner.urls))


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(root: Path) -> None:
    with servers(root=root) as urls:
        data = Path(read_setting(urls, "data_directory"))
        owner = data.stat()
        content = (data / "postmaster.pid").read_text().splitlines()
    # A process of the same account with the id that the file names.
    switch: Switch = find_account(owner.st_uid).switch if os.geteuid() == 0 else {}
    stranger = subprocess.Popen(["sleep", "30"], cwd="/", **switch)
    try:
        (data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *content[1:]]))

        with servers(root=root) as urls:
            assert is_served(urls)

        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_set_up_cut_short_is_done_again(root: Path) -> None:
    unfinished = root / "var" / "postgres-unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    with servers(root=root) as urls:
        assert is_served(urls)


def test_data_of_another_version_is_refused_in_words(root: Path) -> None:
    with servers(root=root) as urls:
        data = Path(read_setting(urls, "data_directory"))
    (data / "PG_VERSION").write_text("12\n")

    with pytest.raises(EmbeddedError, match="is PostgreSQL 12's, the installed one is") as caught:
        servers(root=root).__enter__()

    assert "\n" not in str(caught.value)


def test_a_server_that_cannot_start_gives_its_own_reason(root: Path) -> None:
    with servers(root=root) as urls:
        data = Path(read_setting(urls, "data_directory"))
    with (data / "postgresql.conf").open("a") as settings:
        settings.write("wal_segment_count = many\n")

    with pytest.raises(EmbeddedError, match=r"PostgreSQL ended with exit code 1: .*FATAL"):
        servers(root=root).__enter__()


def test_a_folder_that_cannot_be_written_ends_in_one_line(root: Path) -> None:
    (root / "var").write_text("in the way")

    with pytest.raises(EmbeddedError, match=r"^cannot use the state folder: .*var: ") as caught:
        servers(root=root).__enter__()

    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_checkout_ends_in_one_line(root: Path) -> None:
    root.chmod(0o500)
    try:
        with pytest.raises(EmbeddedError, match=r"cannot use the state folder: .*denied"):
            servers(root=root).__enter__()
    finally:
        root.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has data elsewhere")
class TestAsRoot:
    def test_data_that_the_account_cannot_reach_lies_elsewhere(self, root: Path) -> None:
        root.chmod(0o700)
        with servers(root=root) as urls:
            data = Path(read_setting(urls, "data_directory"))

        location = Path((root / "var" / "postgres-location").read_text().strip())
        assert data.is_relative_to(location)
        assert location.parent == Path("/var/tmp")
        assert (location.stat().st_uid, stat.S_IMODE(location.stat().st_mode)) == (0, 0o711)
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert data.stat().st_uid != 0
        assert root.stat().st_mode & 0o077 == 0

    def test_a_folder_planted_by_another_user_is_refused(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(place, "PERSISTENT", root)
        planted = place.make_persistent(root / "checkout")
        os.chown(planted, pwd.getpwnam("nobody").pw_uid, -1)

        with pytest.raises(EmbeddedError, match="not safe to use"):
            place.make_persistent(root / "checkout")

    def test_a_planted_link_is_refused(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(place, "PERSISTENT", root)
        planted = place.make_persistent(root / "checkout")
        planted.rename(root / "elsewhere")
        planted.symlink_to(root / "elsewhere")

        with pytest.raises(EmbeddedError, match="not safe to use"):
            place.make_persistent(root / "checkout")


def run_module(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "config.embedded", *command],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(CODE)},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def test_the_module_runs_a_command_and_ends_with_its_code(root: Path) -> None:
    done = run_module(root, "--", "sh", "-c", 'echo "$REDIS_URL"; exit 7')

    assert done.returncode == 7
    assert done.stdout.startswith("unix:///")
    assert done.stderr == ""


def test_the_module_can_throw_its_servers_away(root: Path) -> None:
    done = run_module(root, "--throwaway", "--", "sh", "-c", 'echo "$DATABASE_URL"')

    assert done.stdout.startswith("postgresql://triage:")
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("--",), ("--throwaway",), ("ls",)])
def test_the_module_says_how_it_is_used(root: Path, arguments: tuple[str, ...]) -> None:
    done = run_module(root, *arguments)

    assert done.returncode == 2
    assert done.stderr.startswith("usage: python -m config.embedded")


def test_the_module_names_a_command_that_is_none(root: Path) -> None:
    done = run_module(root, "--", "no-such-command")

    assert done.returncode == 1
    assert done.stderr == "error: cannot run no-such-command: No such file or directory\n"


def test_the_module_passes_signals_on(root: Path) -> None:
    waits = "trap 'exit 9' TERM; echo on; while :; do sleep 0.1; done"
    popen = subprocess.Popen(
        [sys.executable, "-m", "config.embedded", "--", "sh", "-c", waits],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(CODE)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert popen.stdout
    popen.stdout.readline()
    popen.terminate()
    popen.communicate(timeout=15)

    assert popen.returncode == 9


def test_importing_it_loads_no_django() -> None:
    look = "import sys, config.embedded; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", look], cwd=CODE, check=False).returncode == 0


def test_a_process_id_given_out_again_is_not_ours() -> None:
    mine = find_identity(os.getpid())
    assert mine
    boot, _, began = mine.rpartition(":")
    other = Record("other", os.getpid(), f"{boot}:{int(float(began)) - 1}", Rank.WEB)

    assert not other.is_alive
    assert find_family(other) == []
    assert psutil.pid_exists(other.pid)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "no output"),
        ("starting\nready\n", "ready"),
        ("ValueError: cold\nbye\n", "ValueError: cold"),
        ("  warn_of_error(egid, uid)\nbye\n", "bye"),
        ("[09:00: ERROR/MainProcess] no broker\nbye\n", "[09:00: ERROR/MainProcess] no broker"),
        ("AssertionError\n" + "later\n" * 40, "later"),
        ("FATAL:  no space left\nchild process exited\n", "FATAL:  no space left"),
        (
            "SystemCheckError: issues:\n\nERRORS:\n?: (triage.E001) no key\n",
            "?: (triage.E001) no key",
        ),
    ],
)
def test_the_telling_line_of_a_log(text: str, line: str) -> None:
    assert find_telling_line(text) == line


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://me:s3cret@db.test:5433/x", "db.test:5433"),
        ("postgresql://me:s3cret@%2Frun%2Fpg/x", "/run/pg"),
        ("unix:///run/redis.sock", "/run/redis.sock"),
        ("postgresql:///x", "the local socket"),
    ],
)
def test_a_host_is_described_without_its_password(url: str, host: str) -> None:
    assert describe_host(url) == host


def test_a_password_is_hidden_however_it_is_written() -> None:
    url = "redis://:p%40ss@cache.test"

    assert hide_password("p%40ss or p@ss", url=url) == "*** or ***"
