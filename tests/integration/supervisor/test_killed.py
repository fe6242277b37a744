"""What happens when a part of `make run` is killed: the group, the watchdog, a child."""

import os
import signal
import time

import psutil

from tests.integration.supervisor.cases import FAILING, STUBBORN, Checkout, find_sockets, read_pids


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
