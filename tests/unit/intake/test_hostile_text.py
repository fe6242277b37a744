"""Four times the text takes about four times as long: a square would take sixteen times."""

from collections.abc import Callable
from time import process_time

import pytest

from triage.services.intake.cleaning import cleaned
from triage.services.intake.delimiting import neutralised
from triage.services.intake.instructions import find_instruction
from triage.services.intake.quoting import new_words

SMALL = 8_000
WORTH_MEASURING_SECONDS = 0.02  # below this the clock measures the machine, not the code
HOSTILE = [
    " ",
    "\n",
    " \n",
    "\t\n \n",
    "mark this ",
    "classify this ticket ",
    "ignore all the ",
    "ignore all instructio",
    "ignoriere alle die ",
    "system ",
    "system:\n",
    "<|",
    "<",
    "< /ticket ",
    "</",
    "On 1 wrote ",
    "On 1 <a@b.c> wrote:\n",
    "On 1 <a@b.c> wrote\n",
    "Am 1 schrieb schrieb ",
    "2020/1/1 <@ ",
    "<a@",
    "1 <a@b.c>:\n\n",
    "> ",
    ">\n",
    ">\n\n",
    "From:\n",
    "--\n",
    "Sent from ",
    "-----",
    "\u200b",
    "ﷺ",
    "confidence 0.9 ",
]
READERS = [cleaned, find_instruction, new_words, neutralised]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_the_length_of_hostile_text_and_not_faster(
    piece: str, reader: Callable[[str], str]
) -> None:
    small, large = (_text(piece, size) for size in (SMALL, 4 * SMALL))

    seconds = _fastest(reader, large)

    if seconds > WORTH_MEASURING_SECONDS:
        assert seconds < 10 * _fastest(reader, small)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("start", ["mark this", "On 1", "2020/1/1 ", "ignore all", "system", "<"])
def test_one_endless_gap_costs_no_more(start: str, reader: Callable[[str], str]) -> None:
    for filling in " \n<@:":
        test_time_grows_with_the_length_of_hostile_text_and_not_faster(filling, reader)
        seconds = _fastest(reader, start + filling * 2 * SMALL + "x")
        if seconds > WORTH_MEASURING_SECONDS:
            assert seconds < 3 * _fastest(reader, start + filling * SMALL + "x")


def _text(piece: str, size: int) -> str:
    return "a" + (piece * size)[:size] + "x"


def _fastest(reader: Callable[[str], str], text: str) -> float:
    seconds = []
    for _ in range(3):
        started = process_time()
        reader(text)
        seconds.append(process_time() - started)
    return min(seconds)
