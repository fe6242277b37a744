"""Batches over real HTTP: scripted answers for what can go wrong, the simulator for the whole way."""

import json
from contextlib import closing
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any

import pytest

from tests.unit.gateway.upstream import Act, Canned, Upstream, failure, message
from triage.exceptions import (
    ConnectionLost,
    ModelGone,
    Overloaded,
    RateLimited,
    RequestRejected,
    UpstreamBroken,
    UpstreamSilent,
)
from triage.services.gateway import client
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.client import BatchOutcome, BatchState, BatchStatus
from triage.simulator import RunningSimulator
from triage.types import Usage

BODY = {"model": HAIKU, "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NONE = {"processing": 0, "succeeded": 0, "errored": 0, "expired": 0, "canceled": 0}
RESULTS = "/v1/messages/batches/b1/results"


def said(batch_id: str = "b1", *, hour: int = 12, **fields: Any) -> dict[str, Any]:
    """A batch as the API describes it."""
    return {
        "id": batch_id,
        "type": "message_batch",
        "processing_status": "in_progress",
        "created_at": f"2026-11-21T{hour:02}:00:00Z",
        "expires_at": f"2026-11-22T{hour:02}:00:00Z",
        "ended_at": None,
        "results_url": None,
        "request_counts": {**NONE, "processing": 2},
        **fields,
    }


def ends_with(upstream: Upstream, results: Canned) -> None:
    """The upstream has the batch `b1`, ended, with these results."""
    url = upstream.base_url + RESULTS
    upstream.says_at("/v1/messages/batches/b1", Canned(said(results_url=url)))
    upstream.says_at(RESULTS, results)


def line(custom_id: str, kind: str, **result: Any) -> bytes:
    """A line of the results, filled up to whole chunks of the 64 bytes that the SDK reads at a time."""
    said = json.dumps({"custom_id": custom_id, "result": {"type": kind, **result}}).encode()
    return said.ljust((len(said) // 64 + 1) * 64 - 1) + b"\n"


def errored(custom_id: str, kind: str) -> bytes:
    error = {"type": "error", "error": {"type": kind, "message": "No."}, "request_id": "req_9"}
    return line(custom_id, "errored", error=error)


# --- a batch's status


def test_creating_hands_over_every_line_and_brings_the_batch(upstream: Upstream) -> None:
    upstream.says(Canned(said()))

    batch = client.create_batch([("one", BODY), ("two", BODY)], seconds=5)

    assert upstream.heard[0].path == "/v1/messages/batches"
    assert upstream.heard[0].body == {
        "requests": [{"custom_id": "one", "params": BODY}, {"custom_id": "two", "params": BODY}]
    }
    assert batch == BatchStatus(
        id="b1",
        state=BatchState.IN_PROGRESS,
        created_at=NOON,
        expires_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        ended_at=None,
        counts={**NONE, "processing": 2},
    )
    assert batch.requests == 2


def test_an_ended_batch_says_when_and_how_its_lines_ended(upstream: Upstream) -> None:
    counts = {"processing": 0, "succeeded": 3, "errored": 1, "expired": 4, "canceled": 2}
    ended = said(
        processing_status="ended", ended_at="2026-11-21T13:00:00+01:00", request_counts=counts
    )
    upstream.says(Canned(ended))

    batch = client.get_batch("b1")

    assert (upstream.heard[0].path, batch.state) == ("/v1/messages/batches/b1", BatchState.ENDED)
    assert (batch.ended_at, batch.counts, batch.requests) == (NOON, counts, 10)


def test_cancelling_says_that_it_goes_on_until_it_has_ended(upstream: Upstream) -> None:
    upstream.says(Canned(said(processing_status="canceling")))

    batch = client.cancel_batch("b1")

    assert upstream.heard[0].path == "/v1/messages/batches/b1/cancel"
    assert batch.state is BatchState.CANCELING


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Please log in</html>",
        b"{half",
        {},
        said(created_at="yesterday"),
        said(created_at=None),
        said(processing_status="asleep"),
        said(request_counts=None),
    ],
    ids=["a page", "broken JSON", "nothing", "no time", "null", "a state unknown", "no counts"],
)
def test_a_200_that_is_no_batch_counts_as_lost(upstream: Upstream, body: Any) -> None:
    upstream.says(Canned(body))

    with pytest.raises(ConnectionLost):
        client.get_batch("b1")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failure(404, "not_found_error"), ModelGone),
        (failure(429, "rate_limit_error"), RateLimited),
        (failure(529, "overloaded_error"), Overloaded),
        (failure(400, "invalid_request_error"), RequestRejected),
        (Canned((b"{", Act.RESET)), ConnectionLost),
    ],
    ids=["404", "429", "529", "400", "reset"],
)
def test_errors_are_those_of_send(upstream: Upstream, answer: Canned, error: type) -> None:
    upstream.says(answer)

    for ask in (
        lambda: client.create_batch([("one", BODY)], seconds=5),
        lambda: client.get_batch("b1"),
        lambda: client.cancel_batch("b1"),
        lambda: next(client.list_batches(created_since=NOON)),
        lambda: next(client.batch_results("b1")),
    ):
        with pytest.raises(error):
            ask()


