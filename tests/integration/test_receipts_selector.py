"""A ticket's receipts say of every call what the ledger knows, and its prompt can be read while it is kept."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from triage.models import Certainty, Feature, Obtained, Prompt, PromptGuide
from triage.models.ledger import CallState
from triage.selectors import receipts
from triage.types import Usage

pytestmark = pytest.mark.django_db

TICKET = 7
TOKENS: dict[str, Any] = {
    "uncached_input_tokens": 100,
    "cache_write_5m_tokens": 200,
    "cache_write_1h_tokens": 0,
    "cache_read_tokens": 700,
    "output_tokens": 50,
}


def add_ticket_call(**fields: Any) -> Any:
    return add_call(about_id=str(TICKET), **fields)


def test_a_receipt_says_what_was_asked_what_came_and_what_each_try_cost() -> None:
    call = add_ticket_call(
        feature=Feature.DRAFT,
        obtained=Obtained.RETRY,
        prompt_version="p1",
        latency_ms=900,
        cost_nanousd=300,
        tries=2,
    )
    add_attempt(
        call,
        0,
        certainty=Certainty.NONE,
        http_status=529,
        error="overloaded",
        error_text="Overloaded.",
        model=SONNET,
    )
    add_attempt(call, 300, number=2, request_id="req_1", http_status=200, latency_ms=500, **TOKENS)

    (receipt,) = receipts.receipts_of(TICKET)

    assert (receipt.call_id, receipt.feature, receipt.by) == (call.pk, Feature.DRAFT, "System")
    assert (receipt.asked_at, receipt.finished_at) == (NOON, NOON)
    assert (receipt.model_asked, receipt.model_served) == (HAIKU, HAIKU)
    assert (receipt.obtained, receipt.state) == (Obtained.RETRY, CallState.ANSWERED)
    assert (receipt.prompt_version, receipt.latency_ms) == ("p1", 900)
    assert (receipt.cost_nanousd, receipt.is_cost_sure) == (300, True)
    assert receipt.usage == Usage(**TOKENS)
    assert receipt.cached_share == 0.7  # 700 of 100 + 200 + 700
    first, second = receipt.attempts
    assert (first.model, first.http_status, first.error) == (SONNET, 529, "overloaded")
    assert (first.certainty, first.cost_nanousd) == (Certainty.NONE, 0)
    assert (second.number, second.request_id, second.latency_ms) == (2, "req_1", 500)
    assert not second.is_in_batch


def test_a_stored_reply_says_what_it_saved_and_a_failure_says_why() -> None:
    add_ticket_call(obtained=Obtained.STORED, saved_nanousd=77)
    failed = add_ticket_call(obtained="", error="route_exhausted", at=NOON + timedelta(seconds=1))
    add_attempt(failed, 500, certainty=Certainty.UNKNOWN, error="timeout")

    failure, stored = receipts.receipts_of(TICKET)

    assert (stored.saved_nanousd, stored.cost_nanousd, stored.attempts) == (77, 0, ())
    assert stored.cached_share is None
    assert (failure.state, failure.error, failure.obtained) == (
        CallState.FAILED,
        "route_exhausted",
        None,
    )
    assert (failure.cost_nanousd, failure.is_cost_sure) == (500, False)


def test_the_newest_come_first_and_other_things_calls_are_not_there() -> None:
    add_call(about_id="8")
    add_call()
    made = [add_ticket_call(at=NOON + timedelta(minutes=n)).pk for n in (1, 3, 2)]

    assert [r.call_id for r in receipts.receipts_of(TICKET)] == [made[1], made[2], made[0]]


@pytest.mark.parametrize("calls", [1, 55])
def test_receipts_take_two_queries_and_are_fifty_at_most(
    calls: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(calls):
        add_attempt(add_ticket_call(), 1)

    with django_assert_num_queries(2):
        found = receipts.receipts_of(TICKET)
        assert all(receipt.attempts and receipt.by for receipt in found)

    assert len(found) == min(calls, 50)


def test_a_prompt_is_read_with_its_guide_and_says_until_when_it_is_kept() -> None:
    call = add_ticket_call()
    PromptGuide.objects.create(digest="g", system="Sort.", schema={"type": "object"})
    Prompt.objects.create(
        call=call, guide_digest="g", content=["a", "b"], max_tokens=9, reply="r", created_at=NOON
    )

    (receipt,) = receipts.receipts_of(TICKET)
    prompt = receipts.find_prompt(call.pk)

    assert receipt.has_prompt
    assert prompt == receipts.PromptView(
        system="Sort.",
        content=("a", "b"),
        schema={"type": "object"},
        max_tokens=9,
        reply="r",
        kept_until=NOON + timedelta(days=30),
    )


def test_a_prompt_that_is_pruned_is_not_found() -> None:
    call = add_ticket_call()

    assert receipts.find_prompt(call.pk) is None
    assert not receipts.receipts_of(TICKET)[0].has_prompt
