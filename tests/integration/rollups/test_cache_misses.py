"""Why an attempt read nothing from the prompt cache, as the cells tell it."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from triage.models import CacheMiss, Feature, Grain, Subject, Tally
from triage.services import rollups

pytestmark = pytest.mark.django_db


def ask(
    minutes: float,
    *,
    prompt: str = "v1",
    model: str = HAIKU,
    feature: Feature = Feature.CLASSIFY,
    read: int = 0,
    written: int = 0,
    **fields: Any,
) -> None:
    """A call that many minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    call = add_call(feature, at=at, prompt_version=prompt)
    given = {"uncached_input_tokens": 200, "latency_ms": 900} | fields
    add_attempt(
        call, 1, model=model, at=at, cache_read_tokens=read, cache_write_5m_tokens=written, **given
    )


def causes() -> Counter[str]:
    rollups.refresh()
    found = Tally.objects.filter(grain=Grain.DAY, subject=Subject.CACHE_MISS)
    sums = Counter[str]()
    for cause, number in found.values_list("value", "number"):
        sums[cause] += number
    return sums


def test_a_call_that_reads_is_no_miss() -> None:
    ask(0, read=3_000)

    assert causes() == {}


def test_a_prefix_below_the_floor_neither_writes_nor_reads() -> None:
    ask(0)

    assert causes() == {CacheMiss.BELOW_FLOOR: 1}
    assert Tally.objects.get(grain=Grain.DAY, subject=Subject.CACHE_MISS).tokens == 200


def test_a_failed_attempt_is_no_miss() -> None:
    ask(0, uncached_input_tokens=0, error="overloaded")

    assert causes() == {}


def test_the_very_first_call_writes_as_it_must() -> None:
    ask(0, written=3_000)

    assert causes() == {CacheMiss.FIRST_CALL: 1}
    assert Tally.objects.get(grain=Grain.DAY, subject=Subject.CACHE_MISS).tokens == 3_000


def test_a_call_after_more_than_the_lifetime_writes_anew() -> None:
    ask(0, written=3_000)
    ask(4, read=3_000)
    ask(10, written=3_000)

    assert causes() == {CacheMiss.FIRST_CALL: 1, CacheMiss.TTL_LAPSED: 1}


def test_the_lifetime_counts_over_the_hours_edge_and_over_days() -> None:
    ask(58, written=3_000)
    ask(66, written=3_000)
    ask(3 * 24 * 60, written=3_000)

    assert causes() == {CacheMiss.FIRST_CALL: 1, CacheMiss.TTL_LAPSED: 2}


def test_an_entry_of_an_hour_lives_for_an_hour() -> None:
    ask(0, cache_write_1h_tokens=3_000)
    ask(50, cache_write_1h_tokens=3_000)

    assert causes() == {CacheMiss.FIRST_CALL: 1, CacheMiss.UNEXPLAINED: 1}


def test_a_new_prompt_is_named_as_the_cause() -> None:
    ask(0, written=3_000)
    ask(61, prompt="v2", written=3_000)

    assert causes() == {CacheMiss.FIRST_CALL: 1, CacheMiss.PROMPT_CHANGED: 1}


def test_two_prompts_that_take_turns_split_the_prefix() -> None:
    ask(-120, prompt="v1", written=3_000)
    ask(-115, prompt="v2", written=3_000)
    ask(0, prompt="v1", written=3_000)
    ask(4, prompt="v2", written=3_000)

    assert causes()[CacheMiss.SPLIT_PREFIX] == 1


def test_a_fallback_model_starts_cold() -> None:
    ask(0, written=3_000)
    ask(1, model=SONNET, written=3_000)

    assert causes() == {CacheMiss.FIRST_CALL: 1, CacheMiss.FALLBACK: 1}


def test_first_calls_at_the_same_moment_all_write() -> None:
    ask(0, written=3_000, latency_ms=2_000)
    ask(0.02, written=3_000)  # 1.2 s later: the first answer has not begun

    assert causes() == {CacheMiss.FIRST_CALL: 1, CacheMiss.CONCURRENT: 1}


def test_a_miss_that_nothing_explains_is_called_so() -> None:
    ask(0, written=3_000)
    ask(2, written=3_000)

    assert causes() == {CacheMiss.FIRST_CALL: 1, CacheMiss.UNEXPLAINED: 1}


def test_what_the_provider_says_goes_before_what_we_infer() -> None:
    ask(0, written=3_000)
    ask(2, prompt="v2", written=3_000, cache_miss_reason="system_changed")

    assert causes() == {CacheMiss.FIRST_CALL: 1, CacheMiss.PROMPT_CHANGED: 1}
