"""Cases as an evaluation has them, written in one line each, and a seeded crowd of them."""

from collections.abc import Mapping
from random import Random
from typing import Any

from triage.models import Part
from triage.services.evaluation.cases import Case, Said
from triage.services.evaluation.configurations import Configuration
from triage.services.evaluation.results import compute
from triage.services.statistics.thresholds import Promise
from triage.services.taxonomy import LabelSnapshot

FIVE_PERCENT = Promise(target=0.05, d=0.05)
FIRST_NANOUSD, STRONG_NANOUSD = 50_000, 900_000
CROWD_PARTS = (Part.CALIBRATE,) * 2 + (Part.CHOOSE,) * 5 + (Part.REPORT,) * 3


def label(slug: str, **fields: Any) -> LabelSnapshot:
    given: dict[str, Any] = {
        "name": slug.capitalize(),
        "description": "",
        "exclusions": "",
        "examples": (),
        "team": "",
        "always_escalate": False,
        "auto_apply": False,
        "threshold": None,
    }
    return LabelSnapshot(slug=slug, **(given | fields))


LABELS: Mapping[str, LabelSnapshot] = {
    slug: label(slug) for slug in ("delivery", "login", "other", "refund")
}


def configuration(name: str = "A", **fields: Any) -> Configuration:
    given: dict[str, Any] = {
        "taxonomy_version_id": 1,
        "first_model": "claude-haiku-5-5",
        "strong_model": "claude-sonnet-5-5",
        "apply": 0.85,
        "suggest": 0.5,
    }
    return Configuration(name=name, **(given | fields))


def said(
    label: str,
    confidence: float = 0.9,
    *,
    cost: int = FIRST_NANOUSD,
    latency: int | None = 800,
    second: str = "",
) -> Said:
    return Said(label, confidence, second, 0.05 if second else 0.0, cost, latency)


def case(
    number: int,
    truth: str = "refund",
    first: Said | None = None,
    strong: Said | None = None,
    *,
    part: Part = Part.REPORT,
    escalation: str | None = None,
) -> Case:
    """Escalated where the strong model has answered, unless something else is said."""
    reason = ("confidence is low" if strong else "") if escalation is None else escalation
    paid = [answer.cost_nanousd for answer in (first, strong if reason else None) if answer]
    return Case(number, None, f"Ticket {number}", truth, part, first, strong, reason, sum(paid))


def crowd(
    number: int, *, wrong: float = 0.02, seed: int = 1, asks_always: bool = False
) -> list[Case]:
    """Tickets of which the first model is sure of four in five, and wrong on a share of those; of the rest it is often wrong, and
    the strong model right on nine in ten.
    """
    random = Random(seed)
    return [_one_of_crowd(place, random, wrong, asks_always) for place in range(1, number + 1)]


def _one_of_crowd(number: int, random: Random, wrong: float, asks_always: bool) -> Case:
    truth, other = random.sample(list(LABELS), 2)
    is_sure = random.random() < 0.8
    is_wrong = random.random() < (wrong if is_sure else 0.5)
    confidence = random.uniform(0.86, 0.99) if is_sure else random.uniform(0.4, 0.84)
    first = said(other if is_wrong else truth, round(confidence, 2), second=other)
    strong = None
    if asks_always or not is_sure:
        right = random.random() < 0.9
        strong = said(truth if right else other, 0.9, cost=STRONG_NANOUSD, latency=2_000)
    return case(
        number,
        truth,
        first,
        strong,
        part=CROWD_PARTS[number % 10],
        escalation="" if is_sure else "confidence is low",
    )


def computed(
    cases: list[Case],
    others: list[Case] | None = None,
    *,
    labels: Mapping[str, LabelSnapshot] = LABELS,
    promise: Promise = FIVE_PERCENT,
    **fields: Any,
) -> dict[str, Any]:
    configurations = [configuration(**fields)]
    if others is not None:
        configurations.append(configuration("B"))
    return compute(cases, others, configurations=configurations, labels=labels, promise=promise)
