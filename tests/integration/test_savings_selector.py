"""What was not spent, checked by hand at the prices of November 2026."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from tests.integration.cache_cases import add_request
from tests.integration.cost_cases import picked, rows_of, table_of
from triage.models import Batch, Certainty, Feature, Obtained
from triage.selectors.reports import savings
from triage.services.gateway.pricing import card_of

pytestmark = pytest.mark.django_db


def saved(lever: str, **narrowed: Any) -> int | None:
    rows = {row["lever"]: row for row in rows_of(table_of("savings", **narrowed))}
    found: int | None = rows[lever]["saved"]
    return found


def test_a_reply_that_is_used_again_saves_what_it_had_cost() -> None:
    add_call(obtained=Obtained.STORED, saved_nanousd=150)
    add_call(obtained=Obtained.JOINED, saved_nanousd=7)

    (row, *_) = rows_of(table_of("savings"))

    assert (row["lever"], row["saved"]) == ("Replies used again", 157)
    assert row["counted"] == "1 stored replies, 1 shared with an equal call under way"


def test_the_cache_saves_what_reading_is_cheaper_and_pays_for_writing() -> None:
    # Haiku reads a token for 10 nano-dollars instead of 100, and writes it for 125.
    add_request(written=1_000)
    add_request(read=1_000, at=NOON + timedelta(minutes=1))

    assert saved("Prompt cache") == 1_000 * 90 - 1_000 * 25


def test_a_cache_that_is_never_read_has_cost_more() -> None:
    add_request(written=1_000)

    assert saved("Prompt cache") == -25_000


def test_a_batch_saves_as_much_as_it_costs() -> None:
    batch = Batch.objects.create(feature="backfill", model=HAIKU, lines=1)
    add_attempt(add_call(Feature.BACKFILL), 400, batch=batch)
    add_attempt(add_call(Feature.BACKFILL), 50)

    assert saved("Batches") == 400


def test_a_small_model_first_is_counted_against_the_model_that_escalations_ask() -> None:
    # 1,000 tokens in and 10 out: Haiku 0.1 and 0.5 $ per million tokens, Sonnet 2 and 10.
    add_request(uncached=1_000)
    escalation(model=SONNET)

    assert saved("A small model first") == 1_000 * (2_000 - 100) + 10 * (10_000 - 500)


def test_a_batch_of_the_small_model_is_compared_at_live_prices() -> None:
    batch = Batch.objects.create(feature="backfill", model=HAIKU, lines=1)
    line = add_attempt(
        add_call(Feature.BACKFILL),
        0,
        certainty=Certainty.OPEN,
        batch=batch,
        uncached_input_tokens=1_000,
        output_tokens=10,
    )
    line.price, line.certainty, line.settled_at = batch_stamp(), Certainty.KNOWN, NOON
    line.save()
    escalation(model=SONNET)

    assert saved("A small model first") == 1_000 * (2_000 - 100) + 10 * (10_000 - 500)


def test_without_an_escalation_there_is_no_strong_model_to_compare_with() -> None:
    add_request()

    rows = rows_of(table_of("savings"))

    assert picked(rows, "saved", "against")[-1] == (None, savings.UNESCALATED)


def test_where_a_price_is_gone_nothing_is_guessed() -> None:
    add_attempt(add_call(), 500, uncached_input_tokens=1_000)  # its stamp says nothing of classes
    escalation(model=SONNET)

    rows = rows_of(table_of("savings"))

    assert picked(rows, "saved", "against")[-1] == (None, savings.UNPRICED)


def test_drafts_alone_have_no_small_model_first() -> None:
    add_request(feature=Feature.DRAFT, model=SONNET)

    rows = rows_of(table_of("savings", feature=Feature.DRAFT))

    assert picked(rows, "lever") == [("Replies used again",), ("Prompt cache",), ("Batches",)]


def batch_stamp() -> dict[str, Any]:
    return card_of(HAIKU, is_batch=True).stamp()


def escalation(*, model: str) -> None:
    """A call that asked the strong model, priced."""
    request = add_request(feature=Feature.ESCALATE, model=model)
    type(request.call).objects.filter(pk=request.call_id).update(model_asked=model)
