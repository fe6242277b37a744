"""Whatever of a draft's text a reader gets from where: no character twice, none missing."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.models import Draft, DraftState
from triage.services.drafts.following import Event, EventName, Teller
from triage.services.drafts.places import Entry, Number, Place

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@dataclass(frozen=True)
class Story:
    """A draft's text, as entries that may overlap or be missing, and the row at some moments in between."""

    text: str
    entries: tuple[Entry, ...]
    rows: tuple[int, ...]
    reconnects: tuple[bool, ...]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    text = draw(TEXTS)
    ends = sorted(draw(st.sets(st.integers(1, len(text))))) if text else []
    entries = []
    for before, end in zip([0, *ends], ends, strict=False):
        start = draw(st.integers(0, before))  # an entry whose acknowledgement was lost comes again
        if draw(st.booleans()) or draw(st.booleans()):
            entries.append(Entry(Place(end, Number.TOLD), text[start:end]))
    count = len(entries)
    rows = draw(st.lists(st.integers(0, len(text)), min_size=count, max_size=count))
    reconnects = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return Story(text, tuple(entries), tuple(sorted(rows)), tuple(reconnects))


def row(text: str, state: DraftState = DraftState.RUNNING) -> Draft:
    return Draft(pk=7, state=state, text=text, claims=1)


def told(events: list[Event]) -> str:
    return "".join(event.data["text"] for event in events if event.name is EventName.DELTA)


@given(stories())
def test_every_reader_gets_the_whole_text_once_whatever_is_lost_and_wherever_they_reconnect(
    story: Story,
) -> None:
    teller, events = Teller(7, Place()), list[Event]()
    steps = zip(story.entries, story.rows, story.reconnects, strict=True)
    for entry, saved, reconnects in steps:
        events += teller.tell([entry])
        if teller.wants_row:
            events += teller.tell_row(row(story.text[:saved]))
            events += teller.tell([entry])
        if reconnects and events:
            teller = Teller(7, Place.parse(events[-1].id))
    events += teller.tell_row(row(story.text, DraftState.READY))

    assert told(events) == story.text
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
    assert events[-1].id == f"{len(text)}-2"


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
    assert (teller.wants_row, teller.misses_text) == (True, True)
    events += [*teller.tell_row(row("Hello ")), *teller.tell([entry])]
    assert told(events) == "Hello world"


def test_a_draft_that_waits_tells_nothing_yet() -> None:
    waiting = Draft(pk=7, state=DraftState.QUEUED)

    assert list(Teller(7, Place()).tell_row(waiting)) == []
