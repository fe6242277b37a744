"""What one case of the fault table says: the fault, how Claude is asked, and what must come of it."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from faults.timers import Timers
from triage.models import Feature


class Asked(StrEnum):
    """How Claude is asked."""

    CLASSIFY = "classify"
    ESCALATE = "escalate"
    DRAFT = "draft"  # streamed
    STORED_DRAFT = "stored_draft"  # streamed, with a reply of last month in store
    TICKET = "ticket"  # the whole cascade


FEATURES = {
    Asked.CLASSIFY: (Feature.CLASSIFY,),
    Asked.ESCALATE: (Feature.ESCALATE,),
    Asked.DRAFT: (Feature.DRAFT,),
    Asked.STORED_DRAFT: (Feature.DRAFT,),
    Asked.TICKET: (Feature.CLASSIFY, Feature.ESCALATE),
}


class Ending(StrEnum):
    """What the caller gets."""

    ANSWERED = "answered"
    FALLBACK = "fallback"
    STALE = "stale"
    CANNED = "canned"
    KEPT = "kept"  # the text so far, marked as broken off
    STRONG = "strong"  # the strong model decided on the ticket
    SUGGESTED = "suggested"  # the first model's value, and the strong one is asked later
    PERSON = "person"  # a person decides on the ticket
    SKIPPED = "skipped"  # the ticket waits and is caught up
    REFUSED = "refused"  # an error in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault. `scenario` is the simulator's; its `{}` is filled with `seconds`, scaled.

    `code` is the error that the caller is told, where the case says which. With `obeys` the next request may not leave
    earlier than the provider asked. `alert` is the kind that must be open afterwards.
    """

    name: str
    scenario: str
    asked: Asked
    ending: Ending
    most_requests: int
    code: str = ""
    seconds: float = 0.0
    obeys: bool = False
    alert: str = ""

    def scenario_at(self, timers: Timers) -> str:
        return self.scenario.format(f"{self.seconds * timers.scale:g}")

    def deadline_seconds(self, timers: Timers) -> float:
        """Of all calls that it makes, one after another."""
        return sum(timers.route_of(feature).deadline_seconds for feature in FEATURES[self.asked])

    def least_seconds(self, timers: Timers) -> float:
        """No earlier may it end. `Retry-After` is in whole seconds, so it scales badly."""
        return float(ceil(self.seconds * timers.scale)) if self.obeys else 0.0
