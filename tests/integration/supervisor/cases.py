"""A stand-in checkout, and the supervisor runs started in it."""

import json
import os
import select
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

from config.supervisor_settings import find_free_port

CODE = Path(__file__).resolve().parents[3]
READY_SECONDS = 30

# The supervisor with a table read from a file; {port} and {simulator} are filled in.
DRIVER = """
import json, signal, sys
from pathlib import Path
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
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
