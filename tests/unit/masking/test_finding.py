"""How findings of all kinds stand beside each other, and what a hostile text costs."""

from time import process_time

import pytest

from tests.unit.masking.builders import found

PATTERNS = (("MEMBER_ID", r"M-\d{6}"),)
HOSTILE = [
    *("a@", "a.", "a", "é", "&amp;", "a-", '"a', "a@b.co ", "1@", "@"),
    *("AA11 ", "DE89 3704 0044 0532 0130 01 ", "4111 ", "4", "123 ", "55555 "),
    *("1 ", "12 ", "+1 ", "+", "(1", "1/", "12345678 ", "01.02.2024 10:30 ", "order ", "00 1"),
]
CHARACTERS = 16_000  # the longest ticket that is sent
LONGEST_SECONDS = (
    5  # of processor time; half a second on an idle machine, minutes for a search that is quadratic
)


def test_findings_come_in_the_order_of_the_text() -> None:
    text = "maria@example.com, +1 650 253 0000, M-123456, DE89370400440532013000, 4111111111111111"

    kinds = [kind for kind, _ in found(text, patterns=PATTERNS)]

    assert kinds == ["EMAIL", "PHONE", "MEMBER_ID", "IBAN", "CARD"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6502530000@example.com", [("EMAIL", "6502530000@example.com")]),
        ("M-123456@example.com", [("EMAIL", "M-123456@example.com")]),
        ("DE89 3704 0044 0532 0130 00", [("IBAN", "DE89 3704 0044 0532 0130 00")]),
    ],
)
def test_of_two_that_overlap_the_longer_one_stands(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert found(text, patterns=PATTERNS) == expected


def test_of_two_of_the_same_length_the_installations_own_stands() -> None:
    patterns = (("SHOP", r"\S+@shop\.example"),)

    assert found("kettle@shop.example", patterns=patterns) == [("SHOP", "kettle@shop.example")]


def test_a_pattern_reads_unicodes_digits_and_finds_no_empty_text() -> None:
    assert found("Ｍ-１２３４５６", patterns=PATTERNS) == [("MEMBER_ID", "Ｍ-１２３４５６")]
    assert found("abc", patterns=(("EMPTY", "x*"),)) == []


def test_half_a_character_is_no_error() -> None:
    assert found("\ud800 maria@example.com", patterns=PATTERNS) == [("EMAIL", "maria@example.com")]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_takes_no_longer_than_a_slow_request(piece: str) -> None:
    text = (piece * CHARACTERS)[:CHARACTERS]
    started = process_time()

    found(text, patterns=PATTERNS)

    assert process_time() - started < LONGEST_SECONDS


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*$x", "a.*b|a", r"(\w+\s?)+!"])
def test_no_pattern_can_hang_a_worker(pattern: str) -> None:
    text = "a" * CHARACTERS
    started = process_time()

    found(text, patterns=(("MINE", pattern),))

    assert process_time() - started < LONGEST_SECONDS