def test_a_creation_that_hangs_ends_by_the_wall_clock_and_may_have_happened(
    upstream: Upstream,
) -> None:
    upstream.says(Canned((*[b" ", 0.05] * 4, Act.STALL)))
    started = monotonic()

    with pytest.raises(UpstreamSilent) as caught:
        client.create_batch([("one", BODY)], seconds=0.4)

    assert monotonic() - started < 0.9
    assert caught.value.may_be_billed


# --- the list


def page(*batches: dict[str, Any], has_more: bool) -> Canned:
    last = batches[-1]["id"] if batches else None
    return Canned({"data": list(batches), "has_more": has_more, "last_id": last})


def test_the_list_goes_back_page_by_page_only_as_far_as_asked(upstream: Upstream) -> None:
    path = "/v1/messages/batches?limit=100"
    upstream.says_at(path, page(said("b9", hour=15), said("b8", hour=14), has_more=True))
    upstream.says_at(
        "/v1/messages/batches?after_id=b8&limit=100",
        page(said("b7", hour=12), said("b6", hour=11), has_more=True),
    )

    found = [batch.id for batch in client.list_batches(created_since=NOON)]

    assert found == ["b9", "b8", "b7"]
    assert len(upstream.heard) == 2


def test_the_list_ends_where_there_are_no_more(upstream: Upstream) -> None:
    upstream.says_at("/v1/messages/batches?limit=100", page(said("b9"), has_more=False))

    assert [batch.id for batch in client.list_batches(created_since=NOON)] == ["b9"]


def test_an_empty_list_is_empty(upstream: Upstream) -> None:
    upstream.says(page(has_more=False))

    assert list(client.list_batches(created_since=NOON)) == []


# --- results


def test_each_line_has_what_became_of_it(upstream: Upstream) -> None:
    answered = line("one", "succeeded", message=message("He\0llo").body)
    ends = (line("two", "expired"), line("three", "canceled"))
    ends_with(upstream, Canned((answered, *ends, errored("four", "invalid_request_error"))))

    one, two, three, four = client.batch_results("b1")

    assert (one.custom_id, one.outcome, one.error) == ("one", BatchOutcome.SUCCEEDED, None)
    assert one.answer
    assert (one.answer.text, one.answer.stop_reason) == ("Hello", "end_turn")
    assert one.answer.usage == Usage(uncached_input_tokens=100, output_tokens=20)
    assert (two.outcome, two.answer, two.error) == (BatchOutcome.EXPIRED, None, None)
    assert (three.outcome, three.answer, three.error) == (BatchOutcome.CANCELED, None, None)
    assert (four.outcome, four.answer) == (BatchOutcome.ERRORED, None)
    assert type(four.error) is RequestRejected
    assert (str(four.error), four.error.request_id) == ("Claude answered: No.", "req_9")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", Overloaded),
        ("api_error", UpstreamBroken),
        ("rate_limit_error", RateLimited),
        ("not_found_error", ModelGone),
        ("an_error_of_next_year", UpstreamBroken),
    ],
)
def test_the_error_of_a_line_is_what_its_status_would_be(
    upstream: Upstream, kind: str, error: type
) -> None:
    ends_with(upstream, Canned((errored("one", kind),)))

    [one] = client.batch_results("b1")

    assert type(one.error) is error


