"""What the provider says broke the prompt cache, read from whatever comes, and which message it is asked to compare with."""

from typing import Any

import pytest

from tests.unit.gateway.stream_cases import BODY, OPEN, SHUT, STOP, USED, delta, end, read, says
from tests.unit.gateway.upstream import Upstream, event, message
from triage.models import Certainty, Feature
from triage.services.gateway import About, Request, client, diagnostics
from triage.services.gateway.catalog import HAIKU, SONNET
from triage.services.gateway.journal import CallRow, Outcome
from triage.services.gateway.prompts import prompt_of
from triage.types import Usage

SAID: tuple[tuple[Any, str], ...] = (
    (None, ""),
    ({}, ""),
    ("odd", ""),
    ([1], ""),
    ({"cache_miss_reason": None}, ""),
    ({"cache_miss_reason": "odd"}, ""),
    ({"cache_miss_reason": {}}, ""),
    ({"cache_miss_reason": {"type": None}}, ""),
    ({"cache_miss_reason": {"type": 7}}, ""),
    ({"cache_miss_reason": {"type": "unavailable"}}, "unavailable"),
    (
        {"cache_miss_reason": {"type": "system_changed", "cache_missed_input_tokens": 9}},
        "system_changed",
    ),
    ({"cache_miss_reason": {"type": "moon\0_phase_changed"}}, "moon_phase_changed"),
    ({"cache_miss_reason": {"type": "x" * 99}}, "x" * 40),
)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics._Last, "messages", {})


@pytest.mark.parametrize(("said", "reason"), SAID)
def test_a_whole_answer_s_reason_is_read_whatever_stands_there(
    upstream: Upstream, said: Any, reason: str
) -> None:
    canned = message("Hello")
    canned.body["diagnostics"] = said
    upstream.says(canned)

    answer = client.send(BODY, seconds=5)

    assert (answer.text, answer.cache_miss_reason, answer.message_id) == ("Hello", reason, "msg_1")


@pytest.mark.parametrize(("said", "reason"), SAID)
def test_a_stream_s_reason_is_read_whatever_stands_there(
    upstream: Upstream, said: Any, reason: str
) -> None:
    start = {"id": "msg_5", "model": HAIKU, "content": [], "usage": USED, "diagnostics": said}
    says(upstream, event("message_start", message=start), OPEN, delta("Hi"), SHUT, end(), STOP)

    stream, _ = read()

    assert (stream.text, stream.cache_miss_reason, stream.message_id) == ("Hi", reason, "msg_5")


@pytest.mark.parametrize("odd", [None, 7, "", "req_1", "msg_" + "x" * 101, "msg_1\n", "msg_é"])
def test_an_id_that_no_request_may_name_is_none(upstream: Upstream, odd: Any) -> None:
    canned = message("Hello")
    canned.body["id"] = odd
    upstream.says(canned)

    assert client.send(BODY, seconds=5).message_id == ""


def test_a_hit_is_no_miss_whatever_the_comparison_says() -> None:
    read_some = Usage(cache_read_tokens=600, uncached_input_tokens=20)
    hit = Outcome(Certainty.KNOWN, 1, 1, usage=read_some, cache_miss_reason="messages_changed")
    miss = Outcome(Certainty.KNOWN, 1, 1, cache_miss_reason="system_changed")

    assert (hit.miss, miss.miss) == ("", "system_changed")


def row(system: str = "The guide.", feature: Feature = Feature.CLASSIFY) -> CallRow:
    prompt = prompt_of(Request(system=system, content=("A ticket.",), max_tokens=9))
    return CallRow(feature, 1, About(), "f" * 64, "p1", HAIKU, prompt)


def named(call: CallRow, model: str = HAIKU) -> Any:
    field = diagnostics.of(call, model=model)
    assert list(field) == ["previous_message_id"]
    return field["previous_message_id"]


def test_the_first_request_names_none_and_the_next_the_one_before() -> None:
    assert named(row()) is None

    diagnostics.remember(row(), model=HAIKU, message_id="msg_1")

    assert named(row()) == "msg_1"
    assert named(row(), SONNET) is None
    assert named(row("Another guide.", Feature.ESCALATE)) is None


def test_a_new_guide_is_compared_with_the_feature_s_last_and_then_with_itself() -> None:
    diagnostics.remember(row("Old."), model=HAIKU, message_id="msg_1")

    before = named(row("New."))
    diagnostics.remember(row("New."), model=HAIKU, message_id="msg_2")
    diagnostics.remember(row("Old."), model=HAIKU, message_id="msg_3")

    assert (before, named(row("New."))) == ("msg_1", "msg_2")


def test_an_answer_without_an_id_changes_nothing() -> None:
    diagnostics.remember(row(), model=HAIKU, message_id="msg_1")

    diagnostics.remember(row(), model=HAIKU, message_id="")

    assert named(row()) == "msg_1"


def test_the_memory_never_grows_above_its_limit_and_keeps_the_newest() -> None:
    for number in range(diagnostics.MOST_REMEMBERED * 2):
        diagnostics.remember(row(f"Guide {number}."), model=HAIKU, message_id=f"msg_{number}")
        assert len(diagnostics._Last.messages) <= diagnostics.MOST_REMEMBERED
        assert named(row(f"Guide {number}.")) == f"msg_{number}"
