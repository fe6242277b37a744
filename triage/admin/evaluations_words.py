"""An evaluation in words and figures for people: its state, its quote, its classes, how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from triage.admin.formats import NOTHING, count, dollars, share
from triage.models import Evaluation, Stage
from triage.services import taxonomy
from triage.services.evaluation.configurations import OWN
from triage.services.gateway.catalog import name_of

FEW = 20  # tickets of a label that say little about it
FIELDS = {
    "taxonomy_version_id": "Taxonomy",
    "first_model": "First model",
    "strong_model": "Strong model",
    "apply": "Escalates below",
    "suggest": "Suggests from",
    "instruction": "Words added after the ticket",
    "asks_strong_always": "Strong model asked",
    "tickets_a_call": "Tickets in one call",
    "first_calibrator": "First model’s confidence",
    "strong_calibrator": "Strong model’s confidence",
}


@dataclass(frozen=True, slots=True)
class QuotedCall:
    """What is asked of one model for one configuration."""

    name: str
    calls: str
    input_tokens: str
    output_tokens: str
    cost: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What it will cost, as text to show. `other_way` is what the way that was not chosen would cost; it `is_short`
    where the budget may end it: a batch takes the most that it can cost out of it until it is over."""

    tickets: int
    calls: tuple[QuotedCall, ...]
    input_tokens: str
    output_tokens: str
    expected: str
    most: str
    way: str
    other_way: str
    other: str
    minutes: str
    other_minutes: str
    basis: str
    is_short: bool


@dataclass(frozen=True, slots=True)
class Class:
    """A label and how many counted tickets have it."""

    label: str
    tickets: int

    @property
    def is_rare(self) -> bool:
        return self.tickets < FEW


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of the configurations; `values` stand in their order."""

    name: str
    values: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        return len(set(self.values)) == 1


def quote_of(evaluation: Evaluation) -> Quote:
    kept = evaluation.quote
    calls = kept.get("calls", [])
    way, other = ("batch", "live") if evaluation.is_batch else ("live", "batch")
    return Quote(
        tickets=kept.get("tickets", 0),
        calls=tuple(_call(each) for each in calls),
        input_tokens=count(sum(each["input_tokens"] for each in calls)),
        output_tokens=count(sum(each["output_tokens"] for each in calls)),
        expected=dollars(kept.get("expected_nanousd", 0)),
        most=dollars(min(kept.get("most_nanousd", 0), evaluation.budget_nanousd)),
        way=way,
        other_way=dollars(kept.get("other_way_nanousd", 0)),
        other=other,
        minutes=minutes_in_words(kept.get("minutes")),
        other_minutes=minutes_in_words(kept.get("other_minutes")),
        basis=kept.get("basis", ""),
        is_short=evaluation.budget_nanousd < enough_nanousd(evaluation),
    )


def enough_nanousd(evaluation: Evaluation) -> int:
    """A budget that is hardly used up: of a batch the most that it can cost, live what is expected."""
    key = "most_nanousd" if evaluation.is_batch else "expected_nanousd"
    return int(evaluation.quote.get(key, 0))


def classes_of(evaluation: Evaluation) -> list[Class]:
    """Labels with counted tickets, the most frequent first. One query."""
    counted = evaluation.tickets.exclude(part="").order_by().values_list("label")
    found = [Class(label, number) for label, number in counted.annotate(Count("pk"))]
    return sorted(found, key=lambda each: (-each.tickets, each.label))


def settings_of(configurations: list[Mapping[str, Any]]) -> list[Setting]:
    return [
        Setting(title, tuple(_value(name, each.get(name)) for each in configurations))
        for name, title in FIELDS.items()
    ]


def accuracy_in_words(accuracy: Mapping[str, Any] | None) -> str:
    """Such as "91.2 % (88.9 to 93.1 %)", with the 95 % interval."""
    if not accuracy or not accuracy.get("whole"):
        return NOTHING
    low, high = 100 * accuracy["low"], 100 * accuracy["high"]
    return f"{share(accuracy['part'], accuracy['whole'])} ({low:.1f} to {high:.1f} %)"


def minutes_in_words(minutes: list[float] | None) -> str:
    """Such as "2 to 5 minutes" or "1 to 24 hours"."""
    if not minutes:
        return NOTHING
    low, high = minutes
    unit, size = ("hours", 60) if high >= 120 else ("minutes", 1)
    first, last = max(1, round(low / size)), max(1, round(high / size))
    if first == last:
        return f"about {last} {unit if last > 1 else unit.removesuffix('s')}"
    return f"{first} to {last} {unit}"


def _call(kept: Mapping[str, Any]) -> QuotedCall:
    stage = Stage(kept["stage"]).label.lower()
    return QuotedCall(
        name=f"{kept['configuration']}: {name_of(kept['model'])}, {stage}",
        calls=count(kept["calls"]),
        input_tokens=count(kept["input_tokens"]),
        output_tokens=count(kept["output_tokens"]),
        cost=dollars(kept["cost_nanousd"]),
    )


def _value(name: str, value: Any) -> str:
    if name == "taxonomy_version_id":
        return str(taxonomy.load(value).number)
    if name == "asks_strong_always":
        return "about every ticket" if value else "about what is escalated"
    if name in ("first_model", "strong_model"):
        return name_of(value) if value else "none"
    if name in ("first_calibrator", "strong_calibrator"):
        return _confidence(value or "")
    return NOTHING if value in (None, "") else str(value)


def _confidence(calibrator: str) -> str:
    if calibrator == OWN:
        return "calibrated on these tickets"
    return f"calibrated ({calibrator})" if calibrator else "as stated"
