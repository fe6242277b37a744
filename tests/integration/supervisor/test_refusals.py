"""What `make run` cannot do, each in one clear line."""

from pathlib import Path

import pytest

from config.supervisor_settings import find_free_port
from tests.integration.supervisor.cases import FAILING, Checkout, fetch


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
