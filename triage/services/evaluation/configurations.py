"""What an evaluation compares: everything that decides a label, as plain values that are kept with the run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from triage.exceptions import InvalidInput
from triage.models import Feature
from triage.services import taxonomy
from triage.services.classification.rule import thresholds_in_force
from triage.services.gateway.catalog import CATALOG
from triage.services.gateway.routes import route_of

NAMES = ("A", "B")
TICKETS_A_CALL_AT_MOST = 20
INSTRUCTION_MAX_CHARACTERS = 2_000
TRUTHS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
READERS: Mapping[str, Callable[[str], Any]] = {
    "first_model": str,
    "strong_model": str,
    "apply": float,
    "suggest": float,
    "instruction": str,
    "asks_strong_always": lambda text: TRUTHS[text.lower()],
    "tickets_a_call": int,
    "taxonomy_version_id": int,
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way of triage.

    Args:
        strong_model: "" for none: the first model decides alone.
        apply: The confidence (0 to 1) below which a label is escalated and not automatic; a label's own threshold goes before it.
        suggest: The confidence from which it is at least suggested.
        instruction: What is added after the ticket, as by an experiment's variant.
        asks_strong_always: The strong model is asked about every ticket, so that "strong only" is measured; else about those that
            the rule escalates.
        tickets_a_call: 1, or more for packed calls of the first model.
    """

    name: str
    taxonomy_version_id: int
    first_model: str
    strong_model: str
    apply: float
    suggest: float
    instruction: str = ""
    asks_strong_always: bool = False
    tickets_a_call: int = 1

    def __post_init__(self) -> None:
        for field in ("first_model", "strong_model"):
            model = getattr(self, field)
            if model not in CATALOG and (model or field == "first_model"):
                raise InvalidInput(field, f"“{model}” is not among {', '.join(CATALOG)}")
        for field in ("apply", "suggest"):
            if not 0 <= getattr(self, field) <= 1:
                raise InvalidInput(field, f"{getattr(self, field)} is not 0 to 1")
        if len(self.instruction) > INSTRUCTION_MAX_CHARACTERS:
            raise InvalidInput(
                "instruction", f"it is longer than {INSTRUCTION_MAX_CHARACTERS:,} characters"
            )
        if not 1 <= self.tickets_a_call <= TICKETS_A_CALL_AT_MOST:
            raise InvalidInput("tickets_a_call", f"it is not 1 to {TICKETS_A_CALL_AT_MOST}")


def in_force(name: str = NAMES[0], **changes: Any) -> Configuration:
    """What decides now, but for `changes`.

    Raises:
        NoTaxonomy: Nothing has been published yet.
        InvalidInput: A change makes no sense; the field is named.
    """
    thresholds = thresholds_in_force()
    now = Configuration(
        name=name,
        taxonomy_version_id=taxonomy.current().version_id,
        first_model=route_of(Feature.CLASSIFY).model_asked,
        strong_model=route_of(Feature.ESCALATE).model_asked,
        apply=thresholds.apply,
        suggest=thresholds.suggest,
    )
    return replace(now, **changes)


def parse_changes(words: Sequence[str]) -> dict[str, Any]:
    """Changes for `in_force` from words like `apply=0.9`, as people type them.

    Raises:
        InvalidInput: One is no `field=value` of a field that may be changed.
    """
    changes = {}
    for each in words:
        field, is_given, value = each.partition("=")
        read = READERS.get(field.strip())
        if not is_given or read is None:
            raise InvalidInput(each[:60], f"is no FIELD=VALUE with one of {', '.join(READERS)}")
        try:
            changes[field.strip()] = read(value.strip())
        except (ValueError, KeyError):
            raise InvalidInput(field.strip(), f"cannot be “{value[:60]}”") from None
    return changes


def to_json(configuration: Configuration) -> dict[str, Any]:
    return asdict(configuration)


def from_json(kept: Mapping[str, Any]) -> Configuration:
    return Configuration(**kept)
