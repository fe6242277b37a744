"""The bill: a row for everything seen, sums that fit, pages, resets."""

import anthropic
import pytest

from triage.simulator import RunningSimulator

from .helpers import HAIKU, HAIKU_4_5, SONNET, TestClock, say, send_raw


def test_rows_name_the_reply_they_stand_for(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    reply = say(client, metadata={"user_id": "u-7"})

    (row,) = simulator.bill()["requests"]
    assert row["message_id"] == reply.id
    assert row["request_id"] == reply._request_id
    assert (row["seq"], row["model"], row["status"], row["user_id"]) == (1, HAIKU, 200, "u-7")
    assert (row["billed"], row["outcome"]) == (True, "answered")
    assert row["at"] == "2026-11-21T10:00:00+00:00"


def test_totals_are_the_sums_of_the_rows(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    for model in (HAIKU, SONNET, HAIKU):
        say(client, model=model)
    with pytest.raises(anthropic.NotFoundError):
        say(client, model="claude-nothing")

    bill = simulator.bill()

    rows, totals = bill["requests"], bill["totals"]
    assert (totals["requests"], totals["billed"], totals["in_flight"]) == (4, 3, 0)
    assert totals["cost_nanousd"] == sum(row["cost_nanousd"] for row in rows)
    for name, count in totals["tokens"].items():
        assert count == sum(row["tokens"][name] for row in rows)
    assert {name: sums["billed"] for name, sums in totals["by_model"].items()} == {
        HAIKU: 2,
        SONNET: 1,
    }
    assert totals["cost_nanousd"] == sum(s["cost_nanousd"] for s in totals["by_model"].values())


def test_refused_requests_have_a_row_that_costs_nothing(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    with pytest.raises(anthropic.NotFoundError):
        say(client, model="claude-nothing")
    send_raw(simulator, b"{", {})

    seen = [(r["model"], r["status"], r["outcome"]) for r in simulator.bill()["requests"]]
    assert seen == [("claude-nothing", 404, "refused"), (None, 401, "refused")]
    assert simulator.bill()["totals"]["cost_nanousd"] == 0


def test_pages_follow_each_other_and_totals_count_everything(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    for _ in range(5):
        say(client)

    _, first, _ = send_raw(simulator, b"", {}, "/bill?limit=3", "GET")
    _, second, _ = send_raw(simulator, b"", {}, f"/bill?after={first['next']}&limit=3", "GET")

    assert [row["seq"] for row in first["requests"] + second["requests"]] == [1, 2, 3, 4, 5]
    assert (first["next"], second["next"]) == (3, None)
    assert first["totals"]["requests"] == second["totals"]["requests"] == 5


@pytest.mark.parametrize("query", ["after=x", "limit=0", "limit=-1", "after=²"])
def test_unreadable_pages_are_a_400(simulator: RunningSimulator, query: str) -> None:
    path = "/bill?" + query.replace("²", "%C2%B2")

    assert send_raw(simulator, b"", {}, path, "GET")[0] == 400


def test_reset_empties_bill_and_cache(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    say(client, system="a" * 4_000, cache_control={"type": "ephemeral"})

    simulator.reset()

    again = say(client, system="a" * 4_000, cache_control={"type": "ephemeral"})
    assert again.usage.cache_read_input_tokens == 0
    assert simulator.bill()["totals"]["requests"] == 1


def test_counting_and_model_lookups_are_free_and_not_on_the_bill(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    client.messages.count_tokens(model=HAIKU, messages=[{"role": "user", "content": "x"}])
    client.models.retrieve(HAIKU)

    assert simulator.bill()["requests"] == []


def test_an_alias_is_billed_under_its_snapshot(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    reply = say(client, model="claude-haiku-4-5")

    assert reply.model == simulator.bill()["requests"][0]["model"] == HAIKU_4_5


def test_models_are_listed_newest_first_without_retired_ones(client: anthropic.Anthropic) -> None:
    models = list(client.models.list(limit=4))

    assert len(models) == 13
    assert {model.lifecycle for model in models} == {"active", "deprecated"}
    assert [m.created_at for m in models] == sorted((m.created_at for m in models), reverse=True)


def test_lifecycles_can_be_asked_for(client: anthropic.Anthropic) -> None:
    retired = {model.id for model in client.models.list(lifecycle=["retired"])}

    assert "claude-sonnet-4-20250514" in retired
    assert HAIKU not in retired


def test_a_model_tells_its_limits_and_abilities(client: anthropic.Anthropic) -> None:
    model = client.models.retrieve(SONNET)

    assert (model.max_input_tokens, model.max_tokens) == (1_000_000, 128_000)
    assert model.capabilities is not None
    assert model.capabilities.structured_outputs.supported
    assert not model.capabilities.thinking.types.disabled.supported
    assert model.capabilities.thinking.types.between_tools.supported


def test_a_model_retires_when_its_day_comes(client: anthropic.Anthropic, clock: TestClock) -> None:
    old = "claude-sonnet-4-5-20250929"
    before = client.models.retrieve(old)
    clock.now += 10 * 86_400
    after = client.models.retrieve(old)

    assert (before.lifecycle, after.lifecycle) == ("deprecated", "retired")


def test_an_unknown_model_is_not_found(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError, match="claude-nothing"):
        client.models.retrieve("claude-nothing")
