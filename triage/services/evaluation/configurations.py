"""What an evaluation compares: everything that decides a label, as plain values that are kept with the run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from triage.exceptions import InvalidInput
from triage.models import Calibrator, Feature, Stage
from triage.services import taxonomy
from triage.services.classification import calibrating, stage_0
from triage.services.classification.rule import thresholds_in_force
from triage.services.gateway.catalog import CATALOG
from triage.services.gateway.routes import route_of

NAMES = ("A", "B")
TICKETS_A_CALL_AT_MOST = 20
INSTRUCTION_MAX_CHARACTERS = 2_000
OWN = "own"  # in place of a calibrator's version: fitted on the run's own tickets for calibrating
TRUTHS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class Calibration(StrEnum):
    """Which chances decide: by the calibrators in use now, as the models state them, or by calibrators of the run's own."""

    IN_USE = "in_use"
    STATED = "stated"
    OWN = "own"


READERS: Mapping[str, Callable[[str], Any]] = {
    "first_model": str,
    "strong_model": str,
    "apply": float,
    "suggest": float,
    "instruction": str,
    "asks_strong_always": lambda text: TRUTHS[text.lower()],
    "tickets_a_call": int,
    "taxonomy_version_id": int,
    "calibration": Calibration,
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
        first_calibrator: The version of what turns the first model's confidence into a chance; OWN, or "" for none.
        strong_calibrator: Likewise of the strong model.
        local_version: Of the local model whose chances calibrators may weigh; "" without one.
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
    first_calibrator: str = ""
    strong_calibrator: str = ""
    local_version: str = ""

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

    def calibrator_of(self, stage: Stage) -> str:
        """The version, OWN, or "" for none."""
        return self.first_calibrator if stage is Stage.FIRST else self.strong_calibrator


def in_force(
    name: str = NAMES[0], *, calibration: str = Calibration.IN_USE, **changes: Any
) -> Configuration:
    """What decides now, but for `changes`.

    Raises:
        NoTaxonomy: Nothing has been published yet.
        InvalidInput: A change makes no sense; the field is named.
    """
    thresholds, current = thresholds_in_force(), taxonomy.current()
    local = stage_0.champion()
    now = Configuration(
        name=name,
        taxonomy_version_id=current.version_id,
        first_model=route_of(Feature.CLASSIFY).model_asked,
        strong_model=route_of(Feature.ESCALATE).model_asked,
        apply=thresholds.apply,
        suggest=thresholds.suggest,
        local_version=local.version if local else "",
    )
    return _calibrated(replace(now, **changes), calibration)


def _calibrated(now: Configuration, calibration: str) -> Configuration:
    if calibration not in set(Calibration):
        raise InvalidInput("calibration", f"is none of {', '.join(Calibration)}")
    if calibration == Calibration.OWN:
        return replace(now, first_calibrator=OWN, strong_calibrator=OWN)
    if calibration == Calibration.STATED:
        return replace(now, first_calibrator="", strong_calibrator="")
    first, strong = _in_use(Stage.FIRST, now), _in_use(Stage.STRONG, now)
    return replace(now, first_calibrator=first, strong_calibrator=strong)


def _in_use(stage: Stage, now: Configuration) -> str:
    """The version of the stage's calibrator in use; "" where this configuration would pass it over."""
    row = Calibrator.objects.filter(stage=stage, is_active=True).first()
    model = now.first_model if stage is Stage.FIRST else now.strong_model
    if row is None or row.model != model:
        return ""
    current = taxonomy.load(now.taxonomy_version_id)
    return "" if calibrating.why_passed_over(row, current) else row.version


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
