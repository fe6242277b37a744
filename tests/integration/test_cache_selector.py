"""The tables of the prompt cache: what it won or lost, when it would pay, why it missed, and what to do."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from tests.integration.cache_cases import PREFIX, add_request, add_requests
from triage.models import CacheMiss, Certainty, Feature, Grain, Subject, Tally
from triage.selectors import prices
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS
from triage.selectors.reports.cache_cells import CacheUse, Missed, Spacing
from triage.selectors.reports.cache_words import (
    FLOOR_TOKENS,
    advice,
    break_even,
    calls_to_pay,
    dollars,
    find_warning,
    verdict,
)
from triage.selectors.tables import Asked
from triage.services import rollups
from triage.services.gateway.catalog import CATALOG
from triage.services.gateway.pricing import card_of
from triage.types import Rates

DAYS = Period(NOON.date(), NOON.date())
HAIKU_4_5 = "claude-haiku-4-5-20251001"


def rows_of(name: str, period: Period = DAYS, **asked: Any) -> list[dict[str, Any]]:
    table = REPORTS[name].build(Asked(period, **asked))
    return [dict(zip((c.name for c in table.columns), row, strict=True)) for row in table.rows]


def total_of(name: str) -> dict[str, Any]:
    table = REPORTS[name].build(Asked(DAYS))
    assert table.total
    return dict(zip((c.name for c in table.columns), table.total, strict=True))


def rates_of(model: str) -> Rates:
    base = card_of(model).base
    return Rates(*(getattr(base, name) for name in Rates.__slots__))


# --- by feature and model


def test_the_cache_is_summed_by_feature_and_model_with_what_it_won(db: None) -> None:
    add_requests(3, feature=Feature.CLASSIFY)
    add_request(model=SONNET, feature=Feature.ESCALATE, uncached=300)
    rollups.refresh()

    first, second = rows_of("cache-by-model")

    assert (first["feature"], first["model"]) == ("classify", HAIKU)
    assert [first[name] for name in ("requests", "hits", "writes", "neither")] == [4, 3, 1, 0]
    assert (first["read_tokens"], first["written_5m_tokens"], first["written_1h_tokens"]) == (
        3_000,
        1_000,
        0,
    )
    assert first["hit_rate"] == 0.75
    assert first["writes_per_read"] == pytest.approx(1 / 3)
    assert (first["prefix_tokens"], first["floor_tokens"]) == (PREFIX, 512)
    # Read 3,000 x (100 - 10) = 270,000; written 1,000 x (125 - 100) = 25,000; won 245,000.
    assert first["saved"] == 245_000
    assert first["verdict"] == "Earns $0.00024 a day."
    assert (second["feature"], second["neither"], second["hit_rate"]) == ("escalate", 1, 0.0)
    assert second["saved"] == 0
    assert "shorter than the model caches" in second["verdict"]
    assert total_of("cache-by-model")["requests"] == 5
    # 3,000 of 3,000 + 1,000 + the 300 that were too short.
    assert total_of("cache-by-model")["hit_rate"] == pytest.approx(3_000 / 4_300)


def test_a_cache_that_is_only_written_loses_and_says_what_it_needs(db: None) -> None:
    add_requests(1, writes=9, feature=Feature.CLASSIFY)
    rollups.refresh()

    (row,) = rows_of("cache-by-model")

    # 9,000 x 25 = 225,000 more for writing; 1,000 x 90 = 90,000 less for reading.
    assert row["saved"] == -135_000
    # (1.25 - 1) / (1.25 - 0.10) = 21.7 %; 1,000 of 10,000 tokens were read.
    assert row["verdict"] == "Loses $0.00014 a day; needs above 22 % hits, has 10 %."
    assert row["break_even_5m"] == pytest.approx(0.25 / 1.15)
    assert row["break_even_1h"] == pytest.approx(1 / 1.9)


def test_requests_that_failed_used_no_cache_and_are_not_counted(db: None) -> None:
    add_attempt(add_call(obtained=""), 0, certainty=Certainty.NONE, error="overloaded")
    rollups.refresh()

    assert rows_of("cache-by-model") == rows_of("cache-misses") == rows_of("cache-by-day") == []


def test_feature_and_model_narrow_every_table(db: None) -> None:
    add_request(written=PREFIX)
    add_request(written=PREFIX, feature=Feature.DRAFT, model=SONNET)
    rollups.refresh()

    for name in ("cache-by-model", "cache-misses"):
        assert [row["model"] for row in rows_of(name, feature=Feature.DRAFT)] == [SONNET]
        assert [row["feature"] for row in rows_of(name, model=HAIKU)] == ["classify"]
    assert [row["requests"] for row in rows_of("cache-by-day", model=HAIKU)] == [1]


def test_days_are_apart_and_the_newest_stands_first(db: None) -> None:
    add_requests(1, feature=Feature.CLASSIFY)
    add_request(written=PREFIX, at=NOON - timedelta(days=2))
    rollups.refresh()

    newest, oldest = rows_of("cache-by-day", Period(NOON.date() - timedelta(days=5), NOON.date()))

    assert (newest["day"], newest["hit_rate"]) == (NOON.date(), 0.5)
    assert (oldest["day"], oldest["hit_rate"]) == (NOON.date() - timedelta(days=2), 0.0)


# --- why it missed


def test_misses_say_their_cause_their_price_and_what_to_do(db: None) -> None:
    add_request(written=PREFIX, at=NOON)
    add_request(written=PREFIX, at=NOON + timedelta(minutes=9))
    add_request(model=HAIKU_4_5, uncached=800, feature=Feature.BACKFILL, at=NOON)
    rollups.refresh()

    found = {row["cause"]: row for row in rows_of("cache-misses")}

    assert set(found) == {
        CacheMiss.FIRST_CALL.label,
        CacheMiss.TTL_LAPSED.label,
        CacheMiss.BELOW_FLOOR.label,
    }
    short = found[CacheMiss.BELOW_FLOOR.label]
    # 800 x (1,000 - 100): at most, were all of it read from the cache.
    assert (short["requests"], short["tokens"], short["lost"]) == (1, 800, 720_000)
    assert "nothing below 4,096 tokens: publish more examples" in short["what_to_do"]
    lapsed = found[CacheMiss.TTL_LAPSED.label]
    # 1,000 x (125 - 10)
    assert (lapsed["tokens"], lapsed["lost"]) == (PREFIX, 115_000)
    assert lapsed["last_at"] == NOON + timedelta(minutes=9)
    assert "30.0 minutes apart" in lapsed["what_to_do"]  # 2 in the one hour that had any
    assert total_of("cache-misses")["lost"] == 720_000 + 2 * 115_000
    assert rows_of("cache-misses")[0] == short


def test_what_the_provider_says_of_a_new_prompt_is_the_cause_with_its_time(db: None) -> None:
    add_request(written=PREFIX, at=NOON)
    later = NOON + timedelta(hours=2, minutes=3)
    add_request(written=PREFIX, at=later, prompt="p2", reason="system_changed")
    rollups.refresh()

    found = {row["cause"]: row for row in rows_of("cache-misses")}

    said = found[CacheMiss.PROMPT_CHANGED.label]["what_to_do"]
    assert "by 14:03 UTC on 10 November 2026" in said


@pytest.mark.parametrize("cause", CacheMiss)
def test_every_cause_has_its_sentence(cause: CacheMiss) -> None:
    miss = Missed(cause, ("classify", HAIKU), 3, 3_000, NOON)

    said = advice(miss, None)

    assert len(said) > 40
    assert said[0].isupper()
    assert said[-1] == "."


def test_a_draft_s_guide_cannot_be_made_longer_with_examples() -> None:
    miss = Missed(CacheMiss.BELOW_FLOOR, ("draft", HAIKU_4_5), 3, 3_000, NOON)

    assert "the guide for drafts is fixed" in advice(miss, None)


@pytest.mark.parametrize(
    ("number", "hours", "said"),
    [
        (
            100,
            2,
            "1.2 minutes apart on average in the hours that have any, so the cache lapses only",
        ),
        (
            8,
            2,
            "15.0 minutes apart on average in the hours that have any; the 1-hour cache pays from 3",
        ),
        (8, 2, "here it would"),
        (3, 2, "here neither does"),
    ],
)
def test_a_lapse_says_how_far_apart_calls_come_and_whether_an_hour_would_pay(
    number: int, hours: int, said: str
) -> None:
    miss = Missed(CacheMiss.TTL_LAPSED, ("classify", HAIKU), 3, 3_000, NOON)

    assert said in advice(miss, Spacing(number, hours))


# --- the arithmetic


@pytest.mark.parametrize(
    ("model", "shares", "calls"),
    [
        (HAIKU, (0.217, 0.526), (2, 3)),  # read at 0.10
        (SONNET, (0.208, 0.513), (2, 3)),  # read at 0.05
    ],
)
def test_break_even_follows_the_model_s_own_read_price(
    model: str, shares: tuple[float, float], calls: tuple[int, int]
) -> None:
    rates = rates_of(model)
    writing = (rates.cache_write_5m, rates.cache_write_1h)

    assert tuple(round(break_even(price, rates), 3) for price in writing) == shares
    assert tuple(calls_to_pay(price, rates) for price in writing) == calls


def test_what_is_written_for_an_hour_needs_more_hits(db: None) -> None:
    use = CacheUse(1, 1, 0, 400, 0, 600, 0, saved_nanousd=-24_000, days=1)

    assert verdict(use, rates_of(HAIKU)).endswith("needs above 53 % hits, has 40 %.")
    assert verdict(use, None) == "Loses $0.000024 a day."


def test_the_floors_are_those_of_the_model_table() -> None:
    assert {card.id: card.cache_floor_tokens for card in CATALOG.values()} == FLOOR_TOKENS


def test_little_money_is_not_rounded_away() -> None:
    written = [dollars(amount) for amount in (12_400_000_000, 140_000_000, 1_240_000, 24_000, 10)]

    assert written == ["$12.40", "$0.14", "$0.0012", "$0.000024", "$0.000000010"]


# --- warnings


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (CacheUse(30, 20, 0, 30_000, 20_000), ""),
        (CacheUse(20, 30, 0, 20_000, 30_000), "reads only 40 % of its cacheable tokens"),
        (CacheUse(20, 29, 0, 20_000, 29_000), ""),  # 49 requests are too few
        (CacheUse(5, 45, 0, 4_600, 45_000), "reads only 9 % of its cacheable tokens"),
        (
            CacheUse(5, 45, 0, 4_500, 45_000),
            "writes 10 tokens for each one that it reads, 9 % hits",
        ),
        (CacheUse(0, 50, 0, 0, 50_000), "writes 50,000 tokens and reads none, 0 % hits"),
        (CacheUse(0, 0, 50, 0, 0, 0, 50_000), "caches nothing"),
        (CacheUse(0, 0, 49, 0, 0, 0, 49_000), ""),
    ],
)
def test_few_hits_and_many_writes_are_warned_of(use: CacheUse, said: str) -> None:
    found = find_warning(use, feature="Triage", model="Haiku 5.5")

    if said:
        assert found
        assert found.startswith(f"Triage on Haiku 5.5 {said}")
    else:
        assert found is None


# --- prices


def test_prices_are_those_of_the_newest_attempt_of_each_feature_and_model(db: None) -> None:
    add_request(at=NOON)
    add_request(at=NOON + timedelta(seconds=1), is_batch=True)
    add_request(feature=Feature.DRAFT, model=SONNET)
    rollups.refresh()

    found = prices.stamped(DAYS)

    assert found[Feature.CLASSIFY, HAIKU].uncached_input == Decimal("0.05")
    assert found[Feature.DRAFT, SONNET] == rates_of(SONNET)


def test_prices_that_are_stamped_otherwise_are_unknown_and_nothing_is_made_up(db: None) -> None:
    add_attempt(add_call(), 900, cache_write_5m_tokens=700)
    rollups.refresh()

    (model,), (miss,) = rows_of("cache-by-model"), rows_of("cache-misses")

    assert prices.stamped(DAYS) == {}
    assert (model["break_even_5m"], model["break_even_1h"], miss["lost"]) == (None, None, None)


def test_prices_of_attempts_that_are_pruned_are_unknown(db: None) -> None:
    start = NOON.replace(hour=0)
    of = {"grain": Grain.DAY, "subject": Subject.CERTAINTY, "feature": "draft", "model": SONNET}
    counted = {"value": "known", "number": 3, "cost_nanousd": 9, "tokens": 0}
    Tally.objects.create(starts_at=start, first_at=NOON, last_at=NOON, **of, **counted)

    assert prices.stamped(DAYS) == {}


# --- how it is read


@pytest.mark.parametrize(
    ("name", "queries"), [("cache-by-model", 4), ("cache-misses", 6), ("cache-by-day", 2)]
)
def test_a_table_takes_the_same_few_queries_whatever_there_is(
    db: None, name: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for feature in Feature:
        for day in range(3):
            add_requests(2, at=NOON - timedelta(days=day), feature=feature)
    rollups.refresh()
    period = Period(datetime(2026, 10, 1, tzinfo=UTC).date(), NOON.date())

    with django_assert_num_queries(queries):
        REPORTS[name].build(Asked(period))


def test_without_any_call_every_table_is_empty_and_says_so(db: None) -> None:
    for name in ("cache-by-model", "cache-misses", "cache-by-day"):
        table = REPORTS[name].build(Asked(DAYS))

        assert (table.rows, table.total) == ((), None)
        assert table.empty
