"""A draft over real HTTP as server-sent events, from the ASGI server that the application runs on."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import pytest
import uvicorn
from django.core.handlers.asgi import ASGIHandler

from accounts import tokens
from accounts.models import User
from accounts.models.tokens import Scope
from tests.integration.api.client import ROOT
from tests.integration.drafts.cases import (
    being_written,
    connections_in_use,
    readers_in_redis,
    reread,
    wait_until,
    written,
)
from tests.integration.drafts.conftest import talking, talking_simulator, ticket
from triage.models import Draft, Ticket
from triage.services import drafts
from triage.services.drafts import following, tail, wire
from triage.simulator import RunningSimulator

__all__ = ["talking", "talking_simulator", "ticket"]

EVENTS = "text/event-stream"
READERS = 20  # more than the pool has connections


@dataclass(frozen=True)
class Server:
    """The application on a port; `secret` is the token of an integration."""

    port: int
    secret: str

    @contextmanager
    def asking(
        self, path: str, *, method: str = "GET", **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer as it comes; leaving the block closes the connection."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as http_:
            body = "{}" if method == "POST" else None
            authorized = {"Authorization": f"Bearer {self.secret}", **named}
            http_.request(
                method, ROOT + path, body, {"Content-Type": "application/json", **authorized}
            )
            with closing(http_.getresponse()) as answer:
                yield answer


@pytest.fixture
def server(transactional_db: None, charlie: User) -> Iterator[Server]:
    scopes = [Scope.TICKETS_READ, Scope.TICKETS_WRITE]
    secret = tokens.issue(charlie, name="test", scopes=scopes, by=charlie).secret
    config = uvicorn.Config(
        ASGIHandler(), lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    running = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        wait_until(lambda: running.started)
        yield Server(listener.getsockname()[1], secret)
        wait_until(lambda: readers_in_redis() == 0)  # who has left leaves nothing behind
        running.should_exit = True
        thread.join(10)


@pytest.fixture
def draft(ticket: Ticket, charlie: User) -> Draft:
    return drafts.propose(ticket.pk, by=charlie)


def events_of(answer: http.client.HTTPResponse, *, at_most: int = 10_000) -> list[dict[str, Any]]:
    """The events as a browser reads them, until the end or until there are so many."""
    found: list[dict[str, Any]] = []
    event: dict[str, Any] = {}
    for raw in answer:
        line = raw.decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if line and name in ("id", "event", "data"):
            event[name] = json.loads(value) if name == "data" else value
        elif not line and event:
            found.append(event)
            event = {}
        if len(found) >= at_most:
            break
    return found


def text_of(events: list[dict[str, Any]]) -> str:
    return "".join(event["data"]["text"] for event in events if event["event"] == "draft.delta")


def test_the_events_come_while_it_is_written_and_no_proxy_may_hold_them_up(
    server: Server, draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft), server.asking(f"/drafts/{draft.pk}/events", Accept=EVENTS) as answer:
        first = events_of(answer, at_most=3)
        is_running = reread(draft).is_underway
        rest = events_of(answer)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert is_running
    assert first[0]["event"] == "draft.started"
    assert text_of([*first, *rest]) == reread(draft).text
    assert rest[-1]["event"] == "draft.done"
    assert rest[-1]["data"]["state"] == "ready"


def test_a_browser_that_comes_back_goes_on_where_it_was(
    server: Server, draft: Draft, talking: RunningSimulator
) -> None:
    path = f"/drafts/{draft.pk}/events"
    with being_written(draft):
        with server.asking(path, Accept=EVENTS) as answer:
            before = events_of(answer, at_most=8)
        with server.asking(path, Accept=EVENTS, Last_Event_ID=before[-1]["id"]) as answer:
            rest = events_of(answer)

    assert text_of(before)
    assert text_of(before) + text_of(rest) == reread(draft).text
    assert len(talking.rows()) == 1


def test_asked_for_as_a_stream_it_streams_at_once(
    server: Server, ticket: Ticket, talking: RunningSimulator
) -> None:
    path = f"/tickets/{ticket.pk}/drafts"
    with (
        server.asking(path, method="POST", Accept=EVENTS, Idempotency_Key="k") as answer,
        being_written(Draft.objects.get()),
    ):
        events = events_of(answer)
    with server.asking(path, method="POST", Accept=EVENTS, Idempotency_Key="k") as again:
        same = events_of(again)

    draft = Draft.objects.get()
    assert answer.status == 200
    assert answer.headers["Location"] == f"{ROOT}/drafts/{draft.pk}"
    assert text_of(events) == text_of(same) == draft.text


def test_who_has_seen_the_end_is_not_to_come_back(
    server: Server, draft: Draft, claude: RunningSimulator
) -> None:
    end = f"{len(written(draft).text)}-9"

    with server.asking(f"/drafts/{draft.pk}/events", Last_Event_ID=end) as answer:
        assert (answer.status, answer.read()) == (204, b"")


def test_a_draft_that_waits_keeps_the_connection_alive(
    server: Server, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "PING_SECONDS", 0.1)

    with server.asking(f"/drafts/{draft.pk}/events", Accept=EVENTS) as answer:
        lines = [answer.readline() for _ in range(6)]

    assert lines[0] == b"retry: 1000\n"
    assert lines.count(b": ping\n") >= 2


def test_an_error_is_json_also_to_who_accepts_only_a_stream(server: Server) -> None:
    with server.asking("/drafts/1/events", Accept=EVENTS) as answer:
        body = json.loads(answer.read())

    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/json")
    assert body["error"]["code"] == "not_found"


def test_readers_hold_no_database_connection(
    server: Server, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "ROW_SECONDS", 20)  # one look, then nothing but waiting
    monkeypatch.setattr(tail, "ANSWER_SECONDS", 30)

    with ExitStack() as readers:
        for _ in range(READERS):
            path = f"/drafts/{draft.pk}/events"
            answer = readers.enter_context(server.asking(path, Accept=EVENTS))
            answer.readline()

        wait_until(lambda: readers_in_redis() == READERS)
        wait_until(lambda: connections_in_use() < READERS / 4)
