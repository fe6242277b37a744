"""Message Batches through the real SDK: their life, their lines, their half price."""

import json
import time
from collections.abc import Callable
from typing import Any

import anthropic
import pytest
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse

from triage.simulator import RunningSimulator

from .helpers import HAIKU, OFF, TestClock, say, send_raw, text_of

PARAMS: dict[str, Any] = {
    "model": HAIKU,
    "max_tokens": 500,
    "thinking": OFF,
    "messages": [{"role": "user", "content": "Where is my parcel?"}],
}
HEADERS = {"x-api-key": "sim", "anthropic-version": "2026-10-21"}
Lines = dict[str, MessageBatchIndividualResponse]


def create(client: anthropic.Anthropic, number: int = 3, **fields: Any) -> MessageBatch:
    """A batch of that many lines, `line-0` first."""
    lines: Any = [{"custom_id": f"line-{n}", "params": PARAMS | fields} for n in range(number)]
    return client.messages.batches.create(requests=lines)


def wait(client: anthropic.Anthropic, batch: MessageBatch) -> MessageBatch:
    """The batch once it has ended."""
    deadline = time.monotonic() + 10
    while batch.processing_status != "ended":
        assert time.monotonic() < deadline
        time.sleep(0.02)
        batch = client.messages.batches.retrieve(batch.id)
    return batch


def results(client: anthropic.Anthropic, batch: MessageBatch) -> Lines:
    """The results by custom id."""
    return {line.custom_id: line for line in client.messages.batches.results(batch.id)}


@pytest.fixture(autouse=True)
def _quick(simulator: RunningSimulator) -> None:
    simulator.set_scenario("batchseconds(0.2)")


