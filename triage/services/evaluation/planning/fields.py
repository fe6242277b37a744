"""The inputs of a plan as people set them: their names, what they mean, and which values make sense."""

from dataclasses import dataclass
from math import isfinite

from triage.exceptions import InvalidInput
from triage.services.evaluation.planning.inputs import Value

MOST = 1e12
SHORT = 40  # characters of what was written that an error repeats


@dataclass(frozen=True, slots=True)
class Field:
    """One input. A share may be written as 0.2 or 20 %; `is_list` is several with commas between; `choices` are all there are."""

    name: str
    title: str
    about: str
    low: float = 0
    high: float = MOST
    is_whole: bool = False
    is_share: bool = False
    is_list: bool = False
    choices: tuple[float, ...] = ()

    @property
    def option(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    def read(self, text: str) -> Value:
        """Raises InvalidInput, which names the field, with a sentence for people."""
        if not self.is_list:
            return self._read_one(text)
        return tuple(self._read_one(each) for each in text.split(",") if each.strip())

    def write(self, value: Value) -> str:
        """As `read` takes it."""
        values = value if isinstance(value, tuple) else (value,)
        return ", ".join(_short(each) for each in values)

    def show(self, value: Value) -> str:
        """For people."""
        return self.write(value) if isinstance(value, tuple) or value < 10_000 else f"{value:,.0f}"

    def _read_one(self, text: str) -> float:
        value = self._number(text)
        if self.choices and value not in self.choices:
            allowed = " or ".join(f"{choice:g}" for choice in self.choices)
            raise InvalidInput(self.name, f"“{text.strip()[:SHORT]}” is not {allowed}.")
        if not self.low <= value <= self.high:
            raise InvalidInput(
                self.name,
                f"“{text.strip()[:SHORT]}” is not from {self.low:,g} to {self.high:,g}.",
            )
        if self.is_whole and value != int(value):
            raise InvalidInput(self.name, f"“{text.strip()[:SHORT]}” is not a whole number.")
        return value

    def _number(self, text: str) -> float:
        bare = text.strip()
        is_percent = self.is_share and bare.endswith("%")
        try:
            number = float(bare.removesuffix("%") if is_percent else bare)
        except ValueError:
            number = float("nan")
        if not isfinite(number):
            raise InvalidInput(self.name, f"“{bare[:SHORT]}” is not a number.")
        return number / 100 if is_percent else number


def _short(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.4g}"


def _share(name: str, title: str, about: str, *, high: float = 1) -> Field:
    return Field(name, title, about, high=high, is_share=True)


FIELDS = (
    Field("tickets", "Tickets", "how many tickets the plans are for", low=1, is_whole=True),
    Field(
        "guide_tokens", "Guide, tokens", "what all calls share and may cache", low=1, high=1_000_000
    ),
    Field("question_tokens", "Question, tokens", "what each call adds, uncached", high=1_000_000),
    Field("ticket_tokens", "Ticket, tokens", "of one alone", low=1, high=1_000_000),
    Field("output_tokens", "Answer, tokens", "of one ticket", low=1, high=100_000),
    _share("escalated", "Escalated", "share of tickets that reaches the strong model"),
    _share("few_escalated", "Escalated, at best", "a smaller share to compare with"),
    _share("duplicates", "Duplicates", "share of tickets whose answer is there already"),
    _share("live_hits", "Cache hits, live", "share of calls that read the guide from the cache"),
    _share("batch_hits", "Cache hits, batches", "the same in batches, where it is best effort"),
    Field(
        "batch_cache_minutes",
        "Cache in batches, minutes",
        "how long a line of a batch writes the guide for: 5 or 60",
        choices=(5, 60),
    ),
    Field(
        "tickets_a_call",
        "Tickets a packed call",
        "of the first model",
        low=1,
        high=100,
        is_whole=True,
    ),
    Field(
        "strong_tickets_a_call",
        "Of the strong model",
        "tickets in a packed call of the strong model; 1: it is asked one by one",
        low=1,
        high=100,
        is_whole=True,
    ),
    Field("id_tokens", "Naming a ticket, tokens", "in a packed call", high=1_000),
    Field(
        "answered_locally",
        "Answered locally",
        "shares of tickets to compare that a local model answers, with commas between",
        high=0.99,
        is_share=True,
        is_list=True,
    ),
    _share(
        "relabelled", "Asked all the same", "share of local answers that the strong model checks"
    ),
    Field("local_usd_per_million", "Local model, $ a million", "for the computer", high=1e6),
    Field("audits_a_week", "Audits a week", "automatic answers that people look at", high=1e6),
    Field("audit_usd", "One audit, $", "a person's time", high=1e4),
    Field("weeks", "Weeks", "in which the tickets come", high=5_200),
)
BY_NAME = {field.name: field for field in FIELDS}
