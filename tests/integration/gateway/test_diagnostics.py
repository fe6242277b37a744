"""The provider's own account of a cache miss, asked for with every live request and kept with its attempt."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.integration.gateway.conftest import Ask, build_request
from triage.models import Attempt, Feature
from triage.services import gateway
from triage.services.gateway import About, Request, Reuse, client, diagnostics
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.fingerprint import fingerprint_of
from triage.services.gateway.shaping import shape
from triage.simulator import RunningSimulator


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics._Last, "messages", {})


def reasons() -> list[str]:
    return list(Attempt.objects.order_by("id").values_list("cache_miss_reason", flat=True))


def changed(text: str) -> Request:
    request = build_request(text)
    return replace(request, system=f"{request.system} Be brief.", prompt_version="p2")


def test_a_changed_prompt_is_named_and_neither_a_first_call_nor_a_hit_is(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask(build_request("I want my money back."))
    ask(build_request("I cannot sign in."))
    ask(changed("Where is my refund?"))
    ask(changed("My account is locked."))

    assert reasons() == ["", "", "system_changed", ""]
    assert [a.cache_read_tokens > 0 for a in Attempt.objects.order_by("id")] == [
        False,
        True,
        False,
        True,
    ]


def test_a_streamed_answer_is_asked_and_kept_alike(
    transactional_db: None, alice: User, claude: RunningSimulator
) -> None:
    for request in (build_request("Where is it?"), changed("Where is it now?")):
        stream = gateway.stream(
            replace(request, schema=None, max_tokens=300),
            feature=Feature.DRAFT,
            by=alice,
            about=About(),
        )
        assert "".join(stream)
        assert stream.reply

    assert reasons() == ["", "system_changed"]


def test_what_the_provider_has_forgotten_is_said_so(ask: Ask, claude: RunningSimulator) -> None:
    ask()

    claude.reset()
    ask(reuse=Reuse.NEVER)

    assert reasons() == ["", "previous_message_not_found"]


def test_the_field_is_sent_and_makes_no_request_another_or_a_dearer_one(
    ask: Ask, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    really_send = client.send

    def spy(body: dict[str, object], *, seconds: float) -> client.Answer:
        sent.append(body)
        return really_send(body, seconds=seconds)

    monkeypatch.setattr(client, "send", spy)
    ask(reuse=Reuse.NEVER)
    ask(reuse=Reuse.NEVER)

    first, second = Attempt.objects.order_by("id")
    asked = [body["diagnostics"] for body in sent]
    answered = claude.bill()["requests"][0]["message_id"]
    assert asked == [{"previous_message_id": None}, {"previous_message_id": answered}]
    assert second.bound_nanousd == first.bound_nanousd
    plain = fingerprint_of(build_request(), shape(build_request(), HAIKU))
    assert {first.call.fingerprint, second.call.fingerprint} == {plain}
    assert "diagnostics" not in shape(build_request(), HAIKU)


def test_keeping_the_reason_costs_no_statement(ask: Ask, claude: RunningSimulator) -> None:
    ask()

    with CaptureQueriesContext(connection) as captured:
        ask(changed("Where is my refund?"))

    told = [query["sql"] for query in captured if "cache_miss_reason" in query["sql"]]
    assert reasons()[-1] == "system_changed"
    assert len(told) == 1
    assert told[0].lstrip().startswith("UPDATE triage_attempt")