def test_lines_are_answered_as_live_requests_and_billed_half(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    live = say(client)
    batch = wait(client, create(client, metadata={"user_id": "u-7"}))

    lines = results(client, batch)

    first, *rows = simulator.wait_until_settled()["requests"]
    assert sorted(lines) == ["line-0", "line-1", "line-2"]
    for line in lines.values():
        assert line.result.type == "succeeded"
        assert text_of(line.result.message) == text_of(live)
        assert line.result.message.usage.service_tier == "batch"
    assert (first["batch_id"], first["custom_id"]) == (None, None)
    assert {row["custom_id"] for row in rows} == set(lines)
    assert {row["batch_id"] for row in rows} == {batch.id}
    assert {row["user_id"] for row in rows} == {"u-7"}
    # half of the live cost, rounded once per line, half to even
    assert {row["cost_nanousd"] for row in rows} == {round(first["cost_nanousd"] / 2)}
    assert simulator.bill()["totals"]["billed"] == 4


def test_counts_stay_at_zero_until_the_whole_batch_has_ended(client: anthropic.Anthropic) -> None:
    began = create(client)
    ended = wait(client, began)

    assert began.id.startswith("msgbatch_")
    assert (began.processing_status, began.ended_at, began.results_url) == (
        "in_progress",
        None,
        None,
    )
    assert began.request_counts.to_dict() == {
        "processing": 3,
        "succeeded": 0,
        "errored": 0,
        "canceled": 0,
        "expired": 0,
    }
    assert (ended.request_counts.succeeded, ended.request_counts.processing) == (3, 0)
    assert (ended.expires_at - ended.created_at).total_seconds() == 86_400
    assert ended.results_url is not None


def test_results_come_in_an_order_of_the_seeds(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    def order(seed: int) -> list[str]:
        simulator.set_scenario("batchseconds(0)+fixed", seed)
        simulator.reset()
        batch = wait(client, create(client, 12))
        return [line.custom_id for line in client.messages.batches.results(batch.id)]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert order(1) != sorted(order(1))


def test_a_bad_line_is_errored_at_the_end_and_costs_nothing(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    bad: list[dict[str, Any]] = [
        {"model": "claude-nothing"},
        {"temperature": 1},
        {"max_tokens": 0},
        {"stream": True},
        {"messages": []},
    ]
    lines: Any = [{"custom_id": f"bad-{n}", "params": PARAMS | b} for n, b in enumerate(bad)]
    lines.append({"custom_id": "good", "params": PARAMS})

    batch = wait(client, client.messages.batches.create(requests=lines))

    found = results(client, batch)
    assert (batch.request_counts.errored, batch.request_counts.succeeded) == (5, 1)
    unknown = found["bad-0"].result
    assert unknown.type == "errored"
    assert unknown.error.error.type == "not_found_error"
    assert unknown.error.request_id == simulator.rows(custom_id="bad-0")[0]["request_id"]
    for n in range(1, 5):
        result = found[f"bad-{n}"].result
        assert result.type == "errored"
        assert result.error.error.type == "invalid_request_error"
    assert simulator.bill()["totals"]["billed"] == 1


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [{"custom_id": "a", "params": PARAMS}, {"custom_id": "a", "params": PARAMS}],
        [{"custom_id": "a b", "params": PARAMS}],
        [{"custom_id": "a" * 65, "params": PARAMS}],
        [{"custom_id": "", "params": PARAMS}],
        [{"params": PARAMS}],
        [{"custom_id": "a"}],
        [{"custom_id": "a", "params": PARAMS, "more": 1}],
        [{"custom_id": str(n), "params": {}} for n in range(100_001)],
    ],
    ids=["none", "twice", "space", "long", "empty", "no id", "no params", "extra", "too many"],
)
def test_a_malformed_batch_is_a_400_and_nothing_is_created(
    client: anthropic.Anthropic, simulator: RunningSimulator, requests: Any
) -> None:
    with pytest.raises(anthropic.BadRequestError, match="requests"):
        client.messages.batches.create(requests=requests)

    assert simulator.bill()["requests"] == []
    assert list(client.messages.batches.list()) == []


def test_a_canceled_batch_bills_what_was_done(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("batchseconds(2)")
    batch = create(client, 10)
    deadline = time.monotonic() + 5
    while not simulator.rows(outcome="answered") and time.monotonic() < deadline:
        time.sleep(0.02)

    canceling = client.messages.batches.cancel(batch.id)
    ended = wait(client, batch)

    counts = ended.request_counts
    assert canceling.processing_status == "canceling"
    assert canceling.cancel_initiated_at is not None
    assert counts.succeeded >= 1
    assert counts.canceled >= 1
    assert counts.succeeded + counts.canceled == 10
    assert simulator.wait_until_settled()["totals"]["billed"] == counts.succeeded
    assert len(simulator.rows(outcome="canceled", cost_nanousd=0)) == counts.canceled


def test_what_is_not_worked_within_a_day_expires(
    client: anthropic.Anthropic, simulator: RunningSimulator, clock: TestClock
) -> None:
    batch = create(client)
    clock.now += 86_400

    ended = wait(client, batch)

    assert ended.request_counts.expired == 3
    assert {line.result.type for line in results(client, batch).values()} == {"expired"}
    assert simulator.bill()["totals"]["billed"] == 0


def test_only_an_ended_batch_can_be_deleted_and_only_a_running_one_canceled(
    client: anthropic.Anthropic,
) -> None:
    batch = create(client)
    with pytest.raises(anthropic.BadRequestError):
        client.messages.batches.delete(batch.id)
    with pytest.raises(anthropic.AnthropicError, match="results_url"):
        client.messages.batches.results(batch.id)
    wait(client, batch)
    with pytest.raises(anthropic.BadRequestError):
        client.messages.batches.cancel(batch.id)

    deleted = client.messages.batches.delete(batch.id)

    assert (deleted.id, deleted.type) == (batch.id, "message_batch_deleted")
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve(batch.id)


def test_batches_are_paged_newest_first(client: anthropic.Anthropic) -> None:
    made = [create(client, 1).id for _ in range(5)]

    pages = [batch.id for batch in client.messages.batches.list(limit=2)]
    after = client.messages.batches.list(limit=2, after_id=made[4])
    before = client.messages.batches.list(limit=2, before_id=made[0])

    assert pages == made[::-1]
    assert [batch.id for batch in after.data] == [made[3], made[2]]
    assert [batch.id for batch in before.data] == [made[2], made[1]]
    assert (after.has_more, before.has_more) == (True, True)


def test_another_organisation_sees_no_batch(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    batch = create(client)
    with anthropic.Anthropic(
        api_key="other", base_url=simulator.base_url, max_retries=0
    ) as stranger:
        calls: list[Callable[[str], object]] = [
            stranger.messages.batches.retrieve,
            stranger.messages.batches.cancel,
            stranger.messages.batches.delete,
        ]
        for call in calls:
            with pytest.raises(anthropic.NotFoundError):
                call(batch.id)

        assert list(stranger.messages.batches.list()) == []


def test_results_are_gone_after_29_days(client: anthropic.Anthropic, clock: TestClock) -> None:
    batch = wait(client, create(client, 1))
    clock.now += 29 * 86_400

    archived = client.messages.batches.retrieve(batch.id)

    assert archived.archived_at is not None
    assert archived.results_url is None


def test_the_cache_is_written_by_the_first_wave_and_read_by_the_rest(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    control = {"type": "ephemeral", "ttl": "1h"}
    wait(
        client,
        create(
            client, 20, system=[{"type": "text", "text": "a" * 4_000, "cache_control": control}]
        ),
    )

    rows = simulator.bill()["requests"]

    # 20 lines in ten waves of two: two write 1,300 tokens, eighteen read them.
    assert [row["tokens"]["cache_write_1h"] for row in rows] == [1_300] * 2 + [0] * 18
    assert [row["tokens"]["cache_read"] for row in rows] == [0] * 2 + [1_300] * 18


def test_a_reset_forgets_batches_and_ends_their_work(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    create(client)

    simulator.reset()
    time.sleep(0.4)

    assert list(client.messages.batches.list()) == []
    assert simulator.bill()["requests"] == []


def test_batches_need_a_key_and_a_version(simulator: RunningSimulator) -> None:
    body = json.dumps({"requests": [{"custom_id": "a", "params": PARAMS}]}).encode()
    path = "/v1/messages/batches"

    assert send_raw(simulator, body, {}, path)[0] == 401
    assert send_raw(simulator, body, {"x-api-key": "sim"}, path)[0] == 400
    assert send_raw(simulator, b"{", HEADERS, path)[0] == 400
