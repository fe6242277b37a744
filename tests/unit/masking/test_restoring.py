"""The way back, for any text and any cut into pieces."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.masking.builders import a_request
from triage.services.masking import Restorer, mask

ORIGINALS = {"[EMAIL_1]": "maria@example.com", "[EMAIL_12]": "bob@example.com", "[PHONE_1]": "1"}
PERSONAL = st.sampled_from(
    [
        *(
            "maria@example.com",
            "bob@example.com",
            "+1 650 253 0000",
            "M-123456",
            "4111111111111111",
        ),
        *(
            "DE89 3704 0044 0532 0130 00",
            "[EMAIL_1]",
            "[EMAIL_2]",
            "[MEMBER_ID_1]",
            "[",
            "]",
            "_1]",
        ),
        *("[EMAIL_", "[[EMAIL_1]]", "[EMAIL]", "\ud800", "\u200b", "٤", " ", "\n", "&amp;", "@"),
    ]
)
TEXTS = st.lists(PERSONAL | st.text(max_size=8)).map("".join)
SAID = st.lists(st.sampled_from([*ORIGINALS, "[", "[EMAIL", "_1", "]", "[[", "Hi ", "[X_1]"])).map(
    "".join
)


def in_pieces(restorer: Restorer, text: str, cuts: list[int]) -> str:
    ends = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(ends)]
    return "".join([*map(restorer.feed, pieces), restorer.close()])


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_what_is_masked_comes_back_as_it_was(texts: list[str]) -> None:
    masked = mask(a_request(*texts))

    assert [masked.restore(text) for text in masked.request.content] == texts


@given(TEXTS, st.lists(st.integers(min_value=0), max_size=8))
def test_it_comes_back_in_any_pieces(text: str, cuts: list[int]) -> None:
    masked = mask(a_request(text))

    assert in_pieces(masked.restorer(), masked.request.content[0], cuts) == text


@given(SAID, st.lists(st.integers(min_value=0), max_size=8))
def test_pieces_say_what_the_whole_says(text: str, cuts: list[int]) -> None:
    whole = Restorer(ORIGINALS)

    assert in_pieces(Restorer(ORIGINALS), text, cuts) == whole.feed(text) + whole.close()


def test_every_cut_of_a_placeholder_is_met() -> None:
    text = "Hi [EMAIL_12], yours."

    for cut in range(len(text) + 1):
        restorer = Restorer(ORIGINALS)

        said = restorer.feed(text[:cut]) + restorer.feed(text[cut:]) + restorer.close()

        assert said == "Hi bob@example.com, yours."


def test_only_what_may_become_a_placeholder_is_held_back() -> None:
    restorer = Restorer(ORIGINALS)

    said = [restorer.feed(piece) for piece in ("Hi [", "EMAIL_1", "]", " a [date", " of", "] [PH")]

    assert said == ["Hi ", "", "maria@example.com", " a [date", " of", "] "]
    assert restorer.close() == "[PH"


def test_with_nothing_masked_nothing_is_held_back() -> None:
    assert Restorer({}).feed("Hi [") == "Hi ["
