"""One governed call, against the simulator over real HTTP and a real ledger."""

import json

import pytest
from django.db import transaction
from pytest_django import Settings

from tests.integration.gateway.conftest import Ask, build_request
from triage.exceptions import (
    AnswerCut,
    AnswerRefused,
    DeadlineExceeded,
    InsideTransaction,
    KeyRejected,
    RequestRejected,
    RouteExhausted,
)
from triage.models import Attempt, Call, Certainty, Feature, Obtained, StoredReply
from triage.services.gateway import Request, Reuse, routes
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5, SONNET
from triage.simulator import RunningSimulator


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.02)


def test_an_answer_has_a_call_and_an_attempt_whose_cost_is_on_the_bill(
    ask: Ask, claude: RunningSimulator
) -> None:
    reply = ask()

    assert json.loads(reply.text)["label"] == "refund"
    assert (reply.model_served, reply.obtained, reply.tries) == (HAIKU, Obtained.FIRST, 1)
    attempt = Attempt.objects.get()
    billed = claude.bill()["requests"][0]
    assert attempt.certainty == Certainty.KNOWN
    assert attempt.cost_nanousd == billed["cost_nanousd"] == reply.cost_nanousd > 0
    assert attempt.request_id == billed["request_id"]
    assert attempt.output_tokens == billed["tokens"]["output"]
    assert attempt.call.cost_nanousd == attempt.cost_nanousd
    assert attempt.bound_nanousd > attempt.cost_nanousd
    assert attempt.rate_limits["requests-limit"]


