"""`make run` with stand-ins for the application's children: start, keep, stop, killed, again."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.embedded import servers
from config.supervisor_settings import find_free_port
from config.supervisor_table import Ports, build_product

CODE = Path(__file__).resolve().parents[2]
READY_SECONDS = 30

# The supervisor with a table read from a file; {port} and {simulator} are filled in.
DRIVER = """
import json, sys
from pathlib import Path
from config.embedded.process import Rank
from config.supervisor_run import run
from config.supervisor_table import Child, Table

def build(ports):
    def child(entry):
        name, argv, rank, heard = entry
        argv = [a.format(port=ports.web, simulator=ports.simulator) for a in argv]
        return Child(name, (sys.executable, "-S", *argv), Rank[rank], heard)
    table = json.loads(Path("table.json").read_text())
    simulator = child(table["simulator"]) if ports.simulator else None
    return Table(simulator, tuple(map(child, table["setup"])), tuple(map(child, table["children"])))

sys.exit(run(root=Path.cwd(), build_table=build))
"""
# Answers /healthz with its environment; writes down when it is told to stop.
WEB = """
import http.server, json, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())
    def log_message(self, *a): pass
def stop(*a):
    open("stops", "a").write(sys.argv[1] + "\\n"); os._exit(0)
signal.signal(signal.SIGTERM, stop)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
"""
WORKER = """
import signal, sys, time
def stop(*a):
    open("stops", "a").write(sys.argv[1] + "\\n"); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
while True: time.sleep(60)
"""
# Will not stop, and has a child that will not either.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
while True: time.sleep(60)
"""
FAILING = """
import sys
sys.stderr.write("warming up\\nValueError: the oven is cold\\nbye\\n")
sys.exit(3)
"""
DEMO = "print('agent@example.com, password secret')"

Entry = tuple[str, list[str], str, bool]


