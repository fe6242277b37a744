from datetime import timedelta

import pytest
from django.utils import timezone

from triage.templatetags import words
from triage.templatetags.thread import parts


@pytest.mark.parametrize(
    ("nanousd", "text"),
    [
        (0, "$0.00"),
        (1, "$0.000000001"),
        (142_000, "$0.000142"),
        (1_500_000_000, "$1.50"),
        (1_234_000_000_000, "$1,234.00"),
        (10_000_000_000, "$10.00"),
    ],
)
def test_money_is_exact_with_cents_at_least(nanousd: int, text: str) -> None:
    assert words.dollars(nanousd) == text


@pytest.mark.parametrize(
    ("confidence", "text"),
    [
        (1.0, "very sure, 100 %"),
        (0.999, "very sure, 99 %"),
        (0.8499, "fairly sure, 84 %"),
        (0.58, "unsure, 58 %"),
        (0.29, "guessing, 29 %"),
        (None, "no confidence given"),
    ],
)
def test_a_confidence_in_words_never_rounds_up(confidence: float | None, text: str) -> None:
    assert words.sureness(confidence) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=23), "23 h"),
        (timedelta(days=13), "13 d"),
    ],
)
def test_an_age_is_one_number_and_one_unit(passed: timedelta, text: str) -> None:
    assert words.age(timezone.now() - passed) == text


def test_an_old_age_is_a_date() -> None:
    assert words.age(timezone.now().replace(year=2020, month=3, day=7)) == "7 Mar 2020"


@pytest.mark.parametrize(("count", "text"), [(0, "0"), (1_000, "1,000"), (1_001, "1,000+")])
def test_a_count_is_exact_up_to_its_stop(count: int, text: str) -> None:
    assert words.bounded(count, 1_000) == text


@pytest.mark.parametrize(("code", "name"), [("fr", "French"), ("qq", "QQ")])
def test_a_language_has_a_name(code: str, name: str) -> None:
    assert words.language_name(code) == name


def test_quoted_lines_are_told_from_new_ones() -> None:
    found = parts("Thanks!\n\nOn Mon, 2 Nov 2026, Jo wrote:\n> one\n> two")

    assert [part.is_quoted for part in found] == [False, True]


def test_a_text_that_only_quotes_stays_open() -> None:
    assert [part.is_quoted for part in parts("> one\n> two")] == [False]
