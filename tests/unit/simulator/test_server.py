"""The process: one line for a taken port, a clean end on signals."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import anthropic
import pytest

from triage.simulator import RunningSimulator, run, running

CODE = "import sys; from triage.simulator import run; run(port=0, scenario=sys.argv[1])"


@contextmanager
def process(scenario: str = "calm") -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A simulator in a process of its own, and its base URL."""
    child = subprocess.Popen(
        [sys.executable, "-c", CODE, scenario],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        yield child, child.stdout.readline().removeprefix("simulator: ").strip()
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_quietly(sent: signal.Signals) -> None:
    with process() as (child, url):
        with anthropic.Anthropic(api_key="sim", base_url=url, max_retries=0) as client:
            client.models.retrieve("claude-haiku-5-5")
        child.send_signal(sent)

        _, errors = child.communicate(timeout=10)

    assert (child.returncode, errors) == (0, "")


def test_a_signal_ends_it_while_a_client_waits() -> None:
    with process("silence") as (child, url):
        host, port = url.removeprefix("http://").split(":")
        http = HTTPConnection(host, int(port), timeout=10)
        body = (
            '{"model":"claude-haiku-5-5","max_tokens":9,"messages":[{"role":"user","content":"x"}]}'
        )
        http.request(
            "POST", "/v1/messages", body, {"x-api-key": "k", "anthropic-version": "2026-10-21"}
        )
        time.sleep(0.2)
        start = time.monotonic()
        child.send_signal(signal.SIGTERM)

        _, errors = child.communicate(timeout=10)
        http.close()

    assert (child.returncode, errors) == (0, "")
    assert time.monotonic() - start < 3


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SystemExit) as caught:
            run(port=port)

    message = str(caught.value)
    assert str(port) in message
    assert "\n" not in message


def test_answers_do_not_wait_for_acknowledgements(simulator: RunningSimulator) -> None:
    def seconds() -> float:
        start = time.monotonic()
        send(http)
        return time.monotonic() - start

    with closing(HTTPConnection(simulator.host, simulator.port, timeout=10)) as http:
        quickest = min(seconds() for _ in range(10))

    assert quickest < 0.03  # a delayed acknowledgement takes 40 ms


def send(http: HTTPConnection) -> bytes:
    """One request over a connection that stays open."""
    body = b'{"model":"claude-haiku-5-5","max_tokens":9,"messages":[{"role":"user","content":"x"}]}'
    headers = {"x-api-key": "k", "anthropic-version": "2026-10-21"}
    http.request("POST", "/v1/messages", body, headers)
    return http.getresponse().read()


def test_two_simulators_do_not_share_anything() -> None:
    with running(scenario="529") as one, running() as two:
        assert one.base_url != two.base_url
        with anthropic.Anthropic(api_key="sim", base_url=two.base_url, max_retries=0) as client:
            client.messages.create(
                model="claude-haiku-5-5", max_tokens=9, messages=[{"role": "user", "content": "x"}]
            )

        assert (len(one.bill()["requests"]), len(two.bill()["requests"])) == (0, 1)


def test_the_simulator_imports_nothing_of_the_product() -> None:
    code = (
        "import sys, triage.simulator; "
        "bad = [m for m in sys.modules if m.split('.')[0] in "
        "{'django', 'anthropic', 'genai_prices', 'accounts', 'config'} "
        "or (m.startswith('triage.') and not m.startswith('triage.simulator'))]; "
        "sys.exit(' '.join(bad) or 0)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
