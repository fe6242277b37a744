"""What one reader has been told of the drafts underway, and what a look at the rows or at the streams adds to it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from triage.admin.dashboards.live_cards import GONE, Facts, facts_at_end, facts_of, opening
from triage.models import Draft
from triage.selectors.objects import Json
from triage.selectors.reports.underway import Seen, Tried
from triage.services.drafts import Event, EventName
from triage.services.drafts.following import Teller
from triage.services.drafts.places import Entry, Place


class Name(StrEnum):
    """What a reader is told; all but the last name their `draft` by its id.

    `opened` brings all that a card shows, `delta` a piece of the `text`, `state` what else has changed, `ended` how it ended,
    with the whole `text` (null where the draft is gone); `looked` how many `more` there are than are told of, and whether
    `is_redis_down`.
    """

    OPENED = "opened"
    DELTA = "delta"
    STATE = "state"
    ENDED = "ended"
    LOOKED = "looked"


@dataclass(frozen=True, slots=True)
class Told:
    name: Name
    data: Json


class View:
    """All that one reader sees. `had` are the drafts that one who came back saw before: how they ended is told first."""

    def __init__(self, had: Collection[int] = ()) -> None:
        self.had = frozenset(had)
        self._cards: dict[int, Card] = {}
        self._looked: Json | None = None

    @property
    def known(self) -> frozenset[int]:
        return frozenset(self._cards)

    @property
    def places(self) -> dict[int, Place]:
        """Up to where each stream is told."""
        return {pk: card.teller.place for pk, card in self._cards.items()}

    @property
    def wants_look(self) -> bool:
        """A stream says that its draft is over, or lacks what the row will have."""
        return any(card.teller.wants_row for card in self._cards.values())

    def see(self, seen: Seen, *, is_redis_down: bool) -> Iterator[Told]:
        """What a look at the rows adds."""
        new = {draft.pk for draft in seen.new}
        for pk in [*self._cards, *sorted(self.had - self.known - new)]:
            yield from self._see(pk, seen.rows.get(pk), seen.tried.get(pk, ()))
        for draft in seen.new:
            card = self._cards[draft.pk] = Card(draft, seen.tried.get(draft.pk, ()))
            yield card.opened()
        self.had = frozenset()
        looked = {"more": seen.more, "is_redis_down": is_redis_down}
        if looked != self._looked:
            self._looked = looked
            yield Told(Name.LOOKED, looked)

    def hear(self, entries: Mapping[int, Iterable[Entry]]) -> Iterator[Told]:
        """What the streams add."""
        for pk, added in entries.items():
            yield from self._cards[pk].hear(added)

    def forget_wishes(self) -> None:
        for card in self._cards.values():
            card.teller.wants_row = card.teller.misses_something = False

    def _see(self, pk: int, row: Draft | None, tried: Sequence[Tried]) -> Iterator[Told]:
        if row and row.is_underway:
            yield from self._cards[pk].see(row, tried)
            return
        self._cards.pop(pk, None)
        facts = facts_at_end(row, tried) if row else GONE
        text = row.text if row else None
        yield Told(Name.ENDED, {"draft": pk, **asdict(facts), "text": text})


class Card:
    """What a reader sees of one draft underway."""

    def __init__(self, draft: Draft, tried: Sequence[Tried]) -> None:
        self.teller = Teller(draft.pk, Place())
        self._draft, self._tried = draft, tried
        begun = draft.continues.text if draft.continues else ""
        self._others_bytes = len(begun.encode())
        self._bytes = 0
        self._text = self._take(self.teller.tell_row(draft))
        self._facts = self._facts_now()

    def opened(self) -> Told:
        return self._told(Name.OPENED, **opening(self._draft), text=self._text)

    def see(self, draft: Draft, tried: Sequence[Tried]) -> Iterator[Told]:
        """What its row adds."""
        self._draft, self._tried = draft, tried
        yield from self._say(self._take(self.teller.tell_row(draft)))

    def hear(self, entries: Iterable[Entry]) -> Iterator[Told]:
        """What its stream adds, however many pieces that is."""
        yield from self._say(self._take(self.teller.tell(entries)))

    def _take(self, events: Iterable[Event]) -> str:
        text = "".join(event.data["text"] for event in events if event.name is EventName.DELTA)
        self._bytes += len(text.encode())
        return text

    def _say(self, text: str) -> Iterator[Told]:
        before, self._facts = self._facts, self._facts_now()
        if text:
            yield self._told(Name.DELTA, text=text)
        elif self._facts != before:
            yield self._told(Name.STATE)

    def _facts_now(self) -> Facts:
        new_bytes = max(self._bytes - self._others_bytes, 0)
        return facts_of(self._draft, self._tried, new_bytes=new_bytes)

    def _told(self, name: Name, **data: Any) -> Told:
        return Told(name, {"draft": self._draft.pk, **asdict(self._facts), **data})
