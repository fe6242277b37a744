"""One POST: what a receiver gets, and how little a hostile or broken one can do."""

import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.integration.webhooks.receiver import Receiver, receiving
from triage.services.webhooks import addresses, sending
from triage.services.webhooks.sending import Answer, post

NAME = "hooks.example.com"


def send(url: str, body: str = '{"ü":1}') -> Answer:
    return post(url, body=body, headers={"webhook-id": "msg_1"})


def resolve(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names stand for `answers`, one look-up after the other. The names that were looked up."""
    asked: list[str] = []
    left = list(answers)

    def lookup(host: str, *, within_seconds: float) -> list[str]:
        asked.append(host)
        return left.pop(0)

    monkeypatch.setattr(addresses, "lookup", lookup)
    return asked


def test_a_receiver_gets_the_bytes_and_says_so(receiver: Receiver) -> None:
    receiver.answers = [(201, {}, b"thanks \xff")]

    answer = send(f"{receiver.url}?a=1")

    (got,) = receiver.got
    assert (got.path, got.body) == ("/hook?a=1", '{"ü":1}')
    assert got.headers["user-agent"] == "Triage-Webhooks/1"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["webhook-id"] == "msg_1"
    assert (answer.status, answer.error, answer.response) == (201, "", "thanks \ufffd")


def test_the_request_goes_to_the_address_that_was_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve(monkeypatch, ["127.0.0.1"])

    answer = send(f"http://{NAME}:{receiver.port}/hook")

    assert answer.status == 204
    assert asked == [NAME]
    assert receiver.got[0].headers["host"] == f"{NAME}:{receiver.port}"


def test_a_name_that_moves_into_the_house_is_refused_and_nothing_sent(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.TRIAGE_WEBHOOKS_ALLOW_PRIVATE = False
    resolve(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    addresses.find_allowed(NAME, within_seconds=1)

    answer = send(f"http://{NAME}:{receiver.port}/hook")

    assert answer.status is None
    assert answer.error == "The host stands for a private, local or reserved address."
    assert receiver.got == []


def test_the_receivers_own_address_is_refused_unless_allowed(
    receiver: Receiver, settings: Settings
) -> None:
    settings.TRIAGE_WEBHOOKS_ALLOW_PRIVATE = False

    assert send(receiver.url).status is None
    assert receiver.got == []


def test_http_is_refused_unless_allowed(receiver: Receiver, settings: Settings) -> None:
    settings.TRIAGE_WEBHOOKS_ALLOW_HTTP = False

    assert send(receiver.url).error == "The address must start with https://."
    assert receiver.got == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, receiver: Receiver) -> None:
    receiver.answers = [(status, {"Location": f"{receiver.url}/elsewhere"}, b"")]

    assert send(receiver.url).status == status
    assert len(receiver.got) == 1


def test_no_proxy_of_the_environment_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")

    assert send(receiver.url).status == 204


def test_the_second_address_is_asked_where_the_first_takes_no_connection(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, ["127.0.0.2", "127.0.0.1"])

    assert send(f"http://{NAME}:{receiver.port}/hook").status == 204


def test_a_closed_port_is_an_error_in_words(private_allowed: None) -> None:
    answer = send("http://127.0.0.1:9/")

    assert answer.status is None
    assert "Connection refused" in answer.error


def test_of_a_long_answer_only_the_beginning_is_read_and_kept(receiver: Receiver) -> None:
    receiver.answers = [(200, {"Content-Length": str(10**9)}, b"x" * 200_000)]

    answer = send(receiver.url)

    assert answer.status == 200
    assert answer.response == "x" * 500


def test_a_compressed_answer_is_not_unpacked(receiver: Receiver) -> None:
    receiver.answers = [(200, {"Content-Encoding": "gzip"}, b"no gzip at all")]

    answer = send(receiver.url)

    assert receiver.got[0].headers["accept-encoding"] == "identity"
    assert answer.response == "no gzip at all"


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(2)


def dripping_status(handler: BaseHTTPRequestHandler) -> None:
    _drip(handler)


def dripping_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(handler)


def dripping_body(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    _drip(handler)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(100):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [(silent, None), (dripping_status, None), (dripping_headers, 200), (dripping_body, 200)],
)
def test_a_slow_receiver_has_its_seconds_and_no_more(
    behaviour: Callable[[BaseHTTPRequestHandler], None],
    status: int | None,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 0.5)
    receiver.answers = [behaviour]
    began = time.monotonic()

    answer = send(receiver.url)

    assert time.monotonic() - began < 1.5
    assert answer.status == status
    assert answer.error == ("" if status else "No answer within 0 seconds.")


def test_nonsense_instead_of_http_is_an_error_in_words(receiver: Receiver) -> None:
    receiver.answers = [lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")]

    answer = send(receiver.url)

    assert answer.status is None
    assert answer.error.startswith("The connection failed: ")


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate for NAME that this process trusts, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl on this machine, which makes the test's certificate")
    path = tmp_path / "receiver.pem"
    make = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert")]
    subprocess.run(
        [*make, "-nodes", "-days", "2", *subject, *files], check=True, capture_output=True
    )
    path.write_text((tmp_path / "key").read_text() + (tmp_path / "cert").read_text())
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@contextmanager
def receiving_tls(certificate: Path) -> Iterator[tuple[Receiver, list[Any]]]:
    """An encrypted receiver, and the names that senders asked it for."""
    names: list[Any] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with receiving(context) as receiver:
        yield receiver, names


def test_a_certificate_is_checked_against_the_name_and_not_the_address(
    certificate: Path, private_allowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, ["127.0.0.1"], ["127.0.0.1"])

    with receiving_tls(certificate) as (receiver, names):
        right = send(f"https://{NAME}:{receiver.port}/hook")
        wrong = send(f"https://other.example.com:{receiver.port}/hook")

    assert (right.status, right.error) == (204, "")
    assert names == [NAME, "other.example.com"]
    assert wrong.status is None
    assert "certificate" in wrong.error
    assert len(receiver.got) == 1


def test_a_certificate_nobody_vouches_for_is_refused(
    certificate: Path, private_allowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    resolve(monkeypatch, ["127.0.0.1"])

    with receiving_tls(certificate) as (receiver, _):
        answer = send(f"https://{NAME}:{receiver.port}/hook")

    assert answer.status is None
    assert "certificate" in answer.error
    assert receiver.got == []
