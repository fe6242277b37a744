import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from triage.exceptions import InvalidInput
from triage.services.intake.cleaning import bounded, cleaned, plain_json, shortened


@pytest.mark.parametrize(
    "unwanted",
    "\0\x07\x1b\x7f\x9f\ud800\udfff\u202e\u2066\ufeff\U000e0041",
)
def test_control_characters_surrogates_and_direction_overrides_are_removed(unwanted: str) -> None:
    assert cleaned(f"in{unwanted}voice") == "invoice"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c", "\x85"])
def test_every_kind_of_line_end_becomes_a_plain_newline(end: str) -> None:
    assert cleaned(f"one{end}two") == "one\ntwo"


def test_what_people_write_stays_as_it_is() -> None:
    text = "Grüße,\n\tشكراً 👩‍👩‍👧 – “5 €”\n\n日本語"

    assert cleaned(text) == text


@given(st.text())
def test_whatever_comes_can_be_stored_and_is_stable(text: str) -> None:
    once = cleaned(text)

    once.encode("utf-8")
    assert cleaned(once) == once
    assert all(unicodedata.category(c) != "Cc" or c in "\n\t" for c in once)


def test_a_text_at_the_limit_is_whole(settings: Settings) -> None:
    assert settings.TRIAGE_TICKET_MAX_CHARACTERS == 16_000
    assert bounded("x" * 16_000) == "x" * 16_000


def test_a_longer_text_is_cut_with_a_mark_that_says_how_long_it_was() -> None:
    cut = bounded("x" * 16_001)

    assert len(cut) == 16_000
    assert cut.endswith("x\n\n[cut here: 16,001 characters came, 16,000 are kept]")


def test_a_shortened_line_ends_in_an_ellipsis() -> None:
    assert shortened(" a\n b ", most=3) == "a b"
    assert shortened("abcd", most=3) == "ab…"


def test_json_is_made_storable() -> None:
    came = {"a\0": ["x\ud800y", float("inf"), {"b": float("nan")}], "n": 1.5, "t": True, "z": None}

    kept = plain_json(came)

    assert kept == {"a": ["xy", "inf", {"b": "nan"}], "n": 1.5, "t": True, "z": None}


def test_long_texts_inside_json_are_cut_with_the_mark() -> None:
    kept = plain_json({"log": "x" * 20_000})

    assert len(kept["log"]) == 16_000
    assert "20,000 characters came" in kept["log"]


def test_json_nested_beyond_reason_is_refused_in_words() -> None:
    nested: list[object] = []
    for _ in range(2_000):
        nested = [nested]

    with pytest.raises(InvalidInput, match="nested more than 50 levels deep"):
        plain_json(nested)


def test_json_with_values_without_end_is_refused_in_words() -> None:
    with pytest.raises(InvalidInput, match="more than 10,000 values"):
        plain_json({"table": [[[]] * 101] * 101})
