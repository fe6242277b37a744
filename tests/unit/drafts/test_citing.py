"""Markers taken out of a stream: however it is cut, none shows, and each says where it stood."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.services.drafts.citing import CitedText, Written, citations_in, marked
from triage.services.drafts.places import CITATIONS_MAX, Citation

SAID = "It takes five days. [[12]] Pay [how much?] again [[12, 7]][[99]].\n\nBye [[x]] [8]"
TEXT = "It takes five days. Pay [how much?] again.\n\nBye [[x]] [8]"


def written(*pieces: str, known: tuple[int, ...] = (7, 12)) -> Written:
    text = CitedText(Written())
    text.known = frozenset(known)
    for piece in pieces:
        text.add(piece)
    text.end()
    return text.written


def shown_meanwhile(*pieces: str) -> list[str]:
    """What a reader sees after each piece."""
    text = CitedText(Written())
    found = []
    for piece in pieces:
        text.add(piece)
        found.append(text.written.text)
    return found


def test_markers_are_taken_out_and_kept_with_their_places() -> None:
    assert written(SAID) == Written(TEXT, (Citation(12, 19), Citation(7, 41)))


def test_markers_cut_at_every_two_positions_never_show() -> None:
    for one, other in combinations(range(len(SAID) + 1), 2):
        pieces = (SAID[:one], SAID[one:other], SAID[other:])

        assert written(*pieces) == written(SAID), pieces
        assert all(TEXT.startswith(shown) for shown in shown_meanwhile(*pieces)), pieces


@given(st.lists(st.text(alphabet="ab [](1)2,;\n", max_size=8), max_size=12))
def test_what_is_shown_never_changes_and_does_not_depend_on_how_it_was_cut(
    pieces: list[str],
) -> None:
    whole = written("".join(pieces), known=(1, 2, 12))

    assert written(*pieces, known=(1, 2, 12)) == whole
    assert all(whole.text.startswith(shown) for shown in shown_meanwhile(*pieces))
    assert all(citation.at <= len(whole.text) for citation in whole.citations)


@pytest.mark.parametrize("cut", range(1, len(" [[12]]")))
def test_a_marker_that_the_stream_broke_off_in_does_not_show(cut: int) -> None:
    assert written("It takes five days." + " [[12]]"[:cut]).text.rstrip() == "It takes five days."


def test_blank_ends_stay_when_nothing_follows() -> None:
    assert written("Hello ", "Maria  ").text == "Hello Maria  "


def test_a_marker_that_names_no_source_is_dropped() -> None:
    assert written("Yes. [[99]]", known=()) == Written("Yes.")


def test_a_source_counts_where_it_was_cited_first() -> None:
    assert written("A. [[7]] B. [[7]]").citations == (Citation(7, 2),)


def test_no_more_are_cited_than_a_place_can_count() -> None:
    ids = tuple(range(1, 12))

    assert len(written(*(f"A.[[{each}]]" for each in ids), known=ids).citations) == CITATIONS_MAX


def test_what_goes_on_keeps_the_citations_of_what_was_begun() -> None:
    text = CitedText(Written("It takes five days.", (Citation(12, 19),)))
    text.known = frozenset([12, 7])

    for piece in ("days.", "[[12]] It is free", ".[[7]]"):
        text.add(piece)

    assert text.written == Written(
        "It takes five days. It is free.", (Citation(12, 19), Citation(7, 31))
    )


def test_cited_sources_come_first_in_the_order_of_the_text() -> None:
    sources = [{"id": pk, "title": str(pk), "is_cited": False, "at": None} for pk in (1, 2, 3)]
    citations = (Citation(3, 5), Citation(1, 5))

    rows = marked(sources, citations)

    assert [(row["id"], row["is_cited"], row["at"]) for row in rows] == [
        (3, True, 5),
        (1, True, 5),
        (2, False, None),
    ]
    assert citations_in(rows) == citations
    assert marked(rows, citations) == rows