class Checkout:
    """A folder that stands for a checkout, and the supervisor runs started in it."""

    def __init__(self, root: Path, *, given: dict[str, str]) -> None:
        self.root = root
        self.port = find_free_port()
        self.given = given
        self.setup: list[Entry] = [("load_demo", ["-c", DEMO], "SETUP", True)]
        self.children: list[Entry] = [
            ("web", ["-c", WEB, "web", "{port}"], "WEB", False),
            ("triage", ["-c", WORKER, "triage"], "WORKER", False),
            ("beat", ["-c", WORKER, "beat"], "BEAT", False),
        ]
        self.runs: list[Run] = []

    def run(self, **settings: str) -> "Run":
        """Start the supervisor as a terminal would: leader of a group."""
        simulator = ("simulator", ["-c", WEB, "simulator", "{simulator}"], "SIMULATOR", False)
        table = {"simulator": simulator, "setup": self.setup, "children": self.children}
        (self.root / "table.json").write_text(json.dumps(table))
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CODE),
            "PORT": str(self.port),
            "ANTHROPIC_API_KEY": "key",
            **self.given,
            **settings,
        }
        self.runs.append(Run(self.root, environment))
        return self.runs[-1]

    def find_left(self) -> list[str]:
        """Command lines of the processes that belong to this checkout."""
        return [
            " ".join(process.info["cmdline"] or [])
            for process in psutil.process_iter(["cmdline", "cwd", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE and self._is_ours(process)
        ]

    def _is_ours(self, process: psutil.Process) -> bool:
        texts = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
        places = [str(self.root), self.location]
        return any(place in text for text in texts for place in places)

    @property
    def location(self) -> str:
        """Where the data is if it is not in the checkout."""
        note = self.root / "var" / "postgres-location"
        return note.read_text().strip() if note.exists() else str(self.root)

    def wait_until_empty(self, *, seconds: float) -> float:
        """Seconds until no process was left; fails the test after `seconds`."""
        since = time.monotonic()
        while left := self.find_left():
            assert time.monotonic() - since < seconds, left
            time.sleep(0.1)
        return time.monotonic() - since


class Run:
    """One supervisor process; its standard output is read line by line."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self._errors = root / "errors"
        with self._errors.open("wb") as errors:
            self.popen = subprocess.Popen(
                [sys.executable, "-c", DRIVER],
                cwd=root,
                env=environment,
                stdout=subprocess.PIPE,
                bufsize=0,  # so that select sees every line
                stderr=errors,
                start_new_session=True,
            )
        self.lines: list[str] = []

    @property
    def errors(self) -> str:
        """What it has written on standard error."""
        return self._errors.read_text()

    def wait_until_ready(self) -> None:
        """Read lines until the ready line."""
        assert self.popen.stdout
        deadline = time.monotonic() + READY_SECONDS
        while not (self.lines and self.lines[-1].startswith("ready: ")):
            readable, _, _ = select.select([self.popen.stdout], [], [], 1)
            line = self.popen.stdout.readline().decode() if readable else None
            assert line != "", f"ended before it was ready: {self.errors}"
            assert time.monotonic() < deadline, f"not ready in time: {self.errors}"
            if line:
                self.lines.append(line.rstrip("\n"))

    def wait_for_error(self, text: str, *, count: int = 1) -> None:
        """Return once standard error holds `text`, `count` times."""
        deadline = time.monotonic() + 15
        while self.errors.count(text) < count:
            assert time.monotonic() < deadline, self.errors
            time.sleep(0.05)

    def signal_group(self, number: int) -> None:
        """Send a signal as a terminal does, to the whole group."""
        os.killpg(self.popen.pid, number)

    def finish(self, *, seconds: float = 15) -> int:
        """The exit code, once it has ended; the rest of its output joins `lines`."""
        output, _ = self.popen.communicate(timeout=seconds)
        self.lines += output.decode().splitlines()
        return self.popen.returncode


@pytest.fixture(scope="module")
def given() -> Iterator[dict[str, str]]:
    """Servers for the runs that are not about servers."""
    names = ("DATABASE_URL", "REDIS_URL")
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.delenv(name, raising=False)
        with servers(root=CODE, throwaway=True) as urls:
            yield dict(urls)


@pytest.fixture
def checkout(tmp_path: Path, given: dict[str, str]) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path, given=given)
    yield checkout
    for run in checkout.runs:
        if run.popen.poll() is None:
            run.popen.terminate()
            run.popen.communicate(timeout=15)
    checkout.wait_until_empty(seconds=12)
    if checkout.location.startswith("/var/tmp/triage-"):
        shutil.rmtree(checkout.location)


def fetch(port: int) -> dict[str, str]:
    """The environment of the stand-in that listens at `port`."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        environment: dict[str, str] = json.load(answer)
    return environment


def read_pids(checkout: Checkout) -> dict[str, int]:
    """Process ids by name, as the run has written them down."""
    roster = json.loads((checkout.root / "var" / "run" / "roster.json").read_text())
    pids = {record["name"]: record["pid"] for record in roster["records"]}
    return pids | {"watchdog": roster["watchdog"]["pid"]}


def find_sockets(checkout: Checkout) -> Path:
    """The run's folder for sockets."""
    roster = json.loads((checkout.root / "var" / "run" / "roster.json").read_text())
    return Path(roster["folders"][0])


def test_the_demo_logins_come_before_one_ready_line(checkout: Checkout) -> None:
    run = checkout.run()

    run.wait_until_ready()

    ready = f"ready: http://127.0.0.1:{checkout.port}"
    assert run.lines == ["agent@example.com, password secret", ready]
    assert run.errors == ""
    assert fetch(checkout.port)["DATABASE_URL"] == checkout.given["DATABASE_URL"]


def test_ctrl_c_stops_all_in_order_and_says_so(checkout: Checkout) -> None:
    run = checkout.run(ANTHROPIC_API_KEY="")
    run.wait_until_ready()
    run.signal_group(signal.SIGINT)

    code = run.finish(seconds=7)

    assert (code, run.lines[-1], run.errors) == (0, "stopped", "")
    stops = (checkout.root / "stops").read_text().split()
    assert stops == ["web", "triage", "beat", "simulator"]
    assert checkout.find_left() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_stop_it_as_well(checkout: Checkout, number: int) -> None:
    run = checkout.run()
    run.wait_until_ready()
    run.popen.send_signal(number)

    assert run.finish(seconds=7) == 0
    assert checkout.find_left() == []


def test_children_that_will_not_stop_are_killed_with_all_they_started(checkout: Checkout) -> None:
    checkout.children.append(("stubborn", ["-c", STUBBORN], "WORKER", False))
    run = checkout.run()
    run.wait_until_ready()
    run.signal_group(signal.SIGINT)
    time.sleep(0.3)
    run.signal_group(signal.SIGINT)  # the impatient second Ctrl-C

    assert run.finish(seconds=7) == 0
    assert checkout.find_left() == []


def test_an_interrupt_while_starting_leaves_nothing(checkout: Checkout) -> None:
    checkout.setup = [("slow", ["-c", WORKER, "slow"], "SETUP", False)]
    run = checkout.run()
    while not any("slow" in line for line in checkout.find_left()):
        time.sleep(0.05)
    run.signal_group(signal.SIGINT)

    assert run.finish(seconds=7) == 0
    assert run.lines == ["stopped"]
    assert checkout.find_left() == []


def test_without_servers_it_starts_its_own_and_keeps_the_data_and_the_key(
    checkout: Checkout,
) -> None:
    checkout.given = {}
    first = checkout.run()
    first.wait_until_ready()
    before = fetch(checkout.port)
    first.signal_group(signal.SIGINT)
    assert first.finish(seconds=7) == 0

    second = checkout.run()
    second.wait_until_ready()
    after = fetch(checkout.port)

    assert after["SECRET_KEY"] == before["SECRET_KEY"]
    assert (checkout.root / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert before["DATABASE_URL"].split("@")[0] == after["DATABASE_URL"].split("@")[0]
    assert before["DEBUG"] == "1"


def test_a_dead_redis_and_a_dead_postgres_come_back(checkout: Checkout) -> None:
    checkout.given = {}
    run = checkout.run()
    run.wait_until_ready()
    pids = read_pids(checkout)
    os.kill(pids["Redis"], signal.SIGKILL)
    os.kill(pids["PostgreSQL"], signal.SIGKILL)

    run.wait_for_error("starting it again", count=2)

    assert "Redis was killed by signal 9" in run.errors
    assert "PostgreSQL was killed by signal 9" in run.errors
    sockets = find_sockets(checkout)
    redis = sockets / "redis" / "redis.sock"
    deadline = time.monotonic() + 8
    while not (redis.exists() and list((sockets / "postgres").glob(".s.PGSQL.*"))):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    run.signal_group(signal.SIGINT)
    assert run.finish(seconds=7) == 0


def test_when_the_whole_group_is_killed_everything_goes(checkout: Checkout) -> None:
    checkout.given = {}
    checkout.children.append(("stubborn", ["-c", STUBBORN], "WORKER", False))
    run = checkout.run()
    run.wait_until_ready()
    sockets = find_sockets(checkout)
    run.signal_group(signal.SIGKILL)
    run.finish()

    checkout.wait_until_empty(seconds=8)

    assert not sockets.exists()


def test_when_the_watchdog_is_killed_too_the_next_start_recovers(checkout: Checkout) -> None:
    checkout.given = {}
    first = checkout.run()
    first.wait_until_ready()
    sockets, pids = find_sockets(checkout), read_pids(checkout)
    os.kill(pids["watchdog"], signal.SIGSTOP)  # else the run would start another
    first.signal_group(signal.SIGKILL)
    os.kill(pids["watchdog"], signal.SIGKILL)
    first.finish()
    assert psutil.pid_exists(pids["PostgreSQL"])

    second = checkout.run()
    second.wait_until_ready()

    assert not sockets.exists()
    assert not set(pids.values()) & set(read_pids(checkout).values())


def test_a_dead_watchdog_is_replaced(checkout: Checkout) -> None:
    run = checkout.run()
    run.wait_until_ready()
    dead = read_pids(checkout)["watchdog"]
    os.kill(dead, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while read_pids(checkout)["watchdog"] == dead:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.signal_group(signal.SIGKILL)
    run.finish()

    checkout.wait_until_empty(seconds=8)


def test_a_dead_child_is_started_again_with_one_line(checkout: Checkout) -> None:
    run = checkout.run()
    run.wait_until_ready()
    before = read_pids(checkout)["triage"]
    os.kill(before, signal.SIGKILL)

    run.wait_for_error("starting it again")

    log = checkout.root / "var" / "log" / "triage.log"
    assert run.errors == f"triage was killed by signal 9: no output ({log}); starting it again\n"
    deadline = time.monotonic() + 5
    while read_pids(checkout).get("triage") in (None, before):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_child_that_keeps_dying_stops_everything(checkout: Checkout) -> None:
    slow_death = f"import time; time.sleep(0.4)\n{FAILING}"
    late = f"import os, time\nwhile not os.path.exists('go'): time.sleep(0.1)\n{slow_death}"
    checkout.children.append(("late", ["-c", late], "WORKER", False))
    run = checkout.run()
    run.wait_until_ready()
    (checkout.root / "go").touch()

    code = run.finish(seconds=20)

    assert code == 1
    assert run.errors.count("starting it again") == 5
    last = run.errors.splitlines()[-1]
    assert last.startswith("error: late ended with exit code 3: ValueError: the oven is cold")
    assert checkout.find_left() == []


@pytest.mark.parametrize(
    ("during", "lines"),
    # What the set-up has told, the logins, is told once: a web server that fails must not eat it.
    [("setup", []), ("children", ["agent@example.com, password secret"])],
)
def test_a_failure_while_starting_ends_in_one_line(
    checkout: Checkout, during: str, lines: list[str]
) -> None:
    checkout.children = []  # no web server, so that it cannot be ready first
    getattr(checkout, during).insert(0, ("oven", ["-c", FAILING], "SETUP", False))
    run = checkout.run()

    code = run.finish()

    log = checkout.root / "var" / "log" / "oven.log"
    reason = "oven ended with exit code 3: ValueError: the oven is cold"
    assert (code, run.lines) == (1, lines)
    assert run.errors == f"error: {reason} ({log})\n"
    assert checkout.find_left() == []


def test_a_taken_port_is_refused_with_a_way_out(checkout: Checkout, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    checkout.run().wait_until_ready()
    second = Checkout(other, given=checkout.given)
    second.port = checkout.port
    run = second.run()

    assert run.finish() == 1
    assert f"port {checkout.port} is taken; choose another: PORT=" in run.errors
    assert run.errors.count("\n") == 1


def test_a_second_run_says_where_the_first_is(checkout: Checkout) -> None:
    first = checkout.run()
    first.wait_until_ready()
    second = checkout.run()

    assert second.finish() == 1
    address = f"http://127.0.0.1:{checkout.port}"
    pid = first.popen.pid
    assert second.errors == f"error: it already runs, at {address} (process {pid})\n"
    assert fetch(checkout.port)


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:{port}/triage"),
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:{port}/0"),
    ],
)
def test_a_given_server_that_does_not_answer_is_named(
    checkout: Checkout, setting: str, url: str
) -> None:
    port = find_free_port()
    run = checkout.run(**{setting: url.format(port=port)})

    assert run.finish() == 1
    assert run.errors.startswith(f"error: {setting}: no answer from 127.0.0.1:{port}: ")
    assert run.errors.count("\n") == 1
    assert "hunter2" not in run.errors


@pytest.mark.parametrize("port", ["http", "70000", "-1"])
def test_a_port_that_is_none_is_refused(checkout: Checkout, port: str) -> None:
    run = checkout.run(PORT=port)

    assert run.finish() == 1
    assert run.errors == f"error: PORT must be a number from 0 to 65535, not {port!r}\n"


def test_without_a_key_the_simulator_answers_for_claude(checkout: Checkout) -> None:
    run = checkout.run(ANTHROPIC_API_KEY="")
    run.wait_until_ready()

    environment = fetch(checkout.port)

    assert environment["TRIAGE_SIMULATOR"] == "1"
    assert environment["ANTHROPIC_API_KEY"] == "simulator"
    assert fetch(int(environment["ANTHROPIC_BASE_URL"].rpartition(":")[2]))


def test_with_a_key_no_simulator_runs(checkout: Checkout) -> None:
    run = checkout.run(ANTHROPIC_API_KEY="key")
    run.wait_until_ready()

    assert "TRIAGE_SIMULATOR" not in fetch(checkout.port)
    assert "simulator" not in read_pids(checkout)


def test_settings_in_the_env_file_count(checkout: Checkout) -> None:
    (checkout.root / ".env").write_text("ANTHROPIC_BASE_URL=http://claude.test\nDEBUG=0\n")
    run = checkout.run(ANTHROPIC_API_KEY="")
    run.wait_until_ready()

    environment = fetch(checkout.port)

    assert environment["ANTHROPIC_BASE_URL"] == "http://claude.test"
    assert environment["DEBUG"] == "0"


def test_a_state_folder_that_is_none_ends_in_one_line(checkout: Checkout) -> None:
    (checkout.root / "var").write_text("in the way")
    run = checkout.run()

    assert run.finish() == 1
    assert run.errors.startswith("error: cannot use the state folder: ")
    assert run.errors.count("\n") == 1


def test_the_product_table_names_every_part() -> None:
    table = build_product(Ports("127.0.0.1", 8000, None))

    assert table.simulator is None
    assert [child.name for child in table.setup] == ["migrate", "load_demo"]
    assert [child.name for child in table.children] == [
        "web",
        "triage-1",
        "triage-2",
        "bulk",
        "beat",
    ]