def test_the_second_call_reads_the_prefix_from_the_cache(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask(build_request("I want my money back."))
    ask(build_request("I cannot sign in."))

    first, second = Attempt.objects.order_by("id")
    assert first.cache_write_5m_tokens > 512
    assert first.cache_read_tokens == 0
    assert second.cache_read_tokens == first.cache_write_5m_tokens
    assert second.cost_nanousd < first.cost_nanousd


def test_a_second_equal_request_reuses_the_first_reply(ask: Ask, claude: RunningSimulator) -> None:
    first = ask()
    second = ask()
    third = ask()

    assert [second.text, third.text] == [first.text, first.text]
    assert [second.obtained, third.obtained] == [Obtained.STORED, Obtained.STORED]
    assert second.cost_nanousd == 0
    assert len(claude.bill()["requests"]) == 1
    assert Call.objects.get(pk=second.call_id).saved_nanousd == first.cost_nanousd


def test_a_call_that_must_not_reuse_pays_again(ask: Ask, claude: RunningSimulator) -> None:
    ask()
    again = ask(reuse=Reuse.NEVER)

    assert again.obtained == Obtained.FIRST
    assert again.cost_nanousd > 0
    assert len(claude.bill()["requests"]) == 2


def test_another_prompt_version_is_another_request(ask: Ask, claude: RunningSimulator) -> None:
    ask()
    changed = build_request()
    ask(Request(**{**{f: getattr(changed, f) for f in changed.__slots__}, "prompt_version": "p2"}))

    assert len(claude.bill()["requests"]) == 2


def test_asking_inside_a_transaction_is_refused_before_anything_is_sent(
    ask: Ask, claude: RunningSimulator
) -> None:
    with pytest.raises(InsideTransaction), transaction.atomic():
        ask()

    assert claude.bill()["requests"] == []
    assert not Call.objects.exists()


def test_a_529_is_tried_again_on_the_same_model(ask: Ask, claude: RunningSimulator) -> None:
    claude.set_scenario("529x2", 0)

    reply = ask()

    assert (reply.obtained, reply.tries, reply.model_served) == (Obtained.RETRY, 3, HAIKU)
    errors = list(Attempt.objects.order_by("number").values_list("error", "certainty"))
    assert errors == [("overloaded", "none"), ("overloaded", "none"), ("", "known")]


def test_a_model_that_stays_overloaded_is_left_for_the_next(
    ask: Ask, claude: RunningSimulator
) -> None:
    claude.set_scenario("529x4", 0)

    reply = ask()

    assert (reply.obtained, reply.tries) == (Obtained.FALLBACK, 5)
    assert (reply.model_asked, reply.model_served) == (HAIKU, HAIKU_4_5)


def test_a_route_that_fails_to_its_end_says_so_and_costs_nothing(
    ask: Ask, claude: RunningSimulator
) -> None:
    claude.set_scenario("529", 0)

    with pytest.raises(RouteExhausted):
        ask()

    call = Call.objects.get()
    assert (call.state, call.error, call.tries, call.cost_nanousd) == (
        "failed",
        "route_exhausted",
        6,
        0,
    )
    assert not StoredReply.objects.exists()


def test_a_silent_model_is_left_and_not_asked_again(
    ask: Ask, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = routes.Route(routes.CLASSIFY.hops, attempt_seconds=0.3, deadline_seconds=3)
    monkeypatch.setitem(routes.ROUTES, Feature.CLASSIFY, route)
    claude.set_scenario("silencex1", 0)

    reply = ask()

    assert (reply.obtained, reply.tries) == (Obtained.FALLBACK, 2)
    silent = Attempt.objects.get(number=1)
    assert (silent.error, silent.certainty) == ("timeout", Certainty.UNKNOWN)
    assert silent.cost_nanousd == silent.bound_nanousd


def test_a_reset_connection_is_tried_again_and_may_have_been_billed(
    ask: Ask, claude: RunningSimulator
) -> None:
    claude.set_scenario("resetx1", 0)

    assert ask().tries == 2
    assert Attempt.objects.get(number=1).certainty == Certainty.UNKNOWN


def test_a_reply_cut_on_the_wire_is_tried_again(ask: Ask, claude: RunningSimulator) -> None:
    claude.set_scenario("cutx1", 0)

    assert ask().tries == 2
    assert Attempt.objects.get(number=1).error == "connection_lost"


def test_a_wrong_key_ends_the_call_at_once(
    ask: Ask, claude: RunningSimulator, settings: Settings
) -> None:
    settings.ANTHROPIC_API_KEY = "invalid"

    with pytest.raises(KeyRejected):
        ask()

    assert Attempt.objects.count() == 1


def test_a_request_that_the_api_refuses_is_not_repeated(ask: Ask, claude: RunningSimulator) -> None:
    request = build_request()
    bad = {"type": "object", "properties": {}, "additionalProperties": True}

    with pytest.raises(RequestRejected, match="additionalProperties"):
        ask(Request(request.system, request.content, 100, schema=bad))

    assert Attempt.objects.get().http_status == 400


def test_an_answer_cut_at_max_tokens_is_a_named_failure_that_was_paid(
    ask: Ask, claude: RunningSimulator
) -> None:
    request = build_request()

    with pytest.raises(AnswerCut) as failure:
        ask(Request(request.system, request.content, max_tokens=3, schema=request.schema))

    attempt = Attempt.objects.get()
    assert attempt.certainty == Certainty.KNOWN
    assert failure.value.cost_nanousd == attempt.cost_nanousd > 0
    assert attempt.call.state == "failed"
    assert not StoredReply.objects.exists()


def test_the_deadline_covers_all_tries(ask: Ask, claude: RunningSimulator) -> None:
    claude.set_scenario("silence", 0)

    with pytest.raises((DeadlineExceeded, RouteExhausted)):
        ask(deadline_seconds=0.5)

    assert (Call.objects.get().latency_ms or 0) < 1_500


def test_the_strong_feature_goes_to_sonnet(ask: Ask, claude: RunningSimulator) -> None:
    assert ask(feature=Feature.ESCALATE).model_served == SONNET


def test_every_model_on_every_route_accepts_our_shape_of_it(
    ask: Ask, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for route in set(routes.ROUTES.values()):
        for hop in route.hops:
            alone = routes.Route((hop,), attempt_seconds=5, deadline_seconds=5)
            monkeypatch.setitem(routes.ROUTES, Feature.CLASSIFY, alone)

            assert ask(reuse=Reuse.NEVER).model_served == hop.model


@pytest.mark.parametrize(("category", "is_charged"), [("cyber", False), ("bio", True)])
def test_a_refusal_costs_what_the_bill_says(
    ask: Ask, claude: RunningSimulator, category: str, is_charged: bool
) -> None:
    claude.set_scenario(f"refusal({category})", 0)

    with pytest.raises(AnswerRefused) as caught:
        ask()

    assert caught.value.cost_nanousd == claude.bill()["totals"]["cost_nanousd"]
    assert bool(caught.value.cost_nanousd) is is_charged
