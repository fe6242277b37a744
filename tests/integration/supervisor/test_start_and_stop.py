"""`make run` with stand-ins for the application's children: start, keep, stop."""

import os
import signal
import time

import pytest

from tests.integration.supervisor.cases import (
    STUBBORN,
    WORKER,
    Checkout,
    fetch,
    find_sockets,
    read_pids,
)


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
