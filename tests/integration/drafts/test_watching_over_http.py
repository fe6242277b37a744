"""The admin's stream of all drafts from the server that the application runs on: who may, what it leaves behind, how it ends."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from threading import Thread

import pytest
import uvicorn
from django.core.handlers.asgi import ASGIHandler
from django.test import Client

from accounts.models import User
from tests.integration.drafts.cases import (
    being_written,
    connections_in_use,
    readers_in_redis,
    reread,
    wait_until,
)
from tests.integration.drafts.watching import events_in
from triage.admin.dashboards import live_drafts, live_watch
from triage.admin.dashboards.live_drafts import read_ids
from triage.models import Draft, Ticket
from triage.services import drafts
from triage.services.drafts import tail
from triage.simulator import RunningSimulator

LIVE = "/admin/drafts/live/"
READERS = 20  # more than the pool has connections


@dataclass(frozen=True)
class Server:
    """The application on a port, and the cookie of an admin."""

    port: int
    cookie: str

    @contextmanager
    def watching(self, query: str = "") -> Iterator[http.client.HTTPResponse]:
        """The stream as it comes; leaving the block closes the connection."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as http_:
            headers = {"Accept": "text/event-stream", "Cookie": self.cookie}
            http_.request("GET", f"{LIVE}{query}", headers=headers)
            with closing(http_.getresponse()) as answer:
                yield answer


@pytest.fixture
def server(transactional_db: None, as_bob: Client) -> Iterator[Server]:
    config = uvicorn.Config(
        ASGIHandler(), lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    running = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        wait_until(lambda: running.started)
        cookie = as_bob.cookies["sessionid"].OutputString().split(";")[0]
        yield Server(listener.getsockname()[1], cookie)
        wait_until(lambda: readers_in_redis() == 0)  # who has left leaves nothing behind
        running.should_exit = True
        thread.join(10)


@pytest.fixture
def draft(ticket: Ticket, alice: User) -> Draft:
    return drafts.propose(ticket.pk, by=alice)


def test_the_text_comes_while_it_is_written_and_no_proxy_may_hold_it_up(
    server: Server, draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft), server.watching() as answer:
        events = events_in(answer)
        first = next(data for name, data in events if name == "delta")
        is_running = reread(draft).is_underway
        end = next(data for name, data in events if name == "ended")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert is_running
    assert 0 < len(first["text"]) < len(end["text"])
    assert end["text"] == reread(draft).text


def test_readers_hold_no_database_connection_and_one_to_redis_each(
    server: Server, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_watch, "LOOK_SECONDS", 20)  # one look, then nothing but waiting
    monkeypatch.setattr(tail, "ANSWER_SECONDS", 30)

    with ExitStack() as readers:
        for _ in range(READERS):
            readers.enter_context(server.watching()).readline()

        wait_until(lambda: readers_in_redis() == READERS)
        wait_until(lambda: connections_in_use() < READERS / 4)


def test_it_ends_by_itself_so_that_the_login_is_looked_at_again(
    server: Server, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_drafts, "LASTS_SECONDS", 0.5)

    with server.watching() as answer:
        body = answer.read().decode()

    assert body.startswith("retry: 1000\n\nevent: opened\n")


def test_nothing_to_tell_keeps_the_connection_alive(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_drafts, "PING_SECONDS", 0.1)

    with server.watching() as answer:
        lines = [answer.readline() for _ in range(8)]

    assert b": ping\n" in lines


def test_a_stranger_is_not_let_in(client: Client, db: None) -> None:
    answer = client.get(LIVE, headers={"Accept": "text/event-stream"})

    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["alice", "charlie"])
def test_who_is_no_admin_is_refused(
    name: str, client: Client, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(name))

    assert client.get(LIVE, follow=True).status_code == 403


def test_it_is_only_read(as_bob: Client) -> None:
    assert as_bob.post(LIVE).status_code == 405


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", []),
        ("12,15", [12, 15]),
        ("12,,x,-3,٣,1e5", [12]),
        ("9" * 30, []),
        (",".join(map(str, range(80))), list(range(50))),
    ],
)
def test_what_is_no_number_in_the_address_is_left_out(text: str, ids: list[int]) -> None:
    assert read_ids(text) == ids
