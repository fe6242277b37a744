"""The shape of Claude's answer, and the reading of it: what it may say, and what makes it unusable.

The schema cannot bound numbers (`minimum` is a 400), and promises no letter case for enum values; both are checked here.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from triage.exceptions import AnswerUnusable
from triage.models import Field, Priority
from triage.services.intake.cleaning import cleaned
from triage.services.taxonomy import LabelSnapshot, Taxonomy

SENTIMENTS = ("negative", "neutral", "positive")
REASON_MAX_CHARACTERS = 500
SIDE_FIELDS = (Field.PRIORITY, Field.SENTIMENT, Field.LANGUAGE)


class BadAnswer(AnswerUnusable):
    """The answer is not what was asked for: no JSON, an invented label, a confidence out of range."""

    code = "bad_answer"


@dataclass(frozen=True, slots=True)
class Guess:
    """A value and how sure its stage is of it, 0 to 1.

    `stated` is what the model itself said where `confidence` is calibrated, and `calibrator` is the version by which it is.
    """

    value: str
    confidence: float
    stated: float | None = None
    calibrator: str = ""

    def as_dict(self) -> dict[str, Any]:
        stated = {} if self.stated is None else {"stated": self.stated}
        return {"value": self.value, "confidence": self.confidence, **stated}


@dataclass(frozen=True, slots=True)
class Answer:
    """One stage's opinion of one ticket. A side field whose value made no sense is missing from `sides`."""

    label: Guess
    runner_up: Guess | None
    reason: str
    sides: dict[Field, Guess]


@lru_cache(maxsize=16)
def answer_schema(slugs: tuple[str, ...]) -> dict[str, Any]:
    """The JSON schema of the answer, for these labels."""
    number = {"type": "number"}
    properties = {
        "reason": {"type": "string"},
        "label": {"type": "string", "enum": list(slugs)},
        "confidence": number,
        "runner_up": {"anyOf": [{"type": "string", "enum": list(slugs)}, {"type": "null"}]},
        "runner_up_confidence": number,
        "priority": {"type": "string", "enum": list(Priority.values)},
        "priority_confidence": number,
        "sentiment": {"type": "string", "enum": list(SENTIMENTS)},
        "sentiment_confidence": number,
        "language": {"type": "string"},
        "language_confidence": number,
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def parse(text: str, taxonomy: Taxonomy) -> Answer:
    """The answer in `text`.

    Raises:
        BadAnswer: It is no JSON object, its label is not in `taxonomy`, or its confidence is no number from 0 to 1.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise BadAnswer("The answer is not JSON.") from None
    if not isinstance(data, dict):
        raise BadAnswer("The answer is not a JSON object.")
    return Answer(
        label=_label(data, taxonomy),
        runner_up=_runner_up(data, taxonomy),
        reason=cleaned(str(data.get("reason") or ""))[:REASON_MAX_CHARACTERS],
        sides={field: guess for field in SIDE_FIELDS if (guess := _side(data, field))},
    )


def _label(data: dict[str, Any], taxonomy: Taxonomy) -> Guess:
    label = _named(data, "label", taxonomy)
    if label is None:
        raise BadAnswer(
            f"The answer's label {str(data.get('label'))[:60]!r} is not in the taxonomy."
        )
    confidence = _probability(data.get("confidence"))
    if confidence is None:
        raise BadAnswer("The answer's confidence is not a number from 0 to 1.")
    return Guess(label.slug, confidence)


def _runner_up(data: dict[str, Any], taxonomy: Taxonomy) -> Guess | None:
    label = _named(data, "runner_up", taxonomy)
    confidence = _probability(data.get("runner_up_confidence"))
    if label is None or label.slug.casefold() == str(data.get("label")).casefold():
        return None
    return Guess(label.slug, confidence or 0.0)


def _named(data: dict[str, Any], key: str, taxonomy: Taxonomy) -> LabelSnapshot | None:
    """The label that a text names; a null names none, also where a label is called "none"."""
    name = data.get(key)
    return taxonomy.find(name) if isinstance(name, str) else None


def _side(data: dict[str, Any], field: Field) -> Guess | None:
    value = str(data.get(field)).strip().lower()
    confidence = _probability(data.get(f"{field}_confidence"))
    if confidence is None or not _is_sensible(field, value):
        return None
    return Guess(value, confidence)


def _is_sensible(field: Field, value: str) -> bool:
    if field is Field.PRIORITY:
        return value in Priority.values
    if field is Field.SENTIMENT:
        return value in SENTIMENTS
    return len(value) == 2 and value.isascii() and value.isalpha()


def _probability(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None
