"""`python -m config.embedded -- COMMAND`, and the words for what went wrong."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from config.embedded.log import find_telling_line
from config.embedded.process import Rank, Record, find_family, find_identity
from config.embedded.reach import describe_host, hide_password
from tests.integration.embedded.cases import CODE


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
