"""What is wrong with labelled tickets is named with counts, and nothing that is wrong is counted."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.classification.builders import label, taxonomy
from triage.exceptions import InvalidInput
from triage.models import Part
from triage.services.evaluation.findings import Judged, judge
from triage.services.evaluation.sampling import CorrectedSource, FileSource, Labelled, Read, Source
from triage.services.taxonomy import Taxonomy

LABELS = taxonomy(
    label("refund", name="Money back", examples=("I want the money for my broken kettle back.",)),
    label("login"),
    label("other", name="None of these"),
)
FILE = FileSource(b"", "labelled.csv")
LETTERS = "abcdefghij"


def own(number: int) -> str:
    """Words that no other ticket has."""
    name = "".join(LETTERS[int(digit)] for digit in str(number))
    return " ".join(f"{start}{name}" for start in ("kettle", "lamp", "chair", "shelf", "clock"))


def ticket(number: int, text: str = "", known: str = "refund") -> Labelled:
    """By default one that says what no other says."""
    return Labelled(number, "", text or f"Please send the {own(number)}", known)


def judged(
    tickets: Sequence[Labelled],
    *,
    source: Source = FILE,
    labels: Taxonomy = LABELS,
    limit: int = 1_000,
    seed: int = 0,
) -> Judged:
    found = Read(tuple(tickets))
    return judge(found, source, taxonomies=[labels], seed=seed, limit=limit)


def found(result: Judged) -> dict[str, int]:
    return {each.code: each.tickets for each in result.findings}


def numbers(result: Judged, code: str) -> tuple[int, ...]:
    return next(each.numbers for each in result.findings if each.code == code)


def mixed(count: int) -> list[Labelled]:
    return [ticket(n, known="refund" if n % 2 else "login") for n in range(1, count + 1)]


def test_without_fault_nothing_is_found_and_each_part_gets_its_share() -> None:
    result = judged(mixed(100))

    assert found(result) == {}
    parts = [each.part for each in result.counted]
    assert {part: parts.count(part) for part in Part} == {
        Part.CALIBRATE: 20,
        Part.CHOOSE: 50,
        Part.REPORT: 30,
    }


def test_the_same_seed_draws_the_same_sample_and_another_one_another() -> None:
    tickets = mixed(100)

    one, same, other = (
        judged(tickets, limit=40, seed=1),
        judged(tickets, limit=40, seed=1),
        judged(tickets, limit=40, seed=2),
    )

    assert one == same
    assert len(one.counted) == 40
    assert one != other


def test_a_label_is_found_without_case_by_slug_or_by_name() -> None:
    result = judged([ticket(1, known="REFUND"), ticket(2, known=" money back "), ticket(3)])

    assert [each.label for each in result.counted] == ["refund"] * 3


def test_unknown_and_missing_labels_are_left_out_and_named() -> None:
    tickets = [
        *mixed(40),
        ticket(41, known="shipping"),
        ticket(42, known=""),
        ticket(43, known=" "),
    ]

    result = judged(tickets)

    assert found(result) == {"unknown_label": 1, "no_label": 2}
    assert numbers(result, "no_label") == (42, 43)
    assert "“shipping” (1)" in result.findings[1].words
    assert len(result.counted) == 40


def test_a_ticket_without_text_is_left_out() -> None:
    result = judged([*mixed(40), replace(ticket(41), description="  ")])

    assert found(result) == {"empty_text": 1}


def test_the_same_text_twice_counts_in_one_part() -> None:
    tickets = [*mixed(40), ticket(41, "Where is my parcel?"), ticket(42, "where is my PARCEL")]

    result = judged(tickets)

    assert found(result) == {"duplicate": 2}
    one, other = (each for each in result.counted if each.labelled.number > 40)
    assert (one.cluster, one.part) == (other.cluster, other.part)


def test_the_same_text_with_two_labels_counts_nowhere() -> None:
    tickets = [
        *mixed(40),
        ticket(41, "Where is my parcel?"),
        ticket(42, "Where is my parcel?", "login"),
        ticket(43, "Where is my parcel?"),
    ]

    result = judged(tickets)

    assert found(result) == {"contradictory": 3}
    assert {each.labelled.number for each in result.counted} == set(range(1, 41))


def test_what_stands_in_the_guide_is_left_out_and_what_nearly_does() -> None:
    tickets = [
        *mixed(40),
        ticket(41, "I want the money for my broken kettle back."),
        ticket(42, "i want the  money for my broken kettle back, 17!"),
    ]

    result = judged(tickets)

    assert found(result) == {"in_the_guide": 2}
    assert len(result.counted) == 40


def test_one_class_alone_is_a_warning() -> None:
    assert found(judged([ticket(n) for n in range(1, 41)])) == {"one_class": 40}


def test_few_tickets_still_run_but_prove_nothing() -> None:
    result = judged(mixed(3))

    assert found(result) == {"too_few": 3}
    assert len(result.counted) == 3


def test_two_tickets_are_fewer_than_the_parts_and_all_are_reported() -> None:
    assert {each.part for each in judged(mixed(2)).counted} == {Part.REPORT}


def test_labels_that_mostly_say_that_none_fits_are_a_warning() -> None:
    tickets = [ticket(n, known="other" if n % 3 else "refund") for n in range(1, 61)]

    assert found(judged(tickets)) == {"out_of_scope": 40}


def test_tickets_in_other_languages_are_counted_and_said_to_be() -> None:
    german = "Die Bestellung kam kaputt an und das war so in der letzten Woche auch"
    chinese = "我的订单到货时已损坏我要退款"
    tickets = [
        *mixed(40),
        *(ticket(n, f"{german} {own(n)}") for n in range(50, 56)),
        ticket(60, chinese),
    ]

    result = judged(tickets)

    assert found(result)["not_english"] == 7
    assert len(result.counted) == 47


def test_short_english_is_no_foreign_language() -> None:
    assert "not_english" not in found(judged([ticket(1, "Refund order 17"), ticket(2, "Login?")]))


def test_cut_tickets_are_said_to_be() -> None:
    cut = replace(ticket(50), is_cut=True)

    assert found(judged([*mixed(40), cut])) == {"cut": 1}


def test_corrections_alone_are_said_to_be_no_random_sample() -> None:
    result = judged(mixed(40), source=CorrectedSource())

    assert found(result) == {"corrected_only": 40}
    assert "No threshold may be certified" in result.findings[0].words


def test_rows_that_cannot_be_read_are_counted() -> None:
    result = judge(
        Read(tuple(mixed(40)), unreadable=(7, 9)),
        FILE,
        taxonomies=[LABELS],
        seed=0,
        limit=100,
    )

    assert found(result) == {"unreadable": 2}


def test_without_one_usable_ticket_the_refusal_says_why() -> None:
    with pytest.raises(
        InvalidInput, match=r"no ticket that can be used\. 2 tickets without a label are"
    ):
        judged([ticket(1, known=""), ticket(2, known="")])
