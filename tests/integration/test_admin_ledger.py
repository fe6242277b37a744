"""Any call is found by whatever is known of it, and what cannot be looked for is said in words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from tests.integration.ledger_cases import CALLS, change, words
from tests.integration.web_cases import add_ticket
from triage.models import Batch, Call, Certainty, Feature, Obtained


def listed(client: Client, **query: str) -> list[Call]:
    return list(client.get(CALLS, query).context["cl"].result_list)


def test_a_call_is_found_by_its_number_and_by_its_ticket(as_bob: Client) -> None:
    ticket = add_ticket()
    about, other = add_call(about_id=str(ticket.pk)), add_call(about_id="999")

    assert listed(as_bob, q=str(other.pk)) == [other]
    assert listed(as_bob, q=f"#{ticket.pk}") == [about]
    assert listed(as_bob, q=f"#00{ticket.pk}") == [about]


def test_a_call_is_found_by_any_of_its_requests_at_the_provider(as_bob: Client) -> None:
    call, other = add_call(), add_call()
    add_attempt(call, 0, certainty=Certainty.NONE, request_id="req_011CSHo")
    add_attempt(call, 5, number=2, request_id="req_022DTIp")
    add_attempt(other, 5, request_id="req_033EUJq")

    assert listed(as_bob, q="req_011CSHo") == [call]
    assert listed(as_bob, q="req_022DTIp") == [call]
    assert listed(as_bob, q="req_044FVKr") == []


def test_calls_are_found_by_who_asked_whatever_the_case_of_the_address(
    as_bob: Client, alice: User
) -> None:
    mine = change(add_call(), by=alice)
    add_call()

    assert listed(as_bob, q="Alice@Example.com") == [mine]
    assert "No user has the e-mail address “zoe@example.com”" in words(
        as_bob, CALLS, q="zoe@example.com"
    )


def test_calls_are_found_by_a_fingerprint_or_its_first_eight_characters(as_bob: Client) -> None:
    call = change(add_call(), fingerprint="0a1b2c3d" + "e" * 56)
    add_call()

    assert listed(as_bob, q=call.fingerprint) == [call]
    assert listed(as_bob, q="0A1B2C3D") == [call]
    assert listed(as_bob, q="0a1b2c3e") == []
    assert "cannot be looked for" in words(as_bob, CALLS, q="0a1b2c")


def test_the_calls_of_a_batch_are_found_by_either_of_its_names(as_bob: Client) -> None:
    batch = Batch.objects.create(
        feature=Feature.BACKFILL, model=HAIKU, lines=2, provider_id="msgbatch_01"
    )
    first, between, last = add_call(), add_call(), add_call(obtained=Obtained.BATCH)
    add_attempt(first, 5, batch=batch)
    add_attempt(between, 5)
    add_attempt(last, 5, batch=batch)

    assert listed(as_bob, batch=str(batch.pk)) == [last, first]
    assert listed(as_bob, q="msgbatch_01") == [last, first]
    assert listed(as_bob, batch=str(batch.pk), obtained="batch") == [last]
    assert "There is no batch “7777”" in words(as_bob, CALLS, batch="7777")


def test_each_filter_leaves_the_calls_that_fit_it(as_bob: Client) -> None:
    plain = add_call()
    dear = add_call(Feature.DRAFT, cost_nanousd=60_000_000)
    fallback = change(add_call(obtained=Obtained.FALLBACK), model_served=SONNET)
    failed = add_call(obtained="", error="route_exhausted")

    assert listed(as_bob, feature="draft") == [dear]
    assert listed(as_bob, above="0.05") == [dear]
    assert listed(as_bob, above="$0.06") == []
    assert listed(as_bob, served=SONNET) == [fallback]
    assert listed(as_bob, asked=HAIKU) == [failed, fallback, dear, plain]
    assert listed(as_bob, state="failed") == [failed]
    assert listed(as_bob, error="route_exhausted") == [failed]
    assert listed(as_bob, obtained="first", feature="classify") == [plain]


def test_an_error_and_a_certainty_are_sought_among_the_attempts_too(as_bob: Client) -> None:
    mended = add_call(obtained=Obtained.RETRY)
    add_attempt(mended, 0, certainty=Certainty.NONE, error="overloaded")
    add_attempt(mended, 5, number=2)
    unsure = add_call(obtained="", error="route_exhausted", at=NOON - timedelta(days=90))
    add_attempt(unsure, 900, certainty=Certainty.UNKNOWN, error="timeout")

    assert listed(as_bob, error="overloaded") == [mended]
    assert listed(as_bob, certainty="none") == [mended]
    assert listed(as_bob, certainty="unknown") == [unsure]
    assert listed(as_bob, certainty="unknown", feature="draft") == []


def test_days_bound_what_is_listed(as_bob: Client) -> None:
    old = add_call(at=datetime(2026, 11, 1, 23, 59, tzinfo=UTC))
    new = add_call(at=datetime(2026, 11, 2, tzinfo=UTC))

    assert listed(as_bob, **{"from": "2026-11-01", "to": "2026-11-01"}) == [old]
    assert listed(as_bob, **{"from": "2026-11-02", "to": "2026-11-02"}) == [new]
    assert listed(as_bob, **{"from": "2026-01-01", "to": "2026-12-31"}) == [new, old]
    assert listed(as_bob, q=str(new.pk), to="2026-11-01") == []


def test_without_days_a_filter_looks_at_the_week_of_the_newest_call_and_says_so(
    as_bob: Client,
) -> None:
    add_call(at=NOON - timedelta(days=7))
    within, newest = add_call(at=NOON - timedelta(days=6)), add_call()

    assert listed(as_bob, feature="classify") == [newest, within]
    assert "the 7 days up to 10 November 2026" in words(as_bob, CALLS, feature="classify")


def test_a_filter_over_more_than_a_week_is_refused_in_words(as_bob: Client) -> None:
    add_call()
    month = {"from": "2026-11-01", "to": "2026-11-30"}

    assert listed(as_bob, feature="classify", **month) == []
    assert "at most 7 days with this filter; 1 November 2026 to 30 November 2026 are 30" in words(
        as_bob, CALLS, feature="classify", **month
    )


def test_calls_that_a_limit_of_ours_refused_are_found_in_any_range(as_bob: Client) -> None:
    refused = add_call(obtained="", error="budget_exceeded", at=NOON - timedelta(days=200))
    add_call()

    assert listed(as_bob, error="budget_exceeded") == [refused]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"q": "two words"}, "“two words” cannot be looked for"),
        ({"q": "9" * 30}, "There is no call"),
        ({"feature": "zzz"}, "There is no feature “zzz”. Shown are all of them."),
        ({"asked": "gpt"}, "There is no model “gpt”. Shown are all of them."),
        ({"error_text__contains": "x"}, "cannot be looked for by “error_text__contains”"),
        ({"from": "yesterday"}, "“yesterday” is not a date"),
        ({"to": "0001-01-01"}, "The year 1 is out of range."),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "The first day lies after the last."),
        ({"above": "much"}, "“much” is no amount"),
        ({"above": "NaN"}, "“NaN” is no amount that a call can cost"),
        ({"q": "<script>alert(1)</script>"}, "&lt;script&gt;"),
        ({"q": "\x00"}, "1 call"),
        ({"e": "1"}, "1 call"),
    ],
)
def test_nonsense_in_the_address_is_named(query: dict[str, str], said: str, as_bob: Client) -> None:
    add_call()

    page = as_bob.get(CALLS, query)

    assert page.status_code == 200
    assert said in " ".join(page.text.split())


@pytest.mark.parametrize("name", ["q", "from", "above", "batch"])
def test_nothing_is_listed_where_it_is_not_clear_what_is_asked(name: str, as_bob: Client) -> None:
    add_call()

    assert listed(as_bob, **{name: "two words"}) == []


def test_the_form_shows_again_what_was_asked(as_bob: Client) -> None:
    html = words(as_bob, CALLS, q="#7", feature="draft", above="0.05", to="2026-11-02")

    assert 'name="q" value="#7"' in html
    assert '<option value="draft" selected>' in html
    assert 'name="above" value="0.05"' in html
    assert 'name="to" value="2026-11-02"' in html


def test_an_empty_ledger_says_what_will_stand_there_and_an_empty_answer_what_to_do(
    as_bob: Client,
) -> None:
    assert "Every request to Claude will stand here" in words(as_bob, CALLS)
    assert "No call matches" in words(as_bob, CALLS, q="7")
