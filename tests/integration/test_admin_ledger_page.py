"""The page of a call says what it was, what each attempt cost and why, and what it has to do with equal calls."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.integration.admin_cases import HAIKU, NOON, add_attempt, add_call
from tests.integration.ledger_cases import CALLS, add_priced, change, page_of, words
from triage.models import Batch, Certainty, Feature, Obtained, Prompt, PromptGuide
from triage.models.ledger import CallState

PRICE = {
    "source": "genai-prices 0.1",
    "uncached_input": "0.10",
    "cache_write_5m": "0.125",
    "cache_write_1h": "0.20",
    "cache_read": "0.01",
    "output": "0.50",
}


def test_a_call_tells_its_story_and_leads_to_its_ticket_and_its_neighbours(
    as_bob: Client,
) -> None:
    before, call, after = (add_call(about_id="7", cost_nanousd=142_300) for _ in range(3))
    add_attempt(call, 142_300)

    html = words(as_bob, page_of(call))

    assert (
        "Classify asked Haiku 5.5 for System about ticket 7 on 10 Nov 2026, 12:00:00.000 UTC."
        in html
    )
    assert "The first try answered. It cost $0.0001423." in html
    assert page_of(before) in html
    assert page_of(after) in html
    assert 'href="/tickets/7/"' in html
    assert "?about_kind=ticket&amp;about_id=7" in html


def test_an_attempt_shows_what_its_tokens_came_to_and_what_of_its_hold_was_released(
    as_bob: Client,
) -> None:
    batch = Batch.objects.create(feature=Feature.BACKFILL, model=HAIKU, lines=1)
    call = add_call()
    add_priced(
        call,
        142_000,
        PRICE,
        batch=batch,
        uncached_input_tokens=400,
        cache_read_tokens=2_000,
        output_tokens=164,
        stop_reason="max_tokens",
        cache_miss_reason="system_changed",
        rate_limits={"anthropic-ratelimit-tokens-reset": "2026-11-10T12:00:30Z"},
    )

    html = words(as_bob, page_of(call))

    # 400 × $0.10 + 2,000 × $0.01 + 164 × $0.50 = $142 per million = 142,000 nano-dollars
    for text in ("$0.00004", "$0.00002", "$0.000082", "$0.000142"):
        assert f">{text}<" in html
    assert "<dt>Released</dt><dd>$0.000858</dd>" in html  # of 1,000,000 nano-dollars held
    assert "Cut at its length limit: max_tokens" in html
    assert "the guide had changed (system_changed)" in html
    assert f'href="/admin/triage/batch/{batch.pk}/change/">batch {batch.pk}<' in html
    assert "tokens-reset" in html
    assert "genai-prices 0.1" in html


def test_prices_above_the_band_are_those_that_held(as_bob: Client) -> None:
    call = add_call()
    above = {"above_tokens": 100_000, "above": {**PRICE, "uncached_input": "0.20"}}
    add_priced(call, 60_000_000, PRICE | above, uncached_input_tokens=300_000)

    html = words(as_bob, page_of(call))

    assert '$0.20</td><td class="pages-number">$0.0600</td>' in html  # 300,000 × $0.20 per million
    assert "requests of above 100,000 input tokens" in html


@pytest.mark.parametrize(
    ("certainty", "said"),
    [
        (Certainty.OPEN, "It cost at most $0.000001"),
        (Certainty.UNKNOWN, "It cost at most $0.000001"),
        (Certainty.LOWER_BOUND, "It cost at least $0.000001"),
        (Certainty.KNOWN, "It cost $0.000001"),
    ],
)
def test_a_cost_says_how_sure_it_is(certainty: Certainty, said: str, as_bob: Client) -> None:
    call = add_call()
    add_attempt(call, 1_000, certainty=certainty)

    assert said in words(as_bob, page_of(call))


def test_a_reused_answer_leads_to_the_call_that_paid_and_back(as_bob: Client) -> None:
    first = add_call(cost_nanousd=500)
    asked_anew = add_call(cost_nanousd=500, at=NOON + timedelta(minutes=1))
    stored = add_call(obtained=Obtained.STORED, saved_nanousd=500, at=NOON + timedelta(minutes=2))
    other = change(add_call(), fingerprint="0" * 64)

    reuser = words(as_bob, page_of(stored))
    payer = words(as_bob, page_of(asked_anew))
    older = words(as_bob, page_of(first))

    assert reuser.count("Its answer was reused here") == 1
    assert (
        f"Call {asked_anew.pk}</a></th><td>10 Nov 2026, 12:01:00.000</td><td>Its answer" in reuser
    )
    assert "Reused this call&#x27;s answer" in payer
    assert "Reused the answer of another equal call" in older
    assert page_of(other) not in reuser + payer + older


def test_equal_calls_are_bounded_and_the_payer_is_found_behind_them(as_bob: Client) -> None:
    payer = add_call(cost_nanousd=500)
    crowd = [add_call(obtained=Obtained.STORED, at=NOON + timedelta(minutes=n)) for n in range(40)]

    context = as_bob.get(page_of(crowd[20])).context
    numbers = [line.number for line in context["equal"]]

    assert len(numbers) == 21
    assert numbers[-1] == f"Call {payer.pk}"


def test_the_prompt_is_shown_as_text_and_says_until_when_it_is_kept(as_bob: Client) -> None:
    call = add_call()
    PromptGuide.objects.create(digest="g", system="Sort <b>.", schema={"type": "object"})
    content = ["<script>alert(1)</script>", "[E-MAIL 1]"]
    Prompt.objects.create(
        call=call,
        guide_digest="g",
        content=content,
        max_tokens=9,
        reply="<i>r</i>",
        created_at=NOON,
    )

    html = words(as_bob, page_of(call))

    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "Sort &lt;b&gt;." in html
    assert "&lt;i&gt;r&lt;/i&gt;" in html
    assert "Kept until 10 December 2026" in html


def test_a_call_without_prompt_attempts_or_subject_still_reads_well(as_bob: Client) -> None:
    call = change(add_call(obtained="", error="budget_exceeded"), model_asked="claude-9")

    html = words(as_bob, page_of(call))

    assert "Classify asked claude-9 for System on" in html
    assert "It got no answer. The reason: Stopped by a limit of ours: budget_exceeded." in html
    assert "No request left for this call" in html
    assert "they are removed after 30 days" in html
    assert "No other call asked the same" in html


def test_a_running_call_shows_what_is_held(as_bob: Client) -> None:
    call = change(add_call(), state=CallState.RUNNING, obtained="", finished_at=None)
    add_attempt(call, 1_000_000, certainty=Certainty.OPEN)

    html = words(as_bob, page_of(call))

    assert "It has not ended yet. It cost at most $0.001" in html
    assert "still running; what is held for it counts" in html
    assert "Released" not in html


def test_a_call_that_is_not_there_leads_back_to_the_list(as_bob: Client) -> None:
    response = as_bob.get(f"{CALLS}12345/change/")

    assert response.status_code == 302


@pytest.mark.parametrize("name", ["alice", "charlie"])
def test_only_admins_see_a_call(name: str, client: Client, request: pytest.FixtureRequest) -> None:
    client.force_login(request.getfixturevalue(name))

    assert client.get(page_of(add_call()), follow=True).status_code == 403


@pytest.mark.parametrize("number", [1, 30])
def test_a_page_takes_the_same_queries_however_much_there_is(
    number: int, as_bob: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    calls = [add_call(about_id="7", obtained=Obtained.STORED) for _ in range(number)]
    for attempt in range(number):
        add_attempt(calls[0], 1, number=attempt + 1)

    with django_assert_max_num_queries(13):
        as_bob.get(page_of(calls[0]))
    with django_assert_max_num_queries(6):
        as_bob.get(CALLS, {"feature": "classify", "error": "overloaded"})
