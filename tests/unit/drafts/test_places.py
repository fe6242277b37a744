"""Whatever of a draft a reader gets from where: no character and no citation twice, none missing."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.models import Draft, DraftState
from triage.services.drafts.citing import marked
from triage.services.drafts.following import Event, EventName, Teller
from triage.services.drafts.places import Citation, Entry, Number, Place

SOURCE_IDS = (31, 12, 44, 7)
SOURCES = [
    {"id": pk, "kind": "help", "title": f"Article {pk}", "url": None, "is_cited": False, "at": None}
    for pk in SOURCE_IDS[::-1]
]
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@dataclass(frozen=True)
class Story:
    """A draft's text and citations, as entries that may overlap or be missing, and the row at some moments in between."""

    text: str
    citations: tuple[Citation, ...]
    entries: tuple[Entry, ...]
    rows: tuple[int, ...]
    reconnects: tuple[bool, ...]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    text = draw(TEXTS)
    ends = sorted(draw(st.sets(st.integers(1, len(text))))) if text else []
    at = sorted(draw(st.lists(st.sampled_from([0, *ends]), max_size=4)))
    citations = tuple(Citation(SOURCE_IDS[number], each) for number, each in enumerate(at))
    entries = []
    for before, end in zip([0, *ends], ends, strict=False):
        start = draw(st.integers(0, before))  # an entry whose acknowledgement was lost comes again
        if draw(st.booleans()) or draw(st.booleans()):
            cited = up_to(end, citations)
            entries.append(Entry(Place.told(end, len(cited)), text[start:end], cited))
    count = len(entries)
    rows = draw(st.lists(st.integers(0, len(text)), min_size=count, max_size=count))
    reconnects = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return Story(text, citations, tuple(entries), tuple(sorted(rows)), tuple(reconnects))


def up_to(characters: int, citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
    return tuple(citation for citation in citations if citation.at <= characters)


def row(
    text: str, state: DraftState = DraftState.RUNNING, citations: tuple[Citation, ...] = ()
) -> Draft:
    return Draft(pk=7, state=state, text=text, claims=1, sources=marked(SOURCES, citations))


def cited(events: list[Event]) -> list[tuple[int, int]]:
    return [(e.data["id"], e.data["at"]) for e in events if e.name is EventName.CITATION]


def told(events: list[Event]) -> str:
    return "".join(event.data["text"] for event in events if event.name is EventName.DELTA)


@given(stories())
def test_every_reader_gets_text_and_citations_once_whatever_is_lost_and_wherever_they_reconnect(
    story: Story,
) -> None:
    teller, events = Teller(7, Place()), list[Event]()
    steps = zip(story.entries, story.rows, story.reconnects, strict=True)
    for entry, saved, reconnects in steps:
        events += teller.tell([entry])
        if teller.wants_row:
            events += teller.tell_row(
                row(story.text[:saved], citations=up_to(saved, story.citations))
            )
            events += teller.tell([entry])
        if reconnects and events:
            teller = Teller(7, Place.parse(events[-1].id))
    events += teller.tell_row(row(story.text, DraftState.READY, story.citations))

    assert told(events) == story.text
    assert cited(events) == [(each.source_id, each.at) for each in story.citations]
    names = [event.name for event in events]
    assert names.count(EventName.STARTED) == 1
    assert names[0] is EventName.STARTED
    assert names[-1] is EventName.DONE


@given(TEXTS, st.data())
def test_an_events_id_says_how_much_has_been_told(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    teller = Teller(7, Place.parse(f"{cut}-1"))

    events = list(teller.tell_row(row(text, DraftState.READY)))

    assert told(events) == text[cut:]
    assert events[-1].id == f"{len(text)}-9"


@pytest.mark.parametrize(
    "unusable", ["", "x", "12", "-1-1", "1-1-1", "９-1", f"{10**12}-1", "1-12"]
)
def test_an_id_that_is_none_of_ours_means_the_beginning(unusable: str) -> None:
    assert Place.parse(unusable) == Place()


def test_an_entry_after_a_gap_adds_nothing_until_the_row_has_what_is_missing() -> None:
    teller = Teller(7, Place())
    entry = Entry(Place(11, Number.TOLD), "world")

    events = [*teller.tell_row(row("Hel")), *teller.tell([entry])]

    assert told(events) == "Hel"
    assert (teller.wants_row, teller.misses_something) == (True, True)
    events += [*teller.tell_row(row("Hello ")), *teller.tell([entry])]
    assert told(events) == "Hello world"


def test_a_draft_that_waits_tells_nothing_yet() -> None:
    waiting = Draft(pk=7, state=DraftState.QUEUED)

    assert list(Teller(7, Place()).tell_row(waiting)) == []


def test_a_citation_is_told_once_the_text_it_rests_on_has_been() -> None:
    teller = Teller(7, Place())
    entry = Entry(Place.told(5, 1), "Hello", (Citation(12, 5),))

    events = [*teller.tell_row(row("")), *teller.tell([entry]), *teller.tell([entry])]

    assert [event.name for event in events] == [
        EventName.STARTED,
        EventName.DELTA,
        EventName.CITATION,
    ]
    assert events[-1].data == {"id": 12, "title": "Article 12", "url": None, "at": 5}
    assert [event.id for event in events] == ["0-1", "5-1", "5-2"]


def test_a_citation_whose_source_is_not_known_yet_waits_for_the_row() -> None:
    teller = Teller(7, Place())
    entry = Entry(Place.told(5, 1), "Hello", (Citation(12, 5),))

    events = list(teller.tell([entry]))

    assert cited(events) == []
    assert (teller.wants_row, teller.misses_something) == (True, True)
    events += [*teller.tell_row(row("")), *teller.tell([entry])]
    assert (told(events), cited(events)) == ("Hello", [(12, 5)])


def test_one_that_goes_on_with_another_tells_its_text_before_a_worker_is_at_it() -> None:
    waiting = Draft(pk=7, state=DraftState.QUEUED, text="Hello Maria,")

    events = list(Teller(7, Place()).tell_row(waiting))

    assert told(events) == "Hello Maria,"


def test_places_grow_with_text_and_citations_and_the_end_comes_last() -> None:
    places = [Place(), Place.told(0), Place.told(5), Place.told(5, 1), Place.told(5, 7)]

    ids = [(each.characters, each.number) for each in [*places, Place(5, Number.END)]]

    assert ids == sorted(set(ids))
    assert [each.citations for each in places] == [0, 0, 0, 1, 7]
    assert Place.parse(str(places[-1])) == places[-1]