def test_one_line_that_cannot_be_read_does_not_keep_the_others(upstream: Upstream) -> None:
    broken = line("one", "succeeded", message={"content": None})
    ends_with(
        upstream, Canned((broken, line("two", "errored", error=None), line("three", "expired")))
    )

    one, two, three = client.batch_results("b1")

    assert (one.outcome, one.answer, type(one.error)) == ("succeeded", None, ConnectionLost)
    assert (two.outcome, type(two.error)) == ("errored", ConnectionLost)
    assert three.outcome == "expired"


@pytest.mark.parametrize(
    "end",
    [(Act.RESET,), (Act.HANG_UP,), (b"{half\n",), (b"{half",), (line("two", "lost"),), (b"[]\n",)],
    ids=["reset", "hung up", "broken JSON", "a line unfinished", "an outcome unknown", "a list"],
)
def test_results_that_break_off_raise_after_the_lines_that_came(
    upstream: Upstream, end: tuple[Any, ...]
) -> None:
    ends_with(upstream, Canned((line("one", "expired"), 0.05, *end)))
    results = client.batch_results("b1")

    first = next(results)

    assert first.custom_id == "one"
    with pytest.raises(ConnectionLost):
        next(results)


def test_results_that_fall_silent_end_by_the_wall_clock_however_long_lines_take_to_use(
    upstream: Upstream,
) -> None:
    ends_with(upstream, Canned((line("one", "expired"), 0.2, line("two", "expired"), Act.STALL)))
    results = client.batch_results("b1", seconds=0.4)

    next(results)
    sleep(0.6)
    second = next(results)
    started = monotonic()

    assert second.custom_id == "two"
    with pytest.raises(UpstreamSilent):
        next(results)
    assert 0.3 < monotonic() - started < 0.9
    assert upstream.was_left.wait(1)


def test_results_that_nobody_reads_on_are_left(upstream: Upstream) -> None:
    ends_with(upstream, Canned((line("one", "expired"), Act.STALL)))
    with closing(client.batch_results("b1")) as results:
        next(results)

    assert upstream.was_left.wait(1)


def test_a_batch_that_goes_on_has_no_results(upstream: Upstream) -> None:
    upstream.says(Canned(said()))

    with pytest.raises(RequestRejected, match="no results"):
        next(client.batch_results("b1"))


# --- against the simulator


def wait(batch: BatchStatus) -> BatchStatus:
    """The batch once it has ended."""
    deadline = monotonic() + 10
    while batch.state is not BatchState.ENDED:
        assert monotonic() < deadline
        sleep(0.02)
        batch = client.get_batch(batch.id)
    return batch


def test_the_simulators_batch_goes_all_the_way(own_clients: None, claude: RunningSimulator) -> None:
    claude.set_scenario("batchseconds(0.2)")
    wrong = {**BODY, "temperature": 1}

    created = client.create_batch([("one", BODY), ("two", wrong)], seconds=5)
    [listed] = client.list_batches(created_since=created.created_at)
    ended = wait(created)
    lines = {each.custom_id: each for each in client.batch_results(created.id)}

    assert (created.state, created.counts["processing"]) == (BatchState.IN_PROGRESS, 2)
    assert listed.id == created.id
    assert (ended.counts["succeeded"], ended.counts["errored"], ended.requests) == (1, 1, 2)
    assert lines["one"].answer
    [row] = claude.rows(custom_id="one")
    assert row["tokens"]["output"] == lines["one"].answer.usage.output_tokens
    assert type(lines["two"].error) is RequestRejected


def test_a_batch_whose_creation_was_lost_is_found_in_the_list(
    own_clients: None, claude: RunningSimulator
) -> None:
    claude.set_scenario("batchlost+batchseconds(0.2)")
    before = datetime.now(UTC).replace(microsecond=0)

    with pytest.raises(ConnectionLost):
        client.create_batch([("one", BODY)], seconds=5)

    [found] = client.list_batches(created_since=before)
    assert found.requests == 1
